"""Values that cross the border between platforms and business: what came in, what goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.actions import Action


class ChannelName(StrEnum):
    """The two platforms."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"

    @property
    def other(self) -> ChannelName:
        return ChannelName.DINGTALK if self is ChannelName.WECOM else ChannelName.WECOM


@dataclass(frozen=True, slots=True)
class Account:
    """One login on one platform, spelled as the platform spells it (compare WeCom ids case-folded)."""

    channel: ChannelName
    user_id: str

    @property
    def key(self) -> str:
        """Stable text form, for locks and unique keys."""
        return f"{self.channel}:{self.user_id.casefold() if self.channel is ChannelName.WECOM else self.user_id}"


class Kind(StrEnum):
    """What sort of thing a person (or the platform) sent."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    FILE = "file"
    LOCATION = "location"
    LINK = "link"
    MENU = "menu"  # a menu item; `text` is its key
    ENTER = "enter"  # opened the chat
    TAP = "tap"  # a card's button
    EVENT = "event"  # anything the platform itself reports; `event` names it
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file that still lies with the platform."""

    ref: str  #: WeCom media_id or DingTalk downloadCode; short-lived
    file_name: str = ""
    mime: str = ""  #: or the platform's format word ("amr"); empty when unknown
    duration_ms: int | None = None
    recognition: str = ""  #: the platform's speech-to-text, when it has one


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place, in degrees, as the platform gives it (GCJ-02 in practice)."""

    latitude: float
    longitude: float
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A tapped button. Everything in it comes from the client: resolve by `card_id`, trust nothing else."""

    card_id: str  #: our id: WeCom task_id, DingTalk outTrackId
    action: str  #: `Action.name`
    params: Mapping[str, str] = field(default_factory=dict)
    text: str = ""  #: what was typed into the card's input
    response_code: str = ""  #: WeCom: allows one update of this card within 72 h


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One thing a person said or the platform reported, whichever app it came from."""

    message_id: str  #: unique in (channel, app); for events that have none, built from their contents
    channel: ChannelName
    app_id: str  #: WeCom agent id, DingTalk client id
    sender: Account  #: user_id is empty when the platform gave none
    conversation_id: str  #: group id, or the sender's user_id in a one-to-one chat
    in_group: bool = False
    kind: Kind
    text: str = ""  #: typed text, menu key, or speech recognition
    media: tuple[Media, ...] = ()
    location: Location | None = None
    tap: Tap | None = None
    event: str = (
        ""  #: lower-case name, for Kind.EVENT ("change_external_contact.add_external_contact", "user_leave_org")
    )
    fields: Mapping[str, Any] = field(default_factory=dict)  #: an event's own fields (JSON values)
    sender_name: str = ""  #: display name, for words only, never for authority
    sent_at: datetime  #: aware UTC, platform time (real, never shifted)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)  #: for the audit log only


class Style(StrEnum):
    """How a button looks."""

    PRIMARY = "primary"
    DEFAULT = "default"
    DANGER = "danger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button that comes back as `action`. Text at most 10 characters (WeCom)."""

    text: str
    action: Action
    style: Style = Style.DEFAULT
    wants_text: str = ""  #: if set, a prompt: the tap should bring typed text (else the bot asks for it)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One line of facts. Label at most 5 characters, value at most 30 on WeCom (longer goes to the body)."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Plain text; `\\n` breaks lines."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Markdown:
    """The subset both platforms show: headings, **bold**, > quote, [link](url). No tables."""

    text: str
    title: str = ""  #: what the chat list shows on DingTalk


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card, in no platform's terms. Order of display: title, subtitle, fields, body, status, buttons."""

    title: str
    subtitle: str = ""
    fields: tuple[Field, ...] = ()
    body: str = ""  #: Markdown subset; may be long
    status: str = ""  #: who decided what and when; a settled card has a status and no buttons
    buttons: tuple[Button, ...] = ()
    number: str = ""  #: the number people can type instead of tapping, shown on the card

    @property
    def settled(self) -> bool:
        return not self.buttons


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A stored file to send."""

    attachment_id: int
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A stored PNG or JPEG to send."""

    attachment_id: int
    file_name: str = "image.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardUpdate:
    """The new face of a card already sent, everywhere it hangs."""

    card_id: str
    card: Card


Content = Text | Markdown | Card | Document | Picture | CardUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """One API call towards a platform, as the outbox holds it."""

    outbox_id: int
    recipients: tuple[Account, ...]  #: all on one channel; several = one call where the platform allows it
    conversation_id: str = ""  #: a group, instead of recipients
    content: Content
    card_id: str = ""  #: our id when content is a Card: WeCom task_id / DingTalk outTrackId
    dedup_key: str = ""
    interactive: bool = False  #: an answer to something just asked (short duplicate window), not a push
    attempt: int = 1  #: 1 on the first try; above 1 the outcome of an earlier try may be unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a platform said to a send that it took."""

    platform_id: str = ""  #: WeCom msgid, DingTalk processQueryKey/carrierId
    response_code: str = ""  #: WeCom: one card update
    invalid: tuple[str, ...] = ()  #: user ids that will never get it
    throttled: tuple[str, ...] = ()  #: user ids to try again later
    note: str = ""
