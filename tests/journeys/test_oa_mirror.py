"""DingTalk's own approval beside our cards: decided on either side, both say the same, also after an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from bot.sandbox.config import SandboxConfig
from bot.settings import Settings
from tests.support.office import Office, open_office
from tests.support.waiting import until

REP, MANAGER, DIRECTOR = "yulijuan", "dd_chenlei", "0619301103"
SMALL = "合同 栖成建筑材料 30万 9.2折 一年"
LARGE = "合同 栖成建筑材料 85万 9.2折 一年"
PROCESS = "PROC-SALESBOT-CONTRACT"


def mirrored(settings: Settings) -> Settings:
    dingtalk = settings.dingtalk.model_copy(update={"approval_process_code": PROCESS})
    return settings.model_copy(update={"dingtalk": dingtalk})


@pytest.fixture
async def office(company_url: str, sandbox_config: SandboxConfig) -> AsyncIterator[Office]:
    config = replace(sandbox_config, revoke_after_seconds=0, event_retry_delays=(), event_timeout_seconds=0.3)
    async with open_office(company_url, config, change=mirrored) as opened:
        yield opened


async def submit(office: Office, line: str = SMALL) -> str:
    """A contract under way, with its instance; returns the instance's id."""
    await office.wecom.says(REP, line)
    await office.settle()
    await office.wecom.taps(REP, "提交")
    await office.settle()
    return str(office.dingtalk.oa_instances()[-1]["instance_id"])


async def state(office: Office) -> str:
    return str((await office.rows("SELECT state FROM approvals"))[0][0])


def oa(office: Office, instance: str) -> tuple[str, str]:
    shown = office.dingtalk.oa_instance(instance)
    return shown["status"], shown["result"]


async def test_a_submission_stands_in_oa_with_its_form_and_people(office: Office) -> None:
    instance = await submit(office, LARGE)
    shown = office.dingtalk.oa_instance(instance)
    assert shown["form"]["审批编号"] == "SP260212001-1"
    assert shown["form"]["合同金额（元）"] == "850000.00"
    assert [item["instance_id"] for item in office.dingtalk.oa_todo(MANAGER)] == [instance]
    assert office.dingtalk.oa_todo(DIRECTOR) == []


async def test_a_tap_on_the_card_decides_in_oa_as_well(office: Office) -> None:
    instance = await submit(office)
    await office.dingtalk.taps(MANAGER, "同意", text="价格可以")
    await office.settle()
    assert await state(office) == "已通过"
    assert oa(office, instance) == ("COMPLETED", "agree")
    assert "陈磊 2月12日 09:00 同意：价格可以；合同号 HT" in office.dingtalk.shown_to(MANAGER)[-1]


async def test_a_decision_in_oa_settles_the_card(office: Office) -> None:
    instance = await submit(office, LARGE)
    await office.dingtalk.oa_decides(MANAGER, instance, agree=True, remark="同意签")
    await office.settle()
    assert "同意：同意签" in office.dingtalk.shown_to(MANAGER)[0]
    assert "总监" in office.dingtalk.shown_to(DIRECTOR)[0]
    await office.dingtalk.oa_decides(DIRECTOR, instance, agree=False, remark="折扣太低")
    await office.settle()
    assert await state(office) == "已拒绝"
    assert "拒绝：折扣太低" in office.dingtalk.shown_to(DIRECTOR)[0]


async def test_tap_and_oa_in_the_same_second_are_one_decision(office: Office) -> None:
    instance = await submit(office)
    await asyncio.gather(
        office.dingtalk.taps(MANAGER, "同意"),
        office.dingtalk.oa_decides(MANAGER, instance, agree=False, remark="不行"),
    )
    await office.settle()
    status, result = oa(office, instance)
    assert status == "COMPLETED"
    assert await state(office) == {"agree": "已通过", "refuse": "已拒绝"}[result]
    assert len(await office.rows("SELECT 1 FROM approval_seats WHERE verdict IS NOT NULL")) == 1


async def test_of_two_answers_of_one_person_the_later_hears_which_counts(office: Office) -> None:
    """Bug: 拒绝 after 同意 was answered as if it were on its way."""
    instance = await submit(office)
    async with office.app.database.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO approval_wishes (approval_no, attempt, step_no, employee_no, verdict, note, via, said_at)"
                 " VALUES ('SP260212001', 1, 1, 'YG003', '同意', '', 'dingtalk', now())")
        )  # fmt: skip
    await office.dingtalk.says(MANAGER, "拒绝 SP260212001 太贵")
    await office.settle()
    assert any("你刚才已经同意，以那次为准" in shown for shown in office.dingtalk.shown_to(MANAGER))
    assert "正在提交到钉钉审批，结果马上更新" not in str(office.dingtalk.shown_to(MANAGER))
    assert oa(office, instance)[1] != "refuse"


