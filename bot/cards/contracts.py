"""A contract before it is submitted: the draft, its single questions, and what its buttons carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from bot.actions import Action
from bot.cards.approval_actions import Withdraw
from bot.cards.approvals import MAX_VALUE, money_of
from bot.cards.common import cut, plain
from bot.cards.unusual import zhe
from bot.domain.approval_values import Approval
from bot.domain.contracts import CONTRACT_KINDS, ContractField
from bot.domain.people import Customer
from bot.messages import Button, Card, Field, Style

MAX_CANDIDATES = 5  # six buttons on WeCom, one of them 都不是


@dataclass(frozen=True)
class StartContract(Action):
    """发起合同 for this customer; from a visit, its number as well."""

    name: ClassVar[str] = "contract.start"
    customer_no: str
    visit_no: str


@dataclass(frozen=True)
class ChooseContractCustomer(Action):
    """This candidate is meant; the words typed before are in the dialogue."""

    name: ClassVar[str] = "contract.customer"
    customer_no: str


@dataclass(frozen=True)
class SubmitContract(Action):
    """提交."""

    name: ClassVar[str] = "contract.submit"
    approval_no: str


@dataclass(frozen=True)
class EditContract(Action):
    """One part is wrong; `field` is a ContractField."""

    name: ClassVar[str] = "contract.edit"
    approval_no: str
    field: str


QUESTIONS: Mapping[ContractField, str] = {
    ContractField.CUSTOMER: "和哪家客户签？说店名或公司名就行。",
    ContractField.KIND: f"哪一种合同？{'、'.join(CONTRACT_KINDS)}。",
    ContractField.AMOUNT: "合同总金额是多少？例如 85万 或 850000。",
    ContractField.DISCOUNT: "打几折？例如 9.2折；不打折就说「不打折」。",
    ContractField.TERM: "签多久？例如 一年、18个月、到2026年12月31日。",
    ContractField.NONSTANDARD: "哪里和标准合同不一样？例如 账期90天；没有就说「标准」。",
    ContractField.NOTE: "备注写什么？",
}
EDIT_WORDS: Mapping[ContractField, str] = {
    ContractField.CUSTOMER: "改客户",
    ContractField.KIND: "改类型",
    ContractField.AMOUNT: "改金额",
    ContractField.DISCOUNT: "改折扣",
    ContractField.TERM: "改期限",
    ContractField.NONSTANDARD: "改条款",
    ContractField.NOTE: "改备注",
}
_ON_CARD = (ContractField.AMOUNT, ContractField.DISCOUNT, ContractField.TERM, ContractField.NONSTANDARD)


def draft_card(
    approval: Approval, customer: Customer, *, floor: Decimal, way: Sequence[str], files: int, status: str = ""
) -> Card:
    """The draft as it would go. `way`: the steps with their people, in order."""
    terms = approval.terms
    under = terms.discount < floor
    fields = [
        ("客户", customer.name),
        ("类型", terms.kind),
        ("金额", money_of(terms.amount_fen)),
        ("折扣", f"{zhe(terms.discount)}{f'（低于底线 {zhe(floor)}）' if under else ''}"),
        ("期限", f"{terms.months} 个月"),
        ("条款", "标准" if terms.nonstandard is None else f"非标：{terms.nonstandard}"),
    ]
    return Card(
        title="合同草稿，确认后提交",
        fields=tuple(Field(label=label, value=cut(plain(value), MAX_VALUE)) for label, value in fields),
        body="\n".join(_draft_lines(approval, way, files)),
        status=status,
        number=approval.approval_no,
        buttons=() if status else _draft_buttons(approval.approval_no),
    )


def _draft_lines(approval: Approval, way: Sequence[str], files: int) -> list[str]:
    terms = approval.terms
    lines = [f"审批：{' → '.join(way)}" if way else "没有适用的审批步骤，提交后直接通过"]
    if terms.nonstandard and len(f"非标：{terms.nonstandard}") > MAX_VALUE:
        lines.append(f"非标：{plain(cut(terms.nonstandard, 60))}")
    if terms.note:
        lines.append(f"备注：{plain(cut(terms.note, 60))}")
    lines.append(f"附件 {files} 个" if files else "要附材料，现在发照片给我，在钉钉也能发文件")
    return lines


def _draft_buttons(approval_no: str) -> tuple[Button, ...]:
    edits = tuple(
        Button(text=EDIT_WORDS[field], action=EditContract(approval_no, field.value), wants_text=QUESTIONS[field])
        for field in _ON_CARD
    )
    return (
        Button(text="提交", action=SubmitContract(approval_no), style=Style.PRIMARY),
        *edits,
        Button(text="撤回", action=Withdraw(approval_no), style=Style.DANGER),
    )


def choice_card(candidates: Sequence[Customer]) -> Card:
    """Which customer was meant? Five lines fit into a WeCom card because the city they share is left out."""
    shown = candidates[:MAX_CANDIDATES]
    city = _shared_city([item.address for item in shown])
    lines = [
        f"{place}. {plain(item.name)}（{plain(item.address.removeprefix(city))}）"
        for place, item in enumerate(shown, 1)
    ]
    return Card(
        title="和哪一家签？",
        subtitle="点一下，或回复前面的数字、店名",
        body="\n".join(lines),
        buttons=tuple(
            Button(
                text=cut(f"{place} {item.short_name or item.name}", 10), action=ChooseContractCustomer(item.customer_no)
            )
            for place, item in enumerate(shown, 1)
        ),
    )


def _shared_city(addresses: Sequence[str]) -> str:
    """`杭州市`, when all addresses begin so; else empty."""
    cities = {address[: address.find("市") + 1] for address in addresses}
    return cities.pop() if len(cities) == 1 else ""


# -- sentences --------------------------------------------------------------------------------------------------------
def begin() -> str:
    lines = (
        "和哪家客户签？可以一行写完，例如：",
        "绿源滨江 85万 9.2折 一年",
        "有非标条款就加上：非标 账期90天",
        "不办了就说「算了」。",
    )
    return "\n".join(lines)


def ask(field: ContractField, problems: Sequence[str] = ()) -> str:
    """One question; first what could not be taken."""
    return "\n".join([*(f"{problem}。" for problem in problems), QUESTIONS[field]])


def not_understood(field: ContractField, text: str, problems: Sequence[str] = ()) -> str:
    """The question once more; what is wrong with the answer, where that can be said."""
    why = "".join(f"{plain(problem)}。" for problem in problems) or f"没看懂「{plain(cut(text, 20))}」。"
    return f"{why}{QUESTIONS[field]}不办了就说「算了」。"


def no_such_customer(name: str) -> str:
    return f"没找到「{plain(cut(name, 20))}」这家客户，换个叫法或说全名试试；不办了就说「算了」。"


def no_such_place(said: str, count: int) -> str:
    """A number in front of no candidate."""
    return f"没有第 {plain(cut(said, 6))} 家，请回复 1 到 {count} 的数字，或者说店名；不办了就说「算了」。"


def not_yours(customer: Customer, whom: Sequence[str]) -> str:
    return f"{plain(customer.name)} 不在你负责的范围，不能发起合同。请联系{'、'.join(whom) or '管理员'}。"


def may_not_start() -> str:
    return "合同由销售、区域经理、客户成功和总监发起，你可以请负责这家客户的同事来办。"


def given_up() -> str:
    return "好，这份合同先不办了。"


def no_draft(word: str) -> str:
    return f"没有可以{word}的合同草稿。发「合同 客户 金额 折扣 期限」新建一份。"


def left_as_is() -> str:
    return "好，不改了。"


def submitted(approval_no: str, waiting: Sequence[str] = ()) -> str:
    """To somebody who typed it; on a tap the card itself shows it."""
    names = "、".join(waiting)
    return f"{approval_no} 已提交，等{names}审批。" if names else f"{approval_no} 已提交。"


def revising(approval_no: str) -> str:
    return f"{approval_no} 正在修改，原来的审批已作废；改好后点「提交」。"
