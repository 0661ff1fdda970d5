"""OA as protocols/dingtalk.md 7 has it, for tests: templates, instances, tasks, and refusals with the page's codes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

PROCESS_CODE = "PROC-TEST"
LABELS = (
    "审批编号",
    "客户",
    "合同类型",
    "合同金额（元）",
    "折扣率",
    "期限（月）",
    "发起人",
    "非标说明",
    "风险提示",
    "备注",
)
NOW = datetime(2026, 2, 12, 1, 0, 30, tzinfo=UTC)


class Refused(Exception):
    """`code` as the platform says it, with status 400."""


@dataclass
class Instance:
    id: str
    originator: str
    created: datetime
    steps: list[dict[str, Any]]
    form: list[dict[str, str]]
    status: str = "RUNNING"
    result: str = ""
    tasks: list[dict[str, Any]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)


class OaDesk:
    """One template. `now` is the platform's clock; `labels` can be taken away."""

    def __init__(self) -> None:
        self.now = NOW
        self.labels: list[str] = list(LABELS)
        self.required: list[str] = ["审批编号"]
        self.members = {"u1", "u2", "m1", "m2", "m3"}
        self.instances: dict[str, Instance] = {}
        self.comments: list[tuple[str, str, str]] = []
        self._task_ids = itertools.count(67583405630)  # the page's own: above 2^31

    def answer(self, method: str, path: str, params: dict[str, str], body: dict[str, Any]) -> httpx.Response:
        try:
            return httpx.Response(200, json=self._act(method, path.removeprefix("/v1.0/workflow/"), params, body))
        except Refused as refused:
            return httpx.Response(400, json={"code": str(refused), "message": "无", "requestid": "r-1"})

    def _act(self, method: str, path: str, params: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        match method, path:
            case "POST", "processInstances":
                return {"instanceId": self._create(body).id}
            case "GET", "processInstances":
                return {"result": self._detail(self._instance(params)), "success": "true"}
            case "POST", "processes/instanceIds/query":
                return {"result": self._query(body), "success": True}
            case "POST", "processInstances/execute":
                self._execute(body)
            case "POST", "tasks/redirect":
                self._redirect(body)
                return {"result": True}
            case "POST", "processInstances/terminate":
                self._terminate(body)
            case "POST", "processInstances/comments":
                self._comment(body)
            case "GET", "forms/schemas/processCodes":
                return self._schema(params)
            case _:
                raise AssertionError(f"no such call: {method} {path}")
        return {"result": True, "success": True}

    # -- making and finding --
    def _create(self, body: dict[str, Any]) -> Instance:
        self._template(body)
        if body["originatorUserId"] not in self.members:
            raise Refused("userNotExist")
        steps, form = body.get("approvers") or [], body["formComponentValues"]
        if not steps and "deptId" not in body:
            raise Refused("invalidParameter")
        for step in steps:
            alone = step["actionType"] == "NONE"
            if step["actionType"] not in ("AND", "OR", "NONE") or (alone and len(step["userIds"]) != 1):
                raise Refused("invalidParameter")
        if len(steps) > 20 or len(form) > 150 or any(item["name"] not in self.labels for item in form):
            raise Refused("illegalComponent")
        if not all(isinstance(item["value"], str) and len(item["value"].encode()) <= 65535 for item in form):
            raise Refused("formConverterError")
        instance = Instance(f"PI-{len(self.instances) + 1}", body["originatorUserId"], self.now, list(steps), form)
        self.instances[instance.id] = instance
        self._open_step(instance)
        return instance

    def _open_step(self, instance: Instance) -> None:
        if not instance.steps:
            instance.status, instance.result = "COMPLETED", "agree"
            return
        step = instance.steps.pop(0)
        for user in step["userIds"]:
            self._task(instance, user, step["actionType"])

    def _task(self, instance: Instance, user: str, action: str) -> None:
        task = {
            "taskId": next(self._task_ids),
            "userId": user,
            "status": "RUNNING",
            "activityId": f"step-{len(instance.steps)}",
            "createTime": f"{self.now:%Y-%m-%dT%H:%MZ}",
            "action": action,
        }
        instance.tasks.append(task)

    def _query(self, body: dict[str, Any]) -> dict[str, Any]:
        self._template(body)
        start = datetime.fromtimestamp(body["startTime"] / 1000, UTC)
        if self.now - start > timedelta(days=120):
            raise Refused("invalidInstanceListIdsStartTime")
        if type(body["nextToken"]) is not int:
            raise Refused("invalidNextToken")
        if not 0 < body["maxResults"] <= 20:
            raise Refused("invalidMaxResults")
        if len(body["userIds"]) > 10:
            raise Refused("invalidUserIds")
        mine = [one for one in self.instances.values() if one.originator in body["userIds"] and one.created >= start]
        first, after = body["nextToken"], body["nextToken"] + body["maxResults"]
        return {
            "list": [one.id for one in mine[first:after]],
            "nextToken": str(after) if after < len(mine) else "",
        }

    def _detail(self, instance: Instance) -> dict[str, Any]:
        return {
            "title": "合同审批",
            "originatorUserId": instance.originator,
            "createTime": f"{instance.created:%Y-%m-%dT%H:%MZ}",
            "status": instance.status,
            "result": instance.result,
            "tasks": [{key: value for key, value in task.items() if key != "action"} for task in instance.tasks],
            "operationRecords": instance.records,
            "formComponentValues": [{"id": f"f{n}", **item} for n, item in enumerate(instance.form)],
        }

    def _schema(self, params: dict[str, str]) -> dict[str, Any]:
        self._template(params)
        items = [
            {"componentType": "TextField", "props": {"label": label, "required": label in self.required}}
            for label in self.labels
        ]
        return {"result": {"name": "合同审批", "schemaContent": {"title": "合同审批", "items": items}}}

    def _template(self, body: dict[str, Any]) -> None:
        if body["processCode"] != PROCESS_CODE:
            raise Refused("processCodeError")

    # -- deciding --
    def _execute(self, body: dict[str, Any]) -> None:
        instance = self._instance(body)
        task = self._running(instance, body["taskId"], body["actionerUserId"], "aflowProcessInstCanNotBeExecuted")
        if body["result"] not in ("agree", "refuse"):
            raise Refused("invalidInstanceExecuteResult")
        self._finish(instance, task, body["result"].upper(), body.get("remark", ""))
        open_ones = [one for one in instance.tasks if one["status"] == "RUNNING"]
        if body["result"] == "refuse":
            self._cancel(open_ones)
            instance.status, instance.result = "COMPLETED", "refuse"
        elif task["action"] == "OR" or not open_ones:
            self._cancel(open_ones)
            self._open_step(instance)

    def _redirect(self, body: dict[str, Any]) -> None:
        instance = next(one for one in self.instances.values() for t in one.tasks if t["taskId"] == body["taskId"])
        task = next(task for task in instance.tasks if task["taskId"] == body["taskId"])
        if task["status"] != "RUNNING":
            raise Refused("task.status.error")
        if task["userId"] != body["operateUserId"]:
            raise Refused("param.illegal.operator")
        if body["toUserId"] not in self.members:
            raise Refused("param.illegal")
        if len(body.get("remark", "").encode()) > 256:
            raise Refused("param.illegal")
        self._finish(instance, task, "REDIRECTED", body.get("remark", ""))
        self._task(instance, body["toUserId"], task["action"])

    def _terminate(self, body: dict[str, Any]) -> None:
        instance = self._instance(body)
        if instance.status != "RUNNING":
            raise Refused("aflowProcessInstStatusException")
        if self.now - instance.created < timedelta(seconds=15):
            raise Refused("internalError")
        if not body["isSystem"] and body["operatingUserId"] != instance.originator:
            raise Refused("noPermission")
        self._cancel(instance.tasks)
        instance.status = "TERMINATED"

    def _comment(self, body: dict[str, Any]) -> None:
        self._instance(body)
        if not body["text"] or len(body["text"].encode()) > 1024:
            raise Refused("invalidParameter")
        self.comments.append((body["processInstanceId"], body["commentUserId"], body["text"]))

    def _instance(self, told: dict[str, Any]) -> Instance:
        if told["processInstanceId"] not in self.instances:
            raise Refused("aflowProcessInstNotExist")
        return self.instances[told["processInstanceId"]]

    def _running(self, instance: Instance, task_id: object, user: str, code: str) -> dict[str, Any]:
        for task in instance.tasks:
            mine = type(task_id) is int and task["taskId"] == task_id and task["userId"] == user
            if mine and task["status"] == instance.status == "RUNNING":
                return task
        raise Refused(code)

    def _finish(self, instance: Instance, task: dict[str, Any], result: str, remark: str) -> None:
        if len(remark.encode()) > 1024:
            raise Refused("invalidParameter")
        task.update(status="COMPLETED", result=result, finishTime=f"{self.now:%Y-%m-%dT%H:%MZ}")
        redirected = result == "REDIRECTED"
        instance.records.append(
            {
                "userId": task["userId"],
                "date": f"{self.now:%Y-%m-%dT%H:%MZ}",
                "type": "REDIRECT_TASK" if redirected else "EXECUTE_TASK_NORMAL",
                "result": "NONE" if redirected else result,
                "remark": remark,
                "activityId": task["activityId"],
            }
        )

    @staticmethod
    def _cancel(tasks: Sequence[dict[str, Any]]) -> None:
        for task in tasks:
            if task["status"] == "RUNNING":
                task["status"] = "CANCELED"
