"""Numbers as Chinese people type and say them: 85万, 八十五万, 两万五, 1万5, 7千5, 850,000, 8.5w, 三点二万."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = dict(zip("零〇一二两俩三四五六七八九", (0, 0, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)) | dict(
    zip("壹贰叁肆伍陆柒捌玖", range(1, 10), strict=True)
)
_UNITS = {
    "十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "k": 1000, "万": 10_000, "w": 10_000,
    "亿": 100_000_000,
}  # fmt: skip
DIGIT = "[一二两俩三四五六七八九壹贰叁肆伍陆柒捌玖]"
ARABIC = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_UNIT = r"(?:[十拾百佰千仟万亿]|(?<=[\d.])[wk](?![a-z]))"
_POINT = r"(?:点[零〇一二三四五六七八九]+)"
_NUMBER = rf"(?:{ARABIC}|{DIGIT}{_POINT}?)"
#: one numeral; "来", "多", "余" inside or behind it make it approximate and change nothing
NUMERAL = (
    rf"(?:(?:{_NUMBER}|(?=[十拾百佰千仟])){_UNIT}{_POINT}?(?:[来多余]?{_UNIT}){{0,3}}"
    rf"(?:[零〇]?(?:{_NUMBER}){_UNIT}(?:[来多余]?{_UNIT}){{0,3}}){{0,8}}(?:[零〇]?(?:\d+|{DIGIT}))?"
    rf"|{ARABIC}|[零〇]|{DIGIT}{_POINT}?)"
)
#: a small whole number as in dates and counts: 3, 十二, 二十一, 廿一, 31
SMALL = r"(?:\d{1,3}|廿[一二三四五六七八九]?|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两俩三四五六七八九])"
_TOKEN = re.compile(rf"{ARABIC}|[零〇]|{DIGIT}|[十拾百佰千仟万亿wk]|{_POINT}")
_NUMERAL = re.compile(NUMERAL)


def read_numeral(text: str) -> Decimal | None:
    """The value of a folded text that is one numeral, else None.

    A digit behind a unit counts tenths of that unit (两万五 = 25000, 7千5 = 7500), unless 零 stands between.
    """
    text = text.replace(" ", "")
    if not _NUMERAL.fullmatch(text):
        return None
    return _evaluate(_TOKEN.findall(text))


def _evaluate(tokens: list[str]) -> Decimal:
    total = section = Decimal(0)
    number: Decimal | None = None
    last_unit = 0
    zero = False
    for token in tokens:
        unit = _UNITS.get(token)
        if token in ("零", "〇"):
            zero = True
        elif token.startswith("点"):
            fraction = Decimal("0." + "".join(str(_DIGITS[char]) for char in token[1:]))
            if number is None:
                section += fraction
            else:
                number += fraction
        elif unit is None:
            number = Decimal(_DIGITS[token]) if token in _DIGITS else Decimal(token.replace(",", ""))
            if number >= 10 or (token not in _DIGITS and len(token) > 1):
                zero = True  # 1万5000: written in full, nothing abbreviated
        else:
            total, section, number = _apply(unit, total, section, number)
            last_unit, zero = unit, False
    if number is not None:
        tenths = last_unit >= 100 and not zero and number < 10
        section += number * last_unit / 10 if tenths else number
    return total + section


def _apply(
    unit: int, total: Decimal, section: Decimal, number: Decimal | None
) -> tuple[Decimal, Decimal, Decimal | None]:
    """A unit multiplies what stands before it: 十百千 the last digit, 万 the section, 亿 everything."""
    if unit >= 10_000:
        whole = section + (number or 0)
        if unit == 100_000_000:
            return (total + (whole or 1)) * unit, Decimal(0), None
        return total + (whole or 1) * unit, Decimal(0), None
    if number is None and section:
        return total, section * unit, None  # 五百万 has units in a row only through 万; 十百 does not occur
    return total, section + (Decimal(1) if number is None else number) * unit, None


def read_small(text: str) -> int | None:
    """A whole number as in dates: 3, 十二, 二十一, 廿一, 31."""
    value = read_numeral(text.replace("廿", "二十"))
    return int(value) if value is not None and value == int(value) else None
