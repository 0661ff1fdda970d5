"""The visit card in its states, the question which customer was meant, and what its buttons carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.actions import Action
from bot.cards.common import cut, day, day_off, moment, money, plain, short_day
from bot.cards.contracts import StartContract
from bot.clock import SHANGHAI
from bot.domain.people import Customer
from bot.domain.visit_records import Visit, VisitField, VisitState
from bot.messages import Button, Card, Field, Style

MAX_CANDIDATES = 5  # six buttons on WeCom, one of them 都不是
MAX_BUTTON = 10  # characters on a WeCom button
MAX_VALUE = 30  # characters in a WeCom field
CONTRACT_YUAN = 10_000  # from there on a sure deal is worth a contract rather than a delivery


@dataclass(frozen=True)
class ConfirmVisit(Action):
    """That is right."""

    name: ClassVar[str] = "visit.confirm"
    visit_no: str


@dataclass(frozen=True)
class EditVisit(Action):
    """One field is wrong; `field` is a VisitField."""

    name: ClassVar[str] = "visit.edit"
    visit_no: str
    field: str


@dataclass(frozen=True)
class CancelVisit(Action):
    """Take the whole visit back."""

    name: ClassVar[str] = "visit.cancel"
    visit_no: str


@dataclass(frozen=True)
class ChooseCustomer(Action):
    """This candidate is meant; empty: none of them."""

    name: ClassVar[str] = "visit.choose"
    visit_no: str
    customer_no: str


QUESTIONS: Mapping[VisitField, str] = {
    VisitField.CUSTOMER: "是哪家客户？说店名或公司名就行。",
    VisitField.AMOUNT: "新的金额是多少？例如 3万 或 12500；没有就说「没有」。",
    VisitField.FOLLOW_UP: "新的下次跟进是哪天？例如 下周三、后天、2月26日；不用跟进就说「不用」。",
    VisitField.SUMMARY: "新的内容怎么写？直接发给我就行。",
}
EDIT_WORDS: Mapping[VisitField, str] = {
    VisitField.CUSTOMER: "改客户",
    VisitField.AMOUNT: "改金额",
    VisitField.FOLLOW_UP: "改日期",
    VisitField.SUMMARY: "改内容",
}


def visit_card(visit: Visit, customer: Customer, *, sent_along: Mapping[str, int], status: str = "") -> Card:
    """What was understood. While 待确认 it has buttons; once confirmed or taken back, only its status.

    Args:
        sent_along: how many photos, voice notes and places came with it, by their Chinese name.
        status: who settled it and when.
    """
    is_open = visit.state is VisitState.OPEN
    return Card(
        title=_TITLES.get(visit.state, "拜访记录"),
        subtitle="这段话是从语音听写的，请核对客户、数字和日期" if visit.heard and is_open else "",
        fields=tuple(_facts(visit, customer)),
        body=_body(visit, sent_along),
        status=status,
        number=visit.visit_no,
        buttons=_buttons(visit) if is_open else (),
    )


_TITLES = {VisitState.OPEN: "记下了，请确认", VisitState.CONFIRMED: "拜访已确认", VisitState.CANCELLED: "拜访已撤销"}


def _facts(visit: Visit, customer: Customer) -> list[Field]:
    when = day(visit.on, today=visit.said_at.astimezone(SHANGHAI).date())
    facts = [("客户", plain(customer.name)), ("时间", f"{when} {visit.kind or ''}".strip())]
    if visit.contact or not visit.met:
        facts.append(("联系人", visit.contact if visit.contact and visit.met else "没见到人"))
    if visit.amount_yuan is not None:
        facts.append(("金额", money(visit.amount_yuan)))
    if visit.intent:
        facts.append(("意向", visit.intent))
    facts.append(("下次跟进", day(visit.next_follow_up, today=visit.on) if visit.next_follow_up else "没提"))
    return [Field(label=label, value=cut(value, MAX_VALUE)) for label, value in facts]


def _body(visit: Visit, sent_along: Mapping[str, int]) -> str:
    lines = [plain(visit.summary)]
    if visit.competitor:
        lines.append(f"竞品：{plain(visit.competitor)}")
    if visit.next_follow_up and (why := day_off(visit.next_follow_up)):
        lines.append(f"注意：{short_day(visit.next_follow_up)}是{why}，先按这天记着。")
    if sent_along:
        lines.append("附：" + "、".join(_count(name, count) for name, count in sent_along.items()))
    return "\n".join(line for line in lines if line)


def _count(name: str, count: int) -> str:
    return f"{name} {count} {_MEASURES.get(name, '个')}" if count > 1 else name


_MEASURES = {"照片": "张", "录音": "段", "视频": "段"}


def _buttons(visit: Visit) -> tuple[Button, ...]:
    edits = tuple(
        Button(text=EDIT_WORDS[field], action=EditVisit(visit.visit_no, field.value), wants_text=QUESTIONS[field])
        for field in (VisitField.CUSTOMER, VisitField.AMOUNT, VisitField.FOLLOW_UP, VisitField.SUMMARY)
    )
    if visit.customer_no and visit.intent == "高" and (visit.amount_yuan or 0) >= CONTRACT_YUAN:
        # six buttons are all that WeCom has; 改内容 can still be typed
        edits = (*edits[:-1], Button(text="发起合同", action=StartContract(visit.customer_no, visit.visit_no)))
    return (
        Button(text="确认", action=ConfirmVisit(visit.visit_no), style=Style.PRIMARY),
        *edits,
        Button(text="撤销", action=CancelVisit(visit.visit_no), style=Style.DANGER),
    )


def choice_card(visit: Visit, candidates: Sequence[Customer]) -> Card:
    """Which of these was meant? At most five are shown; nothing is accepted until one is tapped."""
    shown = candidates[:MAX_CANDIDATES]
    lines = [f"{position}. {plain(item.name)}（{whereabouts(item)}）" for position, item in enumerate(shown, 1)]
    buttons = [
        Button(
            text=cut(f"{position} {item.short_name or item.name}", MAX_BUTTON),
            action=ChooseCustomer(visit.visit_no, item.customer_no),
        )
        for position, item in enumerate(shown, 1)
    ]
    return Card(
        title="是哪一家？" if len(shown) > 1 else "是这一家吗？",
        subtitle="点一下，或回复前面的数字、店名",
        body="\n".join(["你说：" + plain(cut(visit.text, 80)), "", *lines]),
        number=visit.visit_no,
        buttons=(
            *buttons,
            Button(text="都不是" if len(shown) > 1 else "不是", action=ChooseCustomer(visit.visit_no, "")),
        ),
    )


def unknown_card(visit: Visit, *, status: str) -> Card:
    """A visit without customer that was settled: taken back, or its choice is over."""
    return Card(title="拜访", body=plain(visit.summary), status=status, number=visit.visit_no)


def whereabouts(customer: Customer) -> str:
    """Region and address, to tell namesakes apart."""
    return "，".join(part for part in (customer.region, plain(customer.address)) if part) or customer.customer_no


# -- sentences ------------------------------------------------------------------------------------------------------
def confirmed_by(name: str, at: datetime) -> str:
    return f"{name} {moment(at)} 确认"


def cancelled_by(name: str, at: datetime) -> str:
    return f"{name} {moment(at)} 撤销"


def ask_customer(text: str) -> str:
    """No customer could be recognised."""
    return f"这次是哪家客户？「{plain(cut(text, 40))}」先留着，说店名或公司名就行。"


def no_such_customer(name: str) -> str:
    return f"没找到「{plain(cut(name, 30))}」这家客户，换个叫法或说全名试试；不记了就回「撤销」。"


def out_of_scope(customer: Customer, whom: Sequence[str]) -> str:
    """Somebody else's customer; says whom to ask, nothing about the customer."""
    ask = "、".join(whom)
    return f"{plain(customer.name)} 不在你负责的范围，这次没有记下。请联系 {ask or '管理员'}。"


