"""What the store gives a channel, kept in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.channels.base import Limit, StoredFile
from bot.messages import ChannelName


class MemoryTokens:
    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.lives: dict[str, float] = {}
        self.may_drop = True

    async def get(self, key: str, fetch: Callable[[], Awaitable[tuple[str, float]]]) -> str:
        if key not in self.tokens:
            self.tokens[key], self.lives[key] = await fetch()
        return self.tokens[key]

    async def drop(self, key: str, token: str) -> bool:
        if not self.may_drop or self.tokens.get(key) != token:
            return False
        del self.tokens[key]
        return True


class MemoryLimiter:
    def __init__(self) -> None:
        self.pauses: dict[str, float] = {}
        self.wait = 0.0

    async def take(self, limits: Any, *, cost: int = 1) -> float:
        assert all(isinstance(limit, Limit) for limit in limits)
        return self.wait

    async def pause(self, key: str, seconds: float) -> None:
        self.pauses[key] = seconds


class MemoryQuota:
    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    async def count(self, key: str, n: int = 1) -> int:
        self.counts[key] = self.counts.get(key, 0) + n
        return self.counts[key]


class MemoryFiles:
    def __init__(self, *files: StoredFile) -> None:
        self.files = {file.attachment_id: file for file in files}
        self.ids: dict[str, str] = {}

    async def read(self, attachment_id: int) -> StoredFile:
        return self.files[attachment_id]

    async def uploaded(self, channel: ChannelName, sha256: str) -> str | None:
        return self.ids.get(sha256)

    async def remember_upload(self, channel: ChannelName, sha256: str, media_id: str, *, seconds: float) -> None:
        self.ids[sha256] = media_id

    async def forget_upload(self, channel: ChannelName, sha256: str) -> None:
        self.ids.pop(sha256, None)
