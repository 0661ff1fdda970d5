"""What the organisation's subscribers are told about approvals (protocols/dingtalk.md 7.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.sandbox.oa_forms import Template
    from bot.sandbox.oa_instances import Instance, Task

Event = tuple[str, dict[str, Any]]  #: eventType and the business fields

# written out as the platform does it: once more escaped than JSON needs
_PAGE = "https://aflow.dingtalk.com/dingtalk/mobile/homepage.htm?corpid\\u003d{corp}\\u0026procInstId\\u003d{id}"


def instance_event(instance: Instance, kind: str) -> Event:
    """`start`, `finish` with the result, or `terminate` without one."""
    data: dict[str, Any] = {
        "processInstanceId": instance.id,
        "processCode": instance.process_code,
        "bizCategoryId": "",
        "businessId": instance.business_id,
        "businessType": "",
        "title": instance.title,
        "type": kind,
        "staffId": instance.originator,
        "createTime": milliseconds(instance.created),
        "url": _PAGE.format(corp=instance.corp_id, id=instance.id),
    }
    if kind == "finish":
        data["result"] = instance.result
    if instance.finished is not None:
        data["finishTime"] = milliseconds(instance.finished)
    return "bpms_instance_change", data


def task_event(instance: Instance, task: Task, kind: str) -> Event:
    """`start`, `finish` with agree, refuse or redirect, or `cancel` without a result."""
    data: dict[str, Any] = {
        "processInstanceId": instance.id,
        "processCode": instance.process_code,
        "bizCategoryId": "",
        "businessId": instance.business_id,
        "title": instance.title,
        "taskId": task.id,
        "type": kind,
        "staffId": task.user,
        "createTime": milliseconds(task.created),
    }
    if kind == "finish":
        data["result"] = "redirect" if task.result == "REDIRECTED" else task.result.lower()
    if task.remark:
        data["remark"] = task.remark
    if task.finished is not None:
        data["finishTime"] = milliseconds(task.finished)
    return "bpms_task_change", data


def form_event(template: Template, kind: str, corp_id: str, now: float) -> Event:
    """A template was made (`create`) or changed (`update`)."""
    data = {
        "formCode": template.code,
        "name": template.name,
        "type": kind,
        "corpId": corp_id,
        "createTime": milliseconds(now),
        "modifyTime": milliseconds(now),
        "bizCategoryId": "",
    }
    return "workflow_form_change", data


def milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
