"""A decision as it is stored: every fact it stood on, so that the same policy comes to the same winner years later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np

from bot.domain.leads import scoring
from bot.domain.leads.board import Board
from bot.domain.leads.eligibility import availability, reasons_for
from bot.domain.leads.packed import pack, unpack
from bot.domain.leads.policy import Policy
from bot.domain.leads.roster import Standing
from bot.domain.leads.values import Contribution, Explanation, Lead, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One eligible rep at the moment of the decision."""

    employee_no: str
    facts: tuple[float | None, ...]  #: in order of the policy's dimensions; None: missing
    capacity: float
    pending: float
    high_intent: float
    price: float
    last_turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that a decision depended on, besides the policy's version that it names."""

    lead_no: str
    high_intent: bool
    policy_version: int
    usual_load: float
    usual_high_intent: float
    high_intent_per_rep: float
    candidates: tuple[Candidate, ...]

    def pack(self) -> bytes:
        """A few kilobytes for a hundred candidates; every number keeps all its digits."""
        people = self.candidates
        facts = [np.array(row, dtype=np.float64) for row in zip(*(each.facts for each in people), strict=True)]
        own = [np.array([getattr(each, name) for each in people], dtype=np.float64) for name in _COLUMNS]
        about = {name: getattr(self, name) for name in _OF_THE_LEAD}
        return pack(about, [each.employee_no for each in people], [*own, *facts])

    @classmethod
    def unpack(cls, stored: bytes) -> Snapshot:
        """Raises ValueError for bytes that are not whole."""
        about, names, columns = unpack(stored)
        own, facts = columns[: len(_COLUMNS)], columns[len(_COLUMNS) :]
        capacity, pending, high_intent, price, turns = (column.tolist() for column in own)
        known = [tuple(_known(fact) for fact in row) for row in zip(*(each.tolist() for each in facts), strict=True)]
        candidates = tuple(
            Candidate(
                employee_no=name,
                facts=fact,
                capacity=room,
                pending=held,
                high_intent=high,
                price=cost,
                last_turn=int(turn),
            )
            for name, fact, room, held, high, cost, turn in zip(
                names, known or [()] * len(names), capacity, pending, high_intent, price, turns, strict=True
            )
        )
        return cls(**about, candidates=candidates)


_OF_THE_LEAD = (
    "lead_no", "high_intent", "policy_version", "usual_load", "usual_high_intent", "high_intent_per_rep",
)  # fmt: skip
_COLUMNS = ("capacity", "pending", "high_intent", "price", "last_turn")


def _known(fact: float) -> float | None:
    return fact if fact == fact else None  # nan differs from itself


def packed_snapshot(lead: Lead, board: Board, standing: Standing, *, now: datetime) -> bytes:
    """`snapshot(...).pack()` without the way round: a thousand candidates in about a millisecond."""
    roster, policy = board.roster, board.policy
    reasons = reasons_for(lead, availability(roster, standing, policy, now), roster, policy)
    columns = np.flatnonzero(reasons == Reason.NONE)
    about = {
        "lead_no": lead.lead_no,
        "high_intent": lead.high_intent,
        "policy_version": policy.version,
        "usual_load": standing.usual_load,
        "usual_high_intent": standing.usual_high_intent,
        "high_intent_per_rep": standing.high_intent_per_rep,
    }
    own = (roster.capacity, standing.pending, standing.high_intent, standing.price, standing.last_turn)
    return pack(
        about,
        [roster.employee_nos[column] for column in columns.tolist()],
        [*(each[columns] for each in own), *board.facts_of(lead, columns, standing)],
    )


def snapshot(lead: Lead, board: Board, standing: Standing, *, now: datetime) -> Snapshot:
    """What `decide` with the same arguments stands on. Who could not have the lead is not kept."""
    roster, policy = board.roster, board.policy
    reasons = reasons_for(lead, availability(roster, standing, policy, now), roster, policy)
    columns = np.flatnonzero(reasons == Reason.NONE).tolist()
    return Snapshot(
        lead_no=lead.lead_no,
        high_intent=lead.high_intent,
        policy_version=policy.version,
        usual_load=standing.usual_load,
        usual_high_intent=standing.usual_high_intent,
        high_intent_per_rep=standing.high_intent_per_rep,
        candidates=tuple(
            Candidate(
                employee_no=roster.employee_nos[column],
                facts=tuple(fact if fact == fact else None for fact in board.facts(lead, column, standing)),
                capacity=float(roster.capacity[column]),
                pending=float(standing.pending[column]),
                high_intent=float(standing.high_intent[column]),
                price=float(standing.price[column]),
                last_turn=int(standing.last_turn[column]),
            )
            for column in columns
        ),
    )


def explanation_to_json(explanation: Explanation) -> dict[str, Any]:
    """Plain values; floats keep all their digits in JSON, so that the points still add up to the score."""
    return asdict(explanation)


def explanation_from_json(stored: Mapping[str, Any]) -> Explanation:
    return Explanation(stored["score"], tuple(Contribution(**each) for each in stored["contributions"]))


def replay(stored: Snapshot, policy: Policy) -> str:
    """The employee number of the winner; empty when nobody could have the lead.

    Raises:
        ValueError: the decision was made by another version, or by other dimensions under the same number.
    """
    if stored.policy_version != policy.version:
        raise ValueError(f"decided by version {stored.policy_version}, not {policy.version}")
    people = stored.candidates
    if any(len(each.facts) != len(policy.dimensions) for each in people):
        raise ValueError("the facts are not those of the policy's dimensions")
    if not people:
        return ""
    facts = np.array([each.facts for each in people], dtype=np.float64).T
    fit = scoring.weighted(facts, policy)
    capacity = np.array([each.capacity for each in people])
    standing = Standing(
        pending=np.array([each.pending for each in people]),
        high_intent=np.array([each.high_intent for each in people]),
        last_turn=np.array([each.last_turn for each in people], dtype=np.int64),
        turn=0,
        price=np.array([each.price for each in people]),
        usual_load=stored.usual_load,
        usual_high_intent=stored.usual_high_intent,
        high_intent_per_rep=stored.high_intent_per_rep,
    )
    charged = scoring.charges(capacity, standing, policy, high_intent=stored.high_intent)
    scores = fit - scoring.total(charged)
    winner = scoring.best(scores, np.ones(len(people), dtype=np.bool_), standing.last_turn)
    return "" if winner is None else people[winner].employee_no
