"""Which of several sums is the contract's price, and whether it agrees with the list price and the discount."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bot.domain.contract_parts import ContractField
from bot.domain.contract_sums import Sum, SumRole

#: what stands between a value and the one that replaces it
CORRECTED = re.compile(
    r"^[,，。;；\s…]*(?:哦|啊|呃|额)?(?:不对|不是|说错了?|写错了?|打错了?|错了|更正|改成|应该是|应为|而是|"
    r"是)*(?<=[对错正成是为])[,，。;；\s]*(?:应该是|应为|而是|改成|是)?$|"
    r"^[,，。;；\s]*(?:不对|说错|写错|打错|错了|更正|改成)"
)


@dataclass(slots=True)
class Price:
    """What the sums of a text come to: the price in fen, the discount, what they took, what has to be asked."""

    amount_fen: int | None = None
    discount: Decimal | None = None
    taken: list[Sum] = field(default_factory=list)
    problems: list[tuple[ContractField, str]] = field(default_factory=list)

    def ask(self, problem: str, part: ContractField = ContractField.AMOUNT) -> None:
        self.problems.append((part, problem))


def settle_price(masked: str, found: Sequence[Sum], *, months: Decimal | None, discount: Decimal | None) -> Price:
    """The contract's price among the sums found in `masked`; price and discount may follow from the list price."""
    price = Price(discount=discount)
    totals, lists, per_time = _by_role(found, months)
    totals = _without_replaced(masked, totals, price)
    totals = _without_unclear(totals, price)
    totals, lists = _without_list_prices(totals, lists, discount)
    price.taken += [*totals, *lists]
    price.amount_fen = _one_of(totals, price)
    if not totals and not lists and per_time:
        price.taken += per_time
        for item in per_time:
            price.ask(item.problem or f"「{item.said}」不是总价，合同总额是多少")
    elif lists:
        _compare_with_list_price(price, totals, lists, masked)
    return price


def _by_role(found: Sequence[Sum], months: Decimal | None) -> tuple[list[Sum], list[Sum], list[Sum]]:
    """(may be the contract's price, list prices, sums per time or piece). A year's sum is the whole of one year."""
    may_be_whole = {SumRole.TOTAL, SumRole.PLAIN} | ({SumRole.YEARLY} if months == 12 else set())
    totals = [item for item in found if item.role in may_be_whole]
    lists = [item for item in found if item.role is SumRole.LIST_PRICE]
    per_time = {SumRole.PERIODIC, SumRole.YEARLY, SumRole.PER_PIECE} - may_be_whole
    if any(item.role is not SumRole.YEARLY for item in totals):  # 年费3万 beside a total: one of its parts
        totals = [
            item for item in totals if item.role is not SumRole.YEARLY or item.fen in _fens(totals, SumRole.PLAIN)
        ]
    return totals, lists, [item for item in found if item.role in per_time]


def _fens(totals: Sequence[Sum], role: SumRole) -> set[int | None]:
    return {item.fen for item in totals if item.role is role}


def _without_replaced(masked: str, totals: list[Sum], price: Price) -> list[Sum]:
    """85万，不对，90万 and 不是85万是90万: the last one holds."""
    kept: list[Sum] = []
    for item in totals:
        if kept and CORRECTED.match(masked[kept[-1].end : item.start]):
            price.taken.append(kept.pop())
        kept.append(item)
    return kept


def _without_unclear(totals: list[Sum], price: Price) -> list[Sum]:
    """绿源 85万 92 一年: beside a sum a bare figure is no second sum, but something it must be."""
    clear = [item for item in totals if not item.unclear]
    if not clear or len(clear) == len(totals):
        return totals
    for item in totals:
        if item.unclear:
            price.taken.append(item)
            price.ask(f"「{item.said}」看不出是几折", ContractField.DISCOUNT) if price.discount is None else price.ask(
                f"「{item.said}」看不出是什么数"
            )
    return clear


def _without_list_prices(totals: list[Sum], lists: list[Sum], discount: Decimal | None) -> tuple[list[Sum], list[Sum]]:
    """100万 9.2折 合同价92万: the sum that comes to the other one after the discount is the list price."""
    fens = sorted({item.fen for item in totals if item.fen is not None}, reverse=True)
    if discount is None or len(fens) != 2 or any(item.fen is None for item in totals) or fens[0] * discount != fens[1]:
        return totals, lists
    if any(item.role is SumRole.TOTAL and item.fen == fens[0] for item in totals):
        return totals, lists
    return [item for item in totals if item.fen == fens[1]], [
        *lists,
        *(item for item in totals if item.fen == fens[0]),
    ]


def _one_of(totals: list[Sum], price: Price) -> int | None:
    for item in totals:
        if item.problem:
            price.ask(item.problem)
    values = {item.fen for item in totals}
    if len(values) > 1 and None not in values:
        said = "和".join(f"「{item}」" for item in dict.fromkeys(item.said for item in totals))
        price.ask(f"写了{said}，合同总额是哪个")
    return values.pop() if len(values) == 1 else None


def _compare_with_list_price(price: Price, totals: list[Sum], lists: list[Sum], masked: str) -> None:
    fens = {item.fen for item in lists}
    listed = fens.pop() if len(fens) == 1 else None
    if listed is None:
        for item in lists:
            price.ask(item.problem or f"「{item.said}」和别的原价不一样，以哪个为准")
    elif price.amount_fen is not None:
        _derive_discount(price, listed, lists[0].said)
    elif not totals and price.discount is not None:
        due = listed * price.discount
        price.amount_fen = int(due) if due == int(due) else None
    elif not totals and len(lists) == 1 and masked[lists[0].start - 1 : lists[0].start].isspace():
        price.amount_fen, price.discount = listed, Decimal(1)  # 绿源 原价 85万 一年: two parts, no discount
    elif not totals:
        price.ask(f"「{lists[0].said}」是原价，合同总额是多少")


def _derive_discount(price: Price, listed: int, said: str) -> None:
    """原价100万，合同价92万 says 9.2折, where it comes out even; with another discount one of the three is wrong."""
    amount = price.amount_fen or 0
    share = (Decimal(amount) / listed).quantize(Decimal("0.0001")).normalize()
    if price.discount is None and 0 < share <= 1 and share * listed == amount:
        price.discount = share
    elif price.discount is None or price.discount * listed != amount:
        price.ask(f"原价「{said}」打折后不是合同价，以哪个为准")
