"""Spreadsheets through calamine, with the guards and traps of protocols/backoffice.md 7.1."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, ZipError

from bot.domain.cells import Cell
from bot.errors import BadInput
from store.loading.reading import HEADER_WITHIN, Row, Sheet, column_name, header_match, is_header, is_total

MAX_PACKED = 200 << 20
MAX_UNPACKED = 500 << 20
MAX_RATIO = 200  # unpacked : packed; more is a bomb, not a table
EMPTY_ROWS = 1000  # after so many the rest is formatting
_FORMULA = re.compile(
    rb'<c r="([A-Z]+)(\d+)"[^>]*>\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v[^>]*>([^<]*)</v>)?\s*</c>'
)
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read_spreadsheet(path: Path, known: Sequence[str]) -> Sheet:
    """The sheet whose header knows most of the names.

    Raises:
        BadInput: not a workbook, too big, no header, or columns of formulas without results.
    """
    _guard(path)
    try:
        workbook = CalamineWorkbook.from_path(path)
        found = max(
            (_header(workbook.get_sheet_by_name(name), known) for name in workbook.sheet_names),
            key=lambda item: item[0],
            default=None,
        )
    except (CalamineError, ZipError, OSError) as error:
        raise BadInput("打不开，可能加了密码或已损坏，请在 Excel 里另存为 .xlsx 后重试") from error
    if found is None or not is_header(found[0], known):
        raise BadInput(f"找不到表头，应有的列：{'、'.join(known)}")
    _, at, source = found
    cells = next(islice(source.iter_rows(), at, None))
    names = [column_name(cell) for cell in cells]
    width = max(number for number, name in enumerate(names, 1) if name)
    sheet = Sheet(names[:width], iter(()), height=source.height)
    _refuse_empty_formulas(path, source, names, known, first_row=at + 2)
    sheet.rows = _rows(sheet, source, at)
    return sheet


def _guard(path: Path) -> None:
    try:
        if path.stat().st_size > MAX_PACKED:
            raise BadInput("文件超过 200 MB，请另存为 CSV 后导入")
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(item.file_size for item in packed.infolist())
    except (OSError, zipfile.BadZipFile) as error:
        raise BadInput("打不开，可能加了密码或已损坏，请在 Excel 里另存为 .xlsx 后重试") from error
    if unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(path.stat().st_size, 1 << 16):
        raise BadInput("解压后过大，不像正常的表格，请另存为 CSV 后导入")


def _header(sheet: CalamineSheet, known: Sequence[str]) -> tuple[int, int, CalamineSheet]:
    best, at = 0, 0
    for number, cells in enumerate(islice(sheet.iter_rows(), HEADER_WITHIN)):
        if (matches := header_match(cells, known)) > best:
            best, at = matches, number
    return best, at, sheet


def _rows(sheet: Sheet, source: CalamineSheet, header_at: int) -> Iterator[Row]:
    width, empty = len(sheet.header), 0
    for line, cells in enumerate(source.iter_rows(), 1):  # from row 1 on, whatever the sheet says where it starts
        if line <= header_at + 1:
            continue
        if all(cell in (None, "") for cell in cells):
            empty += 1
            if empty >= EMPTY_ROWS:
                return
            continue
        empty = 0
        if is_total(cells):
            sheet.notes.append(f"第 {line} 行是合计行，已略过")
            continue
        yield Row(line, [*map(_cell, cells[:width])])


def _cell(value: Cell) -> Cell:
    return ("TRUE" if value else "FALSE") if isinstance(value, bool) else value


def _refuse_empty_formulas(
    path: Path, source: CalamineSheet, names: list[str], known: Sequence[str], *, first_row: int
) -> None:
    """Programs write formulas without results, which readers show as 0 or nothing: money would vanish silently."""
    content = _sheet_xml(path, source.name)
    if b"<f" not in content:
        return
    results: dict[str, set[bytes]] = {}
    for found in _FORMULA.finditer(content):
        if int(found[2]) >= first_row:
            results.setdefault(found[1].decode(), set()).add(found[3] or b"")
    left = source.start[1] if source.start else 0
    for letters, values in results.items():
        at = _column_index(letters) - left
        if values <= {b"", b"0"} and 0 <= at < len(names) and names[at] in known:
            raise BadInput(f"「{names[at]}」列是没有计算结果的公式，请用 Excel 打开并保存一次后重试")


def _sheet_xml(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as packed:
        try:
            book = ElementTree.fromstring(packed.read("xl/workbook.xml"))  # noqa: S314 - expat expands no external ones
            links = ElementTree.fromstring(packed.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
            target = {link.get("Id"): link.get("Target", "") for link in links}
            relation = next(
                item.get(_RELATION) for item in book.iter() if item.get("name") == name and item.get(_RELATION)
            )
            place = target[relation].lstrip("/")
            return packed.read(place if place.startswith("xl/") else f"xl/{place}")
        except (KeyError, StopIteration, ElementTree.ParseError):
            return b""  # an unusual package: calamine could read it, so do without this guard


def _column_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
