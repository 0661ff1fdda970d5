"""What leaves the bot as a file: the columns people rely on, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from bot.clock import SHANGHAI
from bot.errors import BadInput
from store.database import Database
from store.exporting import export
from store.loading import load_folder

COLUMNS = ["拜访编号", "客户编号", "工号", "时间", "方式", "内容", "联系人", "金额", "意向", "下次跟进日期", "来源渠道"]
VISITS = """
INSERT INTO visits (visit_no, customer_no, employee_no, visited_at, kind, content, contact, amount_fen, intent,
                    next_follow_up, source_channel, state) VALUES
('BF260212000001', 'KH0001', 'YG008', '2026-02-12 09:30+08', '上门拜访', '谈了堆头', '陶老板', 5000050, '高',
 '2026-02-24', 'wecom', '已确认'),
('BF260212000002', 'KH0001', 'YG008', '2026-02-12 10:00+08', '', '=cmd|calc', '-刘', NULL, '',
 NULL, 'dingtalk', '待确认'),
('BF260212000003', NULL,     'YG008', '2026-02-12 11:00+08', '', '哪一家', '', NULL, '', NULL, 'wecom', '待选客户'),
('BF260212000004', 'KH0001', 'YG008', '2026-02-12 12:00+08', '', '记错了', '', NULL, '', NULL, 'wecom', '已撤销'),
('BF26013100001',  'KH0002', 'YG009', '2026-01-31 23:59:59+08', '电话', '旧系统的', '', NULL, '', NULL, '', '已载入'),
('BF26020100001',  'KH0002', 'YG009', '2026-02-01 00:00+08', '电话', '下个月了', '', NULL, '', NULL, '', '已载入')
"""


async def write(database: Database, out: Path, *, period: str = "", as_of: datetime | None = None) -> int:
    async with database.engine.begin() as connection:
        if not (await connection.execute(text("SELECT count(*) FROM visits"))).scalar_one():
            await connection.execute(text(VISITS))
        return await export(connection, "visits", out, period=period, as_of=as_of)


def read(out: Path) -> list[dict[str, str]]:
    with out.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


async def test_visits_that_stand_and_have_a_customer(database: Database, tmp_path: Path) -> None:
    out = tmp_path / "拜访.csv"
    assert await write(database, out) == 4
    raw = out.read_bytes()
    assert raw.startswith("\ufeff拜访编号".encode())
    assert raw.count(b"\r\n") == raw.count(b"\n") == 5
    found = {row["拜访编号"]: row for row in read(out)}
    assert list(found["BF260212000001"]) == COLUMNS
    assert list(found["BF260212000001"].values())[1:] == [
        "KH0001",
        "YG008",
        "2026-02-12 09:30:00",
        "上门拜访",
        "谈了堆头",
        "陶老板",
        "50000.50",
        "高",
        "2026-02-24",
        "企业微信",
    ]
    assert set(found) == {"BF26013100001", "BF26020100001", "BF260212000001", "BF260212000002"}


async def test_a_spreadsheet_runs_nothing_and_the_loader_takes_the_mark_off_again(
    database: Database, tmp_path: Path
) -> None:
    out = tmp_path / "拜访.csv"
    await write(database, out)
    row = next(row for row in read(out) if row["拜访编号"] == "BF260212000002")
    assert (row["内容"], row["联系人"]) == ("'=cmd|calc", "'-刘")
    async with database.engine.begin() as connection:
        await connection.execute(text("DELETE FROM visits"))
    report = await load_folder(database, tmp_path)
    assert report.files[0].added == 4
    async with database.engine.connect() as connection:
        contents = (await connection.execute(text("SELECT content FROM visits"))).scalars().all()
    assert "=cmd|calc" in contents


async def test_a_spreadsheet_has_real_dates_numbers_and_texts(database: Database, tmp_path: Path) -> None:
    out = tmp_path / "拜访.xlsx"
    assert await write(database, out) == 4
    table = CalamineWorkbook.from_path(out).get_sheet_by_index(0).to_python()
    assert table[0] == COLUMNS
    first = next(row for row in table if row[0] == "BF260212000001")
    assert first[3] == datetime(2026, 2, 12, 9, 30)
    assert first[7] == 50000.5
    assert first[9] == date(2026, 2, 24)
    assert any("=cmd|calc" in row for row in table)


async def test_a_month_is_a_shanghai_month(database: Database, tmp_path: Path) -> None:
    out = tmp_path / "拜访.csv"
    assert await write(database, out, period="2026-01") == 1
    assert await write(database, out, period="2026-02") == 3
    assert await write(database, out, as_of=datetime(2026, 2, 12, 9, 45, tzinfo=SHANGHAI)) == 3


@pytest.mark.parametrize(
    ("what", "name", "period"),
    [("churn", "a.csv", ""), ("nonsense", "a.csv", ""), ("visits", "a.pdf", ""), ("visits", "a.csv", "Januar")],
)
async def test_what_cannot_be_exported_is_said(
    what: str, name: str, period: str, database: Database, tmp_path: Path
) -> None:
    async with database.engine.connect() as connection:
        with pytest.raises(BadInput):
            await export(connection, what, tmp_path / name, period=period)
    assert not (tmp_path / name).exists()
