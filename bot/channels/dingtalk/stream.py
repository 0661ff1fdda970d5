"""Stream mode: a link to the gateway that stays up, and an answer to every push after it is stored.

Why the loop is ours and not the official package's: protocols/dingtalk.md 11.2 and docs/decisions/dingtalk-stream.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx
import structlog

from bot.channels.base import Accept, Quota
from bot.channels.dingtalk import frames, normalize
from bot.channels.dingtalk.answers import CREDENTIAL_CODES
from bot.channels.dingtalk.backoff import Backoff, Pace
from bot.channels.dingtalk.frames import Frame
from bot.channels.dingtalk.gateway import handshake, open_connection
from bot.channels.dingtalk.link import Link, Timing
from bot.channels.dingtalk.quota import PushCounter
from bot.channels.dingtalk.storing import Storing
from bot.channels.dingtalk.taps import DoubleTaps
from bot.clock import Clock
from bot.errors import BadInput, ChannelError, ChannelMisconfigured, RateLimited
from bot.messages import InboundMessage
from bot.metrics import ACK_SECONDS, CALLBACKS, STREAM_RECONNECTS
from bot.settings import DingTalkSettings

log = structlog.get_logger(__name__)
T = TypeVar("T")

CardAnswer = Callable[[InboundMessage], Awaitable[Mapping[str, Any]]]
"""The response of 6.7 for a tap that is stored (shown to the person who tapped only); 0.3 s, else it is empty."""

LONGEST_WAIT_SECONDS = 300.0  # a blocked address is let in again after 5 minutes (10.2)
UNANSWERED_AT_ONCE = 5000  # beyond that a push is put off at once, without a task of its own


@dataclass(slots=True, kw_only=True)
class StreamState:
    """For readyz and metrics; times are aware UTC."""

    connected_since: datetime | None = None
    last_frame_at: datetime | None = None
    reconnects: int = 0
    failures: int = 0  #: open calls or handshakes in a row that failed
    last_error: str = ""  #: never a secret
    stored: int = 0
    known: int = 0  #: deliveries of something stored before
    put_off: int = 0  #: the store was late or failed, or too much was under way
    refused: int = 0  #: undecodable data, unknown topics

    @property
    def connected(self) -> bool:
        return self.connected_since is not None


class DingTalkStream:
    """One running receiver. `run()` until cancelled or `stop()`; both leave no task behind."""

    def __init__(
        self,
        settings: DingTalkSettings,
        http: httpx.AsyncClient,
        accept: Accept,
        on_card: CardAnswer | None = None,
        *,
        quota: Quota | None = None,
        timing: Timing | None = None,
        pace: Pace | None = None,
        real_now: Callable[[], datetime] = Clock.real_now,
    ) -> None:
        self.state = StreamState()
        self._settings = settings
        self._http = http
        self._storing = Storing(accept, self._count)
        self._on_card = on_card
        self._pushes = PushCounter(settings, quota) if quota is not None else None
        self._timing = timing or Timing()
        self._backoff = Backoff.usual(pace or Pace(), time.monotonic)
        self._double_taps = DoubleTaps(time.monotonic)
        self._real_now = real_now
        self._stopping = asyncio.Event()
        self._finished = asyncio.Event()
        self._finished.set()
        self._work: set[asyncio.Task[Any]] = set()  # outlives a link: a lost socket cancels no answer
        self._retiring: set[asyncio.Task[Any]] = set()

    # -- life --
    async def run(self) -> None:
        """Keep connected. Returns after `stop()`; cancelling it closes just as cleanly."""
        self._finished.clear()
        link: Link | None = None
        try:
            while not self._stopping.is_set():
                if (fresh := await self._connect()) is None:
                    continue
                if link is not None:
                    self._keep(self._retiring, link.retire())  # after the replacement stands (2.6)
                link = fresh
                await self._unless_stopping(link.ended.wait())
                if not self._stopping.is_set():
                    await self._lost(link)
        finally:
            await self._close(link)
            self._finished.set()

    async def stop(self) -> None:
        """Stop reading, let the answers of what was read go out, close."""
        self._stopping.set()
        await self._finished.wait()

    async def _connect(self) -> Link | None:
        """A fresh link, or None after the wait that a failure costs."""
        try:
            address = await self._unless_stopping(
                open_connection(self._settings, self._http, timeout=self._timing.open_within)
            )
            if address is None:
                return None
            socket = await self._unless_stopping(
                handshake(address, timeout=self._timing.open_within), undo=lambda socket: socket.transport.abort()
            )
        except ChannelMisconfigured as error:
            refused = error.code in CREDENTIAL_CODES
            await self._failed(error, self._backoff.after_refusal() if refused else self._backoff.after_failure())
            return None
        except RateLimited as error:
            wait = min(error.retry_after_seconds, LONGEST_WAIT_SECONDS)
            await self._failed(error, max(wait, self._backoff.after_failure()))
            return None
        except Exception as error:  # noqa: BLE001 - this loop survives whatever the network invents
            await self._failed(error, self._backoff.after_failure())
            return None
        if socket is None:
            return None
        self.state.connected_since, self.state.failures, self.state.last_error = self._real_now(), 0, ""
        log.info("dingtalk.stream.connected")
        return Link(socket, deliver=self._deliver, seen=self._seen, timing=self._timing)

    async def _failed(self, error: Exception, wait: float) -> None:
        # Only our own errors are printed: a library's may quote the address, and the address holds the ticket.
        self.state.last_error = str(error) if isinstance(error, ChannelError) else type(error).__name__
        self.state.failures += 1
        self.state.connected_since = None  # a link that was told to leave delivers nothing while we are here
        log.warning("dingtalk.stream.failed", error=self.state.last_error, wait_seconds=round(wait, 1))
        await self._unless_stopping(asyncio.sleep(wait))

    async def _lost(self, link: Link) -> None:
        if not link.announced:
            self.state.connected_since = None
        self.state.reconnects += 1
        STREAM_RECONNECTS.inc()
        wait = self._backoff.after_link(lived=link.age, useful=link.useful, announced=link.announced)
        log.info("dingtalk.stream.ended", announced=link.announced, wait_seconds=round(wait, 1))
        if wait:
            await self._unless_stopping(asyncio.sleep(wait))

    async def _close(self, link: Link | None) -> None:
        self.state.connected_since = None
        if link is not None:
            self._keep(self._retiring, link.retire())
        if self._retiring:
            await asyncio.wait(self._retiring)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.drain_within):
                while work := self._under_way():
                    await asyncio.wait(work)
        for task in (work := self._under_way()):
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        if self._pushes is not None:
            await self._pushes.flush()

    def _under_way(self) -> set[asyncio.Task[Any]]:
        return {*self._work, *self._storing.under_way}

    async def _unless_stopping(
        self, work: Coroutine[Any, Any, T], *, undo: Callable[[T], None] | None = None
    ) -> T | None:
        """What `work` returns; None, with `work` cancelled, once stopping. `undo` takes back what nobody will hold."""
        task, stop = asyncio.create_task(work), asyncio.create_task(self._stopping.wait())
        held = False
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            held = task.done()
            return task.result() if held else None
        finally:
            for each in (task, stop):
                each.cancel()
            result, _ = await asyncio.gather(task, stop, return_exceptions=True)
            if not held and undo is not None and not isinstance(result, BaseException):
                undo(result)

    @staticmethod
    def _keep(where: set[asyncio.Task[Any]], work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        where.add(task)
        task.add_done_callback(where.discard)
        return task

    # -- pushes --
    def _seen(self) -> None:
        self.state.last_frame_at = self._real_now()

    def _deliver(self, link: Link, frame: Frame) -> None:
        """Called by the reader for every EVENT and CALLBACK; never waits."""
        if len(self._work) >= UNANSWERED_AT_ONCE:
            self._count("put_off")
            link.answer(frames.ack_later(frame))
            return
        self._keep(self._work, self._serve(link, frame))

    async def _serve(self, link: Link, frame: Frame) -> None:
        began = time.perf_counter()
        answer = frames.ack_refused(frame, frames.FAILED)
        try:
            answer = await self._answer(frame)
        finally:
            link.answer(answer)  # on the socket that delivered; every push is answered, whatever happened
            ACK_SECONDS.labels("dingtalk").observe(time.perf_counter() - began)

    async def _answer(self, frame: Frame) -> str:
        if not _is_handled(frame):
            self._count("refused")
            return frames.ack_refused(frame, frames.NO_SUCH_TOPIC)
        try:
            message = self._normalize(frame)
        except BadInput as error:
            self._count("refused")
            log.warning("dingtalk.stream.undecodable", topic=frame.topic, error=str(error))
            return frames.ack_refused(frame, frames.BAD_DATA)
        if self._pushes is not None and normalize.counts_as_push(message):
            self._pushes.add()
        try:
            await self._storing.store(message, within=self._timing.store_within)
        except TimeoutError:
            self._count("put_off")
            log.warning("dingtalk.stream.put_off", message_id=message.message_id)
            return frames.ack_later(frame)
        except Exception as error:  # noqa: BLE001 - whatever the store raises, the gateway gets its 500
            self._count("put_off")
            log.error("dingtalk.stream.not_stored", message_id=message.message_id, error=type(error).__name__)
            return frames.ack_refused(frame, frames.FAILED)
        return frames.ack_taken(frame, await self._card_response(message))

    def _count(self, outcome: str) -> None:
        setattr(self.state, outcome, getattr(self.state, outcome) + 1)
        CALLBACKS.labels("dingtalk", outcome).inc()

    def _normalize(self, frame: Frame) -> InboundMessage:
        data, app, now = frame.payload(), self._settings.client_id, self._real_now()
        if frame.type == frames.EVENT:
            return normalize.event(data, frame.headers, app_id=app, received_at=now)
        if frame.topic == frames.ROBOT_TOPIC:
            return normalize.robot_message(data, app_id=app, received_at=now, oapi_base=self._settings.oapi_base)
        tap = normalize.card_tap(
            data, app_id=app, push_id=frame.message_id, received_at=now, corp_id=self._settings.corp_id
        )
        return self._double_taps.same_id(tap)

    async def _card_response(self, message: InboundMessage) -> Mapping[str, Any] | None:
        if message.tap is None or self._on_card is None:
            return None
        try:
            async with asyncio.timeout(self._timing.card_answer_within):
                return await self._on_card(message)
        except Exception as error:  # noqa: BLE001 - the tap is stored; a missing preview must not turn it into an error
            log.warning("dingtalk.stream.no_card_answer", error=type(error).__name__)
            return None


def _is_handled(frame: Frame) -> bool:
    return frame.type == frames.EVENT or (
        frame.type == frames.CALLBACK and frame.topic in (frames.ROBOT_TOPIC, frames.CARD_TOPIC)
    )
