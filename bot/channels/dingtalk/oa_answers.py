"""What OA's calls answer, as our values and errors (protocols/dingtalk.md 7.5, 7.10). Pure.

The page's samples disagree about case, and about booleans and numbers as strings; all of it is read leniently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from bot.channels.dingtalk.answers import Problem, error_for
from bot.domain.oa import OaInstance, OaResult, OaStatus, OaTask, OaTaskStatus
from bot.errors import (
    ChannelConflict,
    ChannelError,
    ChannelMisconfigured,
    ChannelRejected,
    ChannelUnavailable,
    OutcomeUnknown,
    RateLimited,
)

_CONFLICT = frozenset(
    {
        "aflowProcessInstStatusException",
        "aflowProcessInstCanNotBeExecuted",
        "task.status.error",
        "instance.status.error",
        "param.illegal.operator",  # somebody else holds the task by now
    }
)
_TEMPLATE = frozenset(
    {
        "processCodeError",
        "invalidProcessCode",
        "processGetFailed",
        "aflowProcessNotExist",
        "processSetupNoPermission",
        "needAuth",
        "noPermission",
        "invalidAgentId",
        "benefitStatusInvalid",
    }
)
_UNKNOWN_OUTCOME = frozenset({"processInstanceStartFailed", "sysErrror", "sysError", "internalError", "systemError"})
_RATE_LIMITED = "autoflowLikeTriggerRateLimited"
_RATE_LIMIT_SECONDS = 60.0  # not on the page; automation rules are counted by the minute elsewhere
_DECIDED = frozenset({"EXECUTE_TASK_NORMAL", "EXECUTE_TASK_AGENT"})
_HANDED_ON = frozenset({"REDIRECT_TASK"})

_STATUS = {"COMPLETED": OaStatus.COMPLETED, "TERMINATED": OaStatus.TERMINATED, "CANCELED": OaStatus.TERMINATED}
_TASK_STATUS = {
    "NEW": OaTaskStatus.NEW,
    "RUNNING": OaTaskStatus.RUNNING,
    "COMPLETED": OaTaskStatus.COMPLETED,
}
_RESULT = {
    "AGREE": OaResult.AGREE,
    "REFUSE": OaResult.REFUSE,
    "REDIRECTED": OaResult.REDIRECTED,
    "REDIRECT": OaResult.REDIRECTED,  # the word of the events
}


def oa_error(problem: Problem, *, idempotent: bool, revoking: bool = False, now: datetime) -> ChannelError:
    """OA's own codes first, the rest as everywhere.

    Args:
        idempotent: a call that only reads.
        revoking: the call terminates; there a 400 `internalError` means "not revocable, or too young" (7.4).
    """
    code, words = problem.code, f"钉钉审批拒绝：{problem}"
    if code in _CONFLICT or (revoking and code == "internalError" and problem.status < 500):
        return ChannelConflict(words, code=code)
    if code in _TEMPLATE:
        return ChannelMisconfigured(f"钉钉审批模板不可用，或应用没有审批权限（{problem}）", code=code)
    if code == _RATE_LIMITED:
        return RateLimited(words, retry_after_seconds=_RATE_LIMIT_SECONDS)
    if code in _UNKNOWN_OUTCOME:
        return ChannelUnavailable(words) if idempotent else OutcomeUnknown(words)
    return error_for(problem, idempotent=idempotent, now=now)


def says_no(data: Mapping[str, Any]) -> bool:
    """HTTP 200 with `success` or `result` false, as a boolean or as a word."""
    return any(str(data.get(key)).lower() == "false" for key in ("success", "result"))


def instance_of(instance_id: str, data: Mapping[str, Any]) -> OaInstance:
    """The answer of 7.5.

    Raises:
        ChannelUnavailable: success without an instance in it.
        ChannelRejected: `success` is false.
    """
    result = data.get("result")
    if str(data.get("success")).lower() == "false":
        raise ChannelRejected("钉钉没有给出审批实例", code="success.false")
    if not isinstance(result, dict):
        raise ChannelUnavailable("钉钉审批详情的应答里没有 result")
    status = _STATUS.get(_word(result.get("status")), OaStatus.RUNNING)
    return OaInstance(
        instance_id=instance_id,
        status=status,
        result=_RESULT.get(_word(result.get("result"))) if status is OaStatus.COMPLETED else None,
        tasks=tuple(_tasks(result)),
        form={
            str(field["name"]): _value(field.get("value"))
            for field in _objects(result.get("formComponentValues"))
            if field.get("name")
        },
    )


def _tasks(result: Mapping[str, Any]) -> Iterator[OaTask]:
    """In the order in which they began; each remark of a person goes to one task."""
    records = _objects(result.get("operationRecords"))
    tasks = [task for task in _objects(result.get("tasks")) if _number(task.get("taskId")) is not None]
    if all(isinstance(task.get("createTime"), str) for task in tasks):  # to the minute, and stable
        tasks.sort(key=lambda task: str(task["createTime"]))
    for task in tasks:
        status = _TASK_STATUS.get(_word(task.get("status")), OaTaskStatus.GONE)
        outcome = _RESULT.get(_word(task.get("result"))) if status is OaTaskStatus.COMPLETED else None
        record = _record_of(task, outcome, records) if outcome else None
        if record is not None:
            records.remove(record)
        yield OaTask(
            task_id=_number(task.get("taskId")) or 0,
            user_id=_value(task.get("userId")),
            status=status,
            result=outcome,
            remark=_value(record.get("remark")) if record else "",
        )


def _record_of(task: Mapping[str, Any], outcome: OaResult, records: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The entry of the log that made this task what it is: same person, same result, same step if there is one."""
    redirected = outcome is OaResult.REDIRECTED
    types = _HANDED_ON if redirected else _DECIDED
    mine = [
        record
        for record in records
        if _word(record.get("type")) in types
        and _value(record.get("userId")) == _value(task.get("userId"))
        and (redirected or _RESULT.get(_word(record.get("result"))) is outcome)
    ]
    step = task.get("activityId")
    same_step = [record for record in mine if step and record.get("activityId") == step]
    return next(iter((*same_step, *mine)), None)


def labels_of(schema: Any) -> dict[str, bool]:
    """Label -> required, of every component anywhere in a template's schema; parts of it may be JSON in a string."""
    found: dict[str, bool] = {}
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str) and part.lstrip()[:1] in ("{", "["):
            try:
                part = orjson.loads(part)
            except orjson.JSONDecodeError:
                continue
        if isinstance(part, dict):
            if isinstance(label := part.get("label"), str) and label.strip():
                found[label.strip()] = str(part.get("required")).lower() == "true"
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found


def _word(value: Any) -> str:
    return str(value or "").strip().upper()


def _value(value: Any) -> str:
    """A form's or a person's text; what is not text is shown as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _number(value: Any) -> int | None:
    """Whole, 64 bits: never by way of a float."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    try:
        return int(value)
    except ValueError:
        return None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
