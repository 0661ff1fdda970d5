"""Both pretended platforms, and two bots of a few lines that talk to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.sandbox.app import Sandbox
from bot.sandbox.config import SandboxConfig
from tests.sandbox.bots import CallbackBot, DingClient, WeComClient

#: short patience, so that a test never waits for a real deadline
QUICK: dict[str, Any] = {
    "bot_url": "http://bot",
    "callback_timeout_seconds": 0.5,
    "callback_retry_delays": (0.01, 0.01, 0.01),
    "redelivery_seconds": 0.3,
    "event_timeout_seconds": 0.3,
    "event_retry_delays": (0.01, 0.01),
    "card_timeout_seconds": 0.3,
    "disconnect_grace_seconds": 0.05,
}


@pytest.fixture
def config() -> SandboxConfig:
    return SandboxConfig(**QUICK)


@pytest.fixture
def bot(config: SandboxConfig) -> CallbackBot:
    return CallbackBot(config)


@pytest.fixture
async def sandbox(config: SandboxConfig, bot: CallbackBot) -> AsyncIterator[Sandbox]:
    opened = Sandbox(config, bot=httpx.ASGITransport(app=bot))
    yield opened
    await opened.close()


@pytest.fixture
async def wecom(sandbox: Sandbox) -> AsyncIterator[WeComClient]:
    async with WeComClient(sandbox) as client:
        yield client


@pytest.fixture
async def dingtalk(sandbox: Sandbox) -> AsyncIterator[DingClient]:
    async with DingClient(sandbox) as client:
        yield client
