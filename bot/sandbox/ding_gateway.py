"""The Stream gateway: tickets, connections, frames and acks (protocols/dingtalk.md 2)."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from bot.sandbox.ding_refusals import DingRefused
from bot.sandbox.wire import Answer, BadJson, Call
from bot.sandbox.world import World

ROBOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"

_UA = re.compile(r"\S+/\S+")


@dataclass(frozen=True, slots=True)
class Ack:
    """What came back for one frame."""

    code: int
    data: Any  #: decoded, None when it is no JSON


@dataclass(eq=False)
class Link:
    """One WebSocket."""

    send: Send
    topics: frozenset[tuple[str, str]]
    client: Any
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    waiting: dict[str, asyncio.Future[Ack]] = field(default_factory=dict)
    draining: bool = False  #: told to go; nothing more is delivered here
    dead: bool = False  #: neither side hears the other, and neither knows

    def takes(self, kind: str, topic: str) -> bool:
        return not self.draining and ((kind, topic) in self.topics or (kind, "*") in self.topics)

    async def write(self, frame: dict[str, Any]) -> bool:
        """Whether the frame went onto the line (a dead line swallows it)."""
        if self.dead:
            return True
        try:
            await self.send({"type": "websocket.send", "text": json.dumps(frame, ensure_ascii=False)})
        except (OSError, RuntimeError):
            return False
        return True


class Gateway:
    """Every live connection of the one app; each push goes to one of them at random."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._config = world.config
        self._tickets: dict[str, tuple[float, frozenset[tuple[str, str]]]] = {}
        self.links: list[Link] = []
        self.on_change: Callable[[], None] = lambda: None  #: called when a connection begins or ends
        self.sockets: Iterable[Any] = ()  #: the server's protocol objects, to break lines as a network does

    async def open(self, call: Call) -> Answer:
        """`POST gateway/connections/open`: credentials for a ticket that opens one connection within 90 seconds."""
        try:
            body = call.json()
        except BadJson as error:
            raise DingRefused("invalidParameter", message="body") from error
        known = (self._config.ding_client_id, self._config.ding_client_secret)
        if (body.get("clientId"), body.get("clientSecret")) != known:
            raise DingRefused("authFailed", 401)
        topics = _topics(body.get("subscriptions"))
        if "ua" in body and not _UA.fullmatch(str(body["ua"])):
            raise DingRefused("invalidParameter", message="ua invalid")
        ticket = str(uuid.uuid4())
        self._tickets[ticket] = (self._world.now() + self._config.ticket_seconds, topics)
        endpoint = call.base_url.replace("http", "ws", 1) + "/connect"
        if "application/json" not in call.headers.get("accept", ""):
            xml = f"<ConnectionOpenResponse><endpoint>{endpoint}</endpoint></ConnectionOpenResponse>"
            return Answer(
                body=xml.encode(), content_type="application/xml", note="没带 Accept: application/json，回了 XML"
            )
        return Answer.json({"endpoint": endpoint, "ticket": ticket})

    async def connect(self, scope: Scope, receive: Receive, send: Send, ticket: str) -> None:
        """Serve one WebSocket until it ends."""
        ends, topics = self._tickets.pop(ticket, (0.0, frozenset()))
        await receive()
        if ends <= self._world.now():
            self._log("connect", "refused", 0, None, None, 1)
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        link = Link(send, topics, scope.get("client"))
        self.links.append(link)
        self._log("connect", "101", 0, None, None, 1)
        self._count()
        pinging = asyncio.create_task(self._ping(link))
        try:
            while (event := await receive())["type"] != "websocket.disconnect":
                if not link.dead:
                    self._hear(link, event.get("text") or (event.get("bytes") or b"").decode("utf-8", "replace"))
        finally:
            pinging.cancel()
            self._forget(link)

    def _hear(self, link: Link, text: str) -> None:
        try:
            frame = orjson.loads(text)
            waiting = link.waiting.get(str(frame["headers"]["messageId"]))
            code = int(frame["code"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            self._log("frame nobody understands", "bad", 0, None, text[:500], 1)
            return
        try:
            data = orjson.loads(frame.get("data") or "null")
        except (orjson.JSONDecodeError, TypeError):
            data = None
        if waiting and not waiting.done():
            waiting.set_result(Ack(code, data))

    def _forget(self, link: Link) -> None:
        if link in self.links:
            self.links.remove(link)
        for waiting in link.waiting.values():
            waiting.cancel()
        self._count()

    def _count(self) -> None:
        self.on_change()

    async def push(
        self,
        kind: str,
        topic: str,
        data: dict[str, Any],
        *,
        timeout_seconds: float,
        attempt: int = 1,
        headers: dict[str, str] | None = None,
    ) -> Ack | None:
        """Send one frame to a random connection that subscribed, and wait for its ack.

        Returns:
            None without a connection, an ack in time, or when the connection ends before it.
        """
        what = (headers or {}).get("eventType", topic)
        able = [link for link in self.links if link.takes(kind, topic)]
        started = time.perf_counter()
        if not able:
            self._log(what, "no connection", started, data, None, attempt)
            return None
        link = random.choice(able)
        ack = await self._ask(link, kind, topic, data, headers or {}, timeout_seconds)
        status = str(ack.code) if ack else "no ack"
        self._log(what, status, started, data, ack.data if ack else None, attempt)
        return ack

    async def _ask(
        self, link: Link, kind: str, topic: str, data: dict[str, Any], headers: dict[str, str], timeout_seconds: float
    ) -> Ack | None:
        message_id = uuid.uuid4().hex
        frame = {
            "specVersion": "1.0",
            "type": kind,
            "headers": {
                "topic": topic,
                "messageId": message_id,
                "contentType": "application/json",
                "time": str(int(self._world.now() * 1000)),
                "appId": self._config.ding_client_id,
                "connectionId": link.id,
                **headers,
            },
            "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")),
        }
        waiting: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        link.waiting[message_id] = waiting
        try:
            if not await link.write(frame):
                return None
            async with asyncio.timeout(timeout_seconds):
                return await asyncio.shield(waiting)
        except TimeoutError:
            return None
        except asyncio.CancelledError:
            if waiting.cancelled() and not _cancelled_from_outside():
                return None
            raise
        finally:
            link.waiting.pop(message_id, None)

    async def _ping(self, link: Link) -> None:
        while True:
            await asyncio.sleep(self._config.ping_seconds)
            await self._ask(link, "SYSTEM", "ping", {"opaque": uuid.uuid4().hex}, {}, self._config.ping_seconds)

    # how connections end

    async def disconnect(self, reason: str = "connection is expired") -> None:
        """Tell every connection to go: nothing more is delivered on it, and it is closed some seconds later."""
        leaving = [link for link in self.links if not link.draining]
        for link in leaving:
            link.draining = True
            frame = {
                "specVersion": "1.0",
                "type": "SYSTEM",
                "headers": {
                    "topic": "disconnect",
                    "messageId": uuid.uuid4().hex,
                    "contentType": "application/json",
                    "time": str(int(self._world.now() * 1000)),
                },
                "data": json.dumps({"reason": reason}),
            }
            self._log("disconnect", "sent", time.perf_counter(), {"reason": reason}, None, 1)
            await link.write(frame)
        await asyncio.sleep(self._config.disconnect_grace_seconds)
        for link in leaving:
            await self._close(link)

    async def drop(self, *, cleanly: bool = False) -> None:
        """Break every connection, as a network does, or with a proper close."""
        for link in list(self.links):
            sockets = [] if cleanly else self._sockets_of(link)
            for socket in sockets:
                socket.transport.abort()
            if not sockets:
                await self._close(link)

    def silent_death(self) -> None:
        """Every connection stays open but carries nothing any more, pongs neither."""
        for link in self.links:
            link.dead = True
            for socket in self._sockets_of(link):
                socket.stop_keepalive()
                socket.transport.pause_reading()

    async def close(self) -> None:
        for link in list(self.links):
            await self._close(link)

    async def _close(self, link: Link) -> None:
        link.draining = True
        for socket in self._sockets_of(link) if link.dead else ():
            socket.transport.abort()
        try:
            await link.send({"type": "websocket.close", "code": 1000})
        except (OSError, RuntimeError):
            return

    def _sockets_of(self, link: Link) -> list[Any]:
        return [socket for socket in self.sockets if link.client and getattr(socket, "client", None) == link.client]

    def _log(self, what: str, status: str, started: float, request: Any, response: Any, attempt: int) -> None:
        self._world.log(
            platform="dingtalk",
            direction="to_bot",
            what=what,
            status=status,
            seconds=time.perf_counter() - started if started else 0,
            request=request,
            response=response,
            attempt=attempt,
        )


def _cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return bool(task and task.cancelling())


def _topics(subscriptions: Any) -> frozenset[tuple[str, str]]:
    if not isinstance(subscriptions, list):
        raise DingRefused("invalidParameter", message="subscriptions")
    topics = set()
    for entry in subscriptions:
        if not isinstance(entry, dict) or entry.get("type") not in ("EVENT", "CALLBACK", "SYSTEM"):
            raise DingRefused("invalidParameter", message="subscriptions")
        topics.add((str(entry["type"]), str(entry.get("topic") or "")))
    return frozenset(topics)
