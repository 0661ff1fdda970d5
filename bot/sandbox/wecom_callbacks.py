"""WeCom calling the bot: signed, encrypted, five seconds of patience, three retries (protocols/wecom.md 1)."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import httpx

from bot.sandbox.crypto import BadEnvelope, CallbackCipher
from bot.sandbox.wecom_xml import BadReply, document, parse, read_reply
from bot.sandbox.world import World

OnReply = Callable[[ET.Element], None]


class WeComCallbacks:
    """Delivers callbacks in order per member, as a phone does; other members do not wait.

    The three knobs are for tests and training: how often each callback comes, how late, and how many of the next ones
    are held back and delivered in reverse.
    """

    def __init__(self, world: World, http: httpx.AsyncClient) -> None:
        self._world = world
        self._config = world.config
        self._http = http
        config = world.config
        self._cipher = CallbackCipher(config.wecom_token, config.wecom_aes_key, config.corp_id)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held: list[asyncio.Future[None]] = []
        self.repeat = 1
        self.delay_seconds = 0.0
        self.reorder = 0

    @property
    def url(self) -> str:
        return f"{self._config.bot_url}/wecom/callback" if self._config.bot_url else ""

    async def deliver(self, who: str, what: str, plain: str, on_reply: OnReply, *, repeat: int = 1) -> bool:
        """Post one message until it is answered or given up.

        Args:
            repeat: how often the answered message is posted all the same.
        Returns:
            Whether the bot took it.
        """
        if not self.url:
            return False
        await self._held_back()
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        taken = False
        async with self._turns[who.casefold()]:
            for _ in range(repeat * self.repeat):
                taken = await self._until_taken(what, plain, on_reply)
        return taken

    async def _held_back(self) -> None:
        """While `reorder` callbacks are to be turned around: wait until all of them are here, then go last first."""
        if not self.reorder:
            return
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._held.append(gate)
        if len(self._held) >= self.reorder:
            self.reorder, held, self._held = 0, self._held, []
            for waiting in reversed(held):
                asyncio.get_running_loop().call_soon(waiting.set_result, None)
        await gate

    async def _until_taken(self, what: str, plain: str, on_reply: OnReply) -> bool:
        for attempt, pause in enumerate((0.0, *self._config.callback_retry_delays[:3]), start=1):
            await asyncio.sleep(pause)
            if await self._post(what, plain, attempt, on_reply):
                return True
        return False

    async def _post(self, what: str, plain: str, attempt: int, on_reply: OnReply) -> bool:
        timestamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
        encrypted = self._cipher.encrypt(plain)
        envelope = document(
            {"ToUserName": self._config.corp_id, "AgentID": str(self._config.agent_id), "Encrypt": encrypted}
        )
        query = {
            "msg_signature": self._cipher.sign(timestamp, nonce, encrypted),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._config.callback_timeout_seconds):
                answer = await self._http.post(
                    self.url, params=query, content=envelope.encode(), headers={"content-type": "text/xml"}
                )
            status, reply = str(answer.status_code), answer.text
        except TimeoutError:
            status, reply = "timeout", ""
        except httpx.HTTPError as error:
            status, reply = f"unreachable: {type(error).__name__}", ""
        note = ""
        if status == "200" and reply:
            reply, note = self._take_reply(reply, on_reply)
        self._world.log(
            platform="wecom",
            direction="to_bot",
            what=what,
            status=status,
            seconds=time.perf_counter() - started,
            request=plain,
            response=reply,
            attempt=attempt,
            note=note,
        )
        return status == "200"

    def _take_reply(self, body: str, on_reply: OnReply) -> tuple[str, str]:
        """What the passive reply said, and what was wrong with it."""
        try:
            envelope = read_reply(body)
            plain = self._cipher.open(
                envelope["MsgSignature"], envelope["TimeStamp"], envelope["Nonce"], envelope["Encrypt"]
            )
            on_reply(parse(plain))
        except (BadReply, BadEnvelope) as error:
            return body[:500], f"被动回复无效：{error}"
        return plain, ""

    async def verify(self) -> bool:
        """What the console does when the callback settings are saved: within a second, exactly the decrypted bytes."""
        timestamp, nonce, plain = str(int(time.time())), str(secrets.randbelow(10**10)), str(secrets.randbelow(10**19))
        encrypted = self._cipher.encrypt(plain)
        query: dict[str, Any] = {
            "msg_signature": self._cipher.sign(timestamp, nonce, encrypted),
            "timestamp": timestamp,
            "nonce": nonce,
            "echostr": encrypted,
        }
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._config.verify_timeout_seconds):
                answer = await self._http.get(self.url, params=query)
            status, body = str(answer.status_code), answer.content
        except TimeoutError:
            status, body = "timeout", b""
        except httpx.HTTPError as error:
            status, body = f"unreachable: {type(error).__name__}", b""
        good = status == "200" and body == plain.encode()
        self._world.log(
            platform="wecom",
            direction="to_bot",
            what="verify callback URL",
            status=status,
            seconds=time.perf_counter() - started,
            request=plain,
            response=body.decode("utf-8", "replace")[:500],
            note="" if good else "未通过：返回的不是解密后的 echostr",
        )
        return good
