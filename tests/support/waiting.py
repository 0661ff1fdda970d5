"""Wait for what has to come true."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], object | Awaitable[object]], seconds: float = 10.0) -> float:
    """Until the condition holds; returns how long it took.

    Raises:
        TimeoutError: it did not come true in time.
    """
    began = time.monotonic()
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return time.monotonic() - began
        if time.monotonic() - began > seconds:
            raise TimeoutError("it did not come true")
        await asyncio.sleep(0.02)
