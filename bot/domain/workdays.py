"""Statutory holidays and make-up workdays of mainland China. A year without a calendar is refused, not guessed."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar

_FESTIVALS = {
    "元旦": "New Year's Day", "春节": "Spring Festival", "年": "Spring Festival", "清明": "Tomb-sweeping Day",
    "五一": "Labour Day", "端午": "Dragon Boat Festival", "中秋": "Mid-autumn Festival", "国庆": "National Day",
}  # fmt: skip
_LOOK_AHEAD_DAYS = 300
_SATURDAY = 5


def is_workday(day: date) -> bool | None:
    """None when the year is not covered."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


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
        try:
            free, name = chinese_calendar.get_holiday_detail(day)
        except NotImplementedError:
            return None
        if inside and not free:
            return day
        inside = inside or bool(free and name and (wanted is None or wanted == name))
    return None
