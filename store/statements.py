"""Prepared statements over a psycopg connection without its cursor: a third of the CPU, the same types and errors.

psycopg's `execute` costs 107 to 117 µs of CPU on an answer's way (three values, one row), the same libpq calls with its
own adapters 37 (docs/decisions/price-of-a-message.md). One statement at a time per connection, as with a cursor.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from psycopg import abc, pq
from psycopg.adapt import PyFormat, Transformer

Connection = psycopg.AsyncConnection[Any]
MakeRow = Callable[[Sequence[Any]], Any]
MOST_PREPARED = 200  # on one connection: each keeps tens of kilobytes in its backend
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class Answer(NamedTuple):
    """`columns` is empty for a statement that gives no rows."""

    rows: list[Any]
    columns: tuple[str, ...]
    rowcount: int


async def run(connection: Connection, query: str, values: Sequence[Any], *, named: bool = False) -> Answer:
    """Run `query` (`$1`, `$2`, …), in the open transaction or beginning one, unless the connection commits by itself.

    Args:
        named: rows as named tuples.

    Raises:
        psycopg.Error: as a cursor would; cancelled while it is under way, the connection is closed.
    """
    return await _statements_of(connection).run(query, values, Transformer(connection), named=named)


async def commit(connection: Connection) -> None:
    """End the open transaction, if there is one.

    Raises:
        psycopg.Error: nothing was committed, or nobody knows.
    """
    await _statements_of(connection).commit()


def _statements_of(connection: Connection) -> _Statements:
    statements = _of.get(connection)
    if statements is None:
        statements = _of[connection] = _Statements(connection)
    return statements


class _Statements:
    """What is prepared on one connection. Knows it by its libpq only: else neither would ever be forgotten."""

    def __init__(self, connection: Connection) -> None:
        self._libpq = connection.pgconn
        self._autocommit = connection.autocommit
        self._prepared: OrderedDict[tuple[str, tuple[int, ...]], bytes] = OrderedDict()  # last used last

    async def run(self, query: str, values: Sequence[Any], adapt: abc.Transformer, *, named: bool) -> Answer:
        sent = adapt.dump_sequence(values, [PyFormat.AUTO] * len(values))
        if not self._autocommit and self._idle():
            await self._ask(b"BEGIN")
        key = query, adapt.types or ()
        if (name := self._prepared.get(key)) is None:
            name = await self._prepare(key)
        else:
            self._prepared.move_to_end(key)
        self._libpq.send_query_prepared(name, sent, adapt.formats)
        try:
            result = await self._answer()
        except psycopg.errors.InvalidSqlStatementName:  # somebody dropped what was prepared
            self._prepared.clear()
            if not self._idle():
                raise
            return await self.run(query, values, adapt, named=named)
        columns = _columns(result)
        if not columns:
            return Answer([], (), result.command_tuples or 0)
        adapt.set_pgresult(result)
        rows = adapt.load_rows(0, result.ntuples, _row_maker(columns) if named else tuple)
        return Answer(rows, columns, result.ntuples)

    async def _prepare(self, key: tuple[str, tuple[int, ...]]) -> bytes:
        if len(self._prepared) >= MOST_PREPARED:
            _, oldest = self._prepared.popitem(last=False)
            await self._ask(b"DEALLOCATE " + oldest)
        name = self._prepared[key] = b"statement_%d" % next(_numbers)
        try:
            self._libpq.send_prepare(name, key[0].encode(), key[1] or None)
            await self._answer()
        except BaseException:
            del self._prepared[key]
            raise
        return name

    async def _ask(self, command: bytes) -> pq.abc.PGresult:
        self._libpq.send_query(command)
        return await self._answer()

    def _idle(self) -> bool:
        return self._libpq.transaction_status == pq.TransactionStatus.IDLE

    async def commit(self) -> None:
        if not self._idle():
            answer = await self._ask(b"COMMIT")
            if answer.command_status != b"COMMIT":  # after an error the server says ROLLBACK
                raise psycopg.errors.InFailedSqlTransaction("the transaction had failed, it was rolled back")

    async def _answer(self) -> pq.abc.PGresult:
        """The one result of what was sent."""
        libpq = self._libpq
        try:
            if libpq.flush():
                await self._writable()
            result: pq.abc.PGresult | None = None
            while True:
                while libpq.is_busy():
                    await self._readable()
                    libpq.consume_input()
                if (more := libpq.get_result()) is None:
                    break
                result = more
        except BaseException:
            libpq.finish()  # an answer would come in the middle of the next statement
            raise
        if result is None or result.status not in _GOOD:
            raise _error(result, libpq)
        return result

    async def _readable(self) -> None:
        loop, socket = asyncio.get_running_loop(), self._libpq.socket
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(socket, _done, ready)
        try:
            await ready
        finally:
            loop.remove_reader(socket)

    async def _writable(self) -> None:
        """More than the socket takes at once: it goes out as the server reads, which may have to speak meanwhile."""
        loop, libpq = asyncio.get_running_loop(), self._libpq
        socket = libpq.socket
        while libpq.flush():
            ready: asyncio.Future[None] = loop.create_future()
            loop.add_writer(socket, _done, ready)
            loop.add_reader(socket, _done, ready)
            try:
                await ready
            finally:
                loop.remove_writer(socket)
                loop.remove_reader(socket)
            libpq.consume_input()


_of: WeakKeyDictionary[Connection, _Statements] = WeakKeyDictionary()
_numbers = itertools.count(1)


def numbered(query: str) -> str:
    """`%s` as `$1`, `$2`, …, for a constant that knows no other percent sign."""
    parts = query.split("%s")
    return "".join(f"{part}${number}" for number, part in enumerate(parts[:-1], start=1)) + parts[-1]


def _done(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _columns(result: pq.abc.PGresult) -> tuple[str, ...]:
    if result.status != pq.ExecStatus.TUPLES_OK:
        return ()
    return tuple((result.fname(number) or b"").decode() for number in range(result.nfields))


@lru_cache(maxsize=1024)
def _row_maker(columns: tuple[str, ...]) -> MakeRow:
    make: Any = namedtuple
    return make("Row", columns, rename=True)._make  # type: ignore[no-any-return]


def _error(result: pq.abc.PGresult | None, libpq: pq.abc.PGconn) -> psycopg.Error:
    if result is None:
        return psycopg.OperationalError(libpq.get_error_message() or "the connection is lost")
    return psycopg.errors.error_from_result(result)
