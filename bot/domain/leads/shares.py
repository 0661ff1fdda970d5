"""Shares and numbers as people type them: 0.3, .3, 30%, ３０％, 三成, 三成五, 百分之三十, 零点三, 一半."""

from __future__ import annotations

import re
from decimal import Decimal

from bot.domain.numerals import NUMERAL, read_numeral

_DIGITS = "零一二三四五六七八九"
_POINT = r"[零〇0]点[零〇一二三四五六七八九0-9]+|(?<!\d)\.\d+"
#: folded text
NUMBER = rf"(?:{_POINT}|{NUMERAL})"
SHARE = rf"(?:百分之{NUMBER}|一半|{NUMBER}\s*(?:%|成[半一二三四五六七八九]?)?)"
_SHARE = re.compile(
    rf"(?P<hundredths>百分之)?(?P<number>{NUMBER})\s*(?:(?P<percent>%)|(?P<tenths>成)(?P<more>[半一二三四五六七八九])?)?"
)


def read_number(said: str) -> Decimal | None:
    """One number and nothing else, else None."""
    said = said.strip()
    match = re.fullmatch(r"[零〇0]?[点.](.+)", said)
    if match:
        digits = "".join(str(_DIGITS.index(sign)) if sign in _DIGITS else sign for sign in match[1].replace("〇", "零"))
        return Decimal(f"0.{digits}") if digits.isascii() and digits.isdigit() else None
    return read_numeral(said)


def read_share(said: str) -> float | None:
    """A folded text as a number; percent and 成 are turned into shares. None when it is no number."""
    said = said.strip()
    if said in ("一半", "半"):
        return 0.5
    match = _SHARE.fullmatch(said)
    number = read_number(match["number"]) if match else None
    if match is None or number is None:
        return None
    if match["hundredths"] and (match["percent"] or match["tenths"]):
        return None
    if match["tenths"]:
        more = match["more"]
        number = number / 10 + (Decimal("0.05") if more == "半" else Decimal(_DIGITS.index(more)) / 100 if more else 0)
    elif match["percent"] or match["hundredths"]:
        number /= 100
    return float(number)
