"""Text as people type it, made comparable without moving a character: positions stay valid in the original."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ufe0e\ufe0f]")
#: what ends a thought; blanks count too, since voice notes and lists use them instead of commas
_CLAUSE_END = re.compile(r"[,，。;；!！?？~\n\r\t…]+|(?<!\d)[.]+|[.]{2,}|\s+|[\U0001F300-\U0001FAFF\u2600-\u27BF]+")


def clean(text: str) -> str:
    """Without invisible characters (copied text carries them) and without outer blanks."""
    return _INVISIBLE.sub("", text).strip()


@lru_cache(maxsize=32768)
def _fold_char(char: str) -> str:
    folded = unicodedata.normalize("NFKC", char)
    if len(folded) != 1:
        return char
    lowered = folded.lower()
    return lowered if len(lowered) == 1 else folded


def fold(text: str) -> str:
    """Half width, lower case, character by character: `len(fold(text)) == len(text)`."""
    return "".join(map(_fold_char, text))


@dataclass(frozen=True, slots=True)
class Clause:
    """One thought of a text, without the punctuation that ends it."""

    start: int
    end: int
    text: str


def clauses(folded: str, *, start: int = 0, end: int | None = None) -> list[Clause]:
    """The clauses of a folded text between two positions, in order."""
    stop = len(folded) if end is None else end
    found: list[Clause] = []
    begin = start
    for mark in _CLAUSE_END.finditer(folded, start, stop):
        if mark.start() > begin:
            found.append(Clause(begin, mark.start(), folded[begin : mark.start()]))
        begin = mark.end()
    if stop > begin:
        found.append(Clause(begin, stop, folded[begin:stop]))
    return found


_ITEM = re.compile(r"(?:^|(?<=[\s:;,，。]))([1-9])[.、)](?=\S)(?!\d+(?:\.\d+)?(?:万|w|k|千|元|块|[,，。\s]|$))")


def hide_item_numbers(folded: str) -> str:
    """A folded text with the numbers of a list (1. … 2. … 3. …) blanked, so that 4.2周后 is item four, in two weeks."""
    items = list(_ITEM.finditer(folded))
    if [item[1] for item in items[:2]] != ["1", "2"]:
        return folded
    for item in items:
        folded = folded[: item.start()] + " " * (item.end() - item.start()) + folded[item.end() :]
    return folded
