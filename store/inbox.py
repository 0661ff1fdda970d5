"""What came in: stored durably before the platform has its answer, handled once, in order per sender.

`InboxWriter` puts callbacks that arrive together into one statement and one commit, so that a burst shares its fsync.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ChannelUnavailable
from bot.messages import InboundMessage
from store.codec import inbound_from_json, inbound_to_json

WAKE_CHANNEL = "inbox"  # NOTIFY after each batch of new rows
MAX_BATCH = 256
_INSERT = """
WITH fresh AS (
    INSERT INTO inbox (channel, app_id, message_id, sender_key, message)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[])
    ON CONFLICT (channel, app_id, message_id) DO NOTHING
    RETURNING channel, app_id, message_id
)
SELECT channel, app_id, message_id, pg_notify('inbox', '') FROM fresh
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message taken from the inbox, its row locked by the taker's transaction."""

    inbox_id: int
    attempts: int
    message: InboundMessage
    received_at: datetime


class InboxWriter:
    """`await accept(message)` returns after the commit that holds the message. One per process."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._queue: asyncio.Queue[tuple[InboundMessage, asyncio.Future[bool]]] = asyncio.Queue(maxsize=10_000)
        self._task: asyncio.Task[None] | None = None
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self.on_new = asyncio.Event()  #: set after new rows, for a handler loop in the same process

    async def open(self) -> None:
        self._task = asyncio.create_task(self._run(), name="inbox writer")

    async def close(self) -> None:
        """Write what is waiting, then stop."""
        if self._task is not None:
            await self._queue.join()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def accept(self, message: InboundMessage) -> bool:
        """Store durably; True if new.

        Raises:
            ChannelUnavailable: the database did not take it; the platform must send it again.
        """
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        await self._queue.put((message, answer))
        return await answer

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < MAX_BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                fresh = await self._write([message for message, _ in batch])
            except (psycopg.Error, OSError) as error:
                await self._forget_connection()
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(ChannelUnavailable(f"inbox: {type(error).__name__}"))
            else:
                for message, answer in batch:
                    key = (message.channel.value, message.app_id, message.message_id)
                    if not answer.done():
                        answer.set_result(key in fresh)
                    fresh.discard(key)  # the same message twice in one batch is new once
                self.on_new.set()
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _write(self, messages: Sequence[InboundMessage]) -> set[tuple[str, str, str]]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)
        cursor = await self._connection.execute(
            _INSERT,
            (
                [message.channel.value for message in messages],
                [message.app_id for message in messages],
                [message.message_id for message in messages],
                [sender_key(message) for message in messages],
                [_storable(message) for message in messages],
            ),
            prepare=True,
        )
        return {(str(row[0]), str(row[1]), str(row[2])) for row in await cursor.fetchall()}

    async def _forget_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def sender_key(message: InboundMessage) -> str:
    """Order holds per sender; events without a sender are ordered among themselves."""
    return message.sender.key if message.sender.user_id else f"{message.channel}:"


def _storable(message: InboundMessage) -> str:
    # PostgreSQL's jsonb has no NUL character
    return orjson.dumps(inbound_to_json(message)).decode().replace("\\u0000", "")


class Inbox:
    """The inbox inside one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(self) -> Waiting | None:
        """The oldest message whose sender has no older one open, locked until this transaction ends."""
        row = (await self._connection.execute(_TAKE)).one_or_none()
        return None if row is None else _to_waiting(row)

    async def take_again(self, inbox_id: int) -> Waiting | None:
        """This message, if it is still open and nobody holds it."""
        row = (await self._connection.execute(_TAKE_ONE, {"inbox_id": inbox_id})).one_or_none()
        return None if row is None else _to_waiting(row)

    async def handled(self, inbox_id: int) -> None:
        await self._connection.execute(_HANDLED, {"inbox_id": inbox_id})

    async def failed(self, inbox_id: int, error: str, *, retry_at: datetime | None) -> None:
        """Count an attempt; without `retry_at` it is given up."""
        await self._connection.execute(_FAILED, {"inbox_id": inbox_id, "error": error[:500], "retry_at": retry_at})


_COLUMNS = "inbox_id, attempts, channel, app_id, message_id, message, received_at"
_TAKE = text(f"""
SELECT {_COLUMNS} FROM inbox AS mine
WHERE state = 'received' AND (retry_at IS NULL OR retry_at <= now())
  AND NOT EXISTS (SELECT FROM inbox AS older WHERE older.sender_key = mine.sender_key AND older.state = 'received'
                  AND older.inbox_id < mine.inbox_id)
ORDER BY inbox_id LIMIT 1 FOR UPDATE OF mine SKIP LOCKED
""")  # noqa: S608 - constants only
_TAKE_ONE = text(
    f"SELECT {_COLUMNS} FROM inbox WHERE inbox_id = :inbox_id AND state = 'received' FOR UPDATE SKIP LOCKED"  # noqa: S608
)
_HANDLED = text("UPDATE inbox SET state = 'handled', handled_at = clock_timestamp() WHERE inbox_id = :inbox_id")
_FAILED = text("""
UPDATE inbox SET attempts = attempts + 1, error = :error, retry_at = :retry_at,
       state = CASE WHEN CAST(:retry_at AS timestamptz) IS NULL THEN 'failed' ELSE 'received' END
WHERE inbox_id = :inbox_id AND state = 'received'
""")


def _to_waiting(row: Any) -> Waiting:
    inbox_id, attempts, channel, app_id, message_id, data, received_at = row
    return Waiting(inbox_id, attempts, inbound_from_json(channel, app_id, message_id, data), received_at)
