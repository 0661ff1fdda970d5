"""HTTP mode: `/dingtalk/robot`, `/dingtalk/callback`, `/dingtalk/card` (protocols/dingtalk.md 3, 6.6-6.8). Bare ASGI.

The answer goes out after `accept` has committed and before any work; what is not stored in time gets a 500, so that the
platform posts it again. Signatures of robot messages and taps do not cover the body: whoever holds a captured pair of
headers can say anything for an hour. So these addresses belong behind TLS, and a body that came before changes nothing.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson
import structlog

from bot.channels.asgi import MAX_BODY_BYTES, Receive, Scope, Send, answer, query_values, read_body
from bot.channels.base import Accept, Quota
from bot.channels.dingtalk import normalize
from bot.channels.dingtalk.crypto import EventCrypto, card_sign, robot_sign, same
from bot.channels.dingtalk.events import CHECK_URL, http_event
from bot.channels.dingtalk.frames import json_object
from bot.channels.dingtalk.quota import PushCounter
from bot.channels.dingtalk.storing import Storing
from bot.channels.dingtalk.taps import DoubleTaps
from bot.clock import Clock
from bot.errors import BadInput, ForgedCallback
from bot.messages import InboundMessage
from bot.metrics import ACK_SECONDS, CALLBACKS
from bot.settings import DingTalkSettings

ROBOT_PATH, EVENT_PATH, CARD_PATH = "/dingtalk/robot", "/dingtalk/callback", "/dingtalk/card"
PATHS = (ROBOT_PATH, EVENT_PATH, CARD_PATH)
MAX_AGE_MS = 3_600_000  # of a robot message's or tap's signature, both ways (3.1)
_JSON = [(b"content-type", b"application/json; charset=utf-8")]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTiming:
    """Seconds. The platform waits 2.5 s for the answer to an event and 2 s for one to a tap (2.7)."""

    store_within: float = 2.2  #: robot messages and events
    store_tap_within: float = 1.7
    drain_within: float = 5.0


@dataclass(frozen=True, slots=True)
class Received:
    """A genuine callback: what to store (nothing for the console's URL check) and what to answer then."""

    message: InboundMessage | None
    body: bytes = b""


class Receiver:
    """All trust in one place: bytes from anybody in; a message out, or ForgedCallback, or BadInput if it is genuine."""

    def __init__(
        self, settings: DingTalkSettings, *, real_now: Callable[[], datetime], urandom: Callable[[int], bytes]
    ) -> None:
        self._settings = settings
        self._secret = settings.client_secret.get_secret_value()
        self._card_secret = settings.card_secret.get_secret_value()
        self._crypto = EventCrypto(
            settings.token.get_secret_value(), settings.aes_key.get_secret_value(), settings.client_id, urandom=urandom
        )
        self._double_taps = DoubleTaps(time.monotonic)
        self._real_now = real_now

    def robot(self, scope: Scope, body: bytes) -> Received:
        """A robot message; the empty answer says nothing in the chat, replies go by the API."""
        timestamp, now = _header(scope, b"timestamp"), self._real_now()
        if not same(robot_sign(timestamp, self._secret), _header(scope, b"sign")):
            raise ForgedCallback("signature")
        _check_age(timestamp, now)
        data = json_object(body)
        settings = self._settings
        return Received(
            normalize.robot_message(data, app_id=settings.client_id, received_at=now, oapi_base=settings.oapi_base)
        )

    def event(self, scope: Scope, body: bytes) -> Received:
        """An encrypted event. The page names no limit of its age; a replay is known by its id and changes nothing."""
        query = query_values(scope["query_string"])
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        message = self._crypto.open(
            signature=query.get("msg_signature") or query.get("signature", ""),
            timestamp=timestamp,
            nonce=nonce,
            encrypt=_encrypted(body),
        )
        event = http_event(message, app_id=self._settings.client_id, received_at=self._real_now())
        success = orjson.dumps(self._crypto.success(timestamp=timestamp, nonce=nonce))
        return Received(None if event.event == CHECK_URL else event, success)

    def card(self, scope: Scope, body: bytes) -> Received:
        """A tap; `{}` leaves the card as it is until it is updated."""
        timestamp, now = _header(scope, b"x-ddpaas-signature-timestamp"), self._real_now()
        if not self._card_secret:  # anybody can sign with an empty key
            raise ForgedCallback("no card_secret")
        if not same(card_sign(timestamp, self._card_secret), _header(scope, b"x-ddpaas-signature")):
            raise ForgedCallback("signature")
        _check_age(timestamp, now)
        tap = normalize.card_tap(
            json_object(body),
            app_id=self._settings.client_id,
            push_id=timestamp,
            received_at=now,
            corp_id=self._settings.corp_id,
        )
        return Received(self._double_taps.same_id(tap), b"{}")


class DingTalkCallbacks:
    """The ASGI app for `PATHS`. `close()` after the last request: it waits for what is still being stored."""

    def __init__(
        self,
        settings: DingTalkSettings,
        accept: Accept,
        *,
        quota: Quota | None = None,
        timing: HttpTiming | None = None,
        real_now: Callable[[], datetime] = Clock.real_now,
        urandom: Callable[[int], bytes] = os.urandom,
    ) -> None:
        receiver = Receiver(settings, real_now=real_now, urandom=urandom)
        self._timing = timing or HttpTiming()
        self._routes = {
            ROBOT_PATH: (receiver.robot, self._timing.store_within),
            EVENT_PATH: (receiver.event, self._timing.store_within),
            CARD_PATH: (receiver.card, self._timing.store_tap_within),
        }
        self._storing = Storing(accept, self._count)
        self._pushes = PushCounter(settings, quota) if quota is not None else None
        self._ack_seconds = ACK_SECONDS.labels("dingtalk")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] not in self._routes:
            await answer(send, 404)
        elif scope["method"] != "POST":
            await answer(send, 405, headers=[(b"allow", b"POST")])
        else:
            await self._posted(scope, receive, send)

    async def close(self) -> None:
        """Let late inserts and the count of pushes finish."""
        if work := self._storing.under_way:
            await asyncio.wait(set(work), timeout=self._timing.drain_within)
        if self._pushes is not None:
            await self._pushes.flush()

    async def _posted(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        body = await read_body(receive)
        if body is None:
            return
        if len(body) > MAX_BODY_BYTES:
            await answer(send, 413, headers=[(b"connection", b"close")])
            return
        read, within = self._routes[scope["path"]]
        try:
            received = read(scope, body)
        except (ForgedCallback, BadInput) as error:
            self._count("refused")
            log.warning("callback refused", channel="dingtalk", path=scope["path"], reason=str(error))
            await answer(send, 403 if isinstance(error, ForgedCallback) else 400)
            return
        if received.message is not None and not await self._stored(received.message, within):
            await answer(send, 500)
        else:
            await answer(send, 200, received.body, headers=_JSON if received.body else None)
        self._ack_seconds.observe(time.perf_counter() - began)

    async def _stored(self, message: InboundMessage, within: float) -> bool:
        if self._pushes is not None and normalize.counts_as_push(message):
            self._pushes.add()
        try:
            await self._storing.store(message, within=within)
        except Exception as error:  # noqa: BLE001 - late or failed, whatever it was: the platform must send it again
            self._count("put_off")
            log.error("dingtalk.http.not_stored", message_id=message.message_id, error=type(error).__name__)
            return False
        return True

    @staticmethod
    def _count(outcome: str) -> None:
        CALLBACKS.labels("dingtalk", outcome).inc()


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), "")


def _check_age(timestamp: str, now: datetime) -> None:
    """It is signed, so it is what the platform wrote; its clock or ours may still be wrong, or it is a replay."""
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise ForgedCallback("timestamp is not a number")
    if abs(now.timestamp() * 1000 - int(timestamp)) > MAX_AGE_MS:
        raise ForgedCallback("an hour off")


def _encrypted(body: bytes) -> str:
    try:
        encrypted = json_object(body).get("encrypt")
    except BadInput as error:  # nothing here that could be signed
        raise ForgedCallback(str(error)) from error
    if not isinstance(encrypted, str):
        raise ForgedCallback("no encrypt")
    return encrypted
