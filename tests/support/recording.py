"""A channel that keeps what it was given and fails when told to: for tests of what lies above the platforms."""

from __future__ import annotations

from bot.channels.base import CardHandle, Downloaded, Limit
from bot.messages import Account, Card, ChannelName, Content, InboundMessage, Kind, Media, OutboundMessage, Receipt
from bot.plain import as_text


class RecordingChannel:
    """Implements `Channel`; `failures` are raised first, one a call."""

    def __init__(self, name: ChannelName = ChannelName.WECOM) -> None:
        self.name = name
        self.sent: list[OutboundMessage] = []
        self.updated: list[tuple[str, Card, CardHandle]] = []
        self.failures: list[Exception] = []
        self.per_minute = 0
        self.receipt = Receipt(platform_id="p")

    def split(self, content: Content) -> tuple[Content, ...]:
        return (content,)

    def limits(self, message: OutboundMessage) -> tuple[Limit, ...]:
        if not self.per_minute:
            return ()
        return tuple(Limit(f"test:{account.user_id}", self.per_minute, 60.0) for account in message.recipients)

    async def send(self, message: OutboundMessage) -> Receipt:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)
        return self.receipt

    async def update_card(self, message: OutboundMessage, handle: CardHandle, card: Card) -> Receipt:
        if self.failures:
            raise self.failures.pop(0)
        self.updated.append((handle.card_id, card, handle))
        return Receipt()

    async def download(self, media: Media) -> Downloaded:
        return Downloaded(content=b"content of " + media.ref.encode(), file_name=media.file_name, mime=media.mime)

    async def check(self) -> list[tuple[str, bool, str]]:
        return []

    def texts(self) -> list[str]:
        """What people read, in the order it arrived."""
        return [as_text(message.content) for message in self.sent]


def said(
    text: str, *, by: str = "yulijuan", number: int = 1, channel: ChannelName = ChannelName.WECOM
) -> InboundMessage:
    """A typed message, as a receiver would hand it over."""
    from datetime import UTC, datetime

    return InboundMessage(
        message_id=f"m{number}",
        channel=channel,
        app_id="app",
        sender=Account(channel, by),
        conversation_id=by,
        kind=Kind.TEXT,
        text=text,
        sent_at=datetime(2026, 2, 12, 1, 0, tzinfo=UTC),
    )
