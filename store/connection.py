"""The transaction's connection: SQLAlchemy's, with a short way for `text` statements.

A `text` statement through SQLAlchemy's async layer costs 200 µs of CPU, past it 37 (store/statements.py); a message
takes a dozen of them (docs/decisions/price-of-a-message.md). Everything else (`select`, lists of parameters, streams)
takes SQLAlchemy's way, over the same connection and in the same transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, cast

import psycopg
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.statements import commit, run

_NUMBERED = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # writes $1, $2


class Rows:
    """What a `text` statement gave, fetched. Rows are named tuples; the methods are those of SQLAlchemy's results."""

    def __init__(self, rows: Sequence[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> Sequence[Any]:
        return self._rows

    def fetchall(self) -> Sequence[Any]:
        return self._rows

    def first(self) -> Any | None:
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> Any | None:
        if len(self._rows) > 1:
            raise MultipleResultsFound
        return self._rows[0] if self._rows else None

    def one(self) -> Any:
        if (row := self.one_or_none()) is None:
            raise NoResultFound
        return row

    def scalar_one(self) -> Any:
        return self.one()[0]

    def scalar_one_or_none(self) -> Any | None:
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalars(self) -> Rows:
        return Rows([row[0] for row in self._rows], self.rowcount)

    def mappings(self) -> Rows:
        return Rows([row._asdict() for row in self._rows], self.rowcount)


class QuickConnection(AsyncConnection):
    """SQLAlchemy's connection whose `execute` gives `Rows` for a `text` with at most one set of values."""

    async def start(self, is_ctxmanager: bool = False) -> QuickConnection:
        await super().start(is_ctxmanager)
        self.raw = cast("psycopg.AsyncConnection[Any]", (await self.get_raw_connection()).driver_connection)
        return self

    async def execute(self, statement: Any, parameters: Any = None, **options: Any) -> Any:
        if options or not isinstance(statement, TextClause) or not isinstance(parameters, Mapping | None):
            return await super().execute(statement, parameters, **options)
        query, names = _compiled(statement)
        given = parameters or {}
        answer = await run(self.raw, query, [given[name] for name in names], named=True)
        return Rows(answer.rows, answer.rowcount)


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[QuickConnection]:
    """Committed when the block ends well, rolled back when it raises."""
    connection = QuickConnection(engine)
    async with connection:
        try:
            yield connection
            await commit(connection.raw)
        except BaseException:
            if connection.raw.closed:
                await connection.invalidate()
            raise


@lru_cache(maxsize=1024)
def _compiled(statement: TextClause) -> tuple[str, tuple[str, ...]]:
    """`:name` as `$1`, and which name each number stands for; a name said twice is sent once."""
    compiled = statement.compile(dialect=_NUMBERED)
    names = tuple(dict.fromkeys(compiled.positiontup or ()))
    return str(compiled), names
