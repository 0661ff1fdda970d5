"""A visit as it is kept: from what was understood to what was confirmed, corrected or taken back. Pure.

待选客户 ──choose──> 待确认 ──confirm──> 已确认
    └──────────cancel──────────┴───────────> 已撤销   (a correction leads back to 待确认)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.visits import VisitReading

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNDO_WITHIN = timedelta(hours=24)  # interface.md, decided defaults
ATTACH_WITHIN = timedelta(minutes=10)  # a photo belongs to the visit told this close to it, before or after
SAME_SENTENCE_WITHIN = timedelta(minutes=2)  # the same words again this soon are a double send, later a new visit
NOTE_KEPT_FOR = timedelta(minutes=30)  # a voice note nobody could read waits this long for its line of text


class VisitState(StrEnum):
    """状态 of a visit."""

    CHOOSING = "待选客户"
    OPEN = "待确认"
    CONFIRMED = "已确认"
    CANCELLED = "已撤销"
    LOADED = "已载入"


class VisitField(StrEnum):
    """What one tap can correct."""

    CUSTOMER = "customer"
    AMOUNT = "amount"
    FOLLOW_UP = "follow_up"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One contact with one customer. `visit_no` is empty until the store has numbered it."""

    visit_no: str = ""
    employee_no: str
    customer_no: str | None
    candidates: tuple[str, ...] = ()  #: customers the words could mean, while 待选客户
    at: datetime  #: when it took place, aware UTC; midnight in Shanghai when only an earlier day is known
    said_at: datetime  #: when it was told, business time, aware UTC
    kind: str | None = None  #: 上门拜访, 电话, 微信, 视频会议, 展会, 客户来访
    summary: str = ""
    contact: str | None = None
    amount_yuan: int | None = None
    intent: str | None = None
    next_follow_up: date | None = None
    competitor: str | None = None
    met: bool = True
    state: VisitState
    text: str = ""  #: the sentence as it was said
    heard: bool = False  #: the sentence came from speech recognition
    card_id: str = ""
    channel: str = ""
    message_id: str = ""

    @property
    def on(self) -> date:
        """The day of the contact, in Shanghai."""
        return self.at.astimezone(SHANGHAI).date()


def record(
    reading: VisitReading,
    *,
    employee_no: str,
    said_at: datetime,
    text: str,
    channel: str = "",
    message_id: str = "",
    heard: bool = False,
) -> Visit:
    """The visit a reading tells of; it waits for its customer when that is not certain, its contact as it was said."""
    return Visit(
        employee_no=employee_no,
        customer_no=reading.customer_no,
        candidates=() if reading.customer_no else reading.ambiguous_customers,
        at=_took_place(reading.visit_date, said_at),
        said_at=said_at,
        kind=reading.visit_kind,
        summary=reading.summary or text,
        contact=reading.contact or (None if reading.customer_no else reading.contact_mention),
        amount_yuan=reading.amount_yuan,
        intent=reading.intent,
        next_follow_up=reading.next_follow_up,
        competitor=reading.competitor,
        met=reading.met,
        state=VisitState.OPEN if reading.customer_no else VisitState.CHOOSING,
        text=text,
        heard=heard,
        channel=channel,
        message_id=message_id,
    )


def _took_place(day: date, said_at: datetime) -> datetime:
    if day == said_at.astimezone(SHANGHAI).date():
        return said_at
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def with_customer(visit: Visit, customer_no: str, contact: str | None) -> Visit:
    """The customer is certain now. A contact of another customer's is not carried over unless the words named it."""
    return replace(visit, customer_no=customer_no, candidates=(), contact=contact, state=VisitState.OPEN)


def corrected(visit: Visit, field: VisitField, value: Any) -> Visit:
    """One field changed; what was confirmed has to be confirmed again."""
    name = {
        VisitField.AMOUNT: "amount_yuan",
        VisitField.FOLLOW_UP: "next_follow_up",
        VisitField.SUMMARY: "summary",
    }[field]
    return replace(visit, **{name: value}, state=VisitState.OPEN)


def confirmed(visit: Visit) -> Visit:
    return replace(visit, state=VisitState.CONFIRMED)


def cancelled(visit: Visit) -> Visit:
    return replace(visit, state=VisitState.CANCELLED)


def filled(visit: Visit, reading: VisitReading) -> Visit:
    """Gaps closed by a second reader; nothing that was understood already is overwritten."""
    return replace(
        visit,
        kind=visit.kind or reading.visit_kind,
        contact=visit.contact or reading.contact,
        amount_yuan=visit.amount_yuan if visit.amount_yuan is not None else reading.amount_yuan,
        intent=visit.intent or reading.intent,
        next_follow_up=visit.next_follow_up or reading.next_follow_up,
        competitor=visit.competitor or reading.competitor,
    )


def difference(before: Visit, after: Visit) -> dict[str, Any]:
    """The former values of what changed, as JSON values: enough to go back."""
    old, new = asdict(before), asdict(after)
    return {name: _plain(value) for name, value in old.items() if new[name] != value and name != "card_id"}


def restored(visit: Visit, former: Mapping[str, Any]) -> Visit:
    """The visit with former values put back (see `difference`)."""
    known = {item.name for item in fields(Visit)}
    return replace(visit, **{name: _typed(name, value) for name, value in former.items() if name in known})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _typed(name: str, value: Any) -> Any:
    if value is None:
        return None
    match name:
        case "next_follow_up":
            return date.fromisoformat(value)
        case "at" | "said_at":
            return datetime.fromisoformat(value)
        case "candidates":
            return tuple(value)
        case "state":
            return VisitState(value)
        case _:
            return value
