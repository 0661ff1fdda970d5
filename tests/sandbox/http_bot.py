"""A bot that DingTalk reaches over HTTP, written by hand: it checks every signature and remembers what it heard."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from bot.sandbox.config import SandboxConfig
from bot.sandbox.crypto import CallbackCipher

API_SECRET = "card_api_secret_01"


class HttpBot:
    """Listens at /dingtalk/robot, /dingtalk/callback and /dingtalk/card.

    `heard` is every call as (path, data, whether the signature is good), in order; `answers` are taken one by one as
    (status, body) and replace what would be answered; `seconds` is how long each answer takes.
    """

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.cipher = CallbackCipher(config.ding_token, config.ding_aes_key, config.ding_client_id)
        self.heard: list[tuple[str, dict[str, Any], bool]] = []
        self.timestamps: list[str] = []
        self.queries: list[dict[str, str]] = []
        self.answers: list[tuple[int, Any]] = []
        self.robot_reply: Any = None
        self.card_reply: Any = {}
        self.word = "success"
        self.seconds = 0.0
        self.alter: Callable[[dict[str, Any]], dict[str, Any]] = lambda sealed: sealed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = json.loads((await receive())["body"] or b"{}")
        answer = self._hear(scope["path"].rpartition("/")[2], query, headers, body)
        status, answer = self.answers.pop(0) if self.answers else (200, answer)
        await asyncio.sleep(self.seconds)
        out = b"" if answer is None else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": out})

    def _hear(self, path: str, query: dict[str, str], headers: dict[str, str], body: dict[str, Any]) -> Any:
        match path:
            case "robot":
                stamp, secret = headers["timestamp"], self.config.ding_client_secret
                good = headers["sign"] == signed(secret, f"{stamp}\n{secret}")
                answer = self.robot_reply
            case "callback":
                stamp, nonce = query["timestamp"], query["nonce"]
                good = query["msg_signature"] == query["signature"]
                good = good and query["signature"] == self.cipher.sign(stamp, nonce, body["encrypt"])
                body = json.loads(self.cipher.decrypt(body["encrypt"]))
                answer = self.sealed()
            case _:
                stamp = headers["x-ddpaas-signature-timestamp"]
                good = headers["x-ddpaas-signature"] == signed(API_SECRET, stamp)
                answer = self.card_reply
        self.heard.append((path, body, good))
        self.timestamps.append(stamp)
        self.queries.append(query)
        return answer

    def sealed(self) -> dict[str, Any]:
        """The answer to an event."""
        encrypted = self.cipher.encrypt(self.word)
        signature = self.cipher.sign("1783610513000", "n", encrypted)
        answer = {"msg_signature": signature, "timeStamp": "1783610513000", "nonce": "n", "encrypt": encrypted}
        return self.alter(answer)

    def data(self, index: int = -1) -> dict[str, Any]:
        return self.heard[index][1]


def signed(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
