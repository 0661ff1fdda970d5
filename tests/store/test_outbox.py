"""What goes out is written with the business change, once per key, with one background job each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import procrastinate
from sqlalchemy import text

from bot.messages import Account, Card, CardUpdate, ChannelName, Field, Text
from store.codec import content_from_json, content_to_json
from store.database import Database
from tests.support.recording import RecordingChannel

Make = Callable[[], Any]
REP = Account(ChannelName.WECOM, "yulijuan")


async def _jobs(database: Database) -> list[tuple[str, str]]:
    async with database.engine.connect() as connection:
        rows = await connection.execute(text("SELECT task_name, lock FROM procrastinate_jobs ORDER BY id"))
        return [(row[0], row[1]) for row in rows]


async def test_each_row_has_its_job_and_people_keep_their_order(make: Make, database: Database) -> None:
    channel = RecordingChannel()
    async with make() as uow:
        for words in ("一", "二"):
            uow.outbox.put(Text(text=words), channel=channel, recipients=(REP,))
    assert await _jobs(database) == [("deliver", "wecom:yulijuan")] * 2
    async with database.engine.connect() as connection:
        rows = await connection.execute(text("SELECT content ->> 'text' FROM outbox ORDER BY outbox_id"))
        assert rows.scalars().all() == ["一", "二"]


async def test_a_failed_transaction_sends_nothing(make: Make, database: Database) -> None:
    try:
        async with make() as uow:
            uow.outbox.put(Text(text="一"), channel=RecordingChannel(), recipients=(REP,))
            await uow.flush()
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert await _jobs(database) == []


async def test_the_same_key_goes_out_once(make: Make, database: Database) -> None:
    for _ in range(3):
        async with make() as uow:
            uow.outbox.put(Text(text="晨报"), channel=RecordingChannel(), recipients=(REP,), dedup_key="digest:02-12")
    assert len(await _jobs(database)) == 1


async def test_a_card_update_goes_where_the_card_hangs(make: Make, database: Database) -> None:
    channel = RecordingChannel()
    async with make() as uow:
        card_id = uow.outbox.put(
            Card(title="拜访", fields=(Field(label="客户", value="绿源"),)), channel=channel, recipients=(REP,)
        )
    async with make() as uow:
        update = CardUpdate(card_id=card_id, card=Card(title="拜访", status="已确认"))
        uow.outbox.put_card_update(update, channels={ChannelName.WECOM: channel})
    assert await _jobs(database) == [("deliver", "wecom:yulijuan")] * 2


async def test_an_unknown_card_is_not_updated(make: Make, database: Database) -> None:
    async with make() as uow:
        update = CardUpdate(card_id="c-unknown", card=Card(title="拜访"))
        uow.outbox.put_card_update(update, channels={ChannelName.WECOM: RecordingChannel()})
    assert await _jobs(database) == []


async def test_tasks_of_a_transaction_exist_only_if_it_commits(
    make: Make, database: Database, queue: procrastinate.App
) -> None:
    async with make() as uow:
        uow.defer("store_media", lock="visit:1", visit_no="BF1")
    assert await _jobs(database) == [("store_media", "visit:1")]


def test_content_comes_back_as_it_went_in() -> None:
    card = Card(title="拜访", subtitle="s", fields=(Field(label="客户", value="绿源"),), body="b", number="BF1")
    for content in (Text(text="好"), card, CardUpdate(card_id="c", card=card)):
        assert content_from_json(content_to_json(content)) == content
