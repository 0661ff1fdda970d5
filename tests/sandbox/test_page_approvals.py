"""Approvals through the page's API: what it shows, what its buttons do, what it refuses."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import SandboxConfig
from tests.sandbox.approvals import FINANCE, MANAGER, SUCCESS, Workflow, one
from tests.sandbox.bots import DingClient
from tests.sandbox.test_page import page_of


@pytest.fixture
async def instance_id(dingtalk: DingClient) -> str:
    """Waits for the manager; success01 submitted it."""
    return await Workflow(dingtalk).start(one(MANAGER))


async def test_the_state_shows_every_approval(sandbox: Sandbox, instance_id: str) -> None:
    async with page_of(sandbox) as page:
        (seen,) = (await page.get("/sandbox/state")).json()["oa"]
    assert (seen["instance_id"], seen["originator"], seen["status"]) == (instance_id, SUCCESS, "RUNNING")
    assert list(seen["form"].items())[:2] == [("审批编号", "SP0001"), ("客户", "星河科技")]
    assert seen["steps"] == [{"action_type": "NONE", "users": [MANAGER]}]
    assert (seen["tasks"][0]["user"], seen["tasks"][0]["finished_at"]) == (MANAGER, None)


async def test_transfer_decide_and_revoke(sandbox: Sandbox, dingtalk: DingClient, instance_id: str) -> None:
    other = await Workflow(dingtalk).start(one(MANAGER))
    async with page_of(sandbox) as page:
        handed = {"user": MANAGER, "instance_id": instance_id, "to_user": FINANCE, "remark": "你看"}
        assert (await page.post("/sandbox/transfer", json=handed)).json() == {"ok": True}
        verdict = {"user": FINANCE, "instance_id": instance_id, "agree": False, "remark": "账期太长"}
        assert (await page.post("/sandbox/decide", json=verdict)).json() == {"ok": True}
        assert (await page.post("/sandbox/revoke", json={"user": SUCCESS, "instance_id": other})).json() == {"ok": True}
    await sandbox.dingtalk.settle()
    seen = sandbox.dingtalk.oa_instance(instance_id)
    assert (seen["result"], seen["tasks"][1]["remark"]) == ("refuse", "账期太长")
    assert sandbox.dingtalk.oa_instance(other)["status"] == "TERMINATED"


@pytest.mark.parametrize(
    ("path", "changes", "status"),
    [
        pytest.param("decide", {"user": FINANCE}, 409, id="nothing waits for this person"),
        pytest.param("decide", {"agree": "yes"}, 422, id="neither yes nor no"),
        pytest.param("decide", {"user": "ghost"}, 404, id="a stranger"),
        pytest.param("decide", {"instance_id": "x"}, 404, id="no such approval"),
        pytest.param("decide", {"instance_id": ""}, 422, id="no approval"),
        pytest.param("transfer", {"to_user": MANAGER}, 409, id="to themselves"),
        pytest.param("transfer", {"to_user": "ghost"}, 404, id="to a stranger"),
        pytest.param("revoke", {}, 409, id="not the originator"),
    ],
)
async def test_the_page_refuses(
    sandbox: Sandbox, instance_id: str, path: str, changes: dict[str, Any], status: int
) -> None:
    body = {"user": MANAGER, "instance_id": instance_id, "agree": True, "to_user": FINANCE, **changes}
    async with page_of(sandbox) as page:
        answer = await page.post(f"/sandbox/{path}", json=body)
    assert (answer.status_code, bool(answer.json()["detail"])) == (status, True)
    assert sandbox.dingtalk.oa_instance(instance_id)["tasks"][0]["status"] == "RUNNING"


async def test_a_new_approval_comes_over_the_stream(config: SandboxConfig) -> None:
    async with (
        running_sandbox(config) as sandbox,
        DingClient(sandbox, sandbox.url) as client,
        httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as page,
        page.stream("GET", "/sandbox/stream") as stream,
    ):
        lines = stream.aiter_lines()
        assert await anext(lines) == ": hello"
        instance_id = await Workflow(client).start(one(MANAGER))
        async for text in lines:
            if text == "event: oa":
                break
        seen = json.loads((await anext(lines)).removeprefix("data: "))
    assert seen["instance_id"] == instance_id
