"""What one part of a message says about one customer: the visit it reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReading:
    """One customer's part of a message, as understood (meanings: fixtures/README.md, 拜访解析的约定)."""

    customer_no: str | None
    ambiguous_customers: tuple[str, ...] = ()
    contact: str | None = None
    contact_mention: str | None = None
    amount_yuan: int | None = None
    intent: str | None = None  #: 高, 中, 低
    next_follow_up: date | None = None
    visit_kind: str | None = None  #: 上门拜访, 电话, 微信, 视频会议, 展会, 客户来访
    visit_date: date  #: the day of the contact, in Shanghai
    summary: str = ""
    competitor: str | None = None
    met: bool = True  #: False when nobody was met or reached
