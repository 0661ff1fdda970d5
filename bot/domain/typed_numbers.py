"""Numbers of approvals as people type them: any width, any case, with blanks or dashes inside."""

from __future__ import annotations

import re

from bot.domain.text import fold

_SHORTEST = 3  # digits of a serial


def split_number(text: str, *, prefix: str = "SP") -> tuple[str, str]:
    """(canonical number or "", the other words): `ｓｐ 260212001 可以` -> ("SP260212001", "可以")."""
    folded = fold(text)
    found = re.search(rf"(?<![a-z]){prefix.lower()}[\s\-—]*(\d{{6}})[\s\-—]*(\d{{{_SHORTEST},}})(?!\d)", folded)
    if found is None:
        return "", text.strip()
    rest = f"{text[: found.start()]} {text[found.end() :]}"
    return f"{prefix}{found[1]}{found[2]}", rest.strip(" \t\n\u3000,，:：。")


def split_serial(text: str) -> tuple[str, str]:
    """(digits that stand first, the other words): people shorten SP260212001 to 001."""
    folded = fold(text.strip())
    found = re.match(rf"(\d{{{_SHORTEST},}})(?![\d.%万元块折])", folded)
    return (found[1], text.strip()[found.end() :].strip(" ,，:：。")) if found else ("", text.strip())
