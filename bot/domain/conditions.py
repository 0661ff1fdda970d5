"""STUB until merged."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFacts:
    amount_fen: int
    discount: Decimal
    discount_floor: Decimal
    months: int
    kind: str
    industry: str
    region: str
    nonstandard: bool
    overdue_fen: int | None
