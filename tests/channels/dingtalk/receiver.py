"""A receiver under test: quick timing, a store that can be slow or broken, and a check that nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
from pydantic import SecretStr

from bot.channels.dingtalk.backoff import Pace
from bot.channels.dingtalk.link import Timing
from bot.channels.dingtalk.stream import DingTalkStream
from bot.messages import InboundMessage
from bot.settings import DingTalkSettings
from tests.channels.dingtalk.gateway import Gateway

SETTINGS = DingTalkSettings(
    enabled=True,
    client_id="dingapp",
    client_secret=SecretStr("secret"),
    corp_id="dingcorp",
    api_base="http://127.0.0.1:1",
)
QUICK = Timing(store_within=0.2, drain_within=1.0, look_every=0.02, ping_every=0.1, pong_within=0.2, deaf_after=0.3)
PACE = Pace(fast=0.05, base=0.1, cap=0.4, refused=0.3, stable=5.0)


def broken(status: int, **answer: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, **answer)


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route", request=request)


class Inbox:
    """A store that can be slow or broken."""

    def __init__(self) -> None:
        self.messages: dict[str, InboundMessage] = {}
        self.calls = 0
        self.seconds = 0.0
        self.broken = False
        self.most_at_once = self._now = 0

    async def accept(self, message: InboundMessage) -> bool:
        self.calls += 1
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            if self.seconds:
                await asyncio.sleep(self.seconds)
            if self.broken:
                raise ConnectionError("database gone")
            new = message.message_id not in self.messages
            self.messages.setdefault(message.message_id, message)
            return new
        finally:
            self._now -= 1


@contextlib.asynccontextmanager
async def receiving(
    gateway: Gateway, inbox: Inbox, timing: Timing = QUICK, **more: Any
) -> AsyncIterator[DingTalkStream]:
    """A running receiver; afterwards it is stopped, and nothing of it is left."""
    settings = more.pop("settings", SETTINGS)
    before = asyncio.all_tasks()
    stream = DingTalkStream(settings, gateway.http, inbox.accept, timing=timing, pace=PACE, **more)
    running = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        await stream.stop()
        await running
        left = [task for task in asyncio.all_tasks() - before if not _is_the_gateways(task)]
        assert left == [], left


def _is_the_gateways(task: asyncio.Task[object]) -> bool:
    """The server that stands in for DingTalk keeps its connections' tasks a little longer."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and code.co_filename.endswith(("websockets/asyncio/server.py", "dingtalk/gateway.py"))
