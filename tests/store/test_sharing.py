"""Tokens, rates and monthly counts hold across processes; here several stores over one database stand for them."""

from __future__ import annotations

import asyncio

import pytest
from psycopg_pool import AsyncConnectionPool

from bot.channels.base import Limit
from store.sharing import MonthlyQuota, SharedLimiter, SharedTokens


class Platform:
    """Gives out tokens and counts how often it was asked."""

    def __init__(self, seconds: float = 7200) -> None:
        self.asked = 0
        self.seconds = seconds

    async def fetch(self) -> tuple[str, float]:
        self.asked += 1
        await asyncio.sleep(0.02)
        return f"token-{self.asked}", self.seconds


async def test_many_processes_fetch_a_token_once(pool: AsyncConnectionPool) -> None:
    platform = Platform()
    stores = [SharedTokens(pool) for _ in range(8)]
    tokens = await asyncio.gather(*(store.get("wecom:corp:1", platform.fetch) for store in stores))
    assert set(tokens) == {"token-1"}
    assert platform.asked == 1


async def test_a_refused_token_is_renewed_once_however_many_noticed(pool: AsyncConnectionPool) -> None:
    platform = Platform()
    stores = [SharedTokens(pool) for _ in range(4)]
    old = await stores[0].get("wecom:corp:1", platform.fetch)
    dropped = await asyncio.gather(*(store.drop("wecom:corp:1", old) for store in stores))
    assert dropped.count(True) == 1
    tokens = await asyncio.gather(*(store.get("wecom:corp:1", platform.fetch) for store in stores))
    assert set(tokens) == {"token-2"}


async def test_a_late_complaint_about_an_old_token_does_not_throw_away_the_new_one(pool: AsyncConnectionPool) -> None:
    platform, store = Platform(), SharedTokens(pool)
    old = await store.get("k", platform.fetch)
    assert await store.drop("k", old)
    new = await store.get("k", platform.fetch)
    assert not await store.drop("k", old)
    assert not await store.drop("k", new), "a second forced renewal within 30 s would be a storm"
    assert await store.get("k", platform.fetch) == new


@pytest.mark.parametrize(
    ("lives", "passed", "asked"),
    [
        pytest.param(7200, 6800, 1, id="400 s before its end it serves"),
        pytest.param(7200, 6950, 2, id="WeCom's are renewed 300 s ahead"),
        pytest.param(200, 0, 1, id="a short one serves as well"),
        pytest.param(200, 160, 2, id="for three quarters of its life"),
    ],
)
async def test_a_token_is_renewed_ahead_of_its_end(
    pool: AsyncConnectionPool, lives: float, passed: float, asked: int
) -> None:
    platform = Platform(seconds=lives)
    await SharedTokens(pool).get("wecom:corp:1", platform.fetch)
    async with pool.connection() as connection:
        ago = "make_interval(secs => %(passed)s)"
        await connection.execute(
            f"UPDATE tokens SET until = until - {ago}, lease_until = lease_until - {ago}", {"passed": passed}
        )
    await SharedTokens(pool).get("wecom:corp:1", platform.fetch)
    assert platform.asked == asked


async def test_a_failed_fetch_frees_the_way_for_the_next(pool: AsyncConnectionPool) -> None:
    async def fail() -> tuple[str, float]:
        raise ConnectionError

    store, platform = SharedTokens(pool), Platform()
    with pytest.raises(ConnectionError):
        await store.get("k", fail)
    assert await store.get("k", platform.fetch) == "token-1"


async def test_a_rate_holds_for_all_processes_together(pool: AsyncConnectionPool) -> None:
    limiters = [SharedLimiter(pool) for _ in range(4)]
    limit = [Limit("wecom:app:yulijuan", 30, 60.0)]
    waits = await asyncio.gather(*(limiters[n % 4].take(limit) for n in range(40)))
    assert waits.count(0.0) == 30
    assert all(0 < wait <= 61 for wait in waits if wait)


async def test_nothing_is_taken_when_one_of_several_limits_refuses(pool: AsyncConnectionPool) -> None:
    limiter = SharedLimiter(pool)
    narrow, wide = Limit("narrow", 1, 60.0), Limit("wide", 2, 60.0)
    assert await limiter.take([narrow, wide]) == 0
    assert await limiter.take([narrow, wide]) > 0
    assert await limiter.take([wide]) == 0, "the refused call must not have used up the wide limit"


async def test_a_pause_holds_everybody(pool: AsyncConnectionPool) -> None:
    limiter = SharedLimiter(pool)
    await limiter.pause("dingtalk:robot", 30)
    assert 29 < await limiter.take([Limit("dingtalk:robot", 20, 1.0)]) <= 30


async def test_calls_of_a_month_add_up(pool: AsyncConnectionPool) -> None:
    quotas = [MonthlyQuota(pool), MonthlyQuota(pool)]
    assert await quotas[0].count("dingtalk:api") == 1
    assert await quotas[1].count("dingtalk:api", 4) == 5
