"""DingTalk in HTTP mode: signed messages, encrypted events, taps to a route (protocols/dingtalk.md 3, 6.6 to 6.8)."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import SandboxConfig
from tests.sandbox.approvals import FINANCE, MANAGER, SUCCESS, Workflow, line, one
from tests.sandbox.bots import DingClient, streaming
from tests.sandbox.conftest import QUICK
from tests.sandbox.http_bot import API_SECRET, HttpBot

FAILED = "操作失败，请稍后再试"
REGISTER = "/v1.0/card/callbacks/register"
ROUTE = {"callbackRouteKey": "salesbot", "callbackUrl": "http://bot/dingtalk/card", "apiSecret": API_SECRET}
BY_ROUTE = {"callbackType": "HTTP", "callbackRouteKey": "salesbot"}


@pytest.fixture
def config() -> SandboxConfig:
    seconds = {"robot_http_timeout_seconds": 0.2, "event_http_timeout_seconds": 0.2, "check_url_timeout_seconds": 0.2}
    return SandboxConfig(**{**QUICK, **seconds, "card_timeout_seconds": 0.2, "ding_mode": "http"})


@pytest.fixture
def bot(config: SandboxConfig) -> HttpBot:
    return HttpBot(config)


@pytest.fixture
async def sandbox(config: SandboxConfig, bot: HttpBot) -> AsyncIterator[Sandbox]:
    opened = Sandbox(config, bot=httpx.ASGITransport(app=bot))
    yield opened
    await opened.close()


# messages


async def test_a_message_is_signed_and_the_same_as_over_stream(sandbox: Sandbox, bot: HttpBot) -> None:
    said = await sandbox.dingtalk.says(MANAGER, "待办", group="销售管理群")
    ((path, data, good),) = bot.heard
    assert (path, good, said.state) == ("robot", True, "sent")
    assert (data["text"]["content"], data["senderStaffId"], data["conversationType"]) == (" 待办", MANAGER, "2")
    assert abs(int(bot.timestamps[0]) / 1000 - time.time()) < 60


@pytest.mark.parametrize(
    "answer", [pytest.param((500, b""), id="error"), pytest.param((302, b""), id="redirects are not followed")]
)
async def test_a_message_that_is_not_taken_comes_again_with_the_same_id(
    sandbox: Sandbox, bot: HttpBot, answer: tuple[int, bytes]
) -> None:
    bot.answers = [answer]
    said = await sandbox.dingtalk.says(MANAGER, "待办")
    assert (said.state, len(bot.heard)) == ("sent", 2)
    assert bot.data(0)["msgId"] == bot.data(1)["msgId"]
    assert [entry["attempt"] for entry in sandbox.dingtalk.wire] == [1, 2]


async def test_a_message_that_is_never_taken_fails(sandbox: Sandbox, bot: HttpBot) -> None:
    bot.seconds = 0.3
    assert (await sandbox.dingtalk.says(MANAGER, "待办")).state == "failed"
    assert {entry["status"] for entry in sandbox.dingtalk.wire} == {"timeout"}


async def test_a_message_is_repeated_and_pushed_again(sandbox: Sandbox, bot: HttpBot) -> None:
    await sandbox.dingtalk.says(MANAGER, "待办", repeat=2)
    assert await sandbox.dingtalk.redeliver()
    assert len({data["msgId"] for _, data, _ in bot.heard}) == 1
    assert len(bot.heard) == 3


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        pytest.param(None, [], id="empty body"),
        pytest.param({"msgtype": "empty"}, [], id="silence"),
        pytest.param({"msgtype": "text", "text": {"content": "收到"}}, ["收到"], id="text"),
        pytest.param({"msgtype": "markdown", "markdown": {"title": "t", "text": "**好**"}}, ["**好**"], id="markdown"),
        pytest.param({"ok": True}, [], id="anything else is not shown"),
        pytest.param({"msgtype": "text"}, [], id="a text without words"),
    ],
)
async def test_the_answer_may_be_a_message(sandbox: Sandbox, bot: HttpBot, reply: Any, shown: list[str]) -> None:
    bot.robot_reply = reply
    assert (await sandbox.dingtalk.says(MANAGER, "待办")).state == "sent"
    assert sandbox.dingtalk.shown_to(MANAGER) == shown


async def test_forged_and_late_ones_for_tests_of_the_bot(sandbox: Sandbox, bot: HttpBot) -> None:
    sandbox.dingtalk.http.skew_seconds = 3601
    await sandbox.dingtalk.says(MANAGER, "待办")
    assert (time.time() - int(bot.timestamps[0]) / 1000 > 3600, bot.heard[0][2]) == (True, True)
    sandbox.dingtalk.http.forged = True
    await sandbox.dingtalk.says(MANAGER, "待办")
    await sandbox.dingtalk.event("user_leave_org", {"userId": ["x"]})
    assert [good for _, _, good in bot.heard[1:]] == [False, False]


async def test_the_reply_address_is_good_before_the_bot_ever_called(config: SandboxConfig, bot: HttpBot) -> None:
    async with (
        running_sandbox(config, bot=httpx.ASGITransport(app=bot)) as sandbox,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        await sandbox.dingtalk.says(MANAGER, "待办")
        reply = {"msgtype": "text", "text": {"content": "收到"}}
        assert (await http.post(bot.data()["sessionWebhook"], json=reply)).json()["errcode"] == 0
        assert sandbox.dingtalk.shown_to(MANAGER) == ["收到"]


# events


async def test_an_event_is_encrypted_and_flat(sandbox: Sandbox, bot: HttpBot) -> None:
    async with DingClient(sandbox) as client:
        instance_id = await Workflow(client).start(one(MANAGER))
        await sandbox.dingtalk.settle()
    assert [good for _, _, good in bot.heard] == [True, True]
    start = next(data for _, data, _ in bot.heard if data["EventType"] == "bpms_instance_change")
    assert (start["CorpId"], start["BizId"]) == (sandbox.config.ding_corp_id, instance_id)
    assert (start["type"], start["staffId"], start["processInstanceId"]) == ("start", SUCCESS, instance_id)
    assert start["EventTime"] >= start["createTime"]
    assert len({data["eventId"] for _, data, _ in bot.heard}) == 2


async def test_a_native_decision_is_told(sandbox: Sandbox, bot: HttpBot) -> None:
    async with DingClient(sandbox) as client:
        instance_id = await Workflow(client).start(one(MANAGER))
        await sandbox.dingtalk.settle()
    bot.heard.clear()
    await sandbox.dingtalk.oa_decides(MANAGER, instance_id, False, "折扣太低")
    assert [line(data["EventType"], data) for _, data, _ in bot.heard] == [
        ("task", "finish", MANAGER, "refuse"),
        ("instance", "finish", SUCCESS, "refuse"),
    ]


def without(name: str) -> Any:
    return lambda sealed: {key: value for key, value in sealed.items() if key != name}


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(without("timeStamp"), id="no timeStamp"),
        pytest.param(lambda sealed: {"timestamp": sealed.pop("timeStamp"), **sealed}, id="small s"),
        pytest.param(lambda sealed: {**sealed, "msg_signature": "0" * 40}, id="forged signature"),
        pytest.param(lambda sealed: {**sealed, "nonce": "m"}, id="another nonce than the signed one"),
        pytest.param(lambda sealed: [], id="no object"),
        pytest.param(lambda sealed: "success", id="in clear"),
    ],
)
async def test_an_event_whose_answer_is_no_good_comes_again(sandbox: Sandbox, bot: HttpBot, alter: Any) -> None:
    bot.alter = alter
    await sandbox.dingtalk.event("user_leave_org", {"userId": ["x"]})
    assert len(bot.heard) == 3
    assert all(entry["note"] for entry in sandbox.dingtalk.wire)


async def test_another_word_than_success_is_no_success(sandbox: Sandbox, bot: HttpBot) -> None:
    bot.word = "ok"
    await sandbox.dingtalk.event("user_leave_org", {"userId": ["x"]})
    assert len({data["eventId"] for _, data, _ in bot.heard}) == 1
    assert sandbox.dingtalk.wire[-1]["note"] == "应答不是 success：ok"


async def test_an_event_may_come_twice_although_it_was_taken(sandbox: Sandbox, bot: HttpBot) -> None:
    sandbox.dingtalk.delivery.repeat_events = 3
    await sandbox.dingtalk.event("user_leave_org", {"userId": ["x"]}, "evt-1")
    assert [data["eventId"] for _, data, _ in bot.heard] == ["evt-1"] * 3


async def test_an_event_given_up_waits_to_be_fetched_once(sandbox: Sandbox, bot: HttpBot) -> None:
    bot.seconds = 0.3
    async with DingClient(sandbox) as client:
        instance_id = await Workflow(client).start(one(MANAGER))
        await sandbox.dingtalk.settle()
        path, params = "/call_back/get_call_back_failed_result", {"access_token": client.token}
        parked = (await client.http.get(path, params=params)).json()
        assert {entry["call_back_tag"] for entry in parked["failed_list"]} == {
            "bpms_instance_change",
            "bpms_task_change",
        }
        inside = parked["failed_list"][0]["bpms_instance_change"]
        assert inside["bpmsCallBackData"]["processInstanceId"] == instance_id
        again = (await client.http.get(path, params=params)).json()
        assert (again["failed_list"], again["has_more"]) == ([], False)
    assert {entry["status"] for entry in sandbox.dingtalk.wire if entry["direction"] == "to_bot"} == {"timeout"}


@pytest.mark.parametrize(
    ("word", "seconds", "good"),
    [
        pytest.param("success", 0, True, id="good"),
        pytest.param("check_url", 0, False, id="another word"),
        pytest.param("success", 0.3, False, id="late"),
    ],
)
async def test_saving_the_address_in_the_console(
    sandbox: Sandbox, bot: HttpBot, word: str, seconds: float, good: bool
) -> None:
    bot.word, bot.seconds = word, seconds
    assert await sandbox.dingtalk.check_url() is good
    assert bot.heard == [("callback", {"EventType": "check_url"}, True)]


async def test_without_an_address_nothing_is_sent(config: SandboxConfig, bot: HttpBot) -> None:
    nowhere = Sandbox(dataclasses.replace(config, bot_url=""), bot=httpx.ASGITransport(app=bot))
    assert not await nowhere.dingtalk.check_url()
    assert (await nowhere.dingtalk.says(MANAGER, "待办")).state == "failed"
    assert bot.heard == []
    await nowhere.close()


async def test_a_stream_connection_gets_nothing_that_goes_by_http(config: SandboxConfig, bot: HttpBot) -> None:
    async with running_sandbox(config, bot=httpx.ASGITransport(app=bot)) as sandbox, streaming(sandbox) as stream:
        await sandbox.dingtalk.says(MANAGER, "待办")
        await sandbox.dingtalk.event("user_leave_org", {"userId": ["x"]})
        assert (len(bot.heard), stream.frames) == (2, [])


# taps


@pytest.fixture
async def registered(dingtalk: DingClient) -> DingClient:
    assert (await dingtalk.call("POST", REGISTER, ROUTE)).status_code == 200
    return dingtalk


async def test_a_tap_goes_to_the_registered_address(sandbox: Sandbox, bot: HttpBot, registered: DingClient) -> None:
    await registered.deliver("a-1", MANAGER, **BY_ROUTE)
    bot.card_reply = {
        "cardUpdateOptions": {"updateCardDataByKey": True},
        "cardData": {"cardParamMap": {"status": "处理中"}},
    }
    await sandbox.dingtalk.taps(MANAGER, "同意", "金额对")
    ((path, data, good),) = bot.heard
    assert (path, good, data["outTrackId"], data["userId"]) == ("card", True, "a-1", MANAGER)
    assert json.loads(data["content"])["cardPrivateData"]["params"] == {"id": "A-7", "text": "金额对"}
    assert "处理中" in sandbox.dingtalk.shown_to(MANAGER)[0]
    await sandbox.dingtalk.taps(MANAGER, "同意", repeat=2)
    assert len(bot.heard) == 3


@pytest.mark.parametrize(
    ("answer", "seconds", "error"),
    [
        pytest.param((200, {}), 0, "", id="no change"),
        pytest.param((200, {}), 0.3, FAILED, id="late"),
        pytest.param((500, {}), 0, FAILED, id="error"),
        pytest.param((200, b"ok"), 0, FAILED, id="no JSON"),
        pytest.param((200, {"cardData": {"cardParamMap": {"n": 1}}}), 0, FAILED, id="no strings"),
    ],
)
async def test_a_tap_is_answered_within_its_time_or_fails(
    sandbox: Sandbox, bot: HttpBot, registered: DingClient, answer: tuple[int, Any], seconds: float, error: str
) -> None:
    await registered.deliver("a-1", MANAGER, **BY_ROUTE)
    bot.answers, bot.seconds = [answer], seconds
    await sandbox.dingtalk.taps(MANAGER, "同意")
    card = sandbox.dingtalk.cards_of(MANAGER)[0]
    assert (card["pending"], card["error"], len(bot.heard)) == (False, error, 1)


async def test_an_answer_in_streams_wrapping_changes_nothing(
    sandbox: Sandbox, bot: HttpBot, registered: DingClient
) -> None:
    await registered.deliver("a-1", MANAGER, **BY_ROUTE)
    bot.card_reply = {"response": {"cardData": {"cardParamMap": {"status": "处理中"}}}}
    await sandbox.dingtalk.taps(MANAGER, "同意")
    assert "处理中" not in sandbox.dingtalk.shown_to(MANAGER)[0]
    assert "response" in sandbox.dingtalk.wire[-1]["note"]


async def test_a_forged_tap_for_tests_of_the_bot(sandbox: Sandbox, bot: HttpBot, registered: DingClient) -> None:
    await registered.deliver("a-1", MANAGER, **BY_ROUTE)
    sandbox.dingtalk.http.forged = True
    await sandbox.dingtalk.taps(MANAGER, "同意")
    assert [good for _, _, good in bot.heard] == [False]


async def test_a_route_keeps_the_query_of_its_address(sandbox: Sandbox, bot: HttpBot, dingtalk: DingClient) -> None:
    route = {**ROUTE, "callbackUrl": "http://bot/dingtalk/card?app=1"}
    await dingtalk.call("POST", REGISTER, route)
    await dingtalk.deliver("a-1", MANAGER, **BY_ROUTE)
    await sandbox.dingtalk.taps(MANAGER, "同意")
    assert bot.queries == [{"app": "1"}]


async def test_without_a_registered_route_a_tap_goes_nowhere(
    sandbox: Sandbox, bot: HttpBot, dingtalk: DingClient
) -> None:
    await dingtalk.deliver("a-1", MANAGER, **BY_ROUTE)
    await sandbox.dingtalk.taps(MANAGER, "同意")
    card = sandbox.dingtalk.cards_of(MANAGER)[0]
    assert (card["pending"], card["error"], bot.heard) == (False, "", [])


async def test_a_route_is_registered_once_and_changed_on_purpose(dingtalk: DingClient) -> None:
    registered = {"callbackUrl": ROUTE["callbackUrl"], "apiSecret": API_SECRET}
    first = await dingtalk.call("POST", REGISTER, ROUTE)
    again = await dingtalk.call("POST", REGISTER, ROUTE)
    assert first.json() == again.json() == {"success": True, "result": registered}
    other = {**ROUTE, "callbackUrl": "http://bot/elsewhere"}
    refused = await dingtalk.call("POST", REGISTER, other)
    assert (refused.status_code, refused.json()["code"]) == (500, "param.callbackRouteKeyExist")
    forced = await dingtalk.call("POST", REGISTER, {**other, "forceUpdate": True})
    assert forced.json()["result"]["callbackUrl"] == "http://bot/elsewhere"


async def test_a_registration_may_answer_the_old_one(config: SandboxConfig) -> None:
    sandbox = Sandbox(dataclasses.replace(config, repeated_route="ignored"))
    async with DingClient(sandbox) as dingtalk:
        await dingtalk.call("POST", REGISTER, ROUTE)
        again = await dingtalk.call("POST", REGISTER, {**ROUTE, "callbackUrl": "http://bot/elsewhere"})
        assert again.json()["result"]["callbackUrl"] == ROUTE["callbackUrl"]
    await sandbox.close()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"callbackRouteKey": ""}, "param.callbackRouteKeyEmpty", id="no key"),
        pytest.param({"callbackUrl": None}, "param.callbackUrlEmpty", id="no address"),
        pytest.param({"callbackUrl": "ftp://bot"}, "param.invalid", id="no web address"),
    ],
)
async def test_a_registration_is_refused(dingtalk: DingClient, changes: dict[str, Any], code: str) -> None:
    answer = await dingtalk.call("POST", REGISTER, {**ROUTE, **changes})
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_routes_outlive_a_restart(config: SandboxConfig, bot: HttpBot, tmp_path: Path) -> None:
    kept = dataclasses.replace(config, data_file=tmp_path / "world.sqlite")
    first = Sandbox(kept, bot=httpx.ASGITransport(app=bot))
    async with DingClient(first) as client:
        await client.call("POST", REGISTER, ROUTE)
        await client.deliver("a-1", FINANCE, **BY_ROUTE)
    await first.close()
    second = Sandbox(kept, bot=httpx.ASGITransport(app=bot))
    await second.dingtalk.taps(FINANCE, "同意")
    assert [(path, good) for path, _, good in bot.heard] == [("card", True)]
    await second.close()


async def test_secrets_do_not_show_on_the_wire(sandbox: Sandbox, registered: DingClient) -> None:
    await sandbox.dingtalk.check_url()
    text = json.dumps(sandbox.dingtalk.wire)
    assert sandbox.config.ding_token not in text
    assert API_SECRET not in text
