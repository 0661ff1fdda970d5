"""Storing a push within the time the platform waits for its answer; for Stream and HTTP mode alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.channels.base import Accept
from bot.messages import InboundMessage

STORING_AT_ONCE = 256  # accepts under way; the store batches them


class Storing:
    """Awaits `accept` for so long and no longer. What it began goes on: the inbox is unique, a late insert is harmless.

    Args:
        count: called with "stored" or "known" when an insert is through, in time or late.
    """

    def __init__(self, accept: Accept, count: Callable[[str], None]) -> None:
        self._accept = accept
        self._count = count
        self._room = asyncio.Semaphore(STORING_AT_ONCE)
        self.under_way: set[asyncio.Task[None]] = set()

    async def store(self, message: InboundMessage, *, within: float) -> None:
        """Returns after the commit.

        Raises:
            TimeoutError: not stored after `within` seconds.
            Exception: whatever the store raises.
        """
        async with asyncio.timeout(within):
            await self._room.acquire()
            task = asyncio.create_task(self._run(message))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)
            await asyncio.shield(task)

    async def _run(self, message: InboundMessage) -> None:
        try:
            self._count("stored" if await self._accept(message) else "known")
        finally:
            self._room.release()
