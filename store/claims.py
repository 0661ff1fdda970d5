"""Delivery jobs that this process begins in the very transaction that makes them.

Such a job is written as already begun ("doing") by this process, which delivers it right after the commit: nobody has
to announce it, find it and read it again. It is an ordinary Procrastinate job all the same. When this process dies, its
heartbeat ends with it and the job is started again like that of any dead worker; what cannot be sent now is given back
to the queue; and behind an earlier row to the same recipient nothing is begun here at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg_pool import AsyncConnectionPool

from bot.messages import ChannelName, OutboundMessage

# Deliveries begun here at once; whatever is more waits in the queue. A burst of leads should fit: the queue finds its
# jobs one at a time. What a killed process had begun waits for its rescue, so it should not be more than seconds' work.
ROOM = 256


@dataclass(frozen=True, slots=True)
class Claim:
    """A row just put out, and the job that this process has begun for it."""

    job_id: int
    channel: ChannelName
    message: OutboundMessage
    created_at: datetime


class Claims:
    """The jobs begun here, from the transaction that makes them to their end."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool
        self._in_hand: set[int] = set()  # from before the commit until the end is written
        self.worker_id: int | None = None  #: as Procrastinate knows us; None: nothing is begun here
        self.begin: Callable[[Claim], None] | None = None  #: delivers what has been committed; None as well

    def worker_with_room_for(self, rows: int) -> int | None:
        """Who begins as many more, or None: then they are left to the queue."""
        room = self.begin is not None and len(self._in_hand) + rows <= ROOM
        return self.worker_id if room else None

    def hold(self, claims: Sequence[Claim]) -> None:
        """Before the commit: from here on, `beat` knows that they are looked after."""
        self._in_hand.update(claim.job_id for claim in claims)

    def committed(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            if self.begin is None:  # stopped since: begun by a worker that is gone, so the others rescue it
                self.let_go([claim])
            else:
                self.begin(claim)

    def let_go(self, claims: Sequence[Claim]) -> None:
        """Ended, or not committed. Should the database think otherwise, the next beat gives them back to the queue."""
        self._in_hand.difference_update(claim.job_id for claim in claims)

    async def beat(self) -> None:
        """Say that we are alive, every few seconds; nothing is begun before the first time."""
        if self.worker_id is None:
            if self.begin is not None:
                self.worker_id = await self._register()
            return
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_BEAT, (self.worker_id, self.worker_id))).fetchone()
        if row is None:  # taken for dead while the database was away: what was begun is the queue's by now
            self.worker_id = await self._register()
        elif lost := set(row[0] or ()) - self._in_hand:
            await self._give_back(lost)

    async def again(self, claim: Claim, at: datetime) -> None:
        """Not now: the job goes back to the queue, and later rows of this recipient wait behind it."""
        async with self._pool.connection() as connection:
            await connection.execute("SELECT procrastinate_retry_job_v2(%s, %s, NULL, NULL, NULL)", (claim.job_id, at))

    async def finish(self, claim: Claim) -> None:
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM procrastinate_jobs WHERE id = %s", (claim.job_id,))

    async def leave(self) -> None:
        """Nothing is under way here any more: what is begun all the same is for others to rescue, at once."""
        worker, self.worker_id = self.worker_id, None
        if worker is not None:
            async with self._pool.connection() as connection:
                await connection.execute("SELECT procrastinate_unregister_worker_v1(%s)", (worker,))

    async def _register(self) -> int:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_REGISTER)).fetchone()
        assert row is not None
        return int(row[0])

    async def _give_back(self, jobs: Collection[int]) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(_GIVE_BACK, (list(jobs), self.worker_id))


_REGISTER = "SELECT worker_id FROM procrastinate_register_worker_v1()"
_BEAT = """
UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %s
RETURNING (SELECT array_agg(id) FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %s)
"""
_GIVE_BACK = """
SELECT procrastinate_retry_job_v2(job.id, now(), NULL, NULL, NULL) FROM (
    SELECT id FROM procrastinate_jobs WHERE id = ANY(%s) AND status = 'doing' AND worker_id = %s
    FOR UPDATE SKIP LOCKED
) AS job
"""
