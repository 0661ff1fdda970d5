"""What goes out: rows put in the business transaction, each with its own background job, in order per recipient."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.base import Channel
from bot.messages import Account, Card, CardUpdate, ChannelName, Content, OutboundMessage
from store.claims import Claim, Claims
from store.codec import content_to_json


@dataclass(frozen=True, slots=True)
class Queued:
    """A row to be sent again, for its delivery job."""

    outbox_id: int
    lock: str
    not_before: datetime | None


@dataclass(slots=True)
class _Row:
    channel: ChannelName
    recipients: tuple[str, ...]
    conversation_id: str
    content: Content
    card_id: str
    interactive: bool
    dedup_key: str | None
    not_before: datetime | None


def new_card_id() -> str:
    """Unique, unguessable, within WeCom's alphabet and both platforms' lengths."""
    return f"c-{secrets.token_hex(12)}"


def recipient_lock(channel: str, recipients: Sequence[str], conversation_id: str) -> str:
    """Messages that share this text are delivered one after the other, in the order they were put."""
    return f"{channel}:{conversation_id or ','.join(sorted(recipients))}"


HELD = " at "  #: in the lock of what waits for a moment


def _lock(row: _Row) -> str:
    """What waits for a moment keeps its own order: held by the same lock, every answer would wait for it as well."""
    lock = recipient_lock(row.channel, row.recipients, row.conversation_id)
    return f"{lock}{HELD}{row.not_before.isoformat()}" if row.not_before else lock


def _claim(job_id: int, outbox_id: int, row: _Row) -> Claim:
    message = OutboundMessage(
        outbox_id=outbox_id,
        recipients=tuple(Account(row.channel, user_id) for user_id in row.recipients),
        conversation_id=row.conversation_id,
        content=row.content,
        card_id=row.card_id,
        dedup_key=row.dedup_key or "",
        interactive=row.interactive,
        attempt=1,
    )
    return Claim(job_id, row.channel, message, created_at=datetime.now(UTC))


class Outbox:
    """The outbox inside one unit of work: `put` collects, the last statement (closing.py) writes rows and jobs."""

    def __init__(self, connection: AsyncConnection, claims: Claims | None = None) -> None:
        self._connection = connection
        self._claims = claims
        self.begun: list[Claim] = []  #: jobs that this process began itself, to be delivered after the commit
        self._rows: list[_Row] = []
        self._updates: list[CardUpdate] = []
        self._channels: Mapping[ChannelName, Channel] = {}
        self.inbox_id: int | None = None  #: the message being handled, noted on each row

    def put(
        self,
        content: Content,
        *,
        channel: Channel,
        recipients: Sequence[Account],
        conversation_id: str = "",
        card_id: str = "",
        dedup_key: str = "",
        interactive: bool = False,
        not_before: datetime | None = None,
    ) -> str:
        """Queue for sending after this transaction; splits what the platform cannot show at once.

        `dedup_key`: a second put with the same key, ever, does nothing. Returns the card's id ("" without a card).
        """
        if not recipients and not conversation_id:
            return ""
        pieces = channel.split(content)
        card = ""
        for position, piece in enumerate(pieces):
            if isinstance(piece, Card):
                card = card_id if card_id and not card else new_card_id()
            self._rows.append(
                _Row(
                    channel=channel.name,
                    recipients=tuple(account.user_id for account in recipients),
                    conversation_id=conversation_id,
                    content=piece,
                    card_id=card if isinstance(piece, Card) else "",
                    interactive=interactive,
                    dedup_key=f"{dedup_key}#{position}" if dedup_key else None,
                    not_before=not_before,
                )
            )
        return card

    def put_card_update(self, update: CardUpdate, *, channels: Mapping[ChannelName, Channel]) -> None:
        """Queue a card's new face for wherever it hangs; only the newest face is shown in the end."""
        self._channels = channels
        self._updates.append(update)

    def clear(self) -> None:
        """Forget what was put: the handler failed."""
        self._rows.clear()
        self._updates.clear()

    async def rows(self) -> list[dict[str, Any]]:
        """What was put, as `CLOSING` takes it."""
        for update in self._updates:
            await self._add_update(update)
        self._updates.clear()
        return [
            {
                "channel": row.channel.value,
                "recipients": list(row.recipients),
                "conversation_id": row.conversation_id,
                "content": content_to_json(row.content),
                "card_id": row.card_id,
                "interactive": row.interactive,
                "dedup_key": row.dedup_key,
                "inbox_id": self.inbox_id,
                "position": position,
                "settled": row.content.settled if isinstance(row.content, Card) else None,
                "lock": _lock(row),
                "not_before": row.not_before.isoformat() if row.not_before else None,
            }
            for position, row in enumerate(self._rows)
        ]

    def worker(self) -> int | None:
        """Who begins the jobs of these rows; None: the queue does."""
        return self._claims.worker_with_room_for(len(self._rows)) if self._claims and self._rows else None

    def written(self, new: Iterable[tuple[int, int, int | None]]) -> None:
        """(row, position, job if it was begun here) of each row that is new, as `CLOSING` gives them."""
        begun = [_claim(job_id, outbox_id, self._rows[position]) for outbox_id, position, job_id in new if job_id]
        self._rows.clear()
        if self._claims:
            self._claims.hold(begun)
        self.begun += begun

    async def retry(self, outbox_id: int) -> Queued | None:
        """Queue a row again that was given up; None if it was not."""
        row = (await self._connection.execute(_RETRY, {"outbox_id": outbox_id})).one_or_none()
        if row is None:
            return None
        return Queued(outbox_id, recipient_lock(row.channel, row.recipients, row.conversation_id), None)

    async def _add_update(self, update: CardUpdate) -> None:
        """One row per place where the card hangs; the version says which face is the newest."""
        hangs = (
            await self._connection.execute(_NEW_VERSION, {"card_id": update.card_id, "settled": update.card.settled})
        ).one_or_none()
        if hangs is None or ChannelName(hangs.channel) not in self._channels:
            return
        self._rows.append(
            _Row(
                channel=ChannelName(hangs.channel),
                recipients=tuple(hangs.recipients),
                conversation_id=hangs.conversation_id,
                content=update,
                card_id=update.card_id,
                interactive=False,
                dedup_key=f"face:{update.card_id}:{hangs.version}",
                not_before=None,
            )
        )


_NEW_VERSION = text("""
UPDATE cards SET version = version + 1, settled = :settled WHERE card_id = :card_id
RETURNING channel, recipients, conversation_id, version
""")
_RETRY = text("""
UPDATE outbox SET state = 'queued', error = NULL, attempts = 0, created_at = clock_timestamp()
WHERE outbox_id = :outbox_id AND state = 'failed' RETURNING channel, recipients, conversation_id
""")
