"""Schema versions: ours by Alembic, Procrastinate's by its own files, both under one lock and in one transaction.

A new version is a file in `versions/`; `tests/store/test_migrations.py` fails when tables and versions differ.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from procrastinate.schema import SchemaManager
from psycopg import AsyncConnection
from psycopg.abc import Query
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection as Transaction

from bot.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).resolve().parent
_LOCK = 0x5A1E5B07  # any number, the same in every process: one migration at a time


async def migrate(connection: Transaction) -> None:
    """Bring the connection's database to the newest schema, inside the connection's transaction.

    Raises:
        DatabaseUnavailable: a newer version of this program was here before.
    """
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    version = await _version(connection)
    if version is not None and version > (head() or ""):
        raise DatabaseUnavailable(f"the database is of a newer version ({version}) than this program ({head()})")
    if version != head():  # asked beforehand: Alembic itself takes a third of a second to import
        await connection.run_sync(_upgrade)
    raw = (await connection.get_raw_connection()).driver_connection
    await _upgrade_procrastinate(cast("AsyncConnection[tuple[object, ...]]", raw))


def head() -> str | None:
    """The newest version there is; None before the first."""
    return max((path.name[:4] for path in (HERE / "versions").glob("[0-9]*.py")), default=None)


def configuration() -> Config:
    """Alembic's configuration, from this package wherever it is installed; set `attributes["connection"]`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Procrastinate's and Alembic's own tables are none of ours."""
    return kind != "table" or not (name or "").startswith(("procrastinate_", "alembic_"))


def _upgrade(connection: Connection) -> None:
    from alembic import command

    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def _version(connection: Transaction) -> str | None:
    if (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one() is None:
        return None
    return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()


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
    await connection.execute(_JOBS_BY_LOCK)


#: Whatever is put out looks for earlier rows to the same recipients; Procrastinate's own index begins with the id.
_JOBS_BY_LOCK = """
CREATE INDEX IF NOT EXISTS salesbot_jobs_lock_idx ON procrastinate_jobs (lock) WHERE status IN ('todo', 'doing')
"""


def _procrastinate_files() -> dict[str, Path]:
    return {path.name: path for path in Path(SchemaManager.get_migrations_path()).glob("*.sql")}
