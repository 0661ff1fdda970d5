"""The connections that bookkeeping outside a unit of work is done over."""

from __future__ import annotations

import psycopg
from psycopg_pool import AsyncConnectionPool

from store.steady import still_there


def make_pool(dsn: str) -> AsyncConnectionPool:
    """Connections for bookkeeping around deliveries and jobs, where each statement is a transaction of its own.

    Their commits do not wait for the disk. Should the database's machine lose its power, the last half second of them
    may be gone: an attempt is then one whose outcome is unknown, a job runs again, both of which happen anyway when a
    process is killed. What people said and what was decided is committed elsewhere, and waits.
    """

    async def prepare(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        await connection.set_autocommit(True)
        await connection.execute("SET synchronous_commit = off")

    return AsyncConnectionPool(
        dsn,
        min_size=1,
        max_size=10,
        open=False,
        timeout=5.0,
        reconnect_timeout=3.0,  # then whoever asks next tries anew; by itself the pool doubles its pauses up to minutes
        configure=prepare,
        check=still_there,
        kwargs={"prepare_threshold": 0},
    )
