"""Working time: 9:00-12:00 and 13:00-18:00 Shanghai on workdays, statutory holidays and make-up days respected.

A year whose calendar is not published yet counts Monday to Friday: a reminder on a holiday is better than none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain import workdays

HOURS = ((time(9), time(12)), (time(13), time(18)))
MINUTES_A_DAY = 480
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_SATURDAY = 5


def add_working_minutes(moment: datetime, minutes: int) -> datetime:
    """The earliest moment by which `minutes` of working time have passed since `moment`; aware in, aware UTC out.

    What ends with the day ends at 18:00, not at 9:00 of the next; zero minutes give `moment` itself.

    Raises:
        ValueError: `minutes` is negative.
    """
    if minutes < 0:
        raise ValueError("working time runs forwards only")
    left = timedelta(minutes=minutes)
    if not left:
        return moment.astimezone(UTC)
    for opens, closes in _spells(moment):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    raise AssertionError("there is always a next workday")


def working_minutes_between(start: datetime, end: datetime) -> int:
    """Whole minutes of working time from `start` to `end`, both aware; 0 when `end` is not later."""
    passed = timedelta(0)
    for opens, closes in _spells(start):
        if opens >= end:
            break
        passed += min(closes, end) - opens
    return passed // timedelta(minutes=1)


def works_on(day: date) -> bool:
    """Whether people work on that day; Monday to Friday where the year's calendar is not known."""
    known = workdays.is_workday(day)
    return day.weekday() < _SATURDAY if known is None else known


def _spells(moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of work from `moment` on, the first one cut; UTC, none of them empty, without end."""
    since = moment.astimezone(UTC)
    day = moment.astimezone(_SHANGHAI).date()
    while True:
        if works_on(day):
            for opens, closes in HOURS:
                begin = max(since, datetime.combine(day, opens, _SHANGHAI).astimezone(UTC))
                stop = datetime.combine(day, closes, _SHANGHAI).astimezone(UTC)
                if begin < stop:
                    yield begin, stop
        day += timedelta(days=1)
