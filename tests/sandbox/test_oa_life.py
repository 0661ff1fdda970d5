"""The life of an approval, and the events that tell of it (the table of protocols/dingtalk.md 7.9)."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.faults import CannotDecide
from tests.sandbox.approvals import FINANCE, MANAGER, SUCCESS, Workflow, all_of, any_of, one, request, told
from tests.sandbox.bots import DingClient, StreamBot, streaming


@pytest.fixture
async def sandbox(config: SandboxConfig) -> AsyncIterator[Sandbox]:
    async with running_sandbox(config) as running:
        yield running


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[StreamBot]:
    async with streaming(sandbox) as connected:
        yield connected


@pytest.fixture
async def oa(sandbox: Sandbox) -> AsyncIterator[Workflow]:
    async with DingClient(sandbox, sandbox.url) as client:
        yield Workflow(client)


async def test_a_start_is_told_to_its_first_approvers(sandbox: Sandbox, bot: StreamBot, oa: Workflow) -> None:
    instance_id = await oa.start(all_of(MANAGER, FINANCE), one(SUCCESS))
    await sandbox.dingtalk.settle()
    assert told(bot) == [
        ("instance", "start", SUCCESS),
        ("task", "start", MANAGER),
        ("task", "start", FINANCE),
    ]
    instance, task = bot.data(0), bot.data(1)
    assert (instance["processInstanceId"], instance["title"]) == (instance_id, "赵敏提交的合同审批")
    assert {"result", "finishTime"}.isdisjoint(instance)
    assert r"\u003d" in instance["url"]
    assert {"result", "finishTime", "remark"}.isdisjoint(task)
    assert task["taskId"] == await oa.task_of(instance_id, MANAGER) > 2**31
    assert task["createTime"] == instance["createTime"] > 1_600_000_000_000
    assert bot.frames[0]["headers"]["eventId"] != bot.frames[1]["headers"]["eventId"]


async def test_the_detail_follows_the_approval(sandbox: Sandbox, oa: Workflow) -> None:
    instance_id = await oa.start(one(MANAGER), ccList=[FINANCE], ccPosition="START_FINISH")
    detail = await oa.detail(instance_id)
    assert (detail["status"], detail["result"], detail["originatorUserId"]) == ("RUNNING", "", SUCCESS)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ", detail["createTime"])
    assert "finishTime" not in detail
    assert (detail["approverUserIds"], detail["ccUserIds"]) == ([MANAGER], [FINANCE])
    assert detail["formComponentValues"][1] == {
        "id": "TextField-2",
        "name": "客户",
        "value": "星河科技",
        "componentType": "TextField",
    }
    assert [(task["userId"], task["status"]) for task in detail["tasks"]] == [(MANAGER, "RUNNING")]
    assert (await oa.execute(instance_id, MANAGER, remark="金额对")).json() == {"result": True, "success": True}
    detail = await oa.detail(instance_id)
    assert (detail["status"], detail["result"], "finishTime" in detail) == ("COMPLETED", "agree", True)
    assert [(task["status"], task["result"]) for task in detail["tasks"]] == [("COMPLETED", "AGREE")]
    records = [(record["type"], record["userId"], record["result"]) for record in detail["operationRecords"]]
    assert records == [
        ("START_PROCESS_INSTANCE", SUCCESS, "NONE"),
        ("PROCESS_CC", SUCCESS, "NONE"),
        ("EXECUTE_TASK_NORMAL", MANAGER, "AGREE"),
        ("FINISH_PROCESS_INSTANCE", SUCCESS, "AGREE"),
        ("PROCESS_CC", SUCCESS, "NONE"),
    ]
    assert detail["operationRecords"][2]["remark"] == "金额对"


async def test_a_joint_step_needs_everybody_and_then_the_next_begins(
    sandbox: Sandbox, bot: StreamBot, oa: Workflow
) -> None:
    instance_id = await oa.start(all_of(MANAGER, FINANCE), one(SUCCESS))
    await sandbox.dingtalk.settle()
    bot.frames.clear()
    await sandbox.dingtalk.oa_decides(FINANCE, instance_id, True)
    assert told(bot) == [("task", "finish", FINANCE, "agree")]
    await sandbox.dingtalk.oa_decides(MANAGER, instance_id, True, "同意")
    await sandbox.dingtalk.oa_decides(SUCCESS, instance_id, True)
    assert told(bot)[1:] == [
        ("task", "finish", MANAGER, "agree"),
        ("task", "start", SUCCESS),
        ("task", "finish", SUCCESS, "agree"),
        ("instance", "finish", SUCCESS, "agree"),
    ]
    assert (bot.data(1)["remark"], "remark" in bot.data(0)) == ("同意", False)
    assert bot.data()["finishTime"] >= bot.data()["createTime"]


async def test_one_of_several_is_enough_and_the_others_are_cancelled(
    sandbox: Sandbox, bot: StreamBot, oa: Workflow
) -> None:
    instance_id = await oa.start(any_of(MANAGER, FINANCE))
    await sandbox.dingtalk.settle()
    bot.frames.clear()
    await sandbox.dingtalk.oa_decides(FINANCE, instance_id, True)
    assert told(bot) == [
        ("task", "finish", FINANCE, "agree"),
        ("task", "cancel", MANAGER),
        ("instance", "finish", SUCCESS, "agree"),
    ]
    assert "finishTime" in bot.data(1)
    states = {task["user"]: task["status"] for task in sandbox.dingtalk.oa_instance(instance_id)["tasks"]}
    assert states == {MANAGER: "CANCELED", FINANCE: "COMPLETED"}


@pytest.mark.parametrize(
    ("step", "told_of"),
    [
        pytest.param(one(MANAGER), [], id="alone"),
        pytest.param(any_of(MANAGER, FINANCE), [("task", "cancel", FINANCE)], id="one of several"),
        pytest.param(all_of(MANAGER, FINANCE), [], id="jointly: the table names no event for the others"),
    ],
)
async def test_a_refusal_ends_the_approval(
    sandbox: Sandbox, bot: StreamBot, oa: Workflow, step: dict[str, object], told_of: list[tuple[str, ...]]
) -> None:
    instance_id = await oa.start(step, one(SUCCESS))
    await sandbox.dingtalk.settle()
    bot.frames.clear()
    await oa.execute(instance_id, MANAGER, "refuse", remark="折扣太低")
    await sandbox.dingtalk.settle()
    assert told(bot) == [
        ("task", "finish", MANAGER, "refuse"),
        *told_of,
        ("instance", "finish", SUCCESS, "refuse"),
    ]
    seen = sandbox.dingtalk.oa_instance(instance_id)
    assert (seen["status"], seen["result"], sandbox.dingtalk.oa_todo(FINANCE)) == ("COMPLETED", "refuse", [])


async def test_a_transfer_hands_the_task_on(sandbox: Sandbox, bot: StreamBot, oa: Workflow) -> None:
    instance_id = await oa.start(one(MANAGER))
    await sandbox.dingtalk.settle()
    bot.frames.clear()
    body = {
        "taskId": await oa.task_of(instance_id, MANAGER),
        "toUserId": FINANCE,
        "operateUserId": MANAGER,
        "remark": "请看",
    }
    assert (await oa.post("tasks/redirect", body)).json() == {"result": True}
    await sandbox.dingtalk.settle()
    assert told(bot) == [("task", "finish", MANAGER, "redirect"), ("task", "start", FINANCE)]
    await sandbox.dingtalk.oa_transfers(FINANCE, instance_id, SUCCESS, "还是你看")
    tasks = sandbox.dingtalk.oa_instance(instance_id)["tasks"]
    assert [(task["user"], task["result"]) for task in tasks] == [
        (MANAGER, "REDIRECTED"),
        (FINANCE, "REDIRECTED"),
        (SUCCESS, ""),
    ]
    assert (await oa.execute(instance_id, SUCCESS)).status_code == 200
    assert (await oa.detail(instance_id))["result"] == "agree"


async def test_a_joint_step_waits_for_the_heir_of_a_task(sandbox: Sandbox, oa: Workflow) -> None:
    instance_id = await oa.start(all_of(MANAGER, FINANCE))
    await sandbox.dingtalk.oa_transfers(MANAGER, instance_id, SUCCESS, wait=False)
    await sandbox.dingtalk.oa_decides(FINANCE, instance_id, True, wait=False)
    assert sandbox.dingtalk.oa_instance(instance_id)["status"] == "RUNNING"
    await sandbox.dingtalk.oa_decides(SUCCESS, instance_id, True, wait=False)
    assert sandbox.dingtalk.oa_instance(instance_id)["status"] == "COMPLETED"


async def test_the_api_revokes_only_after_15_seconds(sandbox: Sandbox, bot: StreamBot, oa: Workflow) -> None:
    instance_id = await oa.start(one(MANAGER))
    await sandbox.dingtalk.settle()
    bot.frames.clear()
    body = {"processInstanceId": instance_id, "isSystem": True, "remark": "客户改主意"}
    early = await oa.post("processInstances/terminate", body)
    assert (early.status_code, early.json()["code"]) == (400, "aflowProcessInstStatusException")
    sandbox.world.skip(15)
    assert (await oa.post("processInstances/terminate", body)).json() == {"result": True, "success": True}
    await sandbox.dingtalk.settle()
    assert told(bot) == [("instance", "terminate", SUCCESS)]
    assert "finishTime" in bot.data()
    detail = await oa.detail(instance_id)
    assert (detail["status"], detail["tasks"][0]["status"]) == ("TERMINATED", "TERMINATED")
    assert detail["operationRecords"][-1]["type"] == "TERMINATE_PROCESS_INSTANCE"
    again = await oa.post("processInstances/terminate", body)
    assert again.json()["code"] == "aflowProcessInstStatusException"


async def test_the_originator_revokes_whenever_they_like(sandbox: Sandbox, bot: StreamBot, oa: Workflow) -> None:
    instance_id = await oa.start(one(MANAGER))
    await sandbox.dingtalk.settle()
    with pytest.raises(CannotDecide, match="只有发起人"):
        await sandbox.dingtalk.oa_revokes(MANAGER, instance_id)
    await sandbox.dingtalk.oa_revokes(SUCCESS, instance_id)
    assert told(bot)[-1] == ("instance", "terminate", SUCCESS)
    with pytest.raises(CannotDecide, match="已经结束"):
        await sandbox.dingtalk.oa_revokes(SUCCESS, instance_id)


async def test_people_see_what_waits_for_them_and_decide_nothing_else(sandbox: Sandbox, oa: Workflow) -> None:
    first, second = await oa.start(one(MANAGER)), await oa.start(one(MANAGER), one(FINANCE))
    todo = sandbox.dingtalk.oa_todo(MANAGER)
    assert [entry["instance_id"] for entry in todo] == [first, second]
    assert (todo[0]["title"], todo[0]["form"]["客户"]) == ("赵敏提交的合同审批", "星河科技")
    assert (await oa.get("processes/todoTasks/numbers", userId=MANAGER)).json() == {"result": 2}
    with pytest.raises(CannotDecide, match=r"钱进.*没有待处理"):
        await sandbox.dingtalk.oa_decides(FINANCE, second, True)
    with pytest.raises(CannotDecide, match="转交给自己"):
        await sandbox.dingtalk.oa_transfers(MANAGER, second, MANAGER)
    with pytest.raises(LookupError, match="ghost"):
        await sandbox.dingtalk.oa_transfers(MANAGER, second, "ghost")
    with pytest.raises(LookupError):
        sandbox.dingtalk.oa_instance("no such approval")
    assert [seen["status"] for seen in sandbox.dingtalk.oa_instances()] == ["RUNNING", "RUNNING"]


async def test_a_repeated_request_is_a_second_approval(sandbox: Sandbox, oa: Workflow) -> None:
    assert len({await oa.start(), await oa.start()}) == 2


async def test_done_and_the_answer_lost(sandbox: Sandbox, oa: Workflow) -> None:
    sandbox.dingtalk.fail_next(1, drop_answer_after_doing=True, path="processInstances")
    with pytest.raises(httpx.TransportError):
        await oa.post("processInstances", request())
    assert len(sandbox.dingtalk.oa_instances()) == 1
    sandbox.dingtalk.fail_next(1, code="systemError")
    assert (await oa.post("processInstances", request())).status_code == 500
    sandbox.dingtalk.throttle(1)
    assert (await oa.post("processInstances", request())).status_code == 403
    assert len(sandbox.dingtalk.oa_instances()) == 1


async def test_without_steps_of_its_own_an_approval_takes_the_templates(sandbox: Sandbox, oa: Workflow) -> None:
    instance_id = await oa.start(approvers=None, deptId=-1, ccList=[FINANCE])
    seen = sandbox.dingtalk.oa_instance(instance_id)
    assert seen["steps"] == [{"action_type": "NONE", "users": [MANAGER]}]
    assert (await oa.detail(instance_id))["ccUserIds"] == []


async def test_an_event_that_is_not_taken_comes_again_with_its_id(
    sandbox: Sandbox, bot: StreamBot, oa: Workflow
) -> None:
    bot.rule = lambda frame: (500, {}) if len(bot.frames) == 1 else (200, {"status": "SUCCESS"})
    await oa.start(one(MANAGER))
    await sandbox.dingtalk.settle()
    identifiers = [frame["headers"]["eventId"] for frame in bot.frames]
    assert (len(identifiers), len(set(identifiers))) == (3, 2)


async def test_an_event_may_come_twice_although_it_was_taken(sandbox: Sandbox, bot: StreamBot, oa: Workflow) -> None:
    sandbox.dingtalk.delivery.repeat_events = 2
    instance_id = await oa.start(one(MANAGER))
    await sandbox.dingtalk.settle()
    assert {frame["headers"]["eventType"] for frame in bot.frames} == {"bpms_instance_change", "bpms_task_change"}
    assert (len(bot.frames), len({frame["headers"]["eventId"] for frame in bot.frames})) == (4, 2)
    assert {json.loads(frame["data"])["processInstanceId"] for frame in bot.frames} == {instance_id}


async def test_events_may_come_in_any_order(config: SandboxConfig) -> None:
    shuffled = dataclasses.replace(config, shuffle_events=True)
    async with running_sandbox(shuffled) as sandbox, streaming(sandbox) as bot, DingClient(sandbox, sandbox.url) as api:
        orders = set()
        for _ in range(20):
            await Workflow(api).start(any_of(MANAGER, FINANCE))
            await sandbox.dingtalk.settle()
            orders.add(tuple(told(bot)))
            bot.frames.clear()
    assert len(orders) > 1
    assert {tuple(sorted(order)) for order in orders} == {
        (("instance", "start", SUCCESS), ("task", "start", FINANCE), ("task", "start", MANAGER))
    }


async def test_approvals_outlive_a_restart(config: SandboxConfig, tmp_path: Path) -> None:
    kept = dataclasses.replace(config, data_file=tmp_path / "world.sqlite")
    first = Sandbox(kept)
    async with DingClient(first) as client:
        oa = Workflow(client)
        instance_id = await oa.start(all_of(MANAGER, FINANCE))
        await oa.execute(instance_id, MANAGER, remark="同意")
        before = await oa.detail(instance_id)
        body = {"name": "折扣申请", "formComponents": [{"componentType": "TextField", "props": PROPS}]}
        code = (await oa.post("forms", body)).json()["result"]["processCode"]
    await first.close()
    second = Sandbox(kept)
    async with DingClient(second) as client:
        oa = Workflow(client)
        assert await oa.detail(instance_id) == before
        values = [{"name": "编号", "value": "1"}]
        newer = await oa.start(one(MANAGER), processCode=code, formComponentValues=values)
        assert await oa.task_of(newer, MANAGER) > max(task["taskId"] for task in before["tasks"])
        await oa.execute(instance_id, FINANCE)
        assert second.dingtalk.oa_instance(instance_id)["result"] == "agree"
    await second.close()


PROPS = {"componentId": "TextField-a", "label": "编号", "required": True}