async def test_withdrawn_here_it_is_revoked_there(office: Office) -> None:
    instance = await submit(office)
    await office.wecom.taps(REP, "撤回")
    await office.settle()
    assert oa(office, instance)[0] == "TERMINATED"


async def test_revoked_there_it_is_withdrawn_here(office: Office) -> None:
    instance = await submit(office)
    await office.dingtalk.oa_revokes(office.dingtalk.oa_instance(instance)["originator"], instance)
    await office.settle()
    assert await state(office) == "已撤回"
    assert "已失效" in office.dingtalk.shown_to(MANAGER)[0]


async def test_an_edit_revokes_the_instance_and_begins_another(office: Office) -> None:
    first = await submit(office)
    await office.wecom.taps(REP, "修改")
    await office.settle()
    await office.wecom.says(REP, "改金额 28万")
    await office.settle()
    await office.wecom.taps(REP, "提交")
    await office.settle()
    second = office.dingtalk.oa_instances()[-1]
    assert oa(office, first)[0] == "TERMINATED"
    assert second["form"]["审批编号"] == "SP260212001-2"
    assert second["status"] == "RUNNING"


async def test_handed_over_here_the_task_moves_there(office: Office) -> None:
    instance = await submit(office)
    await office.dingtalk.taps(MANAGER, "转交", text="孙若曦")
    await office.settle()
    assert [item["instance_id"] for item in office.dingtalk.oa_todo(DIRECTOR)] == [instance]
    await office.dingtalk.taps(DIRECTOR, "同意")
    await office.settle()
    assert oa(office, instance) == ("COMPLETED", "agree")
    assert await state(office) == "已通过"


async def test_handed_over_there_the_card_moves_here(office: Office) -> None:
    instance = await submit(office)
    await office.dingtalk.oa_transfers(MANAGER, instance, DIRECTOR)
    await office.settle()
    assert "转交给孙若曦" in office.dingtalk.shown_to(MANAGER)[0]
    await office.dingtalk.taps(DIRECTOR, "同意")
    await office.settle()
    assert await state(office) == "已通过"
    assert oa(office, instance) == ("COMPLETED", "agree")


async def test_while_oa_is_away_people_decide_here_and_it_follows(office: Office) -> None:
    instance = await submit(office)
    office.dingtalk.fail_next(10_000, status=503, path="/workflow/")
    await office.dingtalk.taps(MANAGER, "同意")
    async with office.hurried():
        await until(lambda: _is(office, "已通过"), 20)
        assert oa(office, instance)[0] == "RUNNING"
        office.dingtalk.faults.clear()
        await until(lambda: oa(office, instance) == ("COMPLETED", "agree"), 30)


async def _is(office: Office, wanted: str) -> bool:
    return await state(office) == wanted


async def test_a_lost_answer_to_the_creation_makes_no_second_instance(office: Office) -> None:
    office.dingtalk.fail_next(drop_answer_after_doing=True, path="/v1.0/workflow/processInstances")
    await office.wecom.says(REP, SMALL)
    await office.settle()
    await office.wecom.taps(REP, "提交")
    async with office.hurried():
        await until(lambda: _open(office), 40)
    await office.settle()
    assert len(office.dingtalk.oa_instances()) == 1


async def _open(office: Office) -> bool:
    return await office.rows("SELECT state FROM oa_instances") == [("open",)]


async def test_a_decision_made_while_the_bot_was_deaf_is_found_by_a_look(office: Office) -> None:
    instance = await submit(office)
    office.dingtalk.silent_death()
    await office.dingtalk.oa_decides(MANAGER, instance, agree=True)
    await office.settle()
    assert await state(office) == "审批中"
    async with office.app.database.engine.begin() as connection:
        await connection.execute(text("UPDATE oa_instances SET checked_at = now() - interval '1 hour'"))
    await office.run("approval_sync")
    assert await state(office) == "已通过"


async def test_an_approver_without_a_dingtalk_login_is_asked_by_the_bot_alone(office: Office) -> None:
    """OA cannot hold such a step; the administrators are told, the approval goes on."""
    async with office.app.database.engine.begin() as connection:
        await connection.execute(text("UPDATE employees SET dingtalk_user = '' WHERE employee_no = 'YG003'"))
        await connection.execute(text("DELETE FROM accounts WHERE employee_no = 'YG003' AND channel = 'dingtalk'"))
    await office.app.directory.load()
    await office.wecom.says(REP, SMALL)
    await office.settle()
    await office.wecom.taps(REP, "提交")
    await office.settle()
    assert office.dingtalk.oa_instances() == []
    assert any("没有同步到钉钉审批" in shown for shown in office.dingtalk.shown_to("dd_zouqian"))
    await office.wecom.taps("chenlei", "同意")
    await office.settle()
    assert await state(office) == "已通过"
