"""What the nights learned: the newest counts, and a number keeps all its digits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.clock import SHANGHAI
from bot.domain.leads.roster import Learned

NIGHT = datetime(2026, 2, 12, 1, 30, tzinfo=SHANGHAI)
LEARNED = Learned(
    prices={"YG010": 0.1 + 0.2, "YG011": 1e-17}, usual_load=0.31, usual_high_intent=0.07, high_intent_per_rep=1 / 3
)
Make = Callable[[], Any]


async def test_a_company_that_learned_nothing_has_the_defaults(make: Make) -> None:
    async with make() as uow:
        assert await uow.lead_prices.newest() == Learned()


async def test_the_newest_night_counts_whenever_it_was_written(make: Make) -> None:
    async with make() as uow:
        await uow.lead_prices.add(LEARNED, NIGHT)
        await uow.lead_prices.add(Learned(usual_load=0.5), NIGHT - timedelta(days=1))
    async with make() as uow:
        assert await uow.lead_prices.newest() == LEARNED


async def test_a_night_learned_again_replaces_itself(make: Make) -> None:
    async with make() as uow:
        await uow.lead_prices.add(Learned(usual_load=0.5), NIGHT)
        await uow.lead_prices.add(LEARNED, NIGHT)
        rows = await uow.connection.exec_driver_sql("SELECT count(*) FROM lead_prices")
        assert rows.scalar_one() == 1
        assert await uow.lead_prices.newest() == LEARNED
