"""From an accepted message to a handled one: once, in order per sender, all effects in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.cards.errors import apology
from bot.channels.base import Channel
from bot.clock import Clock
from bot.domain.directory import Directory
from bot.domain.people import Employee
from bot.errors import UserError
from bot.messages import ChannelName, InboundMessage, Kind
from bot.metrics import HANDLED, HANDLING_SECONDS, MESSAGE_AGE
from bot.router import Router
from bot.schedule import Timetable
from bot.settings import Settings
from handlers.context import Context
from store.database import connection_lost
from store.inbox import Waiting
from store.unit_of_work import UnitOfWork

log = structlog.get_logger()

MAX_ATTEMPTS = 3  # unexpected failures of one message before it is given up with an apology
RETRY_SECONDS = 2.0
IDLE_SECONDS = 1.0  # between counts of what waits without having been announced


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What handling needs beside the message; built once by main."""

    unit_of_work: Callable[[], AbstractAsyncContextManager[UnitOfWork]]
    router: Router[Context]
    directory: Callable[[], Directory]
    clock: Clock
    channels: Mapping[ChannelName, Channel]
    settings: Settings
    timetable: Timetable
    strangers: Callable[[InboundMessage, Context, tuple[str, Mapping[str, str]] | None], Awaitable[None]]
    #: serves everybody who is no known employee; nothing else ever does


class Intake:
    """Takes messages out of the inbox until stopped; several may run, in one process or on many machines."""

    def __init__(self, around: Surroundings, *, arrivals: asyncio.Semaphore, slots: int = 4) -> None:
        """`arrivals` has a permit for each message that may be waiting: a look at the inbox costs as much as one."""
        self._around = around
        self._arrivals = arrivals
        self._slots = slots
        self._stopping = False
        self._behind = 0  # looks that found nothing while something was in hand: its sender may have said more
        self._done = 0
        self.busy = 0  #: messages being handled right now

    async def run(self) -> None:
        """Until `stop`; whatever is being handled is finished."""
        count = asyncio.create_task(self._count_waiting(), name="intake counts")
        try:
            await asyncio.gather(*(self._slot() for _ in range(self._slots)))
        finally:
            count.cancel()

    def stop(self) -> None:
        self._stopping = True
        self._look(self._slots)

    def _look(self, times: int) -> None:
        for _ in range(times):
            self._arrivals.release()

    async def _slot(self) -> None:
        while not self._stopping:
            await self._arrivals.acquire()
            done = self._done
            try:
                found = await self.handle_next()
            except Exception:  # this loop must survive a database that is away
                log.exception("intake.failed")
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if found:
                self._done += 1
                behind, self._behind = self._behind, 0
                self._look(behind)
            elif self._done != done:  # what stood in the way has been handled meanwhile
                self._look(1)
            elif self.busy:
                self._behind += 1

    async def _count_waiting(self) -> None:
        """What nobody announced: left by a process that died, to be tried again by now, or a NOTIFY that was lost."""
        while not self._stopping:
            if self._arrivals.locked():
                try:
                    async with self._around.unit_of_work() as uow:
                        self._look(await uow.inbox.count_open() - self.busy)
                except Exception:  # this loop must survive a database that is away
                    log.exception("intake.failed")
            await asyncio.sleep(IDLE_SECONDS)

    async def handle_next(self) -> bool:
        """Handle the oldest message that may be handled now. False if there was none."""
        self.busy += 1
        taken: Waiting | None = None
        try:
            async with self._around.unit_of_work() as uow:
                taken = await uow.inbox.take()
                if taken is None:
                    return False
                with structlog.contextvars.bound_contextvars(message=taken.inbox_id), HANDLING_SECONDS.time():
                    await self._handle(taken, uow)
            self._count(taken, "handled")
        except UserError as error:
            assert taken is not None
            await self._answer_instead(taken, error)
        except Exception as error:
            if taken is None or connection_lost(error):  # the database's failure is no failure of the message
                raise
            await self._failed(taken, error)
        finally:
            self.busy -= 1
        return True

    async def _handle(self, taken: Waiting, uow: UnitOfWork) -> None:
        message = taken.message
        uow.outbox.inbox_id = taken.inbox_id
        ctx = await self._context(message, uow)
        if message.tap is not None and message.tap.response_code:
            await uow.remember_code(message.tap.card_id, message.tap.response_code)
        dialogue = None
        if message.kind is Kind.TEXT or (message.kind is Kind.VOICE and message.text.strip()):
            # a photo or a place is no answer: it goes its own way, and the question stays open
            dialogue = taken.dialogue
        if dialogue is not None:
            uow.conversations.close(message.sender)  # its handler may ask again
        if ctx.stranger and message.kind is not Kind.EVENT:
            await self._around.strangers(message, ctx, dialogue)
        else:
            await self._around.router.dispatch(message, ctx, dialogue=dialogue)
        await uow.inbox.handled(taken.inbox_id)

    async def _context(self, message: InboundMessage, uow: UnitOfWork) -> Context:
        around = self._around
        directory = around.directory()
        return Context(
            message=message,
            employee=directory_employee(directory, message),
            uow=uow,
            directory=directory,
            clock=around.clock,
            channels=around.channels,
            settings=around.settings,
            timetable=around.timetable,
        )

    async def _answer_instead(self, taken: Waiting, error: UserError) -> None:
        """The handler's writes are undone; the sentence goes out with the message marked as handled."""
        async with self._around.unit_of_work() as uow:
            if await uow.inbox.take_again(taken.inbox_id) is None:
                return
            uow.outbox.inbox_id = taken.inbox_id
            ctx = await self._context(taken.message, uow)
            if taken.message.sender.user_id:
                ctx.reply(error.sentence)
            await uow.inbox.handled(taken.inbox_id)
        self._count(taken, type(error).__name__)

    async def _failed(self, taken: Waiting, error: Exception) -> None:
        attempts = taken.attempts + 1
        log.error("message.failed", message=taken.inbox_id, attempts=attempts, exc_info=error)
        last = attempts >= MAX_ATTEMPTS
        retry_at = None if last else self._around.clock.real_now() + timedelta(seconds=RETRY_SECONDS * attempts)
        async with self._around.unit_of_work() as uow:
            if await uow.inbox.take_again(taken.inbox_id) is None:
                return
            if last and taken.message.sender.user_id and taken.message.kind is not Kind.EVENT:
                ctx = await self._context(taken.message, uow)
                ctx.reply(apology(taken.inbox_id))
            await uow.inbox.failed(taken.inbox_id, f"{type(error).__name__}: {error}", retry_at=retry_at)
        self._count(taken, "failed" if last else "retried")

    def _count(self, taken: Waiting, outcome: str) -> None:
        HANDLED.labels(taken.message.channel.value, taken.message.kind.value, outcome).inc()
        age = (self._around.clock.real_now() - taken.received_at).total_seconds()
        MESSAGE_AGE.labels(taken.message.channel.value).observe(max(age, 0.0))


def directory_employee(directory: Directory, message: InboundMessage) -> Employee | None:
    """The active employee behind the sender's verified platform identity."""
    if not message.sender.user_id:
        return None
    return directory.employee_by_account(message.channel.value, message.sender.user_id)
