"""The smallest clients that the platforms let in."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import httpx
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect

from bot.sandbox.app import Sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.crypto import CallbackCipher
from bot.sandbox.wecom_xml import document


class CallbackBot:
    """Listens at /wecom/callback; `answers` are taken one by one (status, seconds to wait), then all is well."""

    def __init__(self, config: SandboxConfig) -> None:
        self.cipher = CallbackCipher(config.wecom_token, config.wecom_aes_key, config.corp_id)
        self.heard: list[str] = []
        self.encrypted: list[str] = []
        self.answers: list[tuple[int, float]] = []
        self.reply = ""  #: plaintext of a passive reply
        self.raw_reply = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        body = (await receive())["body"]
        status, seconds = self.answers.pop(0) if self.answers else (200, 0.0)
        if scope["path"] == "/healthz":
            out = b"ok"
        else:
            out = self._verify(query) if scope["method"] == "GET" else self._hear(query, body)
        await asyncio.sleep(seconds)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": out})

    def _verify(self, query: dict[str, str]) -> bytes:
        plain = self.cipher.open(query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"])
        return self.raw_reply or plain.encode()

    def _hear(self, query: dict[str, str], body: bytes) -> bytes:
        encrypted = ET.fromstring(body).findtext("Encrypt") or ""
        plain = self.cipher.open(query["msg_signature"], query["timestamp"], query["nonce"], encrypted)
        self.heard.append(plain)
        self.encrypted.append(encrypted)
        return self.raw_reply or (self._sealed(self.reply).encode() if self.reply else b"")

    def _sealed(self, plain: str) -> str:
        encrypted, stamp = self.cipher.encrypt(plain), str(int(time.time()))
        signature = self.cipher.sign(stamp, "n", encrypted)
        return document({"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": stamp, "Nonce": "n"})

    def field(self, name: str, index: int = -1) -> str | None:
        """One element of what was heard."""
        return ET.fromstring(self.heard[index]).findtext(name)


class WeComClient:
    """Calls /cgi-bin with a good token."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.config = sandbox.config
        self.http = httpx.AsyncClient(transport=sandbox.transport, base_url="http://127.0.0.1")
        self.token = ""

    async def __aenter__(self) -> Self:
        self.token = (await self.get_token())["access_token"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def get_token(self, **changes: str) -> dict[str, Any]:
        params = {"corpid": self.config.corp_id, "corpsecret": self.config.wecom_secret, **changes}
        return dict((await self.http.get("/cgi-bin/gettoken", params=params)).json())

    async def post(self, path: str, body: Any, **params: str) -> dict[str, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        params = {"access_token": self.token, **params}
        return dict((await self.http.post(f"/cgi-bin/{path}", params=params, content=content)).json())

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self.http.get(f"/cgi-bin/{path}", params={"access_token": self.token, **params})

    async def upload(self, kind: str, name: str, body: bytes) -> dict[str, Any]:
        params = {"access_token": self.token, "type": kind}
        answer = await self.http.post("/cgi-bin/media/upload", params=params, files={"media": (name, body)})
        return dict(answer.json())

    async def send(self, user: str, kind: str, block: Any, **more: Any) -> dict[str, Any]:
        body = {"touser": user, "msgtype": kind, "agentid": self.config.agent_id, kind: block, **more}
        return await self.post("message/send", body)

    async def text(self, user: str, content: str, **more: Any) -> dict[str, Any]:
        return await self.send(user, "text", {"content": content}, **more)

    async def card(self, user: str, card: dict[str, Any], **more: Any) -> dict[str, Any]:
        return await self.send(user, "template_card", card, **more)


class DingClient:
    """Calls both hosts with a good token."""

    def __init__(self, sandbox: Sandbox, base_url: str = "http://127.0.0.1") -> None:
        self.config = sandbox.config
        self.http = httpx.AsyncClient(transport=sandbox.transport, base_url=base_url)
        self.token = ""

    async def __aenter__(self) -> Self:
        self.token = (await self.get_token()).json()["accessToken"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def get_token(self, **changes: str) -> httpx.Response:
        body = {"appKey": self.config.ding_client_id, "appSecret": self.config.ding_client_secret, **changes}
        return await self.http.post("/v1.0/oauth2/accessToken", json=body)

    async def call(self, method: str, path: str, body: Any = None, **params: str) -> httpx.Response:
        headers = {"x-acs-dingtalk-access-token": self.token}
        return await self.http.request(method, path, json=body, params=params, headers=headers)

    async def old(self, path: str, body: Any) -> dict[str, Any]:
        answer = await self.http.post(path, params={"access_token": self.token}, json=body)
        return dict(answer.json())

    async def say(self, users: list[str], content: str = "你好", **changes: Any) -> httpx.Response:
        body = {
            "robotCode": self.config.ding_client_id,
            "userIds": users,
            "msgKey": "sampleText",
            "msgParam": json.dumps({"content": content}, ensure_ascii=False),
            **changes,
        }
        return await self.call("POST", "/v1.0/robot/oToMessages/batchSend", body)

    def card(self, track: str, user: str, **changes: Any) -> dict[str, Any]:
        return {
            "cardTemplateId": self.config.card_template_id,
            "outTrackId": track,
            "userIdType": 1,
            "callbackType": "STREAM",
            "cardData": {"cardParamMap": {"title": "合同待审批", "body": "**12万**", "btns": buttons("同意", "拒绝")}},
            "openSpaceId": f"dtv1.card//IM_ROBOT.{user}",
            "imRobotOpenSpaceModel": {"supportForward": False},
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": self.config.ding_client_id},
            **changes,
        }

    async def deliver(self, track: str, user: str, **changes: Any) -> httpx.Response:
        return await self.call("POST", "/v1.0/card/instances/createAndDeliver", self.card(track, user, **changes))

    async def update(self, track: str, params: dict[str, Any], *, by_key: bool = True) -> httpx.Response:
        body = {
            "outTrackId": track,
            "cardData": {"cardParamMap": params},
            "cardUpdateOptions": {"updateCardDataByKey": by_key},
        }
        return await self.call("PUT", "/v1.0/card/instances", body)


def buttons(*texts: str, status: str = "normal") -> str:
    """`btns` of the card: the action is the text."""
    entries = [
        {
            "text": text,
            "color": "blue",
            "status": status,
            "event": {"type": "sendCardRequest", "params": {"actionId": text, "params": {"id": "A-7"}}},
        }
        for text in texts
    ]
    return json.dumps(entries, ensure_ascii=False)


class StreamBot:
    """One Stream connection that answers by a rule: the frame to (code, data), None for no answer."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []
        self.rule: Callable[[dict[str, Any]], tuple[int, Any] | None] = lambda frame: (200, {"response": None})

    def data(self, index: int = -1) -> dict[str, Any]:
        return dict(json.loads(self.frames[index]["data"]))

    async def listen(self) -> None:
        async for text in self.socket:
            frame = json.loads(text)
            self.frames.append(frame)
            answer = self.rule(frame)
            if answer is not None:
                headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
                ack = {"code": answer[0], "headers": headers, "message": "OK", "data": json.dumps(answer[1])}
                await self.socket.send(json.dumps(ack))


async def open_stream(sandbox: Sandbox, **changes: Any) -> httpx.Response:
    """`connections/open` with all three subscriptions."""
    topics = [("EVENT", "*"), ("CALLBACK", "/v1.0/im/bot/messages/get"), ("CALLBACK", "/v1.0/card/instances/callback")]
    body = {
        "clientId": sandbox.config.ding_client_id,
        "clientSecret": sandbox.config.ding_client_secret,
        "subscriptions": [{"type": kind, "topic": topic} for kind, topic in topics],
        "ua": "tests/1.0",
        **changes,
    }
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as http:
        accept = {"accept": "application/json"}
        return await http.post("/v1.0/gateway/connections/open", json=body, headers=accept)


@asynccontextmanager
async def streaming(sandbox: Sandbox, **changes: Any) -> AsyncIterator[StreamBot]:
    """A connected bot."""
    opened = (await open_stream(sandbox, **changes)).json()
    async with connect(f"{opened['endpoint']}?ticket={opened['ticket']}", proxy=None, close_timeout=0.2) as socket:
        bot = StreamBot(socket)
        listening = asyncio.create_task(bot.listen())
        try:
            yield bot
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
