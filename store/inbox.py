"""What came in: stored durably before the platform has its answer, handled once, in order per sender.

`InboxWriter` puts callbacks that arrive together into one statement and one commit, so that a burst shares its fsync.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ChannelUnavailable
from bot.messages import InboundMessage
from store.codec import for_jsonb, inbound_from_json, inbound_to_json
from store.wire import Rows, Wire

WAKE_CHANNEL = "inbox"  # NOTIFY after each batch of new rows: how many
MAX_BATCH = 256
MAX_WAITING = 10_000
ANSWER_SECONDS = 10.0  # a database silent for so long is away; the platform gave up after five
_INSERT = """
INSERT INTO inbox (channel, app_id, message_id, sender_key, message)
SELECT channel, app_id, message_id, sender_key, message
FROM json_to_recordset($1::json)
     AS r(channel text, app_id text, message_id text, sender_key text, message jsonb)
ON CONFLICT (channel, app_id, message_id) DO NOTHING
RETURNING channel, app_id, message_id
"""
_INSERT_AND_TELL = f"""
WITH fresh AS ({_INSERT})
SELECT channel, app_id, message_id, pg_notify('{WAKE_CHANNEL}', count(*) OVER ()::text) FROM fresh
"""  # noqa: S608 - constants only
Key = tuple[bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message taken from the inbox, its row locked by the taker's transaction."""

    inbox_id: int
    attempts: int
    message: InboundMessage
    received_at: datetime
    dialogue: tuple[str, Mapping[str, str]] | None = None  #: what `conversations.current` gives


@dataclass(frozen=True, slots=True)
class _Entry:
    key: Key
    row: bytes
    answer: asyncio.Future[bool]


