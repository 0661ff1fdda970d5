"""The outgoing side of a delivery: what is due, what was attempted, what became of it. One statement a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from psycopg_pool import AsyncConnectionPool

from bot.channels.base import CardHandle, Limit
from bot.messages import Account, CardUpdate, ChannelName, OutboundMessage, Receipt
from store.claims import Claim
from store.codec import content_from_json
from store.sharing import TAKE, as_rows

CODE_LIFE = timedelta(hours=71)  # WeCom's response codes live 72 h; an hour for clocks and queues


@dataclass(frozen=True, slots=True)
class Due:
    """An outgoing row whose attempt has just been recorded."""

    message: OutboundMessage
    channel: ChannelName
    state_before: str  #: "sending" means that an earlier attempt never came back
    created_at: datetime
    superseded: bool  #: a newer face of the same card is already on its way
    job_id: int | None = None  #: begun by this process itself: ends with the row


@dataclass(frozen=True, slots=True)
class Refused:
    """No attempt was recorded: not all limits had room. `taken` are the keys that did, to be given back."""

    taken: set[str]


class Deliveries:
    """Outbox rows as delivery sees them; each method is its own short transaction."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def peek(self, outbox_id: int) -> Due | None:
        """The row if it still has to go out; nothing is recorded yet."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_PEEK, (outbox_id,), prepare=True)).fetchone()
        return None if row is None else _to_due(outbox_id, row)

    async def start(self, outbox_id: int, limits: Sequence[Limit]) -> Due | Refused | None:
        """Take the limits and record that an attempt is about to be made; None when it need not be made any more."""
        keys, steps, windows = as_rows(limits)
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_START, (keys, steps, windows, outbox_id, len(keys)), prepare=True)
            row = await cursor.fetchone()
        assert row is not None
        taken = set(row[0] or ())
        if len(taken) < len(keys):
            return Refused(taken)
        return None if row[1] is None else _to_due(outbox_id, row[1:])

    async def start_claim(self, claim: Claim, limits: Sequence[Limit]) -> Due | Refused | None:
        """`start` for a row that was written here a moment ago: nothing of it has to be read again."""
        outbox_id = claim.message.outbox_id
        keys, steps, windows = as_rows(limits)
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_START_CLAIM, (keys, steps, windows, outbox_id, len(keys)), prepare=True)
            row = await cursor.fetchone()
        assert row is not None
        taken = set(row[0] or ())
        if len(taken) < len(keys):
            return Refused(taken)
        if not row[1]:
            return None
        return Due(claim.message, claim.channel, "queued", claim.created_at, superseded=False, job_id=claim.job_id)

    async def sent(self, outbox_id: int, receipt: Receipt, card_id: str, job_id: int | None = None) -> None:
        """The platform took it. A new card's code is kept for its update. `job_id`: a job that ends with it."""
        code = receipt.response_code if card_id else ""
        async with self._pool.connection() as connection:
            await connection.execute(
                _SENT, (code, card_id, code, job_id, receipt.platform_id, _note(receipt), outbox_id), prepare=True
            )

    async def again_for(self, outbox_id: int, recipients: Sequence[str]) -> None:
        """The platform took it for the others; it stays queued for these."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE outbox SET state = 'queued', recipients = %s, error = 'throttled' WHERE outbox_id = %s",
                (list(recipients), outbox_id),
            )

    async def queued_again(self, outbox_id: int, why: str) -> None:
        """It certainly did not go out, and will be tried again."""
        await self._set(outbox_id, "queued", why)

    async def failed(self, outbox_id: int, why: str) -> None:
        """Given up: an operator decides (`salesbot outbox retry`)."""
        await self._set(outbox_id, "failed", why)

    async def skipped(self, outbox_id: int, why: str) -> None:
        """Need not be sent any more."""
        await self._set(outbox_id, "skipped", why)

    async def _set(self, outbox_id: int, state: str, why: str) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE outbox SET state = %s, error = %s WHERE outbox_id = %s", (state, why[:500], outbox_id)
            )

    async def handle_of(self, update: CardUpdate) -> CardHandle:
        """What is known of a card that hangs, with the codes that can still change it, newest first."""
        async with self._pool.connection() as connection:
            rows = await (
                await connection.execute(
                    """SELECT code FROM card_codes WHERE card_id = %s AND used_at IS NULL
                       AND received_at > now() - %s ORDER BY received_at DESC""",
                    (update.card_id, CODE_LIFE),
                )
            ).fetchall()
            as_text = await (
                await connection.execute("SELECT as_text FROM cards WHERE card_id = %s", (update.card_id,))
            ).fetchone()
        return CardHandle(
            card_id=update.card_id,
            response_codes=tuple(row[0] for row in rows),
            as_text=bool(as_text and as_text[0]),
        )

    async def use_codes(self, codes: Sequence[str]) -> None:
        """A code works once, whatever came of it."""
        async with self._pool.connection() as connection:
            await connection.execute("UPDATE card_codes SET used_at = now() WHERE code = ANY(%s)", (list(codes),))

    async def list_open(self, limit: int = 200) -> list[dict[str, object]]:
        """What has not gone out, failures first; for `salesbot outbox list`."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                """SELECT outbox_id, channel, state, recipients, content ->> 'type', attempts, error, created_at
                   FROM outbox WHERE state NOT IN ('sent', 'skipped')
                   ORDER BY state = 'failed' DESC, outbox_id LIMIT %s""",
                (limit,),
            )
            names = ("outbox_id", "channel", "state", "recipients", "type", "attempts", "error", "created_at")
            return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]


def _note(receipt: Receipt) -> str:
    parts = [receipt.note] if receipt.note else []
    if receipt.invalid:
        parts.append("invalid: " + orjson.dumps(receipt.invalid).decode())
    return "; ".join(parts)


def _to_due(outbox_id: int, row: Sequence[Any]) -> Due:
    channel, recipients, conversation, content, card_id, interactive, dedup, attempts, before, created, newer = row
    name = ChannelName(channel)
    return Due(
        message=OutboundMessage(
            outbox_id=outbox_id,
            recipients=tuple(Account(name, user_id) for user_id in recipients),
            conversation_id=conversation,
            content=content_from_json(content),
            card_id=card_id,
            dedup_key=dedup or "",
            interactive=interactive,
            attempt=attempts,
        ),
        channel=name,
        state_before=before,
        created_at=created,
        superseded=newer,
    )


_ROW = """channel, recipients, conversation_id, content, card_id, interactive, dedup_key, {attempts}, {before},
    created_at,
    content ->> 'type' = 'card_update' AND EXISTS (
        SELECT FROM outbox AS newer WHERE newer.card_id = outbox.card_id AND newer.outbox_id > outbox.outbox_id
        AND newer.content ->> 'type' = 'card_update')"""
# S608: constants only
_PEEK = f"""SELECT {_ROW.format(attempts="attempts + 1", before="state")}
FROM outbox WHERE outbox_id = %s AND state IN ('queued', 'sending')"""  # noqa: S608
_START = f"""WITH taken AS ({TAKE}), before AS (
    SELECT outbox_id, state AS old FROM outbox
    WHERE outbox_id = %s AND state IN ('queued', 'sending') AND (SELECT count(*) FROM taken) = %s FOR UPDATE
), begun AS (
    UPDATE outbox SET state = 'sending', attempts = attempts + 1, attempted_at = clock_timestamp()
    FROM before WHERE outbox.outbox_id = before.outbox_id
    RETURNING {_ROW.format(attempts="attempts", before="before.old")}
)
SELECT (SELECT array_agg(key) FROM taken), begun.* FROM (SELECT) AS always LEFT JOIN begun ON true"""  # noqa: S608
_START_CLAIM = f"""WITH taken AS ({TAKE}), begun AS (
    UPDATE outbox SET state = 'sending', attempts = attempts + 1, attempted_at = clock_timestamp()
    WHERE outbox_id = %s AND state = 'queued' AND attempts = 0 AND (SELECT count(*) FROM taken) = %s
    RETURNING outbox_id
)
SELECT (SELECT array_agg(key) FROM taken), EXISTS (SELECT FROM begun)"""  # noqa: S608
_SENT = """WITH code AS (
    INSERT INTO card_codes (code, card_id) SELECT %s, %s WHERE %s <> '' ON CONFLICT DO NOTHING
), job AS (
    DELETE FROM procrastinate_jobs WHERE id = %s)
UPDATE outbox SET state = 'sent', sent_at = clock_timestamp(), platform_id = %s, error = NULLIF(%s, '')
WHERE outbox_id = %s"""
