"""The Chinese lunar calendar as far as people plan by it: 正月初八, 腊月二十三, 除夕, 端午, 中秋."""

from __future__ import annotations

from datetime import date, timedelta

FIRST_YEAR = 2020
#: first day of each lunar year from FIRST_YEAR (month, day), and its months: bit 12 is the first month, set = 30 days;
#: the leap month follows the month of its number (0 = none). Public astronomical tables (GB/T 33661).
_YEARS: tuple[tuple[tuple[int, int], int], ...] = (
    ((1, 25), 0x07954), ((2, 12), 0x06AA0), ((2, 1), 0x0AD50), ((1, 22), 0x05B52), ((2, 10), 0x04B60),
    ((1, 29), 0x0A6E6), ((2, 17), 0x0A4E0), ((2, 6), 0x0D260), ((1, 26), 0x0EA65), ((2, 13), 0x0D530),
    ((2, 3), 0x05AA0), ((1, 23), 0x076A3), ((2, 11), 0x096D0), ((1, 31), 0x04AFB), ((2, 19), 0x04AD0),
    ((2, 8), 0x0A4D0), ((1, 28), 0x1D0B6), ((2, 15), 0x0D250), ((2, 4), 0x0D520), ((1, 24), 0x0DD45),
    ((2, 12), 0x0B5A0),
)  # fmt: skip


def new_year(year: int) -> date | None:
    """正月初一 of the lunar year that begins in `year`; None outside the table."""
    index = year - FIRST_YEAR
    if not 0 <= index < len(_YEARS):
        return None
    (month, day), _ = _YEARS[index]
    return date(year, month, day)


def months(year: int) -> list[tuple[int, bool, int]]:
    """(month, is leap, days) of a lunar year in order; empty outside the table."""
    index = year - FIRST_YEAR
    if not 0 <= index < len(_YEARS):
        return []
    bits = _YEARS[index][1]
    leap = bits & 0xF
    found = []
    for month in range(1, 13):
        found.append((month, False, 30 if bits & (0x10000 >> month) else 29))
        if month == leap:
            found.append((month, True, 30 if bits & 0x10000 else 29))
    return found


def to_solar(year: int, month: int, day: int) -> date | None:
    """The solar day of a lunar one (never in a leap month); None if there is no such day, or outside the table."""
    first = new_year(year)
    if first is None:
        return None
    offset = 0
    for number, leap, days in months(year):
        if number == month and not leap:
            return first + timedelta(days=offset + day - 1) if 1 <= day <= days else None
        offset += days
    return None


def next_lunar(month: int, day: int, *, today: date) -> date | None:
    """The next such lunar day on or after `today`; the last day of 腊月 stands for a 三十 that a short month lacks."""
    for year in (today.year - 1, today.year, today.year + 1):
        found = to_solar(year, month, day)
        if found is None and day == 30:
            found = to_solar(year, month, 29)
        if found is not None and found >= today:
            return found
    return None


def eve(*, today: date) -> date | None:
    """除夕: the day before the next 正月初一 after today."""
    for year in (today.year, today.year + 1):
        first = new_year(year)
        if first is not None and first > today:
            return first - timedelta(days=1)
    return None
