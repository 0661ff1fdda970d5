"""One outgoing row to its platform: what is tried again, when, and what is given up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import text

from bot.clock import Clock
from bot.errors import ChannelRejected, ChannelUnavailable, OutcomeUnknown, RateLimited
from bot.messages import Account, Card, CardUpdate, ChannelName, Receipt, Text
from jobs.deliver import Deliverer
from store.database import Database
from store.deliveries import Deliveries
from store.queue import TryLater
from store.sharing import SharedLimiter
from tests.support.recording import RecordingChannel

Make = Callable[[], Any]
REP = Account(ChannelName.WECOM, "yulijuan")
MANAGER = Account(ChannelName.DINGTALK, "dd_chenlei")


class Post:
    """Puts one row and delivers it."""

    def __init__(self, make: Make, pool: AsyncConnectionPool, database: Database, channel: RecordingChannel) -> None:
        self.make, self.database, self.channel = make, database, channel
        self.deliverer = Deliverer(Deliveries(pool), {channel.name: channel}, SharedLimiter(pool))

    async def put(self, content: Text | Card, *to: Account) -> int:
        async with self.make() as uow:
            uow.outbox.put(content, channel=self.channel, recipients=to or (REP,))
        return await self.last()

    async def last(self) -> int:
        async with self.database.engine.connect() as connection:
            return int((await connection.execute(text("SELECT max(outbox_id) FROM outbox"))).scalar_one())

    async def state(self, outbox_id: int) -> str:
        async with self.database.engine.connect() as connection:
            query = text("SELECT state FROM outbox WHERE outbox_id = :id")
            return str((await connection.execute(query, {"id": outbox_id})).scalar_one())


@pytest.fixture
def wecom(make: Make, pool: AsyncConnectionPool, database: Database) -> Post:
    return Post(make, pool, database, RecordingChannel())


@pytest.fixture
def dingtalk(make: Make, pool: AsyncConnectionPool, database: Database) -> Post:
    return Post(make, pool, database, RecordingChannel(ChannelName.DINGTALK))


async def test_a_row_goes_out_once_however_often_its_job_runs(wecom: Post) -> None:
    row = await wecom.put(Text(text="好"))
    for _ in range(3):
        await wecom.deliverer.deliver(row)
    assert wecom.channel.texts() == ["好"]
    assert await wecom.state(row) == "sent"


@pytest.mark.parametrize(
    ("failure", "state", "at_least"),
    [
        pytest.param(ChannelUnavailable("busy"), "queued", 0.5, id="busy: again soon"),
        pytest.param(RateLimited("45009", retry_after_seconds=60), "queued", 59, id="over a limit: after its window"),
        pytest.param(OutcomeUnknown("time-out"), "sending", 0.5, id="time-out: again, the platform knows repeats"),
    ],
)
async def test_what_may_work_later_is_tried_later(wecom: Post, failure: Exception, state: str, at_least: float) -> None:
    row = await wecom.put(Text(text="好"))
    wecom.channel.failures = [failure]
    with pytest.raises(TryLater) as later:
        await wecom.deliverer.deliver(row)
    assert later.value.at - Clock.real_now() > timedelta(seconds=at_least)
    assert await wecom.state(row) == state
    await wecom.deliverer.deliver(row)
    assert wecom.channel.texts() == ["好"]
    assert wecom.channel.sent[0].attempt == 2


async def test_what_the_platform_will_never_take_is_kept_for_an_operator(wecom: Post) -> None:
    row = await wecom.put(Text(text="好"))
    wecom.channel.failures = [ChannelRejected("81013", code="81013")]
    await wecom.deliverer.deliver(row)
    assert await wecom.state(row) == "failed"
    async with wecom.make() as uow:
        assert await uow.outbox.retry(row) is not None
    await wecom.deliverer.deliver(row)
    assert await wecom.state(row) == "sent"


async def test_an_unknown_outcome_is_repeated_once_where_repeats_cannot_be_recognised(dingtalk: Post) -> None:
    row = await dingtalk.put(Text(text="好"), MANAGER)
    dingtalk.channel.failures = [OutcomeUnknown("504"), OutcomeUnknown("504")]
    with pytest.raises(TryLater):
        await dingtalk.deliverer.deliver(row)
    await dingtalk.deliverer.deliver(row)
    assert await dingtalk.state(row) == "failed"


async def test_a_refusal_does_not_use_up_the_one_repeat(dingtalk: Post) -> None:
    row = await dingtalk.put(Text(text="好"), MANAGER)
    dingtalk.channel.failures = [RateLimited("403", retry_after_seconds=1), OutcomeUnknown("504")]
    for _ in range(2):
        with pytest.raises(TryLater):
            await dingtalk.deliverer.deliver(row)
    await dingtalk.deliverer.deliver(row)
    assert dingtalk.channel.texts() == ["好"]


async def test_nobody_to_receive_it_is_a_failure_though_the_platform_said_ok(wecom: Post) -> None:
    wecom.channel.receipt = Receipt(platform_id="p", invalid=("yulijuan",))
    row = await wecom.put(Text(text="好"))
    await wecom.deliverer.deliver(row)
    assert await wecom.state(row) == "failed"


async def test_throttled_receivers_get_it_later_and_the_others_not_again(dingtalk: Post) -> None:
    dingtalk.channel.receipt = Receipt(platform_id="p", throttled=("b",))
    row = await dingtalk.put(Text(text="好"), MANAGER, Account(ChannelName.DINGTALK, "b"))
    with pytest.raises(TryLater):
        await dingtalk.deliverer.deliver(row)
    dingtalk.channel.receipt = Receipt(platform_id="p")
    await dingtalk.deliverer.deliver(row)
    assert [account.user_id for account in dingtalk.channel.sent[-1].recipients] == ["b"]


async def test_our_own_limit_holds_a_row_back_without_spending_an_attempt(wecom: Post) -> None:
    wecom.channel.per_minute = 1
    first, second = await wecom.put(Text(text="一")), await wecom.put(Text(text="二"))
    await wecom.deliverer.deliver(first)
    with pytest.raises(TryLater) as later:
        await wecom.deliverer.deliver(second)
    assert later.value.at - Clock.real_now() < timedelta(seconds=61)
    assert await wecom.state(second) == "queued"


async def test_only_the_newest_face_of_a_card_is_shown(wecom: Post) -> None:
    async with wecom.make() as uow:
        card_id = uow.outbox.put(Card(title="拜访"), channel=wecom.channel, recipients=(REP,))
    created = await wecom.last()
    rows = []
    for status in ("改了", "确认了"):
        async with wecom.make() as uow:
            update = CardUpdate(card_id=card_id, card=Card(title="拜访", status=status))
            uow.outbox.put_card_update(update, channels={ChannelName.WECOM: wecom.channel})
        rows.append(await wecom.last())
    wecom.channel.receipt = Receipt(platform_id="p", response_code="one-time")
    for row in (created, *rows):
        await wecom.deliverer.deliver(row)
    assert [card.status for _, card, _ in wecom.channel.updated] == ["确认了"]
    assert wecom.channel.updated[0][2].response_codes == ("one-time",)
