"""Files as offices save them: encodings, separators, titles above and totals below the table, broken quotes."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from bot.errors import BadInput
from store.loading.reading import Row, read_sheet

KNOWN = ("订单号", "金额", "备注")
TABLE = "订单号,金额,备注\nSO1,1.00,彩虹超市\nSO2,2.00,\n"


def rows(path: Path) -> list[Row]:
    return list(read_sheet(path, KNOWN).rows)


def cells(path: Path) -> list[list[object]]:
    return [list(row.cells) for row in rows(path)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TABLE.encode(), id="UTF-8"),
        pytest.param(TABLE.encode("utf-8-sig"), id="UTF-8 with BOM"),
        pytest.param(TABLE.encode("gb18030"), id="GB18030"),
        pytest.param(TABLE.encode("utf-16"), id="UTF-16 with BOM"),
        pytest.param(TABLE.replace("\n", "\r\n").encode("gbk"), id="GBK with CRLF"),
        pytest.param(TABLE.replace(",", "\t").encode("utf-16"), id="Unicode 文本 from Excel"),
        pytest.param(TABLE.replace(",", ";").encode(), id="semicolons"),
        pytest.param(TABLE.replace(",", "，").encode(), id="full-width commas"),
        pytest.param(("销售订单\n\n导出人：孙若曦,,\n" + TABLE + "合计,3.00,\n").encode(), id="title and total"),
        pytest.param(TABLE.replace("订单号", " 订单号* ").replace("金额", "金额（元）").encode(), id="marked header"),
    ],
)
def test_one_table_in_many_files(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "订单.csv"
    file.write_bytes(content)
    assert cells(file) == [["SO1", "1.00", "彩虹超市"], ["SO2", "2.00", ""]]


def test_gzip(tmp_path: Path) -> None:
    file = tmp_path / "订单.csv.gz"
    file.write_bytes(gzip.compress(TABLE.encode()))
    assert len(cells(file)) == 2


def test_rare_characters_and_the_euro_of_windows(tmp_path: Path) -> None:
    file = tmp_path / "订单.csv"
    file.write_bytes("订单号,金额,备注\nSO1,1,𠮷野 ".encode("gb18030") + b"\x80\n")
    assert cells(file)[0][2] == "𠮷野 €"


def test_an_encoding_nobody_knows_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "订单.csv"
    file.write_bytes(b"a,b\n\xff\xff\xff\n")
    with pytest.raises(BadInput, match="第 2 行"):
        read_sheet(file, KNOWN)


def test_quoted_line_breaks_and_separators(tmp_path: Path) -> None:
    file = tmp_path / "订单.csv"
    file.write_text('订单号,金额,备注\nSO1,"1,000.00","第一行\n第二行""引"""\nSO2,2,x\n', encoding="utf-8")
    assert cells(file) == [["SO1", "1,000.00", '第一行\n第二行"引"'], ["SO2", "2", "x"]]
    assert [row.line for row in rows(file)] == [2, 4]


@pytest.mark.parametrize(
    "broken", ['SO1,1,"没有闭合', '"SO1,1,没有闭合', 'SO1,"1,没有闭合', 'SO1,1,"大"瓶装', "SO1,1,二,三", "SO1,1"]
)
def test_a_broken_line_costs_itself_and_no_other(broken: str, tmp_path: Path) -> None:
    file = tmp_path / "订单.csv"
    file.write_text(f'订单号,金额,备注\n{broken}\nSO2,2,y\nSO3,3,"好"\n', encoding="utf-8")
    found = {row.line: row for row in rows(file)}
    assert sorted(found) == [2, 3, 4]
    assert [list(found[line].cells) for line in (3, 4)] == [["SO2", "2", "y"], ["SO3", "3", "好"]]
    assert found[2].problem or found[2].cells[0] in ("SO1", '"SO1')


def test_no_header_is_said_with_the_columns_wanted(tmp_path: Path) -> None:
    file = tmp_path / "订单.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(BadInput, match="订单号、金额、备注"):
        read_sheet(file, KNOWN)


def workbook(path: Path, table: Sequence[Sequence[object]], *, blank_lines: int = 0) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("说明").write_string(0, 0, "请勿修改")
        sheet = book.add_worksheet("数据")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(table, blank_lines):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, column, value, day)  # type: ignore[arg-type]
                else:
                    sheet.write(number, column, value)
    return path


def test_a_spreadsheet_with_types_title_and_total(tmp_path: Path) -> None:
    file = workbook(
        tmp_path / "订单.xlsx",
        [
            ["订单明细"],
            list(KNOWN),
            ["00123", 1850.5, date(2026, 2, 12)],
            [20260212, 2, "x"],
            [None] * 3,
            ["合计", 1852.5],
        ],
        blank_lines=2,
    )
    found = rows(file)
    assert [row.line for row in found] == [5, 6]
    assert list(found[0].cells) == ["00123", 1850.5, date(2026, 2, 12)]
    assert list(found[1].cells) == [20260212.0, 2.0, "x"]


def test_formulas_without_results_are_refused(tmp_path: Path) -> None:
    file = workbook(tmp_path / "订单.xlsx", [list(KNOWN), ["SO1", "=1+1", "x"], ["SO2", "=2+2", "x"]])
    with pytest.raises(BadInput, match="「金额」列是没有计算结果的公式"):
        read_sheet(file, KNOWN)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "订单.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"\0" * (60 << 20))
    with pytest.raises(BadInput, match="解压后过大"):
        read_sheet(file, KNOWN)


@pytest.mark.parametrize("content", [b"", b"no workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 locked"])
def test_what_is_no_workbook_is_said(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "订单.xlsx"
    file.write_bytes(content)
    with pytest.raises(BadInput, match="打不开"):
        read_sheet(file, KNOWN)


def test_times_of_a_spreadsheet_stay_times(tmp_path: Path) -> None:
    file = tmp_path / "订单.xlsx"
    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, KNOWN)
        sheet.write_row(1, 0, ["SO1", 1])
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_datetime(1, 2, datetime(2026, 2, 12, 9, 30), moment)
    assert cells(file)[0][2] == datetime(2026, 2, 12, 9, 30)
