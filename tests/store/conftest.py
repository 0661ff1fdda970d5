"""A pool and a queue over the test's own database; the sample company in a database of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import procrastinate
import psycopg
import pytest
from psycopg import sql
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import make_url

from store.database import Database
from store.queue import make_queue
from store.unit_of_work import unit_of_work


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[AsyncConnectionPool]:
    async with AsyncConnectionPool(database.dsn, min_size=1, max_size=10, open=False) as opened:
        yield opened


@pytest.fixture
async def queue(pool: AsyncConnectionPool) -> AsyncIterator[procrastinate.App]:
    app = make_queue()

    @app.task(name="deliver", queue="deliver")
    async def deliver(outbox_id: int) -> None: ...

    async with app.open_async(pool):
        yield app


@pytest.fixture
def make(database: Database, queue: procrastinate.App) -> Callable[[], Any]:
    """`async with make() as uow:`"""
    return unit_of_work(database.engine, queue)


@pytest.fixture(scope="session")
def company_url(server_url: str, company_template: str) -> Iterator[str]:
    """The sample company, loaded once for tests that only read."""
    name = f"salesbot_test_{os.getpid()}_files"
    url = make_url(server_url).set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(drop)
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, company_template))))
        yield url
        admin.execute(drop)
