"""The one database: opened from the settings, brought to the newest schema, closed again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import DatabaseUnavailable, SettingsError
from bot.settings import Settings
from store import embedded
from store.embedded import default_data_dir as default_data_dir
from store.migrations import migrate

OLDEST_SERVER = 150000  # PostgreSQL 15: NULLS NOT DISTINCT (design.md 2)
_UTC = "-cTimeZone=UTC"  # moments come back in UTC, whatever the server's own zone


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. `engine` for statements, `dsn` (libpq URL) for connections psycopg or Procrastinate make."""

    engine: AsyncEngine
    dsn: str
    _leave: Callable[[], None] | None = None

    async def close(self) -> None:
        """Close all connections; stops the embedded server if this was its last user."""
        await self.engine.dispose()
        if self._leave is not None:
            await asyncio.to_thread(self._leave)


async def open_database(settings: Settings) -> Database:
    """Connect to `database.url`, or to the embedded server when that is empty. The schema is `upgrade`'s business.

    Raises:
        SettingsError: the URL cannot be read, or the data folder must not be used.
        DatabaseUnavailable: no server there, or too old a one.
    """
    url = settings.database.url.get_secret_value()
    if url:
        return await _checked(connect(url))
    folder = default_data_dir(settings) / "postgres"
    admin_url = await asyncio.to_thread(embedded.start, folder)
    await asyncio.to_thread(embedded.ensure_database, admin_url)
    own = make_url(admin_url).set(database=embedded.DATABASE)
    return await _checked(connect(own.render_as_string(hide_password=False), leave=lambda: embedded.leave(folder)))


def connect(url: str, *, leave: Callable[[], None] | None = None, **pool: Any) -> Database:
    """A Database for any spelling of a PostgreSQL URL; nothing is contacted yet.

    Args:
        leave: called after the last connection is closed.
        pool: arguments of SQLAlchemy's engine in place of ours (10 connections and 10 more at need).
    Raises:
        SettingsError: the URL cannot be read.
    """
    parsed = _parsed(url)
    sizes: dict[str, Any] = {"pool_size": 10, "max_overflow": 10, "pool_recycle": 1800}
    # psycopg prepares nothing itself: after a rollback it would drop what store/statements.py has prepared
    options = {"connect_args": {"prepare_threshold": None}, **(pool or sizes)}
    engine = create_async_engine(parsed.set(drivername="postgresql+psycopg"), **options)
    event.listen(engine.sync_engine, "checkout", _still_there)
    return Database(engine, _libpq(parsed), leave)


async def upgrade(database: Database) -> None:
    """Bring the schema (ours and Procrastinate's) to the newest version; does nothing when it is there already."""
    async with database.engine.begin() as connection:
        await migrate(connection)


def _still_there(_dbapi: object, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Whatever the server closed while it lay in the pool is replaced before anybody uses it."""
    try:
        for _ in range(2):  # as store.steady.still_there
            cast("psycopg.AsyncConnection[Any]", record.driver_connection).pgconn.consume_input()
    except psycopg.OperationalError as error:
        raise InvalidatePoolError from error


def connection_lost(error: BaseException) -> bool:
    """Whether a statement failed because the server is away, or closed the connection; nothing of it is committed."""
    if isinstance(error, psycopg.OperationalError):
        return (error.sqlstate or "08").startswith(("08", "57P"))  # no state: the connection broke
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(["database.url: not a database URL"]) from error
    if parsed.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise SettingsError([f"database.url: {parsed.drivername} is not PostgreSQL"])
    query = dict(parsed.query)
    given = query.get("options", "")
    given = given if isinstance(given, str) else " ".join(given)
    if "timezone" not in given.casefold():
        query["options"] = f"{given} {_UTC}".strip()
    return parsed.set(query=query)


def _libpq(url: URL) -> str:
    """libpq takes a plus sign in a URL for a plus sign, never for a blank."""
    address, mark, query = url.set(drivername="postgresql").render_as_string(hide_password=False).partition("?")
    return f"{address}{mark}{query.replace('+', '%20')}"


async def _checked(database: Database) -> Database:
    try:
        async with database.engine.connect() as connection:
            version = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
    except (DBAPIError, OSError) as error:
        await database.close()
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise DatabaseUnavailable(f"PostgreSQL cannot be reached: {str(cause).strip()}") from error
    if version < OLDEST_SERVER:
        await database.close()
        raise DatabaseUnavailable(f"PostgreSQL 15 or newer is needed, this is {version // 10000}")
    return database
