"""The clock moves past nine: whoever looks, however often, and whoever dies meanwhile, one reminder goes out."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from sqlalchemy import text

from bot.main import application, running
from bot.sandbox.config import SandboxConfig
from jobs import schedule
from tests.support.office import Office, open_office
from tests.support.waiting import until

REP = "yulijuan"
SAID = "绿源超市滨江店曹姐定了两万五，明天送货我跟车"
RUNS = "SELECT state, count(*) FROM job_runs WHERE job = 'followup_reminder' GROUP BY state"


def _reminders(office: Office) -> list[str]:
    return [shown for shown in office.wecom.shown_to(REP) if "今天要跟进" in shown]


async def test_two_bots_look_at_the_clock_again_and_again(office: Office) -> None:
    await office.wecom.says(REP, SAID)
    await office.settle()
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(application(office.app.settings))
        await stack.enter_async_context(running(other, scheduler=False, receive=False))
        await office.app.scheduler.tick()
        await office.at("2026-02-13 09:00")
        await until(lambda: abs(other.clock.offset - office.app.clock.offset).total_seconds() < 1)
        for _ in range(3):
            await asyncio.gather(*(app.scheduler.tick() for app in (office.app, other)))
        await office.settle()
    assert await office.rows(RUNS) == [("done", 1)]
    assert len(_reminders(office)) == 1


async def test_what_fell_due_before_the_bot_died_runs_when_it_is_back(
    company_url: str, sandbox_config: SandboxConfig
) -> None:
    async with open_office(company_url, sandbox_config) as office:
        await office.wecom.says(REP, SAID)
        await office.settle()
        settings = office.app.settings
    async with application(settings) as doomed:  # nobody works: it dies between writing the run down and running it
        await doomed.scheduler.tick()
        await doomed.shared_clock.move_to(doomed.clock.now().replace(day=13, hour=1, minute=1))  # 9:01 in Shanghai
        assert "followup_reminder" in [run.job for run in await doomed.scheduler.tick()]
    async with open_office(company_url, sandbox_config) as office:
        await office.settle()
        assert await office.rows(RUNS) == [("done", 1)]
        assert len(_reminders(office)) == 1


async def test_a_run_broken_off_in_the_middle_is_begun_again(office: Office) -> None:
    await office.wecom.says(REP, SAID)
    await office.settle()
    async with office.app.database.engine.begin() as connection:  # what a killed worker leaves behind
        await connection.execute(text("INSERT INTO job_runs (job, fire_at) VALUES ('followup_reminder', :at)"), _NINE)
        await connection.execute(
            text("""INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status)
                    VALUES ('work', 'run_job', 'job:followup_reminder',
                            jsonb_build_object('job', 'followup_reminder', 'fire_at', CAST(:at AS text)), 'doing')"""),
            _NINE,
        )
    await until(lambda: _reminders(office))
    await office.settle()
    assert await office.rows(RUNS) == [("done", 1)]
    assert len(_reminders(office)) == 1


async def test_a_reminder_that_waits_for_the_morning_holds_up_no_answer(office: Office) -> None:
    await office.wecom.says(REP, SAID)
    await office.settle()
    await office.at("2026-02-13 20:30")  # caught up after a stand-still, within quiet hours
    assert await schedule.jobs["followup_reminder"].run(office.app.job_context()) > 1
    await office.wecom.says(REP, "绿源滨江还欠多少")
    await until(lambda: "欠" in office.wecom.shown_to(REP)[-1])
    assert _reminders(office) == []
    assert await office.rows(
        "SELECT state FROM outbox WHERE dedup_key LIKE 'followup:%' AND :rep = ANY(recipients)", rep=REP
    ) == [("queued",)]


_NINE = {"at": "2026-02-13T01:00:00+00:00"}
