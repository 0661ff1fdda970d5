"""Calls that come together share one statement: under load a round trip is paid by many, alone by one as before."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import psycopg

MOST = 64  # calls in one statement
T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """`await call(item)` gives what `do` gives for it; `do` takes all that came while the one before was under way.

    Whoever comes while nothing is under way pays for no bookkeeping. An exception of `do` reaches all of its callers;
    when the database is away also those who wait for the next statement, since each would take as long to fail.
    """

    def __init__(self, do: Callable[[Sequence[T]], Awaitable[Sequence[R]]], *, most: int = MOST) -> None:
        self._do = do
        self._most = most
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._busy = False
        self._rest: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        if self._busy:
            answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
            self._waiting.append((item, answer))
            return await answer
        self._busy = True
        try:
            return (await self._do([item]))[0]
        except psycopg.OperationalError as error:
            self._give_up(error)
            raise
        finally:
            if self._waiting:
                self._rest = asyncio.create_task(self._serve(), name="together")
            else:
                self._busy = False

    async def _serve(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
                await self._answer(batch)
        finally:
            self._busy = False

    async def _answer(self, batch: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            answers = await self._do([item for item, _ in batch])
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is the callers' to handle
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            if isinstance(error, psycopg.OperationalError):
                self._give_up(error)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    def _give_up(self, error: psycopg.OperationalError) -> None:
        while self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(error)
