"""HTTP mode through the whole process: front door, receivers, a real inbox, readiness, a stop that loses nothing."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.channels.dingtalk.crypto import EventCrypto, card_sign, robot_sign
from bot.doctor import examine
from bot.main import Application, application, running
from bot.serving import asgi, publish_card_route
from bot.settings import DatabaseSettings, DingTalkSettings, ServerSettings, Settings

TOKEN, AES_KEY = "tok_sales_bot_01", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
DINGTALK = DingTalkSettings(
    enabled=True,
    mode="http",
    client_id="dingapp",
    client_secret=SecretStr("secret"),
    api_base="http://127.0.0.1:1",
    oapi_base="http://127.0.0.1:1",
    token=SecretStr(TOKEN),
    aes_key=SecretStr(AES_KEY),
    card_template_id="abc.schema",
    card_secret=SecretStr("card_api_secret_01"),
)


def settings_for(database_url: str, dingtalk: DingTalkSettings = DINGTALK) -> Settings:
    return Settings(
        database=DatabaseSettings(url=SecretStr(database_url)),
        server=ServerSettings(public_url="https://bot.example.com"),
        dingtalk=dingtalk,
    )


@asynccontextmanager
async def serving(
    database_url: str, dingtalk: DingTalkSettings = DINGTALK
) -> AsyncIterator[tuple[Application, httpx.AsyncClient]]:
    """A process that receives and does no work."""
    async with application(settings_for(database_url, dingtalk)) as app, running(app, worker=False, scheduler=False):
        transport = httpx.ASGITransport(app=asgi(app))
        async with httpx.AsyncClient(transport=transport, base_url="https://bot.example.com") as http:
            yield app, http


async def _rows(app: Application, query: str) -> list[tuple[Any, ...]]:
    async with app.database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


def _callbacks() -> list[dict[str, Any]]:
    """A message, an event and a tap, as the platform would post them now."""
    now = str(int(time.time() * 1000))
    said = {
        "msgId": "m1",
        "msgtype": "text",
        "conversationType": "1",
        "senderStaffId": "u1",
        "text": {"content": "帮助"},
    }
    crypto = EventCrypto(TOKEN, AES_KEY, "dingapp")
    encrypt = crypto.encrypt(b'{"EventType":"bpms_instance_change","eventId":"e1","processCode":"PROC-1"}')
    content = {"cardPrivateData": {"actionIds": ["visit.confirm"], "params": {"visit_no": "BF1"}}}
    tapped = {"type": "actionCallback", "outTrackId": "card-1", "userId": "u1", "content": json.dumps(content)}
    return [
        {
            "url": "/dingtalk/robot",
            "headers": {"timestamp": now, "sign": robot_sign(now, "secret")},
            "json": {**said, "text": {"content": "帮助"}},
        },
        {
            "url": "/dingtalk/callback",
            "params": {"signature": crypto.signature(now, "n", encrypt), "timestamp": now, "nonce": "n"},
            "json": {"encrypt": encrypt},
        },
        {
            "url": "/dingtalk/card",
            "headers": {
                "x-ddpaas-signature-timestamp": now,
                "x-ddpaas-signature": card_sign(now, "card_api_secret_01"),
            },
            "json": tapped,
        },
    ]


async def test_everything_posted_is_in_the_inbox_once_before_the_answer(database_url: str) -> None:
    posted = _callbacks()
    async with serving(database_url) as (app, http):
        for number, callback in enumerate(posted, start=1):
            for _ in range(2):
                assert (await http.post(**callback)).status_code == 200
                assert await _rows(app, "SELECT count(*) FROM inbox") == [(number,)]
        kinds = await _rows(app, "SELECT DISTINCT channel, app_id FROM inbox")
        assert [tuple(map(str, row)) for row in kinds] == [("dingtalk", "dingapp")]
        ready = (await http.get("/readyz")).json()
    assert (ready["ready"], ready["parts"]["dingtalk"]) == (True, "ok")


async def test_a_forged_post_is_turned_away_at_the_front_door(database_url: str) -> None:
    async with serving(database_url) as (app, http):
        for callback in _callbacks():
            bare = {"url": callback["url"], "json": callback["json"]}
            assert (await http.post(**bare)).status_code == 403
        assert await _rows(app, "SELECT count(*) FROM inbox") == [(0,)]


async def test_pushes_are_counted_when_the_process_has_stopped(database_url: str) -> None:
    async with serving(database_url) as (_, http):
        for callback in _callbacks():
            await http.post(**callback)
    async with serving(database_url) as (app, _):
        state = await app.channels["dingtalk"].quota_state()  # type: ignore[index,attr-defined]
    assert state.push_used == 3


async def test_a_route_that_cannot_be_registered_now_is_a_warning(database_url: str) -> None:
    async with serving(database_url) as (app, _):
        with capture_logs() as logs:
            await publish_card_route(app)
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["card_route.not_published"]
    assert "card_api_secret_01" not in str(logs)


async def test_doctor_tells_the_addresses_for_the_console(database_url: str) -> None:
    findings = {what: (good, sentence) for what, good, sentence in await examine(settings_for(database_url))}
    good, sentence = findings["钉钉回调地址"]
    assert good
    assert "https://bot.example.com/dingtalk/robot" in sentence
    assert "https://bot.example.com/dingtalk/callback" in sentence
    assert findings["钉钉卡片回调"][0] is False  # nobody answers at api_base


@pytest.mark.parametrize("path", ["/dingtalk/robot", "/dingtalk/callback", "/dingtalk/card"])
async def test_stream_mode_answers_at_none_of_these_addresses(database_url: str, path: str) -> None:
    stream = DINGTALK.model_copy(update={"enabled": False, "mode": "stream"})
    async with serving(database_url, stream) as (app, http):
        assert app.dingtalk_callbacks is None
        assert (await http.post(path, json={})).status_code == 404
