"""What an approver wants to know beside the terms: how this customer pays, and what is unusual, compared with what.

Taken once, at submission, and shown unchanged in every step: what is approved is a snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from statistics import median
from typing import Any

from bot.domain.approval_values import ContractTerms

MUCH_LARGER = Decimal(2)  # times the customer's largest contract so far, or its estimated yearly purchases
FEW = 3  # peers' contracts from which their usual discount is worth a word
POINTS = Decimal("0.03")  # below the peers' usual discount: within it nobody wonders
LONG_MONTHS = 24  # no contract of the sample company runs longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One receipt."""

    on: date
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastContract:
    """An earlier contract of the same customer."""

    contract_no: str
    kind: str
    amount_fen: int
    discount: Decimal | None
    signed_on: date | None
    months: int | None  #: between signing and expiry


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The facts a submission is compared with; money in fen."""

    industry: str
    discount_floor: Decimal
    list_year_fen: int | None  #: 年采购额预估
    open_fen: int
    overdue_fen: int
    provisional: bool  #: receipts are set off roughly (see store/receivables.py)
    payments: tuple[Payment, ...]  #: newest first
    open_tickets: int
    last_ticket: str  #: subject of the newest open one
    past: tuple[PastContract, ...]  #: signed ones, newest first
    peer_discounts: tuple[Decimal, ...]  #: of the same industry and kind, last year


class What(StrEnum):
    """What kind of thing stands out."""

    BELOW_FLOOR = "below floor"  #: discount below the policy; `theirs` is the floor, `best` the lowest so far
    BELOW_OWN = "below own"  #: discount below every earlier one of this customer
    BELOW_PEERS = "below peers"  #: discount below what `count` peers usually get
    OVERDUE = "overdue"  #: fen overdue; `count` is the days since the last receipt, -1 when none was found
    OVER_PAST = "over past"  #: amount in fen against the largest contract so far
    OVER_YEAR = "over year"  #: a year's share in fen against the estimated yearly purchases
    TICKETS = "tickets"  #: `count` complaints open, `words` is the newest one's subject
    LONG = "long"  #: term in months, beyond the usual longest
    FIRST = "first"  #: no earlier contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is unusual, and what it was compared with. Money in fen, discounts as shares."""

    what: What
    ours: Decimal = Decimal(0)
    theirs: Decimal = Decimal(0)
    best: Decimal | None = None
    count: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the card shows. `unusual`: the weightiest first; empty: nothing stands out."""

    discount_floor: Decimal
    open_fen: int
    overdue_fen: int
    provisional: bool
    payments: tuple[Payment, ...]
    open_tickets: int
    last_ticket: str
    unusual: tuple[Finding, ...]


def weigh(terms: ContractTerms, around: Surroundings, *, today: date) -> Evidence:
    """The evidence for a submission."""
    return Evidence(
        discount_floor=around.discount_floor,
        open_fen=around.open_fen,
        overdue_fen=around.overdue_fen,
        provisional=around.provisional,
        payments=around.payments,
        open_tickets=around.open_tickets,
        last_ticket=around.last_ticket,
        unusual=tuple(_unusual(terms, around, today)),
    )


def _unusual(terms: ContractTerms, around: Surroundings, today: date) -> list[Finding]:
    long = Finding(what=What.LONG, ours=Decimal(terms.months), theirs=Decimal(LONG_MONTHS))
    findings = [
        _discount(terms, around),
        _overdue(around, today),
        _amount(terms, around),
        Finding(what=What.TICKETS, count=around.open_tickets, words=around.last_ticket)
        if around.open_tickets
        else None,
        long if terms.months > LONG_MONTHS else None,
        None if around.past else Finding(what=What.FIRST),
    ]
    return [finding for finding in findings if finding]


def _discount(terms: ContractTerms, around: Surroundings) -> Finding | None:
    """Against the policy first, then against what this customer and its peers got."""
    ours = terms.discount
    own = [item.discount for item in around.past if item.discount is not None]
    lowest = min(own, default=None)
    if ours < around.discount_floor:
        return Finding(what=What.BELOW_FLOOR, ours=ours, theirs=around.discount_floor, best=lowest)
    if lowest is not None and ours < lowest:
        return Finding(what=What.BELOW_OWN, ours=ours, theirs=lowest)
    if lowest is None and len(around.peer_discounts) >= FEW:
        usual = Decimal(median(around.peer_discounts))
        if usual - ours > POINTS:
            count = len(around.peer_discounts)
            return Finding(what=What.BELOW_PEERS, ours=ours, theirs=usual, count=count, words=around.industry)
    return None


def _overdue(around: Surroundings, today: date) -> Finding | None:
    if not around.overdue_fen:
        return None
    days = (today - around.payments[0].on).days if around.payments else -1
    about = "约" if around.provisional else ""
    return Finding(what=What.OVERDUE, ours=Decimal(around.overdue_fen), count=days, words=about)


def _amount(terms: ContractTerms, around: Surroundings) -> Finding | None:
    alike = [item for item in around.past if item.kind == terms.kind] or list(around.past)
    largest = max((item.amount_fen for item in alike), default=0)
    if largest and terms.amount_fen >= MUCH_LARGER * largest:
        return Finding(what=What.OVER_PAST, ours=Decimal(terms.amount_fen), theirs=Decimal(largest))
    yearly = (Decimal(terms.amount_fen) * 12 / max(terms.months, 1)).quantize(Decimal(1))
    if around.list_year_fen and yearly >= MUCH_LARGER * around.list_year_fen:
        return Finding(what=What.OVER_YEAR, ours=yearly, theirs=Decimal(around.list_year_fen))
    return None


# -- as JSON ----------------------------------------------------------------------------------------------------------
def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    data = asdict(evidence)
    data["discount_floor"] = str(evidence.discount_floor)
    data["unusual"] = [
        {name: str(value) if isinstance(value, Decimal) else value for name, value in asdict(item).items()}
        for item in evidence.unusual
    ]
    data["payments"] = [[item.on.isoformat(), item.amount_fen] for item in evidence.payments]
    return data


def evidence_from_json(data: dict[str, Any]) -> Evidence:
    payments: Sequence[tuple[str, int]] = data["payments"]
    return Evidence(
        **data
        | {
            "discount_floor": Decimal(data["discount_floor"]),
            "payments": tuple(Payment(on=date.fromisoformat(on), amount_fen=fen) for on, fen in payments),
            "unusual": tuple(_finding(item) for item in data["unusual"]),
        }
    )


def _finding(data: dict[str, Any]) -> Finding:
    best = data["best"]
    return Finding(
        **data
        | {
            "what": What(data["what"]),
            "ours": Decimal(data["ours"]),
            "theirs": Decimal(data["theirs"]),
            "best": None if best is None else Decimal(best),
        }
    )
