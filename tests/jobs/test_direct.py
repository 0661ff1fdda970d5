"""What a process puts out it delivers itself: once, in order, and never lost when it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import procrastinate
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from bot.errors import ChannelUnavailable, OutcomeUnknown, RateLimited
from bot.messages import Account, Card, CardUpdate, ChannelName, OutboundMessage, Receipt, Text
from jobs.deliver import Deliverer
from jobs.direct import DirectDelivery
from store.claims import ROOM, Claims
from store.database import Database
from store.deliveries import Deliveries
from store.sharing import SharedLimiter
from store.steady import rescue_jobs_of_dead_workers
from store.unit_of_work import unit_of_work
from tests.support.recording import RecordingChannel
from tests.support.waiting import until

REP = Account(ChannelName.WECOM, "yulijuan")
COLLEAGUE = Account(ChannelName.WECOM, "xujie")
TODO, DOING = "todo", "doing"


class Process:
    """One bot process: its own claims and deliveries over the shared database and platform."""

    def __init__(
        self, database: Database, queue: procrastinate.App, pool: AsyncConnectionPool, channel: RecordingChannel
    ) -> None:
        self.pool, self.queue, self.channel = pool, queue, channel
        self.claims = Claims(pool)
        self.deliverer = Deliverer(Deliveries(pool, self.claims), {channel.name: channel}, SharedLimiter(pool))
        self.direct = DirectDelivery(self.deliverer, self.claims)
        self.unit_of_work = unit_of_work(database.engine, queue, self.claims)

    async def start(self) -> None:
        self.direct.start()
        await self.claims.beat()

    async def put(self, *words: str, to: Account = REP) -> None:
        async with self.unit_of_work() as uow:
            for each in words:
                uow.outbox.put(Text(text=each), channel=self.channel, recipients=(to,))

    async def killed(self) -> None:
        """Nothing is tidied up, and its heartbeat has been silent for long enough."""
        self.claims.begin = None
        await self.ask("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")

    async def ask(self, query: Any) -> list[tuple[Any, ...]]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(query)
            return await cursor.fetchall() if cursor.description else []

    async def jobs(self) -> list[str]:
        return [row[0] for row in await self.ask("SELECT status::text FROM procrastinate_jobs ORDER BY id")]

    async def states(self) -> list[str]:
        return [row[0] for row in await self.ask("SELECT state FROM outbox ORDER BY outbox_id")]

    async def work(self) -> None:
        """What a Procrastinate worker does, until nothing is due."""
        await self.queue.run_worker_async(queues=["deliver"], wait=False, delete_jobs="successful")

    async def settled(self) -> None:
        await until(lambda: not self.direct._tasks)


@pytest.fixture
def channel() -> RecordingChannel:
    return RecordingChannel()


@pytest.fixture
async def bot(
    database: Database, queue: procrastinate.App, pool: AsyncConnectionPool, channel: RecordingChannel
) -> AsyncIterator[Process]:
    made = Process(database, queue, pool, channel)

    @queue.task(name="deliver", queue="deliver")
    async def deliver(outbox_id: int) -> None:
        await made.deliverer.deliver(outbox_id)

    await made.start()
    yield made
    await made.direct.stop(5)


async def test_what_is_put_out_is_delivered_and_its_job_is_gone(bot: Process, channel: RecordingChannel) -> None:
    await bot.put("好")
    await bot.settled()
    assert channel.texts() == ["好"]
    assert (await bot.states(), await bot.jobs()) == (["sent"], [])
    assert channel.sent[0].attempt == 1
    await bot.work()
    assert channel.texts() == ["好"]


async def test_a_failed_transaction_delivers_nothing(bot: Process, channel: RecordingChannel) -> None:
    with suppress(ZeroDivisionError):
        async with bot.unit_of_work() as uow:
            uow.outbox.put(Text(text="好"), channel=channel, recipients=(REP,))
            await uow.flush()
            raise ZeroDivisionError
    await bot.settled()
    assert (channel.texts(), await bot.jobs()) == ([], [])


async def test_killed_between_commit_and_call_the_row_goes_out_by_the_queue(
    bot: Process, channel: RecordingChannel
) -> None:
    bot.claims.begin = lambda claim: None  # the process ends here
    await bot.put("好")
    assert await bot.jobs() == [DOING]
    await bot.work()
    assert channel.texts() == [], "while it may be alive nobody else takes it"
    await bot.killed()
    assert await rescue_jobs_of_dead_workers(bot.queue) == 1
    await bot.work()
    assert (channel.texts(), await bot.jobs()) == (["好"], [])


async def test_a_commit_whose_answer_was_lost_is_found_at_the_next_beat(
    bot: Process, channel: RecordingChannel
) -> None:
    bot.claims.begin = lambda claim: bot.claims.let_go([claim])
    await bot.put("好")
    await bot.claims.beat()
    assert await bot.jobs() == [TODO]
    await bot.work()
    assert channel.texts() == ["好"]


async def test_what_is_under_way_is_not_given_back_by_the_beat(bot: Process) -> None:
    bot.claims.begin = lambda claim: None
    await bot.put("好")
    await bot.claims.beat()
    assert await bot.jobs() == [DOING]


async def test_two_processes_and_a_worker_over_the_same_rows_send_each_once(
    bot: Process, database: Database, channel: RecordingChannel
) -> None:
    other = Process(database, bot.queue, bot.pool, channel)
    await other.start()
    people = [Account(ChannelName.WECOM, f"rep{number % 3}") for number in range(24)]

    async def put(number: int) -> None:
        await (bot if number % 2 else other).put(f"{number}", to=people[number])

    async def rescue() -> None:
        for _ in range(10):
            await rescue_jobs_of_dead_workers(bot.queue)
            await asyncio.gather(bot.claims.beat(), other.claims.beat())

    await asyncio.gather(*(put(number) for number in range(24)), bot.work(), rescue())
    await bot.settled()
    await other.settled()
    await bot.work()
    assert sorted(channel.texts(), key=int) == [f"{number}" for number in range(24)]
    assert set(await bot.states()) == {"sent"}
    await other.direct.stop(5)


async def test_rows_put_at_once_for_one_person_keep_their_order(bot: Process, channel: RecordingChannel) -> None:
    await bot.put("一", "二", "三")
    assert await bot.jobs() == [DOING, TODO, TODO]
    await bot.settled()
    assert channel.texts() == ["一", "二", "三"], "each is begun by the end of the one before, not by the queue"
    assert await bot.jobs() == []


async def test_what_follows_is_left_alone_while_it_is_not_due(bot: Process, channel: RecordingChannel) -> None:
    go = asyncio.Event()
    send = channel.send

    async def slowly(message: OutboundMessage) -> Receipt:
        await go.wait()
        return await send(message)

    channel.send = slowly  # type: ignore[method-assign]
    await bot.put("一", "二")
    await bot.ask("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour' WHERE status = 'todo'")
    go.set()
    await bot.settled()
    assert (channel.texts(), await bot.jobs()) == (["一"], [TODO])


async def test_a_burst_is_begun_and_ended_together_and_each_is_sent_once(
    bot: Process, channel: RecordingChannel
) -> None:
    people = [Account(ChannelName.WECOM, f"rep{number % 20}") for number in range(60)]
    async with bot.unit_of_work() as uow:
        for number, person in enumerate(people):
            uow.outbox.put(Text(text=f"{number}"), channel=channel, recipients=(person,))
    await bot.settled()
    assert sorted(channel.texts(), key=int) == [f"{number}" for number in range(60)]
    for person in people[:20]:
        mine = [
            int(text) for text, sent in zip(channel.texts(), channel.sent, strict=True) if person in sent.recipients
        ]
        assert mine == sorted(mine)
    assert (set(await bot.states()), await bot.jobs()) == ({"sent"}, [])


async def test_in_a_burst_only_those_over_their_limit_are_held_back(bot: Process, channel: RecordingChannel) -> None:
    channel.per_minute = 2
    async with bot.unit_of_work() as uow:
        for number in range(10):
            person = REP if number % 2 else Account(ChannelName.WECOM, f"rep{number}")
            uow.outbox.put(Text(text=f"{number}"), channel=channel, recipients=(person,))
    await bot.settled()
    assert sorted(channel.texts()) == ["0", "1", "2", "3", "4", "6", "8"], "of REP's five the first two"
    assert await bot.jobs() == [TODO] * 3


async def test_a_row_waits_behind_an_earlier_one_to_the_same_person_and_others_do_not(
    bot: Process, channel: RecordingChannel
) -> None:
    channel.failures = [ChannelUnavailable("busy")]
    await bot.put("一")
    await bot.settled()
    await bot.put("二")
    await bot.put("同事的", to=COLLEAGUE)
    await bot.settled()
    assert (channel.texts(), await bot.jobs()) == (["同事的"], [TODO, TODO])
    await bot.ask("UPDATE procrastinate_jobs SET scheduled_at = now()")
    await bot.work()
    assert channel.texts() == ["同事的", "一", "二"]


async def test_the_limit_holds_a_row_back_without_spending_an_attempt(bot: Process, channel: RecordingChannel) -> None:
    channel.per_minute = 1
    await bot.put("一")
    await bot.settled()
    await bot.put("二")
    await bot.settled()
    assert (channel.texts(), await bot.states(), await bot.jobs()) == (["一"], ["sent", "queued"], [TODO])
    assert await bot.ask("SELECT attempts FROM outbox WHERE state = 'queued'") == [(0,)]
    assert await bot.ask("SELECT scheduled_at > now() FROM procrastinate_jobs") == [(True,)]


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        pytest.param(RateLimited("45009", retry_after_seconds=60), "queued", id="over the platform's limit"),
        pytest.param(OutcomeUnknown("time-out"), "sending", id="no answer"),
        pytest.param(ValueError("a defect"), "sending", id="a defect"),
    ],
)
async def test_what_fails_is_the_queues_to_repeat(
    bot: Process, channel: RecordingChannel, failure: Exception, state: str
) -> None:
    channel.failures = [failure]
    await bot.put("一")
    await bot.settled()
    assert (await bot.states(), await bot.jobs()) == ([state], [TODO])
    await bot.ask("UPDATE procrastinate_jobs SET scheduled_at = now()")
    await bot.work()
    assert [message.attempt for message in channel.sent] == [2]


async def test_what_the_platform_refuses_for_good_leaves_no_job(bot: Process, channel: RecordingChannel) -> None:
    channel.receipt = Receipt(invalid=("yulijuan",))
    await bot.put("一")
    await bot.settled()
    assert (await bot.states(), await bot.jobs()) == (["failed"], [])


async def test_a_cards_new_face_is_shown_with_the_code_that_came_with_it(
    bot: Process, channel: RecordingChannel
) -> None:
    channel.receipt = Receipt(platform_id="p", response_code="one-time")
    async with bot.unit_of_work() as uow:
        card_id = uow.outbox.put(Card(title="拜访"), channel=channel, recipients=(REP,))
    await bot.settled()
    async with bot.unit_of_work() as uow:
        update = CardUpdate(card_id=card_id, card=Card(title="拜访", status="已确认"))
        uow.outbox.put_card_update(update, channels={channel.name: channel})
    await bot.settled()
    assert [(card.status, handle.response_codes) for _, card, handle in channel.updated] == [("已确认", ("one-time",))]
    assert await bot.jobs() == []


async def test_more_than_there_is_room_for_is_left_to_the_queue(bot: Process, channel: RecordingChannel) -> None:
    go = asyncio.Event()
    send = channel.send

    async def slowly(message: OutboundMessage) -> Receipt:
        await go.wait()
        return await send(message)

    channel.send = slowly  # type: ignore[method-assign]
    for number in range(ROOM + 3):
        await bot.put("好", to=Account(ChannelName.WECOM, f"rep{number}"))
    assert await bot.jobs() == [DOING] * ROOM + [TODO] * 3
    go.set()
    await bot.settled()
    await bot.work()
    assert len(channel.sent) == ROOM + 3


async def test_taken_for_dead_while_the_database_was_away_it_begins_anew(
    bot: Process, channel: RecordingChannel
) -> None:
    former = bot.claims.worker_id
    await bot.ask("DELETE FROM procrastinate_workers")
    await bot.put("一")
    assert await bot.jobs() == [TODO]
    await bot.claims.beat()
    assert bot.claims.worker_id not in (former, None)
    await bot.put("二", to=COLLEAGUE)
    await bot.settled()
    assert channel.texts() == ["二"]


async def test_the_database_goes_away_during_a_delivery_and_the_row_is_not_forgotten(
    bot: Process, channel: RecordingChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(Deliveries, "sent", away)
        patch.setattr(Claims, "again", away)
        await bot.put("好")
        await bot.settled()
    assert await bot.jobs() == [DOING]
    await bot.claims.beat()
    await bot.work()
    assert (await bot.states(), await bot.jobs()) == (["sent"], [])


async def test_a_process_that_stops_finishes_what_is_under_way(bot: Process, channel: RecordingChannel) -> None:
    await bot.put("好")
    await bot.direct.stop(5)
    assert (channel.texts(), await bot.jobs()) == (["好"], [])
    assert await bot.ask("SELECT count(*) FROM procrastinate_workers") == [(0,)]
    await bot.put("以后")
    assert await bot.jobs() == [TODO]
