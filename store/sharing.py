"""What several processes must share to speak to a platform: tokens, rates, monthly counts. One row each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

from psycopg_pool import AsyncConnectionPool

from bot.channels.base import Limit

LEASE_SECONDS = 15.0  # longer than a token call may take (5 s time-out), so that one fetch is under way per key
AHEAD_SECONDS = {"wecom": 300.0, "dingtalk": 600.0}  # renewed this long before the end, at most a quarter of its life
FORCED_RENEWAL_SECONDS = 30.0
_POLL_SECONDS = 0.1


class SharedTokens:
    """`TokenStore` in one table: whoever takes the lease fetches, the others wait for the row to change."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool
        self._local: dict[
            str, tuple[str, float]
        ] = {}  # token and the loop time until which it needs no look at the row

    async def get(self, key: str, fetch: Callable[[], Awaitable[tuple[str, float]]]) -> str:
        loop = asyncio.get_running_loop()
        token, until = self._local.get(key, ("", 0.0))
        if token and loop.time() < until:
            return token
        while True:
            token, seconds_left = await self._take(key)
            if token:
                self._local[key] = (token, loop.time() + min(seconds_left, 1.0))  # others' drops are seen in a second
                return token
            if seconds_left < 0:  # the lease is ours
                return await self._renew(key, fetch)
            await asyncio.sleep(_POLL_SECONDS)

    async def drop(self, key: str, token: str) -> bool:
        self._local.pop(key, None)
        async with self._pool.connection() as connection:
            row = await connection.execute(
                """UPDATE tokens SET token = '', until = 'epoch', lease_until = 'epoch', dropped_at = now()
                   WHERE key = %s AND token = %s AND dropped_at < now() - make_interval(secs => %s)""",
                (key, token, FORCED_RENEWAL_SECONDS),
            )
            return row.rowcount == 1

    async def _take(self, key: str) -> tuple[str, float]:
        """(token, seconds it is good for), or ("", -1) with the lease taken, or ("", 0): somebody is fetching.

        `lease_until` is the moment from which a fetch may begin: ahead of a good token's end, after a fetch under way.
        """
        async with self._pool.connection() as connection:
            row = await (
                await connection.execute(
                    """SELECT token, extract(epoch FROM until - now())::float8,
                              extract(epoch FROM lease_until - now())::float8
                       FROM tokens WHERE key = %s AND token <> ''""",
                    (key,),
                )
            ).fetchone()
            if row is not None and row[2] > 0 and row[1] > 1.0:
                return str(row[0]), min(row[1], row[2])
            leased = await connection.execute(
                """INSERT INTO tokens (key, lease_until) VALUES (%s, now() + make_interval(secs => %s))
                   ON CONFLICT (key) DO UPDATE SET lease_until = excluded.lease_until
                   WHERE tokens.lease_until < now()""",
                (key, LEASE_SECONDS),
            )
            if leased.rowcount == 1:
                return "", -1.0
        if row is not None and row[1] > 1.0:  # still good while somebody renews it ahead of its end
            return str(row[0]), 1.0
        return "", 0.0

    async def _renew(self, key: str, fetch: Callable[[], Awaitable[tuple[str, float]]]) -> str:
        try:
            token, seconds = await fetch()
        except BaseException:
            async with self._pool.connection() as connection:
                await connection.execute("UPDATE tokens SET lease_until = 'epoch' WHERE key = %s", (key,))
            raise
        ahead = AHEAD_SECONDS.get(key.partition(":")[0], 300.0)
        async with self._pool.connection() as connection:
            await connection.execute(
                """UPDATE tokens SET token = %s, until = now() + make_interval(secs => %s),
                   lease_until = now() + make_interval(secs => %s) WHERE key = %s""",
                (token, seconds, seconds - min(ahead, seconds / 4), key),
            )
        return token


