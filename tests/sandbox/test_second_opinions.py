"""Clients that others wrote, against the sandbox.

wechatpy; the official DingTalk Stream client, as a process; dingtalk-sdk's crypto for events over HTTP.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
import requests
from dingtalk.crypto import DingTalkCrypto
from starlette.types import Receive, Scope, Send
from wechatpy.enterprise import WeChatClient, create_reply, parse_message
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException

from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import SandboxConfig
from tests.sandbox.bots import DingClient


class WechatpyBot:
    """Answers every text in kind, with wechatpy's crypto, parser and replies."""

    def __init__(self, config: SandboxConfig) -> None:
        self.crypto = WeChatCrypto(config.wecom_token, config.wecom_aes_key, config.corp_id)
        self.heard: list[object] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        keys = query["msg_signature"], query["timestamp"], query["nonce"]
        if scope["method"] == "GET":
            out = self.crypto.check_signature(*keys, query["echostr"])
        else:
            plain = self.crypto.decrypt_message((await receive())["body"], *keys)
            self.heard.append(parse_message(plain))
            reply = create_reply("收到", self.heard[-1]).render()
            out = self.crypto.encrypt_message(reply, query["nonce"], query["timestamp"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": out.encode() if isinstance(out, str) else out})


async def test_wechatpy_reads_our_callbacks_and_we_read_its_replies(config: SandboxConfig) -> None:
    bot = WechatpyBot(config)
    sandbox = Sandbox(config, bot=httpx.ASGITransport(app=bot))
    assert await sandbox.wecom.verify_url()
    await sandbox.wecom.says("lilei", "拜访 ]]> 星河 😀")
    assert bot.heard[0].content == "拜访 ]]> 星河 😀"  # type: ignore[attr-defined]
    await sandbox.wecom.sends_location("lilei", 31.2, 121.4, "人民广场")
    assert bot.heard[1].location == ("31.2", "121.4")  # type: ignore[attr-defined]
    assert sandbox.wecom.shown_to("lilei") == ["收到", "收到"]
    await sandbox.close()


class DingtalkSdkBot:
    """Takes events in HTTP mode with dingtalk-sdk's crypto.

    Console events end with the Client ID; the package's own client would take the corpId (dingtalk.md 11.1).
    """

    def __init__(self, config: SandboxConfig) -> None:
        self.crypto = DingTalkCrypto(config.ding_token, config.ding_aes_key, config.ding_client_id)
        self.heard: list[dict[str, object]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        keys = query["msg_signature"], query["timestamp"], query["nonce"]
        plain = self.crypto.decrypt_message((await receive())["body"], *keys)
        self.heard.append(json.loads(plain))
        answer = json.dumps(self.crypto.encrypt_message("success")).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer})


async def test_dingtalk_sdk_reads_our_events_and_we_read_its_answers(config: SandboxConfig) -> None:
    by_http = dataclasses.replace(config, ding_mode="http")
    bot = DingtalkSdkBot(by_http)
    sandbox = Sandbox(by_http, bot=httpx.ASGITransport(app=bot))
    assert await sandbox.dingtalk.check_url()
    await sandbox.dingtalk.event("bpms_instance_change", {"title": "合同审批 😀", "type": "start"}, "evt-1")
    assert [event["EventType"] for event in bot.heard] == ["check_url", "bpms_instance_change"]
    assert (bot.heard[1]["title"], bot.heard[1]["eventId"]) == ("合同审批 😀", "evt-1")
    await sandbox.close()


@pytest.fixture
async def running(config: SandboxConfig) -> AsyncIterator[Sandbox]:
    async with running_sandbox(config) as sandbox:
        yield sandbox


async def test_wechatpy_talks_to_us(running: Sandbox, tmp_path: Path) -> None:
    picture = tmp_path / "photo.jpg"
    picture.write_bytes(b"\xff\xd8\xff a picture")

    def talk() -> None:
        token, _ = running.wecom.tokens.issue()
        client = WeChatClient(running.config.corp_id, running.config.wecom_secret, token, auto_retry=False)
        client.API_BASE_URL = f"{running.url}/cgi-bin/"
        with requests.Session() as session, picture.open("rb") as file:
            client._http = session
            agent = running.config.agent_id
            assert client.message.send_text(agent, "lilei", "早")["errcode"] == 0
            media = client.media.upload("image", file)["media_id"]
            client.message.send_image(agent, ["lilei"], media)
            client.menu.create(agent, {"button": [{"type": "click", "name": "客户", "key": "k"}]})
            assert client.user.get("lilei")["name"] == "李雷"
            with pytest.raises(WeChatClientException) as refused:
                client.message.send_text(agent + 1, "lilei", "早")
            assert refused.value.errcode == 301002

    await asyncio.to_thread(talk)
    assert running.wecom.shown_to("lilei") == ["早", "[图片] photo.jpg"]


_OFFICIAL = """
import sys, dingtalk_stream as ding
from dingtalk_stream import AckMessage
class Chat(ding.ChatbotHandler):
    async def process(self, callback):
        message = ding.ChatbotMessage.from_dict(callback.data)
        self.reply_markdown("答", "听见：" + message.text.content.strip(), message)
        return AckMessage.STATUS_OK, "OK"
class Card(ding.CallbackHandler):
    async def process(self, callback):
        tap = ding.CardCallbackMessage.from_dict(callback.data)
        status = tap.user_id + " " + tap.content["cardPrivateData"]["actionIds"][0]
        return AckMessage.STATUS_OK, {"cardUpdateOptions": {"updateCardDataByKey": True},
                                      "cardData": {"cardParamMap": {"status": status}}}
class Events(ding.EventHandler):
    async def process(self, event):
        return AckMessage.STATUS_OK, "OK"
client = ding.DingTalkStreamClient(ding.Credential(sys.argv[1], sys.argv[2]))
client.register_all_event_handler(Events())
client.register_callback_handler(ding.ChatbotMessage.TOPIC, Chat())
client.register_callback_handler("/v1.0/card/instances/callback", Card())
client.start_forever()
"""


async def test_the_official_stream_client_is_served(config: SandboxConfig) -> None:
    patient = dataclasses.replace(config, redelivery_seconds=20, card_timeout_seconds=2, event_timeout_seconds=3)
    async with running_sandbox(patient) as sandbox, DingClient(sandbox, sandbox.url) as api:
        client = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", _OFFICIAL, patient.ding_client_id, patient.ding_client_secret),
            env={**os.environ, "DINGTALK_OPENAPI_ENDPOINT": sandbox.url, "NO_PROXY": "*"},
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(60):
                await sandbox.dingtalk.connected()
            assert (await sandbox.dingtalk.says("manager01", "待办")).state == "sent"
            assert sandbox.dingtalk.shown_to("manager01") == ["听见：待办"]
            await api.deliver("a-1", "manager01")
            await sandbox.dingtalk.taps("manager01", "同意")
            assert "manager01 同意" in sandbox.dingtalk.shown_to("manager01")[-1]
            before = time.monotonic()
            await sandbox.dingtalk.event("user_leave_org", {"userId": ["x"]})
            assert time.monotonic() - before < 3
        finally:
            client.kill()
            await client.wait()
