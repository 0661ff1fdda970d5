"""Values of bot.messages as JSON for the inbox and outbox, and back."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import orjson

from bot.actions import StoredAction
from bot.messages import (
    Account,
    Button,
    Card,
    CardUpdate,
    ChannelName,
    Content,
    Document,
    Field,
    InboundMessage,
    Kind,
    Location,
    Markdown,
    Media,
    Picture,
    Style,
    Tap,
    Text,
)

Json = dict[str, Any]
_NUL = re.compile(
    rb"(?<!\\)((?:\\\\)*)\\u0000"
)  # the escape itself, not a backslash that somebody typed before "u0000"


def for_jsonb(value: object) -> bytes:
    """JSON as PostgreSQL's jsonb takes it: without NUL characters."""
    data = orjson.dumps(value, default=str)
    return _NUL.sub(rb"\1", data) if b"\\u0000" in data else data


def inbound_to_json(message: InboundMessage) -> Json:
    """Everything but what the inbox row's own columns hold; empty parts are left out."""
    out: Json = {
        "sender": message.sender.user_id,
        "conversation": message.conversation_id,
        "kind": message.kind.value,
        "sent_at": message.sent_at.isoformat(),
    }
    if message.in_group:
        out["in_group"] = True
    if message.text:
        out["text"] = message.text
    if message.media:
        out["media"] = [
            {"ref": m.ref, "name": m.file_name, "mime": m.mime, "ms": m.duration_ms, "heard": m.recognition}
            for m in message.media
        ]
    if (place := message.location) is not None:
        out["location"] = [place.latitude, place.longitude, place.label]
    if (tap := message.tap) is not None:
        out["tap"] = {
            "card": tap.card_id,
            "action": tap.action,
            "params": dict(tap.params),
            "text": tap.text,
            "code": tap.response_code,
        }
    if message.event:
        out["event"] = message.event
    if message.fields:
        out["fields"] = dict(message.fields)
    if message.sender_name:
        out["sender_name"] = message.sender_name
    if message.raw:
        out["raw"] = dict(message.raw)
    return out


def inbound_from_json(channel: str, app_id: str, message_id: str, data: Json) -> InboundMessage:
    name = ChannelName(channel)
    tap = data.get("tap")
    place = data.get("location")
    return InboundMessage(
        message_id=message_id,
        channel=name,
        app_id=app_id,
        sender=Account(name, data["sender"]),
        conversation_id=data["conversation"],
        in_group=data.get("in_group", False),
        kind=Kind(data["kind"]),
        text=data.get("text", ""),
        media=tuple(
            Media(ref=m["ref"], file_name=m["name"], mime=m["mime"], duration_ms=m["ms"], recognition=m["heard"])
            for m in data.get("media", ())
        ),
        location=Location(latitude=place[0], longitude=place[1], label=place[2]) if place else None,
        tap=Tap(
            card_id=tap["card"],
            action=tap["action"],
            params=tap["params"],
            text=tap["text"],
            response_code=tap["code"],
        )
        if tap
        else None,
        event=data.get("event", ""),
        fields=data.get("fields", {}),
        sender_name=data.get("sender_name", ""),
        sent_at=datetime.fromisoformat(data["sent_at"]),
        raw=data.get("raw", {}),
    )


def card_to_json(card: Card) -> Json:
    return {
        "title": card.title,
        "subtitle": card.subtitle,
        "fields": [[field.label, field.value] for field in card.fields],
        "body": card.body,
        "status": card.status,
        "number": card.number,
        "buttons": [
            {
                "text": button.text,
                "action": button.action.name,
                "params": button.action.params(),
                "style": button.style.value,
                "wants_text": button.wants_text,
            }
            for button in card.buttons
        ],
    }


def card_from_json(data: Json) -> Card:
    return Card(
        title=data["title"],
        subtitle=data["subtitle"],
        fields=tuple(Field(label=label, value=value) for label, value in data["fields"]),
        body=data["body"],
        status=data["status"],
        number=data["number"],
        buttons=tuple(
            Button(
                text=item["text"],
                action=StoredAction(item["action"], item["params"]),
                style=Style(item["style"]),
                wants_text=item["wants_text"],
            )
            for item in data["buttons"]
        ),
    )


def content_to_json(content: Content) -> Json:
    match content:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Markdown(text=text, title=title):
            return {"type": "markdown", "text": text, "title": title}
        case Document(attachment_id=attachment_id, file_name=file_name):
            return {"type": "document", "attachment_id": attachment_id, "file_name": file_name}
        case Picture(attachment_id=attachment_id, file_name=file_name):
            return {"type": "picture", "attachment_id": attachment_id, "file_name": file_name}
        case CardUpdate(card_id=card_id, card=card):
            return {"type": "card_update", "card_id": card_id, "card": card_to_json(card)}
        case Card():
            return {"type": "card", "card": card_to_json(content)}


def content_from_json(data: Json) -> Content:
    match data["type"]:
        case "text":
            return Text(text=data["text"])
        case "markdown":
            return Markdown(text=data["text"], title=data["title"])
        case "document":
            return Document(attachment_id=data["attachment_id"], file_name=data["file_name"])
        case "picture":
            return Picture(attachment_id=data["attachment_id"], file_name=data["file_name"])
        case "card_update":
            return CardUpdate(card_id=data["card_id"], card=card_from_json(data["card"]))
        case _:
            return card_from_json(data["card"])
