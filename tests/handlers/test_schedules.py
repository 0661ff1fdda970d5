"""日程: what runs when, changed in words by those who may, read back; 日报: the digest, asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from bot.clock import SHANGHAI
from bot.domain.directory import Directory
from bot.domain.people import Employee, Role
from bot.domain.schedules import Override
from tests.support.desk import CONTACTS, CUSTOMERS, DINGTALK, EMPLOYEES, Desk

DIRECTOR = Employee(employee_no="YG001", name="孙若曦", role=Role.DIRECTOR, region="全国", dingtalk_user="dd_sun")
ADMIN = Employee(employee_no="YG002", name="邹倩", role=Role.ADMIN, region="全国", wecom_user="zouqian")


@pytest.fixture
def office(desk: Desk) -> Desk:
    """The desk's company with a director and an administrator."""
    desk.directory = Directory(CUSTOMERS, CONTACTS, (*EMPLOYEES, DIRECTOR, ADMIN), ())
    return desk


async def _says(desk: Desk, words: str) -> str:
    return await desk.says("dd_sun", words, channel=DINGTALK)


async def _override(desk: Desk) -> Override | None:
    async with desk.unit_of_work() as uow:
        overrides: dict[str, Override] = await uow.schedules.overrides()
        return overrides.get("daily_digest")


async def _ran(desk: Desk, at: datetime, state: str = "done", result: int | None = 6) -> None:
    async with desk.unit_of_work() as uow:
        await uow.connection.execute(
            text("INSERT INTO job_runs (job, fire_at, state, result) VALUES ('daily_digest', :at, :state, :result)"),
            {"at": at, "state": state, "result": result},
        )


async def test_the_list_names_jobs_as_people_do(office: Desk) -> None:
    shown = await _says(office, "日程")
    assert "· 日报：每个工作日 8:30，下次 2月13日 周五 8:30" in shown
    assert "· 跟进提醒：每天 9:00，下次 2月13日 周五 9:00" in shown
    assert "account_matching" not in shown
    assert "线索日报" in shown
    assert "线索分配" not in shown, "it runs all the time: nobody's to schedule"
    assert "线索超时提醒" not in shown
    assert "_" not in shown


@pytest.mark.parametrize(
    "words", ["日报 每天8:40", "日程 日报 每天8:40", "日报每天８：４０", "把日报改到每天早上8点40", "早报 每天八点四十"]
)
async def test_a_change_is_read_back_with_its_next_run(words: str, office: Desk) -> None:
    shown = await _says(office, words)
    assert "好，日报改为每天 8:40，下次 2月13日 周五 8:40。" in shown
    assert "周末和节假日也会发" in shown
    assert "要改回每个工作日 8:30，说：日程 日报 恢复默认" in shown
    changed = await _override(office)
    assert changed is not None
    assert (changed.cron, changed.workdays_only, changed.enabled, changed.changed_by) == (
        "40 8 * * *", False, True, "YG001",
    )  # fmt: skip
    assert changed.changed_at == office.clock.now()


async def test_who_changed_it_and_how_the_last_run_went(office: Desk) -> None:
    await _ran(office, datetime(2026, 2, 12, 8, 30, tzinfo=SHANGHAI))
    await _says(office, "日报 每个工作日8:45")
    shown = await office.says("LiLei", "日程")
    assert (
        "· 日报：每个工作日 8:45，下次 2月13日 周五 8:45\n  孙若曦 2月12日 09:30 改的；上次 2月12日 08:30，发出 6 条"
        in shown
    )


@pytest.mark.parametrize(
    ("state", "result", "words"),
    [("failed", None, "没发成"), ("queued", None, "正在发"), ("done", 0, "没有要发的")],
)
async def test_a_run_that_brought_nothing_says_why(state: str, result: int | None, words: str, office: Desk) -> None:
    await _ran(office, datetime(2026, 2, 12, 8, 30, tzinfo=SHANGHAI), state, result)
    assert words in await _says(office, "日程 日报")


async def test_off_on_and_back(office: Desk) -> None:
    await _says(office, "日报 每天8:40")
    assert "日报停用了" in await _says(office, "日程 日报 停用")
    assert "· 日报：已停用" in await _says(office, "日程")
    assert "日报改为每天 8:40" in await _says(office, "日程 日报 启用")
    assert "日报改为每个工作日 8:30（默认时间），下次 2月13日 周五 8:30。" in await _says(office, "日程 日报 恢复默认")
    back = await _override(office)
    assert back is not None
    assert (back.cron, back.workdays_only, back.enabled) == ("", None, True)
    assert back.changed_at == office.clock.now()


