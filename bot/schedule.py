"""When jobs run: registration objects. Rows in the store override the default and can be changed from chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bot.clock import SHANGHAI
from bot.domain.schedules import Timing
from bot.domain.workdays import is_workday

NextFire = Callable[[str, datetime], datetime | None]
"""(cron, after) -> the first fire time strictly after, aware; given by main, which knows APScheduler."""
MOST_DAYS_OFF = 400  # that a timing is followed through before it is taken as one that never fires
C = TypeVar("C")  # the context jobs get; jobs.context.JobContext in the bot


@dataclass(frozen=True, slots=True)
class Job(Generic[C]):
    """A named piece of work that takes an as-of time (in the context) and may run again without adding anything."""

    name: str
    cron: str  #: "minute hour day month weekday" in Shanghai time, weekday by name; "" = only when called
    run: Callable[[C], Awaitable[int]]  #: returns how many things it put out
    workdays_only: bool
    catch_up: timedelta  #: a missed run is made up once within this time
    about_its_day: bool  #: each fire time is about its own moment; else only the latest run is worth anything

    @property
    def timing(self) -> Timing:
        """When it runs as long as nobody changes it."""
        return Timing(self.cron, self.workdays_only)


class Schedule(Generic[C]):
    """Jobs by name. Two jobs of one name fail at import."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job[C]] = {}

    def cron(
        self,
        cron: str,
        *,
        workdays_only: bool = False,
        catch_up: timedelta = timedelta(hours=12),
        about_its_day: bool = True,
    ) -> Callable[[Callable[[C], Awaitable[int]]], Callable[[C], Awaitable[int]]]:
        """Register the function under its own name."""

        def register(run: Callable[[C], Awaitable[int]]) -> Callable[[C], Awaitable[int]]:
            name = run.__name__
            if name in self.jobs:
                raise ValueError(f"two jobs named {name!r}")
            self.jobs[name] = Job(name, cron, run, workdays_only, catch_up, about_its_day)
            return run

        return register

    def include(self, other: Schedule[C]) -> None:
        for name, job in other.jobs.items():
            if name in self.jobs:
                raise ValueError(f"two jobs named {name!r}")
            self.jobs[name] = job

    def timetable(self, next_fire: NextFire) -> Timetable:
        """What those may know of the jobs who only talk about when they run."""
        return Timetable({name: job.timing for name, job in self.jobs.items() if job.cron}, next_fire)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The jobs' own timings, and when a timing fires next: handlers see this, the jobs themselves they cannot."""

    timings: Mapping[str, Timing]
    next_fire: NextFire

    def next_run(self, timing: Timing, after: datetime) -> datetime | None:
        return next_run(timing, after, self.next_fire)


def next_run(timing: Timing, after: datetime, next_fire: NextFire) -> datetime | None:
    """The first time strictly after `after` (aware) at which the timing fires, days off left out where it says so.

    In a year whose calendar is not known yet no day is taken for a day off.
    """
    at = next_fire(timing.cron, after)
    for _ in range(MOST_DAYS_OFF):
        if at is None or not timing.workdays_only or is_workday(at.astimezone(SHANGHAI).date()) is not False:
            return at
        end_of_day = at.astimezone(SHANGHAI).replace(hour=23, minute=59, second=59, microsecond=999999)
        at = next_fire(timing.cron, end_of_day)
    return None
