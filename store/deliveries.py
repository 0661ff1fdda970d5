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
from store.claims import Claim, Claims
from store.codec import content_from_json
from store.sharing import GIVE_BACK, TAKE, as_rows
from store.statements import numbered, run
from store.together import Together

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


@dataclass(frozen=True, slots=True)
class _Begin:
    claim: Claim
    limits: Sequence[Limit]


@dataclass(frozen=True, slots=True)
class _End:
    outbox_id: int
    receipt: Receipt
    card_id: str
    job_id: int | None


class Deliveries:
    """Outbox rows as delivery sees them; each method is its own short transaction.

    Starts and ends of deliveries that come together share theirs. With `claims`, whatever waits behind a claim that has
    ended is begun in the statement that ends it.
    """

    def __init__(self, pool: AsyncConnectionPool, claims: Claims | None = None) -> None:
        self._pool = pool
        self._claims = claims
        self._begin = Together(self._begin_all)
        self._end = Together(self._end_all)

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
        return await self._begin(_Begin(claim, limits))

    async def _begin_all(self, wanted: Sequence[_Begin]) -> list[Due | Refused | None]:
        """All in one statement where all limits have room for all of them; else one by one."""
        total = _summed([limit for each in wanted for limit in each.limits])
        keys, steps, windows = list(total), [step for step, _ in total.values()], [each for _, each in total.values()]
        ids = [each.claim.message.outbox_id for each in wanted]
        async with self._pool.connection() as connection:
            [row] = (await run(connection, _START_CLAIMS, (keys, steps, windows, ids, len(keys)))).rows
            taken, begun = set(row[0] or ()), set(row[1] or ())
            if len(taken) < len(keys) and len(wanted) > 1:
                for key in taken:
                    await connection.execute(GIVE_BACK, (total[key][0], key))
        if len(taken) == len(keys):
            return [_as_due(each.claim) if each.claim.message.outbox_id in begun else None for each in wanted]
        if len(wanted) == 1:
            return [Refused(taken)]
        return [(await self._begin_all([each]))[0] for each in wanted]

    async def sent(self, outbox_id: int, receipt: Receipt, card_id: str, job_id: int | None = None) -> None:
        """The platform took it. A new card's code is kept for its update. `job_id`: a job that ends with it."""
        await self._end(_End(outbox_id, receipt, card_id, job_id))

    async def _end_all(self, ended: Sequence[_End]) -> list[None]:
        values = (
            [each.outbox_id for each in ended],
            [each.receipt.platform_id for each in ended],
            [_note(each.receipt) for each in ended],
            [each.card_id for each in ended],
            [each.receipt.response_code if each.card_id else "" for each in ended],
            [each.job_id for each in ended],
        )
        worker = self._claims.worker_id if self._claims and any(each.job_id for each in ended) else None
        async with self._pool.connection() as connection:
            following = [_following(row) for row in (await run(connection, _SENT, (*values, worker))).rows]
        if self._claims and following:
            self._claims.hold(following)
            self._claims.committed(following)
        return [None] * len(ended)

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


def _following(row: Sequence[Any]) -> Claim:
    job_id, outbox_id, *columns = row
    due = _to_due(outbox_id, columns)
    return Claim(job_id, due.channel, due.message, due.created_at)


def _as_due(claim: Claim) -> Due:
    return Due(claim.message, claim.channel, "queued", claim.created_at, superseded=False, job_id=claim.job_id)


def _summed(limits: Sequence[Limit]) -> dict[str, tuple[float, float]]:
    """(step for all calls together, window) by key."""
    total: dict[str, tuple[float, float]] = {}
    for limit in limits:
        step, window = total.get(limit.key, (0.0, 0.0))
        total[limit.key] = step + float(limit.seconds) / limit.count, max(window, float(limit.seconds))
    return total


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
_START_CLAIMS = numbered(f"""WITH taken AS ({TAKE}), begun AS (
    UPDATE outbox SET state = 'sending', attempts = attempts + 1, attempted_at = clock_timestamp()
    WHERE outbox_id = ANY(%s) AND state = 'queued' AND attempts = 0 AND (SELECT count(*) FROM taken) = %s
    RETURNING outbox_id
)
SELECT (SELECT array_agg(key) FROM taken), (SELECT array_agg(outbox_id) FROM begun)""")  # noqa: S608
# What is next to the same recipients is begun here as well (`worker`), if it is due: by the queue it would wait until
# somebody polls. Procrastinate's own order holds: by priority, then by id, one at a time.
_SENT = numbered(f"""WITH told AS (
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
                  AS r(outbox_id, platform_id, note, card_id, code, job_id)
), kept AS (
    INSERT INTO card_codes (code, card_id) SELECT code, card_id FROM told WHERE code <> '' ON CONFLICT DO NOTHING
), job AS (
    DELETE FROM procrastinate_jobs USING told WHERE id = told.job_id RETURNING lock
), done AS (
    UPDATE outbox SET state = 'sent', sent_at = clock_timestamp(), platform_id = told.platform_id,
           error = NULLIF(told.note, '')
    FROM told WHERE outbox.outbox_id = told.outbox_id
), following AS (
    UPDATE procrastinate_jobs SET status = 'doing', worker_id = worker.id
    FROM procrastinate_workers AS worker, (
        SELECT waiting.id FROM job CROSS JOIN LATERAL (
            SELECT * FROM procrastinate_jobs AS other
            WHERE other.lock = job.lock AND status IN ('todo', 'doing') AND id NOT IN (SELECT job_id FROM told
                                                                                      WHERE job_id IS NOT NULL)
            ORDER BY status = 'doing' DESC, priority DESC, id LIMIT 1
        ) AS waiting
        WHERE waiting.status = 'todo' AND waiting.task_name = 'deliver' AND coalesce(scheduled_at, now()) <= now()
    ) AS due
    WHERE worker.id = %s AND procrastinate_jobs.id = due.id AND procrastinate_jobs.status = 'todo'
    RETURNING procrastinate_jobs.id, (args ->> 'outbox_id')::bigint AS outbox_id
)
SELECT following.id, outbox_id, {_ROW.format(attempts="attempts + 1", before="state")}
FROM following JOIN outbox USING (outbox_id)""")  # noqa: S608
