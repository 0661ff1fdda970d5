"""The value a question asks for, in the shapes of fixtures/README.md (查询的 metric); None where it is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.aspects import Aspect
from bot.domain.history import CustomerHistory, OrderLine, StockLine
from bot.domain.people import Contact, Customer
from bot.domain.queries import QueryReading

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_HEADS = ("老板", "总经理", "店长", "业务负责人")  # whom "联系方式" means, best first


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything an answer is made of."""

    customer: Customer
    contacts: Sequence[Contact]
    history: CustomerHistory


def value_of(reading: QueryReading, facts: Facts) -> Any:
    """JSON value: money as text with two decimals, moments in Shanghai time without zone."""
    history = facts.history
    match reading.aspect:
        case Aspect.LAST_ORDER:
            return _order(history.orders[0]) if history.orders else None
        case Aspect.SIGNED | Aspect.OVERVIEW:
            return yuan(history.period.receivable_fen)
        case Aspect.PROMO:
            return yuan(history.period.promotion_fen)
        case Aspect.UNPAID:
            return yuan(history.debt.open_fen)
        case Aspect.STOCK:
            lines = [
                {"物料编码": line.product_no, "库存数量": number(line.quantity)} for line in stock_of(reading, facts)
            ]
            return lines[0] if len(lines) == 1 else lines or None
        case Aspect.LOW_STOCK:
            return [line.product_no for line in history.low_stock] if history.stock else None
        case Aspect.CONTRACT_END:
            return history.contract_end.isoformat() if history.contract_end else None
        case Aspect.OPEN_TICKETS:
            return history.open_ticket_count
        case Aspect.LAST_RATING:
            return history.last_rated.rating if history.last_rated else None
        case Aspect.LAST_VISIT:
            return _moment(history.visits[0].visited_at) if history.visits else None
        case Aspect.BOSS_PHONE:
            contact = contact_meant(reading, facts.contacts)
            return phone(contact.mobile) or None if contact else None
        case Aspect.PREFS:
            return [{"姓名": item.name, "偏好备注": item.preference} for item in facts.contacts if item.preference]
        case Aspect.REP:
            return facts.customer.owner_no or None
        case Aspect.LOGINS:
            return history.logins.count if has_usage(facts) else None


def stock_of(reading: QueryReading, facts: Facts) -> list[StockLine]:
    """The asked products among what lies at the customer's."""
    return [line for line in facts.history.stock if line.product_no in reading.products]


def contact_meant(reading: QueryReading, contacts: Sequence[Contact]) -> Contact | None:
    """Whose phone is asked for: by name, by title, else the head of the place; None when the title is not there."""
    if reading.contact_name:
        return next((item for item in contacts if item.name == reading.contact_name), None)
    title = reading.contact_title
    if title and (found := [item for item in contacts if title in item.title]):
        return found[0]
    if title and title != _HEADS[0]:
        return None
    ranked = sorted(contacts, key=lambda item: _HEADS.index(item.title) if item.title in _HEADS else len(_HEADS))
    return ranked[0] if ranked else None


def has_usage(facts: Facts) -> bool:
    """Whether logins say anything: a subscriber, or anybody who has used the software at all."""
    logins = facts.history.logins
    return logins.last_day is not None and (logins.subscribed or facts.customer.industry == "软件订阅")


def phone(mobile: str) -> str:
    """`199-0000-8338`, however it was typed; numbers that are no mobiles stay as typed."""
    digits = "".join(sign for sign in mobile if sign.isdigit())
    digits = digits.removeprefix("86") if len(digits) == 13 else digits
    return f"{digits[:3]}-{digits[3:7]}-{digits[7:]}" if len(digits) == 11 else mobile.strip()


def yuan(fen: int) -> str:
    """`28146.50`."""
    return f"{Decimal(fen) / 100:.2f}"


def number(quantity: Decimal) -> int | float:
    return int(quantity) if quantity == int(quantity) else float(quantity)


def _order(order: OrderLine) -> dict[str, str]:
    return {"订单号": order.order_no, "下单时间": _moment(order.ordered_at), "应收金额": yuan(order.receivable_fen)}


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(_SHANGHAI):%Y-%m-%d %H:%M:%S}"
