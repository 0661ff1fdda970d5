"""Leads go out: once each, first in first out, never over capacity, whatever the number of processes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.clock import SHANGHAI, Clock
from bot.domain.leads.cases import How, LeadState
from bot.domain.leads.moves import close
from bot.domain.leads.replay import Snapshot, replay
from bot.domain.leads.values import Reason
from bot.domain.people import Employee, Role
from jobs.lead_dispatch import LeadDispatcher, give_out
from store.lead_roster import Rosters
from tests.support.lead_office import context, hire, reps, set_rules
from tests.support.leads import enquiry, put_leads
from tests.support.waiting import until

NINE = datetime(2026, 2, 12, 9, 0, tzinfo=SHANGHAI)
Make = Callable[[], Any]


async def arrive(make: Make, count: int, *, start: int = 1, **kinds: Any) -> None:
    """XS1, XS2, … a second apart."""
    records = [
        enquiry(f"XS{number:03d}", at=NINE + timedelta(seconds=number), mobile_key="")
        for number in range(start, start + count)
    ]
    async with make() as uow:
        await put_leads(uow, records, **kinds)


async def holders(make: Make) -> Counter[str]:
    async with make() as uow:
        rows = await uow.connection.execute(text("SELECT holder_no FROM lead_cases WHERE holder_no <> ''"))
        return Counter(row.holder_no for row in rows)


async def state_of(make: Make, lead_no: str) -> tuple[LeadState, Reason]:
    async with make() as uow:
        case = await uow.leads.get(lead_no)
        return case.state, case.waits_for


async def test_eight_dispatchers_fill_ten_reps_exactly_and_the_201st_waits(make: Make) -> None:
    people = reps(10)
    await hire(make, people)
    await arrive(make, 201)
    placed = await asyncio.gather(*(give_out(context(make, people, NINE), Rosters()) for _ in range(8)))
    assert sum(placed) == 200
    assert await holders(make) == dict.fromkeys((item.employee_no for item in people), 20)
    async with make() as uow:
        sent = (await uow.connection.execute(text("SELECT dedup_key FROM outbox"))).all()
        turns = (await uow.connection.execute(text("SELECT count(*) FROM lead_turns"))).scalar_one()
    assert len({row.dedup_key for row in sent}) == len(sent) == turns == 200
    assert await state_of(make, "XS201") == (LeadState.WAITING, Reason.FULL)


async def test_a_place_that_becomes_free_goes_to_whoever_waits_longest(make: Make) -> None:
    people = reps(1)
    await hire(make, people)
    await set_rules(make, capacity=1)
    await arrive(make, 3)
    assert await give_out(context(make, people, NINE), Rosters()) == 1
    async with make() as uow:
        before = await uow.leads.get("XS001")
        after = close(before, won=True, reason="", by="YG101", at=NINE)
        await uow.leads.save(before, after, high_intent=True)
    assert await give_out(context(make, people, NINE), Rosters()) == 1
    assert (await state_of(make, "XS002"))[0] is LeadState.OFFERED
    assert await state_of(make, "XS003") == (LeadState.WAITING, Reason.FULL)


async def test_whoever_waits_in_vain_holds_nobody_up(make: Make) -> None:
    """A whole batch that nobody can have lies before the one that somebody can."""
    people = reps(1)
    await hire(make, people)
    async with make() as uow:
        hopeless = [enquiry(f"XS{number:03d}", at=NINE, region="西北大区") for number in range(70)]
        await put_leads(uow, [*hopeless, enquiry("XS999", at=NINE + timedelta(hours=1))])
    assert await give_out(context(make, people, NINE), Rosters()) == 1
    assert await holders(make) == {"YG101": 1}
    assert await state_of(make, "XS001") == (LeadState.WAITING, Reason.OTHER_REGION)


async def test_every_decision_replays_to_its_winner(make: Make) -> None:
    people = reps(3)
    await hire(make, people)
    await arrive(make, 5)
    await give_out(context(make, people, NINE), Rosters())
    async with make() as uow:
        rules = await uow.lead_rules.current()
        rows = (await uow.connection.execute(text("SELECT * FROM lead_decisions"))).all()
    assert len(rows) == 5
    for row in rows:
        assert replay(Snapshot.unpack(row.snapshot), rules.policy) == row.employee_no
        assert sum(line["points"] for line in row.explanation["contributions"]) == pytest.approx(row.score)


async def test_equal_reps_take_turns(make: Make) -> None:
    people = reps(3)
    await hire(make, people)
    await arrive(make, 6)
    await give_out(context(make, people, NINE), Rosters())
    assert set((await holders(make)).values()) == {2}


class Ticking(Clock):
    """A minute goes by between two looks."""

    def __init__(self) -> None:
        super().__init__()
        self._moment = NINE

    def now(self) -> datetime:
        self._moment += timedelta(minutes=1)
        return self._moment


async def test_the_clock_of_a_lead_starts_when_its_batch_is_given_out(make: Make) -> None:
    """In a long queue the last ones are not dated as the first ones, which would take from their reps' time."""
    people = reps(10)
    await hire(make, people)
    await arrive(make, 65)
    assert await give_out(replace(context(make, people, NINE), clock=Ticking()), Rosters()) == 65
    async with make() as uow:
        given = [(await uow.leads.get(number)).turn.given_at for number in ("XS001", "XS065")]
    assert given == [NINE + timedelta(minutes=1), NINE + timedelta(minutes=2)]


