"""国务院办公厅关于…年部分节假日安排的通知, read as it is published or as people shorten it.

    一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。

Everything that can be checked is: weekdays in brackets, the number of days, that each festival is there and lies where
it belongs. A notice of another year, or one copied in half, is refused with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from bot.domain.text import fold
from bot.domain.workdays import YearCalendar
from bot.errors import BadSyntax

#: festival -> (as it is written, where at least one free day has to lie: first and last (month, day))
FESTIVALS: dict[str, tuple[str, tuple[int, int], tuple[int, int]]] = {
    "元旦": ("元旦", (1, 1), (1, 1)),
    "春节": ("春节", (1, 21), (2, 20)),  # the days on which the lunar year can begin
    "清明节": ("清明节?", (4, 4), (4, 6)),
    "劳动节": ("(?:国际)?劳动节|五一(?:节|劳动节)?", (5, 1), (5, 1)),
    "端午节": ("端午节?", (5, 28), (6, 25)),
    "中秋节": ("中秋节?", (9, 7), (10, 8)),
    "国庆节": ("国庆节?", (10, 1), (10, 1)),
}
EXAMPLE = "节假日 2026 元旦：1月1日至3日放假，1月4日上班。春节：2月15日至23日放假，2月14日、2月28日上班。……"
_WEEKDAYS = "一二三四五六日"
_LONGEST_DAYS = 12
_NAME = re.compile("|".join(f"(?P<n{number}>{each[0]})" for number, each in enumerate(FESTIVALS.values())))
_JOINS = re.compile(r"[\s、和与暨及,]*")
_DATE = (
    r"(?:(?P<{0}year>20\d\d)年)?(?:(?P<{0}month>\d{{1,2}})月)?(?P<{0}day>\d{{1,2}})[日号](?:\((?P<{0}note>[^)]*)\))?"
)
_TOKEN = re.compile(
    rf"{_DATE.format('first_')}(?:\s*(?:至|到|-|—|–|~)+\s*{_DATE.format('last_')})?"
    r"|(?P<verb>放假|休息|补休|上班)|共(?P<count>\d{1,2})天"
)
_WEEKDAY = re.compile(r"(?:周|星期)([一二三四五六日天])")
_YEAR = re.compile(r"(20\d\d)\s*年?")


@dataclass(slots=True)
class _Section:
    """What the notice says of a festival, or of two that fall together."""

    name: str
    free: list[date] = field(default_factory=list)
    worked: list[date] = field(default_factory=list)


def read_notice(said: str, *, today: date) -> YearCalendar:
    """The calendar of the year that the words begin with or speak of.

    Raises:
        BadSyntax: something is missing, contradicts itself or does not fit the year; the sentence says what.
    """
    text = fold(said)
    year, text = _year_of(text, today)
    sections = list(_sections(text, year))
    found = "".join(section.name for section in sections)
    if missing := [name for name in FESTIVALS if name not in found]:
        raise BadSyntax(
            f"{year} 年还缺{'、'.join(missing)}的安排。请把国务院通知里七个节日的安排一次发全，例如：{EXAMPLE}"
        )
    free = {day: section.name for section in sections for day in section.free}
    worked = {day: section.name for section in sections for day in section.worked}
    for day in sorted(free.keys() & worked.keys()):
        raise BadSyntax(f"{_show(day)}既说放假又说上班，请核对后重发。")
    for name, (_, first, last) in FESTIVALS.items():
        if not any(name in whose and date(year, *first) <= day <= date(year, *last) for day, whose in free.items()):
            raise BadSyntax(f"{year} 年{name}的放假日期对不上，请核对年份和日期后重发。")
    return YearCalendar(year, free=dict(sorted(free.items())), worked=dict(sorted(worked.items())))


def _year_of(text: str, today: date) -> tuple[int, str]:
    """A year typed in front counts; else the first one in the words."""
    match = _YEAR.match(text.strip())
    rest = text.strip()[match.end() :] if match else text
    match = match or re.search(r"(20\d\d)年", text)
    if match is None:
        raise BadSyntax(f"是哪一年的？请带上年份，例如：{EXAMPLE}")
    year = int(match[1])
    if not today.year <= year <= today.year + 1:
        raise BadSyntax(f"只能填今年（{today.year}）和明年（{today.year + 1}）的节假日。")
    return year, rest


def _sections(text: str, year: int) -> Iterator[_Section]:
    """One for each festival or pair of festivals with days behind its name."""
    heads: list[tuple[str, int, int]] = []  # name, start, end
    for match in _NAME.finditer(text):
        name = list(FESTIVALS)[int((match.lastgroup or "n0")[1:])]
        if heads and _JOINS.fullmatch(text, heads[-1][2], match.start()):
            heads[-1] = (f"{heads[-1][0]}、{name}", heads[-1][1], match.end())
        else:
            heads.append((name, match.start(), match.end()))
    for (name, _, start), (_, end, _) in pairwise([*heads, ("", len(text), len(text))]):
        section = _Section(name)
        _read(section, text[start:end], year)
        if section.free:
            yield section


def _read(section: _Section, text: str, year: int) -> None:
    waiting: list[date] = []
    month = 0
    for match in _TOKEN.finditer(text):
        if match["first_day"]:
            first = _date(match, "first_", year, month)
            last = _date(match, "last_", first.year, first.month) if match["last_day"] else first
            if not 0 <= (last - first).days <= _LONGEST_DAYS:
                raise BadSyntax(f"{section.name}的“{match[0]}”不像放假的日期，请核对后重发。")
            waiting += [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
            month = last.month
        elif match["verb"] == "上班":
            section.worked += [_at_weekend(day, section.name) for day in waiting]
            waiting = []
        elif match["verb"]:
            section.free += waiting
            waiting = []
        elif int(match["count"]) != len(section.free):
            raise BadSyntax(
                f"{section.name}写的是共{match['count']}天，按日期数是 {len(section.free)} 天，请核对后重发。"
            )
    if waiting and section.free:
        raise BadSyntax(f"{section.name}的{_show(waiting[0])}没说放假还是上班，请补上后重发。")


def _date(match: re.Match[str], which: str, year: int, month: int) -> date:
    at = (int(match[f"{which}year"] or year), int(match[f"{which}month"] or month), int(match[f"{which}day"]))
    try:
        day = date(*at)
    except ValueError:
        raise BadSyntax(f"没有“{match[0]}”这一天，请核对后重发。") from None
    noted = _WEEKDAY.search(match[f"{which}note"] or "")
    weekday = _WEEKDAYS[day.weekday()]
    if noted and noted[1].replace("天", "日") != weekday:
        shown = f"{day.year} 年 {_show(day)}"
        raise BadSyntax(f"{shown}是周{weekday}，不是周{noted[1]}。是不是别的年份的通知？请核对后重发。")
    return day


def _at_weekend(day: date, name: str) -> date:
    if day.weekday() < _WEEKDAYS.index("六"):
        raise BadSyntax(f"{name}的{_show(day)}是周{_WEEKDAYS[day.weekday()]}，本来就上班，请核对后重发。")
    return day


def _show(day: date) -> str:
    return f"{day.month}月{day.day}日"