async def test_a_new_time_switches_a_job_on_again(office: Desk) -> None:
    await _says(office, "停用日报")
    assert "日报改为每个工作日 9:00" in await _says(office, "日报 9:00")
    changed = await _override(office)
    assert changed is not None
    assert changed.enabled


async def test_the_same_time_again_changes_nothing(office: Desk) -> None:
    assert "日报本来就是每个工作日 8:30，没有变化" in await _says(office, "日报 工作日早上八点半")
    assert await _override(office) is None
    assert await office.audit() == []


async def test_changes_are_audited_with_what_was_said(office: Desk) -> None:
    await office.says("zouqian", "日报 每天8:40")
    async with office.unit_of_work() as uow:
        row = (await uow.connection.execute(text("SELECT what, subject, employee_no, details FROM audit"))).one()
    assert (row.what, row.subject, row.employee_no) == ("schedule.changed", "daily_digest", "YG002")
    assert row.details["from"] == {"cron": "30 8 * * *", "workdays_only": True, "enabled": True}
    assert row.details["to"] == {"cron": "40 8 * * *", "workdays_only": False, "enabled": True}
    assert row.details["said"] == "每天8:40"


@pytest.mark.parametrize(
    "words",
    ["日程 线索分配 停用", "停掉线索提醒", "日程 lead_sla 每30分钟", "日程 线索超时提醒", "日程 lead_assignment"],
)
async def test_what_runs_all_the_time_is_neither_scheduled_nor_switched_off(words: str, office: Desk) -> None:
    assert "线索随到随派" in await _says(office, words)
    async with office.unit_of_work() as uow:
        assert await uow.schedules.overrides() == {}


@pytest.mark.parametrize("user", ["LiLei", "dd_chenlei"])
async def test_others_are_told_whom_to_ask(user: str, office: Desk) -> None:
    channel = DINGTALK if user.startswith("dd_") else next(iter(office.channels))
    for words in ("日报 每天8:40", "日程 日报 停用", "把跟进提醒停了"):
        assert "要改请找邹倩或孙若曦。" in await office.says(user, words, channel=channel)
    assert await _override(office) is None
    assert "要改请找邹倩或孙若曦。" in await office.says(user, "日程", channel=channel)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("日报 每天25:00", "没有这个时间"),
        ("日报 每天", "几点发？"),
        ("日报 明天8点", "单独改某一天还不行"),
        ("日程 返利结算 每月1号9:00", "返利结算现在还没有自动发送"),
        ("日程 每天8:30", "要改哪一个？现在有：日报、跟进提醒"),
    ],
)
async def test_what_cannot_be_done_says_what_to_type(words: str, answer: str, office: Desk) -> None:
    assert answer in await _says(office, words)
    assert await _override(office) is None


async def test_a_time_in_the_quiet_hours_is_pointed_out(office: Desk) -> None:
    assert "20:00 到 8:00 不打扰" in await _says(office, "日报 每个工作日7:00")
    assert "不打扰" not in await _says(office, "日报 每个工作日8:00")


async def test_a_second_run_today_is_no_second_digest(office: Desk) -> None:
    await _ran(office, datetime(2026, 2, 12, 8, 30, tzinfo=SHANGHAI))
    assert "今天的日报已经发过" in await _says(office, "日报 每个工作日10:00")
    assert "已经发过" not in await _says(office, "日报 每个工作日8:15")


# -- the digest, asked for ------------------------------------------------------------------------------------------
async def test_a_manager_asks_for_the_digest_at_any_time(office: Desk) -> None:
    office.clock.move_to(datetime(2026, 2, 11, 8, 0, tzinfo=UTC))
    await office.says("LiLei", "刚去了绿源滨江，王姐定了20件水，大概3000块，周五送样")
    office.clock.move_to(datetime(2026, 2, 13, 12, 0, tzinfo=UTC))
    await office.says("dd_zhaomin", "去了鑫旺便利店(中山路店)，老板说考虑考虑", channel=DINGTALK)
    office.minutes_later(1)
    shown = await office.says("dd_chenlei", "日报", channel=DINGTALK)
    assert "日报 2月13日 周五 · 杭州大区" in shown
    assert "昨天没有人拜访，今天到现在 1 次。" in shown
    assert "今天要跟进 1 家" in shown
    assert "· 李雷 绿源超市(滨江店)：" in shown


async def test_a_rep_sees_the_own_day_only(office: Desk) -> None:
    await office.says("dd_zhaomin", "去了鑫旺便利店(中山路店)，老板说考虑考虑", channel=DINGTALK)
    office.minutes_later(24 * 60)
    assert "今天没有要你看的" in await office.says("LiLei", "日报")
    assert "昨天有 1 次拜访。" in await office.says("dd_zhaomin", "日报", channel=DINGTALK)
