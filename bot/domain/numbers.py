"""Numbers of approvals as people type them: SP260212001, ＳＰ２６０２１２００１, sp 260212 001, 同意 260212001 可以."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.domain.text import clean, fold

_GAP = r"[\s\-_.·:#]*"
#: the day in six digits and a serial number of three or more, as they are typed; first that fits
_DIGITS = (
    r"\d{9,}",
    rf"\d{{6}}{_GAP}\d{{3,}}",
    rf"\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{3,}}",
    rf"\d(?:{_GAP}\d){{8}}",  # blanks anywhere, as speech and scans have them
)
_EDGES = " \t\n\u3000,，:：。"
_WORD = r"(?:同意|批准|通过|拒绝|驳回|不同意|转交|转给|加签|撤回|催办|催|问|答|接受|退回|处理|approve|reject|ok)"
_SHORT = re.compile(
    rf"\s*(?:{_WORD}\s*)?(?:审批|合同)?(?:编号|单号|号码|单|号|no\.?|#|第)?[\s:：]*(?P<number>\d{{3,}})(?!\d)"
    r"(?!\s?(?:[.,]\d|[万千百亿w元块%％折年月日天号台套箱件个家店人]|[-/]\d))"
)


def read_approval_no(text: str, prefixes: Sequence[str] = ("SP",)) -> str | None:
    """The first number with one of the prefixes, spelt as we spell it (SP260212001); None when there is none."""
    found = _first(clean(text), prefixes)
    return found[2] if found else None


def split_number(text: str, *, prefix: str = "SP") -> tuple[str, str]:
    """(number or "", the other words): `ｓｐ 260212001 可以` -> ("SP260212001", "可以")."""
    said = clean(text)
    found = _first(said, (prefix,))
    if found is None:
        return "", said
    start, end, number = found
    return number, f"{said[:start]} {said[end:]}".strip(_EDGES)


def split_serial(text: str) -> tuple[str, str]:
    """(the bare digits that begin a text or "", the other words): people shorten SP260212001 to 001."""
    said = clean(text)
    match = _SHORT.match(fold(said))
    return (match["number"], said[match.end() :].strip(_EDGES)) if match else ("", said)


def _first(said: str, prefixes: Sequence[str]) -> tuple[int, int, str] | None:
    """Where the first number stands, and how we spell it."""
    folded = fold(said)
    found = []
    for prefix in prefixes:
        letters = rf"(?<![a-z]){'[ ]?'.join(map(re.escape, fold(prefix)))}{_GAP}"
        for rank, digits in enumerate(_DIGITS):
            if match := re.search(rf"{letters}(?P<digits>{digits})(?!\d)", folded):
                number = prefix.upper() + re.sub(r"\D", "", match["digits"])
                found.append((match.start(), rank, match.end(), number))
    if not found:
        return None
    start, _, end, number = min(found)
    return start, end, number


def short_number(text: str) -> str | None:
    """The bare digits (three or more) that begin a text, perhaps behind 同意 and the like; no sums, no days."""
    match = _SHORT.match(fold(clean(text)))
    return match["number"] if match else None
