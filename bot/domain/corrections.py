"""A short answer to "what should it be instead?": an amount, a day, or that there is none. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain import amounts
from bot.domain.dates import find_dates
from bot.domain.text import clean, fold

_NEVER_MIND = re.compile(r"(?:算了|不改了?|不用改了?|取消|没事了?|cancel)[吧了啊。!！.~]*")
_NONE = re.compile(
    r"(?:没有|没|无|不用|不用了|不需要|不跟了|不用跟进?|没说|没提|没定|没约|还没定|待定|不确定|清空|删掉?|去掉|空|none|no)"
    r"(?:金额|日期|跟进|时间|报价|了|吧|啦|。|！|!)*"
)
_DAY = re.compile(r"[周期拜号日月天年]")
_MAX_YUAN = 1_000_000_000  # more than any customer's yearly purchase by far: a slip, not an amount


@dataclass(frozen=True, slots=True)
class Nothing:
    """The answer is that there is none."""


def never_mind(text: str) -> bool:
    """The question is not to be answered at all ("算了")."""
    return _NEVER_MIND.fullmatch(fold(clean(text))) is not None


def read_amount(text: str, *, today: date) -> int | Nothing | None:
    """Whole yuan; `Nothing` when there is no amount; None when the words are no single amount. Days are no amounts."""
    if _NONE.fullmatch(fold(clean(text))):
        return Nothing()
    rest = text
    for mention in find_dates(text, today=today):
        if _DAY.search(said := text[mention.start : mention.end]):
            rest = rest.replace(said, "，")
    yuan = amounts.read_amount(clean(rest))
    return yuan if yuan is not None and 0 < yuan <= _MAX_YUAN else None


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
