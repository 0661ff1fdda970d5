"""Spans of days that people name in questions: "上个月", "12月", "今年", "上周"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_DIGITS = {word: number for number, word in enumerate("零一二三四五六七八九十")} | {
    "十一": 11,
    "十二": 12,
    "元": 1,
    "正": 1,
}
_MONTH = re.compile(
    r"(?:(?P<year>20\d\d|\d\d)\s*年|(?P<which>去年|今年|上年))?的?\s*(?<![\d.])(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九元])\s*月(?:份|(?!\s*\d))"
)
_QUARTER = re.compile(r"(?P<which>去年|今年|上年)?第?(?P<quarter>[一二三四1-4])季度|[Qq](?P<q>[1-4])")
_ROLLING = re.compile(r"[近过][去]?\s*(?P<count>\d+|[一二两三四五六七八九十]+)\s*(?P<unit>天|日|周|个?月)")


def next_month(day: date) -> date:
    """First day of the following month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to `end`, both included, as the asker named them."""

    start: date
    end: date
    words: str

    @classmethod
    def month(cls, year: int, month: int, words: str = "") -> Period:
        start = date(year, month, 1)
        return cls(start, next_month(start) - timedelta(days=1), words or f"{year}年{month}月")


JANUARY_2026 = Period.month(2026, 1)


def previous_month(day: date) -> Period:
    """The calendar month before the one `day` lies in."""
    last = day.replace(day=1) - timedelta(days=1)
    return Period.month(last.year, last.month)


def read_period(text: str, today: date) -> Period | None:
    """The first span of days that `text` names, as seen from `today`; a month without a year is the latest begun."""
    return _relative(text, today) or _named_month(text, today) or _quarter(text, today) or _rolling(text, today)


def _relative(text: str, today: date) -> Period | None:
    if re.search(r"上上个?月|前一?个月", text):
        return previous_month(previous_month(today).start)
    if re.search(r"上个?月|上1个月|上一个月", text):
        return previous_month(today)
    if re.search(r"[这本当]个?月|月初(到|至)(现在|今天)", text):
        return Period.month(today.year, today.month)
    monday = today - timedelta(days=today.weekday())
    if re.search(r"上个?(周|星期|礼拜)", text):
        return Period(monday - timedelta(days=7), monday - timedelta(days=1), "上周")
    if re.search(r"[这本]个?(周|星期|礼拜)", text):
        return Period(monday, monday + timedelta(days=6), "本周")
    for words, days in (("今天", 0), ("昨天", 1), ("前天", 2)):
        if words in text:
            day = today - timedelta(days=days)
            return Period(day, day, words)
    return None


def _named_month(text: str, today: date) -> Period | None:
    if not (found := _MONTH.search(text)):
        return None
    word = found["month"]
    month = int(word) if word.isdigit() else _DIGITS[word]
    if found["year"]:
        year = int(found["year"]) % 100 + 2000
    elif found["which"]:
        year = today.year - (found["which"] != "今年")
    else:
        year = today.year - (month > today.month)
    return Period.month(year, month)


def _quarter(text: str, today: date) -> Period | None:
    if found := _QUARTER.search(text):
        word = found["q"] or found["quarter"]
        quarter = int(word) if word.isdigit() else _DIGITS[word]
        last_year = found["which"] in ("去年", "上年") or (not found["which"] and quarter > (today.month + 2) // 3)
        start = date(today.year - last_year, quarter * 3 - 2, 1)
        return Period(
            start, next_month(start.replace(month=quarter * 3)) - timedelta(days=1), f"{start.year}年{quarter}季度"
        )
    if re.search(r"去年|上年", text):
        return Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31), f"{today.year - 1}年")
    if re.search(r"今年|年初(到|至)(现在|今天)|开年", text):
        return Period(date(today.year, 1, 1), date(today.year, 12, 31), f"{today.year}年")
    return None


def _rolling(text: str, today: date) -> Period | None:
    if not (found := _ROLLING.search(text)):
        return None
    word = found["count"].replace("两", "二")
    count = int(word) if word.isdigit() else _chinese(word)
    if not count:
        return None
    days = count * {"天": 1, "日": 1, "周": 7}.get(found["unit"], 30)
    return Period(today - timedelta(days=days - 1), today, f"近{count}{found['unit']}")


def _chinese(word: str) -> int:
    tens, ten, ones = word.rpartition("十")
    if not ten:
        return _DIGITS.get(word, 1)
    return (_DIGITS.get(tens, 1) if tens else 1) * 10 + _DIGITS.get(ones, 0)
