"""A Stream gateway for tests, written from protocols/dingtalk.md 2: open call, tickets that work once, frames, acks."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

ROBOT = "/v1.0/im/bot/messages/get"
CARD = "/v1.0/card/instances/callback"


class Gateway:
    """`http` answers the open call; `port` takes the WebSocket. What a test wants to see is written down."""

    def __init__(self) -> None:
        self.opens: list[dict[str, Any]] = []
        self.open_headers: list[httpx.Headers] = []
        self.tickets: list[str] = []
        self.connections: list[ServerConnection] = []
        self.acks: list[dict[str, Any]] = []
        self.acked_on: dict[str, ServerConnection] = {}
        self.answers: list[Callable[[httpx.Request], httpx.Response]] = []  #: instead of the next tickets
        self.on_connect: Callable[[ServerConnection], Any] | None = None
        self.port = 0
        self._valid: set[str] = set()
        self._numbers = itertools.count(1)
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self._open))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Gateway]:
        async with serve(self._serve, "127.0.0.1", 0, ping_interval=None) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self
        await self.http.aclose()

    def _open(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.opens.append(body)
        self.open_headers.append(request.headers)
        if self.answers:
            return self.answers.pop(0)(request)
        if request.headers.get("accept") != "application/json":
            return httpx.Response(200, text="<xml/>")
        if body["clientSecret"] != "secret":
            return httpx.Response(401, json={"code": "authFailed", "message": "鉴权失败", "requestid": "r1"})
        ticket = f"{uuid.uuid4()}+/="  # needs URL encoding
        self._valid.add(ticket)
        self.tickets.append(ticket)
        return httpx.Response(200, json={"endpoint": f"ws://127.0.0.1:{self.port}/connect", "ticket": ticket})

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        ticket = parse_qs(urlsplit(connection.request.path).query)["ticket"][0]
        if ticket not in self._valid:
            await connection.close(4001, "ticket")
            return
        self._valid.remove(ticket)
        self.connections.append(connection)
        if self.on_connect is not None:
            await self.on_connect(connection)
        with contextlib.suppress(ConnectionClosed):
            async for raw in connection:
                ack = json.loads(raw)
                self.acks.append(ack)
                self.acked_on[ack["headers"]["messageId"]] = connection

    # -- what a test does --
    async def until(self, true: Callable[[], Any], seconds: float = 3.0) -> None:
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110 - what it waits for is anything a test can see
                await asyncio.sleep(0.005)

    async def connected(self, count: int = 1) -> ServerConnection:
        """The count-th connection, once it stands."""
        await self.until(lambda: len(self.connections) >= count)
        return self.connections[count - 1]

    async def push(
        self,
        kind: str,
        topic: str,
        data: Any,
        *,
        on: int = -1,
        as_text: bool = True,
        key: str = "headers",
        **headers: Any,
    ) -> str:
        """Send a frame; returns its messageId."""
        message_id = f"frame-{next(self._numbers)}"
        frame = {
            "specVersion": "1.0",
            "type": kind,
            key: {"topic": topic, "messageId": message_id, "contentType": "application/json", **headers},
            "data": json.dumps(data, ensure_ascii=False) if as_text else data,
        }
        await self.connections[on].send(json.dumps(frame))
        return message_id

    async def ack(self, message_id: str, seconds: float = 3.0) -> dict[str, Any]:
        """The answer to a frame, its data decoded."""
        await self.until(lambda: message_id in self.acked_on, seconds)
        answer = next(ack for ack in self.acks if ack["headers"]["messageId"] == message_id)
        return {**answer, "data": json.loads(answer["data"])}


def said(text: str = "你好", *, msg_id: str = "msg1==", sender: str = "manager01", **more: Any) -> dict[str, Any]:
    """A robot message in a one-to-one chat, as in section 4."""
    return {
        "conversationId": "cid1to1==",
        "chatbotCorpId": "dingcorp",
        "chatbotUserId": "$:LWCP_v1:$bot",
        "msgId": msg_id,
        "senderNick": "王经理",
        "senderStaffId": sender,
        "senderCorpId": "dingcorp",
        "conversationType": "1",
        "senderId": "$:LWCP_v1:$x",
        "createAt": 1708327204136,
        "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=s3cr3t",
        "sessionWebhookExpiredTime": 1708332604136,
        "robotCode": "dingapp",
        "msgtype": "text",
        "text": {"content": text},
        **more,
    }


def tapped(
    card: str = "card-1", action: str = "visit.confirm", user: str = "manager01", **params: Any
) -> dict[str, Any]:
    """A card callback, as in 6.6."""
    content = {"cardPrivateData": {"actionIds": [action], "params": params}}
    return {
        "type": "actionCallback",
        "outTrackId": card,
        "corpId": "dingcorp",
        "userId": user,
        "userIdType": 1,
        "spaceType": "IM_ROBOT",
        "spaceId": user,
        "extension": "{}",
        "content": json.dumps(content, ensure_ascii=False),
    }
