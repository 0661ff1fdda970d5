"""When jobs are due: once per fire time, caught up once after a stand-still, all of them when the clock is moved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.clock import SHANGHAI, Clock
from bot.cron import next_fire
from bot.domain.schedules import Override, Timing
from bot.schedule import Schedule
from jobs.context import JobContext
from jobs.scheduling import Scheduler

Make = Callable[[], Any]
schedule: Schedule[JobContext] = Schedule()


@schedule.cron("0 9 * * *")
async def every_morning(ctx: JobContext) -> int:
    return 0


@schedule.cron("30 8 * * *", workdays_only=True)
async def digest(ctx: JobContext) -> int:
    return 0


class MovedClock(Clock):
    """Business time set by hand, as after a stand-still of the process: the offset never changes."""

    def __init__(self) -> None:
        super().__init__()
        self.at = datetime(2026, 2, 12, 8, 0, tzinfo=SHANGHAI)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def scheduler(make: Make, clock: MovedClock) -> Scheduler:
    ticking = Scheduler(schedule.jobs, unit_of_work=make, clock=clock, next_fire=next_fire)
    await ticking.tick()  # the first look only notes the time
    return ticking


def _local(runs: list[Any]) -> list[tuple[str, str]]:
    return [(run.job, run.fire_at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")) for run in runs]


async def test_a_job_runs_at_its_time_and_once(scheduler: Scheduler, clock: MovedClock) -> None:
    clock.at += timedelta(minutes=59)
    assert _local(await scheduler.tick()) == [("digest", "02-12 08:30")]
    clock.at += timedelta(minutes=1)
    assert _local(await scheduler.tick()) == [("every_morning", "02-12 09:00")]
    assert await scheduler.tick() == []


async def test_a_job_of_every_minute_is_current_after_the_clock_was_moved_far(make: Make, clock: MovedClock) -> None:
    each_minute: Schedule[JobContext] = Schedule()

    @each_minute.cron("*/1 * * * *", about_its_day=False)
    async def watch(ctx: JobContext) -> int:
        return 0

    ticking = Scheduler(each_minute.jobs, unit_of_work=make, clock=clock, next_fire=next_fire)
    await ticking.tick()
    clock.at += timedelta(days=3)
    assert _local(await ticking.tick()) == [("watch", "02-15 08:00")]


async def test_many_machines_run_it_once(scheduler: Scheduler, make: Make, clock: MovedClock) -> None:
    clock.at += timedelta(hours=1)
    machines = [Scheduler(schedule.jobs, unit_of_work=make, clock=clock, next_fire=next_fire) for _ in range(4)]
    runs = await asyncio.gather(*(machine.tick() for machine in machines))
    assert sorted(_local([run for part in runs for run in part])) == [
        ("digest", "02-12 08:30"),
        ("every_morning", "02-12 09:00"),
    ]


async def test_after_a_stand_still_only_the_last_miss_is_made_up(scheduler: Scheduler, clock: MovedClock) -> None:
    clock.at += timedelta(days=3, hours=2)
    assert _local(await scheduler.tick()) == [("every_morning", "02-15 09:00")]


async def test_a_miss_of_more_than_twelve_hours_is_let_go(scheduler: Scheduler, clock: MovedClock) -> None:
    clock.at += timedelta(hours=14)
    assert await scheduler.tick() == []


async def test_moving_the_clock_by_hand_runs_what_falls_due_on_the_way(scheduler: Scheduler, clock: MovedClock) -> None:
    clock.at += timedelta(days=2)
    clock.offset = timedelta(days=2)
    assert _local(await scheduler.tick()) == [
        ("every_morning", "02-12 09:00"),
        ("every_morning", "02-13 09:00"),
        ("digest", "02-12 08:30"),
        ("digest", "02-13 08:30"),
    ]


async def test_workday_jobs_rest_on_holidays_and_work_on_make_up_days(scheduler: Scheduler, clock: MovedClock) -> None:
    clock.at = datetime(2026, 2, 13, 12, 0, tzinfo=SHANGHAI)
    await scheduler.tick()
    clock.at, clock.offset = datetime(2026, 3, 1, 12, 0, tzinfo=SHANGHAI), timedelta(days=9)
    days = [day for job, day in _local(await scheduler.tick()) if job == "digest"]
    # 14th and 28th are make-up Saturdays, 15th to 23rd the Spring Festival
    assert days == [f"02-{day} 08:30" for day in (14, 24, 25, 26, 27, 28)]


# -- changed by people ----------------------------------------------------------------------------------------------
async def _change(make: Make, clock: MovedClock, **changes: Any) -> None:
    async with make() as uow:
        await uow.schedules.change(Override(job="digest", changed_by="YG001", **{"changed_at": clock.at, **changes}))


async def test_a_changed_time_holds_from_the_next_tick(scheduler: Scheduler, make: Make, clock: MovedClock) -> None:
    await _change(make, clock, cron="40 8 * * *")
    clock.at += timedelta(minutes=45)
    assert _local(await scheduler.tick()) == [("digest", "02-12 08:40")]


async def test_nothing_fires_for_a_time_before_the_change(scheduler: Scheduler, make: Make, clock: MovedClock) -> None:
    """No tick between 8:00 and the change at 8:50: what would have been due at 8:40 under the new time is not."""
    await _change(make, clock, cron="40 8 * * *", changed_at=clock.at + timedelta(minutes=50))
    clock.at += timedelta(minutes=55)
    assert await scheduler.tick() == []


async def test_back_to_the_jobs_own_time_is_a_change_like_any_other(
    scheduler: Scheduler, make: Make, clock: MovedClock
) -> None:
    await _change(make, clock, changed_at=clock.at + timedelta(minutes=50))
    clock.at += timedelta(minutes=55)
    assert await scheduler.tick() == []
    clock.at += timedelta(days=1)
    assert ("digest", "02-13 08:30") in _local(await scheduler.tick())


async def test_a_job_that_is_switched_off_rests(scheduler: Scheduler, make: Make, clock: MovedClock) -> None:
    await _change(make, clock, enabled=False)
    clock.at += timedelta(minutes=45)
    assert await scheduler.tick() == []


async def test_what_runs_all_the_time_is_never_switched_off(make: Make, clock: MovedClock) -> None:
    """An override left from a time when it could be."""
    each_minute: Schedule[JobContext] = Schedule()

    @each_minute.cron("*/1 * * * *", about_its_day=False)
    async def lead_sla(ctx: JobContext) -> int:
        return 0

    async with make() as uow:
        await uow.schedules.change(Override(job="lead_sla", enabled=False, changed_by="YG001", changed_at=clock.at))
    ticking = Scheduler(each_minute.jobs, unit_of_work=make, clock=clock, next_fire=next_fire)
    await ticking.tick()
    clock.at += timedelta(minutes=1)
    assert _local(await ticking.tick()) == [("lead_sla", "02-12 08:01")]


@pytest.mark.parametrize(
    ("workdays_only", "days"),
    [
        pytest.param(None, [], id="the job's own: workdays"),
        pytest.param(False, ["02-15 08:40"], id="days off too, the first of the Spring Festival"),
    ],
)
async def test_days_off_as_people_want_them(
    workdays_only: bool | None, days: list[str], scheduler: Scheduler, make: Make, clock: MovedClock
) -> None:
    clock.at = datetime(2026, 2, 15, 8, 0, tzinfo=SHANGHAI)
    await scheduler.tick()
    await _change(make, clock, cron="40 8 * * *", workdays_only=workdays_only)
    clock.at += timedelta(minutes=45)
    assert [day for job, day in _local(await scheduler.tick()) if job == "digest"] == days


async def test_a_change_made_ahead_of_a_clock_that_was_moved_back_holds_at_once(
    scheduler: Scheduler, make: Make, clock: MovedClock
) -> None:
    await _change(make, clock, cron="40 8 * * *", changed_at=clock.at + timedelta(days=9))
    clock.at += timedelta(minutes=45)
    assert _local(await scheduler.tick()) == [("digest", "02-12 08:40")]


def test_the_next_run_leaves_days_off_out() -> None:
    saturday = datetime(2026, 2, 14, 9, 0, tzinfo=SHANGHAI)  # a make-up day; the Spring Festival follows
    timetable = schedule.timetable(next_fire)
    after = timetable.next_run(Timing("*/30 8 * * *", workdays_only=True), saturday)
    assert after == datetime(2026, 2, 24, 8, 0, tzinfo=SHANGHAI)
    assert timetable.next_run(Timing("0 8 30 2 *"), saturday) is None
