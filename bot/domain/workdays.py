"""Statutory holidays and make-up workdays of mainland China. A year without a calendar is refused, not guessed.

Years come with a library; one that it has not yet, or has wrong, is given by people (`learn`), read from the notice of
the State Council (bot/domain/holiday_notice.py) and kept in the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import chinese_calendar

_FESTIVALS = {
    "元旦": "元旦", "春节": "春节", "年": "春节", "清明": "清明节", "五一": "劳动节", "端午": "端午节",
    "中秋": "中秋节", "国庆": "国庆节",
}  # fmt: skip
_LIBRARY_NAMES = {
    "New Year's Day": "元旦", "Spring Festival": "春节", "Tomb-sweeping Day": "清明节", "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节", "Mid-autumn Festival": "中秋节", "National Day": "国庆节",
}  # fmt: skip
_LOOK_AHEAD_DAYS = 300
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class YearCalendar:
    """What is free and worked in a year beside its weekends; both by day, with the festival it belongs to.

    New Year may begin on the last days of the year before; those are in it too.
    """

    year: int
    free: Mapping[date, str] = field(default_factory=dict)
    worked: Mapping[date, str] = field(default_factory=dict)  #: Saturdays and Sundays


class _Own:
    """What people gave this process; replaced as a whole."""

    years: frozenset[int] = frozenset()
    free: Mapping[date, str] = {}
    worked: Mapping[date, str] = {}


def learn(calendars: Iterable[YearCalendar]) -> None:
    """From now on these years are as given, in this process; what was given before is forgotten."""
    given = list(calendars)
    _Own.years = frozenset(each.year for each in given)
    _Own.free = {day: name for each in given for day, name in each.free.items()}
    _Own.worked = {day: name for each in given for day, name in each.worked.items()}


def learned(year: int) -> bool:
    """Whether people gave this year."""
    return year in _Own.years


def covered(year: int) -> bool:
    """Whether the days of that year are known."""
    return is_workday(date(year, 7, 1)) is not None


def year_calendar(year: int) -> YearCalendar | None:
    """What is known of a year; None when it is not covered."""
    if not covered(year):
        return None
    free, worked = dict(_Own.free), dict(_Own.worked)
    if not learned(year):
        free |= {day: _LIBRARY_NAMES.get(name, "") for day, name in chinese_calendar.holidays.items()}
        worked |= {day: _LIBRARY_NAMES.get(name, "") for day, name in chinese_calendar.workdays.items()}
    return YearCalendar(
        year,
        free={day: name for day, name in sorted(free.items()) if day.year == year},
        worked={day: name for day, name in sorted(worked.items()) if day.year == year},
    )


def is_workday(day: date) -> bool | None:
    """None when the year is not covered."""
    detail = _detail(day)
    return None if detail is None else not detail[0]


def day_off(day: date) -> str | None:
    """The festival a free day belongs to, "" for a plain Saturday or Sunday; None for a workday or an unknown one."""
    free, festival = _detail(day) or (False, "")
    return festival if free else None


def _detail(day: date) -> tuple[bool, str] | None:
    """(free, festival or ""); None when the year is not covered."""
    if day in _Own.free:
        return True, _Own.free[day]
    if day in _Own.worked:
        return False, ""
    if day.year in _Own.years:
        return day.weekday() >= _SATURDAY, ""
    try:
        free, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    return bool(free), _LIBRARY_NAMES.get(name or "", "")


def add_workdays(day: date, count: int) -> date | None:
    """`count` workdays after `day`, which itself is not counted; None beyond the covered years."""
    while count > 0:
        day += timedelta(days=1)
        working = is_workday(day)
        if working is None:
            return None
        count -= working
    return day


def previous_workday(day: date) -> date:
    """The last workday before `day`; in years that are not covered, Monday to Friday."""
    while True:
        day -= timedelta(days=1)
        working = is_workday(day)
        if working or (working is None and day.weekday() < _SATURDAY):
            return day


def first_workday_after(festival: str, *, today: date) -> date | None:
    """The first workday after the next holiday of that name ("" = whichever comes next); None if not covered."""
    wanted = _FESTIVALS.get(festival)
    inside = False
    for ahead in range(_LOOK_AHEAD_DAYS):
        day = today + timedelta(days=ahead)
        if (detail := _detail(day)) is None:
            return None
        free, name = detail
        if inside and not free:
            return day
        inside = inside or bool(free and name and (wanted is None or wanted in name))
    return None
