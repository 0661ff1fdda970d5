"""Statements without psycopg's cursor: the same values, rows and errors, and a connection that is never half read."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from store.statements import MOST_PREPARED, commit, numbered, run

Connection = psycopg.AsyncConnection[Any]
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT, st.lists(TEXT),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.dates(date(1900, 1, 1)),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-10**9, max_value=10**9),
    st.lists(st.integers(0, 2**31 - 1), min_size=1),
)  # fmt: skip


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(database_url, prepare_threshold=None) as opened:
        yield opened


async def _one(connection: Connection, query: str, *values: object) -> Any:
    [row] = (await run(connection, query, values)).rows
    return row[0]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES)
def test_a_value_goes_and_comes_as_through_a_cursor(server_url: str, value: object) -> None:
    async def both_ways() -> None:
        async with await psycopg.AsyncConnection.connect(server_url, prepare_threshold=None) as opened:
            cursor = await opened.execute("SELECT %s", (value,))
            assert (await run(opened, "SELECT $1", [value])).rows == await cursor.fetchall()

    asyncio.run(both_ways())


async def test_rows_have_names_and_statements_without_rows_a_count(connection: Connection) -> None:
    assert await run(connection, "CREATE TEMP TABLE t (a int, b jsonb)", []) == ([], (), 0)
    assert (await run(connection, "INSERT INTO t VALUES (1, $1), (2, $1)", [Jsonb({"x": 1})])).rowcount == 2
    answer = await run(connection, "SELECT a, b, 5 FROM t ORDER BY a", [], named=True)
    assert [(row.a, row.b) for row in answer.rows] == [(1, {"x": 1}), (2, {"x": 1})]
    assert answer.columns == ("a", "b", "?column?")
    assert answer.rowcount == 2


async def test_an_error_is_psycopgs_and_the_connection_goes_on(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        await run(connection, "SELECT 1 / $1", [0])
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await commit(connection)
    assert await _one(connection, "SELECT $1::int", 7) == 7


async def test_committed_is_there_and_rolled_back_is_not(connection: Connection, database_url: str) -> None:
    await run(connection, "CREATE TABLE kept (a int)", [])
    await commit(connection)
    await run(connection, "INSERT INTO kept VALUES (1)", [])
    await connection.rollback()
    await run(connection, "INSERT INTO kept VALUES (2)", [])
    await commit(connection)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
        assert (await run(other, "SELECT a FROM kept", [])).rows == [(2,)]


async def test_more_than_a_socket_takes_at_once(connection: Connection) -> None:
    long = "长" * 5_000_000
    assert await _one(connection, "SELECT $1::text", long) == long


async def test_cancelled_under_way_the_connection_is_closed(connection: Connection) -> None:
    sleeping = asyncio.create_task(run(connection, "SELECT pg_sleep(30)", []))
    await asyncio.sleep(0.1)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    assert connection.closed


async def test_cut_by_the_server_is_an_operational_error(connection: Connection, server_url: str) -> None:
    backend = await _one(connection, "SELECT pg_backend_pid()")
    waiting = asyncio.create_task(run(connection, "SELECT pg_sleep(30)", []))
    await asyncio.sleep(0.1)
    async with await psycopg.AsyncConnection.connect(server_url, autocommit=True) as admin:
        await admin.execute("SELECT pg_terminate_backend(%s)", (backend,))
    with pytest.raises(psycopg.OperationalError):
        await waiting


async def test_what_somebody_deallocated_is_prepared_again(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as opened:
        assert await _one(opened, "SELECT $1::text", "a") == "a"
        await opened.execute("DEALLOCATE ALL")
        assert await _one(opened, "SELECT $1::text", "b") == "b"


async def test_a_closed_connection_is_forgotten(database_url: str) -> None:
    opened = await psycopg.AsyncConnection.connect(database_url, prepare_threshold=None)
    assert await _one(opened, "SELECT $1::int", 1) == 1
    await opened.close()
    forgotten = weakref.ref(opened)
    del opened
    gc.collect()
    assert forgotten() is None


async def test_a_backend_keeps_the_statements_used_last(connection: Connection) -> None:
    for number in range(MOST_PREPARED + 20):
        assert await _one(connection, f"SELECT {number}") == number
        assert await _one(connection, "SELECT $1::text", "kept") == "kept"
    kept = {row[0] for row in (await run(connection, "SELECT statement FROM pg_prepared_statements", [])).rows}
    assert len(kept) <= MOST_PREPARED
    assert "SELECT $1::text" in kept
    assert "SELECT 0" not in kept
    assert await _one(connection, "SELECT 0") == 0


def test_places_are_numbered_in_order() -> None:
    assert numbered("a %s b %s") == "a $1 b $2"
    assert numbered("nothing") == "nothing"


async def test_money_and_moments_keep_their_type(connection: Connection) -> None:
    row = (await run(connection, "SELECT 1.10::numeric, '2026-02-12 08:30+08'::timestamptz", [])).rows[0]
    assert row == (Decimal("1.10"), datetime(2026, 2, 12, 0, 30, tzinfo=UTC))
