"""Who takes leads, under which rules, as one process keeps it: read again when something it is made of has changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.board import Board
from bot.domain.leads.roster import Learned, Roster
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.scripts import Entry
from store.lead_facts import reps
from store.lead_knowledge import knowledge
from store.lead_prices import LeadPriceRepository
from store.lead_rules import LeadRuleRepository

MAX_AGE = timedelta(seconds=60)  # facts drift: deals of this week, overdue tasks, what was learned in the night


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


class Rosters:
    """The newest roster of this process.

    Rules, absences and learned prices are looked at each time, in one short query: what has just changed counts.
    """

    def __init__(self) -> None:
        self._known: LeadRoster | None = None
        self._edition = ""
        self._about = datetime.min.replace(tzinfo=UTC)
        self._read_at = 0.0

    def forget(self) -> None:
        """People have changed (NOTIFY `directory`)."""
        self._known = None

    async def current(
        self, connection: AsyncConnection, *, at: datetime, reachable: Callable[[str], bool]
    ) -> LeadRoster:
        """As of `at` (business time). Whom nothing reaches (`reachable`, by 工号) gets as little as who has left."""
        edition = (await connection.execute(_EDITION, {"at": at})).scalar_one()
        known, age = self._known, time.monotonic() - self._read_at
        fresh = age < MAX_AGE.total_seconds() and edition == self._edition and abs(at - self._about) < MAX_AGE
        if known is not None and fresh:
            return known
        rules = await LeadRuleRepository(connection).current()
        people = [
            rep if reachable(rep.employee_no) else replace(rep, left=True)
            for rep in await reps(connection, rules, at=at)
        ]
        self._known = LeadRoster(
            rules=rules,
            board=Board.of(Roster.of(people), rules.policy),
            learned=await LeadPriceRepository(connection).newest(),
            entries=await knowledge(connection),
        )
        self._edition, self._about, self._read_at = edition, at, time.monotonic()
        return self._known


_EDITION = text("""
SELECT concat_ws('/', (SELECT max(version) FROM lead_rule_changes),
    (SELECT concat_ws('/', count(*), count(cancelled_at), max(absence_id)) FROM absences WHERE ends_at > :at),
    (SELECT concat_ws('/', count(*), max(set_at)) FROM lead_facts), (SELECT max(learned_at) FROM lead_prices))
""")