def said_already(numbers: Sequence[str]) -> str:
    return f"这条已经记过了（{'、'.join(numbers)}），没有再记一次。"


def visit_example() -> str:
    return "说一句拜访情况就行，例如：\n拜访 绿源滨江 见了王姐，要20件矿泉水，大概3000块，下周三送样"


def not_yours(name: str) -> str:
    return f"这是{name}记的拜访，只有本人能改。"


def already_cancelled(visit_no: str) -> str:
    return f"{visit_no} 已经撤销了。"


def loaded_record(visit_no: str) -> str:
    return f"{visit_no} 是从表格导入的记录，不能在这里改。"


def nothing_waiting() -> str:
    return "没有等你确认的拜访。"


def no_amount(text: str) -> str:
    return f"没看懂「{plain(cut(text, 20))}」是多少钱，例如 3万、12500；没有就说「没有」，不改了就说「算了」。"


def no_day(text: str) -> str:
    return f"没看懂「{plain(cut(text, 20))}」是哪天，例如 下周三、2月26日；不用跟进就说「不用」，不改了就说「算了」。"


def left_waiting() -> str:
    return "好，先放着，「待办」里能找到它。"


def choosing_below() -> str:
    return "正在改客户，请看下面的卡片"


def left_as_is() -> str:
    return "好，不改了。"


def undone_visit(visit: Visit, customer_name: str) -> str:
    return f"已撤销：{customer_name} {day(visit.on)} 的拜访（{visit.visit_no}）。"


def undone_edit(edited: Visit, before: Visit, customer_name: str) -> str:
    """Says what stands there again."""
    again = _differences(edited, before, customer_name)
    return f"已改回：{customer_name} 的拜访（{before.visit_no}）{'、'.join(again) or '和修改前一样'}。"


def edited(before: Visit, after: Visit, customer_name: str) -> str:
    """Says what stands there now; the card it was typed for may have scrolled away."""
    now = _differences(before, after, customer_name)
    return f"改好了：{customer_name}{'，' if customer_name else ''}{'、'.join(now) or '和原来一样'}。"


def _differences(old: Visit, now: Visit, customer_name: str) -> list[str]:
    """What `now` says where it is not what `old` said."""
    again = []
    if now.customer_no != old.customer_no:
        again.append(f"客户是 {customer_name}")
    if now.amount_yuan != old.amount_yuan:
        again.append(f"金额是 {money(now.amount_yuan)}" if now.amount_yuan is not None else "没有金额")
    if now.next_follow_up != old.next_follow_up:
        again.append(f"下次跟进是 {day(now.next_follow_up)}" if now.next_follow_up else "没有下次跟进")
    if now.summary != old.summary:
        again.append(f"内容是「{cut(now.summary, 30)}」")
    return again


def undo_goes_on() -> str:
    return "再发一次「撤销」，撤回再前面一步。"


def too_old_to_undo(visit_no: str) -> str:
    return f"{visit_no} 是 24 小时以前记的，不能再撤销；内容有误可以用「改内容 {visit_no} …」改。"


def nothing_to_undo() -> str:
    return "最近 24 小时没有可以撤销的操作。"


UNKNOWN_CUSTOMER = "未定客户"
