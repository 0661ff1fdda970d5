"""Who takes leads, under which rules, as one process keeps it: read again when something it is made of has changed.

Who there is, who left or is away, capacities, duty hours and the rules themselves are those of now. The facts that
people are scored by (deals, visits, promises kept) drift slowly and cost a look at every customer: where they are a
minute old, new ones are read beside, and leads go out by the old ones meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.board import Board
from bot.domain.leads.roster import Learned, Roster
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.scripts import Entry
from store.lead_facts import gather, takers, wanted_by, with_facts
from store.lead_gathering import Gathered
from store.lead_knowledge import knowledge
from store.lead_prices import LeadPriceRepository
from store.lead_rules import LeadRuleRepository
from store.unit_of_work import UnitOfWork

log = structlog.get_logger()

MAX_AGE = timedelta(seconds=60)  # facts drift: deals of this week, overdue tasks
MAX_STALE = timedelta(minutes=5)  # older ones are not used, not even while new ones are read

Beside = Callable[[], AbstractAsyncContextManager[UnitOfWork]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LeadRoster:
    """All that stays the same from one lead to the next."""

    rules: LeadRules
    board: Board
    learned: Learned
    entries: Sequence[Entry]  #: of the knowledge base

    @property
    def reps(self) -> Roster:
        return self.board.roster


@dataclass(frozen=True, slots=True)
class _Read:
    """Something as it was read: the business moment it is about, and how long ago that was."""

    about: datetime
    read_at: float = field(default_factory=time.monotonic)

    def within(self, age: timedelta, at: datetime) -> bool:
        """By both clocks: the business clock may be moved."""
        return abs(at - self.about) < age and time.monotonic() - self.read_at < age.total_seconds()


@dataclass(frozen=True, slots=True)
class _Facts:
    gathered: Gathered
    wanted: frozenset[str]
    own: str  #: edition of the company's own facts
    when: _Read

    def are_of(self, people: Sequence[Any], wanted: frozenset[str], own: str) -> bool:
        """Whether they are facts of just these people as they describe themselves; who left is no matter."""
        return self.wanted == wanted and self.own == own and _selves(self.gathered.people) == _selves(people)


def _selves(people: Sequence[Any]) -> list[tuple[Any, ...]]:
    return [tuple(person)[:-1] for person in people]  # the last column says who left


class Rosters:
    """The newest roster of this process. Whether it is still right is looked at each time, in one short query."""

    def __init__(self, beside: Beside | None = None) -> None:
        """`beside`: where facts are read while the old ones are used; without it they are read in the way."""
        self._beside = beside
        self._known: LeadRoster | None = None
        self._made_from: tuple[str, _Facts, _Read] | None = None
        self._facts: _Facts | None = None
        self._drifted = False  # customers may have changed since the facts were read
        self._reading: asyncio.Task[None] | None = None

    def forget(self) -> None:
        """People or customers have changed (NOTIFY `directory`)."""
        self._known = None
        self._drifted = True

    async def settle(self) -> None:
        """Until what is being read beside is there."""
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    async def close(self) -> None:
        """Nothing is read any more."""
        if self._reading is not None:
            self._reading.cancel()
        await self.settle()

    async def current(
        self, connection: AsyncConnection, *, at: datetime, reachable: Callable[[str], bool]
    ) -> LeadRoster:
        """As of `at` (business time). Whom nothing reaches (`reachable`, by 工号) gets as little as who has left."""
        edition, own = (await connection.execute(_EDITION, {"at": at})).one()
        if self._known is not None and self._made_from is not None:
            made_from, facts, when = self._made_from
            if made_from == edition and facts is self._facts and when.within(MAX_AGE, at):
                return self._known
        rules = await LeadRuleRepository(connection).current()
        people = await takers(connection)
        facts = await self._facts_of(connection, people, rules, own, at)
        everybody = [
            rep if reachable(rep.employee_no) else replace(rep, left=True)
            for rep in await with_facts(connection, people, facts.gathered, rules, at=at)
        ]
        self._known = LeadRoster(
            rules=rules,
            board=Board.of(Roster.of(everybody), rules.policy),
            learned=await LeadPriceRepository(connection).newest(),
            entries=await knowledge(connection),
        )
        self._made_from = edition, facts, _Read(at)
        return self._known

    async def _facts_of(
        self, connection: AsyncConnection, people: list[Any], rules: LeadRules, own: str, at: datetime
    ) -> _Facts:
        known = self._facts
        usable = known is not None and known.are_of(people, wanted_by(rules), own) and known.when.within(MAX_STALE, at)
        if known is None or not usable or (self._beside is None and self._due(known, at)):
            self._drifted = False
            self._facts = known = await _read(connection, people, rules, own, at)
        elif self._beside is not None and self._due(known, at) and (self._reading is None or self._reading.done()):
            self._drifted = False
            self._reading = asyncio.create_task(self._read_beside(self._beside, people, rules, own, at))
        return known

    def _due(self, known: _Facts, at: datetime) -> bool:
        return self._drifted or not known.when.within(MAX_AGE, at)

    async def _read_beside(self, beside: Beside, people: list[Any], rules: LeadRules, own: str, at: datetime) -> None:
        before = self._facts
        try:
            async with beside() as uow:
                facts = await _read(uow.connection, people, rules, own, at)
        except Exception:  # the old ones hold for a while yet; then whoever needs new ones reads them and fails
            log.exception("leads.facts_failed")
            self._drifted = True
            return
        if self._facts is before:  # else they were needed sooner
            self._facts = facts


async def _read(connection: AsyncConnection, people: list[Any], rules: LeadRules, own: str, at: datetime) -> _Facts:
    when = _Read(at)
    return _Facts(await gather(connection, people, rules, at=at), wanted_by(rules), own, when)


# What was entered a moment after `at` is not there yet, and makes another edition as soon as it is.
_EDITION = text("""
SELECT concat_ws('/', (SELECT max(version) FROM lead_rule_changes),
    (SELECT concat_ws('/', count(*), count(*) FILTER (WHERE cancelled_at <= :at), max(absence_id)) FROM absences
     WHERE ends_at > :at AND created_at <= :at),
    (SELECT max(learned_at) FROM lead_prices)) AS edition,
    (SELECT concat_ws('/', count(*), max(set_at)) FROM lead_facts WHERE set_at <= :at) AS own
""")
