"""Who would have got the leads of a past month under other rules: both are played through from empty desks.

A lead fills its rep's place for two weeks; who finds nobody waits for the next place in the region. Facts and people
are those of today, so the play says what the rules do, not what happened.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from bot.domain.leads.board import Board
from bot.domain.leads.eligibility import availability, reasons_for
from bot.domain.leads.fairness import gini_per_capacity
from bot.domain.leads.roster import Learned, Standing
from bot.domain.leads.scoring import best, charges, total
from bot.domain.leads.values import Lead, Reason

HOLDS = timedelta(days=14)  # how long a lead fills a place: about what it takes to win or lose one
NOBODY = -1
_SHOWN = 3  # leads and people that are named
_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Arrived:
    """A lead and when it came, aware."""

    lead: Lead
    at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """A lead that would go to somebody else; an empty number is nobody: it would have waited to the end."""

    lead_no: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Share:
    """How many leads somebody gets."""

    employee_no: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Side:
    """One play. `match` is the mean fit of who got a lead, by the new rules; shares are per capacity."""

    match: float
    load_gini: float
    high_intent_gini: float
    waiting: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a change would have done to the leads of a month."""

    leads: int
    moved: int
    examples: tuple[Moved, ...]
    before: Side
    after: Side
    gains: tuple[Share, ...]  #: who would get most more, largest first
    loses: tuple[Share, ...]


def what_if(leads: Sequence[Arrived], before: Board, after: Board, *, learned: Learned | None = None) -> WhatIf:
    """Play `leads` (in order of arrival) on both boards and compare. Pure computing: a second or two for 10,000 leads.

    Raises:
        CalendarNotCovered: duty hours depend on a year whose holidays are not known.
    """
    plays = [_play(leads, board, learned or Learned()) for board in (before, after)]
    numbers = [_numbers(board, play) for board, play in zip((before, after), plays, strict=True)]
    moved = [
        Moved(item.lead.lead_no, was, will)
        for item, was, will in zip(leads, *numbers, strict=True)
        if was != will
    ]  # fmt: skip
    high = {item.lead.lead_no for item in leads if item.lead.high_intent}
    examples = sorted(moved, key=lambda item: (not (item.before and item.after), item.lead_no not in high))
    shares = _shares(*numbers)
    return WhatIf(
        leads=len(leads),
        moved=len(moved),
        examples=tuple(examples[:_SHOWN]),
        before=_side(leads, before, plays[0], after),
        after=_side(leads, after, plays[1], after),
        gains=tuple(item for item in shares[::-1][:_SHOWN] if item.after > item.before),
        loses=tuple(item for item in shares[:_SHOWN] if item.after < item.before),
    )


Winners = npt.NDArray[np.int64]


def _play(leads: Sequence[Arrived], board: Board, learned: Learned) -> Winners:
    """The column of each lead's rep, `NOBODY` for one that waits to the end."""
    winners = np.full(len(leads), NOBODY, dtype=np.int64)
    standing = _empty(board, learned)
    held: deque[tuple[datetime, int]] = deque()  # when each place falls free again
    queues: dict[str, deque[int]] = defaultdict(deque)  # of one region: who comes first goes first
    for place, arrived in enumerate(leads):
        while held and held[0][0] <= arrived.at:
            standing.pending[held.popleft()[1]] -= 1
        queue = queues[arrived.lead.region]
        queue.append(place)
        while queue:
            lead = leads[queue[0]].lead
            column = _winner(lead, board, standing, arrived.at)
            if column is None:
                break
            winners[queue.popleft()] = column
            standing = _given(standing, column, high_intent=lead.high_intent)
            held.append((arrived.at + HOLDS, column))
    return winners


def _empty(board: Board, learned: Learned) -> Standing:
    """Nobody has anything. The arrays are this play's own and change in place: copies cost more than a decision."""
    count = len(board.roster)
    return Standing(
        pending=np.zeros(count),
        high_intent=np.zeros(count),
        last_turn=np.zeros(count, dtype=np.int64),
        turn=0,
        price=np.array([learned.prices.get(number, 0.0) for number in board.roster.employee_nos]),
        usual_load=learned.usual_load,
        usual_high_intent=learned.usual_high_intent,
        high_intent_per_rep=learned.high_intent_per_rep,
    )


def _given(standing: Standing, column: int, *, high_intent: bool) -> Standing:
    standing.pending[column] += 1
    standing.high_intent[column] += high_intent
    standing.last_turn[column] = standing.turn + 1
    return replace(standing, turn=standing.turn + 1)


def _winner(lead: Lead, board: Board, standing: Standing, now: datetime) -> int | None:
    """As `engine.decide` chooses, without reasons."""
    roster, policy = board.roster, board.policy
    reasons = reasons_for(lead, availability(roster, standing, policy, now), roster, policy)
    scores = board.fit([lead], standing)[0] - total(
        charges(roster.capacity, standing, policy, high_intent=lead.high_intent)
    )
    return best(scores, reasons == Reason.NONE, standing.last_turn)


def _numbers(board: Board, winners: Winners) -> list[str]:
    return ["" if column == NOBODY else board.roster.employee_nos[column] for column in winners.tolist()]


def _side(leads: Sequence[Arrived], board: Board, winners: Winners, judge: Board) -> Side:
    placed = np.flatnonzero(winners != NOBODY)
    high = np.array([item.lead.high_intent for item in leads], dtype=np.bool_)
    able, count = ~board.roster.left & (board.roster.capacity > 0), len(board.roster)
    capacities = board.roster.capacity[able].astype(np.int64).tolist()

    def gini(chosen: npt.NDArray[np.int64]) -> float:
        counts = np.bincount(winners[chosen], minlength=count)[able]
        return gini_per_capacity(counts.tolist(), capacities)

    return Side(
        match=_match(leads, _numbers(board, winners), judge),
        load_gini=gini(placed),
        high_intent_gini=gini(placed[high[placed]]) if placed.size else 0.0,
        waiting=len(leads) - len(placed),
    )


def _match(leads: Sequence[Arrived], numbers: Sequence[str], judge: Board) -> float:
    """Mean fit, as the judge weighs it with empty desks, of the leads that found somebody."""
    columns = {number: column for column, number in enumerate(judge.roster.employee_nos)}
    found = [(item.lead, columns[number]) for item, number in zip(leads, numbers, strict=True) if number in columns]
    if not found:
        return 0.0
    standing, fits = _empty(judge, Learned()), 0.0
    for start in range(0, len(found), _CHUNK):
        block = found[start : start + _CHUNK]
        table = judge.fit([lead for lead, _ in block], standing)
        fits += float(table[np.arange(len(block)), [column for _, column in block]].sum())
    return fits / len(found)


def _shares(before: Sequence[str], after: Sequence[str]) -> list[Share]:
    """Everybody who gets leads on either side, who loses most first."""
    people = sorted({*before, *after} - {""})
    were, will = Counter(before), Counter(after)
    shares = [Share(person, were[person], will[person]) for person in people]
    return sorted(shares, key=lambda item: (item.after - item.before, item.employee_no))
