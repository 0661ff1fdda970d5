"""From a file to rows of cells: which encoding, separator and header line (protocols/backoffice.md 7)."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bot.domain.cells import Cell, normalized
from bot.errors import BadInput

MAX_BYTES = 1 << 30  # unpacked; a sales company's year is a hundredth of it
HEADER_WITHIN = 20  # lines: titles and notes above the header are normal in exported sheets
MAX_CELL = 1_000_000  # characters; longer is a quote that was never closed
_TOTAL = re.compile(r"(?:本页|本月|本期|累计)?(?:合\s*计|总\s*计|小\s*计|共\s*计):?")
DELIMITERS = (",", "\t", ";", "\uff0c", "|")


class Row(NamedTuple):
    """One record; `line` counts from 1 as an editor or a spreadsheet shows it. `problem` if it cannot be split."""

    line: int
    cells: Sequence[Cell]
    problem: str = ""


@dataclass(slots=True)
class Sheet:
    """A table with its header found. `notes` grows while the rows are read."""

    header: list[str]
    rows: Iterator[Row]
    height: int  #: about how many rows, for a progress bar
    notes: list[str] = field(default_factory=list)


def read_sheet(path: Path, known: Sequence[str]) -> Sheet:
    """Open a .csv, .csv.gz or .xlsx. `known`: the column names the header is recognised by.

    Raises:
        BadInput: unreadable, too big, or without a header; a Chinese sentence.
    """
    if path.name.lower().endswith((".xlsx", ".xlsm")):
        from store.loading.spreadsheets import read_spreadsheet

        return read_spreadsheet(path, known)
    return _read_csv(decode(_bytes(path)), known)


def header_match(cells: Sequence[Cell], known: Sequence[str]) -> int:
    """How many known column names stand in this row."""
    return len({column_name(cell) for cell in cells} & set(known))


def is_header(matches: int, known: Sequence[str]) -> bool:
    return matches >= 2 or matches == len(known) == 1


def column_name(cell: Cell) -> str:
    """A header cell without blanks, marks and units: " 订单金额(元)*" -> "订单金额"."""
    name = re.sub(r"\s+", "", normalized(cell)) if isinstance(cell, str) else ""
    return re.sub(r"\((?:元|必填|选填)\)|[*:]+", "", name) if "万元" not in name else name


def is_total(cells: Sequence[Cell]) -> bool:
    """合计, 总计, 小计: sums a person or program put below the rows."""
    first = next((cell for cell in cells if cell not in (None, "")), None)
    return isinstance(first, str) and len(first) < 10 and _TOTAL.fullmatch(normalized(first)) is not None


def decode(content: bytes) -> str:
    """BOM, else strict UTF-8, else strict GB18030, over the whole file: the order matters (backoffice.md 7.3)."""
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            try:
                return content.removeprefix(codecs.BOM_UTF8).decode(name).replace("\0", "")
            except UnicodeDecodeError as error:
                raise BadInput(_undecodable(content, error)) from error
    try:
        return content.decode("utf-8").replace("\0", "")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030", errors="salesbot.euro").replace("\0", "")
    except UnicodeDecodeError as error:
        raise BadInput(_undecodable(content, error)) from error


def _euro(error: UnicodeError) -> tuple[str, int]:
    """Windows' code page 936 has the euro sign at 0x80, GB18030 has nothing there."""
    if isinstance(error, UnicodeDecodeError) and error.object[error.start] == 0x80:
        return "€", error.start + 1
    raise error


codecs.register_error("salesbot.euro", _euro)


def _undecodable(content: bytes, error: UnicodeDecodeError) -> str:
    line = content.count(b"\n", 0, error.start) + 1
    return f"第 {line} 行附近的文字既不是 UTF-8 也不是 GB18030 编码，请另存为「CSV UTF-8」后重试"


def _bytes(path: Path) -> bytes:
    try:
        if not path.name.lower().endswith(".gz"):
            if path.stat().st_size > MAX_BYTES:
                raise BadInput("文件超过 1 GB，请拆分后导入")
            return path.read_bytes()
        with gzip.open(path) as packed:
            content = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError) as error:
        raise BadInput(f"文件打不开({type(error).__name__})") from error
    if len(content) > MAX_BYTES:
        raise BadInput("文件解压后超过 1 GB，请拆分后导入")
    return content


def _read_csv(text: str, known: Sequence[str]) -> Sheet:
    lines = list(io.StringIO(text, newline=""))
    best, at, delimiter = 0, 0, ","
    for number, line in enumerate(lines[:HEADER_WITHIN]):
        for candidate in DELIMITERS:
            if (matches := header_match(_split(line, candidate), known)) > best:
                best, at, delimiter = matches, number, candidate
    if not is_header(best, known):
        raise BadInput(f"找不到表头，应有的列：{'、'.join(known)}")
    header = [column_name(cell) for cell in _split(lines[at], delimiter)]
    while header and not header[-1]:
        header.pop()
    sheet = Sheet(header, iter(()), height=len(lines) - at - 1)
    sheet.rows = _csv_rows(sheet, lines, at + 1, delimiter)
    return sheet


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _csv_rows(sheet: Sheet, lines: list[str], start: int, delimiter: str) -> Iterator[Row]:
    width = len(sheet.header)
    for row in _records(lines, start, delimiter, width):
        cells = row.cells
        if len(cells) == width and (cells[0] and "计" not in str(cells[0])) and not row.problem:  # by far most of them
            yield row
            continue
        if not any(cells) or (len(cells) == 1 and not str(cells[0]).strip()):
            continue
        if is_total(cells):
            sheet.notes.append(f"第 {row.line} 行是合计行，已略过")
        elif row.problem or len(cells) == width:
            yield row
        elif len(cells) > width and not any(cells[width:]):
            yield Row(row.line, cells[:width])
        else:
            yield Row(row.line, cells, f"应有 {width} 列，这一行有 {len(cells)} 列")


def _records(lines: list[str], start: int, delimiter: str, width: int) -> Iterator[Row]:
    """Records of a CSV. A quote that is never closed costs its own line, not all that follow it."""
    csv.field_size_limit(MAX_CELL)
    while start < len(lines):
        reader = csv.reader((lines[at] for at in range(start, len(lines))), delimiter=delimiter, strict=True)
        done, broken = 0, False
        while not broken:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                broken = True
            else:
                several = reader.line_num > done + 1
                broken = several and _swallowed(cells, delimiter, width)
                if not broken:
                    yield Row(start + done + 1, cells)
                    done = reader.line_num
        yield _as_typed(lines[start + done], start + done + 1, delimiter, width)
        start += done + 1


def _swallowed(cells: list[str], delimiter: str, width: int) -> bool:
    """Whether a cell over several lines took in whole records that follow it."""
    inside = (line for cell in cells for line in cell.split("\n")[1:])
    return len(cells) != width or any(line.count(delimiter) >= max(1, width - 1) for line in inside)


def _as_typed(line: str, number: int, delimiter: str, width: int) -> Row:
    """A line with quotes in wrong places, taken literally where that gives the right number of columns."""
    cells = line.rstrip("\r\n").split(delimiter)
    return Row(number, cells, "" if len(cells) == width else "引号没有成对，分不清列")
