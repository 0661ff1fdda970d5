"""A pool and a unit of work over the test's own database, and what is in the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import procrastinate
import pytest
from psycopg_pool import AsyncConnectionPool

from store.database import Database
from store.queue import make_queue
from store.unit_of_work import unit_of_work
from tests.support.desk_fixtures import desk, settings

__all__ = ["desk", "make", "pool", "queue", "settings"]


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[AsyncConnectionPool]:
    async with AsyncConnectionPool(database.dsn, min_size=1, max_size=10, open=False) as opened:
        yield opened


@pytest.fixture
async def queue(pool: AsyncConnectionPool) -> AsyncIterator[procrastinate.App]:
    app = make_queue()
    async with app.open_async(pool):
        yield app


@pytest.fixture
def make(database: Database, queue: procrastinate.App) -> Callable[[], Any]:
    """`async with make() as uow:`"""
    return unit_of_work(database.engine, queue)
