"""When a job is due, and that each fire time runs once, however many machines look at the clock.

The state row is locked by whoever ticks, the run is a row (job, fire time), the work a Procrastinate job made with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import structlog
from sqlalchemy import text

from bot.clock import Clock
from bot.domain.schedules import ALWAYS_ON, Override, Timing
from bot.schedule import Job, NextFire, next_run
from jobs.context import JobContext
from store.unit_of_work import UnitOfWork

log = structlog.get_logger()

MAX_FIRES = 1000  # looked at per job and tick; behind them only those within the catch-up time
MAX_RUNS_AFTER_MOVE = 31  # per job, when somebody moves the business clock far ahead


@dataclass(frozen=True, slots=True)
class Run:
    """One fire time of one job."""

    job: str
    fire_at: datetime


class Scheduler:
    """`tick` decides what is due between the last tick and now, in business time."""

    def __init__(
        self,
        jobs: Mapping[str, Job[JobContext]],
        *,
        unit_of_work: Callable[[], AbstractAsyncContextManager[UnitOfWork]],
        clock: Clock,
        next_fire: NextFire,
    ) -> None:
        self._jobs = jobs
        self._unit_of_work = unit_of_work
        self._clock = clock
        self._next_fire = next_fire

    async def tick(self) -> list[Run]:
        """Queue what fell due; returns what this process queued."""
        now, offset = self._clock.now(), self._clock.offset.total_seconds()
        async with self._unit_of_work() as uow:
            row = (await uow.connection.execute(_LAST_TICK)).one_or_none()
            last: dict[str, Any] = row.value if row else {}
            since = datetime.fromisoformat(last["at"]) if last else now
            moved = bool(last) and abs(float(last["offset"]) - offset) > 1
            queued: list[Run] = []
            if now > since:
                overrides = await uow.schedules.overrides()
                for job in self._jobs.values():
                    override = None if job.name in ALWAYS_ON else overrides.get(job.name)
                    timing = override.timing(job.timing) if override else job.timing
                    if timing.cron and (override is None or override.enabled):
                        for fire_at in self._due(job, timing, _holds_from(override, since, now), now, moved=moved):
                            queued += await self._queue(uow, job.name, fire_at)
            value = orjson.dumps({"at": now.isoformat(), "offset": offset}).decode()
            await uow.connection.execute(_SET_LAST_TICK, {"value": value})
        return queued

    def _due(
        self, job: Job[JobContext], timing: Timing, since: datetime, now: datetime, *, moved: bool
    ) -> list[datetime]:
        """Fire times in (since, now]. After a stand-still only the last one, and only within the job's catch-up time;
        after the clock was moved by hand all of them, since that is what moving it is for."""
        fires: list[datetime] = []
        recent = now - job.catch_up
        at = next_run(timing, since, self._next_fire)
        while at is not None and at <= now:
            fires.append(at.astimezone(UTC))
            at = next_run(timing, max(at, recent) if len(fires) >= MAX_FIRES else at, self._next_fire)
        if moved and job.about_its_day:
            return fires[-MAX_RUNS_AFTER_MOVE:]
        late = [fire for fire in fires[:-1] if now - fire > timedelta(minutes=1)]
        if late:
            log.warning("job.missed", job=job.name, times=len(late), first=str(late[0]), last=str(late[-1]))
        return [fire for fire in fires[-1:] if now - fire <= job.catch_up]

    async def _queue(self, uow: UnitOfWork, job: str, fire_at: datetime) -> list[Run]:
        fresh = await uow.connection.execute(_NEW_RUN, {"job": job, "fire_at": fire_at})
        if fresh.first() is None:
            return []
        uow.defer("run_job", lock=f"job:{job}", job=job, fire_at=fire_at.isoformat())
        return [Run(job, fire_at)]


def _holds_from(override: Override | None, since: datetime, now: datetime) -> datetime:
    """A changed timing never fires for a time before the change. One made at a time that the clock was moved back from
    holds at once."""
    return max(since, override.changed_at) if override and override.changed_at <= now else since


_LAST_TICK = text("SELECT value FROM state WHERE key = 'scheduler' FOR UPDATE")
_SET_LAST_TICK = text("""
INSERT INTO state (key, value) VALUES ('scheduler', CAST(:value AS jsonb))
ON CONFLICT (key) DO UPDATE SET value = excluded.value
""")
_NEW_RUN = text("INSERT INTO job_runs (job, fire_at) VALUES (:job, :fire_at) ON CONFLICT DO NOTHING RETURNING 1")
