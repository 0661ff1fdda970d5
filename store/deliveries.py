"""The outgoing side of a delivery: what is due, what was attempted, what became of it. One statement a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from psycopg_pool import AsyncConnectionPool

from bot.channels.base import CardHandle
from bot.messages import Account, CardUpdate, ChannelName, OutboundMessage, Receipt
from store.codec import content_from_json

CODE_LIFE = timedelta(hours=71)  # WeCom's response codes live 72 h; an hour for clocks and queues


@dataclass(frozen=True, slots=True)
class Due:
    """An outgoing row whose attempt has just been recorded."""

    message: OutboundMessage
    channel: ChannelName
    state_before: str  #: "sending" means that an earlier attempt never came back
    created_at: datetime
    superseded: bool  #: a newer face of the same card is already on its way


class Deliveries:
    """Outbox rows as delivery sees them; each method is its own short transaction."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def peek(self, outbox_id: int) -> Due | None:
        """The row if it still has to go out; nothing is recorded yet."""
        return await self._fetch(_PEEK, outbox_id)

    async def begin(self, outbox_id: int) -> Due | None:
        """Record that an attempt is about to be made; None when it need not be made any more."""
        return await self._fetch(_BEGIN, outbox_id)

    async def _fetch(self, statement: str, outbox_id: int) -> Due | None:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(statement, (outbox_id,), prepare=True)).fetchone()
        if row is None:
            return None
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

    async def sent(self, outbox_id: int, receipt: Receipt, card_id: str, face: int | None) -> None:
        """The platform took it. A new card's code is kept for its update; `face` is the version now shown."""
        async with self._pool.connection() as connection:
            await connection.execute(
                """UPDATE outbox SET state = 'sent', sent_at = clock_timestamp(), platform_id = %s,
                   error = NULLIF(%s, '') WHERE outbox_id = %s""",
                (receipt.platform_id, _note(receipt), outbox_id),
                prepare=True,
            )
            if receipt.response_code and card_id:
                await connection.execute(
                    "INSERT INTO card_codes (code, card_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    (receipt.response_code, card_id),
                    prepare=True,
                )
            if card_id and face is not None:
                await connection.execute(
                    "UPDATE cards SET shown_version = greatest(shown_version, %s) WHERE card_id = %s", (face, card_id)
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


_ROW = """channel, recipients, conversation_id, content, card_id, interactive, dedup_key, {attempts}, {before},
    created_at,
    content ->> 'type' = 'card_update' AND EXISTS (
        SELECT FROM outbox AS newer WHERE newer.card_id = outbox.card_id AND newer.outbox_id > outbox.outbox_id
        AND newer.content ->> 'type' = 'card_update')"""
_PEEK = f"""SELECT {_ROW.format(attempts="attempts + 1", before="state")}
FROM outbox WHERE outbox_id = %s AND state IN ('queued', 'sending')"""  # noqa: S608 - constants only
_BEGIN = f"""WITH before AS (
    SELECT outbox_id, state AS old FROM outbox WHERE outbox_id = %s AND state IN ('queued', 'sending') FOR UPDATE)
UPDATE outbox SET state = 'sending', attempts = attempts + 1, attempted_at = clock_timestamp()
FROM before WHERE outbox.outbox_id = before.outbox_id
RETURNING {_ROW.format(attempts="attempts", before="before.old")}"""  # noqa: S608
