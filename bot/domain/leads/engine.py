"""Who gets a lead: a pure decision with its reasons, and the same for a whole backlog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from bot.domain.leads.board import Board
from bot.domain.leads.eligibility import Reasons, availability, reasons_for
from bot.domain.leads.policy import Floats, Policy
from bot.domain.leads.roster import Standing
from bot.domain.leads.scoring import TIE, UNKNOWN_FIT, best, charges, total
from bot.domain.leads.values import Contribution, Decision, Explanation, Lead, Reason

PRICE, LOAD, HIGH_INTENT, UNKNOWN = "price", "load", "high_intent", "unknown"  # names of lines that are no factor
_CHUNK = 64  # leads scored at once: such a block of a thousand reps fits the processor's cache


@dataclass(frozen=True, slots=True, eq=False)
class BacklogScores:
    """Scores of waiting leads against the standing as it is; nothing is given out."""

    scores: Floats  #: (leads, reps); -inf where the rep can not have the lead
    best: npt.NDArray[np.intp]  #: the column of each lead's winner, -1 without one


def decide(lead: Lead, board: Board, standing: Standing, *, now: datetime) -> Decision:
    """Who gets the lead, and why.

    The same input gives the same answer, in whatever order the reps come. Equal scores go to the rep least recently
    given a lead, then by employee number. `now` is aware.

    Raises:
        CalendarNotCovered: duty hours depend on a year whose holidays are not known.
    """
    roster, version = board.roster, board.policy.version
    reasons = reasons_for(lead, availability(roster, standing, board.policy, now), roster, board.policy)
    eligible = reasons == Reason.NONE
    refused = _counted(reasons)
    if not eligible.any():  # nothing to score: a long queue that nobody can have is looked through again and again
        return Decision(lead_no=lead.lead_no, policy_version=version, refused=refused)
    charged = charges(roster.capacity, standing, board.policy, high_intent=lead.high_intent)
    scores = board.fit([lead], standing)[0] - total(charged)
    winner = best(scores, eligible, standing.last_turn)
    assert winner is not None
    eligible[winner] = False
    second = best(scores, eligible, standing.last_turn)
    return Decision(
        lead_no=lead.lead_no,
        policy_version=version,
        employee_no=roster.employee_nos[winner],
        explanation=_explained(lead, winner, board, standing, charged),
        runner_up="" if second is None else roster.employee_nos[second],
        margin=0.0 if second is None else float(scores[winner] - scores[second]),
        refused=refused,
    )


def explain(lead: Lead, employee_no: str, board: Board, standing: Standing) -> Explanation:
    """What one rep scores for a lead and from what, eligible or not.

    Raises:
        ValueError: nobody of that number is in the roster.
    """
    charged = charges(board.roster.capacity, standing, board.policy, high_intent=lead.high_intent)
    return _explained(lead, board.roster.column(employee_no), board, standing, charged)


def score_backlog(leads: Sequence[Lead], board: Board, standing: Standing, *, now: datetime) -> BacklogScores:
    """Every waiting lead against every rep, as they stand now. Raises as `decide` does."""
    roster, policy = board.roster, board.policy
    available = availability(roster, standing, policy, now)
    taken = [total(charges(roster.capacity, standing, policy, high_intent=high)) for high in (False, True)]
    closed: dict[tuple[str, frozenset[str]], Floats] = {}
    for lead in leads:
        if (lead.region, lead.tried) not in closed:
            reasons = reasons_for(lead, available, roster, policy)
            closed[lead.region, lead.tried] = np.where(reasons == Reason.NONE, 0.0, np.inf)
    scores, winners = np.empty((len(leads), len(roster))), np.empty(len(leads), dtype=np.intp)
    for start in range(0, len(leads), _CHUNK):
        block = leads[start : start + _CHUNK]
        charged = board.fit(block, standing)
        for row, lead in enumerate(block):
            charged[row] -= taken[lead.high_intent]
            charged[row] -= closed[lead.region, lead.tried]
        scores[start : start + len(block)] = charged
        winners[start : start + len(block)] = _winners(charged, standing)
    return BacklogScores(scores, winners)


def assign_in_order(
    leads: Sequence[Lead], board: Board, standing: Standing, *, now: datetime
) -> Iterator[tuple[Decision, Standing]]:
    """Give out what waits, first in first out; each decision with the standing after it. Who finds nobody waits on."""
    for lead in leads:
        decision = decide(lead, board, standing, now=now)
        if decision.employee_no:
            standing = standing.given(board.roster.column(decision.employee_no), high_intent=lead.high_intent)
        yield decision, standing


def _explained(lead: Lead, column: int, board: Board, standing: Standing, charged: Sequence[Floats]) -> Explanation:
    capacity = max(board.roster.capacity[column], 1.0)
    values = standing.price[column], standing.pending[column] / capacity, standing.high_intent[column] / capacity
    lines = _factors(board.facts(lead, column, standing), board.policy)
    lines += [
        Contribution(name=name, points=-float(points[column]), value=float(value))
        for name, points, value in zip((PRICE, LOAD, HIGH_INTENT), charged, values, strict=False)
    ]
    return Explanation(sum(line.points for line in lines), tuple(lines))


def _factors(facts: Sequence[float], policy: Policy) -> list[Contribution]:
    """A line for each dimension; what is missing has no value and no points, the others carry its weight."""
    rows = list(zip(policy.dimensions, facts, strict=True))
    counted = sum(dimension.weight for dimension, fact in rows if fact == fact)  # nan differs from itself
    lines = []
    for dimension, fact in rows:
        if fact != fact or not counted:
            lines.append(Contribution(name=dimension.name, points=0.0, value=None))
            continue
        factor, weight = dimension.scale.of(fact), dimension.weight / counted
        lines.append(
            Contribution(name=dimension.name, points=weight * factor, value=fact, factor=factor, weight=weight)
        )
    if not counted:
        lines.append(Contribution(name=UNKNOWN, points=UNKNOWN_FIT, value=UNKNOWN_FIT, factor=UNKNOWN_FIT, weight=1.0))
    return lines


def _winners(scores: Floats, standing: Standing) -> npt.NDArray[np.intp]:
    """`best` of each row."""
    if not scores.shape[1]:
        return np.full(len(scores), -1, dtype=np.intp)
    winners = scores.argmax(axis=1)
    top = scores[np.arange(len(scores)), winners]
    near = scores >= (top - TIE)[:, None]
    for row in np.flatnonzero(near.sum(axis=1) > 1):
        columns = np.flatnonzero(near[row])
        winners[row] = columns[standing.last_turn[columns].argmin()]
    return np.where(np.isfinite(top), winners, -1)


def _counted(reasons: Reasons) -> dict[Reason, int]:
    counts = np.bincount(reasons, minlength=len(Reason))
    return {reason: int(counts[reason]) for reason in Reason if reason and counts[reason]}
