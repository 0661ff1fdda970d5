"""Delivers what this process has just put out, without the way through the queue (store/claims.py says when)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from jobs.deliver import Deliverer
from store.claims import Claim, Claims
from store.queue import TryLater, back_off

log = structlog.get_logger()

AT_ONCE = 16  # calls to the platforms under way; a claim beyond them waits its turn in this process


class DirectDelivery:
    """Runs claims as tasks; whatever is not sent at once becomes a job of the queue again."""

    def __init__(self, deliverer: Deliverer, claims: Claims) -> None:
        self._deliverer = deliverer
        self._claims = claims
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)

    def start(self) -> None:
        self._claims.begin = self._begin

    def _begin(self, claim: Claim) -> None:
        task = asyncio.create_task(self._run(claim), name=f"deliver {claim.message.outbox_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self, seconds: float) -> None:
        """What is under way may end within `seconds`; the rest is left as a killed process leaves it."""
        self._claims.begin = None
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._claims.leave()

    async def _run(self, claim: Claim) -> None:
        try:
            await self._deliver(claim)
        except Exception as error:  # noqa: BLE001 - the database is away: found begun by nobody when it is back
            log.warning("deliver.lost", outbox=claim.message.outbox_id, error=type(error).__name__)
        self._claims.let_go([claim])

    async def _deliver(self, claim: Claim) -> None:
        try:
            async with self._places:
                ended = await self._deliverer.deliver_claim(claim)
        except TryLater as later:
            await self._claims.again(claim, later.at)
        except Exception:
            log.exception("task.failed", task="deliver", outbox=claim.message.outbox_id)
            await self._claims.again(claim, datetime.now(UTC) + back_off(1))
        else:
            if not ended:
                await self._claims.finish(claim)
