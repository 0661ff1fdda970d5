"""Approvals as a bot starts and watches them."""

from __future__ import annotations

import json
from typing import Any

import httpx

from bot.sandbox.oa_forms import CONTRACT_CODE
from tests.sandbox.bots import DingClient, StreamBot

MANAGER, SUCCESS, FINANCE = "manager01", "success01", "finance01"
FORM = {"审批编号": "SP0001", "客户": "星河科技", "合同金额（元）": "120000.00", "备注": ""}


def one(user: str) -> dict[str, Any]:
    return {"actionType": "NONE", "userIds": [user]}


def all_of(*users: str) -> dict[str, Any]:
    return {"actionType": "AND", "userIds": list(users)}


def any_of(*users: str) -> dict[str, Any]:
    return {"actionType": "OR", "userIds": list(users)}


def request(*steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A good request; success01 submits."""
    return {
        "originatorUserId": SUCCESS,
        "processCode": CONTRACT_CODE,
        "approvers": list(steps) or [one(MANAGER)],
        "formComponentValues": [{"name": name, "value": value} for name, value in FORM.items()],
        **changes,
    }


def form(**values: Any) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def refused(answer: httpx.Response, code: str, status: int = 400) -> None:
    """The answer says no with this code, in the shape of 7.10."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code)
    assert set(body) == {"code", "message", "requestid"}


class Workflow:
    """The workflow calls, with a good token."""

    def __init__(self, client: DingClient) -> None:
        self.client = client

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.client.call("POST", f"/v1.0/workflow/{path}", body)

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self.client.call("GET", f"/v1.0/workflow/{path}", **params)

    async def start(self, *steps: dict[str, Any], **changes: Any) -> str:
        """The id of a new approval."""
        answer = await self.post("processInstances", request(*steps, **changes))
        return str(answer.json()["instanceId"])

    async def detail(self, instance_id: str) -> dict[str, Any]:
        answer = (await self.get("processInstances", processInstanceId=instance_id)).json()
        assert answer["success"] == "true"
        return dict(answer["result"])

    async def task_of(self, instance_id: str, user: str) -> int:
        """The newest task of this person, whatever became of it."""
        tasks = (await self.detail(instance_id))["tasks"]
        return int(next(task["taskId"] for task in reversed(tasks) if task["userId"] == user))

    async def execute(self, instance_id: str, user: str, result: str = "agree", **changes: Any) -> httpx.Response:
        body = {
            "processInstanceId": instance_id,
            "actionerUserId": user,
            "taskId": await self.task_of(instance_id, user),
            "result": result,
            **changes,
        }
        return await self.post("processInstances/execute", body)


def told(bot: StreamBot) -> list[tuple[str, ...]]:
    """What a Stream bot was told of approvals: (instance | task, type, whose, result when there is one)."""
    return [line(frame["headers"]["eventType"], json.loads(frame["data"])) for frame in bot.frames]


def line(name: str, data: dict[str, Any]) -> tuple[str, ...]:
    of = {"bpms_instance_change": "instance", "bpms_task_change": "task"}.get(name, name)
    return (of, data["type"], data["staffId"], *filter(None, [data.get("result")]))
