"""What a channel is to the rest of the bot, and what a channel needs remembered for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.oa import OaInstance, OaStep
from bot.messages import Card, ChannelName, Content, InboundMessage, Media, OutboundMessage, Receipt

Accept = Callable[[InboundMessage], Awaitable[bool]]
"""Store durably; True if new, False if it was known. Returns after the commit: only then acknowledge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file of ours that a channel uploads before it can send it."""

    attachment_id: int
    file_name: str
    mime: str
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """A file fetched from a platform."""

    content: bytes
    file_name: str
    mime: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardHandle:
    """What the store remembers of a card that hangs somewhere, for its update."""

    card_id: str
    response_codes: tuple[str, ...] = ()  #: WeCom: unused, unexpired ones, newest first
    as_text: bool = False  #: it was sent without buttons (no template): updating means telling


class TokenStore(Protocol):
    """Tokens shared by all processes; rows in the store."""

    async def get(self, key: str, fetch: Callable[[], Awaitable[tuple[str, float]]]) -> str:
        """The cached token, or one fetched single-flight across processes.

        `fetch` returns (token, seconds it lives); it is called by one process at a time per key. A token
        is renewed ahead of its end (5 minutes for WeCom, 10 for DingTalk: `ahead` in the key's row).
        """
        ...

    async def drop(self, key: str, token: str) -> bool:
        """Forget the token if it is still this one. False if somebody renewed it already.

        At most one forced renewal per key in 30 s; within that time the token stays and False comes back.
        """
        ...


class Limiter(Protocol):
    """Rates shared by all processes and machines; rows in the store."""

    async def take(self, limits: Sequence[Limit], *, cost: int = 1) -> float:
        """Take from all or from none. 0.0 when taken, else seconds to wait until it may work."""
        ...

    async def pause(self, key: str, seconds: float) -> None:
        """Nothing passes `key` for that long (the platform said so)."""
        ...


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` per `seconds`, smooth after a burst of `count`."""

    key: str
    count: int
    seconds: float


class Quota(Protocol):
    """Calls counted per calendar month (Shanghai), shared by all processes."""

    async def count(self, key: str, n: int = 1) -> int:
        """Add and return the month's total."""
        ...


class FileStore(Protocol):
    """Stored files, and the platform's ids for those already uploaded."""

    async def read(self, attachment_id: int) -> StoredFile: ...

    async def uploaded(self, channel: ChannelName, sha256: str) -> str | None:
        """A media id that is still good, or None."""
        ...

    async def remember_upload(self, channel: ChannelName, sha256: str, media_id: str, *, seconds: float) -> None: ...

    async def forget_upload(self, channel: ChannelName, sha256: str) -> None: ...


class Channel(Protocol):
    """One platform, outbound. Inbound lives in the channel's own receiver, which calls `Accept`."""

    name: ChannelName

    def split(self, content: Content) -> tuple[Content, ...]:
        """The pieces this platform can show, each of them one API call; pure."""
        ...

    def limits(self, message: OutboundMessage) -> tuple[Limit, ...]:
        """The limits one call for this message draws on."""
        ...

    async def send(self, message: OutboundMessage) -> Receipt:
        """One attempt. Raises from the ChannelError tree; a card goes out with its first face."""
        ...

    async def update_card(self, message: OutboundMessage, handle: CardHandle, card: Card) -> Receipt:
        """One attempt to change a card where it hangs. Receipt.note is "replaced" when a new one was sent."""
        ...

    async def download(self, media: Media) -> Downloaded:
        """Fetch a file a person sent; size-capped."""
        ...

    async def check(self) -> list[tuple[str, bool, str]]:
        """For doctor: (what, good, sentence), real calls, never a secret."""
        ...


class ApprovalOffice(Protocol):
    """A platform's own approval system (DingTalk's OA), beside which ours keeps in step.

    Every method is one attempt and raises from the ChannelError tree; ChannelConflict means that the thing is not in
    the state the call needs (decided already, revoked, too young to be revoked): read it again and decide anew.
    """

    async def create(self, *, originator: str, steps: Sequence[OaStep], form: Mapping[str, str]) -> str:
        """Start an instance and return its id. Not repeatable: after OutcomeUnknown `find` it before trying again.

        Args:
            form: values by the label of the template's component, our key under `APPROVAL_KEY_LABEL`.
        """
        ...

    async def find(self, key: str, *, originator: str, since: datetime) -> str | None:
        """The instance whose form carries `key`, begun at `since` (aware) or later, or None."""
        ...

    async def read(self, instance_id: str) -> OaInstance:
        """As it stands now."""
        ...

    async def execute(self, instance_id: str, *, task_id: int, user_id: str, agree: bool, remark: str) -> None:
        """Decide one running task as the person who holds it."""
        ...

    async def redirect(self, *, task_id: int, from_user: str, to_user: str, remark: str) -> None:
        """Hand a running task over."""
        ...

    async def terminate(self, instance_id: str, *, user_id: str, remark: str) -> None:
        """Revoke a running instance; ChannelConflict within its first 15 seconds."""
        ...

    async def comment(self, instance_id: str, *, user_id: str, text: str) -> None:
        """Add a remark to a running instance."""
        ...
