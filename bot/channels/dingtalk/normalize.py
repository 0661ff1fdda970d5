"""DingTalk payloads -> InboundMessage (protocols/dingtalk.md 2.3, 4, 6.6, 8.5). Pure; for Stream and HTTP mode alike.

Every field but `msgId` is optional, and nothing here raises on a field of the wrong type: the vendor's samples disagree
about strings and numbers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from bot.channels.dingtalk.frames import loads
from bot.errors import BadInput
from bot.messages import Account, ChannelName, InboundMessage, Kind, Media, Tap

PUSH_QUOTA_EXHAUSTED = "push_quota_exhausted"
CORPORATE_EVENTS = re.compile(
    r"^(user|org|dept|org_dept|label)_"
)  # contact and organisation: exempt from the push quota
_QUOTA_CODE = "20001"
_BLANKS = str.maketrans({"\u2005": " ", "\u00a0": " ", "\u3000": " ", "\u200b": None, "\ufeff": None})
_MENTION = re.compile(r"^@\S+\s*")
_OFFICIAL_WEBHOOK_HOST = "oapi.dingtalk.com"


class Secret(str):
    """A string that must not show in a log or a traceback; it is stored and sent like any other."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


# -- robot messages --
def robot_message(
    data: Mapping[str, Any], *, app_id: str, received_at: datetime, oapi_base: str = "https://oapi.dingtalk.com"
) -> InboundMessage:
    """A message to the robot.

    Args:
        received_at: aware; stands in for a missing `createAt`.
        oapi_base: the configured old host; a sessionWebhook anywhere else is dropped (3.1).
    Raises:
        BadInput: no msgId, so nothing to recognise a second delivery by.
    """
    if not (message_id := _text(data.get("msgId"))):
        raise BadInput("robot message without msgId")
    in_group = _text(data.get("conversationType")) == "2"
    sender = _insider(data)
    kind, text, media, extra = _content(data, in_group=in_group)
    exhausted = _QUOTA_CODE in (_text(data.get("errorCode")), _text(data.get("errCode")))
    return InboundMessage(
        message_id=message_id,
        channel=ChannelName.DINGTALK,
        app_id=app_id,
        sender=Account(ChannelName.DINGTALK, sender),
        conversation_id=_text(data.get("conversationId")) if in_group else sender,
        in_group=in_group,
        kind=Kind.EVENT if exhausted else kind,
        event=PUSH_QUOTA_EXHAUSTED if exhausted else "",
        text="" if exhausted else text,
        media=() if exhausted else media,
        fields={**_surroundings(data, oapi_base), **extra},
        sender_name=_text(data.get("senderNick")),
        sent_at=_moment(data.get("createAt"), received_at),
        raw={key: value for key, value in data.items() if key != "sessionWebhook"},
    )


def _insider(data: Mapping[str, Any]) -> str:
    """The userId, or "" for people outside the corp: another corp's staffId could be spelled like one of ours."""
    theirs, ours = _text(data.get("senderCorpId")), _text(data.get("chatbotCorpId"))
    return "" if theirs and ours and theirs != ours else _text(data.get("senderStaffId"))


