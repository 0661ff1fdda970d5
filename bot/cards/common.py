"""How days, moments, money and other people's words look in every card."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from bot.clock import SHANGHAI
from bot.domain import workdays

_WEEKDAYS = "一二三四五六日"
_LIVELY = str.maketrans({"<": "＜", ">": "＞", "`": "'", "[": "［", "]": "］", "*": "＊", "#": "＃", "_": "＿"})


def day(value: date, *, today: date | None = None) -> str:
    """`2月12日 周四`; with the year when it is not this year's."""
    year = f"{value.year}年" if today is not None and value.year != today.year else ""
    return f"{year}{value.month}月{value.day}日 周{_WEEKDAYS[value.weekday()]}"


def short_day(value: date) -> str:
    """`2月12日`."""
    return f"{value.month}月{value.day}日"


def moment(value: datetime) -> str:
    """`2月12日 10:05`, Shanghai time."""
    local = value.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def money(yuan: int | Decimal) -> str:
    """`12,000 元`, fen only where there are some."""
    return f"{yuan:,.2f} 元" if yuan != int(yuan) else f"{int(yuan):,} 元"


def day_off(value: date) -> str:
    """Why nobody works that day (`春节假期`, `周六`), "" for a workday or a year whose calendar is not known yet."""
    festival = workdays.day_off(value)
    if festival is None:
        return ""
    return f"{festival}假期" if festival else f"周{_WEEKDAYS[value.weekday()]}"


def plain(text: str) -> str:
    """Somebody's words inside Markdown: signs that would mark up become their wide twins."""
    return text.translate(_LIVELY).strip()


def cut(text: str, longest: int) -> str:
    """At most `longest` characters, the cut shown."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
