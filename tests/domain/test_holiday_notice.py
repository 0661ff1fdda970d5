"""A year's holidays, read from the State Council's notice and checked in every way that it allows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby

import chinese_calendar
import pytest

from bot.domain import workdays
from bot.domain.holiday_notice import read_notice
from bot.domain.workdays import YearCalendar
from bot.errors import BadSyntax
from tests.support.holidays import NOTICE_2026

TODAY = date(2026, 11, 29)


@pytest.fixture(autouse=True)
def nothing_learned() -> Iterator[None]:
    workdays.learn(())
    yield
    workdays.learn(())


def _free(calendar: YearCalendar) -> set[date]:
    return {day for day in calendar.free if day.weekday() < 5}


def test_the_notice_as_published_says_what_the_library_knows() -> None:
    read = read_notice(NOTICE_2026, today=TODAY)
    assert _free(read) == {day for day in chinese_calendar.holidays if day.year == 2026 and day.weekday() < 5}
    assert set(read.worked) == {day for day in chinese_calendar.workdays if day.year == 2026}
    assert read.free[date(2026, 2, 20)] == "春节"
    assert read.worked[date(2026, 2, 28)] == "春节"


@pytest.mark.parametrize("year", [*range(2012, 2015), *range(2016, 2027)])  # 2015 had a day of its own
def test_each_published_year_reads_back_from_short_words(year: int) -> None:
    known = workdays.year_calendar(year)
    assert known is not None
    read = read_notice(f"{year} {_words(known)}", today=date(year, 1, 1))
    assert read.free.keys() == known.free.keys()
    assert set(read.worked) == set(known.worked)


def _words(calendar: YearCalendar) -> str:
    """元旦：1月1日至3日放假，1月4日上班。 A festival that the library has inside another's days is named with it."""
    names = {name: [day for day, whose in calendar.free.items() if whose == name] for name in calendar.free.values()}
    parts = []
    for name, days in names.items():
        runs = [list(run) for _, run in groupby(days, key=lambda day: day.toordinal() - days.index(day))]
        spans = "、".join(_span(run[0], run[-1]) for run in runs)
        worked = "、".join(f"{day.month}月{day.day}日" for day, whose in calendar.worked.items() if whose == name)
        name = "国庆节、中秋节" if name == "国庆节" and "中秋节" not in names else name
        parts.append(f"{name}：{spans}放假{f'，{worked}上班' if worked else ''}。")
    return "".join(parts)


def _span(first: date, last: date) -> str:
    return f"{first.month}月{first.day}日" + (f"至{last.month}月{last.day}日" if last != first else "")


def test_new_year_may_begin_in_the_old_one() -> None:
    said = NOTICE_2026.replace("1月1日（周四）至3日（周六）", "2025年12月31日（周三）至2026年1月2日（周五）")
    read = read_notice(said, today=TODAY)
    assert read.free[date(2025, 12, 31)] == "元旦"
    assert date(2026, 1, 3) not in read.free


def test_two_festivals_that_fall_together() -> None:
    autumn = "六、中秋节：9月25日（周五）至27日（周日）放假，共3天。\n七、国庆节"
    said = NOTICE_2026.replace(autumn, "六、国庆节、中秋节")
    said = said.replace("10月1日（周四）至7日", "9月25日放假，10月1日（周四）至7日").replace("，共7天", "")
    read = read_notice(said, today=TODAY)
    assert read.free[date(2026, 10, 3)] == "国庆节、中秋节"


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        pytest.param(
            "五、端午节：6月19日（周五）至21日（周日）放假，共3天。\n", "", "还缺端午节", id="a line is missing"
        ),
        pytest.param("1月1日（周四）", "1月1日（周五）", "是周四，不是周五", id="weekday of another year"),
        pytest.param("共9天", "共8天", "写的是共8天，按日期数是 9 天", id="the count differs"),
        pytest.param("5月9日（周六）上班", "5月8日上班", "周五，本来就上班", id="making up on a workday"),
        pytest.param("至5日（周二）", "至5日（周二", "劳动节", id="a bracket is lost"),
        pytest.param("4月4日（周六）至6日（周一）", "4月31日", "没有“4月31日”这一天", id="no such day"),
        pytest.param(
            "10月1日（周四）至7日（周三）", "10月2日至8日", "国庆节的放假日期对不上", id="not where it belongs"
        ),
        pytest.param("5月9日（周六）上班", "5月5日上班", "本来就上班", id="free and worked"),
        pytest.param("5月9日（周六）上班", "5月9日（周六）", "5月9日没说放假还是上班", id="neither free nor worked"),
        pytest.param("2026", "2031", "只能填今年（2026）和明年（2027）", id="far ahead"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(before: str, after: str, sentence: str) -> None:
    said = NOTICE_2026.replace(before, after)
    assert said != NOTICE_2026
    with pytest.raises(BadSyntax, match=sentence):
        read_notice(said, today=TODAY)


def test_without_a_year_it_is_asked_for() -> None:
    with pytest.raises(BadSyntax, match="是哪一年的"):
        read_notice("元旦：1月1日至3日放假", today=TODAY)


# -- what was given counts --------------------------------------------------------------------------------------------
def test_a_given_year_counts_in_every_question_about_days() -> None:
    assert workdays.is_workday(date(2027, 1, 4)) is None
    new_year = {date(2026, 12, 31): "元旦", date(2027, 1, 1): "元旦"}
    workdays.learn([YearCalendar(2027, free=new_year, worked={date(2027, 1, 9): "元旦"})])
    assert not workdays.is_workday(date(2026, 12, 31))
    assert not workdays.is_workday(date(2027, 1, 1))
    assert workdays.is_workday(date(2027, 1, 9))
    assert workdays.day_off(date(2027, 1, 10)) == ""
    assert workdays.day_off(date(2027, 1, 1)) == "元旦"
    assert workdays.first_workday_after("元旦", today=date(2026, 12, 29)) == date(2027, 1, 4)
    assert workdays.add_workdays(date(2026, 12, 30), 1) == date(2027, 1, 4)
    assert workdays.is_workday(date(2028, 1, 3)) is None


def test_a_given_year_overrules_the_library() -> None:
    workdays.learn([read_notice(NOTICE_2026.replace("2月28日（周六）", "2月7日（周六）"), today=TODAY)])
    assert not workdays.is_workday(date(2026, 2, 28))
    assert workdays.is_workday(date(2026, 2, 7))
