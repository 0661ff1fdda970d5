"""The numbers of conditions: 50万, 五十万元, 0.85, 8.5折, 24个月, 两年. What is not one certain number is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.amounts import MAXIMUM_YUAN
from bot.domain.conditions.nodes import Scale
from bot.domain.numerals import ARABIC, NUMERAL, read_numeral


@dataclass(frozen=True, slots=True)
class Measured:
    """A value in the unit of its scale, and where its words end."""

    value: int | Decimal
    end: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Why these words are no certain value, as the end of a sentence, and where they end."""

    why: str
    end: int


_ABOUT = re.compile(r"(?:大约|大概|约|将近|近|差不多|上下|左右)\S{0,6}|[几数]\S{0,4}|十几\S{0,3}")
_APPROXIMATE = re.compile(r"[来多余几]|出头")
_BEHIND = re.compile(r"\s*(?:[来多余几]|出头|左右|上下|[-~—至到]\s*[\d一二两三四五六七八九十])\S{0,3}")
_NUMBER = rf"(?P<number>{NUMERAL}(?:\s*(?:[万亿]|w(?![a-z])))?)"
_MONEY = re.compile(rf"¥?\s*{_NUMBER}\s*(?P<unit>元|块钱?|圆|rmb|人民币)?整?(?!\s*(?:个?月|年|天|折|%))")
_TENTHS = re.compile(rf"(?P<number>[一二三四五六七八九]{{2}}|{NUMERAL})\s*折")
_PERCENT = re.compile(rf"(?P<number>{ARABIC})\s*%|百分之(?P<said>{NUMERAL})")
_SHARE = re.compile(r"(?P<number>\d*\.?\d+)")
_MONTHS = re.compile(rf"(?P<years>{NUMERAL})\s*年(?P<half>半)?|(?P<months>{NUMERAL})\s*个?月|(?P<half_year>半年)")
_OTHER_TIME = re.compile(rf"(?:{NUMERAL}|半)?\s*个?\s*(?:天|日|周|星期|礼拜|月|季度?)?")
_DIGITS = "零一二三四五六七八九"


def read_measure(folded: str, at: int, scale: Scale) -> Measured | Refused:
    """The value whose words begin at `at`; fen, share of the list price or months."""
    if vague := _ABOUT.match(folded, at):
        return Refused("不是一个确定的数", vague.end())
    found = {Scale.MONEY: _money, Scale.RATE: _rate}.get(scale, _months)(folded, at)
    if isinstance(found, Measured):
        vague = _BEHIND.match(folded, found.end)
        if vague or _APPROXIMATE.search(folded, at, found.end):
            return Refused("不是一个确定的数", vague.end() if vague else found.end)
    return found


def _money(folded: str, at: int) -> Measured | Refused:
    match = _MONEY.match(folded, at)
    value = read_numeral(match["number"]) if match else None
    if match is None or value is None:
        return _no_number(folded, at)
    if value >= MAXIMUM_YUAN or value * 100 % 1:
        return Refused("不像一笔金额", match.end())
    return Measured(int(value * 100), match.end())


def _rate(folded: str, at: int) -> Measured | Refused:
    if match := _TENTHS.match(folded, at):
        value = _tenths(match["number"])
    elif match := _PERCENT.match(folded, at):
        said = read_numeral(match["number"] or match["said"])
        value = None if said is None else said / 100
    elif match := _SHARE.match(folded, at):
        value = Decimal(match["number"])
    else:
        return _no_number(folded, at)
    if value is None or not 0 < value <= 1:
        return Refused("不像一个折扣", match.end())
    return Measured(value, match.end())


def _tenths(said: str) -> Decimal | None:
    """8折, 八五折, 8.5折, 85折 -> 0.8, 0.85; 10折 says nothing certain."""
    if len(said) == 2 and all(char in _DIGITS for char in said):
        return Decimal(_DIGITS.index(said[0])) / 10 + Decimal(_DIGITS.index(said[1])) / 100
    value = read_numeral(said)
    if value is None or value == 10:
        return None
    return value / 10 if value < 10 else value / 100


def _months(folded: str, at: int) -> Measured | Refused:
    match = _MONTHS.match(folded, at)
    if not match:
        other = _OTHER_TIME.match(folded, at)
        end = other.end() if other else at
        return Refused("不是几个月或几年", end) if end > at else _no_number(folded, at)
    if match["half_year"]:
        return Measured(6, match.end())
    said = read_numeral(match["years"] or match["months"])
    months = None if said is None else said * (12 if match["years"] else 1) + (6 if match["half"] else 0)
    if months is None or months % 1:
        return Refused("不是整数个月", match.end())
    return Measured(int(months), match.end())


def _no_number(folded: str, at: int) -> Refused:
    return Refused("不是一个数" if folded[at : at + 8].strip() else "后面还缺一个数", min(at + 8, len(folded)))
