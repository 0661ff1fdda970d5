"""Schema versions: ours by Alembic, Procrastinate's by its own files, both under one lock and in one transaction.

A new version is a file in `versions/`; `tests/store/test_migrations.py` fails when tables and versions differ.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from procrastinate.schema import SchemaManager
from psycopg import AsyncConnection
from psycopg.abc import Query
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection as Transaction

import store.business
import store.tables
import store.visit_tables  # noqa: F401 - these fill the metadata
from store.metadata import metadata

_LOCK = 0x5A1E5B07  # any number, the same in every process: one migration at a time


async def migrate(connection: Transaction) -> None:
    """Bring the connection's database to the newest schema, inside the connection's transaction."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    await connection.run_sync(_upgrade)
    raw = (await connection.get_raw_connection()).driver_connection
    await _upgrade_procrastinate(cast("AsyncConnection[tuple[object, ...]]", raw))


def _upgrade(connection: Connection) -> None:
    metadata.create_all(connection)


async def _upgrade_procrastinate(connection: AsyncConnection[tuple[object, ...]]) -> None:
    """Install the schema of the Procrastinate at hand, or run those of its migrations that have not been run here."""
    await connection.execute("CREATE TABLE IF NOT EXISTS procrastinate_migrations (name text PRIMARY KEY)")
    files = _procrastinate_files()
    done = {
        str(row[0]) for row in await (await connection.execute("SELECT name FROM procrastinate_migrations")).fetchall()
    }
    if not done:
        await connection.execute(SchemaManager.get_schema())
    else:
        for name in sorted(files.keys() - done):
            await connection.execute(cast(Query, files[name].read_text(encoding="utf-8")))
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO procrastinate_migrations VALUES (%s) ON CONFLICT DO NOTHING",
            [(name,) for name in sorted(files.keys() - done)],
        )


def _procrastinate_files() -> dict[str, Path]:
    return {path.name: path for path in Path(SchemaManager.get_migrations_path()).glob("*.sql")}
