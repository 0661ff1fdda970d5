"""Who would have got the leads of a history, had they been given out as they came. Nothing is stored of it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from bot.domain.leads.board import Board
from bot.domain.leads.duplicates import Kind, Same
from bot.domain.leads.engine import decide
from bot.domain.leads.records import LeadRecord, to_lead
from bot.domain.leads.roster import Standing

HOLD = timedelta(days=14)  # how long a lead is taken to fill a place: nobody knows when the old ones were closed
_SHANGHAI_DAY = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Projected:
    """Who would have got it, with which score (None: it had an owner), and when."""

    employee_no: str
    score: float | None
    at: datetime


class _Run:
    """Leads as they come; who finds nobody waits for a place, first in first out."""

    def __init__(self, board: Board, standing: Standing) -> None:
        self.board, self.standing = board, standing
        self.given: dict[str, Projected] = {}
        self._waiting: list[LeadRecord] = []
        self._ends: list[tuple[datetime, int]] = []  # when a place becomes free, and whose
        self._month = ""

    def come_to(self, moment: datetime) -> None:
        """Places that became free by then go to who waits."""
        while self._ends and self._ends[0][0] <= moment:
            freed_at, column = heapq.heappop(self._ends)
            self.standing = self.standing.freed(column)
            self._waiting = [lead for lead in self._waiting if not self._give(lead, freed_at)]

    def arrives(self, lead: LeadRecord) -> None:
        self.come_to(lead.received_at)
        self._turn_month(lead.received_at)
        if not self._give(lead, lead.received_at):
            self._waiting.append(lead)

    def _give(self, lead: LeadRecord, at: datetime) -> bool:
        decision = decide(to_lead(lead), self.board, self.standing, now=at)
        if not decision.employee_no:
            return False
        column = self.board.roster.column(decision.employee_no)
        self.standing = self.standing.given(column, high_intent=lead.high_intent)
        heapq.heappush(self._ends, (at + HOLD, column))
        score = decision.explanation.score if decision.explanation else None
        self.given[lead.lead_no] = Projected(decision.employee_no, score, at)
        return True

    def _turn_month(self, moment: datetime) -> None:
        """High-intent leads are counted by the month."""
        month = f"{moment + _SHANGHAI_DAY:%Y-%m}"
        if month != self._month:
            self._month = month
            self.standing = replace(self.standing, high_intent=np.zeros_like(self.standing.high_intent))


def project(
    leads: Sequence[LeadRecord],
    same: Mapping[str, Same],
    board: Board,
    standing: Standing,
    *,
    owner_of: Callable[[str], str],
    until: datetime,
) -> dict[str, Projected]:
    """lead_no -> who would have it by `until`; who is left out was still waiting.

    Args:
        leads: in the order in which they came.
        same: what `find_all` found; a customer's leads go to the owner, a repeated enquiry to whoever got the first.
        owner_of: 客户编号 -> 工号, empty when nobody looks after the customer any more.

    Raises:
        CalendarNotCovered: duty hours depend on a year whose holidays are not known.
    """
    run = _Run(board, standing)
    repeats: list[tuple[LeadRecord, str]] = []
    for lead in leads:
        known = same.get(lead.lead_no)
        owner = owner_of(known.no) if known is not None and known.kind is Kind.CUSTOMER else ""
        if owner:
            run.given[lead.lead_no] = Projected(owner, None, lead.received_at)
        elif known is not None and known.kind is Kind.LEAD:
            repeats.append((lead, known.no))
        else:
            run.arrives(lead)
    run.come_to(until)
    for lead, first in repeats:
        if had := run.given.get(first):
            run.given[lead.lead_no] = Projected(had.employee_no, None, max(lead.received_at, had.at))
    return run.given
