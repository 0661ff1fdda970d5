"""Versions of the lead rules: immutable, one at a time, seen by every connection at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.clock import SHANGHAI
from bot.domain.leads.rules import default_rules
from bot.errors import NotFound, OutOfDate
from store.database import Database, connect
from store.lead_rules import LeadRuleRepository

Make = Callable[[], Any]
AT = datetime(2026, 2, 12, 9, 30, tzinfo=SHANGHAI)


async def propose(make: Make, capacity: int) -> int:
    async with make() as uow:
        before = await uow.lead_rules.current()
        after = replace(before, capacity=capacity)
        return int(await uow.lead_rules.propose(f"上限 {capacity}", before, after, by="YG001", at=AT))


async def apply(make: Make, change_id: int) -> int:
    async with make() as uow:
        rules = await uow.lead_rules.apply(await uow.lead_rules.change(change_id), at=AT)
        return int(rules.version)


async def test_the_first_version_is_what_the_code_calls_the_default(make: Make) -> None:
    async with make() as uow:
        assert await uow.lead_rules.version(1) == await uow.lead_rules.current() == default_rules()
        with pytest.raises(NotFound):
            await uow.lead_rules.version(2)


async def test_of_two_who_apply_at_the_same_time_one_wins(make: Make) -> None:
    first, second = await propose(make, 10), await propose(make, 15)
    results = await asyncio.gather(apply(make, first), apply(make, second), return_exceptions=True)
    assert sorted(type(result) for result in results if not isinstance(result, int)) == [OutOfDate]
    assert [result for result in results if isinstance(result, int)] == [2]
    async with make() as uow:
        assert (await uow.lead_rules.current()).version == 2
        assert await uow.lead_rules.version(1) == default_rules(), "an old version stays as it was"


async def test_another_process_reads_a_new_version_at_once(make: Make, database: Database) -> None:
    other = connect(database.dsn)
    async with other.engine.connect() as connection:
        assert (await LeadRuleRepository(connection).current()).version == 1
        await connection.rollback()
        await apply(make, await propose(make, 10))
        rules = await LeadRuleRepository(connection).current()
    await other.close()
    assert (rules.version, rules.capacity) == (2, 10)
