"""OA approvals on the wire (protocols/dingtalk.md 7): bodies as the page has them, answers however they are spelled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.base import ApprovalOffice
from bot.channels.dingtalk.events import oa_event
from bot.channels.dingtalk.normalize import event
from bot.domain.oa import (
    APPROVAL_KEY_LABEL,
    FORM_LABELS,
    OaActionType,
    OaInstance,
    OaResult,
    OaStatus,
    OaStep,
    OaTask,
    OaTaskStatus,
)
from bot.errors import (
    ChannelConflict,
    ChannelError,
    ChannelMisconfigured,
    ChannelRejected,
    ChannelUnavailable,
    OutcomeUnknown,
    RateLimited,
)
from tests.channels.dingtalk.company import NOW, SETTINGS, Company
from tests.channels.dingtalk.oa_desk import LABELS, PROCESS_CODE

INSTANCES, QUERY = "/v1.0/workflow/processInstances", "processes/instanceIds/query"
WITH_OA = SETTINGS.model_copy(update={"approval_process_code": PROCESS_CODE, "agent_id": 123})
TWO_STEPS = (
    OaStep(action_type=OaActionType.ALL, user_ids=("m1", "m2")),
    OaStep(action_type=OaActionType.SINGLE, user_ids=("m3",)),
)
FORM = {APPROVAL_KEY_LABEL: "SP2602120001", "客户": "绿源食品", "合同金额（元）": "120000.00"}


class Firm(Company):
    """A company whose contracts go through OA."""

    def __init__(self) -> None:
        super().__init__(WITH_OA)

    @property
    def office(self) -> ApprovalOffice:
        assert self.channel.approvals is not None
        return self.channel.approvals

    @property
    def last(self) -> httpx.Request:
        return self.platform.requests[-1]

    async def begin(self, steps: tuple[OaStep, ...] = TWO_STEPS, **form: str) -> str:
        """An instance that is old enough to be revoked."""
        instance_id = await self.office.create(originator="u1", steps=steps, form={**FORM, **form})
        self.platform.oa.now += timedelta(seconds=20)
        return instance_id

    async def task_of(self, instance_id: str, user: str) -> int:
        return next(task.task_id for task in (await self.office.read(instance_id)).tasks if task.user_id == user)

    async def decide(self, instance_id: str, user: str, *, agree: bool = True, remark: str = "") -> None:
        task_id = await self.task_of(instance_id, user)
        await self.office.execute(instance_id, task_id=task_id, user_id=user, agree=agree, remark=remark)


@pytest.fixture
async def firm() -> AsyncIterator[Firm]:
    firm = Firm()
    yield firm
    await firm.platform.http.aclose()


def test_without_a_template_there_is_no_office(company: Company) -> None:
    assert company.channel.approvals is None


def test_the_labels_are_the_ones_the_set_up_page_tells_the_administrator() -> None:
    page = (Path(__file__).parents[3] / "docs" / "setup-dingtalk.md").read_text(encoding="utf-8")
    assert [label for label in FORM_LABELS if f"| {label} |" not in page] == []
    assert FORM_LABELS == LABELS


# -- bodies, byte for byte --
async def test_creating(firm: Firm) -> None:
    assert await firm.office.create(originator="u1", steps=TWO_STEPS, form={**FORM, "备注": ""}) == "PI-1"
    assert (firm.last.method, firm.last.url.path) == ("POST", INSTANCES)
    assert firm.last.headers["x-acs-dingtalk-access-token"] == "token-1"
    assert firm.last.content.decode() == (
        '{"originatorUserId":"u1","processCode":"PROC-TEST","microappAgentId":123,'
        '"approvers":[{"actionType":"AND","userIds":["m1","m2"]},{"actionType":"NONE","userIds":["m3"]}],'
        '"formComponentValues":[{"name":"审批编号","value":"SP2602120001"},{"name":"客户","value":"绿源食品"},'
        '{"name":"合同金额（元）","value":"120000.00"}]}'
    )


async def test_an_app_without_agent_id_does_not_name_one(firm: Firm) -> None:
    bare = Company(WITH_OA.model_copy(update={"agent_id": 0}))
    assert bare.channel.approvals is not None
    await bare.channel.approvals.create(originator="u1", steps=TWO_STEPS, form=FORM)
    assert "microappAgentId" not in bare.platform.sent("processInstances")[0]
    await bare.platform.http.aclose()


async def test_reading(firm: Firm) -> None:
    await firm.office.read(await firm.begin())
    assert (firm.last.method, firm.last.url.path) == ("GET", INSTANCES)
    assert (firm.last.url.query, firm.last.content) == (b"processInstanceId=PI-1", b"")


async def test_searching(firm: Firm) -> None:
    assert await firm.office.find("SP-none", originator="u1", since=NOW) is None
    assert firm.last.url.path == "/v1.0/workflow/processes/instanceIds/query"
    assert firm.last.content == (
        b'{"processCode":"PROC-TEST","startTime":1770858030000,"nextToken":0,"maxResults":20,"userIds":["u1"]}'
    )


@pytest.mark.parametrize(
    ("agree", "remark", "body"),
    [
        pytest.param(
            True,
            "同意，注意回款",
            '{"processInstanceId":"PI-1","actionerUserId":"m1","taskId":67583405630,"result":"agree",'
            '"remark":"同意，注意回款"}',
            id="with an opinion",
        ),
        pytest.param(
            False,
            "",
            '{"processInstanceId":"PI-1","actionerUserId":"m1","taskId":67583405630,"result":"refuse"}',
            id="without a word",
        ),
    ],
)
async def test_deciding_with_a_task_id_above_31_bits(firm: Firm, agree: bool, remark: str, body: str) -> None:
    instance_id = await firm.begin()
    await firm.office.execute(instance_id, task_id=67583405630, user_id="m1", agree=agree, remark=remark)
    assert firm.last.url.path == f"{INSTANCES}/execute"
    assert firm.last.content.decode() == body


async def test_handing_over(firm: Firm) -> None:
    await firm.begin()
    await firm.office.redirect(task_id=67583405630, from_user="m1", to_user="u2", remark="休假")
    assert firm.last.url.path == "/v1.0/workflow/tasks/redirect"
    assert firm.last.content.decode() == ('{"taskId":67583405630,"toUserId":"u2","operateUserId":"m1","remark":"休假"}')


async def test_revoking(firm: Firm) -> None:
    await firm.office.terminate(await firm.begin(), user_id="u1", remark="客户改主意")
    assert firm.last.url.path == f"{INSTANCES}/terminate"
    assert firm.last.content.decode() == (
        '{"processInstanceId":"PI-1","isSystem":true,"operatingUserId":"u1","remark":"客户改主意"}'
    )


async def test_commenting(firm: Firm) -> None:
    await firm.office.comment(await firm.begin(), user_id="m1", text="请补充付款方式")
    assert firm.last.url.path == f"{INSTANCES}/comments"
    assert firm.last.content.decode() == '{"processInstanceId":"PI-1","text":"请补充付款方式","commentUserId":"m1"}'
    assert firm.platform.oa.comments == [("PI-1", "m1", "请补充付款方式")]


# -- a whole approval --
async def test_an_approval_from_beginning_to_end(firm: Firm) -> None:
    instance_id = await firm.begin()
    running = await firm.office.read(instance_id)
    assert running == OaInstance(
        instance_id="PI-1",
        status=OaStatus.RUNNING,
        tasks=(
            OaTask(task_id=67583405630, user_id="m1", status=OaTaskStatus.RUNNING),
            OaTask(task_id=67583405631, user_id="m2", status=OaTaskStatus.RUNNING),
        ),
        form=FORM,
    )
    await firm.decide(instance_id, "m1", remark="同意")
    await firm.office.redirect(task_id=67583405631, from_user="m2", to_user="u2", remark="请代我看")
    await firm.decide(instance_id, "u2", remark="代批")
    await firm.decide(instance_id, "m3")
    ended = await firm.office.read(instance_id)
    assert (ended.status, ended.result) == (OaStatus.COMPLETED, OaResult.AGREE)
    assert [(task.user_id, task.result, task.remark) for task in ended.tasks] == [
        ("m1", OaResult.AGREE, "同意"),
        ("m2", OaResult.REDIRECTED, "请代我看"),
        ("u2", OaResult.AGREE, "代批"),
        ("m3", OaResult.AGREE, ""),
    ]


async def test_one_of_several_is_enough_and_the_others_are_gone(firm: Firm) -> None:
    instance_id = await firm.begin((OaStep(action_type=OaActionType.ANY, user_ids=("m1", "m2")),))
    await firm.decide(instance_id, "m2")
    assert [task.status for task in (await firm.office.read(instance_id)).tasks] == [
        OaTaskStatus.GONE,
        OaTaskStatus.COMPLETED,
    ]


async def test_a_refusal_and_a_revocation_end_it_in_different_ways(firm: Firm) -> None:
    refused, revoked = await firm.begin(), await firm.begin()
    await firm.decide(refused, "m1", agree=False, remark="折扣太低")
    await firm.office.terminate(revoked, user_id="u1", remark="")
    one, other = await firm.office.read(refused), await firm.office.read(revoked)
    assert (one.status, one.result) == (OaStatus.COMPLETED, OaResult.REFUSE)
    assert (other.status, other.result) == (OaStatus.TERMINATED, None)
    assert one.tasks[0].remark == "折扣太低"


# -- what is in no state to be changed --
async def test_what_was_decided_over_there_is_a_conflict(firm: Firm) -> None:
    instance_id = await firm.begin()
    task_id = await firm.task_of(instance_id, "m1")
    await firm.decide(instance_id, "m1", agree=False)
    with pytest.raises(ChannelConflict) as caught:
        await firm.office.execute(instance_id, task_id=task_id, user_id="m1", agree=True, remark="")
    assert caught.value.code == "aflowProcessInstCanNotBeExecuted"
    with pytest.raises(ChannelConflict):
        await firm.office.redirect(task_id=task_id, from_user="m1", to_user="u2", remark="")
    with pytest.raises(ChannelConflict):
        await firm.office.terminate(instance_id, user_id="u1", remark="")


async def test_a_task_of_somebody_else_is_a_conflict(firm: Firm) -> None:
    task_id = await firm.task_of(await firm.begin(), "m1")
    with pytest.raises(ChannelConflict) as caught:
        await firm.office.redirect(task_id=task_id, from_user="m2", to_user="u2", remark="")
    assert caught.value.code == "param.illegal.operator"


async def test_nothing_is_revoked_in_its_first_15_seconds(firm: Firm) -> None:
    instance_id = await firm.begin()
    firm.platform.oa.now -= timedelta(seconds=6)
    with pytest.raises(ChannelConflict) as caught:
        await firm.office.terminate(instance_id, user_id="u1", remark="")
    assert caught.value.code == "internalError"
    firm.platform.oa.now += timedelta(seconds=1)
    await firm.office.terminate(instance_id, user_id="u1", remark="")


@pytest.mark.parametrize("no", [False, "false", "False"])
@pytest.mark.parametrize("key", ["result", "success"])
async def test_taken_but_not_carried_out_is_no_success(firm: Firm, key: str, no: object) -> None:
    instance_id = await firm.begin()
    firm.platform.fail("/execute", 200, json={"result": True, "success": True, key: no})
    with pytest.raises(ChannelRejected):
        await firm.decide(instance_id, "m1")


# -- every code of 7.10 --
@pytest.mark.parametrize(
    ("status", "code", "on_create", "on_change", "on_read"),
    [
        (400, "invalidParameter", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "processInstanceInvalidParameter", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "illegalComponent", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "formConverterError", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "processCodeError", ChannelMisconfigured, ChannelMisconfigured, ChannelMisconfigured),
        (400, "processGetFailed", ChannelMisconfigured, ChannelMisconfigured, ChannelMisconfigured),
        (400, "aflowProcessNotExist", ChannelMisconfigured, ChannelMisconfigured, ChannelMisconfigured),
        (400, "processSetupNoPermission", ChannelMisconfigured, ChannelMisconfigured, ChannelMisconfigured),
        (400, "needAuth", ChannelMisconfigured, ChannelMisconfigured, ChannelMisconfigured),
        (400, "noPermission", ChannelMisconfigured, ChannelMisconfigured, ChannelMisconfigured),
        (400, "invalidAgentId", ChannelMisconfigured, ChannelMisconfigured, ChannelMisconfigured),
        (400, "benefitStatusInvalid", ChannelMisconfigured, ChannelMisconfigured, ChannelMisconfigured),
        (400, "invalidProcessCode", ChannelMisconfigured, ChannelMisconfigured, ChannelMisconfigured),
        (400, "targetSelectApproverMissing", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "targetSelectApproverScopeError", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "userNotExist", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "aflowProcessInstNotExist", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "processInstanceNotExist", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "processInstanceIdError", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "invalidInstanceId", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "aflowProcessInstStatusException", ChannelConflict, ChannelConflict, ChannelConflict),
        (400, "aflowProcessInstCanNotBeExecuted", ChannelConflict, ChannelConflict, ChannelConflict),
        (400, "task.status.error", ChannelConflict, ChannelConflict, ChannelConflict),
        (400, "instance.status.error", ChannelConflict, ChannelConflict, ChannelConflict),
        (400, "invalidInstanceExecuteTaskId", ChannelRejected, ChannelRejected, ChannelRejected),
        (400, "autoflowLikeTriggerRateLimited", RateLimited, RateLimited, RateLimited),
        (400, "processInstanceStartFailed", OutcomeUnknown, OutcomeUnknown, ChannelUnavailable),
        (400, "sysErrror", OutcomeUnknown, OutcomeUnknown, ChannelUnavailable),
        (400, "internalError", OutcomeUnknown, OutcomeUnknown, ChannelUnavailable),
        (500, "systemError", OutcomeUnknown, OutcomeUnknown, ChannelUnavailable),
        (504, "ServiceUnavailable", OutcomeUnknown, OutcomeUnknown, ChannelUnavailable),
        (503, "system.busy", ChannelUnavailable, ChannelUnavailable, ChannelUnavailable),
        (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", RateLimited, RateLimited, RateLimited),
        (
            403,
            "Forbidden.AccessDenied.AccessTokenPermissionDenied",
            ChannelMisconfigured,
            ChannelMisconfigured,
            ChannelMisconfigured,
        ),
    ],
)
async def test_every_code_has_its_class(
    firm: Firm,
    status: int,
    code: str,
    on_create: type[ChannelError],
    on_change: type[ChannelError],
    on_read: type[ChannelError],
) -> None:
    instance_id = await firm.begin()
    calls = (
        ("processInstances", on_create, firm.begin()),
        ("/execute", on_change, firm.office.execute(instance_id, task_id=1, user_id="m1", agree=True, remark="")),
        ("/comments", on_change, firm.office.comment(instance_id, user_id="m1", text="x")),
        ("processInstances", on_read, firm.office.read(instance_id)),
        (QUERY, on_read, firm.office.find("x", originator="u1", since=NOW)),
    )
    for path, expected, call in calls:
        firm.platform.fail_new(path, code, status)
        with pytest.raises(ChannelError) as caught:
            await call
        assert type(caught.value) is expected, path


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(400, ChannelConflict, id="not revocable, or too young"),
        pytest.param(500, OutcomeUnknown, id="a real failure"),
    ],
)
async def test_an_internal_error_of_revoking(firm: Firm, status: int, expected: type[ChannelError]) -> None:
    instance_id = await firm.begin()
    firm.platform.fail_new("/terminate", "internalError", status)
    with pytest.raises(ChannelError) as caught:
        await firm.office.terminate(instance_id, user_id="u1", remark="")
    assert type(caught.value) is expected


# -- lost answers --
@pytest.mark.parametrize(
    ("error", "on_write"),
    [
        pytest.param(httpx.ReadTimeout("x"), OutcomeUnknown, id="left us and got lost"),
        pytest.param(httpx.ConnectError("x"), ChannelUnavailable, id="never left"),
    ],
)
async def test_a_lost_write_is_unknown_and_a_lost_read_is_not(
    firm: Firm, error: Exception, on_write: type[ChannelError]
) -> None:
    instance_id = await firm.begin()
    office = firm.office
    writes = (
        ("processInstances", firm.begin()),
        ("/execute", office.execute(instance_id, task_id=67583405630, user_id="m1", agree=True, remark="")),
        ("/redirect", office.redirect(task_id=67583405630, from_user="m1", to_user="u2", remark="")),
        ("/terminate", office.terminate(instance_id, user_id="u1", remark="")),
        ("/comments", office.comment(instance_id, user_id="u1", text="x")),
    )
    for path, call in writes:
        firm.platform.break_off(path, error)
        with pytest.raises(ChannelError) as caught:
            await call
        assert type(caught.value) is on_write, path
    firm.platform.break_off("processInstances", error)
    with pytest.raises(ChannelUnavailable):
        await office.read(instance_id)


async def test_an_answer_without_an_id_may_have_made_one(firm: Firm) -> None:
    firm.platform.fail("processInstances", 200, json={"success": True})
    with pytest.raises(OutcomeUnknown):
        await firm.begin()


async def test_an_instance_whose_answer_was_lost_is_found_by_its_key(firm: Firm) -> None:
    """Behind more than two pages of others of the same person, one of them deleted in between."""
    for number in range(45):
        await firm.begin(审批编号=f"SP-{number}")
    firm.platform.let_pass("processInstances")
    firm.platform.fail_new("processInstances", "aflowProcessInstNotExist")
    assert await firm.office.find("SP-44", originator="u1", since=NOW) == "PI-45"
    assert [body["nextToken"] for body in firm.platform.sent(QUERY)] == [0, 20, 40]


async def test_only_this_persons_later_instances_are_looked_at(firm: Firm) -> None:
    await firm.begin()
    key = FORM[APPROVAL_KEY_LABEL]
    assert await firm.office.find(key, originator="u2", since=NOW) is None
    assert await firm.office.find(key, originator="u1", since=NOW + timedelta(seconds=1)) is None
    assert await firm.office.find(key, originator="u1", since=NOW - timedelta(days=400)) == "PI-1"


@pytest.mark.parametrize("token", ["0", "20", "x", None, 5])
async def test_a_search_ends_whatever_the_platform_says_comes_next(firm: Firm, token: object) -> None:
    answer = {"result": {"list": [], "nextToken": token}, "success": True}
    firm.platform.fail(QUERY, 200, json=answer, times=3)
    assert await firm.office.find("SP-1", originator="u1", since=NOW) is None
    assert len(firm.platform.sent(QUERY)) <= 3


async def test_a_find_that_cannot_read_says_so(firm: Firm) -> None:
    await firm.begin()
    firm.platform.fail_new("processInstances", "noPermission")
    with pytest.raises(ChannelMisconfigured):
        await firm.office.find("SP-1", originator="u1", since=NOW)


# -- lenient reading --
def _told(**result: Any) -> dict[str, Any]:
    return {"result": {"status": "RUNNING", **result}, "success": "true"}


@pytest.mark.parametrize(
    ("answer", "status", "result"),
    [
        pytest.param(_told(), OaStatus.RUNNING, None, id="nothing but running"),
        pytest.param(_told(status="completed", result="AGREE"), OaStatus.COMPLETED, OaResult.AGREE, id="other case"),
        pytest.param(_told(status="COMPLETED", result="refuse"), OaStatus.COMPLETED, OaResult.REFUSE, id="refused"),
        pytest.param(_told(status="TERMINATED", result="agree"), OaStatus.TERMINATED, None, id="revoked means nothing"),
        pytest.param(_told(status="CANCELED"), OaStatus.TERMINATED, None, id="the old word for it"),
        pytest.param(_told(status="RUNNING", result="NONE"), OaStatus.RUNNING, None, id="no result yet"),
        pytest.param(_told(tasks=None, formComponentValues="x"), OaStatus.RUNNING, None, id="lists that are none"),
    ],
)
async def test_an_instance_is_read_leniently(
    firm: Firm, answer: dict[str, Any], status: OaStatus, result: OaResult | None
) -> None:
    firm.platform.fail("processInstances", 200, json=answer)
    instance = await firm.office.read("PI-1")
    assert instance == OaInstance(instance_id="PI-1", status=status, result=result)


@pytest.mark.parametrize(
    ("task", "status", "result"),
    [
        pytest.param({"status": "NEW"}, OaTaskStatus.NEW, None, id="to come"),
        pytest.param({"status": "running"}, OaTaskStatus.RUNNING, None, id="other case"),
        pytest.param({"status": "COMPLETED", "result": "AGREE"}, OaTaskStatus.COMPLETED, OaResult.AGREE, id="agreed"),
        pytest.param(
            {"status": "COMPLETED", "result": "redirect"}, OaTaskStatus.COMPLETED, OaResult.REDIRECTED, id="x"
        ),
        pytest.param({"status": "PAUSED"}, OaTaskStatus.GONE, None, id="paused"),
        pytest.param({"status": "CANCELED", "result": "NONE"}, OaTaskStatus.GONE, None, id="cancelled"),
        pytest.param({"status": "TERMINATED"}, OaTaskStatus.GONE, None, id="terminated"),
        pytest.param({"status": "SOMETHING"}, OaTaskStatus.GONE, None, id="a new word"),
        pytest.param({}, OaTaskStatus.GONE, None, id="no word at all"),
    ],
)
async def test_a_task_is_read_leniently(
    firm: Firm, task: dict[str, str], status: OaTaskStatus, result: OaResult | None
) -> None:
    tasks = [{"taskId": "9007199254740993", "userId": "m1", **task}, {"userId": "m2"}, "x"]
    firm.platform.fail("processInstances", 200, json=_told(tasks=tasks))
    assert (await firm.office.read("PI-1")).tasks == (
        OaTask(task_id=9007199254740993, user_id="m1", status=status, result=result),
    )


def _record(user: str, remark: str, **more: str) -> dict[str, str]:
    return {"userId": user, "type": "EXECUTE_TASK_NORMAL", "result": "AGREE", "remark": remark, **more}


@pytest.mark.parametrize(
    ("records", "remarks"),
    [
        pytest.param([_record("m1", "一"), _record("m1", "二")], ["一", "二"], id="each remark once, in order"),
        pytest.param(
            [_record("m1", "二", activityId="b"), _record("m1", "一", activityId="a")], ["一", "二"], id="by the step"
        ),
        pytest.param([_record("m1", "代", type="EXECUTE_TASK_AGENT")], ["代", ""], id="by an agent"),
        pytest.param([_record("m2", "别人")], ["", ""], id="somebody else's"),
        pytest.param([_record("m1", "不", result="REFUSE")], ["", ""], id="another result"),
        pytest.param([_record("m1", "评论", type="ADD_REMARK")], ["", ""], id="a comment is no opinion"),
        pytest.param([{"type": 5, "userId": None}, _record("m1", "一")], ["一", ""], id="beside nonsense"),
    ],
)
async def test_remarks_find_their_task(firm: Firm, records: list[dict[str, str]], remarks: list[str]) -> None:
    tasks = [
        {"taskId": number, "userId": "m1", "status": "COMPLETED", "result": "AGREE", "activityId": step}
        for number, step in ((1, "a"), (2, "b"))
    ]
    firm.platform.fail("processInstances", 200, json=_told(tasks=tasks, operationRecords=records))
    assert [task.remark for task in (await firm.office.read("PI-1")).tasks] == remarks


async def test_tasks_come_in_the_order_in_which_they_began(firm: Firm) -> None:
    times = ("2026-02-12T09:30Z", "2026-02-12T08:30Z", "2026-02-12T09:30Z")
    tasks = [{"taskId": number, "userId": "m1", "createTime": time} for number, time in enumerate(times)]
    firm.platform.fail("processInstances", 200, json=_told(tasks=tasks))
    assert [task.task_id for task in (await firm.office.read("PI-1")).tasks] == [1, 0, 2]


async def test_form_values_of_any_kind_become_text(firm: Firm) -> None:
    values = [{"name": "客户", "value": None}, {"name": "期限（月）", "value": 12}, {"value": "没有名称"}]
    firm.platform.fail("processInstances", 200, json=_told(formComponentValues=values))
    assert (await firm.office.read("PI-1")).form == {"客户": "", "期限（月）": "12"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({"success": "true"}, ChannelUnavailable, id="success without an instance"),
        pytest.param({"success": "false", "result": {}}, ChannelRejected, id="no, as a word"),
    ],
)
async def test_an_answer_without_an_instance(firm: Firm, answer: object, expected: type[ChannelError]) -> None:
    firm.platform.fail("processInstances", 200, json=answer)
    with pytest.raises(expected):
        await firm.office.read("PI-1")


# -- limits --
async def test_words_are_cut_to_what_the_platform_takes(firm: Firm) -> None:
    instance_id = await firm.begin(备注="注" * 30_000)
    assert len(firm.platform.oa.instances[instance_id].form[-1]["value"].encode()) == 65535
    await firm.decide(instance_id, "m1", remark="好" * 1000)
    await firm.office.redirect(task_id=67583405631, from_user="m2", to_user="u2", remark="忙" * 100)
    await firm.office.comment(instance_id, user_id="m1", text="问" * 1000)
    one, other = firm.platform.oa.instances[instance_id].records
    assert one["remark"] == "好" * 340 + "…"
    assert other["remark"] == "忙" * 84 + "…"
    assert firm.platform.oa.comments[0][2] == "问" * 340 + "…"


@pytest.mark.parametrize("steps", [(), TWO_STEPS * 11])
async def test_as_many_steps_as_the_platform_takes(firm: Firm, steps: tuple[OaStep, ...]) -> None:
    with pytest.raises(ChannelRejected):
        await firm.begin(steps)
    assert firm.platform.sent("processInstances") == []


async def test_calls_are_paced_and_counted(firm: Firm) -> None:
    await firm.office.read(await firm.begin())
    assert (await firm.channel.quota_state()).api_used == 2
    firm.limiter.wait = 60.0
    with pytest.raises(RateLimited) as caught:
        await firm.office.read("PI-1")
    assert caught.value.retry_after_seconds == 60.0


async def test_a_spent_month_holds_back_approvals_too(firm: Firm) -> None:
    firm.platform.fail_new("processInstances", "Forbidden.AccessDenied.ApiCountLimitForOrg", 403)
    with pytest.raises(RateLimited):
        await firm.begin()
    assert "dingtalk:dingapp:oa_execute" in firm.limiter.pauses


# -- events --
@pytest.mark.parametrize(
    ("name", "fields", "instance_id"),
    [
        pytest.param("bpms_instance_change", {"type": "finish"}, "PI-1", id="an instance"),
        pytest.param("bpms_task_change", {"taskId": 811165}, "PI-1", id="a task"),
        pytest.param("bpms_task_change", {"processCode": "PROC-OTHER"}, None, id="another template"),
        pytest.param("bpms_task_change", {"processCode": None}, None, id="no template"),
        pytest.param("bpms_instance_change", {"processInstanceId": ""}, None, id="no instance"),
        pytest.param("user_leave_org", {}, None, id="another event"),
    ],
)
def test_an_event_points_to_one_of_our_instances(name: str, fields: dict[str, Any], instance_id: str | None) -> None:
    data = {"processInstanceId": "PI-1", "processCode": PROCESS_CODE, **fields}
    message = event(data, {"eventType": name, "eventId": "e1"}, app_id="dingapp", received_at=NOW)
    assert oa_event(message, process_code=PROCESS_CODE) == instance_id
    assert oa_event(message, process_code="") is None
    upper = replace(message, fields={key.capitalize(): value for key, value in data.items()})
    assert oa_event(upper, process_code=PROCESS_CODE) == instance_id


# -- doctor --
async def _doctor(firm: Firm) -> tuple[bool, str]:
    return next((good, words) for what, good, words in await firm.channel.check() if what == "钉钉审批模板")


async def test_doctor_is_content_with_the_template(firm: Firm) -> None:
    assert await _doctor(firm) == (True, "模板有机器人要填的全部 10 个控件")


async def test_doctor_names_missing_and_strange_components(firm: Firm) -> None:
    firm.platform.oa.labels.remove("合同金额（元）")
    good, words = await _doctor(firm)
    assert (good, "合同金额（元）" in words, "客户" in words) == (False, True, False)
    firm.platform.oa.labels += ["合同金额（元）", "合同扫描件"]
    assert (await _doctor(firm))[0]
    firm.platform.oa.required.append("合同扫描件")
    good, words = await _doctor(firm)
    assert (good, "合同扫描件" in words) == (False, True)


async def test_doctor_reads_a_schema_that_is_json_in_a_string(firm: Firm) -> None:
    text = '{"items":[' + ",".join(f'{{"props":{{"label":"{label}"}}}}' for label in LABELS) + "]}"
    firm.platform.fail("schemas/processCodes", 200, json={"result": {"schemaContent": text, "memo": "{"}})
    assert (await _doctor(firm))[0]


@pytest.mark.parametrize("code", ["processCodeError", "noPermission"])
async def test_doctor_says_when_there_is_no_template(firm: Firm, code: str) -> None:
    firm.platform.fail_new("schemas/processCodes", code)
    good, words = await _doctor(firm)
    assert (good, code in words) == (False, True)