class InboxWriter:
    """`await accept(message)` returns after the commit that holds the message. One per process.

    What comes in while one statement is under way goes with the next, so that a burst shares its commits.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._waiting: deque[_Entry] = deque()
        self._written: list[_Entry] = []  # with the statement under way
        self._wire: Wire | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._closing = False
        self._drained = asyncio.Event()
        self.tells_others = True  #: NOTIFY; off where this process handles what it receives
        self.arrivals = asyncio.Semaphore(0)  #: one permit per new row, for the handler loop of this process

    async def open(self) -> None:
        """Nothing is connected before the first message."""

    async def close(self) -> None:
        """Write what is waiting, then stop."""
        self._closing = True
        if self._waiting or self._written:
            await self._drained.wait()
        if self._connecting is not None:
            await asyncio.gather(self._connecting, return_exceptions=True)
        await self._forget_wire()

    def heard(self, how_many: str) -> None:
        """Another process stored new rows ("" after a gap in hearing: look whether it did)."""
        for _ in range(int(how_many or 1)):
            self.arrivals.release()

    async def accept(self, message: InboundMessage) -> bool:
        """Store durably; True if new.

        Raises:
            ChannelUnavailable: the database did not take it; the platform must send it again.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise ChannelUnavailable("inbox: too many waiting")
        entry = _Entry(_key(message), _row(message), asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        if not self._written:
            self._write()
        return await entry.answer

    def _write(self) -> None:
        """Send what is waiting; called whenever nothing is under way."""
        if self._wire is None or self._wire.broken:
            if self._connecting is None:
                self._connecting = asyncio.create_task(self._connect(), name="inbox connects")
            return
        self._written = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
        try:
            self._wire.send([b"[%b]" % b",".join(entry.row for entry in self._written)], self._answered)
        except psycopg.Error as error:
            self._answered(error)
            return
        self._patience = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._answered, TimeoutError())

    async def _connect(self) -> None:
        asked = len(self._waiting)
        try:
            await self._forget_wire()
            statement = _INSERT_AND_TELL if self.tells_others else _INSERT
            self._wire = await asyncio.wait_for(Wire.open(self._dsn, statement), ANSWER_SECONDS)
        except (psycopg.Error, OSError, TimeoutError) as error:
            # Who came while this attempt was failing gets one of its own: the database may be back by then.
            self._written = [self._waiting.popleft() for _ in range(asked)]
            self._connecting = None
            self._answered(error)
        else:
            self._connecting = None
            self._write()

    def _answered(self, rows: Rows | Exception) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        batch, self._written = self._written, []
        if isinstance(rows, Exception):
            if self._wire is not None:
                self._wire.broken = True  # whatever it was, a new connection is a clean start
            for entry in batch:
                if not entry.answer.done():
                    entry.answer.set_exception(ChannelUnavailable(f"inbox: {type(rows).__name__}"))
        else:
            self._tell(batch, {row[:3] for row in rows})
        if self._waiting:
            self._write()
        elif self._closing:
            self._drained.set()

    def _tell(self, batch: Sequence[_Entry], fresh: set[tuple[bytes | None, ...]]) -> None:
        for _ in fresh:
            self.arrivals.release()
        for entry in batch:
            if not entry.answer.done():
                entry.answer.set_result(entry.key in fresh)
            fresh.discard(entry.key)  # the same message twice in one batch is new once

    async def _forget_wire(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close()


def sender_key(message: InboundMessage) -> str:
    """Order holds per sender; events without a sender are ordered among themselves."""
    return message.sender.key if message.sender.user_id else f"{message.channel}:"


def _key(message: InboundMessage) -> Key:
    return message.channel.value.encode(), message.app_id.encode(), message.message_id.encode()


def _row(message: InboundMessage) -> bytes:
    return for_jsonb(
        {
            "channel": message.channel.value,
            "app_id": message.app_id,
            "message_id": message.message_id,
            "sender_key": sender_key(message),
            "message": inbound_to_json(message),
        }
    )


class Inbox:
    """The inbox inside one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._handled: int | None = None

    async def take(self) -> Waiting | None:
        """The oldest message whose sender has no older one open, locked until this transaction ends."""
        row = (await self._connection.execute(_TAKE)).one_or_none()
        if row is None:
            return None
        *columns, dialogue, data = row
        return _to_waiting(columns, None if dialogue is None else (dialogue, data))

    async def read(self, inbox_id: int) -> InboundMessage:
        """A message as it came in, whatever became of it."""
        return _to_waiting((await self._connection.execute(_READ, {"inbox_id": inbox_id})).one()).message

    async def take_again(self, inbox_id: int) -> Waiting | None:
        """This message, if it is still open and nobody holds it."""
        row = (await self._connection.execute(_TAKE_ONE, {"inbox_id": inbox_id})).one_or_none()
        return None if row is None else _to_waiting(row)

    async def count_open(self) -> int:
        """How many messages may be handled now, at most 1,000."""
        return int((await self._connection.execute(_COUNT_OPEN)).scalar_one())

    async def handled(self, inbox_id: int) -> None:
        """Written by the unit's last statement."""
        self._handled = inbox_id

    def take_handled(self) -> int | None:
        """The message marked as handled since the last time, for `CLOSING` to write."""
        handled, self._handled = self._handled, None
        return handled

    async def failed(self, inbox_id: int, error: str, *, retry_at: datetime | None) -> None:
        """Count an attempt; without `retry_at` it is given up."""
        await self._connection.execute(_FAILED, {"inbox_id": inbox_id, "error": error[:500], "retry_at": retry_at})


_COLUMNS = "inbox_id, attempts, channel, app_id, message_id, message, received_at"
_TAKE = text(f"""
SELECT {_COLUMNS}, dialogue, data FROM inbox AS mine
LEFT JOIN conversations AS asked ON asked.account_key = mine.sender_key AND asked.until > now()
WHERE state = 'received' AND (retry_at IS NULL OR retry_at <= now())
  AND NOT EXISTS (SELECT FROM inbox AS older WHERE older.sender_key = mine.sender_key AND older.state = 'received'
                  AND older.inbox_id < mine.inbox_id)
ORDER BY inbox_id LIMIT 1 FOR UPDATE OF mine SKIP LOCKED
""")  # noqa: S608 - constants only
_READ = text(f"SELECT {_COLUMNS} FROM inbox WHERE inbox_id = :inbox_id")  # noqa: S608
_TAKE_ONE = text(
    f"SELECT {_COLUMNS} FROM inbox WHERE inbox_id = :inbox_id AND state = 'received' FOR UPDATE SKIP LOCKED"  # noqa: S608
)
_COUNT_OPEN = text("""
SELECT count(*) FROM (SELECT FROM inbox WHERE state = 'received' AND (retry_at IS NULL OR retry_at <= now())
                      LIMIT 1000) AS open
""")
_FAILED = text("""
UPDATE inbox SET attempts = attempts + 1, error = :error, retry_at = :retry_at,
       state = CASE WHEN CAST(:retry_at AS timestamptz) IS NULL THEN 'failed' ELSE 'received' END
WHERE inbox_id = :inbox_id AND state = 'received'
""")


def _to_waiting(row: Any, dialogue: tuple[str, Mapping[str, str]] | None = None) -> Waiting:
    inbox_id, attempts, channel, app_id, message_id, data, received_at = row
    return Waiting(inbox_id, attempts, inbound_from_json(channel, app_id, message_id, data), received_at, dialogue)
