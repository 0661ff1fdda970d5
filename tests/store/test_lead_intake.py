"""Leads come in once, find whom they belong to, and a burst shares its commits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from bot.domain.cells import mobile_key
from bot.domain.directory import Directory
from bot.domain.leads.cases import How
from bot.domain.leads.records import LeadRecord
from bot.domain.people import Employee, Role
from bot.errors import ChannelUnavailable
from bot.messages import Content, Text
from store.database import Database
from store.lead_intake import LeadWriter, NewLead, Written
from store.unit_of_work import UnitOfWork

NOW = datetime(2026, 2, 12, 1, 0, tzinfo=UTC)
PEOPLE = [
    Employee(employee_no="R1", name="韩梅", role=Role.REP, region="杭州大区", wecom_user="hanmei"),
    Employee(employee_no="R2", name="李雷", role=Role.REP, region="杭州大区", wecom_user="lilei"),
    Employee(employee_no="R9", name="走了", role=Role.REP, region="杭州大区", active=False),
    Employee(employee_no="M1", name="陈磊", role=Role.REGION_MANAGER, region="杭州大区", dingtalk_user="dd_chenlei"),
]


class Desk:
    """A writer on the test's database, and what it told whom."""

    def __init__(self, database: Database, make: Callable[[], Any]) -> None:
        self.database, self.told = database, list[tuple[str, str]]()
        self.directory = Directory(customers=[], contacts=[], employees=PEOPLE, products=[])
        self.writer = LeadWriter(make, lambda: self.directory, self._send, lambda: NOW)
        self.commits = 0

    def _send(self, uow: UnitOfWork, employee: Employee, content: Content, *, dedup_key: str = "") -> None:
        assert isinstance(content, Text)
        self.told.append((employee.employee_no, content.text))

    async def take(self, *leads: NewLead) -> list[Written]:
        return await self.writer.submit(leads)

    async def sql(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.database.engine.begin() as connection:
            done = await connection.execute(text(statement), values)
            return [tuple(row) for row in done] if done.returns_rows else []

    async def case(self, lead_no: str) -> tuple[Any, ...]:
        """(state, owner, how, what it is the same as, why)."""
        query = "SELECT state, owner_no, owner_how, same_no, same_why FROM lead_cases WHERE lead_no = :no"
        return (await self.sql(query, no=lead_no))[0]

    async def held_by(self, lead_no: str, employee_no: str) -> None:
        await self.sql(
            "UPDATE lead_cases SET state = '待响应', holder_no = :who WHERE lead_no = :no", who=employee_no, no=lead_no
        )


def lead(lead_no: str, company: str = "", contact: str = "", mobile: str = "", **more: Any) -> NewLead:
    record = LeadRecord(
        lead_no=lead_no,
        received_at=NOW,
        company=company,
        contact=contact,
        mobile=mobile,
        mobile_key=mobile_key(mobile),
        region="杭州大区",
    )
    return NewLead(record=record, origin="api", entered_by="crm", **more)


@pytest.fixture
async def desk(database: Database, make: Callable[[], Any]) -> Desk:
    desk = Desk(database, make)
    await desk.sql(
        """INSERT INTO customers (customer_no, name, company_key, region, owner_no, tags) VALUES
           ('K1', '杭州云帆机械有限公司', 'yun fan ji xie', '杭州大区', 'R1', '{}'),
           ('K2', '杭州宏图商贸有限公司', 'hong tu shang mao', '杭州大区', 'R9', '{}')"""
    )
    await desk.sql(
        """INSERT INTO contacts (customer_no, name, occurrence, mobile, mobile_key)
           VALUES ('K1', '周子墨', 1, '138-0000-1111', '13800001111')"""
    )
    return desk


async def test_a_lead_is_stored_with_its_case_and_waits(desk: Desk) -> None:
    [written] = await desk.take(lead("A1", "杭州青禾超市", "王五", "199 0000 0001"))
    assert written.new
    assert await desk.case("A1") == ("待分配", "", "", "", "")
    assert await desk.sql("SELECT company, mobile, mobile_key, company_key, region FROM leads") == [
        ("杭州青禾超市", "199 0000 0001", "19900000001", "qing he chao shi", "杭州大区")
    ]


async def test_the_same_number_twenty_times_at_once_is_one_lead(desk: Desk, make: Callable[[], Any]) -> None:
    other = Desk(desk.database, make)  # another process
    answers = await asyncio.gather(*((desk if n % 2 else other).take(lead("A1", f"公司{n}")) for n in range(20)))
    assert sum(answer[0].new for answer in answers) == 1
    assert await desk.sql("SELECT (SELECT count(*) FROM leads), (SELECT count(*) FROM lead_cases)") == [(1, 1)]


async def test_two_processes_take_the_same_enquiry_once(desk: Desk, make: Callable[[], Any]) -> None:
    other = Desk(desk.database, make)
    await asyncio.gather(
        *((desk if n % 2 else other).take(lead(f"A{n}", "杭州青禾超市", "王五", "19900000001")) for n in range(12))
    )
    assert await desk.sql("SELECT state, count(*) FROM lead_cases GROUP BY state ORDER BY state") == [
        ("已合并", 11),
        ("待分配", 1),
    ]


async def test_a_burst_shares_its_commits(desk: Desk) -> None:
    await asyncio.gather(*(desk.take(lead(f"A{n}", f"青禾{n}")) for n in range(300)))
    commits = await desk.sql("SELECT count(DISTINCT xmin::text) FROM lead_cases")
    assert commits[0][0] <= 5
    assert await desk.sql("SELECT count(*) FROM lead_cases WHERE state = '待分配'") == [(300,)]


async def test_one_of_a_customer_goes_to_its_owner(desk: Desk) -> None:
    await desk.take(lead("A1", "杭州云帆机械", "赵一", "19900000001"), lead("A2", "周子墨的店", "周总", "13800001111"))
    assert await desk.case("A1") == ("待分配", "R1", "归属", "K1", "公司名称")
    assert await desk.case("A2") == ("待分配", "R1", "归属", "K1", "手机号")


async def test_a_leavers_customer_belongs_to_the_regions_manager(desk: Desk) -> None:
    await desk.take(lead("A1", "杭州宏图商贸有限公司"))
    assert await desk.case("A1") == ("待分配", "M1", "归属", "K2", "公司名称")


async def test_an_enquiry_made_again_is_merged_and_its_holder_told(desk: Desk) -> None:
    await desk.take(lead("A1", "杭州青禾超市", "王五", "19900000001"))
    await desk.held_by("A1", "R2")
    await desk.take(lead("A2", "青禾超市", "王总", "199-0000-0001"))
    assert await desk.case("A2") == ("已合并", "R2", "归属", "A1", "手机号")
    assert desk.told == [("R2", "客户又来问了：青禾超市 王总（199-0000-0001）。已并入你手上的 A1（新编号 A2）。")]
    await desk.take(lead("A3", "杭州青禾超市", "王五"))
    assert (await desk.case("A3"))[0] == "已合并", "by company and contact as well"


async def test_what_waits_takes_in_its_own_repeats(desk: Desk) -> None:
    await desk.take(
        lead("A1", "杭州青禾超市", "王五", "19900000001"), lead("A2", "杭州青禾超市", "王五", "19900000001")
    )
    assert await desk.case("A2") == ("已合并", "", "", "A1", "手机号")
    assert desk.told == []


async def test_a_number_that_asks_for_another_company_is_flagged_and_goes_to_the_same_rep(desk: Desk) -> None:
    await desk.take(lead("A1", "杭州青禾超市", "王五", "19900000001"))
    await desk.held_by("A1", "R2")
    await desk.take(lead("A2", "宁波宏达建设有限公司", "王五", "19900000001"))
    assert await desk.case("A2") == ("待分配", "R2", "归属", "A1", "手机号相同，公司不同")


async def test_what_was_only_ever_in_a_file_is_flagged_and_scored(desk: Desk) -> None:
    await desk.sql(
        """INSERT INTO leads (lead_no, received_at, company, company_key, contact)
           VALUES ('H1', :at, '杭州青禾超市', 'qing he chao shi', '王五')""",
        at=NOW,
    )
    await desk.take(lead("A1", "青禾超市", "王五"))
    assert await desk.case("A1") == ("待分配", "", "", "H1", "公司名称")
    [again] = await desk.take(lead("H1", "另一家"))
    assert not again.new, "its number was applied by the file"


async def test_whoever_won_it_gets_it_again_and_a_closed_one_is_scored(desk: Desk) -> None:
    await desk.take(
        lead("A1", "杭州青禾超市", "王五", "19900000001"), lead("B1", "杭州百川物流", "钱七", "19900000002")
    )
    await desk.sql("UPDATE lead_cases SET state = CASE lead_no WHEN 'A1' THEN '已成交' ELSE '已关闭' END")
    await desk.sql(
        """INSERT INTO lead_turns (lead_no, turn_no, employee_no, how, high_intent, given_at, ended_at, ending) VALUES
           ('A1', 1, 'R2', '评分', false, :at, :at, '成交'), ('B1', 1, 'R2', '评分', false, :at, :at, '关闭')""",
        at=NOW,
    )
    await desk.take(
        lead("A2", "杭州青禾超市", "王五", "19900000001"), lead("B2", "杭州百川物流", "钱七", "19900000002")
    )
    assert await desk.case("A2") == ("待分配", "R2", "归属", "A1", "手机号")
    assert await desk.case("B2") == ("待分配", "", "", "B1", "手机号")


async def test_somebody_who_left_gets_nothing(desk: Desk) -> None:
    await desk.take(
        lead("A1", "宁波宏达建设", "钱七", owner_no="R1", owner_how=How.ADDED),
        lead("A2", "杭州青禾", "王五", "19900000001"),
    )
    await desk.held_by("A2", "R9")
    await desk.take(lead("A3", "句容百川物流", "王五", "19900000001"))
    assert (await desk.case("A1"))[:3] == ("待分配", "R1", "好友")
    assert (await desk.case("A3"))[:2] == ("待分配", "")


async def test_a_crash_before_the_commit_leaves_nothing(desk: Desk, make: Callable[[], Any]) -> None:
    await desk.take(lead("A1", "杭州青禾超市", "王五", "19900000001"))
    await desk.held_by("A1", "R2")

    def break_off(uow: UnitOfWork, employee: Employee, content: Content, *, dedup_key: str = "") -> None:
        raise RuntimeError("killed here")

    broken = LeadWriter(make, lambda: desk.directory, break_off, lambda: NOW)
    with pytest.raises(ChannelUnavailable):
        await broken.submit([lead("B1", "杭州百川物流"), lead("B2", "青禾超市", "王五", "19900000001")])
    assert await desk.sql("SELECT lead_no FROM leads") == [("A1",)]
    assert await desk.sql("SELECT lead_no FROM lead_cases") == [("A1",)]
    [first, _] = await broken.submit([lead("B1", "杭州百川物流"), lead("B3", "杭州宏远")])
    assert first.new, "the writer goes on, and sending again is safe"


async def test_the_dispatcher_is_woken_after_the_commit(desk: Desk) -> None:
    import psycopg

    async with await psycopg.AsyncConnection.connect(desk.database.dsn, autocommit=True) as listening:
        await listening.execute("LISTEN leads")
        await desk.take(lead("A1", "杭州青禾超市"))
        async for notice in listening.notifies(timeout=5, stop_after=1):
            assert notice.channel == "leads"
            assert await desk.case("A1") == ("待分配", "", "", "", "")
