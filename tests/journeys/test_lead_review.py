"""The morning after: managers see how yesterday's leads went, once, with a picture."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import datetime, timedelta

from PIL import Image
from sqlalchemy import text

from bot.clock import SHANGHAI
from bot.domain.leads import Rep
from bot.domain.leads.rules import default_rules
from jobs import schedule
from store.lead_facts import reps
from tests.support.lead_history import busier, decided, give
from tests.support.leads import enquiry, put_leads
from tests.support.office import Office

YESTERDAY = datetime(2026, 2, 11, 10, 0, tzinfo=SHANGHAI)
NIGHT = "2026-02-12 01:30"
HANGZHOU, NINGBO = "杭州大区", "宁波大区"


async def _a_day(office: Office) -> None:
    """Three leads in Hangzhou, one in Ningbo: the best rep lets one lapse, the next one answers."""
    rules = default_rules()
    records = [
        enquiry("XS260211001", at=YESTERDAY, mobile_key="1"),
        enquiry("XS260211002", at=YESTERDAY, mobile_key="2", industry="建材"),
        enquiry("XS260211003", at=YESTERDAY, mobile_key="3", intent=None),
        enquiry("XS260211004", at=YESTERDAY, mobile_key="4", region=NINGBO, company="宁波象枢咨询有限公司"),
    ]
    async with office.app.job_context().unit_of_work() as uow:
        people = await reps(uow.connection, rules, at=YESTERDAY)
        await put_leads(uow, records)
        for number, record in enumerate(records):
            at = YESTERDAY + timedelta(minutes=number)
            decision = await decided(uow, record, people, rules.policy, at)
            people = busier(people, decision.employee_no)
            if number:
                await give(uow, record, decision.employee_no, at, responded_in=9 + number)
            else:
                await give(uow, record, decision.employee_no, at, ended_in=30, ending="超时")
                await give(uow, record, _other(people, decision.employee_no), at + timedelta(minutes=30), turn_no=2)


def _other(people: list[Rep], employee_no: str) -> str:
    return next(rep.employee_no for rep in people if HANGZHOU in rep.regions and rep.employee_no != employee_no)


async def _manager(office: Office, role: str, region: str) -> str:
    query = "SELECT dingtalk_user FROM employees WHERE role = :role AND region = :region AND status = '在职'"
    return str((await office.rows(f"{query} AND dingtalk_user <> ''", role=role, region=region))[0][0])


async def _morning(office: Office) -> None:
    """The job in the night, then eight o'clock."""
    await office.at(NIGHT)
    await schedule.jobs["lead_review"].run(office.app.job_context())
    async with office.hurried():
        await office.settle()


async def test_each_manager_gets_words_and_a_picture_once_though_the_night_ran_twice(office: Office) -> None:
    await _a_day(office)
    await _morning(office)
    await _morning(office)
    hangzhou = await _manager(office, "区域经理", HANGZHOU)
    picture, words = office.dingtalk.shown_to(hangzhou)
    assert picture == "[图片] 线索日报-0211-杭州大区.png"
    assert "线索日报 2月11日 周三 · 杭州大区" in words
    assert "来了 3 条，派出 4 次，其中高意向 3 次。" in words
    assert "回了的 2 条最慢 11 分钟（只算工作时间）。" in words
    assert "按时 2/3 条，1 条没按时。" in words
    assert "1 条超时没回，已改派" in words
    assert "不够每人一条，还谈不上公平不公平。" in words
    assert "宁波" not in words
    ningbo = office.dingtalk.shown_to(await _manager(office, "区域经理", NINGBO))
    assert len(ningbo) == 2
    assert "来了 1 条，派出 1 次" in ningbo[1]
    company = office.dingtalk.shown_to(await _manager(office, "总监", "全国"))
    assert len(company) == 2
    assert "全公司" in company[1]
    assert "来了 4 条，派出 5 次" in company[1]


async def test_the_picture_on_the_phone_is_a_png(office: Office) -> None:
    await _a_day(office)
    await _morning(office)
    user = await _manager(office, "总监", "全国")
    shown = next(message for message in office.sandbox.world.phone("dingtalk", user) if message.kind == "image")
    assert shown.file is not None
    stored = office.sandbox.world.file(shown.file["url"].rpartition("/")[2])
    assert stored is not None
    assert Image.open(io.BytesIO(stored.body)).size == (1000, 1430)  # 42 reps


