"""节假日: shown to everybody, given by those who may, read back before it holds, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from bot.domain import workdays
from bot.domain.directory import Directory
from bot.domain.people import Employee, Role
from jobs.operations_watch import operations_watch
from store.calendars import CHANGED, SharedCalendars
from store.notifications import Listener
from store.pool import make_pool
from tests.support.desk import CONTACTS, CUSTOMERS, EMPLOYEES, Desk
from tests.support.holidays import NOTICE_2026, NOTICE_2027
from tests.support.waiting import until

BOSS = Employee(employee_no="YG001", name="孙若曦", role=Role.DIRECTOR, region="全国", wecom_user="sun")
NEW_YEAR = date(2027, 1, 1)


@pytest.fixture(autouse=True)
def office(desk: Desk) -> Iterator[None]:
    desk.directory = Directory(CUSTOMERS, CONTACTS, (*EMPLOYEES, BOSS), ())
    workdays.learn(())
    yield
    workdays.learn(())


async def _learned(database_url: str) -> None:
    async with make_pool(database_url) as pool:
        await SharedCalendars(pool).load()


async def test_everybody_sees_this_year_and_what_is_missing_of_the_next(desk: Desk) -> None:
    shown = await desk.says("LiLei", "节假日")
    assert "2026 年：已有（随程序）" in shown
    assert "· 春节 2月15日至23日（9天）；2月14日、2月28日上班" in shown
    assert "2027 年：还没有" in shown
    assert "节假日 2027 一、元旦" in shown


async def test_a_notice_is_read_back_and_holds_after_the_tap(desk: Desk, database_url: str) -> None:
    shown = await desk.says("sun", f"节假日 {NOTICE_2027}")
    assert "2027 年节假日，请核对" in shown
    assert "· 元旦 1月1日至3日（3天）" in shown
    assert "· 劳动节 5月1日至5日（5天）；5月8日上班" in shown
    await _learned(database_url)
    assert workdays.is_workday(NEW_YEAR) is None
    await desk.taps("sun", "确认节假日")
    await _learned(database_url)
    assert workdays.is_workday(NEW_YEAR) is False
    assert "2027 年：已有（孙若曦 2月12日" in await desk.says("LiLei", "节假日")
    assert any("calendar.changed" in line for line in await desk.audit())


async def test_pasted_below_the_word_it_is_read_as_well(desk: Desk) -> None:
    assert "2026 年节假日，请核对" in await desk.says("sun", f"节假日\n{NOTICE_2026}")


async def test_cancelled_nothing_holds(desk: Desk, database_url: str) -> None:
    await desk.says("sun", f"节假日 {NOTICE_2027}")
    await desk.taps("sun", "取消节假日")
    await _learned(database_url)
    assert workdays.is_workday(NEW_YEAR) is None
    assert "已经处理过了" in await desk.says("sun", "确认节假日 JR1")


async def test_taken_back_the_former_counts_again(desk: Desk, database_url: str) -> None:
    corrected = NOTICE_2027.replace("6月9日放假", "6月9日至10日放假")
    for number, notice in enumerate((NOTICE_2027, corrected), start=1):
        await desk.says("sun", f"节假日 {notice}")
        await desk.says("sun", f"确认节假日 JR{number}")
    await _learned(database_url)
    assert workdays.is_workday(date(2027, 6, 10)) is False
    assert "回到上一次填的" in await desk.says("sun", "节假日 2027 还原")
    await _learned(database_url)
    assert workdays.is_workday(date(2027, 6, 10)) is True
    assert "回到程序自带的" in await desk.says("sun", "节假日 2027 还原")
    assert "没有人填过" in await desk.says("sun", "节假日 2027 还原")


async def test_an_older_one_is_not_confirmed_over_a_newer(desk: Desk, database_url: str) -> None:
    for notice in (NOTICE_2027, NOTICE_2027.replace("6月9日放假", "6月9日至10日放假")):
        await desk.says("sun", f"节假日 {notice}")
    await desk.says("sun", "确认节假日 JR2")
    assert "后来又填过新的" in await desk.says("sun", "确认节假日 JR1")
    await _learned(database_url)
    assert workdays.is_workday(date(2027, 6, 10)) is False


async def test_a_rep_may_look_and_not_give(desk: Desk) -> None:
    assert "节假日由总监和管理员填" in await desk.says("LiLei", f"节假日 {NOTICE_2027}")
    await desk.says("sun", f"节假日 {NOTICE_2027}")
    assert "节假日由总监和管理员填" in await desk.says("LiLei", "确认节假日 JR1")


async def test_half_a_notice_is_refused_with_what_is_missing(desk: Desk) -> None:
    assert "还缺春节、清明节" in await desk.says("sun", "节假日 2027 元旦：1月1日至3日放假")


async def test_every_process_hears_of_it(desk: Desk, database_url: str) -> None:
    async with make_pool(database_url) as pool:
        listener = Listener(database_url, {CHANGED: SharedCalendars(pool).heard})
        listening = asyncio.create_task(listener.run())
        await desk.says("sun", f"节假日 {NOTICE_2027}")
        await desk.taps("sun", "确认节假日")
        await until(lambda: workdays.is_workday(NEW_YEAR) is False)
        listening.cancel()


# -- before the year begins -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "told"),
    [
        pytest.param(datetime(2026, 11, 30, 2, tzinfo=UTC), 0, id="November: the notice may still come"),
        pytest.param(datetime(2026, 12, 1, 2, tzinfo=UTC), 1, id="December"),
        pytest.param(datetime(2026, 12, 1, 15, tzinfo=UTC), 0, id="at night nobody is woken"),
        pytest.param(datetime(2027, 1, 4, 2, tzinfo=UTC), 1, id="the year has begun"),
    ],
)
async def test_administrators_are_reminded_while_the_next_year_is_missing(desk: Desk, at: datetime, told: int) -> None:
    desk.clock.move_to(at)
    await operations_watch(desk.job_context())
    await operations_watch(desk.job_context())
    async with desk.unit_of_work() as uow:
        rows = await uow.connection.execute(text("SELECT content ->> 'text' AS said FROM outbox"))
        said = [row.said for row in rows]
    assert len(said) == told
    assert all("2027 年的节假日还没有" in each for each in said)
