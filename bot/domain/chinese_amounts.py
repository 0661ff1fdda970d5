"""Amounts written out in Chinese, as on cheques and contracts: 捌拾伍万元整, 壹仟贰佰叁拾元伍角, 八十五万."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {
    character: value
    for value, row in enumerate(
        ["零〇", "一壹弌", "二贰两貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖"]
    )
    for character in row
}
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
_WHOLE = "".join([*_DIGITS, *_SMALL, *_LARGE])
_AMOUNT = re.compile(
    rf"(?:人民币)?(?:([{_WHOLE}]+)[元圆])?(?:零?([{''.join(_DIGITS)}])角)?(?:零?([{''.join(_DIGITS)}])分)?[整正]?"
)


def chinese_number(typed: str) -> Decimal | None:
    """The amount in yuan, or None if it is not one written out.

    A colloquial ending (两万五) is refused: on paper it would mean 20,005, in speech 25,000.
    """
    if re.fullmatch(f"[{_WHOLE}]+", typed):
        return _decimal(_whole(typed))
    found = _AMOUNT.fullmatch(typed)
    if found is None or not any(found.groups()):
        return None
    yuan = _whole(found[1]) if found[1] else 0
    if yuan is None:
        return None
    return (
        Decimal(yuan) + Decimal(_DIGITS.get(found[2] or "零", 0)) / 10 + Decimal(_DIGITS.get(found[3] or "零", 0)) / 100
    )


def _decimal(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _whole(typed: str) -> int | None:
    total = section = digit = 0
    last_unit, gap = 1, True  # gap: a 零 (or nothing yet) stood before the digit, so a bare one is in order
    for character in typed:
        if character in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[character]
            gap = gap or digit == 0
        elif character in _SMALL:
            if not digit and _SMALL[character] > 10:
                return None
            section += (digit or 1) * _SMALL[character]
            digit, last_unit, gap = 0, _SMALL[character], False
        else:
            section += digit
            if not section and not total:
                return None
            total = (
                (total + section) * _LARGE[character]
                if total < _LARGE[character]
                else total + section * _LARGE[character]
            )
            section, digit, last_unit, gap = 0, 0, _LARGE[character], False
    if digit and not gap and last_unit > 10:
        return None
    return total + section + digit
