"""What a question about a customer asks for: which customer, which fact, which days, which product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.directory import Directory, Mention
from bot.domain.periods import JANUARY_2026, Period


class Aspect(StrEnum):
    """The facts people ask for; values are the metric names of fixtures/README.md where it has one."""

    OVERVIEW = "overview"
    LAST_ORDER = "last_order"
    SIGNED = "signed"  #: jan_signed for January 2026
    PROMO = "promo"  #: jan_promo for January 2026
    UNPAID = "unpaid"
    STOCK = "stock"
    LOW_STOCK = "low_stock"
    CONTRACT_END = "contract_end"
    OPEN_TICKETS = "open_tickets"
    LAST_RATING = "last_rating"
    LAST_VISIT = "last_visit"
    BOSS_PHONE = "boss_phone"
    PREFS = "prefs"
    REP = "rep"
    LOGINS = "login30"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryReading:
    """One question. No customer and no candidates: it asks for a fact without saying whose."""

    customer_no: str | None
    ambiguous_customers: tuple[str, ...] = ()  #: never together with `customer_no`
    aspect: Aspect
    period: Period | None = None  #: for SIGNED, PROMO and OVERVIEW
    products: tuple[str, ...] = ()  #: product numbers the words could mean, for STOCK
    product_words: str = ""  #: as written
    contact_title: str = ""  #: whose phone: "老板", "店长"; empty when not said
    more: tuple[QueryReading, ...] = ()  #: the same question about further customers of the message

    @property
    def metric(self) -> str:
        """The name in `salesbot ask`; an overview counts as what was signed for in its month."""
        if self.aspect in (Aspect.SIGNED, Aspect.PROMO, Aspect.OVERVIEW):
            name = Aspect.PROMO if self.aspect is Aspect.PROMO else Aspect.SIGNED
            january = self.period and (self.period.start, self.period.end) == (JANUARY_2026.start, JANUARY_2026.end)
            return f"jan_{name}" if january else str(name)
        return str(self.aspect)


def read_query(
    text: str, *, mentions: Sequence[Mention], sent_at: datetime, directory: Directory
) -> QueryReading | None:
    """Read a question, or None when the text is none (a report, small talk, an order to do something).

    Args:
        mentions: what `Directory.find` said about the same text.
        sent_at: aware; "上个月" and the like count from its day in Shanghai.
    """
    return None
