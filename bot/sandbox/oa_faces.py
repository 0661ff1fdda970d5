"""What is told about an approval: to the bot (protocols/dingtalk.md 7.5), and to the page of phones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.sandbox.oa_instances import Instance, Task

_NAMES = {"AND": "会签", "OR": "或签", "NONE": "审批人"}


def detail(instance: Instance) -> dict[str, Any]:
    """`result` of the detail call; times in UTC to the minute, ids of departments as text."""
    told: dict[str, Any] = {
        "title": instance.title,
        "businessId": instance.business_id,
        "originatorUserId": instance.originator,
        "originatorDeptId": "-1",
        "originatorDeptName": "全公司",
        "createTime": _minute(instance.created),
        "status": instance.status,
        "result": instance.result,
        "approverUserIds": list(dict.fromkeys(user for step in instance.steps for user in step["userIds"])),
        "ccUserIds": instance.cc,
        "bizAction": "NONE",
        "attachedProcessInstanceIds": [],
        "tasks": [_task(instance, task) for task in instance.tasks],
        "operationRecords": [_record(record) for record in instance.records],
        "formComponentValues": instance.form,
    }
    if instance.finished is not None:
        told["finishTime"] = _minute(instance.finished)
    return told


def face(instance: Instance) -> dict[str, Any]:
    """How the page and the tests see an approval; times are ISO 8601 in UTC, the form is by label."""
    return {
        "instance_id": instance.id,
        "process_code": instance.process_code,
        "business_id": instance.business_id,
        "title": instance.title,
        "originator": instance.originator,
        "status": instance.status,
        "result": instance.result,
        "created_at": _iso(instance.created),
        "finished_at": _iso(instance.finished),
        "form": {part["name"]: part["value"] for part in instance.form},
        "steps": [{"action_type": step["actionType"], "users": step["userIds"]} for step in instance.steps],
        "tasks": [
            {
                "task_id": task.id,
                "user": task.user,
                "step": task.step,
                "status": task.status,
                "result": task.result,
                "remark": task.remark,
                "created_at": _iso(task.created),
                "finished_at": _iso(task.finished),
            }
            for task in instance.tasks
        ],
        "comments": [
            {"user": record["user"], "text": record["remark"], "at": _iso(record["at"])}
            for record in instance.records
            if record["type"] == "ADD_REMARK"
        ],
    }


def waiting(instance: Instance, task: Task) -> dict[str, Any]:
    """One line of a person's list of things to decide."""
    seen = face(instance)
    kept = ("instance_id", "process_code", "title", "originator", "form", "created_at")
    return {**{name: seen[name] for name in kept}, "task_id": task.id}


def _task(instance: Instance, task: Task) -> dict[str, Any]:
    url = f"https://aflow.dingtalk.com/dingtalk/mobile/homepage.htm?procInstId={instance.id}&taskId={task.id}"
    told: dict[str, Any] = {
        "taskId": task.id,
        "userId": task.user,
        "status": task.status,
        "activityId": _activity(task.step),
        "taskGroupName": _NAMES[instance.steps[task.step]["actionType"]],
        "createTime": _minute(task.created),
        "mobileUrl": url,
        "pcUrl": url,
        "processInstanceId": instance.id,
    }
    if task.result:
        told["result"] = task.result
    if task.finished is not None:
        told["finishTime"] = _minute(task.finished)
    return told


def _record(record: dict[str, Any]) -> dict[str, Any]:
    told = {
        "userId": record["user"],
        "date": _minute(record["at"]),
        "type": record["type"],
        "result": record["result"],
        "attachments": [],
        "images": [],
    }
    if record["remark"]:
        told["remark"] = record["remark"]
    if record["cc"]:
        told["ccUserIds"] = record["cc"]
    return told


def _activity(step: int) -> str:
    return f"sandbox_{step + 1:04d}"


def _minute(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%MZ")


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
