"""A short answer to "what should it be instead?": an amount, a day, or that there is none. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.dates import find_dates
from bot.domain.numerals import NUMERAL, read_numeral
from bot.domain.text import clean, fold

_NEVER_MIND = re.compile(r"(?:算了|不改了?|不用改了?|取消|没事了?|cancel)[吧了啊。!！.~]*")
_NONE = re.compile(
    r"(?:没有|没|无|不用|不用了|不需要|不跟了|不用跟进?|没说|没提|没定|没约|还没定|待定|不确定|清空|删掉?|去掉|空|none|no)"
    r"(?:金额|日期|跟进|时间|报价|了|吧|啦|。|！|!)*"
)
_AMOUNT = re.compile(rf"({NUMERAL})")
_MAX_YUAN = 1_000_000_000
_DATE_LIKE = re.compile(r"周|星期|礼拜|号|日|月|天|点")


@dataclass(frozen=True, slots=True)
class Nothing:
    """The answer is that there is none."""


def never_mind(text: str) -> bool:
    """The question is not to be answered at all ("算了")."""
    return _NEVER_MIND.fullmatch(fold(clean(text))) is not None


def read_amount(text: str) -> int | Nothing | None:
    """Whole yuan; `Nothing` when there is no amount; None when the words are no single amount."""
    folded = fold(clean(text))
    if _NONE.fullmatch(folded):
        return Nothing()
    values = {value for item in _AMOUNT.findall(folded) if (value := read_numeral(item)) is not None}
    if len(values) != 1 or _DATE_LIKE.search(folded):
        return None
    value = values.pop()
    return int(value) if value == int(value) and 0 < value <= _MAX_YUAN else None


def read_follow_up(text: str, *, today: date) -> date | Nothing | None:
    """The day, today or later; `Nothing` when no follow-up is wanted; None when the words name no one such day."""
    if _NONE.fullmatch(fold(clean(text))):
        return Nothing()
    days = {
        mention.day + timedelta(days=7) if mention.loose and mention.day < today else mention.day
        for mention in find_dates(text, today=today)
        if mention.day
    }
    day = days.pop() if len(days) == 1 else None
    return day if day is not None and day >= today else None
