"""With [ai] on: gaps are closed after the card is up, unclear sentences get a second look, failures change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from bot.connectors.ai import Candidate, ChatReader
from bot.domain.visits import VisitReading
from bot.settings import AiSettings, Settings
from tests.support.desk import Desk

SHORT = "刚去了绿源滨江，王姐说先来一批水"


class Reader(ChatReader):
    """Answers as told."""

    def __init__(self, reading: VisitReading | None) -> None:
        self.reading = reading
        self.offered: Sequence[Candidate] = ()

    async def read(self, text: str, *, today: date, candidates: Sequence[Candidate]) -> VisitReading | None:
        self.offered = candidates
        return self.reading


def _reading(customer_no: str | None, **values: object) -> VisitReading:
    return VisitReading(customer_no=customer_no, visit_date=date(2026, 2, 12), **values)  # type: ignore[arg-type]


@pytest.fixture
def settings() -> Settings:
    return Settings(ai=AiSettings(enabled=True, base_url="http://ai.test", model="m"))


async def test_the_card_does_not_wait_and_gaps_are_filled_later(desk: Desk) -> None:
    desk.reader = reader = Reader(_reading("KH0117", amount_yuan=2000, intent="高", next_follow_up=date(2026, 2, 26)))
    assert "记下了" in await desk.says("LiLei", SHORT)
    await desk.work()
    assert [item.customer_no for item in reader.offered] == ["KH0117"]
    (card,) = await desk.cards_of("LiLei")
    assert "2,000 元" in [field.value for field in card.fields]
    assert (await desk.visits())[0].next_follow_up == date(2026, 2, 26)


async def test_what_was_understood_already_is_never_overwritten(desk: Desk) -> None:
    desk.reader = Reader(_reading("KH0117", amount_yuan=9999))
    await desk.says("LiLei", "刚去了绿源滨江，王姐要20件水，大概3000块")
    await desk.work()
    assert (await desk.visits())[0].amount_fen == 3000_00


async def test_once_confirmed_nothing_is_filled_in(desk: Desk) -> None:
    desk.reader = Reader(_reading("KH0117", amount_yuan=2000))
    await desk.says("LiLei", SHORT)
    await desk.taps("LiLei", "确认")
    await desk.work()
    assert (await desk.visits())[0].amount_fen is None


async def test_another_customer_read_into_it_is_not_believed(desk: Desk) -> None:
    desk.reader = Reader(_reading("KH0250", amount_yuan=2000))
    await desk.says("LiLei", SHORT)
    await desk.work()
    visit = (await desk.visits())[0]
    assert (visit.customer_no, visit.amount_fen) == ("KH0117", None)


async def test_no_answer_changes_nothing(desk: Desk) -> None:
    desk.reader = Reader(None)
    await desk.says("LiLei", SHORT)
    before = await desk.visits()
    await desk.work()
    assert await desk.visits() == before


async def test_small_talk_never_goes_out(desk: Desk) -> None:
    assert await desk.says("LiLei", "收到") == "👌"
    assert await desk.deferred("read_with_ai") == []


async def test_an_unclear_sentence_gets_the_usual_answer_when_the_reader_fails(desk: Desk) -> None:
    desk.reader = Reader(None)
    await desk.says("LiLei", "公司食堂今天吃什么呢")
    await desk.work()
    assert "可以这样说" in (await desk.shown_to("LiLei"))[-1]


async def test_an_unclear_sentence_may_be_a_visit_after_all(desk: Desk) -> None:
    desk.reader = Reader(_reading("KH0117", intent="高", summary="搞定了"))
    await desk.says("LiLei", "公司食堂今天吃什么呢")
    await desk.work()
    assert (await desk.visits())[0].customer_no == "KH0117"
