"""A message is stored once, handed out once, and in order per sender."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from bot.errors import ChannelUnavailable
from bot.messages import ChannelName, Location, Media, Tap
from store.codec import inbound_from_json, inbound_to_json
from store.database import Database
from store.inbox import InboxWriter
from tests.support.recording import said
from tests.support.waiting import until

Make = Callable[[], Any]
_CUT = text("""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
""")


@pytest.fixture
async def inbox(database: Database) -> AsyncIterator[InboxWriter]:
    writer = InboxWriter(database.dsn)
    await writer.open()
    yield writer
    await writer.close()


async def test_the_same_message_twice_is_new_once(inbox: InboxWriter) -> None:
    assert await inbox.accept(said("在吗"))
    assert not await inbox.accept(said("在吗"))


async def test_the_same_message_twice_in_one_burst_is_new_once(inbox: InboxWriter) -> None:
    answers = await asyncio.gather(*(inbox.accept(said("在吗", number=n % 7)) for n in range(70)))
    assert sum(answers) == 7


async def test_a_lost_connection_lets_go_of_its_sockets_number(database: Database, inbox: InboxWriter) -> None:
    """The number is soon another connection's, which must not be disturbed, nor keep the inbox from closing."""
    await inbox.accept(said("一"))
    async with database.engine.connect() as connection:
        await connection.execute(_CUT)
    await until(lambda: inbox._wire is not None and inbox._wire.broken)
    pairs = [socket.socketpair() for _ in range(8)]
    assert inbox._wire is not None
    assert inbox._wire._socket in [end.fileno() for pair in pairs for end in pair]
    streams = [await asyncio.open_connection(sock=one) for one, _ in pairs]
    await inbox.close()
    for (reader, writer), (_, other) in zip(streams, pairs, strict=True):
        other.sendall(b"heard\n")
        assert await reader.readline() == b"heard\n"
        writer.close()
        other.close()


async def test_ids_count_per_channel_and_app(inbox: InboxWriter) -> None:
    message = said("在吗")
    assert await inbox.accept(message)
    assert await inbox.accept(replace(message, app_id="another robot"))
    assert await inbox.accept(said("在吗", channel=ChannelName.DINGTALK))


async def test_a_message_is_handed_to_one_taker_at_a_time(inbox: InboxWriter, make: Make) -> None:
    await inbox.accept(said("一"))
    async with make() as first, make() as second:
        taken = await first.inbox.take()
        assert taken.message.text == "一"
        assert await second.inbox.take() is None


async def test_the_second_of_a_sender_waits_for_the_first(inbox: InboxWriter, make: Make) -> None:
    for number, words in enumerate(["一", "二"]):
        await inbox.accept(said(words, number=number))
    await inbox.accept(said("别人", by="xujie", number=9))
    async with make() as first, make() as second, make() as third:
        assert (await first.inbox.take()).message.text == "一"
        assert (await second.inbox.take()).message.text == "别人"
        assert await third.inbox.take() is None


async def test_what_a_crash_interrupted_is_handed_out_again(inbox: InboxWriter, make: Make) -> None:
    await inbox.accept(said("一"))
    with pytest.raises(ZeroDivisionError):
        async with make() as uow:
            taken = await uow.inbox.take()
            await uow.inbox.handled(taken.inbox_id)
            raise ZeroDivisionError
    async with make() as uow:
        assert (await uow.inbox.take()).message.text == "一"


async def test_a_store_that_does_not_answer_is_told_to_the_platform() -> None:
    writer = InboxWriter("postgresql://127.0.0.1:1/nowhere")
    await writer.open()
    with pytest.raises(ChannelUnavailable):
        await writer.accept(said("在吗"))
    await writer.close()


async def test_a_nul_is_left_out_and_what_only_looks_like_one_stays(inbox: InboxWriter, make: Make) -> None:
    await inbox.accept(said("a\x00b\\u0000c"))
    async with make() as uow:
        assert (await uow.inbox.take()).message.text == "ab\\u0000c"


async def test_a_connection_that_the_server_closed_is_replaced(inbox: InboxWriter, database: Database) -> None:
    await inbox.accept(said("一", number=1))
    async with database.engine.begin() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        await connection.execute(text(f"{others} AND pid <> pg_backend_pid()"))
    await asyncio.sleep(0.1)
    assert await inbox.accept(said("二", number=2))


async def test_each_new_row_is_announced_once(inbox: InboxWriter) -> None:
    await asyncio.gather(*(inbox.accept(said("在吗", number=n % 3)) for n in range(9)))
    for _ in range(3):
        await asyncio.wait_for(inbox.arrivals.acquire(), 1)
    assert inbox.arrivals.locked()


@given(
    words=st.text(st.characters(exclude_categories=("Cs",))),
    params=st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3),
)
def test_a_message_comes_back_from_the_store_as_it_went_in(words: str, params: dict[str, str]) -> None:
    message = replace(
        said(words),
        media=(Media(ref="m", mime="amr", duration_ms=4000, recognition=words),),
        location=Location(latitude=30.2, longitude=120.1, label=words),
        tap=Tap(card_id="c", action="a", params=params, text=words, response_code="r"),
        fields={"UserID": words},
    )
    assert inbound_from_json("wecom", "app", "m1", inbound_to_json(message)) == message
