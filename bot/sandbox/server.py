"""What both pretended platforms share: routes, faults, the log of the wire, work in the background."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from starlette.types import Receive, Scope, Send

from bot.sandbox.faults import Fault, Faults
from bot.sandbox.wire import Answer, Call, Handler, NoAnswer, read_call, write_answer
from bot.sandbox.world import Platform, World

_log = logging.getLogger(__name__)


class PlatformServer:
    """One platform as an ASGI app. Subclasses add routes and say how they refuse."""

    platform: Platform

    def __init__(self, world: World) -> None:
        self.world = world
        self.config = world.config
        self.faults = Faults()
        self.routes: dict[tuple[str, str], Handler] = {}
        self._slow_until = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await write_answer(await self.answer(await read_call(scope, receive)), send)

    async def answer(self, call: Call) -> Answer:
        """Do what the call asks, or what a fault wants instead, and log it.

        Raises:
            NoAnswer: a fault swallows the answer.
        """
        started = time.perf_counter()
        fault = self.faults.take(call.path)
        try:
            answer = await self._with_fault(call, fault)
        except NoAnswer:
            self._log(call, started, "no answer", None)
            raise
        self._log(call, started, self.outcome(answer), answer)
        return answer

    async def _with_fault(self, call: Call, fault: Fault | None) -> Answer:
        if fault is None:
            return self.throttled(call) if self.world.now() < self._slow_until else await self.dispatch(call)
        if fault.timeout:
            raise NoAnswer(cut=False)
        if fault.drop_answer_after_doing:
            await self.dispatch(call)
            raise NoAnswer(cut=True)
        if fault.status is not None:
            return Answer(status=fault.status, body=b"<html>busy</html>", content_type="text/html")
        return self.failed(call, fault.code)

    def _log(self, call: Call, started: float, status: str, answer: Answer | None) -> None:
        self.world.log(
            platform=self.platform,
            direction="from_bot",
            what=f"{call.method} {call.path}",
            status=status,
            seconds=time.perf_counter() - started,
            request=call.described(),
            response=answer.described() if answer else None,
            note=answer.note if answer else "",
        )

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run in the background until done or closed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("background work of %s broke off", self.platform, exc_info=error)

    async def now_or_later(self, work: Coroutine[Any, Any, Any], wait: bool) -> None:
        """Wait for the work, or leave it to the background."""
        if wait:
            await work
        else:
            self.spawn(work)

    async def settle(self) -> None:
        """Wait until nothing that was started in the background is left."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def throttle(self, seconds: float) -> None:
        """Every call of the next seconds is over the frequency limit."""
        self._slow_until = self.world.now() + seconds

    # what a platform has to say for itself

    async def dispatch(self, call: Call) -> Answer:
        raise NotImplementedError

    def outcome(self, answer: Answer) -> str:
        """The word for the log: the platform's own code."""
        raise NotImplementedError

    def throttled(self, call: Call) -> Answer:
        raise NotImplementedError

    def failed(self, call: Call, code: int | str | None) -> Answer:
        raise NotImplementedError

    async def misbehave(self, what: str, options: dict[str, Any]) -> None:
        """Turn a fault knob by its name; KeyError when there is none of this name."""
        raise NotImplementedError