class SharedLimiter:
    """`Limiter` as GCRA: per key the theoretical time of the next call, moved forward by each call taken."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def take(self, limits: Sequence[Limit], *, cost: int = 1) -> float:
        if not limits:
            return 0.0
        async with self._pool.connection() as connection:
            taken = await (await connection.execute(TAKE, as_rows(limits, cost), prepare=True)).fetchall()
        passed = {str(row[0]) for row in taken}
        if len(passed) == len({limit.key for limit in limits}):
            return 0.0
        return await self.give_back(limits, passed, cost=cost)

    async def give_back(self, limits: Sequence[Limit], taken: Collection[str], *, cost: int = 1) -> float:
        """Not all of `limits` had room: undo those of `taken`. Returns the seconds until all of them may."""
        steps = list(zip(*as_rows(limits, cost)[:2], strict=True))
        refused = [(key, step) for key, step in steps if key not in taken]
        async with self._pool.connection() as connection:
            for key, step in steps:
                if key in taken:
                    await connection.execute(GIVE_BACK, (step, key))
            row = await (
                await connection.execute(_WAIT, ([key for key, _ in refused], [step for _, step in refused]))
            ).fetchone()
        return max(float(row[0] or 0.0), 0.01) if row is not None else 0.01

    async def pause(self, key: str, seconds: float) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                """INSERT INTO limits (key, paused_until)
                   VALUES (%s, extract(epoch FROM clock_timestamp()) + %s)
                   ON CONFLICT (key) DO UPDATE
                   SET paused_until = greatest(limits.paused_until, excluded.paused_until)""",
                (key, seconds),
            )


def as_rows(limits: Sequence[Limit], cost: int = 1) -> tuple[list[str], list[float], list[float]]:
    """Keys (each once), steps and windows, as `TAKE` wants them."""
    distinct = {limit.key: limit for limit in limits}.values()
    steps = [float(limit.seconds) / limit.count * cost for limit in distinct]
    return [limit.key for limit in distinct], steps, [float(limit.seconds) for limit in distinct]


# A call is allowed while the theoretical time of the next one stays within one window from now: a burst of `count`
# passes at once, and the average holds after it. Ordered by key, so that processes never lock in a circle.
TAKE = """
INSERT INTO limits AS l (key, next_at, seconds)
SELECT key, extract(epoch FROM now()) + step, seconds
FROM unnest(%s::text[], %s::float8[], %s::float8[]) AS w(key, step, seconds) ORDER BY key
ON CONFLICT (key) DO UPDATE
SET next_at = greatest(l.next_at, extract(epoch FROM now())) + (excluded.next_at - extract(epoch FROM now())),
    seconds = excluded.seconds
WHERE l.paused_until <= extract(epoch FROM now())
  AND greatest(l.next_at, extract(epoch FROM now())) + (excluded.next_at - extract(epoch FROM now()))
      <= extract(epoch FROM now()) + excluded.seconds + 1e-6
RETURNING key
"""
GIVE_BACK = "UPDATE limits SET next_at = next_at - %s WHERE key = %s"
_WAIT = """
SELECT max(greatest(l.paused_until - at, greatest(l.next_at, at) + step - at - l.seconds))
FROM limits AS l JOIN unnest(%s::text[], %s::float8[]) AS w(key, step) USING (key),
     (SELECT extract(epoch FROM clock_timestamp())::float8 AS at) AS now
"""


class MonthlyQuota:
    """`Quota`: calls per calendar month in Shanghai."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def count(self, key: str, n: int = 1) -> int:
        async with self._pool.connection() as connection:
            row = await (
                await connection.execute(
                    """INSERT INTO quotas (key, month, used)
                       VALUES (%s, date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')::date, %s)
                       ON CONFLICT (key, month) DO UPDATE SET used = quotas.used + excluded.used RETURNING used""",
                    (key, n),
                    prepare=True,
                )
            ).fetchone()
        return int(row[0]) if row is not None else 0
