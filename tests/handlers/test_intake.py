"""The loop that takes messages out of the inbox: woken once per message, in order per sender, nobody left waiting."""

from __future__ import annotations

import asyncio
import time

from bot.messages import InboundMessage
from handlers.intake import IDLE_SECONDS, Intake
from tests.support.desk import Desk
from tests.support.recording import said


async def run_until_empty(intake: Intake, desk: Desk) -> None:
    loop = asyncio.create_task(intake.run())
    while await _open(desk):  # noqa: ASYNC110 - the rows say when it is done
        await asyncio.sleep(0.01)
    intake.stop()
    await loop


async def test_many_messages_of_few_people_need_no_second_look(desk: Desk) -> None:
    intake = Intake(desk.intake._around, arrivals=desk.inbox.arrivals)
    messages: list[InboundMessage] = [
        said("在吗", by=by, number=number) for number, by in enumerate(["yulijuan"] * 12 + ["xujie"] * 12)
    ]
    await asyncio.gather(*(desk.inbox.accept(message) for message in messages))
    started = time.monotonic()
    await run_until_empty(intake, desk)
    assert time.monotonic() - started < 3 * IDLE_SECONDS


async def test_what_a_dead_process_left_behind_is_found_without_being_announced(desk: Desk) -> None:
    await desk.inbox.accept(said("在吗"))
    await run_until_empty(Intake(desk.intake._around, arrivals=asyncio.Semaphore(0)), desk)


async def _open(desk: Desk) -> int:
    async with desk.unit_of_work() as uow:
        return int(await uow.inbox.count_open())
