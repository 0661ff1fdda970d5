"""`/wecom/callback`: verify, decrypt, normalize, store, answer (protocols/wecom.md 1). Bare ASGI, no framework.

The answer goes out after `accept` has committed and before any work: the platform waits 5 s, then posts again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from bot.channels.asgi import MAX_BODY_BYTES, Receive, Scope, Send, answer, query_values, read_body
from bot.channels.base import Accept
from bot.channels.wecom.crypto import KeySet
from bot.channels.wecom.normalize import normalize
from bot.channels.wecom.xml import parse_xml, text_of
from bot.errors import ForgedCallback, SettingsError
from bot.messages import InboundMessage
from bot.metrics import ACK_SECONDS, CALLBACKS
from bot.settings import WeComSettings

PATH = "/wecom/callback"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Query:
    """The signed part of the URL, percent-decoded exactly once; numbers stay text, they are signed as text."""

    msg_signature: str = ""
    timestamp: str = ""
    nonce: str = ""
    echostr: str = ""

    @classmethod
    def parse(cls, query: bytes) -> Query:
        return cls(**{name: value for name, value in query_values(query).items() if name in cls.__slots__})


class Receiver:
    """Both directions of trust in one place: bytes from anybody in, an InboundMessage or ForgedCallback out."""

    def __init__(self, settings: WeComSettings, *, now: Callable[[], float] = time.time) -> None:
        pairs = [(settings.token, settings.encoding_aes_key)]
        if settings.token_previous.get_secret_value():
            pairs.append((settings.token_previous, settings.encoding_aes_key_previous))
        try:
            self._keys = [
                KeySet(token.get_secret_value(), key.get_secret_value(), settings.corp_id) for token, key in pairs
            ]
        except ValueError as error:
            raise SettingsError([f"wecom.token, wecom.encoding_aes_key: {error}"]) from error
        self._app_id = str(settings.agent_id)
        self._max_age = settings.max_callback_age_seconds
        self._now = now

    def verify(self, query: Query) -> bytes:
        """The answer to the platform's URL check: the decrypted echostr, byte for byte."""
        return self._open(query, query.echostr)

    def read(self, query: Query, body: bytes) -> InboundMessage:
        """One posted callback.

        Raises:
            ForgedCallback: not the platform's, not for us, or older than `max_callback_age_seconds`.
        """
        if b"<!DOCTYPE" in body:  # before the signature is known the parser sees nothing that could expand
            raise ForgedCallback("XML with a DTD")
        encrypted = text_of(parse_xml(body), "Encrypt").strip()
        xml = self._open(query, encrypted)
        now = self._now()
        if self._max_age:
            self._check_age(query.timestamp, now)
        return normalize(xml, app_id=self._app_id, received_at=datetime.fromtimestamp(now, UTC))

    def _open(self, query: Query, encrypted: str) -> bytes:
        """With whichever key set signed it: two are good while the keys are being changed.

        The sets may share the token and differ in the key, so a failure to decrypt goes on to the next.
        """
        failure = ForgedCallback("signature")
        for keys in self._keys:
            if not keys.signed(query.msg_signature, query.timestamp, query.nonce, encrypted):
                continue
            try:
                return keys.open(encrypted)
            except ForgedCallback as error:
                failure = error
        raise failure

    def _check_age(self, timestamp: str, now: float) -> None:
        try:
            age = now - int(timestamp)
        except ValueError as error:
            raise ForgedCallback("timestamp is not a number") from error
        if age > self._max_age:
            raise ForgedCallback("too old")


class WeComCallback:
    """The ASGI app for `PATH`. `refused` counts what was turned away, by reason, for the metrics."""

    def __init__(self, settings: WeComSettings, accept: Accept, *, now: Callable[[], float] = time.time) -> None:
        self._receiver = Receiver(settings, now=now)
        self._accept = accept
        self.refused: dict[str, int] = {}
        self._counters = {name: CALLBACKS.labels("wecom", name) for name in ("stored", "known", "refused", "failed")}
        self._ack_seconds = ACK_SECONDS.labels("wecom")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] != PATH:
            await answer(send, 404)
        elif scope["method"] == "POST":
            await self._posted(scope, receive, send)
        elif scope["method"] == "GET":
            await self._verify(scope, send)
        else:
            await answer(send, 405, headers=[(b"allow", b"GET, POST")])

    async def _verify(self, scope: Scope, send: Send) -> None:
        try:
            echo = self._receiver.verify(Query.parse(scope["query_string"]))
        except ForgedCallback as error:
            self._count(error)
            await answer(send, 403)
            return
        await answer(send, 200, echo, headers=[(b"content-type", b"text/plain; charset=utf-8")])

    async def _posted(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        body = await read_body(receive)
        if body is None:
            return
        if len(body) > MAX_BODY_BYTES:
            await answer(send, 413, headers=[(b"connection", b"close")])
            return
        try:
            message = self._receiver.read(Query.parse(scope["query_string"]), body)
        except ForgedCallback as error:
            self._count(error)
            await answer(send, 403)
            return
        try:
            fresh = await self._accept(message)
        except Exception:  # whatever it was: the platform must send it again
            log.exception("callback not stored", channel="wecom", message_id=message.message_id)
            self._counters["failed"].inc()
            await answer(send, 500)
            return
        await answer(send, 200)
        self._counters["stored" if fresh else "known"].inc()
        self._ack_seconds.observe(time.perf_counter() - began)

    def _count(self, error: ForgedCallback) -> None:
        reason = str(error)
        self.refused[reason] = self.refused.get(reason, 0) + 1
        self._counters["refused"].inc()
        log.warning("callback refused", channel="wecom", reason=reason)
