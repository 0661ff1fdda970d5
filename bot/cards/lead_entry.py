"""What people read when a lead comes in: the line that was typed, as understood, and where it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from bot.actions import Action
from bot.cards.common import cut, plain
from bot.cards.leads import budget
from bot.domain.leads.duplicates import Kind, Same, Why
from bot.domain.leads.lead_line import LeadField
from bot.domain.leads.placing import Placing
from bot.domain.leads.records import LeadRecord
from bot.messages import Button, Card, Field, Style

MAX_VALUE = 30  # characters in a WeCom field


@dataclass(frozen=True)
class WithdrawLead(Action):
    """撤销 on the card of a lead that was just entered."""

    name: ClassVar[str] = "lead.withdraw"
    lead_no: str


QUESTIONS = {
    LeadField.WHO: "哪家公司，或联系人叫什么？",
    LeadField.HOW: "怎么联系？发手机号或微信号。",
}
EXAMPLE = (
    "发一行就行，顺序随意：\n新线索 杭州朴枢物流 陈俊杰 19900005501 软件订阅 高 3万 想换掉表格\n"
    "也可以分行写 公司：… 联系人：… 电话：… 需求：…"
)


def begin() -> str:
    return f"{EXAMPLE}\n或者一样一样来：{QUESTIONS[LeadField.WHO]}"


def ask(field: LeadField, *, again: bool = False, known: bool = False) -> str:
    """`known`: there is a number, which is enough to go on with."""
    unknown = "不知道就说「不知道」。" if known else ""
    return f"没看懂。{QUESTIONS[field]}{unknown}不登记了就说「算了」。" if again else f"{QUESTIONS[field]}{unknown}"


def given_up() -> str:
    return "好，没有登记。"


def may_not_enter() -> str:
    return "登记线索由销售、区域经理、客户成功、总监和管理员来做，请把客户的联系方式转给他们。"


def named(record: LeadRecord) -> str:
    """`杭州朴枢物流 陈俊杰`, whatever of it is known."""
    return " ".join(filter(None, (record.company, record.contact))) or record.mobile or record.lead_no


def entered_card(record: LeadRecord, placing: Placing, *, name_of: Callable[[str], str], status: str = "") -> Card:
    """What was understood, and where it stands."""
    amount = budget(record)
    facts = (
        ("联系人", record.contact),
        ("电话", record.mobile),
        ("区域", record.region or "不限"),
        ("行业", record.industry),
        ("金额", amount),
        ("意向", record.intent.value if record.intent else ""),
    )
    need = f"需求：{plain(cut(record.note, 80))}" if record.note else ""
    buttons = (Button(text="撤销", action=WithdrawLead(record.lead_no), style=Style.DANGER),)
    return Card(
        title=cut(f"线索已登记：{plain(record.company or record.contact or record.mobile)}", 36),
        fields=tuple(Field(label=label, value=cut(plain(value), MAX_VALUE)) for label, value in facts if value),
        body="\n".join(filter(None, (need, "" if status else stands(placing, name_of)))),
        status=status,
        number=record.lead_no,
        buttons=() if status or placing.merged else buttons,
    )


def stands(placing: Placing, name_of: Callable[[str], str]) -> str:
    """Where a new lead goes, as far as that is known."""
    owner = name_of(placing.owner_no) if placing.owner_no else ""
    same = placing.same
    if placing.merged and same is not None:
        return f"和 {same.no} 是同一件事，已并入{f'，{owner} 在跟' if owner else '，正在分配'}。"
    flag = _flagged(same) if same is not None else ""
    return f"{flag}归 {owner}，正在派给 TA。" if owner else f"{flag}正在分配。"


def _flagged(same: Same) -> str:
    if same.why is Why.NUMBER_ONLY:
        return f"手机号和 {same.no} 相同，公司不同；"
    return f"老客户 {same.no}，" if same.kind is Kind.CUSTOMER else f"和 {same.no} 是同一位客户，"


def withdrawn(lead_no: str) -> str:
    return f"已撤销线索 {lead_no}。"


def too_late(lead_no: str) -> str:
    """Somebody works on it."""
    return f"{lead_no} 已经有人在跟，撤不回了；要改请直接告诉跟进的同事。"


def not_yours(lead_no: str) -> str:
    return f"{lead_no} 不是你登记的，只有登记的人能撤销。"


def over_already(lead_no: str) -> str:
    return f"{lead_no} 已经结束或并入别的线索，不用再撤。"


def asked_again(record: LeadRecord, same_no: str) -> str:
    """To whoever has the enquiry that was made again."""
    said = "；".join(filter(None, (record.mobile, cut(record.note, 120))))
    who = f"{named(record)}（{said}）" if said else named(record)
    return f"客户又来问了：{who}。已并入你手上的 {same_no}（新编号 {record.lead_no}）。"


def friend_not_read(who: str, why: str) -> str:
    """To the operators: a rep's new WeCom friend could not be looked up, so no lead was made."""
    return f"{who} 新加的企业微信好友读不到资料，没有建成线索：{why}。处理好后请让 TA 发「新线索 …」补登记。"


def friend_is_a_customer(friend: str, customer: str, added_by: str) -> str:
    """To a customer's owner, when a colleague became WeCom friends with the customer's contact."""
    return f"{added_by} 加了 {customer} 的 {friend} 为企业微信好友。这是你的客户，不另建线索，需要的话和 TA 对一下。"
