"""Working time is 9-12 and 13-18 on workdays. Spring Festival 2026: 15-23 February off, 14 and 28 February worked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.worktime import add_working_minutes, working_minutes_between

SHANGHAI = ZoneInfo("Asia/Shanghai")
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(SHANGHAI))
minutes = st.integers(0, 5_000)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        pytest.param("2026-02-12 09:00", 60, "2026-02-12 10:00", id="within the morning"),
        pytest.param("2026-02-12 09:00", 180, "2026-02-12 12:00", id="a span that ends with the morning ends at noon"),
        pytest.param("2026-02-12 11:30", 60, "2026-02-12 13:30", id="lunch does not count"),
        pytest.param("2026-02-12 12:20", 30, "2026-02-12 13:30", id="told at lunch"),
        pytest.param("2026-02-12 07:00", 240, "2026-02-12 14:00", id="before the office opens"),
        pytest.param("2026-02-12 17:00", 60, "2026-02-12 18:00", id="what ends with the day ends at six"),
        pytest.param("2026-02-12 17:00", 61, "2026-02-13 09:01", id="over the night"),
        pytest.param("2026-02-13 17:00", 120, "2026-02-14 10:00", id="the Saturday that is worked before the festival"),
        pytest.param("2026-02-14 16:00", 240, "2026-02-24 11:00", id="the festival itself is skipped"),
        pytest.param("2026-02-18 10:00", 1, "2026-02-24 09:01", id="told on a holiday"),
        pytest.param("2026-02-27 17:30", 60, "2026-02-28 09:30", id="the Saturday that is worked after it"),
        pytest.param("2026-02-28 17:30", 60, "2026-03-02 09:30", id="an ordinary Sunday"),
        pytest.param("2026-02-12 10:00", 1440, "2026-02-24 10:00", id="three days of eight hours"),
        pytest.param("2026-02-12 22:00", 0, "2026-02-12 22:00", id="no time at all"),
        pytest.param("2051-01-06 17:30", 60, "2051-01-09 09:30", id="a year without a calendar: Monday to Friday"),
    ],
)
def test_adding_working_time(start: str, count: int, end: str) -> None:
    assert add_working_minutes(at(start), count) == at(end)
    assert working_minutes_between(at(start), at(end)) == count


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ("2026-02-12 09:00", "2026-02-12 18:00", 480),
        ("2026-02-12 18:00", "2026-02-13 09:00", 0),
        ("2026-02-14 18:00", "2026-02-24 09:00", 0),
        ("2026-02-09 00:00", "2026-03-01 00:00", (6 + 5) * 480),
        ("2026-02-12 10:00", "2026-02-12 09:00", 0),
        ("2026-02-12 10:00:30", "2026-02-12 10:02", 1),
    ],
)
def test_working_time_between(start: str, end: str, count: int) -> None:
    assert working_minutes_between(at(start), at(end)) == count


def test_answers_are_utc() -> None:
    assert add_working_minutes(at("2026-02-12 09:00"), 5).tzinfo is UTC
    assert add_working_minutes(at("2026-02-12 22:00"), 0).tzinfo is UTC


def test_working_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        add_working_minutes(at("2026-02-12 09:00"), -1)


@given(moments, minutes, minutes)
def test_in_two_goes_or_at_once(moment: datetime, first: int, then: int) -> None:
    assert add_working_minutes(add_working_minutes(moment, first), then) == add_working_minutes(moment, first + then)


@given(moments, minutes)
def test_what_was_added_has_passed(moment: datetime, count: int) -> None:
    end = add_working_minutes(moment, count)
    assert end >= moment
    assert working_minutes_between(moment, end) == count
    if count:
        assert working_minutes_between(moment, end - timedelta(seconds=1)) == count - 1


@given(moments, moments, minutes)
def test_later_ends_later(one: datetime, other: datetime, count: int) -> None:
    first, last = sorted((one, other))
    assert add_working_minutes(first, count) <= add_working_minutes(last, count)


@given(st.lists(moments.map(lambda moment: moment.replace(second=0, microsecond=0)), min_size=3, max_size=3))
def test_the_parts_make_the_whole(three: list[datetime]) -> None:
    first, middle, last = sorted(three)
    parts = working_minutes_between(first, middle) + working_minutes_between(middle, last)
    assert parts == working_minutes_between(first, last)