def _surroundings(data: Mapping[str, Any], oapi_base: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if title := _text(data.get("conversationTitle")):
        fields["conversation_title"] = title
    mentioned = [_text(user.get("staffId")) for user in _objects(data.get("atUsers"))]
    if any(mentioned):
        fields["mentioned"] = [user_id for user_id in mentioned if user_id]
    webhook = _text(data.get("sessionWebhook"))
    if webhook and _is_ours(webhook, oapi_base):
        fields["session_webhook"] = Secret(webhook)
        fields["session_webhook_expires_ms"] = _whole(data.get("sessionWebhookExpiredTime")) or 0
    return fields


def _is_ours(webhook: str, oapi_base: str) -> bool:
    try:
        address, base = urlsplit(webhook), urlsplit(oapi_base)
    except ValueError:
        return False
    if address.scheme == "https" and address.netloc == _OFFICIAL_WEBHOOK_HOST:
        return True
    return bool(base.netloc) and (address.scheme, address.netloc) == (base.scheme, base.netloc)


def _content(data: Mapping[str, Any], *, in_group: bool) -> tuple[Kind, str, tuple[Media, ...], dict[str, Any]]:
    word = _text(data.get("msgtype"))
    content = _object(data.get("content"))
    match word:
        case "text":
            body = _object(data.get("text")) or {"content": data.get("text")}
            quoted = _object(body.get("repliedMsg")).get("msgId") or data.get("originalMsgId")
            return Kind.TEXT, _clean(body.get("content"), in_group), (), {"quoted": _text(quoted)} if quoted else {}
        case "richText":
            return _rich_text(content, in_group)
        case "picture":
            return Kind.IMAGE, "", _media(content), {}
        case "audio":
            heard = _clean(content.get("recognition"), False)
            return Kind.VOICE, heard, _media(content, recognition=heard), {}
        case "video":
            return Kind.VIDEO, "", _media(content, mime=_text(content.get("videoType"))), {}
        case "file":
            name = _text(content.get("fileName"))
            return Kind.FILE, "", _media(content, file_name=name), {}
        case _:
            unknown = _text(content.get("unknownMsgType")) or word
            return Kind.UNSUPPORTED, "", (), {"msgtype": unknown}


def _rich_text(content: Mapping[str, Any], in_group: bool) -> tuple[Kind, str, tuple[Media, ...], dict[str, Any]]:
    parts = _objects(content.get("richText"))
    words = [part["text"] for part in parts if isinstance(part.get("text"), str) and part.get("type") != "at"]
    text = _clean("".join(words), in_group)
    pictures = tuple(media for part in parts for media in _media(part))
    return (Kind.TEXT if text or not pictures else Kind.IMAGE), text, pictures, {}


def _media(
    content: Mapping[str, Any], *, file_name: str = "", mime: str = "", recognition: str = ""
) -> tuple[Media, ...]:
    ref = _text(content.get("downloadCode")) or _text(content.get("pictureDownloadCode"))
    if not ref:
        return ()
    duration = _whole(content.get("duration"))
    return (Media(ref=ref, file_name=file_name, mime=mime, duration_ms=duration, recognition=recognition),)


def _clean(value: Any, in_group: bool) -> str:
    """Without odd blanks, and in a group without the leading mention of the robot that the platform may leave."""
    text = (value if isinstance(value, str) else "").translate(_BLANKS).strip()
    return _MENTION.sub("", text, count=1).strip() if in_group else text


# -- taps on cards --
def card_tap(
    data: Mapping[str, Any], *, app_id: str, push_id: str, received_at: datetime, corp_id: str = ""
) -> InboundMessage:
    """A tapped button.

    `message_id` is made of the tap and of `push_id` (the frame's messageId; in HTTP mode the signed timestamp): a
    second delivery of one push is one message, a second tap is another. Time buckets would split a double tap at their
    edges and swallow a deliberate second tap inside them. Impatient double taps are `DoubleTaps`' business, and a
    decision happens once whatever arrives, because handlers resolve the card's state.

    Args:
        push_id: of this push, see above.
        corp_id: ours, if configured; somebody of another corp is a sender without user_id (6.6).
    Raises:
        BadInput: no card or no action, or a callback that is no tap.
    """
    if _text(data.get("type")) not in ("", "actionCallback"):
        raise BadInput("card callback of an unknown type")
    content = _object(data.get("content")) or _object(data.get("value"))  # older pages: `value` (6.6)
    private = _object(content.get("cardPrivateData"))
    actions = private.get("actionIds") or content.get("actionIds")
    places = (_object(data.get("params")), _object(content.get("params")), _object(private.get("params")))
    returned = {key: value for where in places for key, value in where.items()}
    params = {key: _param(value) for key, value in returned.items()}
    action = _text(actions[0]) if isinstance(actions, list) and actions else ""
    card_id = _text(data.get("outTrackId"))
    if not card_id or not action:
        raise BadInput("card callback without outTrackId or action")
    by_union_id = _text(data.get("userIdType")) == "2"
    corp, user = _text(data.get("corpId")), _text(data.get("userId"))
    foreign = bool(corp_id and corp and corp != corp_id)
    sender = Account(ChannelName.DINGTALK, "" if by_union_id or foreign else user)
    tap = Tap(card_id=card_id, action=action, params=params, text=_typed(returned))
    group = _group_of(data)
    return InboundMessage(
        message_id=f"card:{tap_key(sender, tap)}:{push_id}",
        channel=ChannelName.DINGTALK,
        app_id=app_id,
        sender=sender,
        conversation_id=group or sender.user_id,
        in_group=bool(group),
        kind=Kind.TAP,
        tap=tap,
        fields={"corp_id": corp, **({"union_id": user} if by_union_id else {})},
        sent_at=received_at,
        raw=dict(data),
    )


def tap_key(sender: Account, tap: Tap) -> str:
    """The same for the same person tapping the same button of the same card with the same input."""
    what = [tap.card_id, sender.user_id, tap.action, sorted(tap.params.items())]
    return hashlib.sha256(orjson.dumps(what)).hexdigest()[:32]


def _group_of(data: Mapping[str, Any]) -> str:
    if _text(data.get("spaceType")).upper() != "IM_GROUP":
        return ""
    return re.sub(r"^.*//im_group\.", "", _text(data.get("spaceId")), flags=re.IGNORECASE)


def _typed(returned: Mapping[str, Any]) -> str:
    """What stands in the card's input: `params.text`, or the field `text` of a form component (seen in use)."""
    value = returned.get("text") or _object(returned.get("form")).get("text")
    return _text(value.get("value") if isinstance(value, dict) else value)


def _param(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


# -- events --
def event(data: Mapping[str, Any], headers: Mapping[str, Any], *, app_id: str, received_at: datetime) -> InboundMessage:
    """A platform event; its own fields are in `data`, what it is and when in the frame's headers (2.3).

    Events carry no sender that could be trusted to have asked us anything, so `sender.user_id` is empty.
    """
    name = (_text(headers.get("eventType")) or _text(data.get("EventType")) or _text(headers.get("topic"))).lower()
    born = headers.get("eventBornTime") or data.get("EventTime") or data.get("timeStamp") or headers.get("time")
    event_id = _text(headers.get("eventId")) or _text(data.get("eventId"))
    if not event_id:  # old ones have none (3.2)
        what = orjson.dumps([name, _text(headers.get("eventBornTime")), dict(data)], option=orjson.OPT_SORT_KEYS)
        event_id = hashlib.sha256(what).hexdigest()
    return InboundMessage(
        message_id=event_id,
        channel=ChannelName.DINGTALK,
        app_id=app_id,
        sender=Account(ChannelName.DINGTALK, ""),
        conversation_id="",
        kind=Kind.EVENT,
        event=name,
        fields=dict(data),
        sent_at=_moment(born, received_at),
        raw={**{key: value for key, value in headers.items() if key.startswith("event")}, **data},
    )


def counts_as_push(message: InboundMessage) -> bool:
    """Contact and organisation events are exempt from the monthly push quota (10.1)."""
    return not (message.kind is Kind.EVENT and CORPORATE_EVENTS.match(message.event))


# -- lenient readings --
def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return str(value).strip()


def _whole(value: Any) -> int | None:
    try:
        return int(float(value)) if not isinstance(value, bool) else None
    except (TypeError, ValueError, OverflowError):
        return None


def _moment(value: Any, otherwise: datetime) -> datetime:
    """Unix milliseconds, number or text."""
    if (number := _whole(value)) is None or number <= 0:
        return otherwise
    try:
        return datetime.fromtimestamp(number / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return otherwise


def _object(value: Any) -> Mapping[str, Any]:
    """An object, or the object inside a JSON string."""
    if isinstance(value, str):
        try:
            value = loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> Iterable[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
