"""What was promised for today, and what still waits: the reminder's card and 待办."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from bot.actions import Action
from bot.cards.common import cut, day, plain, short_day
from bot.cards.waiting import approvals_waiting, own_submissions
from bot.domain.digests import OwnSubmission, WaitingApproval
from bot.domain.people import Contact, Customer
from bot.domain.visit_records import Visit, VisitState
from bot.messages import Button, Card, Style

MAX_SHOWN = 8  # lines on one card; what is left is counted
MAX_WITH_BUTTON = 5  # six buttons on WeCom, the last one postpones


@dataclass(frozen=True)
class FollowedUp(Action):
    """Done: the bot asks what came of it."""

    name: ClassVar[str] = "followup.done"
    visit_no: str
    day: str  #: the card's day, ISO


@dataclass(frozen=True)
class PostponeFollowUps(Action):
    """Everything on the card that is still open, one day later. `visit_no` empty: all of them."""

    name: ClassVar[str] = "followup.postpone"
    visit_no: str
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One line of a reminder."""

    visit: Visit
    customer: Customer
    contact: Contact | None = None  #: whom to call
    told_by: str = ""  #: the name of somebody else who promised it


def reminder_card(promises: Sequence[Promise], today: date, *, status: str = "") -> Card:
    """What one person promised for today. With a status it is settled."""
    shown = promises[:MAX_SHOWN]
    lines = [_line(position, promise, today) for position, promise in enumerate(shown, 1)]
    if left := len(promises) - len(shown):
        lines.append(f"还有 {left} 家，输入「待办」看全部")
    return Card(
        title=f"今天要跟进 {len(promises)} 家客户" if len(promises) != 1 else "今天要跟进 1 家客户",
        subtitle=day(today),
        body="\n\n".join(lines),
        status=status,
        buttons=() if status else _buttons(promises, today),
    )


def _line(position: int, promise: Promise, today: date) -> str:
    visit, contact = promise.visit, promise.contact
    said = f"{short_day(visit.on)}{promise.told_by}：{plain(cut(visit.summary, 60))}"
    call = f"联系 {contact.name}{f'（{contact.title}）' if contact.title else ''} {contact.mobile}" if contact else ""
    return "\n".join(part for part in (f"{position}. **{plain(promise.customer.name)}**", said, call.strip()) if part)


def _buttons(promises: Sequence[Promise], today: date) -> tuple[Button, ...]:
    alone = len(promises) == 1
    done = tuple(
        Button(
            text="已跟进" if alone else f"已跟进 {position}",
            action=FollowedUp(promise.visit.visit_no, today.isoformat()),
            style=Style.PRIMARY,
        )
        for position, promise in enumerate(promises[:MAX_WITH_BUTTON], 1)
    )
    only = promises[0].visit.visit_no if alone else ""
    later = Button(text="推迟一天" if alone else "都推迟一天", action=PostponeFollowUps(only, today.isoformat()))
    return (*done, later)


def ask_what_came_of_it(customer_name: str) -> str:
    return f"{plain(customer_name)} 跟进得怎么样？说一句话，我记成一次拜访。"


def postponed(count: int, to: date) -> str:
    return f"{'已' if count == 1 else f'{count} 家已'}推迟到 {day(to)}"


def nothing_left() -> str:
    return "这些都已经跟进过了。"


def which_one(count: int) -> str:
    return f"今天的提醒里有 {count} 家，说第几家，例如：已跟进 1"


def not_your_reminder() -> str:
    return "这张提醒不是发给你的。"


def todo_text(
    approvals: Sequence[WaitingApproval],
    submitted: Sequence[OwnSubmission],
    waiting: Sequence[Visit],
    due: Sequence[Visit],
    *,
    names: Mapping[str, str],
) -> str:
    """待办: what waits for one's decision comes first, then one's own submissions, visits without a confirmation and
    promises that are due; `names` are the customers' by visit number."""
    if not approvals and not submitted and not waiting and not due:
        return "没有待办：没有等你审批的，拜访都确认了，也没有到期要跟进的客户。"
    parts = approvals_waiting(approvals) if approvals else []
    if submitted:
        parts += own_submissions(submitted)
    if waiting:
        parts.append(f"待确认的拜访（{len(waiting)}）")
        parts += [_waiting_line(visit, names) for visit in waiting[:MAX_SHOWN]]
        parts.append("回复「确认 编号」；没定客户的回复「改客户 编号 店名」。")
    if due:
        parts.append(f"到期要跟进（{len(due)}）")
        parts += [
            f"· {names[visit.visit_no]} {short_day(visit.next_follow_up)}：{cut(visit.summary, 30)}"
            for visit in due[:MAX_SHOWN]
            if visit.next_follow_up
        ]
    return "\n".join(parts)


def _waiting_line(visit: Visit, names: Mapping[str, str]) -> str:
    what = "是哪家客户？" if visit.state is VisitState.CHOOSING else names[visit.visit_no]
    return f"· {visit.visit_no} {what} {cut(visit.summary, 24)}"
