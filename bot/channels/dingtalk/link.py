"""One WebSocket to the gateway: reading, acknowledging on this very socket, pings with a deadline (2.5, 2.6)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from bot.channels.dingtalk import frames
from bot.channels.dingtalk.frames import Frame

KEEPALIVES_THAT_PROVE = 3  # a gateway that sent so many SYSTEM pings is expected to go on


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds; the sections are of protocols/dingtalk.md."""

    open_within: float = 10.0  #: open call and handshake, each (10.4)
    ping_every: float = 25.0  #: 20-30 s, under the idle cuts of NAT and proxies (2.6)
    pong_within: float = 10.0
    deaf_after: float = (
        50.0  #: gateways send keep-alives every 20-30 s (2.5); a link may answer pings and still be dead
    )
    look_every: float = 5.0
    store_within: float = 1.5  #: of the 2 s a card callback has (2.7); events have 3 s
    card_answer_within: float = 0.3
    drain_within: float = 10.0  #: the server keeps the old socket for 10 s after `disconnect` (2.5)


class Link:
    """A connected socket. `ended` is set once it delivers nothing more: closed, or told to `disconnect`, or deaf."""

    def __init__(
        self,
        socket: ClientConnection,
        *,
        deliver: Callable[[Link, Frame], None],
        seen: Callable[[], None],
        timing: Timing,
    ) -> None:
        self.ended = asyncio.Event()
        self.announced = False  #: it ended by a `disconnect` frame or our watchdog and still carries acks
        self.useful = False  #: it delivered at least one EVENT or CALLBACK
        self._socket = socket
        self._deliver = deliver
        self._seen = seen
        self._timing = timing
        self._loop = asyncio.get_running_loop()
        self.since = self._last_frame = self._loop.time()
        self._keepalives = 0
        self._owed = 0  # frames delivered here that are not answered yet
        self._settled = asyncio.Event()
        self._settled.set()
        self._answers: asyncio.Queue[str | None] = asyncio.Queue()
        self._tasks = [asyncio.create_task(job) for job in (self._read(), self._write(), self._watch())]

    @property
    def age(self) -> float:
        """Seconds since the handshake."""
        return self._loop.time() - self.since

    def answer(self, text: str) -> None:
        """Queue the one answer to a delivered frame; never blocks. Lost with the socket: the server pushes again."""
        self._answers.put_nowait(text)
        self._owed -= 1
        if not self._owed:
            self._settled.set()

    async def retire(self) -> None:
        """Stop reading, let answers of what was read go out (at most `drain_within`), close, leave no task."""
        read, write, watch = self._tasks
        read.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.drain_within):
                await self._settled.wait()
                self._answers.put_nowait(None)
                await asyncio.wait({write})
                await self._socket.close()
        self._socket.transport.abort()
        for task in (write, watch):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.ended.set()

    async def _read(self) -> None:
        try:
            async for raw in self._socket:
                self._last_frame = self._loop.time()
                self._seen()
                if (frame := frames.decode(raw)) is not None:
                    self._sort(frame)
        except ConnectionClosed:
            pass
        finally:
            self.ended.set()

    def _sort(self, frame: Frame) -> None:
        if frame.type != frames.SYSTEM:
            self.useful = True
            self._owed += 1
            self._settled.clear()
            self._deliver(self, frame)
            return
        if (answer := frames.answer_system(frame)) is not None:
            self._answers.put_nowait(answer)
        if frame.topic == frames.PING:
            self._keepalives += 1
        elif frame.topic == frames.DISCONNECT:
            self._give_up()

    def _give_up(self) -> None:
        """Nothing more comes here, but the socket stands: the replacement is opened first."""
        self.announced = True
        self.ended.set()

    async def _write(self) -> None:
        try:
            while (answer := await self._answers.get()) is not None:
                await self._socket.send(answer)
        except ConnectionClosed:
            self.ended.set()

    async def _watch(self) -> None:
        pinged = self._loop.time()
        while True:
            await asyncio.sleep(self._timing.look_every)
            now = self._loop.time()
            if self._keepalives >= KEEPALIVES_THAT_PROVE and now - self._last_frame > self._timing.deaf_after:
                self._give_up()
            if now - pinged >= self._timing.ping_every:
                pinged = now
                if not await self._ponged():
                    self._socket.transport.abort()  # half open: a closing handshake would only wait
                    self.ended.set()
                    return

    async def _ponged(self) -> bool:
        try:
            async with asyncio.timeout(self._timing.pong_within):
                await (await self._socket.ping())
        except (TimeoutError, ConnectionClosed):
            return False
        return True
