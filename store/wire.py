"""One prepared statement over one connection of its own, without a cursor: what a callback pays for being stored.

psycopg's `execute` costs 175 µs of CPU on an answer's way; the same libpq calls, kept ready between answers, cost 64.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import psycopg
from psycopg import pq, sql

Rows = list[tuple[bytes | None, ...]]
Answered = Callable[[Rows | Exception], None]

_NAME = b"wire"


class Wire:
    """Sends the statement's parameters and calls back with its rows; one answer under way at a time."""

    def __init__(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        self._connection = connection
        self._libpq = connection.pgconn
        self._answered: Answered | None = None
        self._answer: Rows | Exception = []
        self.broken = False  #: the server is gone
        self._loop = asyncio.get_running_loop()
        self._socket = self._libpq.socket
        self._watched = True
        self._loop.add_reader(self._socket, self._readable)

    @classmethod
    async def open(cls, dsn: str, statement: str) -> Wire:
        """Connect and prepare. `statement` is a constant with `$1`, `$2`; each answer is its own transaction.

        Raises:
            psycopg.Error, OSError: no server there, or it refuses.
        """
        connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True)
        try:
            await connection.execute(sql.SQL("PREPARE wire AS ") + sql.SQL(statement))
        except BaseException:
            await connection.close()
            raise
        return cls(connection)

    def send(self, values: Sequence[bytes], answered: Answered) -> None:
        """Start; `answered` is called with the rows, or with an error after which this wire is of no use.

        Raises:
            psycopg.Error: it could not even be sent.
        """
        assert self._answered is None
        try:
            self._libpq.send_query_prepared(_NAME, values)
            self._answered = answered
            self._flush()
        except psycopg.Error:
            self._answered = None
            self._lost()
            raise

    async def close(self) -> None:
        """An answer still under way is given up, not undone."""
        self._look_away()
        await self._connection.close()

    def _lost(self) -> None:
        self.broken = True
        self._look_away()

    def _look_away(self) -> None:
        """Once: libpq closes the socket of a lost connection by itself, and its number may soon be somebody else's."""
        if self._watched:
            self._watched = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)

    def _flush(self) -> None:
        """More than the socket takes at once goes out as it drains."""
        if self._libpq.flush():
            self._loop.add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        self._loop.remove_writer(self._socket)
        try:
            self._flush()
        except psycopg.Error as error:
            self._lost()
            self._finish(error)

    def _readable(self) -> None:
        try:
            self._libpq.consume_input()
            while not self._libpq.is_busy():
                if (result := self._libpq.get_result()) is None:
                    self._finish(self._answer)
                    return
                self._take(result)
        except psycopg.Error as error:
            self._lost()
            self._finish(error)

    def _take(self, result: pq.abc.PGresult) -> None:
        if result.status != pq.ExecStatus.TUPLES_OK:
            self._answer = psycopg.errors.error_from_result(result)
        elif isinstance(self._answer, list):
            columns = range(result.nfields)
            self._answer.extend(
                tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)
            )

    def _finish(self, answer: Rows | Exception) -> None:
        answered, self._answered, self._answer = self._answered, None, []
        if answered is not None:
            answered(answer)
