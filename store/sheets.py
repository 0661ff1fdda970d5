"""Tables for people: CSV and XLSX that open in Excel as they are, and that no cell of which is run as a formula."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import xlsxwriter

from bot.clock import SHANGHAI

Value = str | int | Decimal | date | datetime | None
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> int:
    """UTF-8 with BOM and CRLF, as Chinese Excel wants it (backoffice.md 7.3). Returns how many rows.

    The file appears complete or not at all.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    count = 0
    try:
        with temporary.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(header)
            for row in rows:
                count += 1
                writer.writerow([_csv_field(value) for value in row])
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def write_xlsx(path: Path, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> int:
    """One sheet; dates as real dates, amounts as numbers, everything else as text. Returns how many rows."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    count = 0
    try:
        with xlsxwriter.Workbook(str(temporary), {"constant_memory": True}) as book:
            bold = book.add_format({"bold": True})
            formats = {
                datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
                date: book.add_format({"num_format": "yyyy-mm-dd"}),
                Decimal: book.add_format({"num_format": "0.00"}),
            }
            sheet = book.add_worksheet()
            sheet.freeze_panes(1, 0)
            for column, name in enumerate(header):
                sheet.set_column(column, column, max(10, 2 * len(name) + 2))
                sheet.write_string(0, column, name, bold)
            for count, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    _write_cell(sheet, count, column, value, formats)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def _csv_field(value: Value) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_RUN_BY_SPREADSHEETS) else value
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return "" if value is None else str(value)


def _write_cell(
    sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: Value, formats: dict[type, object]
) -> None:
    if isinstance(value, str):
        if value:
            sheet.write_string(row, column, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.astimezone(SHANGHAI).replace(tzinfo=None), formats[datetime])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats[date])
    elif value is not None:
        sheet.write_number(row, column, value, formats.get(type(value)))
