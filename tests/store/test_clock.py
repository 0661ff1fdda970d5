"""The business clock that the demo moves by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg_pool import AsyncConnectionPool
from sqlalchemy import text

from bot.clock import Clock
from bot.messages import Account, ChannelName, Text
from store.clock import SharedClock
from tests.support.recording import RecordingChannel


async def test_what_is_held_over_night_comes_when_the_clock_is_moved_to_the_morning(
    make: Callable[[], Any], pool: AsyncConnectionPool
) -> None:
    """Bug: at half past one the night's review was put out, held for 6.5 real hours, whatever the clock said."""
    shared, night = SharedClock(pool, Clock()), datetime.now(UTC) + timedelta(days=1)
    await shared.move_to(night)
    async with make() as uow:
        for dedup_key, wait in (("held", timedelta(hours=6)), ("now", None)):
            uow.outbox.put(
                Text(text="线索日报"),
                channel=RecordingChannel(ChannelName.WECOM),
                recipients=(Account(ChannelName.WECOM, "sunruoxi"),),
                dedup_key=dedup_key,
                not_before=datetime.now(UTC) + wait if wait else None,
            )
    await shared.move_to(night + timedelta(hours=7))
    async with make() as uow:
        jobs = await uow.connection.execute(
            text("SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'deliver' ORDER BY scheduled_at")
        )
        held, at_once = jobs.scalars().all()
    assert at_once is None
    assert held <= datetime.now(UTC) - timedelta(minutes=59)