async def test_an_owner_gets_it_without_a_score(make: Make) -> None:
    people = reps(3)
    await hire(make, people)
    await arrive(make, 1, owner_no="YG103")
    await give_out(context(make, people, NINE), Rosters())
    async with make() as uow:
        turn = (await uow.leads.get("XS001")).turn
        scored = (await uow.connection.execute(text("SELECT count(*) FROM lead_decisions"))).scalar_one()
    assert (turn.employee_no, turn.how, turn.score, scored) == ("YG103", How.OWNER, None, 0)


async def test_an_owner_whose_places_are_taken_is_waited_for(make: Make) -> None:
    people = reps(2)
    await hire(make, people)
    await set_rules(make, capacity=1)
    await arrive(make, 1, owner_no="YG101")
    await arrive(make, 1, start=2, owner_no="YG101")
    await give_out(context(make, people, NINE), Rosters())
    assert await holders(make) == {"YG101": 1}
    assert await state_of(make, "XS002") == (LeadState.WAITING, Reason.FULL)


async def test_an_owner_may_be_somebody_who_takes_no_other_leads(make: Make) -> None:
    """Intake names the region's manager for a customer whose rep has left."""
    manager = Employee(
        employee_no="YG003", name="陈磊", role=Role.REGION_MANAGER, region="杭州大区", wecom_user="chenlei"
    )
    people = [*reps(1), manager]
    await hire(make, people)
    await set_rules(make, capacity=1)
    await arrive(make, 2, owner_no="YG003")
    assert await give_out(context(make, people, NINE), Rosters()) == 1
    assert await holders(make) == {"YG003": 1}
    assert await state_of(make, "XS002") == (LeadState.WAITING, Reason.FULL)


@pytest.mark.parametrize("why", ["left", "away", "unreachable"])
async def test_an_owner_who_is_gone_is_scored_among_the_others(why: str, make: Make) -> None:
    people = reps(2)
    await hire(make, people)
    await arrive(make, 1, owner_no="YG101")
    if why == "left":
        people[0] = replace(people[0], active=False)
        await hire(make, people)
    elif why == "unreachable":
        people[0] = replace(people[0], wecom_user="")
    else:
        async with make() as uow:
            await uow.connection.execute(
                text("INSERT INTO absences (employee_no, starts_at, ends_at, created_by, created_at) "
                     "VALUES ('YG101', :starts, :ends, 'YG101', :starts)"),
                {"starts": NINE - timedelta(hours=1), "ends": NINE + timedelta(hours=1)},
            )  # fmt: skip
    await give_out(context(make, people, NINE), Rosters())
    assert await holders(make) == {"YG102": 1}


async def test_an_absence_entered_a_moment_ago_counts(make: Make) -> None:
    people = reps(1)
    await hire(make, people)
    rosters = Rosters()
    await arrive(make, 1)
    await give_out(context(make, people, NINE), rosters)
    async with make() as uow:
        await uow.connection.execute(
            text("INSERT INTO absences (employee_no, starts_at, ends_at, created_by, created_at) "
                 "VALUES ('YG101', :starts, :ends, 'YG101', :starts)"),
            {"starts": NINE, "ends": NINE + timedelta(hours=1)},
        )  # fmt: skip
    await arrive(make, 1, start=2)
    assert await give_out(context(make, people, NINE), rosters) == 0
    assert await state_of(make, "XS002") == (LeadState.WAITING, Reason.ON_LEAVE)


