"""Finding a message's handler with 10 and with 200 commands; by index, so the number must not matter.

Baseline: the same message against a list of compiled patterns tried one after the other, as many bot frameworks do.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

from bot.messages import InboundMessage, Kind
from bot.router import Router
from tests.support.recording import said

ROUNDS = 20_000


def build(count: int) -> Router[Any]:
    router: Router[Any] = Router()

    async def handle(message: InboundMessage, ctx: Any, rest: str) -> None: ...

    async def sentence(message: InboundMessage, ctx: Any) -> None: ...

    for number in range(count):
        router.command(f"命令{number}", f"command{number}")(handle)
    router.kind(Kind.TEXT)(sentence)
    return router


async def ours(count: int, message: InboundMessage) -> float:
    router = build(count)
    started = time.process_time()
    for _ in range(ROUNDS):
        await router.dispatch(message, None)
    return (time.process_time() - started) / ROUNDS * 1e6


async def baseline(count: int, message: InboundMessage) -> float:
    patterns = [re.compile(rf"^(?:命令{number}|command{number})\b\s*(.*)$", re.IGNORECASE) for number in range(count)]

    async def handle() -> None: ...

    started = time.process_time()
    for _ in range(ROUNDS):
        next((pattern for pattern in patterns if pattern.match(message.text)), None)
        await handle()
    return (time.process_time() - started) / ROUNDS * 1e6


async def main() -> None:
    message = said("绿源超市滨江店曹姐定了两万五，下周三送货")
    for count in (10, 200):
        mine, theirs = await ours(count, message), await baseline(count, message)
        print(
            f"dispatch, {count} commands: {mine:.1f} µs (aim ≤ 60); "
            f"ratio to trying patterns in turn {mine / theirs:.2f}"
        )


if __name__ == "__main__":
    asyncio.run(main())
