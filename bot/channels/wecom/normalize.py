"""Decrypted XML -> InboundMessage (protocols/wecom.md 2). Pure, and lenient about what it does not know."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from bot.actions import unpack
from bot.channels.wecom.xml import Node, child, children, parse_xml, text_of
from bot.messages import Account, ChannelName, InboundMessage, Kind, Location, Media, Tap

CARD_ID_MARK = "@"  # `card@12-1` hangs in place of `card`: see render.task_id
_KINDS = {
    "text": Kind.TEXT,
    "image": Kind.IMAGE,
    "voice": Kind.VOICE,
    "video": Kind.VIDEO,
    "location": Kind.LOCATION,
    "link": Kind.LINK,
}
_MENU_EVENTS = frozenset(
    {
        "click",
        "view",
        "view_miniprogram",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    }
)
_TAP_EVENTS = frozenset({"template_card_event", "template_card_menu_event"})
_COMMON = frozenset({"ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "AgentID", "Event"})
_ONE_TIME_CODES = frozenset({"ResponseCode", "WelcomeCode"})  # whoever has them may act once: not for the audit log


def normalize(xml: bytes, *, app_id: str, received_at: datetime) -> InboundMessage:
    """What the platform posted, as our value.

    Args:
        received_at: aware UTC; stands in for a CreateTime that cannot be read.

    Raises:
        ForgedCallback: not XML. Anything else that is odd becomes Kind.UNSUPPORTED or Kind.EVENT.
    """
    node = parse_xml(xml)
    kind = text_of(node, "MsgType").lower()
    sent_at = _time(text_of(node, "CreateTime"), received_at)
    return _event(node, app_id, sent_at) if kind == "event" else _said(node, kind, app_id, sent_at)


def event_id(node: Node) -> str:
    """A stable id for what has none of its own: the digest of all its elements.

    A retry repeats the elements, so it gets the same id; different events of one second differ in some element
    (EventKey, ResponseCode, SpStatus, UserID, ...), so they never swallow one another. Protocols/wecom.md 1.6.
    """
    return "event:" + hashlib.sha256(orjson.dumps(node, option=orjson.OPT_SORT_KEYS)).hexdigest()[:40]


def _said(node: Node, msg_type: str, app_id: str, sent_at: datetime) -> InboundMessage:
    """An ordinary message of a member."""
    user = text_of(node, "FromUserName")
    kind = _KINDS.get(msg_type, Kind.UNSUPPORTED)
    text = ""
    if kind is Kind.TEXT:
        text = text_of(node, "Content")
    elif kind is Kind.LINK:
        text = text_of(node, "Title")
    return InboundMessage(
        message_id=text_of(node, "MsgId").strip() or event_id(node),
        channel=ChannelName.WECOM,
        app_id=app_id,
        sender=Account(ChannelName.WECOM, user),
        conversation_id=user,
        kind=kind,
        text=text,
        media=_media(node) if kind in (Kind.IMAGE, Kind.VOICE, Kind.VIDEO) else (),
        location=_location(node, "Location_X", "Location_Y") if kind is Kind.LOCATION else None,
        fields={} if kind is Kind.TEXT else _fields(node),
        sent_at=sent_at,
        raw=node,
    )


def _event(node: Node, app_id: str, sent_at: datetime) -> InboundMessage:
    user = text_of(node, "FromUserName")
    if user == "sys":  # the platform itself; no member is called that
        user = ""
    event = text_of(node, "Event").lower()
    kind, text, tap, location = Kind.EVENT, "", None, None
    fields = _fields(node)
    if event in _TAP_EVENTS:
        kind, tap = Kind.TAP, _tap(node)
        fields["selected_items"] = [
            {"question_key": key, "option_ids": list(ids)} for key, ids in _selected(node).items()
        ]
    elif event in _MENU_EVENTS:
        kind, text = Kind.MENU, text_of(node, "EventKey")
        if event == "location_select":
            location = _location(child(node, "SendLocationInfo"), "Location_X", "Location_Y")
    elif event == "enter_agent":
        kind = Kind.ENTER
    elif event == "location":
        location = _location(node, "Latitude", "Longitude")
    elif change := text_of(node, "ChangeType"):
        event = f"{event}.{change.lower()}"
    return InboundMessage(
        message_id=event_id(node),
        channel=ChannelName.WECOM,
        app_id=app_id,
        sender=Account(ChannelName.WECOM, user),
        conversation_id=user,
        kind=kind,
        text=text,
        tap=tap,
        location=location,
        event=event,
        fields=fields,
        sent_at=sent_at,
        raw={name: value for name, value in node.items() if name not in _ONE_TIME_CODES},
    )


def _tap(node: Node) -> Tap:
    """EventKey is what our button carried; what was chosen beside it joins the params, several ids with commas."""
    action, params = unpack(text_of(node, "EventKey"))
    for question, ids in _selected(node).items():
        params.setdefault(question, ",".join(ids))
    return Tap(
        card_id=text_of(node, "TaskId").partition(CARD_ID_MARK)[0],
        action=action,
        params=params,
        response_code=text_of(node, "ResponseCode"),
    )


def _selected(node: Node) -> dict[str, list[str]]:
    """Option ids by question; SelectedItem and OptionId both repeat."""
    chosen: dict[str, list[str]] = {}
    for item in children(child(node, "SelectedItems"), "SelectedItem"):
        if isinstance(item, dict) and (question := text_of(item, "QuestionKey")):
            ids = children(child(item, "OptionIds"), "OptionId")
            chosen[question] = [option for option in ids if isinstance(option, str)]
    return chosen


def _media(node: Node) -> tuple[Media, ...]:
    if not (ref := text_of(node, "MediaId")):
        return ()
    return (Media(ref=ref, mime=text_of(node, "Format"), recognition=text_of(node, "Recognition")),)


def _location(node: Node, latitude: str, longitude: str) -> Location | None:
    """Location_X is the latitude (2.1). None when it is not a place on this planet."""
    try:
        x, y = float(text_of(node, latitude)), float(text_of(node, longitude))
    except ValueError:
        return None
    if not (-90 <= x <= 90 and -180 <= y <= 180):
        return None
    return Location(latitude=x, longitude=y, label=text_of(node, "Label") or text_of(node, "Poiname"))


def _fields(node: Node) -> dict[str, Any]:
    """Everything that is not on every callback, under the platform's own names."""
    return {name: value for name, value in node.items() if name not in _COMMON and name != "ResponseCode"}


def _time(seconds: str, otherwise: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise
