"""At nine everybody hears what they promised for today, once, unless it was done."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from bot.clock import SHANGHAI
from jobs.followup_reminder import followup_reminder
from tests.support.desk import DINGTALK, Desk

LV = "刚去了绿源滨江，王姐要20件矿泉水，大概3000块，明天送样"
LIKANG = "去了利康便利店(老街店)，蔡姐要500块的货，明天再去"
TOMORROW_AT_NINE = datetime(2026, 2, 13, 9, 0, tzinfo=SHANGHAI)


async def _next_morning(desk: Desk) -> int:
    desk.clock.move_to(TOMORROW_AT_NINE)
    return await followup_reminder(desk.job_context())


async def _imported(desk: Desk, **values: object) -> None:
    """A visit that came with the company's file."""
    row = {
        "visit_no": "BF26020100001",
        "customer_no": "KH0117",
        "employee_no": "YG010",
        "visited_at": datetime(2026, 2, 1, 2, 0, tzinfo=UTC),
        "content": "约好送新品",
        "next_follow_up": date(2026, 2, 13),
        **values,
    }
    async with desk.unit_of_work() as uow:
        await uow.connection.execute(
            text(
                "INSERT INTO visits (visit_no, customer_no, employee_no, visited_at, content, next_follow_up) "
                "VALUES (:visit_no, :customer_no, :employee_no, :visited_at, :content, :next_follow_up)"
            ),
            row,
        )


