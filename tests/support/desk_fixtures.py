"""The desk as a fixture; a test module's `settings` may differ."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from psycopg_pool import AsyncConnectionPool

from bot.settings import Settings
from store.database import Database
from store.inbox import InboxWriter
from store.queue import make_queue
from store.unit_of_work import unit_of_work
from tests.support.desk import Desk


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
async def desk(database: Database, settings: Settings) -> AsyncIterator[Desk]:
    """People and customers of a small company, on a database of the test's own."""
    inbox = InboxWriter(database.dsn)
    await inbox.open()
    async with AsyncConnectionPool(database.dsn, min_size=1, max_size=4, open=False) as pool:
        queue = make_queue()
        async with queue.open_async(pool):
            yield Desk(unit_of_work(database.engine, queue), inbox, settings)
    await inbox.close()
