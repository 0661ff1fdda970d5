"""When jobs run: what people changed about it, and how the last run went."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.schedules import Override


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of a job; `fire_at` is business time."""

    fire_at: datetime
    state: str  #: queued, done, failed
    put_out: int | None  #: how many things it sent, when it is done


class ScheduleRepository:
    """Overrides are read by every tick of every process, so a change holds within a second."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def overrides(self) -> dict[str, Override]:
        """By job; jobs that nobody changed are missing."""
        rows = (await self._connection.execute(_OVERRIDES)).mappings()
        return {row["job"]: Override(**row) for row in rows}

    async def change(self, override: Override) -> None:
        """Put this in the place of what held for the job. A job back to its own time keeps its row: the moment of the
        change must be known, so that nothing fires for a time before it."""
        await self._connection.execute(
            _CHANGE, {name: getattr(override, name) for name in Override.__dataclass_fields__}
        )

    async def last_runs(self, jobs: Collection[str], *, now: datetime) -> dict[str, LastRun]:
        """The newest run of each job up to `now` (business time; a clock moved back does not show what was ahead)."""
        rows = await self._connection.execute(_LAST_RUNS, {"jobs": list(jobs), "now": now})
        return {row.job: LastRun(row.fire_at, row.state, row.result) for row in rows}


_OVERRIDES = text("SELECT job, cron, workdays_only, enabled, changed_by, changed_at FROM schedules")
_CHANGE = text("""
INSERT INTO schedules (job, cron, workdays_only, enabled, changed_by, changed_at)
VALUES (:job, :cron, :workdays_only, :enabled, :changed_by, :changed_at)
ON CONFLICT (job) DO UPDATE SET cron = excluded.cron, workdays_only = excluded.workdays_only,
    enabled = excluded.enabled, changed_by = excluded.changed_by, changed_at = excluded.changed_at
""")
_LAST_RUNS = text("""
SELECT wanted.job, run.fire_at, run.state, run.result
FROM unnest(CAST(:jobs AS text[])) AS wanted (job) CROSS JOIN LATERAL (
    SELECT fire_at, state, result FROM job_runs
    WHERE job_runs.job = wanted.job AND fire_at <= :now ORDER BY fire_at DESC LIMIT 1) AS run
""")
