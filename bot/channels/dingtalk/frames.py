"""Frames of the Stream protocol: what the gateway pushes and what we answer (protocols/dingtalk.md 2.3-2.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bot.errors import BadInput

SYSTEM, EVENT, CALLBACK = "SYSTEM", "EVENT", "CALLBACK"
ROBOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"
PING, DISCONNECT = "ping", "disconnect"
IGNORED_SYSTEM_TOPICS = frozenset({"CONNECTED", "REGISTERED", "KEEPALIVE"})
SUBSCRIPTIONS: tuple[Mapping[str, str], ...] = (
    {"type": EVENT, "topic": "*"},
    {"type": CALLBACK, "topic": ROBOT_TOPIC},
    {"type": CALLBACK, "topic": CARD_TOPIC},
)

OK, BAD_DATA, NO_SUCH_TOPIC, FAILED = 200, 400, 404, 500
_WORDS = {OK: "OK", BAD_DATA: "undecodable data", NO_SUCH_TOPIC: "topic not handled", FAILED: "internal error"}


@dataclass(frozen=True, slots=True)
class Frame:
    """One push. `data` is still the JSON text inside the frame; header values may be strings or numbers."""

    type: str
    headers: Mapping[str, Any]
    data: Any

    @property
    def topic(self) -> str:
        return str(self.headers.get("topic") or "")

    @property
    def message_id(self) -> str:
        return str(self.headers.get("messageId") or "")

    def payload(self) -> dict[str, Any]:
        """The business fields, decoded a second time; an EVENT without data has none.

        Raises:
            BadInput: not a JSON object.
        """
        data = self.data
        if isinstance(data, str) and data.strip():
            try:
                data = loads(data)
            except ValueError as error:
                raise BadInput("data of the frame is not JSON") from error
        if data in (None, "") and self.type != CALLBACK:
            return {}
        if not isinstance(data, dict):
            raise BadInput("data of the frame is not a JSON object")
        return data


def loads(text: str | bytes) -> Any:
    """JSON as phones write it: half an emoji or a bare line break in a string costs that character, not the message.

    Raises:
        ValueError: not JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            lenient = json.loads(text, strict=False)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        return orjson.loads(json.dumps(lenient, ensure_ascii=False).encode("utf-8", "replace"))


def json_object(body: bytes) -> dict[str, Any]:
    """Raises BadInput for anything that is not a JSON object."""
    try:
        data = loads(body)
    except ValueError as error:
        raise BadInput("not JSON") from error
    if not isinstance(data, dict):
        raise BadInput("not a JSON object")
    return data


def decode(raw: str | bytes) -> Frame | None:
    """A frame, or None for what is not one (nothing to answer: it has no messageId)."""
    try:
        whole = loads(raw)
    except ValueError:
        return None
    if not isinstance(whole, dict):
        return None
    headers = whole.get("headers") or whole.get("header")  # an official sample has the second spelling
    return Frame(str(whole.get("type") or "").upper(), headers if isinstance(headers, dict) else {}, whole.get("data"))


def ack(frame: Frame, code: int, data: Mapping[str, Any], *, message: str = "") -> str:
    """The answer frame; `data` travels as JSON text."""
    return orjson.dumps(
        {
            "code": code,
            "headers": {"messageId": frame.message_id, "contentType": "application/json"},
            "message": message or _WORDS[code],
            "data": orjson.dumps(data).decode(),
        }
    ).decode()


def ack_taken(frame: Frame, card_response: Mapping[str, Any] | None = None) -> str:
    """It is stored: EVENT says SUCCESS, callbacks wrap their response."""
    if frame.type == EVENT:
        return ack(frame, OK, {"status": "SUCCESS", "message": "success"})
    if frame.topic == CARD_TOPIC:
        return ack(frame, OK, {"response": card_response or {}})
    return ack(frame, OK, {"response": None})


def ack_later(frame: Frame) -> str:
    """The store did not answer in time: have it pushed again. A late insert is harmless, the inbox is unique."""
    if frame.type == EVENT:
        return ack(frame, OK, {"status": "LATER", "message": "store busy"})
    return ack_refused(frame, FAILED)


def ack_refused(frame: Frame, code: int) -> str:
    """400, 404 or 500. A callback still carries an (empty) response, so that a client waiting for one is released."""
    return ack(frame, code, {"response": {}} if frame.topic == CARD_TOPIC else {})


def answer_system(frame: Frame) -> str | None:
    """Pings are echoed, known greetings acknowledged; `disconnect` needs no answer (2.5)."""
    if frame.topic == PING:
        try:
            return ack(frame, OK, frame.payload())
        except BadInput:
            return ack(frame, OK, {"opaque": str(frame.data)})
    if frame.topic == DISCONNECT:
        return None
    return ack(frame, OK, {}) if frame.topic.upper() in IGNORED_SYSTEM_TOPICS else ack_refused(frame, NO_SUCH_TOPIC)