async def test_outside_duty_hours_it_waits_until_they_begin(make: Make) -> None:
    people = reps(1)
    await hire(make, people)
    await set_rules(make, duty={"start": "09:00", "end": "18:00", "workdays_only": True})
    await arrive(make, 1)
    early = NINE - timedelta(hours=1)
    assert await give_out(context(make, people, early), Rosters()) == 0
    assert await state_of(make, "XS001") == (LeadState.WAITING, Reason.OFF_DUTY)
    assert await give_out(context(make, people, NINE), Rosters()) == 1


async def test_a_year_without_a_calendar_waits_and_operators_hear_of_it_once(make: Make) -> None:
    admin = Employee(employee_no="YG002", name="邹倩", role=Role.ADMIN, region="全国", wecom_user="zouqian")
    people = [*reps(1), admin]
    await hire(make, people)
    await set_rules(make, duty={"start": "09:00", "end": "18:00", "workdays_only": True})
    await arrive(make, 2)
    for hour in (0, 1):
        late = NINE.replace(year=2099, hour=10 + hour)
        assert await give_out(context(make, people, late), Rosters()) == 0
    async with make() as uow:
        rows = (await uow.connection.execute(text("SELECT recipients, content FROM outbox"))).all()
    assert [row.recipients for row in rows] == [["zouqian"]]
    assert "2099 年的节假日表还没有" in str(rows[0].content)


async def test_where_there_is_no_rep_the_manager_hears_of_it_once_a_day(make: Make) -> None:
    """Bug: such leads lay in the queue until somebody looked."""
    director = Employee(employee_no="YG001", name="孙若曦", role=Role.DIRECTOR, region="全国", wecom_user="sunruoxi")
    people = [*reps(1), director]
    await hire(make, people)
    async with make() as uow:
        await put_leads(uow, [enquiry(f"XS{n}", at=NINE, mobile_key="", region="苏州大区") for n in (1, 2)])
    for _ in range(2):
        assert await give_out(context(make, people, NINE), Rosters()) == 0
    async with make() as uow:
        rows = (await uow.connection.execute(text("SELECT recipients, content FROM outbox"))).all()
    assert [row.recipients for row in rows] == [["sunruoxi"]]
    assert "派不出去：苏州大区没有接线索的销售。发「指派 XS1 某人」派给谁" in str(rows[0].content)


async def test_a_dry_run_shows_and_writes_nothing(make: Make) -> None:
    people = reps(1)
    await hire(make, people)
    await arrive(make, 1)
    ctx = context(make, people, NINE, dry_run=True)
    assert await give_out(ctx, Rosters()) == 1
    assert [employee.employee_no for employee, _ in ctx.shown] == ["YG101"]
    assert await state_of(make, "XS001") == (LeadState.WAITING, Reason.NONE)


async def test_history_goes_out_only_where_an_operator_asks_as_of_a_moment(make: Make) -> None:
    people = reps(2)
    await hire(make, people)
    early = [
        enquiry(f"XS{number:03d}", at=NINE, company=company, contact="", mobile_key=f"1990000000{number}")
        for number, company in enumerate(("云帆科技", "百盛建材", "东方食品"), start=1)
    ]
    again = enquiry("XS004", at=NINE + timedelta(minutes=1), company="云帆科技", mobile_key="19900000001")
    late = enquiry("XS005", at=NINE + timedelta(days=1), mobile_key="19900000005")
    async with make() as uow:
        await put_leads(uow, [*early, again, late])
        await uow.connection.execute(text("DELETE FROM lead_cases"))  # as a file leaves them
    then = NINE + timedelta(hours=1)
    assert await give_out(context(make, people, then), Rosters()) == 0
    shown = replace(context(make, people, then, dry_run=True), asked=True)
    assert await give_out(shown, Rosters()) == 3
    assert len(shown.shown) == 3
    assert await holders(make) == {}
    for placed in (3, 0):
        assert await give_out(replace(context(make, people, then), asked=True), Rosters()) == placed
    assert sum((await holders(make)).values()) == 3


async def test_a_lead_that_somebody_only_looks_at_is_given_out_as_soon_as_they_are_done(make: Make) -> None:
    """A repeated POST, a refused word: they lock the lead, change nothing, and tell nobody."""
    people = reps(1)
    await hire(make, people)
    dispatcher = LeadDispatcher(lambda: context(make, people, NINE))
    await arrive(make, 1)
    async with make() as uow:
        await uow.leads.get("XS001")
        running = asyncio.create_task(dispatcher.run())
        await asyncio.sleep(0.3)
    try:
        await until(lambda: holders(make), seconds=2)
    finally:
        dispatcher.stop()
        await running
