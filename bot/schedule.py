"""When jobs run: registration objects. Rows in the store override the default and can be changed from chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

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