async def test_it_waits_for_eight_oclock(office: Office) -> None:
    await _a_day(office)
    await office.at(NIGHT)
    await schedule.jobs["lead_review"].run(office.app.job_context())
    (due,) = {
        row[0]
        for row in await office.rows(
            "SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'deliver' AND status = 'todo'"
        )
    }
    morning = datetime(2026, 2, 12, 8, 0, tzinfo=SHANGHAI)
    assert abs(due + office.app.clock.offset - morning) < timedelta(seconds=2)


async def test_regions_without_news_and_days_without_leads_send_nothing(office: Office) -> None:
    await _a_day(office)
    await _morning(office)
    quiet = await office.rows(
        "SELECT dingtalk_user FROM employees WHERE role = '区域经理' AND region NOT IN (:one, :other)",
        one=HANGZHOU, other=NINGBO,
    )  # fmt: skip
    assert quiet
    assert [office.dingtalk.shown_to(user) for (user,) in quiet if user] == [[] for (user,) in quiet if user]
    await office.at("2026-02-13 01:30")
    assert await schedule.jobs["lead_review"].run(office.app.job_context()) == 0


async def test_the_night_learns_and_a_second_run_learns_the_same(office: Office) -> None:
    await _a_day(office)
    await office.at(NIGHT)
    await schedule.jobs["lead_review"].run(office.app.job_context())
    learned = await office.rows("SELECT learned_at, learned FROM lead_prices")
    reviews = await office.rows("SELECT * FROM lead_reviews ORDER BY region")
    assert len(learned) == 1
    await schedule.jobs["lead_review"].run(office.app.job_context())
    assert await office.rows("SELECT learned_at, learned FROM lead_prices") == learned
    assert await office.rows("SELECT * FROM lead_reviews ORDER BY region") == reviews


async def test_a_dry_run_shows_and_keeps_nothing(office: Office) -> None:
    await _a_day(office)
    as_of = datetime(2026, 2, 12, 1, 30, tzinfo=SHANGHAI)
    ctx = office.app.job_context(as_of, dry_run=True)
    assert await schedule.jobs["lead_review"].run(ctx) == 3
    assert len(ctx.shown) == 6
    for table in ("lead_reviews", "lead_prices", "attachments", "outbox"):
        assert await office.rows(f"SELECT count(*) FROM {table}") == [(0,)]


async def test_a_manager_asks_for_it_again_and_a_rep_may_not(office: Office) -> None:
    await _a_day(office)
    manager = await _manager(office, "区域经理", HANGZHOU)
    await office.dingtalk.says(manager, "线索日报")
    await office.settle()
    assert "还没有线索日报" in office.dingtalk.shown_to(manager)[-1]
    await _morning(office)
    before = len(office.dingtalk.shown_to(manager))
    await office.at("2026-02-12 15:00")
    await office.dingtalk.says(manager, "线索 日报")
    await office.settle()
    picture, words = office.dingtalk.shown_to(manager)[before:]
    assert picture.startswith("[图片]")
    assert "杭州大区" in words
    await office.wecom.says("yulijuan", "线索日报")
    await office.settle()
    assert "只给区域经理和总监看" in office.wecom.shown_to("yulijuan")[-1]


async def test_a_manager_without_dingtalk_reads_it_in_wecom(office: Office) -> None:
    await _a_day(office)
    manager = await office.rows(
        "SELECT wecom_user FROM employees WHERE role = '区域经理' AND region = :region AND status = '在职'",
        region=NINGBO,
    )
    async with office.app.database.engine.begin() as connection:
        await connection.execute(
            text("UPDATE employees SET dingtalk_user = '' WHERE role = '区域经理' AND region = :region"),
            {"region": NINGBO},
        )
    await office.app.directory.load()
    await _morning(office)
    picture, words = office.wecom.shown_to(manager[0][0])
    assert picture == "[图片] 线索日报-0211-宁波大区.png"
    assert "来了 1 条，派出 1 次" in words


def test_neither_ortools_nor_pillow_is_loaded_before_a_night_needs_them() -> None:
    look = "import sys, jobs, handlers; print(sorted({'ortools', 'PIL', 'pandas'} & {*sys.modules}))"
    shown = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
