"""What stands in a column, where it goes, and how it is written for COPY.

Every distinct cell of a column is parsed once: files repeat customers, days and states by the thousand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bot.domain import cells, compound_cells
from bot.domain.cells import BadCell, Cell
from bot.domain.leads.company_names import company_key

Value = str | int | float | Decimal | date | tuple[str, ...] | list[compound_cells.Tier] | None
_SPECIAL = re.compile(r"[\\\t\n\r\0]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": ""})
_PROTECTED = re.compile(r"'[=+\-@\t\r]")  # how exports keep a spreadsheet from running a text (backoffice.md 7.2)
_TEXT_SHOWN = 40  # characters of a cell that a reason repeats


@dataclass(frozen=True, slots=True)
class Column:
    """One or two columns of a file -> one or two of a table. `parse` takes as many cells as there are names."""

    names: tuple[str, ...]
    targets: tuple[str, ...]
    parse: Callable[..., Sequence[Value]]
    required: bool = False  #: the column has to be there and filled
    silent: bool = False  #: not worth a word when it is missing

    def write(self, *raw: Cell) -> str:
        """The cells as fields of a COPY line.

        Raises:
            BadCell: with the column's name in its sentence.
        """
        if any(isinstance(value, str) and value[:1] == "'" for value in raw):
            raw = tuple(value[1:] if isinstance(value, str) and _PROTECTED.match(value) else value for value in raw)
        try:
            values = self.parse(*raw)
        except BadCell as error:
            raise BadCell(f"「{self.names[0]}」{error}") from error
        if self.required and values[0] in (None, "", ()):
            raise BadCell(f"「{self.names[0]}」不能为空")
        return "\t".join(map(copy_field, values))


def copy_field(value: Value) -> str:
    """One field in COPY's text format."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES) if _SPECIAL.search(value) else value
    if isinstance(value, tuple):
        quoted = ('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in value)
        return copy_field("{" + ",".join(quoted) + "}")
    if isinstance(value, list):
        return copy_field(json.dumps(value, ensure_ascii=False))
    return str(value)


def text(name: str, target: str, *, required: bool = False, silent: bool = False) -> Column:
    return Column((name,), (target,), lambda cell: (cells.text(cell),), required, silent)


def company(name: str, target: str, key: str, *, required: bool = False) -> Column:
    """As typed, and the key that spellings of one company share."""

    def parse(cell: Cell) -> tuple[str, str]:
        typed = cells.text(cell)
        return typed, company_key(typed)

    return Column((name,), (target, key), parse, required)


def code(name: str, target: str, *, required: bool = False) -> Column:
    return Column((name,), (target,), lambda cell: (cells.code(cell),), required)


def texts(name: str, target: str) -> Column:
    return Column((name,), (target,), lambda cell: (cells.texts(cell),))


def money(name: str, target: str, *, required: bool = False, silent: bool = False) -> Column:
    return Column((name,), (target,), lambda cell: (cells.fen(cell),), required, silent)


def number(name: str, target: str, *, required: bool = False) -> Column:
    return Column((name,), (target,), lambda cell: (cells.number(cell),), required)


def whole(name: str, target: str, *, least: int, most: int, required: bool = False) -> Column:
    return Column((name,), (target,), lambda cell: (cells.whole(cell, least=least, most=most),), required)


def ratio(name: str, target: str) -> Column:
    return Column((name,), (target,), lambda cell: (cells.ratio(cell),))


def day(name: str, target: str, *, required: bool = False) -> Column:
    return Column((name,), (target,), lambda cell: (cells.day(cell),), required)


def moment(name: str, target: str, *, required: bool = False) -> Column:
    return Column((name,), (target,), lambda cell: (cells.moment(cell),), required)


def mobile(name: str) -> Column:
    """As typed, and as digits to compare by."""
    return Column((name,), ("mobile", "mobile_key"), lambda cell: (cells.text(cell), cells.mobile_key(cell)))


def choice(name: str, target: str, allowed: Sequence[str], *, required: bool = False, silent: bool = False) -> Column:
    def parse(cell: Cell) -> tuple[str]:
        typed = cells.code(cell)
        if typed and typed not in allowed:
            raise BadCell(f"「{typed[:_TEXT_SHOWN]}」应为 {'、'.join(allowed)} 之一")
        return (typed,)

    return Column((name,), (target,), parse, required, silent)


def place() -> Column:
    """纬度 and 经度: what makes no sense is left empty, a customer is not refused for it."""

    def parse(latitude: Cell, longitude: Cell) -> tuple[float | None, float | None]:
        try:
            return cells.degrees(latitude, longitude) or (None, None)
        except BadCell:
            return None, None

    return Column(("纬度", "经度"), ("latitude", "longitude"), parse)


def deal_band(name: str) -> Column:
    return Column((name,), ("deal_min_fen", "deal_max_fen"), compound_cells.deal_band)


def tiers(name: str) -> Column:
    return Column((name,), ("tiers",), lambda cell: (compound_cells.rebate_tiers(cell),), required=True)


def rough_amount(name: str) -> Column:
    """A guess: what can be made of it, and what was typed."""
    return Column((name,), ("amount_fen", "amount_text"), lambda cell: (cells.rough_fen(cell), cells.text(cell)))
