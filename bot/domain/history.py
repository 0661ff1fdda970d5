"""What the company knows about one customer, as of the data that are loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

USUAL_TERM_DAYS = 30  # customers whose tags name no terms; our choice, the data name none
_WEEK_DAYS = 7
_DAYS_AFTER_DELIVERY = re.compile(r"货到(\d+)天")


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """When a delivered order is due: `days` after delivery, or at the end of the month after the delivery's month."""

    words: str
    days: int
    next_month_end: bool = False

    def overdue_before(self, today: date) -> date:
        """What was delivered before this day should have been paid by yesterday."""
        if self.next_month_end:
            return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
        return today - timedelta(days=self.days)

    @classmethod
    def of(cls, tags: Iterable[str]) -> PaymentTerms:
        """From a customer's tags: 现结, 周结, 月结, 货到30天, 款到发货, 预付30%, 3-6-1付款."""
        for tag in tags:
            if tag == "月结":
                return cls(tag, 0, next_month_end=True)
            if tag == "周结":
                return cls(tag, _WEEK_DAYS)
            if tag in ("现结", "款到发货"):
                return cls(tag, 0)
            if found := _DAYS_AFTER_DELIVERY.fullmatch(tag):
                return cls(tag, int(found[1]))
            if tag.startswith("预付") or tag == "3-6-1付款":
                return cls(tag, USUAL_TERM_DAYS)
        return cls("", USUAL_TERM_DAYS)


def pays_through_headquarters(tags: Iterable[str]) -> bool:
    """Tagged 总部付款:公司名."""
    return any(tag.startswith("总部付款") for tag in tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One order; money in fen."""

    order_no: str
    ordered_at: datetime
    delivered_at: datetime | None
    amount_fen: int
    promotion_fen: int
    receivable_fen: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLine:
    """What lies at the customer's place; quantities in the product's unit."""

    product_no: str
    product_name: str
    quantity: Decimal
    safety_quantity: Decimal | None
    updated_at: datetime | None

    @property
    def low(self) -> bool:
        return self.safety_quantity is not None and self.quantity < self.safety_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLine:
    """One service ticket; rating 1 to 5 where there is one."""

    ticket_no: str
    opened_at: datetime
    subject: str
    rating: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractLine:
    """One contract that is running or on its way."""

    contract_no: str
    kind: str
    amount_fen: int
    signed_on: date | None
    expires_on: date | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitLine:
    """One recorded contact with the customer."""

    visit_no: str
    employee_no: str
    visited_at: datetime
    kind: str
    content: str
    next_follow_up: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What is still to be paid for delivered orders, in fen.

    `provisional`: receipts were set off by order numbers and payer names only, so the sums are rough, mostly too high.
    """

    open_fen: int
    overdue_fen: int
    provisional: bool = True
    paid_by_headquarters: bool = False  #: receipts for many shops at once, which only reconciliation can split


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodSums:
    """Delivered orders (已签收) of some days, by day of delivery; fen."""

    receivable_fen: int
    promotion_fen: int
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """登录 events of the 30 days that end with `last_day`, the newest day of usage data of the whole company."""

    count: int
    users: int
    last_day: date | None  #: None: no usage data at all
    last_login: datetime | None
    subscribed: bool  #: whether there is any usage of this customer


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerHistory:
    """Everything the screen shows and every question asks for."""

    orders: tuple[OrderLine, ...]  #: the newest that were not cancelled, newest first
    order_count: int
    period: PeriodSums
    debt: Debt
    stock: tuple[StockLine, ...]
    last_rated: TicketLine | None
    open_tickets: tuple[TicketLine, ...]  #: the newest of them
    open_ticket_count: int
    contracts: tuple[ContractLine, ...]  #: running and on the way, latest expiry first
    contract_end: date | None  #: of the running ones, without those that end before they were signed
    visits: tuple[VisitLine, ...]  #: newest first
    visit_count: int
    next_follow_up: VisitLine | None  #: the nearest promise from today on
    logins: Logins

    @property
    def low_stock(self) -> tuple[StockLine, ...]:
        return tuple(line for line in self.stock if line.low)
