"""The digest: how yesterday went and what needs somebody today, on one screen of a phone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from bot.cards.common import cut, day, plain, short_day
from bot.cards.waiting import approvals_waiting, yuan
from bot.domain.digests import EXPIRY_DAYS, Digest, NotableVisit, Note, PromiseLine, RegionLine
from bot.domain.people import Role
from bot.messages import Markdown

MAX_SHOWN = 5  # lines of each part; what is left is counted
MAX_NAMES = 12
_SUMMARY = 36  # characters of somebody's words


def digest_message(digest: Digest) -> Markdown:
    """The counts first, then what needs somebody, then the rest."""
    title = f"日报 {day(digest.today)}{_scope(digest)}"
    parts = [
        [f"**{title}**", _counts(digest)],
        _emphasised(approvals_waiting(digest.approvals)) if digest.approvals else [],
        *([_regions(digest.regions)] if digest.regions else [_due(digest), _overdue(digest)]),
        _notable(digest),
        _people(digest),
        _contract_ends(digest),
    ]
    return Markdown(title=title, text="\n\n".join("\n".join(part) for part in parts if part))


def nothing_today() -> str:
    """日报 of somebody for whom there is nothing."""
    return "今天没有要你看的：没有新的拜访，没有到期要跟进的客户，也没有等你审批的。"


def _scope(digest: Digest) -> str:
    match digest.employee.role:
        case Role.DIRECTOR:
            return " · 全公司"
        case Role.REGION_MANAGER:
            return f" · {digest.employee.region}"
        case Role.SUCCESS:
            return " · 你负责的客户"
        case _:
            return ""


def since(digest: Digest) -> str:
    """昨天, or after days off `2月6日 周五以来`."""
    return "昨天" if digest.since == digest.today - timedelta(days=1) else f"{day(digest.since)}以来"


def _counts(digest: Digest) -> str:
    """What a manager asks first, in one or two sentences."""
    todo = [
        f"{len(digest.approvals)} 份等你审批" if digest.approvals else "",
        f"今天要跟进 {len(digest.due)} 家" if digest.due else "",
        f"逾期没跟进 {len(digest.overdue)} 家" if digest.overdue else "",
    ]
    needs = "，".join(part for part in todo if part) or "没有到期要跟进的客户"
    so_far = f"，今天到现在 {digest.visits_today} 次" if digest.visits_today else ""
    return f"{since(digest)}{_went(digest)}{so_far}。\n{needs}。"


def _went(digest: Digest) -> str:
    role = digest.employee.role
    if not digest.visits:
        return "没有拜访" if role in (Role.REP, Role.SUCCESS) else "没有人拜访"
    if role in (Role.REP, Role.SUCCESS):
        return f"有 {digest.visits} 次拜访"
    idle = f"，{len(digest.idle)} 人没有拜访" if digest.idle else ""
    return f"有 {len(digest.by_person)} 人拜访 {digest.visits} 次{idle}"


def _due(digest: Digest) -> list[str]:
    lines = [f"· {_whose(line, digest)}：{_said(line.visit.summary)}" for line in digest.due[:MAX_SHOWN]]
    return [f"**今天要跟进（{len(digest.due)}）**", *lines, *_left(digest.due)] if lines else []


def _overdue(digest: Digest) -> list[str]:
    """By person, since that is whom to speak to, and the oldest of them."""
    lines = [f"· {_whose(line, digest)}，{_late(line, digest)}" for line in digest.overdue[:MAX_SHOWN]]
    if len(digest.overdue) > MAX_SHOWN and digest.employee.role is not Role.REP:
        lines.insert(0, _counted(digest.overdue_by_person))
    return [f"**逾期没跟进（{len(digest.overdue)}）**", *lines, *_left(digest.overdue)] if lines else []


def _whose(line: PromiseLine, digest: Digest) -> str:
    who = "" if digest.employee.role is Role.REP else f"{line.who} "
    return f"{who}{plain(line.customer.name)}"


def _late(line: PromiseLine, digest: Digest) -> str:
    promised = line.visit.next_follow_up
    assert promised is not None  # promises are visits with a follow-up
    return f"约的 {short_day(promised)}，过了 {(digest.today - promised).days} 天"


def _regions(lines: Sequence[RegionLine]) -> list[str]:
    return ["**各大区**", *(_region(line) for line in lines)]


def _region(line: RegionLine) -> str:
    went = f"拜访 {line.visits} 次" if line.visits else "没有拜访"
    idle = f"{line.reps} 人里 {line.idle} 人没有拜访" if line.idle and line.visits else ""
    due = f"今天跟进 {line.due} 家" if line.due else ""
    late = f"逾期 {line.overdue} 家" if line.overdue else ""
    return f"· {plain(line.region)}：{'，'.join(part for part in (went, idle, due, late) if part)}"


def _notable(digest: Digest) -> list[str]:
    items = digest.notable
    if not items:
        return []
    title = "拜访" if digest.employee.role is Role.SUCCESS else "值得看的拜访"
    return [f"**{title}（{len(items)}）**", *(_visit(item) for item in items[:MAX_SHOWN]), *_left(items)]


def _visit(item: NotableVisit) -> str:
    rival = f"竞品{plain(item.competitor)}" if item.competitor else ""
    match item.note:
        case Note.WANTS:
            why = f"高意向 {yuan((item.visit.amount_yuan or 0) * 100)}{f'，{rival}' if rival else ''}｜"
        case Note.COMPETITOR:
            why = f"{rival}｜"
        case Note.NOBODY:
            why = f"{item.note}｜"
        case Note.VISIT:
            why = ""
    return f"· {why}{item.who} {plain(item.customer.name)}：{_said(_about(item.visit.summary, item.competitor))}"


def _about(words: str, name: str) -> str:
    """The sentence that speaks of the competitor, else all of it."""
    return next((part for part in re.split(r"[。；;\n]", words) if name and name in part), words)


def _people(digest: Digest) -> list[str]:
    """Who went how often; a director sees regions instead, 客户成功 the visits themselves."""
    if digest.employee.role is not Role.REGION_MANAGER:
        return []
    lines = []
    if digest.by_person:
        lines += ["**各人拜访次数**", _counted(digest.by_person)]
    if digest.idle:
        head = "没有拜访" if digest.by_person else "**没有拜访**"
        lines.append(f"{head}：{'、'.join(digest.idle[:MAX_NAMES])}{_more(digest.idle)}")
    return lines


def _counted(people: Sequence[tuple[str, int]]) -> str:
    return "、".join(f"{name} {count}" for name, count in people[:MAX_NAMES]) + _more(people)


def _more(names: Sequence[object]) -> str:
    return f" 等 {len(names)} 人" if len(names) > MAX_NAMES else ""


def _contract_ends(digest: Digest) -> list[str]:
    if not digest.contract_ends:
        return []
    lines = [
        f"· {short_day(end.expires_on)} {plain(customer.name)} {plain(end.kind)} {yuan(end.amount_fen)}"
        for customer, end in digest.contract_ends[:MAX_SHOWN]
    ]
    return [f"**{EXPIRY_DAYS} 天内到期的合同（{len(digest.contract_ends)}）**", *lines, *_left(digest.contract_ends)]


def _left(items: Sequence[object]) -> list[str]:
    return [f"· 还有 {len(items) - MAX_SHOWN} 条"] if len(items) > MAX_SHOWN else []


def _emphasised(lines: list[str]) -> list[str]:
    return [f"**{lines[0]}**", *lines[1:]]


def _said(words: str) -> str:
    return plain(cut(" ".join(words.split()), _SUMMARY))
