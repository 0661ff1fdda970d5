"""The schema: what the versions build is what the tables say."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

import store.approval_tables
import store.business
import store.calendar_tables
import store.flow_tables
import store.lead_tables
import store.tables
import store.visit_tables  # noqa: F401 - these fill the metadata
from bot.errors import DatabaseUnavailable
from store.database import Database, connect, upgrade
from store.metadata import metadata
from store.migrations import head, is_ours


async def test_versions_and_tables_say_the_same(database: Database) -> None:
    """When this fails: `python -m store.migrations "what changes"` writes the missing version."""

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"include_name": is_ours, "compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        sequences = await connection.execute(text("SELECT sequencename FROM pg_sequences"))
        assert set(metadata._sequences) <= {row[0] for row in sequences}


async def test_processes_that_start_together_migrate_once(server_url: str, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("DROP SCHEMA public CASCADE")
        admin.execute("CREATE SCHEMA public")
    first, second = connect(database_url), connect(database_url)
    await asyncio.gather(upgrade(first), upgrade(second))
    async with first.engine.connect() as connection:
        assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one() == head()
    await asyncio.gather(first.close(), second.close())


async def test_a_newer_database_is_left_alone(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match="newer"):
        await upgrade(database)


async def test_procrastinates_own_migrations_are_run_when_it_brings_new_ones(database: Database) -> None:
    """As after an upgrade of Procrastinate: its newest migration has not been run here yet (it may be run again)."""
    async with database.engine.begin() as connection:
        newest = "SELECT max(name) FROM procrastinate_migrations"
        name = (
            await connection.execute(
                text(f"DELETE FROM procrastinate_migrations WHERE name = ({newest}) RETURNING name")
            )
        ).scalar_one()
        await connection.execute(text("DROP FUNCTION procrastinate_retry_job_v2"))
    await upgrade(database)
    async with database.engine.connect() as connection:
        names = {row[0] for row in await connection.execute(text("SELECT name FROM procrastinate_migrations"))}
    assert name in names


@pytest.mark.parametrize("statement", ["UPDATE audit SET what = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_audit_log_only_grows(statement: str, database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("INSERT INTO audit (what) VALUES ('seen')"))
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.engine.begin() as connection:
            await connection.execute(text(statement))
