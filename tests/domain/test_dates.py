"""Days as people say them. Thursday 2026-02-05 is today unless a row says otherwise."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import lunar
from bot.domain.dates import find_dates, read_date
from bot.domain.workdays import add_workdays, first_workday_after

TODAY = date(2026, 2, 5)
DAYS = st.dates(date(2022, 1, 1), date(2030, 12, 1))


def the_day(text: str, today: date = TODAY) -> str | None:
    days = [mention.day for mention in find_dates(text, today=today)]
    assert len(days) == 1, days
    return days[0].isoformat() if days[0] else None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        pytest.param("下周三", "2026-02-11", id="the next natural week, not seven days on"),
        pytest.param("周五", "2026-02-06", id="a bare weekday is in this week"),
        pytest.param("这周日", "2026-02-08", id="the week ends on Sunday"),
        pytest.param("下下周一", "2026-02-16", id="two weeks on"),
        pytest.param("下个礼拜天", "2026-02-15", id="礼拜天"),
        pytest.param("下周的周四", "2026-02-12", id="said twice"),
        pytest.param("8万6下周二", "2026-02-10", id="a figure right before it"),
        pytest.param("下周一二轮", "2026-02-09", id="the second round on Monday"),
        pytest.param("上周五", "2026-01-30", id="last week"),
        pytest.param("三天后", "2026-02-08", id="three days"),
        pytest.param("过八天", "2026-02-13", id="过N天"),
        pytest.param("3天内", "2026-02-08", id="at the latest then"),
        pytest.param("半个月后", "2026-02-20", id="fifteen days"),
        pytest.param("两周后", "2026-02-19", id="fourteen days"),
        pytest.param("两个星期后", "2026-02-19", id="the same in other words"),
        pytest.param("一个月后", "2026-03-05", id="a calendar month"),
        pytest.param("5个工作日内", "2026-02-12", id="workdays"),
        pytest.param("明早9点", "2026-02-06", id="time of day does not matter"),
        pytest.param("后儿", "2026-02-07", id="northern"),
        pytest.param("大后天", "2026-02-08", id="大后天"),
        pytest.param("月底", "2026-02-28", id="the last day"),
        pytest.param("下月底", "2026-03-31", id="of next month"),
        pytest.param("22号", "2026-02-22", id="of this month"),
        pytest.param("3号前", "2026-03-03", id="already over, so of the next; X前 means X"),
        pytest.param("二十一号", "2026-02-21", id="in words"),
        pytest.param("下个月十三号", "2026-03-13", id="next month"),
        pytest.param("二月十四号", "2026-02-14", id="month and day in words"),
        pytest.param("1月15号", "2026-01-15", id="three weeks ago"),
        pytest.param("十五号那天", "2026-01-15", id="spoken of as past"),
        pytest.param("2.14再去", "2026-02-14", id="dotted, with something planned"),
        pytest.param("3/5", "2026-03-05", id="slashed"),
        pytest.param("2026年3月1日", "2026-03-01", id="in full"),
        pytest.param("正月初八", "2026-02-24", id="lunar"),
        pytest.param("正月十二", "2026-02-28", id="lunar, without 初"),
        pytest.param("初八", "2026-02-24", id="before the new year 初八 is clear"),
        pytest.param("腊月二十五", "2026-02-12", id="the old year's last month"),
        pytest.param("除夕前", "2026-02-16", id="the eve"),
        pytest.param("元宵节前", "2026-03-03", id="a festival"),
        pytest.param("节后上班第一天", "2026-02-24", id="from the holiday calendar"),
        pytest.param("年后第一个工作日", "2026-02-24", id="the same in other words"),
        pytest.param("国庆后上班第一天", "2026-10-08", id="another holiday"),
        pytest.param("月初", None, id="vague"),
        pytest.param("下周末", None, id="Saturday or Sunday"),
        pytest.param("明后天", None, id="one of two"),
        pytest.param("每周三", None, id="no day in particular"),
        pytest.param("正月十五之后", None, id="some time after"),
    ],
)
def test_what_a_day_is_called(text: str, day: str | None) -> None:
    assert the_day(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "年后再说",
        "下半年再说",
        "一周一次",
        "1号楼",
        "账期60天",
        "2月3家店",
        "聊了28分钟",
        "最快三个月",
        "周年庆",
        "库存还够卖两周",
        "2号线",
        "4.8万",
        "元宵礼盒",
        "中秋堆头",
        "有空再说",
        "第3次",
    ],
)
def test_no_day_at_all(text: str) -> None:
    assert [mention for mention in find_dates(text, today=TODAY) if mention.day] == []


def test_a_short_answer_names_one_day() -> None:
    assert read_date("改成下周五吧", today=TODAY) == date(2026, 2, 13)
    assert read_date("下周五或者下周六", today=TODAY) is None
    assert read_date("再说", today=TODAY) is None


def test_a_holiday_of_a_year_without_calendar_is_refused() -> None:
    last = max(day.year for day in chinese_calendar.holidays)
    assert first_workday_after("春节", today=date(last + 1, 1, 5)) is None
    assert add_workdays(date(last, 12, 25), 30) is None


WEEKDAYS = "一二三四五六日"
CHINESE = ("", *"一两三四五六七八九十", "十一", "十二", "十三", "十四", "十五", "十六", "十七", "十八", "十九", "二十")


@given(DAYS, st.integers(1, 20))
def test_every_way_to_say_in_so_many_days(today: date, ahead: int) -> None:
    for number in (str(ahead), CHINESE[ahead]):
        for form in ("{}天后", "{}天之后", "过{}天", "再过{}天", "{}天以后", "{}日后"):
            assert read_date(form.format(number), today=today) == today + timedelta(days=ahead)


@given(DAYS, st.integers(0, 6), st.integers(0, 2))
def test_every_way_to_say_a_weekday(today: date, weekday: int, weeks: int) -> None:
    monday = today - timedelta(days=today.weekday())
    for which in (("这", "本", "这个"), ("下", "下个"), ("下下", "下下个"))[weeks]:
        for week in ("周", "星期", "礼拜"):
            said = f"{which}{week}{WEEKDAYS[weekday]}"
            assert read_date(said, today=today) == monday + timedelta(days=weekday, weeks=weeks)


@given(DAYS, st.integers(1, 150))
def test_every_way_to_write_a_coming_date(today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead)
    for form in (
        f"{day.month}月{day.day}号",
        f"{day.month}月{day.day}日前",
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.month}/{day.day}",
    ):
        assert read_date(form, today=today) == day


@given(st.dates(date(2021, 1, 1), date(2039, 12, 1)))
def test_text_around_a_day_changes_nothing(today: date) -> None:
    assert read_date("嗯定了1万5下周二我给老周送过去", today=today) == read_date("下周二", today=today)


@pytest.mark.parametrize("year", range(2021, 2040))
def test_lunar_months_fill_the_lunar_year(year: int) -> None:
    first, following = lunar.new_year(year), lunar.new_year(year + 1)
    assert first is not None
    assert following is not None
    assert (following - first).days == sum(days for _, _, days in lunar.months(year))


@pytest.mark.parametrize("year", range(2020, 2027))
def test_the_lunar_table_agrees_with_the_statutory_holidays(year: int) -> None:
    for month, day in ((1, 1), (5, 5), (8, 15)):
        found = lunar.to_solar(year, month, day)
        assert found is not None
        assert chinese_calendar.is_holiday(found)
