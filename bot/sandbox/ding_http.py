"""DingTalk calling the bot over HTTP: signed messages, encrypted events, signed taps (protocols/dingtalk.md 3, 6.8)."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from bot.sandbox.crypto import BadEnvelope, CallbackCipher, hmac_sign
from bot.sandbox.ding_routes import CardRoute
from bot.sandbox.world import World

_READ = ("text", "markdown", "actionCard", "feedCard", "link", "empty")

Judge = Callable[[bytes], tuple[Any, str]]  #: the answer's body to what it means (None = useless) and a note


@dataclass(frozen=True, slots=True, kw_only=True)
class _Push:
    """One POST on its way to the bot."""

    what: str
    url: str  #: "" = the console has no address
    body: dict[str, Any]
    plain: dict[str, Any]  #: the body as the log of the wire shows it
    seconds: float  #: how long the answer may take
    judge: Judge
    attempt: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)


class HttpPush:
    """One attempt each; whoever calls decides about another.

    The two knobs are for tests and training: how old the signed time is, and whether the signature is somebody else's.
    """

    def __init__(self, world: World, http: httpx.AsyncClient) -> None:
        self._world = world
        self._config = world.config
        self._http = http
        config = world.config
        self._cipher = CallbackCipher(config.ding_token, config.ding_aes_key, config.ding_client_id)
        self.skew_seconds = 0.0
        self.forged = False

    async def robot(self, data: dict[str, Any], attempt: int) -> dict[str, Any] | None:
        """Post a message to the robot.

        Returns:
            The message it answered with, {} for silence, None when it did not take it.
        """
        stamp = self._stamp()
        secret = self._config.ding_client_secret
        headers = {"timestamp": stamp, "sign": hmac_sign(self._key(secret), f"{stamp}\n{self._key(secret)}")}
        push = _Push(
            what="robot message",
            url=self._url("robot"),
            body=data,
            plain=data,
            headers=headers,
            seconds=self._config.robot_http_timeout_seconds,
            judge=_robot_reply,
            attempt=attempt,
        )
        heard: dict[str, Any] | None = await self._post(push)
        return heard

    async def event(self, name: str, data: dict[str, Any], identifier: str, born_ms: int, attempt: int) -> bool:
        """Post an event; whether the answer is `success`, encrypted and signed as it should be."""
        flat = {
            "EventType": name,
            "EventTime": born_ms,
            "CorpId": self._config.ding_corp_id,
            "BizId": str(data.get("processInstanceId") or identifier),
            "eventId": identifier,
            **data,
        }
        return await self._encrypted(name, flat, self._config.event_http_timeout_seconds, attempt)

    async def check_url(self) -> bool:
        """What the console does when the subscription is saved."""
        event = {"EventType": "check_url"}
        return await self._encrypted("check_url", event, self._config.check_url_timeout_seconds, 1)

    async def tap(self, route: CardRoute, data: dict[str, Any]) -> dict[str, Any] | None:
        """Post a tap to the route's address. Returns the answer of 6.7, None when it came late or is none."""
        stamp = self._stamp()
        headers = {
            "x-ddpaas-signature-timestamp": stamp,
            "x-ddpaas-signature": hmac_sign(self._key(route.api_secret), stamp),
        }
        push = _Push(
            what="card callback",
            url=route.callback_url,
            body=data,
            plain=data,
            headers=headers,
            seconds=self._config.card_timeout_seconds,
            judge=_tap_answer,
        )
        heard: dict[str, Any] | None = await self._post(push)
        return heard

    async def _encrypted(self, what: str, flat: dict[str, Any], seconds: float, attempt: int) -> bool:
        stamp, nonce = self._stamp(), secrets.token_hex(4)
        encrypted = self._cipher.encrypt(json.dumps(flat, ensure_ascii=False, separators=(",", ":")))
        signature = self._cipher.sign(stamp, nonce, self._key(encrypted))
        push = _Push(
            what=what,
            url=self._url("callback"),
            body={"encrypt": encrypted},
            plain=flat,
            query={"msg_signature": signature, "signature": signature, "timestamp": stamp, "nonce": nonce},
            seconds=seconds,
            judge=self._success,
            attempt=attempt,
        )
        return await self._post(push) is not None

    async def _post(self, push: _Push) -> Any:
        """What the answer means to the push's judge; None when there was none of use."""
        if not push.url:
            return None
        started, content = time.perf_counter(), b""
        text = json.dumps(push.body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"content-type": "application/json", **push.headers}
        try:
            async with asyncio.timeout(push.seconds):
                answer = await self._http.post(push.url, params=push.query or None, content=text, headers=headers)
            status, content = str(answer.status_code), answer.content
        except TimeoutError:
            status = "timeout"
        except httpx.HTTPError as error:
            status = f"unreachable: {type(error).__name__}"
        meaning, note = push.judge(content) if status == "200" else (None, "")
        self._world.log(
            platform="dingtalk",
            direction="to_bot",
            what=push.what,
            status=status,
            seconds=time.perf_counter() - started,
            request=push.plain,
            response=_readable(content),
            attempt=push.attempt,
            note=note,
        )
        return meaning

    def _success(self, content: bytes) -> tuple[Any, str]:
        try:
            body = orjson.loads(content)
            parts = [body[name] for name in ("msg_signature", "timeStamp", "nonce", "encrypt")]
            plain = self._cipher.open(*map(str, parts))
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            return None, f"应答缺少 msg_signature、timeStamp、nonce 或 encrypt：{error}"
        except BadEnvelope as error:
            return None, f"应答的加密无效：{error}"
        return ("success", "") if plain == "success" else (None, f"应答不是 success：{plain[:50]}")

    def _url(self, what: str) -> str:
        return f"{self._config.bot_url}/dingtalk/{what}" if self._config.bot_url else ""

    def _stamp(self) -> str:
        return str(int((time.time() - self.skew_seconds) * 1000))

    def _key(self, text: str) -> str:
        """The text a signature is made with; somebody else's when it is to be forged."""
        return text + "x" if self.forged else text


def _robot_reply(content: bytes) -> tuple[Any, str]:
    """Empty, or a message to be shown at once; anything else is taken and not shown."""
    body = _readable(content)
    if isinstance(body, dict) and body.get("msgtype") in _READ:
        return ({}, "") if body["msgtype"] == "empty" else (body, "")
    return {}, "" if not content or body in ({}, None) else "应答不是消息，没有显示"


def _tap_answer(content: bytes) -> tuple[Any, str]:
    body = _readable(content)
    if not isinstance(body, dict):
        return None, "应答不是 JSON 对象"
    return body, "HTTP 模式的应答不包在 response 里" if "response" in body else ""


def _readable(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return content[:500].decode("utf-8", "replace")