async def test_what_was_promised_comes_back_with_the_phone_number(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    assert await _next_morning(desk) == 1
    shown = (await desk.shown_to("LiLei"))[-1]
    assert "今天要跟进 1 家客户" in shown
    assert "**绿源超市(滨江店)**" in shown
    assert "联系 王红（老板） 199-0000-0001" in shown
    assert "[已跟进] [推迟一天]" in shown


async def test_one_card_however_often_it_runs(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.says("LiLei", LIKANG)
    before = len(await desk.cards_of("LiLei"))
    await _next_morning(desk)
    await _next_morning(desk)
    cards = await desk.cards_of("LiLei")
    assert len(cards) == before + 1
    assert [button.text for button in cards[-1].buttons] == ["已跟进 1", "已跟进 2", "都推迟一天"]


async def test_nothing_promised_nothing_said(desk: Desk) -> None:
    assert await _next_morning(desk) == 0
    assert await desk.shown_to("LiLei") == []


@pytest.mark.parametrize("who", [pytest.param("LiLei", id="oneself"), pytest.param("dd_zhaomin", id="a colleague")])
async def test_a_promise_kept_in_the_meantime_is_not_brought_up(desk: Desk, who: str) -> None:
    await desk.says("LiLei", LV)
    desk.minutes_later(60)
    channel = DINGTALK if who.startswith("dd_") else desk.channels and next(iter(desk.channels))
    await desk.says(who, "又去了绿源滨江，样品已经送到了", channel=channel)
    assert await _next_morning(desk) == 0


async def test_a_visit_taken_back_promises_nothing_and_keeps_nothing(desk: Desk) -> None:
    await _imported(desk)
    await desk.says("LiLei", "去了绿源滨江，明天再去")
    await desk.says("LiLei", "撤销")
    assert await _next_morning(desk) == 1
    assert "约好送新品" in (await desk.shown_to("LiLei"))[-1]


async def test_imported_promises_count(desk: Desk) -> None:
    await _imported(desk)
    assert await _next_morning(desk) == 1


async def test_a_leavers_promises_go_to_the_region_manager(desk: Desk) -> None:
    await _imported(desk, employee_no="YG012")
    await _next_morning(desk)
    shown = (await desk.shown_to("dd_chenlei"))[-1]
    assert "2月1日王强：约好送新品" in shown


async def test_running_it_for_a_past_day_looks_from_that_day(desk: Desk) -> None:
    """What happened after the as-of time is not known yet."""
    await _imported(desk, visited_at=datetime(2026, 2, 1, 2, 0, tzinfo=UTC), next_follow_up=date(2026, 2, 10))
    await desk.says("LiLei", "刚去了绿源滨江，样品送到了")
    desk.clock.move_to(datetime(2026, 2, 10, 9, 0, tzinfo=SHANGHAI))
    assert await followup_reminder(desk.job_context()) == 1


# -- buttons --------------------------------------------------------------------------------------------------------
async def test_done_asks_what_came_of_it_and_records_it_for_that_customer(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await _next_morning(desk)
    assert "绿源超市(滨江店) 跟进得怎么样？" in await desk.taps("LiLei", "已跟进")
    await desk.says("LiLei", "样品送到了，王姐说先要2000块的货，下周五再去")
    _, second = await desk.visits()
    assert (second.customer_no, second.amount_fen, second.state) == ("KH0117", 2000_00, "待确认")
    assert second.raw_text == "样品送到了，王姐说先要2000块的货，下周五再去"


async def test_the_buttons_words_can_be_typed(desk: Desk) -> None:
    """The order is the card's, whatever was done since."""
    await desk.says("LiLei", LV)
    await desk.says("LiLei", LIKANG)
    await _next_morning(desk)
    desk.minutes_later(5)
    assert "绿源超市(滨江店) 跟进得怎么样？" in await desk.says("LiLei", "已跟进 1")
    await desk.says("LiLei", "样品送到了，王姐很满意")
    assert "利康便利店(老街店) 跟进得怎么样？" in await desk.says("LiLei", "已跟进 2")
    assert "说第几家" in await desk.says("LiLei", "已跟进 3")
    assert "已推迟到 2月14日 周六" in await desk.says("LiLei", "都推迟一天")


async def test_done_may_turn_out_to_be_about_another_customer(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await _next_morning(desk)
    await desk.taps("LiLei", "已跟进")
    await desk.says("LiLei", LIKANG)
    assert (await desk.visits())[1].customer_no == "KH0250"


async def test_postponed_by_a_day(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await _next_morning(desk)
    assert "已推迟到 2月14日 周六" in await desk.taps("LiLei", "推迟一天")
    assert (await desk.visits())[0].next_follow_up == date(2026, 2, 14)
    await desk.says("LiLei", "撤销")
    assert (await desk.visits())[0].next_follow_up == date(2026, 2, 13)


async def test_all_of_them_postponed_and_twice_is_once(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.says("LiLei", LIKANG)
    await _next_morning(desk)
    action = (await desk.cards_of("LiLei"))[-1].buttons[-1].action
    assert "2 家已推迟到" in await desk.taps("LiLei", "都推迟一天")
    from bot.messages import Kind, Tap

    await desk.sends("LiLei", kind=Kind.TAP, tap=Tap(card_id="c", action=action.name, params=action.params()))
    assert {visit.next_follow_up for visit in await desk.visits()} == {date(2026, 2, 14)}


async def test_somebody_elses_reminder_is_not_yours_to_postpone(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await _next_morning(desk)
    action = (await desk.cards_of("LiLei"))[-1].buttons[-1].action
    from bot.messages import Kind, Tap

    await desk.sends("hanmei", kind=Kind.TAP, tap=Tap(card_id="c", action=action.name, params=action.params()))
    assert "不是发给你的" in await desk.last("hanmei")
    assert (await desk.visits())[0].next_follow_up == date(2026, 2, 13)


async def test_the_place_on_the_card_counts_from_when_it_was_made(desk: Desk) -> None:
    """跟进提醒 moved to 10:30: what was done before it is not on the card."""
    await desk.says("LiLei", LV)
    await desk.says("LiLei", LIKANG)
    desk.clock.move_to(TOMORROW_AT_NINE.replace(hour=10))
    await desk.says("LiLei", "刚去了绿源滨江，样品送到了")
    desk.clock.move_to(TOMORROW_AT_NINE.replace(hour=10, minute=30))
    await followup_reminder(desk.job_context())
    async with desk.unit_of_work() as uow:
        await uow.connection.execute(
            text("INSERT INTO job_runs (job, fire_at, state) VALUES ('followup_reminder', :at, 'done')"),
            {"at": desk.clock.now()},
        )
    desk.minutes_later(1)
    assert "利康便利店(老街店) 跟进得怎么样？" in await desk.says("LiLei", "已跟进 1")
