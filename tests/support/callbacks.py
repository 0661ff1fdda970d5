"""WeCom's callbacks posted by hand: any number of copies, at once, in any order, of any age."""

from __future__ import annotations

import asyncio
import itertools
import random
import secrets
import time
from collections.abc import Sequence
from typing import Any

import httpx

from bot.sandbox.config import SandboxConfig
from bot.sandbox.crypto import CallbackCipher
from bot.sandbox.wecom_xml import document


class Postman:
    """Signs and encrypts as the platform does; what he posts, the sandbox's phones do not show as said."""

    def __init__(self, config: SandboxConfig, http: httpx.AsyncClient, *, seed: int = 0) -> None:
        self._config = config
        self._http = http
        self._cipher = CallbackCipher(config.wecom_token, config.wecom_aes_key, config.corp_id)
        self._numbers = itertools.count(time.time_ns())
        self.chance = random.Random(seed)

    def text(self, user: str, content: str, *, at: float | None = None) -> str:
        """A typed message, as the decrypted XML; each call is another message."""
        parts = {"MsgType": "text", "Content": content, "MsgId": next(self._numbers)}
        return document(
            {
                "ToUserName": self._config.corp_id,
                "FromUserName": user,
                "CreateTime": int(time.time() if at is None else at),
                **parts,
                "AgentID": self._config.agent_id,
            }
        )

    def tap(self, user: str, card: dict[str, Any], button: str, *, code: str) -> str:
        """A tapped button of a card as it hung then (`cards_of`), whatever has become of the card since.

        Args:
            code: the platform's response_code (`sandbox.wecom.book.new_code(task_id)`).
        """
        key = next(item["key"] for item in card["face"]["button_list"] if item["text"] == button)
        return document(
            {
                "ToUserName": self._config.corp_id,
                "FromUserName": user,
                "CreateTime": int(time.time()),
                "MsgType": "event",
                "Event": "template_card_event",
                "EventKey": key,
                "TaskId": card["task_id"],
                "CardType": card["face"]["card_type"],
                "ResponseCode": code,
                "AgentID": self._config.agent_id,
            }
        )

    async def post(self, plain: str, *, age_seconds: float = 0, after_seconds: float = 0) -> int:
        """One delivery, signed `age_seconds` ago; returns the status of the answer."""
        await asyncio.sleep(after_seconds)
        timestamp, nonce = str(int(time.time() - age_seconds)), str(secrets.randbelow(10**10))
        encrypted = self._cipher.encrypt(plain)
        envelope = document(
            {"ToUserName": self._config.corp_id, "AgentID": str(self._config.agent_id), "Encrypt": encrypted}
        )
        query = {
            "msg_signature": self._cipher.sign(timestamp, nonce, encrypted),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        url = f"{self._config.bot_url}/wecom/callback"
        answer = await self._http.post(url, params=query, content=envelope.encode(), timeout=5)
        return answer.status_code

    async def scatter(self, plains: Sequence[str], *, most: int = 4, within_seconds: float = 0.5) -> list[int]:
        """Each message one to `most` times, all of them at once, some late, in no order."""
        copies = [plain for plain in plains for _ in range(self.chance.randint(1, most))]
        self.chance.shuffle(copies)
        posts = (self.post(plain, after_seconds=self.chance.uniform(0, within_seconds)) for plain in copies)
        return list(await asyncio.gather(*posts))
