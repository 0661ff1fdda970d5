"""What DingTalk's workflow refuses, and with which code (protocols/dingtalk.md 7.2 to 7.7, 7.10)."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.app import Sandbox
from tests.sandbox.approvals import FINANCE, MANAGER, SUCCESS, Workflow, all_of, any_of, form, one, refused, request
from tests.sandbox.bots import DingClient

DAY_MS = 86_400_000


@pytest.fixture
def oa(dingtalk: DingClient) -> Workflow:
    return Workflow(dingtalk)


STRANGER = {"userIds": ["ghost"]}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"originatorUserId": ""}, "invalidParameter", id="nobody submits"),
        pytest.param({"originatorUserId": "ghost"}, "userNotExist", id="a stranger submits"),
        pytest.param({"processCode": "PROC-X"}, "processCodeError", id="no such template"),
        pytest.param({"processCode": None}, "processCodeError", id="no template"),
        pytest.param({"microappAgentId": 1}, "invalidAgentId", id="another app"),
        pytest.param({"approvers": None}, "invalidParameter", id="neither steps nor department"),
        pytest.param({"deptId": 7}, "processInstanceInvalidParameter", id="a department that is none"),
        pytest.param({"deptId": 1}, "processInstanceInvalidParameter", id="the root is -1 here"),
        pytest.param({"approvers": []}, "processInstanceInvalidParameter", id="no steps"),
        pytest.param({"approvers": [one(MANAGER)] * 21}, "processInstanceInvalidParameter", id="21 steps"),
        pytest.param(
            {"approvers": [{**one(MANAGER), "actionType": "ALL"}]}, "processInstanceInvalidParameter", id="kind"
        ),
        pytest.param(
            {"approvers": [{**all_of(MANAGER, FINANCE), "actionType": "NONE"}]},
            "processInstanceInvalidParameter",
            id="NONE with two",
        ),
        pytest.param({"approvers": [any_of(MANAGER)]}, "processInstanceInvalidParameter", id="OR with one"),
        pytest.param({"approvers": [all_of(MANAGER, MANAGER)]}, "processInstanceInvalidParameter", id="twice the same"),
        pytest.param({"approvers": [{**one(MANAGER), **STRANGER}]}, "userNotExist", id="a stranger approves"),
        pytest.param({"ccList": ["ghost"]}, "userNotExist", id="a stranger gets a copy"),
        pytest.param({"ccList": [FINANCE] * 51}, "processInstanceInvalidParameter", id="51 copies"),
        pytest.param({"ccPosition": "MIDDLE"}, "processInstanceInvalidParameter", id="copies when"),
        pytest.param({"bizDetailPageUrl": "https://x"}, "benefitStatusInvalid", id="paid feature"),
        pytest.param({"formComponentValues": None}, "invalidParameter", id="no form"),
        pytest.param({"formComponentValues": form(客户="x") * 151}, "invalidParameter", id="151 values"),
        pytest.param({"formComponentValues": form(顾客="x")}, "illegalComponent", id="a label the template lacks"),
        pytest.param({"formComponentValues": form(客户=5)}, "formConverterError", id="a number for a text"),
        pytest.param({"formComponentValues": form(备注="x" * 65536)}, "formConverterError", id="65536 characters"),
        pytest.param(
            {"formComponentValues": form(**{"合同金额（元）": "12,000"})}, "formConverterError", id="grouped digits"
        ),
    ],
)
async def test_an_approval_is_not_started(sandbox: Sandbox, oa: Workflow, changes: dict[str, Any], code: str) -> None:
    refused(await oa.post("processInstances", request(**changes)), code)
    assert sandbox.dingtalk.oa_instances() == []


async def test_the_longest_value_passes(oa: Workflow) -> None:
    values = form(备注="中" * 65535)
    assert (await oa.post("processInstances", request(formComponentValues=values))).status_code == 200


async def test_no_token_no_approval(sandbox: Sandbox, oa: Workflow) -> None:
    sandbox.dingtalk.expire_tokens()
    refused(await oa.post("processInstances", request()), "InvalidAuthentication")


async def test_unknown_approvals(oa: Workflow) -> None:
    refused(await oa.get("processInstances"), "processInstanceIdError")
    refused(await oa.get("processInstances", processInstanceId="x"), "processInstanceNotExist")
    for path in ("execute", "terminate", "comments"):
        refused(await oa.post(f"processInstances/{path}", {}), "invalidInstanceId")
        refused(await oa.post(f"processInstances/{path}", {"processInstanceId": "x"}), "aflowProcessInstNotExist")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"result": "approve"}, "invalidInstanceExecuteResult", id="verdict"),
        pytest.param({"taskId": None}, "invalidInstanceExecuteTaskId", id="no task"),
        pytest.param({"taskId": "67583405631"}, "invalidInstanceExecuteTaskId", id="a task as text"),
        pytest.param({"taskId": 5}, "aflowProcessInstCanNotBeExecuted", id="no such task"),
        pytest.param({"actionerUserId": ""}, "invalidInstanceExecuteActionerUserId", id="nobody"),
        pytest.param({"actionerUserId": "ghost"}, "userNotExist", id="a stranger"),
        pytest.param({"actionerUserId": FINANCE}, "aflowProcessInstCanNotBeExecuted", id="somebody else's task"),
        pytest.param({"remark": "x" * 1025}, "invalidParameter", id="remark of 1025"),
    ],
)
async def test_a_decision_is_refused(sandbox: Sandbox, oa: Workflow, changes: dict[str, Any], code: str) -> None:
    instance_id = await oa.start(one(MANAGER), one(FINANCE))
    refused(await oa.execute(instance_id, MANAGER, **changes), code)
    assert sandbox.dingtalk.oa_instance(instance_id)["tasks"][0]["status"] == "RUNNING"


async def test_a_second_decision_is_refused(oa: Workflow) -> None:
    instance_id = await oa.start(all_of(MANAGER, FINANCE), one(SUCCESS))
    assert (await oa.execute(instance_id, MANAGER)).status_code == 200
    refused(await oa.execute(instance_id, MANAGER), "aflowProcessInstCanNotBeExecuted")
    assert (await oa.execute(instance_id, FINANCE, "refuse")).status_code == 200
    refused(await oa.execute(instance_id, MANAGER), "aflowProcessInstStatusException")


async def test_only_the_originator_or_the_system_revokes(sandbox: Sandbox, oa: Workflow) -> None:
    instance_id = await oa.start()
    sandbox.world.skip(16)
    body = {"processInstanceId": instance_id, "isSystem": False}
    refused(await oa.post("processInstances/terminate", {**body, "operatingUserId": MANAGER}), "noPermission")
    refused(await oa.post("processInstances/terminate", body), "userNotExist")
    refused(await oa.post("processInstances/terminate", {**body, "remark": "x" * 1025}), "invalidParameter")
    good = await oa.post("processInstances/terminate", {**body, "operatingUserId": SUCCESS})
    assert good.status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"taskId": None}, "param.blank", id="no task"),
        pytest.param({"toUserId": ""}, "param.blank", id="to nobody"),
        pytest.param({"taskId": 5}, "param.illegal", id="no such task"),
        pytest.param({"taskId": "5"}, "param.illegal", id="a task as text"),
        pytest.param({"toUserId": "ghost"}, "param.illegal", id="to a stranger"),
        pytest.param({"toUserId": MANAGER}, "param.illegal", id="to themselves"),
        pytest.param({"operateUserId": FINANCE}, "param.illegal.operator", id="somebody else's task"),
        pytest.param({"remark": "x" * 257}, "param.illegal", id="remark of 257"),
    ],
)
async def test_a_transfer_is_refused(oa: Workflow, changes: dict[str, Any], code: str) -> None:
    instance_id = await oa.start(one(MANAGER), one(FINANCE))
    body = {"taskId": await oa.task_of(instance_id, MANAGER), "toUserId": SUCCESS, "operateUserId": MANAGER}
    refused(await oa.post("tasks/redirect", {**body, **changes}), code)


async def test_a_transfer_comes_too_late(oa: Workflow) -> None:
    instance_id = await oa.start(one(MANAGER), one(FINANCE))
    body = {"taskId": await oa.task_of(instance_id, MANAGER), "toUserId": SUCCESS, "operateUserId": MANAGER}
    await oa.execute(instance_id, MANAGER)
    refused(await oa.post("tasks/redirect", body), "task.status.error")
    await oa.execute(instance_id, FINANCE)
    refused(await oa.post("tasks/redirect", body), "instance.status.error")


async def test_comments(oa: Workflow) -> None:
    instance_id = await oa.start()
    body = {"processInstanceId": instance_id, "text": "附件已补", "commentUserId": SUCCESS}
    assert (await oa.post("processInstances/comments", body)).json() == {"result": True, "success": True}
    record = (await oa.detail(instance_id))["operationRecords"][-1]
    assert (record["type"], record["userId"], record["remark"]) == ("ADD_REMARK", SUCCESS, "附件已补")
    for change, code in (({"text": ""}, "invalidParameter"), ({"commentUserId": "ghost"}, "userNotExist")):
        refused(await oa.post("processInstances/comments", {**body, **change}), code)


def search(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    now = int(sandbox.world.now() * 1000)
    base = {"processCode": "PROC-SALESBOT-CONTRACT", "startTime": now - DAY_MS, "nextToken": 0, "maxResults": 20}
    return {**base, **changes}


async def ids(oa: Workflow, body: dict[str, Any]) -> list[str]:
    answer = (await oa.post("processes/instanceIds/query", body)).json()
    assert answer["success"] is True
    return list(answer["result"]["list"])


async def test_a_search_comes_page_by_page(sandbox: Sandbox, oa: Workflow) -> None:
    started = [await oa.start() for _ in range(5)]
    first = (await oa.post("processes/instanceIds/query", search(sandbox, maxResults=3))).json()["result"]
    assert first == {"list": started[:3], "nextToken": "3"}
    rest = search(sandbox, maxResults=3, nextToken=int(first["nextToken"]))
    assert (await oa.post("processes/instanceIds/query", rest)).json()["result"] == {
        "list": started[3:],
        "nextToken": "",
    }


async def test_a_search_by_state_originator_and_time(sandbox: Sandbox, oa: Workflow) -> None:
    old = await oa.start(originatorUserId=FINANCE)
    await oa.execute(old, MANAGER)
    sandbox.world.skip(2 * 86400)
    sandbox.dingtalk.tokens.issue()  # time that passes would end the token, too
    oa.client.token = (await oa.client.get_token()).json()["accessToken"]
    new = await oa.start()
    everything = search(sandbox, startTime=int(sandbox.world.now() * 1000) - 3 * DAY_MS)
    assert await ids(oa, everything) == [old, new]
    assert await ids(oa, search(sandbox)) == [new]
    assert await ids(oa, {**everything, "endTime": everything["startTime"] + 2 * DAY_MS}) == [old]
    assert await ids(oa, {**everything, "userIds": [FINANCE]}) == [old]
    assert await ids(oa, {**everything, "statuses": ["RUNNING"]}) == [new]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"processCode": "PROC-X"}, "invalidProcessCode", id="no such template"),
        pytest.param({"processCode": []}, "invalidProcessCode", id="no template"),
        pytest.param({"startTime": None}, "invalidInstanceListIdsStartTime", id="no start"),
        pytest.param({"startTime": 1}, "invalidInstanceListIdsStartTime", id="before a year"),
        pytest.param({"endTime": 1}, "invalidEndTime", id="ends before it starts"),
        pytest.param({"nextToken": None}, "invalidNextToken", id="no token"),
        pytest.param({"nextToken": "20"}, "invalidNextToken", id="the token as text"),
        pytest.param({"maxResults": 21}, "invalidMaxResults", id="21 at once"),
        pytest.param({"maxResults": None}, "invalidMaxResults", id="no size"),
        pytest.param({"userIds": ["u"] * 11}, "invalidUserIds", id="11 people"),
        pytest.param({"statuses": ["OPEN"]}, "invalidParameter", id="no such state"),
    ],
)
async def test_a_search_is_refused(sandbox: Sandbox, oa: Workflow, changes: dict[str, Any], code: str) -> None:
    refused(await oa.post("processes/instanceIds/query", search(sandbox, **changes)), code)


async def test_a_search_spans_120_days(sandbox: Sandbox, oa: Workflow) -> None:
    begin = int(sandbox.world.now() * 1000) - 200 * DAY_MS
    refused(await oa.post("processes/instanceIds/query", search(sandbox, startTime=begin)), "invalidEndTime")
    longest = search(sandbox, startTime=begin, endTime=begin + 120 * DAY_MS)
    assert await ids(oa, longest) == []
    refused(
        await oa.post("processes/instanceIds/query", {**longest, "endTime": longest["endTime"] + 1}), "invalidEndTime"
    )


async def test_counting_for_a_stranger(oa: Workflow) -> None:
    refused(await oa.get("processes/todoTasks/numbers", userId="ghost"), "userNotExist")
