"""The business clock's offset, shared by all processes: a row, and a NOTIFY when somebody moves it."""

from __future__ import annotations

from datetime import datetime, timedelta

from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from bot.clock import Clock
from store.outbox import HELD

CHANGED = "clock"


class SharedClock:
    """Keeps one process's `Clock` equal to the row; without a row business time is real time."""

    def __init__(self, pool: AsyncConnectionPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def load(self) -> bool:
        """Take over the stored offset; False when none was ever stored."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute("SELECT value FROM state WHERE key = 'clock'")).fetchone()
        if row is None:
            return False
        self._clock.offset = timedelta(seconds=float(row[0]["offset_seconds"]))
        return True

    async def heard(self, _payload: str) -> None:
        await self.load()

    async def move_to(self, moment: datetime) -> None:
        """Make business time `moment` (aware) from now on, in all processes. What is held for the end of the quiet
        hours moves along: its morning comes that much sooner or later."""
        before = self._clock.offset
        self._clock.move_to(moment)
        async with self._pool.connection() as connection:
            await connection.execute(
                """UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - %s
                   WHERE task_name = 'deliver' AND status = 'todo' AND lock LIKE %s""",
                (self._clock.offset - before, f"%{HELD}%"),
            )
            await connection.execute(
                """INSERT INTO state (key, value) VALUES ('clock', %s)
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value""",
                (Jsonb({"offset_seconds": self._clock.offset.total_seconds()}),),
            )
            await connection.execute("SELECT pg_notify(%s, '')", (CHANGED,))
