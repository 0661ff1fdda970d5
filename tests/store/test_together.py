"""Calls that come together share a statement, and each gets its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from store.together import Together


class Counter:
    """Doubles numbers, slowly enough that others come meanwhile; keeps how many came at once."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.failing = False

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(len(numbers))
        await asyncio.sleep(0.005)
        if self.failing:
            raise ConnectionError
        return [2 * number for number in numbers]


async def test_alone_a_call_is_its_own_statement() -> None:
    count = Counter()
    call = Together(count)
    assert [await call(number) for number in range(3)] == [0, 2, 4]
    assert count.batches == [1, 1, 1]


async def test_what_comes_while_one_is_under_way_goes_together_and_in_order() -> None:
    count = Counter()
    call = Together(count, most=4)
    assert await asyncio.gather(*(call(number) for number in range(10))) == [2 * number for number in range(10)]
    assert count.batches == [1, 4, 4, 1]
    assert await call(21) == 42


async def test_a_failure_reaches_all_who_share_it_and_the_next_may_succeed() -> None:
    count = Counter()
    count.failing = True
    call = Together(count)
    failed = await asyncio.gather(*(call(number) for number in range(3)), return_exceptions=True)
    assert [type(each) for each in failed] == [ConnectionError] * 3
    count.failing = False
    assert await call(4) == 8


@pytest.mark.parametrize("away", [True, False])
async def test_while_the_database_is_away_nobody_waits_for_a_failure_of_their_own(away: bool) -> None:
    asked = []

    async def fail(numbers: Sequence[int]) -> list[int]:
        asked.append(len(numbers))
        await asyncio.sleep(0.005)
        raise psycopg.OperationalError if away else ValueError

    call = Together(fail, most=2)
    failed = await asyncio.gather(*(call(number) for number in range(6)), return_exceptions=True)
    assert len({type(each) for each in failed}) == 1
    assert asked == ([1] if away else [1, 2, 2, 1])


async def test_who_gives_up_waiting_keeps_nobody_else_from_an_answer() -> None:
    count = Counter()
    call = Together(count)
    first, second, third = (asyncio.create_task(call(number)) for number in range(3))
    await asyncio.sleep(0)
    second.cancel()
    assert (await first, await third) == (0, 4)
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await call(5) == 10
