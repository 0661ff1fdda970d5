"""At half past eight on workdays managers read how yesterday went, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

import jobs
from bot.clock import SHANGHAI
from bot.cron import next_fire
from bot.domain.directory import Directory
from bot.domain.people import Employee, Role
from jobs.daily_digest import daily_digest
from jobs.scheduling import Scheduler
from tests.support.desk import CONTACTS, CUSTOMERS, DINGTALK, EMPLOYEES, Desk
from tests.support.firm import open_firm

FRIDAY = datetime(2026, 2, 13, 8, 30, tzinfo=SHANGHAI)
DIRECTOR = Employee(employee_no="YG001", name="孙若曦", role=Role.DIRECTOR, region="全国", dingtalk_user="dd_sun")
SUCCESS = Employee(employee_no="YG050", name="崔晓燕", role=Role.SUCCESS, region="全国", dingtalk_user="dd_cui")


@pytest.fixture
def office(desk: Desk) -> Desk:
    """The desk's company with a director, and somebody of 客户成功 who has no customers."""
    desk.directory = Directory(CUSTOMERS, CONTACTS, (*EMPLOYEES, DIRECTOR, SUCCESS), ())
    return desk


async def _morning(desk: Desk, at: datetime = FRIDAY) -> int:
    desk.clock.move_to(at)
    return await daily_digest(desk.job_context())


async def test_managers_and_the_director_read_it_each_their_own(office: Desk) -> None:
    await office.says("LiLei", "刚去了绿源滨江，王姐定了20件水，大概3000块，明天送样")
    assert await _morning(office) == 3
    (hangzhou,) = await office.shown_to("dd_chenlei")
    assert "昨天有 1 人拜访 1 次，1 人没有拜访。\n今天要跟进 1 家。" in hangzhou
    assert "· 高意向 3,000 元｜李雷 绿源超市(滨江店)：" in hangzhou
    assert "没有拜访：赵敏" in hangzhou
    (nanjing,) = await office.shown_to("dd_zhoutao")
    assert "绿源" not in nanjing
    assert "昨天没有人拜访。" in nanjing
    (everything,) = await office.shown_to("dd_sun")
    assert "· 杭州大区：拜访 1 次，2 人里 1 人没有拜访，今天跟进 1 家\n· 南京大区：没有拜访" in everything


async def test_reps_and_those_with_nothing_get_none(office: Desk) -> None:
    await _morning(office)
    for user in ("dd_cui", "LiLei", "dd_zhaomin", "hanmei"):
        assert await office.shown_to(user) == []


async def test_once_a_day_however_often_it_runs(office: Desk) -> None:
    await _morning(office)
    await _morning(office, FRIDAY + timedelta(hours=2))
    assert len(await office.shown_to("dd_chenlei")) == 1
    await _morning(office, FRIDAY + timedelta(days=1))
    assert len(await office.shown_to("dd_chenlei")) == 2


async def test_customer_success_reads_of_the_own_customers(office: Desk) -> None:
    customers = [
        item if item.customer_no != "KH0117" else type(item)(
            customer_no=item.customer_no, name=item.name, short_name=item.short_name, region=item.region,
            owner_no=item.owner_no, success_no="YG050",
        )
        for item in CUSTOMERS
    ]  # fmt: skip
    office.directory = Directory(customers, CONTACTS, (*EMPLOYEES, SUCCESS), ())
    await office.says("LiLei", "刚去了绿源滨江，王姐说考虑考虑")
    await office.says("dd_zhaomin", "去了鑫旺便利店(中山路店)，谈了陈列", channel=DINGTALK)
    await _morning(office)
    (shown,) = await office.shown_to("dd_cui")
    assert "昨天有 1 次拜访。" in shown
    assert "· 李雷 绿源超市(滨江店)：" in shown
    assert "鑫旺" not in shown


async def test_what_was_promised_and_not_done_is_named(office: Desk) -> None:
    await office.says("LiLei", "刚去了绿源滨江，王姐说考虑考虑，明天送样")
    await _morning(office, datetime(2026, 2, 14, 8, 30, tzinfo=SHANGHAI))
    (shown,) = await office.shown_to("dd_chenlei")
    assert "**逾期没跟进（1）**\n· 李雷 绿源超市(滨江店)，约的 2月13日，过了 1 天" in shown


async def test_it_waits_while_people_are_not_to_be_disturbed(office: Desk) -> None:
    """Somebody set it to seven: the row is there, its delivery is due at eight."""
    await _morning(office, FRIDAY.replace(hour=7))
    async with office.unit_of_work() as uow:
        due = (
            await uow.connection.execute(
                text("SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'deliver' ORDER BY id DESC LIMIT 1")
            )
        ).scalar_one()
    assert due.astimezone(SHANGHAI) == FRIDAY.replace(hour=8, minute=0)


def test_it_runs_at_half_past_eight_on_workdays() -> None:
    job = jobs.schedule.jobs["daily_digest"]
    assert (job.cron, job.workdays_only) == ("30 8 * * *", True)


async def test_a_time_changed_in_a_sentence_is_the_time_it_runs(office: Desk) -> None:
    scheduler = Scheduler(jobs.schedule.jobs, unit_of_work=office.unit_of_work, clock=office.clock, next_fire=next_fire)
    office.clock.move_to(FRIDAY.replace(hour=8, minute=0))
    await scheduler.tick()
    await office.says("dd_sun", "把日报改到每个工作日8点40", channel=DINGTALK)
    ran = []
    for minute in (35, 45):
        office.clock.move_to(FRIDAY.replace(minute=minute))
        ran += [run for run in await scheduler.tick() if run.job == "daily_digest"]
    assert [run.fire_at for run in ran] == [FRIDAY.replace(minute=40)]


async def test_contracts_that_wait_stand_first_with_how_long(desk: Desk) -> None:
    firm = open_firm(desk)
    async with firm.unit_of_work() as uow:  # names in lists are the database's
        await uow.connection.execute(text("INSERT INTO employees (employee_no, name) VALUES ('YG010', '李雷')"))
        await uow.connection.execute(
            text("INSERT INTO customers (customer_no, name, short_name) VALUES ('KH0117', '绿源超市', '绿源滨江')")
        )
    await firm.says("LiLei", "合同 绿源滨江 85万 9.2折 一年")
    await firm.taps("LiLei", "提交")
    await _morning(firm)
    shown = (await firm.shown_to("dd_chenlei"))[-1]
    assert "1 份等你审批" in shown
    assert "· SP260212001 绿源滨江 850,000 元，李雷提交（上级审批），已等 7 小时" in shown
    assert "份等你审批" not in (await firm.shown_to("dd_sun"))[-1]
    await firm.taps("dd_chenlei", "同意", channel=DINGTALK)
    await _morning(firm, datetime(2026, 2, 14, 8, 30, tzinfo=SHANGHAI))
    assert "份等你审批" not in (await firm.shown_to("dd_chenlei"))[-1]
    assert "（总监审批），已等 1 个工作日" in (await firm.shown_to("dd_sun"))[-1]
