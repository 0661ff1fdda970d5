"""The Stream gateway over a real socket: tickets, acks, redelivery, taps, and how lines end."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.faults import CannotTap
from tests.sandbox.bots import DingClient, open_stream, streaming

MANAGER, FINANCE = "manager01", "finance01"


@pytest.fixture
async def sandbox(config: SandboxConfig) -> AsyncIterator[Sandbox]:
    async with running_sandbox(config) as running:
        yield running


async def test_a_ticket_opens_one_connection(sandbox: Sandbox) -> None:
    opened = (await open_stream(sandbox)).json()
    url = f"{opened['endpoint']}?ticket={opened['ticket']}"
    async with connect(url, proxy=None):
        with pytest.raises(InvalidStatus):
            await connect(url, proxy=None)
    late = (await open_stream(sandbox)).json()
    sandbox.world.skip(91)
    with pytest.raises(InvalidStatus):
        await connect(f"{late['endpoint']}?ticket={late['ticket']}", proxy=None)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param({"clientSecret": "wrong"}, 401, "authFailed", id="secret"),
        pytest.param({"subscriptions": None}, 400, "invalidParameter", id="no subscriptions"),
        pytest.param({"ua": ""}, 400, "invalidParameter", id="empty ua"),
    ],
)
async def test_open_refuses(sandbox: Sandbox, changes: dict[str, Any], status: int, code: str) -> None:
    answer = await open_stream(sandbox, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_who_does_not_ask_for_json_gets_xml(sandbox: Sandbox) -> None:
    body = {"clientId": sandbox.config.ding_client_id, "clientSecret": sandbox.config.ding_client_secret}
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as http:
        answer = await http.post("/v1.0/gateway/connections/open", json={**body, "subscriptions": []})
    assert answer.headers["content-type"] == "application/xml"


async def test_a_message_is_sent_when_it_is_acknowledged(sandbox: Sandbox) -> None:
    async with streaming(sandbox) as bot:
        said = await sandbox.dingtalk.says(MANAGER, "待办")
    assert (said.state, bot.data()["text"]["content"], bot.data()["senderStaffId"]) == ("sent", "待办", MANAGER)
    assert bot.data()["conversationType"] == "1"


async def test_a_message_without_ack_comes_again_with_the_same_id(sandbox: Sandbox) -> None:
    async with streaming(sandbox) as bot:
        bot.rule = lambda frame: None if len(bot.frames) == 1 else (500, {}) if len(bot.frames) == 2 else (200, {})
        said = await sandbox.dingtalk.says(MANAGER, "待办")
        assert (said.state, len(bot.frames)) == ("sent", 3)
        assert len({bot.data(index)["msgId"] for index in range(3)}) == 1
        assert len({frame["headers"]["messageId"] for frame in bot.frames}) == 3
        assert await sandbox.dingtalk.redeliver()
        assert bot.data()["msgId"] == bot.data(0)["msgId"]


async def test_nobody_listens(sandbox: Sandbox) -> None:
    assert (await sandbox.dingtalk.says(MANAGER, "待办")).state == "failed"
    assert {entry["status"] for entry in sandbox.dingtalk.wire} == {"no connection"}


async def test_kinds_of_messages(sandbox: Sandbox) -> None:
    async with streaming(sandbox) as bot, DingClient(sandbox, sandbox.url) as api:
        await sandbox.dingtalk.says(MANAGER, "待办", group="销售管理群")
        assert (bot.data()["conversationType"], bot.data()["text"]["content"]) == ("2", " 待办")
        await sandbox.dingtalk.sends_voice(MANAGER, "拜访星河科技", 4)
        assert bot.data()["content"]["duration"] == 4000
        assert bot.data()["content"]["recognition"] == "拜访星河科技"
        await sandbox.dingtalk.sends_file(MANAGER, b"rows", "流水.xlsx")
        assert bot.data()["content"]["fileName"] == "流水.xlsx"
        await sandbox.dingtalk.sends_picture(MANAGER, b"\x89PNG picture")
        code = bot.data()["content"]["downloadCode"]
        robot = {"robotCode": sandbox.config.ding_client_id}
        path = "/v1.0/robot/messageFiles/download"
        url = (await api.call("POST", path, {**robot, "downloadCode": code})).json()["downloadUrl"]
        assert (await api.http.get(url)).content == b"\x89PNG picture"
        wrong = await api.call("POST", path, {**robot, "downloadCode": "x"})
        assert wrong.json()["code"] == "invalidParameter.robotCode.downloadCode"


async def test_a_session_answers_until_it_ends(sandbox: Sandbox) -> None:
    async with streaming(sandbox) as bot, httpx.AsyncClient(trust_env=False) as http:
        await sandbox.dingtalk.says(MANAGER, "hi")
        reply = {"msgtype": "text", "text": {"content": "收到"}}
        assert (await http.post(bot.data()["sessionWebhook"], json=reply)).json()["errcode"] == 0
        assert sandbox.dingtalk.shown_to(MANAGER) == ["收到"]
        sandbox.world.skip(5401)
        assert (await http.post(bot.data()["sessionWebhook"], json=reply)).json()["errcode"] == 300001


async def test_beyond_the_push_quota_the_words_are_missing(config: SandboxConfig) -> None:
    async with running_sandbox(dataclasses.replace(config, monthly_push_quota=1)) as sandbox, streaming(sandbox) as bot:
        await sandbox.dingtalk.says(MANAGER, "一")
        await sandbox.dingtalk.says(MANAGER, "二")
        assert (bot.data()["errorCode"], "text" in bot.data()) == (20001, False)


async def test_an_event_is_retried_when_it_is_answered_later(sandbox: Sandbox) -> None:
    async with streaming(sandbox) as bot:
        bot.rule = lambda frame: (200, {"status": "LATER" if len(bot.frames) < 3 else "SUCCESS"})
        event_id = await sandbox.dingtalk.event("user_leave_org", {"userId": ["x"]})
        assert [frame["headers"]["eventId"] for frame in bot.frames] == [event_id] * 3
        assert bot.frames[0]["headers"]["eventType"] == "user_leave_org"


async def test_each_push_goes_to_one_of_several_connections(sandbox: Sandbox) -> None:
    async with streaming(sandbox) as one, streaming(sandbox) as two:
        await sandbox.dingtalk.connected(2)
        for n in range(30):
            await sandbox.dingtalk.says(MANAGER, f"{n}")
        told = [json.loads(frame["data"])["text"]["content"] for frame in (*one.frames, *two.frames)]
        assert set(told) == {f"{n}" for n in range(30)}  # answered late on a busy machine, one comes again
        assert one.frames
        assert two.frames


async def test_a_connection_gets_only_what_it_subscribed_to(sandbox: Sandbox) -> None:
    async with streaming(sandbox, subscriptions=[{"type": "EVENT", "topic": "*"}]) as bot:
        assert (await sandbox.dingtalk.says(MANAGER, "hi")).state == "failed"
        await sandbox.dingtalk.event("x", {})
        assert [frame["type"] for frame in bot.frames] == ["EVENT"]


async def test_a_tap_shows_its_answer_to_the_tapper_only(sandbox: Sandbox) -> None:
    async with streaming(sandbox) as bot, DingClient(sandbox, sandbox.url) as api:
        group = sandbox.config.groups[0].conversation_id
        await api.deliver(
            "g-1",
            MANAGER,
            openSpaceId=f"dtv1.card//IM_GROUP.{group}",
            imGroupOpenSpaceModel={"supportForward": False},
            imGroupOpenDeliverModel={"robotCode": sandbox.config.ding_client_id},
        )
        response = {
            "cardUpdateOptions": {"updateCardDataByKey": True},
            "cardData": {"cardParamMap": {"status": "处理中"}},
        }
        bot.rule = lambda frame: (200, {"response": response})
        await sandbox.dingtalk.taps(MANAGER, "同意", "金额对")
        content = json.loads(bot.data()["content"])["cardPrivateData"]
        assert content == {"actionIds": ["同意"], "params": {"id": "A-7", "text": "金额对"}}
        assert "处理中" in sandbox.dingtalk.shown_to(MANAGER)[0]
        assert "处理中" not in sandbox.dingtalk.shown_to(FINANCE)[0]
        await api.update("g-1", {"status": "王芳 已同意"})
        assert all("王芳 已同意" in sandbox.dingtalk.shown_to(user)[0] for user in (MANAGER, FINANCE))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param((200, {"response": {}}), "", id="no change"),
        pytest.param((200, {}), "", id="empty"),
        pytest.param(None, "操作失败，请稍后再试", id="too late"),
        pytest.param((500, {}), "操作失败，请稍后再试", id="failed"),
        pytest.param((200, {"cardData": {}}), "操作失败，请稍后再试", id="not wrapped in response"),
        pytest.param(
            (200, {"response": {"cardData": {"cardParamMap": {"n": 1}}}}), "操作失败，请稍后再试", id="no strings"
        ),
    ],
)
async def test_a_tap_is_answered_or_fails_and_never_comes_twice(
    sandbox: Sandbox, answer: tuple[int, Any] | None, error: str
) -> None:
    async with streaming(sandbox) as bot, DingClient(sandbox, sandbox.url) as api:
        await api.deliver("a-1", MANAGER)
        bot.rule = lambda frame: answer
        await sandbox.dingtalk.taps(MANAGER, "同意")
        card = sandbox.dingtalk.cards_of(MANAGER)[0]
        assert (card["pending"], card["error"], len(bot.frames)) == (False, error, 1)


async def test_no_callback_type_no_callback(sandbox: Sandbox) -> None:
    async with streaming(sandbox) as bot, DingClient(sandbox, sandbox.url) as api:
        await api.deliver("a-1", MANAGER, callbackType=None)
        await sandbox.dingtalk.taps(MANAGER, "同意")
        assert bot.frames == []
        with pytest.raises(CannotTap):
            await sandbox.dingtalk.taps(MANAGER, "转交")


async def test_union_ids_when_the_card_says_so(sandbox: Sandbox) -> None:
    async with streaming(sandbox) as bot, DingClient(sandbox, sandbox.url) as api:
        await api.deliver("a-1", f"union-{MANAGER}", userIdType=2)
        await sandbox.dingtalk.taps(MANAGER, "同意")
        assert (bot.data()["userId"], bot.data()["userIdType"]) == (f"union-{MANAGER}", 2)


async def test_after_a_disconnect_frame_nothing_comes_and_then_the_line_closes(sandbox: Sandbox) -> None:
    async with streaming(sandbox) as old:
        await sandbox.dingtalk.disconnect()
        await asyncio.sleep(0.02)
        assert old.frames[-1]["headers"]["topic"] == "disconnect"
        async with streaming(sandbox) as new:
            assert (await sandbox.dingtalk.says(MANAGER, "hi")).state == "sent"
            assert (len(old.frames), len(new.frames)) == (1, 1)
            await sandbox.dingtalk.settle()
            await asyncio.wait_for(old.socket.wait_closed(), 1)


async def test_a_dropped_line_is_seen_at_once_and_a_dead_one_never(sandbox: Sandbox) -> None:
    async with streaming(sandbox) as bot:
        await sandbox.dingtalk.drop_connections()
        await asyncio.wait_for(bot.socket.wait_closed(), 1)
    async with streaming(sandbox) as bot:
        await sandbox.dingtalk.connected()
        sandbox.dingtalk.silent_death()
        pong = await bot.socket.ping()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pong, 0.1)
        assert (await sandbox.dingtalk.says(MANAGER, "hi")).state == "failed"
        bot.socket.transport.abort()


async def test_the_platform_pings(config: SandboxConfig) -> None:
    async with running_sandbox(dataclasses.replace(config, ping_seconds=0.02)) as sandbox, streaming(sandbox) as bot:
        await asyncio.sleep(0.05)
        assert bot.frames[0]["headers"]["topic"] == "ping"
        assert "opaque" in bot.data(0)


async def test_over_a_port_an_answer_can_be_lost(sandbox: Sandbox) -> None:
    async with DingClient(sandbox, sandbox.url) as api, httpx.AsyncClient(base_url=sandbox.url, timeout=0.2) as http:
        headers = {"x-acs-dingtalk-access-token": api.token}
        body = api.card("a-1", MANAGER)
        sandbox.dingtalk.fail_next(1, drop_answer_after_doing=True)
        with pytest.raises(httpx.TransportError):
            await http.post("/v1.0/card/instances/createAndDeliver", json=body, headers=headers)
        assert len(sandbox.dingtalk.cards_of(MANAGER)) == 1
        sandbox.dingtalk.fail_next(1, timeout=True)
        with pytest.raises(httpx.ReadTimeout):
            await http.post("/v1.0/card/instances/createAndDeliver", json=body, headers=headers)


async def test_closing_the_sandbox_closes_the_lines(config: SandboxConfig) -> None:
    async with running_sandbox(config) as sandbox:
        opened = (await open_stream(sandbox)).json()
        socket = await connect(f"{opened['endpoint']}?ticket={opened['ticket']}", proxy=None)
    with pytest.raises(ConnectionClosed):
        await socket.recv()
