"""线索 and 公海: lists of live leads, for a rep and for a manager, each on one screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.cards.common import cut, plain
from bot.cards.lead_words import WAITS_FOR, named, time_left
from bot.cards.leads import budget
from bot.cards.waiting import duration, waited
from bot.domain.leads.cases import LeadState
from bot.domain.leads.records import LeadRecord
from bot.domain.leads.values import Reason
from bot.domain.worktime import working_minutes_between

_LINES = 6  # of each kind; what is left is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLead:
    """A lead that somebody has; `due_at` None: answered."""

    record: LeadRecord
    employee_no: str
    state: LeadState
    given_at: datetime
    due_at: datetime | None
    called: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedLead:
    """A lead that nobody has."""

    record: LeadRecord
    queued_at: datetime
    waits_for: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLead:
    record: LeadRecord
    tries: int  #: people who gave it back or let it lapse


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Given back by a rep."""

    record: LeadRecord
    employee_no: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagersView:
    """A region's leads, or the company's."""

    whose: str  #: 杭州大区, 全公司
    queue: Sequence[QueuedLead]
    open: Sequence[OpenLead]
    pool: Sequence[PoolLead]
    declined: Sequence[Declined]
    capacity: Mapping[str, int]  #: 工号 -> places, of everybody who takes leads
    name_of: Callable[[str], str]


def own_leads(leads: Sequence[OpenLead], *, now: datetime, pool: int) -> str:
    """A rep's open leads with the minutes left."""
    waiting = [lead for lead in leads if lead.due_at is not None]
    working = [lead for lead in leads if lead.due_at is None]
    parts = []
    if waiting:
        parts += [f"等你响应（{len(waiting)}）", *_cut([_waiting_line(lead, now) for lead in waiting])]
        parts.append(f"回复「接受 {waiting[0].record.lead_no}」或「退回 {waiting[0].record.lead_no} 原因」。")
    if working:
        parts += [f"你在跟进（{len(working)}）", *_cut([_working_line(lead) for lead in working])]
        parts.append("谈成发「成交 编号」，没戏发「关闭 编号 原因」。")
    if not parts:
        parts.append("你手上没有线索，有新的会马上发给你。")
    if pool:
        parts.append(f"公海里有 {pool} 条可以领，发「公海」看。")
    return "\n".join(parts)


def managers_view(view: ManagersView, *, now: datetime) -> str:
    """What waits and why, who has not answered, 公海, and how full everybody is."""
    late = [lead for lead in view.open if lead.due_at is not None]
    parts = [f"{view.whose}线索：排队 {len(view.queue)}，等响应 {len(late)}，公海 {len(view.pool)}"]
    if view.queue:
        parts += ["【排队】", *_cut([_queue_line(lead, now) for lead in view.queue])]
    if late:
        parts += ["【等响应】", *_cut([_late_line(lead, view, now) for lead in late])]
    if view.pool:
        parts += ["【公海】", *_cut([pool_line(lead) for lead in view.pool])]
    if view.declined:
        parts += ["【今天退回】", *_cut([_declined_line(item, view) for item in view.declined])]
    if view.capacity:
        parts += ["【手上/上限】", _loads(view)]
    parts.append("发「线索 编号」看一条，发「指派 编号 某人」派给谁。")
    return "\n".join(parts)


def pool_list(leads: Sequence[PoolLead], *, claims: bool) -> str:
    """`claims`: the reader takes leads; a manager gives them to somebody."""
    if not leads:
        return "公海是空的。"
    lines = _cut([pool_line(lead) for lead in leads], at_most=12)
    first = leads[0].record.lead_no
    end = f"回复「领取 {first}」就归你。" if claims else f"发「指派 {first} 某人」派给谁。"
    return "\n".join([f"公海（{len(leads)}）", *lines, end])


def pool_line(lead: PoolLead) -> str:
    tried = f"，{lead.tries} 人没接" if lead.tries else ""
    return f"· {named(lead.record)}{_about(lead.record)}{tried}"


def _waiting_line(lead: OpenLead, now: datetime) -> str:
    assert lead.due_at is not None
    return f"· {named(lead.record)}{_about(lead.record)}，{time_left(lead.due_at, now=now)}"


def _working_line(lead: OpenLead) -> str:
    return f"· {named(lead.record)}{_about(lead.record)}{'，打过电话' if lead.called else ''}"


def _queue_line(lead: QueuedLead, now: datetime) -> str:
    minutes = working_minutes_between(lead.queued_at, now)
    return f"· {named(lead.record)}，{waited(minutes)}，{WAITS_FOR[lead.waits_for]}"


def _late_line(lead: OpenLead, view: ManagersView, now: datetime) -> str:
    assert lead.due_at is not None
    passed, who = working_minutes_between(lead.given_at, now), view.name_of(lead.employee_no)
    return f"· {named(lead.record)}，{f'{who} {duration(passed)}没响应' if passed >= 1 else f'刚派给{who}'}"


def _declined_line(item: Declined, view: ManagersView) -> str:
    return f"· {named(item.record)}，{view.name_of(item.employee_no)}：{plain(cut(item.reason, 20)) or '没写原因'}"


def _loads(view: ManagersView) -> str:
    """The fullest first."""
    held = dict.fromkeys(view.capacity, 0)
    for lead in view.open:
        if lead.employee_no in held:
            held[lead.employee_no] += 1
    order = sorted(held, key=lambda number: (-held[number], number))
    shown = [f"{view.name_of(number)} {held[number]}/{view.capacity[number]}" for number in order[:20]]
    more = f" 等 {len(order)} 人" if len(order) > 20 else ""
    return "，".join(shown) + more


def _about(record: LeadRecord) -> str:
    parts = [plain(cut(budget(record), 12)), f"意向{record.intent}" if record.intent else ""]
    said = "，".join(part for part in parts if part)
    return f"，{said}" if said else ""


def _cut(lines: Sequence[str], *, at_most: int = _LINES) -> list[str]:
    return [*lines[:at_most], *([f"还有 {len(lines) - at_most} 条"] if len(lines) > at_most else [])]
