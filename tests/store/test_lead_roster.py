"""The roster that leads go out by: who may have one is a matter of now, facts may be a little older."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.clock import SHANGHAI
from bot.domain.leads.eligibility import availability
from bot.domain.leads.values import Reason
from store.lead_roster import MAX_AGE, MAX_STALE, LeadRoster, Rosters
from store.lead_standing import standing
from tests.support.lead_office import hire, reps, set_rules

Make = Callable[[], Any]
NINE = datetime(2026, 2, 12, 9, 0, tzinfo=SHANGHAI)
LATER = NINE + MAX_AGE


async def current(make: Make, rosters: Rosters, at: datetime) -> LeadRoster:
    async with make() as uow:
        return await rosters.current(uow.connection, at=at, reachable=lambda _: True)


def deals(roster: LeadRoster) -> list[float]:
    return roster.reps.facts["deals_this_week"].tolist()


async def run(make: Make, statement: str) -> None:
    async with make() as uow:
        await uow.connection.execute(text(statement))


async def a_deal(make: Make) -> None:
    await run(
        make,
        "INSERT INTO contracts (contract_no, customer_no, amount_fen, signed_on, status, owner_no)"
        " VALUES ('HT1', 'KH1', 100, '2026-02-12', '履行中', 'YG101')",
    )


@pytest.fixture
async def company(make: Make) -> Make:
    await hire(make, reps(2))
    return make


async def test_old_facts_serve_while_new_ones_are_read_beside(company: Make) -> None:
    rosters = Rosters(beside=company)
    assert deals(await current(company, rosters, NINE)) == [0, 0]
    await a_deal(company)
    assert deals(await current(company, rosters, LATER)) == [0, 0]  # it waits for nothing
    await rosters.settle()
    assert deals(await current(company, rosters, LATER)) == [1, 0]


async def test_facts_are_never_older_than_five_minutes(company: Make) -> None:
    rosters = Rosters(beside=company)
    await current(company, rosters, NINE)
    await a_deal(company)
    assert deals(await current(company, rosters, NINE + MAX_STALE)) == [1, 0]


async def test_who_may_have_a_lead_is_never_a_matter_of_old_facts(company: Make) -> None:
    rosters = Rosters(beside=company)
    await current(company, rosters, NINE)
    await run(
        company,
        "INSERT INTO absences (employee_no, starts_at, ends_at, created_by, created_at)"
        " VALUES ('YG101', '2026-02-12 08:00+08', '2026-02-13 00:00+08', 'YG101', '2026-02-12 09:01+08')",
    )
    await run(
        company,
        "INSERT INTO lead_turns (lead_no, turn_no, employee_no, how, high_intent, given_at)"
        " VALUES ('XS1', 1, 'YG102', '评分', false, '2026-02-01')",
    )
    await run(company, "UPDATE employees SET status = '离职' WHERE employee_no = 'YG102'")
    await set_rules(company, capacity=3)
    rosters.forget()
    roster = await current(company, rosters, LATER)
    async with company() as uow:
        stands = await standing(uow.connection, roster.reps, roster.learned, at=LATER)
    available = availability(roster.reps, stands, roster.rules.policy, LATER)
    assert available.tolist() == [Reason.ON_LEAVE, Reason.NONE]
    assert roster.reps.left.tolist() == [False, True]
    assert roster.reps.capacity.tolist() == [3, 3]
    await rosters.settle()


async def test_an_absence_entered_after_the_moment_counts_as_soon_as_that_has_come(company: Make) -> None:
    rosters = Rosters()
    await run(
        company,
        "INSERT INTO absences (employee_no, starts_at, ends_at, created_by, created_at)"
        " VALUES ('YG101', '2026-02-12 08:00+08', '2026-02-13 00:00+08', 'YG101', '2026-02-12 09:00:01+08')",
    )
    assert not (await current(company, rosters, NINE)).reps.away.size
    assert (await current(company, rosters, NINE + timedelta(seconds=1))).reps.away.size


async def test_a_newcomer_is_known_at_once(company: Make) -> None:
    """Of somebody new nothing has been read yet: their facts are not left out until the next minute."""
    rosters = Rosters(beside=company)
    await current(company, rosters, NINE)
    await hire(company, reps(3))
    rosters.forget()
    assert deals(await current(company, rosters, NINE)) == [0, 0, 0]


async def test_new_customers_count_although_nobody_joined(company: Make) -> None:
    rosters = Rosters(beside=company)
    await current(company, rosters, NINE)
    await a_deal(company)
    rosters.forget()  # as after each load
    await current(company, rosters, NINE)
    await rosters.settle()
    assert deals(await current(company, rosters, NINE)) == [1, 0]


async def test_a_failure_beside_leaves_the_old_facts_and_is_tried_again(company: Make) -> None:
    away = True

    @asynccontextmanager
    async def beside() -> AsyncIterator[Any]:
        if away:
            raise OSError("the database is away")
        async with company() as uow:
            yield uow

    rosters = Rosters(beside=beside)
    await current(company, rosters, NINE)
    await a_deal(company)
    assert deals(await current(company, rosters, LATER)) == [0, 0]
    await rosters.settle()
    away = False
    rosters.forget()
    await current(company, rosters, LATER)
    await rosters.settle()
    assert deals(await current(company, rosters, LATER)) == [1, 0]
