"""The organisation's monthly quotas: API calls and pushes (protocols/dingtalk.md 10.1)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from bot.channels.base import Quota
from bot.metrics import QUOTA_USED
from bot.settings import DingTalkSettings

log = structlog.get_logger(__name__)

API_KEY, PUSH_KEY = "dingtalk:api", "dingtalk:push"
WARN_AT_PERCENT = (70, 90, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaState:
    """This month's use as counted here; other apps of the organisation draw on it, too. Limit 0 = not watched."""

    api_used: int
    api_limit: int
    push_used: int
    push_limit: int

    @property
    def percent(self) -> int:
        """The fuller of the two."""
        pairs = ((self.api_used, self.api_limit), (self.push_used, self.push_limit))
        return max((used * 100 // limit for used, limit in pairs if limit), default=0)


async def count(quota: Quota, key: str, n: int, limit: int) -> int:
    """Add, and say so in the log when 70, 90 or 100 % is passed."""
    total = await quota.count(key, n)
    QUOTA_USED.labels(key).set(total)
    for percent in WARN_AT_PERCENT:
        if limit and (total - n) * 100 < percent * limit <= total * 100:
            log.warning("dingtalk.quota", key=key, used=total, limit=limit, percent=percent)
    return total


async def quota_state(quota: Quota, settings: DingTalkSettings) -> QuotaState:
    """What is used of both, this calendar month."""
    return QuotaState(
        api_used=await quota.count(API_KEY, 0),
        api_limit=settings.monthly_api_quota,
        push_used=await quota.count(PUSH_KEY, 0),
        push_limit=settings.monthly_push_quota,
    )


class PushCounter:
    """Counts received pushes behind their acknowledgement, many of a burst in one go."""

    def __init__(self, settings: DingTalkSettings, quota: Quota) -> None:
        self._limit = settings.monthly_push_quota
        self._quota = quota
        self._pending = 0
        self._task: asyncio.Task[None] | None = None

    def add(self) -> None:
        self._pending += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def flush(self) -> None:
        """Wait until all is counted."""
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while self._pending:
            n, self._pending = self._pending, 0
            try:
                await count(self._quota, PUSH_KEY, n, self._limit)
            except Exception as error:  # noqa: BLE001 - a wrong count is better than a dead receiver
                log.warning("dingtalk.quota.not_counted", pushes=n, error=type(error).__name__)
