"""The page's API, and a sandbox that continues where it was."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path

import httpx
import pytest

from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import SandboxConfig, read_people
from tests.sandbox.bots import CallbackBot, DingClient, WeComClient, buttons
from tests.sandbox.test_wecom_api import buttons as wecom_buttons

MANAGER = "manager01"


def page_of(sandbox: Sandbox, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=sandbox.transport, base_url="http://127.0.0.1", headers=headers)


async def test_the_state_shows_phones_wire_and_menu(sandbox: Sandbox, bot: CallbackBot, wecom: WeComClient) -> None:
    await wecom.card("lilei", wecom_buttons())
    async with page_of(sandbox) as page:
        said = (await page.post("/sandbox/say", json={"platform": "wecom", "user": "LiLei", "text": "早"})).json()
        assert (said["from"], said["kind"], said["state"]) == ("user", "text", "sending")
        await sandbox.wecom.settle()
        state = (await page.get("/sandbox/state")).json()
    card, text = state["phones"]["wecom:lilei"]
    assert (card["from"], card["card"]["face"]["card_type"], card["card"]["disabled"]) == (
        "bot",
        "button_interaction",
        False,
    )
    assert (text["text"], text["state"]) == ("早", "sent")
    assert state["wire"][-1]["detail"]["request"].startswith("<xml>")
    assert state["bot"] == {"reachable": True, "connections": 0}
    assert (state["menus"], state["clock"]) == ({"wecom": []}, None)
    assert set(state["people"][0]) == {"employee_no", "name", "role", "region", "wecom", "dingtalk"}


async def test_taps_menu_files_and_voice_from_the_page(
    sandbox: Sandbox, bot: CallbackBot, wecom: WeComClient, dingtalk: DingClient
) -> None:
    await wecom.card("lilei", wecom_buttons())
    await dingtalk.deliver("a-1", MANAGER)
    async with page_of(sandbox) as page:
        tap = {"platform": "wecom", "user": "lilei", "message_id": sandbox.wecom.cards_of("lilei")[0]["task_id"]}
        assert (await page.post("/sandbox/tap", json={**tap, "key": "k1"})).status_code == 200
        assert (await page.post("/sandbox/tap", json={**tap, "key": "k9"})).status_code == 409
        message_id = sandbox.world.phone("dingtalk", MANAGER)[0].id
        body = {"platform": "dingtalk", "user": MANAGER, "message_id": message_id, "action": "同意", "text": "好"}
        assert (await page.post("/sandbox/tap", json=body)).status_code == 200
        assert (await page.post("/sandbox/menu", json={"user": "lilei", "key": "k"})).status_code == 409
        who = {"platform": "wecom", "user": "lilei"}
        files = {"file": ("a.jpg", b"\xff\xd8\xff picture")}
        photo = (await page.post("/sandbox/photo", data=who, files=files)).json()
        assert (await page.get(photo["file"]["url"])).content == b"\xff\xd8\xff picture"
        voice = (await page.post("/sandbox/voice", json={**who, "seconds": 3, "text": "拜访星河"})).json()
        assert voice["voice"] == {"seconds": 3, "text": "拜访星河"}
        await page.post("/sandbox/location", json={**who, "lat": 31.2, "lng": 121.4, "label": "人民广场"})
        await page.post("/sandbox/enter", json=who)
        await sandbox.wecom.settle()
    kinds = [bot.field("MsgType", index) for index in range(len(bot.heard))]
    assert kinds == ["event", "image", "voice", "location", "event"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"platform": "wecom", "user": "ghost", "text": "x"}, 404, id="nobody"),
        pytest.param({"platform": "fax", "user": "lilei", "text": "x"}, 422, id="no platform"),
        pytest.param({"platform": "wecom", "user": "lilei", "text": ""}, 422, id="no words"),
    ],
)
async def test_the_page_api_refuses(sandbox: Sandbox, body: dict[str, str], status: int) -> None:
    async with page_of(sandbox) as page:
        assert (await page.post("/sandbox/say", json=body)).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"host": "evil.example.com"}, id="another host"),
        pytest.param({"origin": "http://evil.example.com"}, id="another origin"),
        pytest.param({"origin": "null"}, id="a sandboxed frame"),
    ],
)
async def test_websites_cannot_act_through_the_browser(sandbox: Sandbox, headers: dict[str, str]) -> None:
    async with page_of(sandbox, **headers) as page:
        body = {"platform": "wecom", "user": "lilei", "text": "x"}
        assert (await page.post("/sandbox/say", json=body)).status_code == 403
    assert sandbox.world.phone("wecom", "lilei") == []


async def test_faults_by_name(sandbox: Sandbox, wecom: WeComClient) -> None:
    async with page_of(sandbox) as page:
        fault = {"platform": "wecom", "what": "fail_next", "n": 1, "errcode": -1}
        assert (await page.post("/sandbox/fault", json=fault)).status_code == 200
        assert (await wecom.text("lilei", "x"))["errcode"] == -1
        for bad in ({"platform": "wecom", "what": "close"}, {"platform": "dingtalk", "what": "throttle"}, {}):
            assert (await page.post("/sandbox/fault", json=bad)).status_code == 422


async def test_changes_come_over_the_stream(config: SandboxConfig, bot: CallbackBot) -> None:
    async with (
        running_sandbox(config, bot=httpx.ASGITransport(app=bot)) as sandbox,
        httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as page,
        page.stream("GET", "/sandbox/stream") as stream,
    ):
        lines = stream.aiter_lines()
        assert await anext(lines) == ": hello"
        await sandbox.wecom.says("lilei", "早")
        seen = [line async for line in _until(lines, "sent")]
    events = [line.removeprefix("event: ") for line in seen if line.startswith("event:")]
    assert events == ["message", "wire", "update"]
    assert json.loads(seen[-1].removeprefix("data: "))["state"] == "sent"


async def _until(lines, word):  # type: ignore[no-untyped-def]
    async for line in lines:
        yield line
        if f'"{word}"' in line:
            return


async def test_the_clock_of_the_bot_is_moved_through_the_page(config: SandboxConfig) -> None:
    moved: list[object] = []

    async def clock(scope, receive, send):  # type: ignore[no-untyped-def]
        if scope["method"] == "POST":
            moved.append(json.loads((await receive())["body"]))
        body = b'{"now": "2026-02-12T08:30:00+08:00"}'
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    sandbox = Sandbox(dataclasses.replace(config, demo_clock_url="http://bot/demo/clock"))
    sandbox.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=clock))
    async with page_of(sandbox) as page:
        now = (await page.post("/sandbox/clock", json={"plus_seconds": 3600, "evil": 1})).json()
    assert moved == [{"plus_seconds": 3600}]
    assert now["now"] == "2026-02-12T08:30:00+08:00"
    await sandbox.close()


async def test_it_continues_where_it_was(config: SandboxConfig, bot: CallbackBot, tmp_path: Path) -> None:
    kept = dataclasses.replace(config, data_file=tmp_path / "sandbox" / "world.sqlite")
    first = Sandbox(kept, bot=httpx.ASGITransport(app=bot))
    async with WeComClient(first) as wecom, DingClient(first) as dingtalk:
        code = (await wecom.card("lilei", wecom_buttons()))["response_code"]
        media = (await wecom.upload("file", "a.txt", b"content"))["media_id"]
        await wecom.post("menu/create", {"button": [{"type": "click", "name": "a", "key": "k"}]}, agentid="1000002")
        await dingtalk.deliver("a-1", MANAGER)
    await first.close()

    second = Sandbox(kept, bot=httpx.ASGITransport(app=bot))
    async with WeComClient(second) as wecom, DingClient(second) as dingtalk:
        change = {"userids": ["lilei"], "agentid": kept.agent_id, "response_code": code}
        grey = {**change, "button": {"replace_name": "完成"}}
        assert (await wecom.post("message/update_template_card", grey))["errcode"] == 0
        assert (await wecom.post("message/update_template_card", grey))["errcode"] == 42022
        assert (await wecom.card("lilei", wecom_buttons()))["errcode"] == 42014
        assert (await wecom.get("media/get", media_id=media)).content == b"content"
        assert second.wecom.menu[0]["key"] == "k"
        assert (await dingtalk.deliver("a-1", MANAGER)).json()["code"] == "param.cardAlreadyExist"
        await dingtalk.update("a-1", {"btns": buttons("同意", status="disabled"), "status": "王芳 已同意"})
        assert second.dingtalk.shown_to(MANAGER) == ["合同待审批\n**12万**\n王芳 已同意\n(同意)"]
        assert second.wecom.shown_to("lilei") == ["批准折扣？\n(完成)"]
    await second.close()


async def test_people_of_a_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "员工.csv"
    head = "工号,姓名,角色,区域,手机号,企业微信账号,钉钉账号,上级工号,入职日期,状态\n"
    rows = "YG1,孙若曦,总监,全国,199-0000-7347,sun,061,,2023-01-24,在职\nYG2,走了,销售,华东,,gone,,,,离职\n"
    path.write_bytes((head + rows).encode("gb18030"))
    (person,) = read_people(path)
    assert (person.name, person.mobile, person.dingtalk) == ("孙若曦", "19900007347", "061")
    path.write_text("工号,姓名\n", encoding="utf-8")
    with pytest.raises(ValueError, match="手机号"):
        read_people(path)


async def test_a_slow_page_is_dropped_and_the_platform_goes_on(sandbox: Sandbox) -> None:
    async with sandbox.world.listening() as changes:
        for _ in range(3000):
            sandbox.world.tell("menu", {})
        assert changes.full()
        await asyncio.sleep(0)
