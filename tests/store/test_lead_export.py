"""Leads as a file: what they repeat, who got them, when they were told and answered; also as of an earlier moment."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.clock import SHANGHAI
from store.database import Database, connect
from store.exporting import export

_DATA = Path(__file__).resolve().parent.parent / "data"
COLUMNS = ["线索编号", "重复于", "分配工号", "匹配分", "分配时间", "通知时间", "首次响应时间", "状态"]

#: A1 is being worked on, A2 waits again after a lapse, A3 was merged into A1, A4 looks like A1, H1 came by file
ROWS = """
INSERT INTO employees (employee_no, name, role, region, status) VALUES ('R1', '韩梅', '销售', '杭州大区', '在职');
INSERT INTO leads (lead_no, received_at, company, company_key, contact, mobile_key, region) VALUES
('H1', '2026-02-01 09:00+08', '杭州青禾超市', 'qing he chao shi', '王五', '19900000001', '杭州大区'),
('H2', '2026-02-02 09:00+08', '青禾超市', 'qing he chao shi', '王总', '', '杭州大区'),
('A1', '2026-02-10 09:00+08', '杭州百川物流', 'bai chuan wu liu', '钱七', '19900000002', '杭州大区'),
('A2', '2026-02-10 09:05+08', '=cmd|calc', '', '', '', '杭州大区'),
('A3', '2026-02-10 12:00+08', '百川物流', 'bai chuan wu liu', '钱总', '19900000002', '杭州大区'),
('A4', '2026-02-10 12:05+08', '杭州宏达建设', 'hong da jian she', '钱七', '19900000002', '杭州大区');
INSERT INTO lead_cases (lead_no, state, queued_at, same_kind, same_no, same_why, owner_no, turn_no, holder_no,
                        closed_at) VALUES
('A1', '跟进中', '2026-02-10 09:00+08', '', '', '', '', 1, 'R1', NULL),
('A2', '待分配', '2026-02-10 09:36+08', '', '', '', '', 1, '', NULL),
('A3', '已合并', '2026-02-10 12:00+08', '线索', 'A1', '手机号', 'R1', 0, '', '2026-02-10 12:00+08'),
('A4', '待分配', '2026-02-10 12:05+08', '线索', 'A1', '手机号相同，公司不同', 'R1', 0, '', NULL);
INSERT INTO lead_turns (lead_no, turn_no, employee_no, how, score, high_intent, given_at, responded_at, response,
                        ended_at, ending, card_id) VALUES
('A1', 1, 'R1', '评分', 0.712345, false, '2026-02-10 09:00:01+08', '2026-02-10 09:10+08', '接受', NULL, '', 'c-1'),
('A2', 1, 'R1', '评分', 0.5, false, '2026-02-10 09:05:01+08', NULL, '', '2026-02-10 09:36+08', '超时', '');
INSERT INTO outbox (channel, recipients, content, card_id, state, created_at, sent_at) VALUES
('wecom', '{hanmei}', '{"type": "card"}', 'c-1', 'sent', '2030-01-01 00:00:00+00', '2030-01-01 00:00:02+00'),
('wecom', '{hanmei}', '{"type": "card_update"}', 'c-1', 'sent', '2030-01-01 01:00:00+00', '2030-01-01 01:00:09+00');
"""


def at(moment: str) -> datetime:
    return datetime.fromisoformat(f"2026-{moment}").replace(tzinfo=SHANGHAI)


async def exported(database: Database, out: Path, **how: Any) -> dict[str, list[str]]:
    """lead number -> its other cells."""
    async with database.engine.connect() as connection:
        await export(connection, "leads", out, **how)
    with out.open(encoding="utf-8-sig", newline="") as lines:
        header, *rows = csv.reader(lines)
    assert header == COLUMNS
    return {row[0]: row[1:] for row in rows}


@pytest.fixture
async def filled(database: Database) -> Database:
    async with database.engine.begin() as connection:
        for statement in filter(str.strip, ROWS.split(";\n")):
            await connection.exec_driver_sql(statement)
    return database


async def test_every_lead_as_it_stands(filled: Database, tmp_path: Path) -> None:
    assert await exported(filled, tmp_path / "a.csv") == {
        "H1": ["", "", "", "", "", "", "历史"],
        "H2": ["H1", "", "", "", "", "", "历史"],
        "A1": ["", "R1", "0.7123", "2026-02-10 09:00:01", "2026-02-10 09:00:03", "2026-02-10 09:10:00", "跟进中"],
        "A2": ["", "", "", "", "", "", "待分配"],
        "A3": ["A1", "R1", "", "", "", "", "已合并"],
        "A4": ["", "", "", "", "", "", "待分配"],
    }


async def test_as_of_an_earlier_moment(filled: Database, tmp_path: Path) -> None:
    then = await exported(filled, tmp_path / "a.csv", as_of=at("02-10 09:08"))
    assert list(then) == ["H1", "H2", "A1", "A2"], "what came later is left out"
    assert then["A1"] == ["", "R1", "0.7123", "2026-02-10 09:00:01", "2026-02-10 09:00:03", "", "待响应"]
    assert then["A2"] == ["", "R1", "0.5000", "2026-02-10 09:05:01", "", "", "待响应"]
    number, score, given, told, answered, state = then["H1"][1:]
    assert (number, given, told, answered, state) == ("R1", "2026-02-01 09:00:00", "", "", "已分配（推算）")
    assert 0 < float(score) < 1
    assert then["H2"] == ["H1", "R1", "", "2026-02-02 09:00:00", "", "", "已分配（推算）"], "with whoever got the first"


async def test_a_month_only(filled: Database, tmp_path: Path) -> None:
    async with filled.engine.begin() as connection:
        await connection.execute(text("UPDATE leads SET received_at = '2026-01-31 23:59+08' WHERE lead_no = 'H1'"))
    assert list(await exported(filled, tmp_path / "a.csv", period="2026-01")) == ["H1"]
    assert (await exported(filled, tmp_path / "b.csv", period="2026-02"))["H2"][0] == "H1", "compared with all the same"


async def test_the_sample_companys_repeats_exactly(company_url: str, tmp_path: Path) -> None:
    with (_DATA / "线索重复.csv").open(encoding="utf-8", newline="") as lines:
        wanted = {row["线索编号"]: row["对象编号"] for row in csv.DictReader(lines)}
    database = connect(company_url)
    got = await exported(database, tmp_path / "a.csv")
    assert {number: cells[0] for number, cells in got.items() if cells[0]} == wanted
    await database.close()


async def test_the_sample_companys_leads_find_reps_of_their_region(company_url: str, tmp_path: Path) -> None:
    database = connect(company_url)
    got = await exported(database, tmp_path / "a.csv", as_of=at("02-12 08:00"))
    async with database.engine.connect() as connection:
        regions = dict((await connection.execute(text("SELECT lead_no, region FROM leads"))).all())
        people = {row.employee_no: row for row in await connection.execute(text("SELECT * FROM employees"))}
    await database.close()
    assert Counter(cells[6] for cells in got.values()).keys() <= {"已分配（推算）", "待分配（推算）"}
    given = {number: cells for number, cells in got.items() if cells[1]}
    assert len(given) > 0.9 * len(got)
    for number, cells in given.items():
        rep = people[cells[1]]
        assert rep.status == "在职"
        if cells[2] and regions[number]:
            assert rep.region == regions[number]
    again = connect(company_url)
    assert await exported(again, tmp_path / "b.csv", as_of=at("02-12 08:00")) == got, "the same again"
    await again.close()
