"""A channel with both hosts and everything the store gives it, for tests."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from bot.channels.base import StoredFile
from bot.channels.dingtalk.client import DingTalkChannel
from bot.messages import (
    Account,
    ChannelName,
    Content,
    OutboundMessage,
    Text,
)
from bot.settings import DingTalkSettings
from tests.channels.dingtalk.memory import MemoryFiles, MemoryLimiter, MemoryQuota, MemoryTokens
from tests.channels.dingtalk.platform import TEMPLATE, Platform

SETTINGS = DingTalkSettings(
    enabled=True, client_id="dingapp", client_secret=SecretStr("secret"), card_template_id=TEMPLATE
)
NOW = datetime(2026, 2, 12, 1, 0, 30, tzinfo=UTC)
OTO, GROUP, CREATE = "batchSend", "groupMessages/send", "createAndDeliver"


def stored(name: str, number: int, content: bytes = b"content", mime: str = "") -> StoredFile:
    return StoredFile(
        attachment_id=number, file_name=name, mime=mime, content=content, sha256=hashlib.sha256(content).hexdigest()
    )


class Company:
    """A channel and everything around it."""

    def __init__(self, settings: DingTalkSettings = SETTINGS) -> None:
        self.platform = Platform()
        self.tokens, self.limiter, self.quota = MemoryTokens(), MemoryLimiter(), MemoryQuota()
        self.files = MemoryFiles(
            stored("月报.xlsx", 1), stored("图.png", 2, b"\x89PNG..", "image/png"), stored("明细.csv", 3, b"a,b")
        )
        self.channel = DingTalkChannel(
            settings, self.platform.http, self.tokens, self.limiter, self.files, self.quota, real_now=lambda: NOW
        )


def to(*users: str, content: Content = Text(text="你好"), **more: Any) -> OutboundMessage:  # noqa: B008 - frozen
    recipients = tuple(Account(ChannelName.DINGTALK, user) for user in users)
    return OutboundMessage(outbox_id=7, recipients=recipients, content=content, **more)
