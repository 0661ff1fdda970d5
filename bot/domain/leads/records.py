"""A lead as it comes in, by whatever way, and the lead a decision is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.leads.values import Lead


class Intent(StrEnum):
    """意向."""

    HIGH = "高"
    MEDIUM = "中"
    LOW = "低"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRecord:
    """线索, normalised. What is not known is empty or None."""

    lead_no: str  #: the sender's external_id
    received_at: datetime  #: business time, aware UTC
    source: str = ""
    company: str = ""
    contact: str = ""
    mobile: str = ""  #: as given
    mobile_key: str = ""  #: eleven digits, for comparing; empty where there is no such number
    region: str = ""
    industry: str = ""
    amount_fen: int | None = None
    amount_text: str = ""  #: as given
    intent: Intent | None = None
    note: str = ""  #: 需求描述

    @property
    def high_intent(self) -> bool:
        return self.intent is Intent.HIGH


def to_lead(record: LeadRecord, *, tried: frozenset[str] = frozenset()) -> Lead:
    """What a choice among reps depends on."""
    return Lead(
        lead_no=record.lead_no,
        region=record.region,
        high_intent=record.high_intent,
        labels={"industry": record.industry} if record.industry else {},
        numbers={"amount_fen": float(record.amount_fen)} if record.amount_fen else {},
        tried=tried,
    )
