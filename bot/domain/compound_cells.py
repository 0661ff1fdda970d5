"""Cells that hold more than one value: 5000-100000, 0-60000:0.5%;60000-:2%."""

from __future__ import annotations

import re
from itertools import pairwise

from bot.domain.cells import BadCell, Cell, fen, normalized, ratio, text

Tier = tuple[int, int | None, str]


def deal_band(value: Cell) -> tuple[int | None, int | None]:
    """成交带宽 `下限-上限` in yuan -> fen, both inclusive; an open end is None."""
    typed = normalized(text(value))
    if not typed:
        return None, None
    found = re.fullmatch(r"([^-~至]*)[-~至]([^-~至]*)", typed)
    if found is None:
        raise BadCell(f"成交带宽「{typed}」应写成 下限-上限，例如 5000-100000")
    least, most = fen(found[1]), fen(found[2])
    if least is not None and most is not None and least > most:
        raise BadCell(f"成交带宽「{typed}」的下限大于上限")
    return least, most


def rebate_tiers(value: Cell) -> list[Tier]:
    """阶梯 -> [(from fen inclusive, to fen exclusive or None, rate as decimal text)], ascending and without gaps."""
    typed = normalized(text(value))
    tiers = [_tier(part) for part in typed.split(";") if part.strip()]
    if not tiers:
        raise BadCell("阶梯不能为空")
    for (_, end, _), (start, _, _) in pairwise(tiers):
        if end != start:
            raise BadCell(f"阶梯「{typed}」前后档接不上，每档的上限应是下一档的下限")
    if tiers[-1][1] is not None:
        raise BadCell(f"阶梯「{typed}」的最后一档应无上限，例如 300000-:2%")
    return tiers


def _tier(part: str) -> Tier:
    found = re.fullmatch(r"\s*([^-:]+)-([^-:]*):(.+)", part)
    start = fen(found[1]) if found else None
    rate = ratio(found[3].strip()) if found else None
    if found is None or start is None or rate is None:
        raise BadCell(f"阶梯「{part}」看不懂，应写成 0-100000:1%;100000-:2%")
    end = fen(found[2])
    if end is not None and end <= start:
        raise BadCell(f"阶梯「{part}」的上限应大于下限")
    return start, end, format(rate.normalize(), "f")
