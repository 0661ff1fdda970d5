"""What people changed about the schedule, and how the last runs went."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from bot.domain.schedules import Override
from store.schedules import LastRun

NOW = datetime(2026, 2, 12, 1, 0, tzinfo=UTC)


async def test_the_last_change_of_a_job_is_what_holds(make: Callable[[], Any]) -> None:
    first = Override(job="daily_digest", cron="0 9 * * *", workdays_only=False, changed_by="YG001", changed_at=NOW)
    second = Override(job="daily_digest", changed_by="YG002", changed_at=NOW + timedelta(minutes=1))
    async with make() as uow:
        assert await uow.schedules.overrides() == {}
        await uow.schedules.change(first)
        assert await uow.schedules.overrides() == {"daily_digest": first}
        await uow.schedules.change(second)
        assert await uow.schedules.overrides() == {"daily_digest": second}


async def test_the_newest_run_of_each_job_up_to_now(make: Callable[[], Any]) -> None:
    async with make() as uow:
        for days, state, result in ((-1, "done", 3), (0, "failed", None), (1, "done", 9)):
            await uow.connection.execute(
                text(
                    "INSERT INTO job_runs (job, fire_at, state, result) VALUES ('daily_digest', :at, :state, :result)"
                ),
                {"at": NOW + timedelta(days=days), "state": state, "result": result},
            )
        runs = await uow.schedules.last_runs(["daily_digest", "followup_reminder"], now=NOW)
        assert runs == {"daily_digest": LastRun(NOW, "failed", None)}
