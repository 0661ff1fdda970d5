"""The second reader may fill the typed record and nothing else; whatever goes wrong, the rules' reading stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from bot.connectors.ai import Candidate, ChatReader, checked
from bot.settings import AiSettings

THURSDAY = date(2026, 2, 12)
TEXT = "刚跟王姐聊过，乐沁在抢，她说两千块的水先来一批，下周三去"
OFFERED = (Candidate("KH0117", "绿源超市(滨江店)", ("王红", "孙丽")),)
GOOD: dict[str, Any] = {
    "is_visit": True,
    "customer_no": "KH0117",
    "contact": "王姐",
    "amount_yuan": 2000,
    "intent": "高",
    "next_follow_up": "2026-02-18",
    "visit_kind": "微信",
    "visit_date": "2026-02-12",
    "competitor": "乐沁",
    "summary": "先来一批水",
    "met": True,
}


def test_a_good_answer_is_a_reading() -> None:
    reading = checked(GOOD, text=TEXT, today=THURSDAY, candidates=OFFERED)
    assert reading is not None
    assert (reading.customer_no, reading.contact, reading.amount_yuan) == ("KH0117", "王姐", 2000)
    assert (reading.next_follow_up, reading.competitor) == (date(2026, 2, 18), "乐沁")


@pytest.mark.parametrize(
    ("field", "value", "attribute"),
    [
        pytest.param("customer_no", "KH0999", "customer_no", id="not among the candidates"),
        pytest.param("contact", "李四", "contact", id="a person nobody mentioned"),
        pytest.param("competitor", "别家", "competitor", id="a brand nobody mentioned"),
        pytest.param("amount_yuan", -5, "amount_yuan", id="negative"),
        pytest.param("amount_yuan", 10**12, "amount_yuan", id="beyond reason"),
        pytest.param("amount_yuan", True, "amount_yuan", id="no number"),
        pytest.param("amount_yuan", "两千", "amount_yuan", id="words"),
        pytest.param("amount_yuan", float("nan"), "amount_yuan", id="not a number"),
        pytest.param("intent", "很高", "intent", id="unknown grade"),
        pytest.param("visit_kind", "飞鸽传书", "visit_kind", id="unknown kind"),
        pytest.param("next_follow_up", "2026-02-30", "next_follow_up", id="no such day"),
        pytest.param("next_follow_up", "2026-02-01", "next_follow_up", id="a promise in the past"),
        pytest.param("next_follow_up", "2099-01-01", "next_follow_up", id="a promise for the grandchildren"),
    ],
)
def test_impossible_values_are_dropped(field: str, value: object, attribute: str) -> None:
    reading = checked({**GOOD, field: value, "unknown": "x"}, text=TEXT, today=THURSDAY, candidates=OFFERED)
    assert reading is not None
    assert getattr(reading, attribute) is None
    assert reading.intent == (None if field == "intent" else "高")


@pytest.mark.parametrize("answer", [None, [], "x", {}, {**GOOD, "is_visit": False}, {**GOOD, "is_visit": "yes"}])
def test_no_visit_is_no_reading(answer: object) -> None:
    assert checked(answer, text=TEXT, today=THURSDAY, candidates=OFFERED) is None


def _reader(answer: Callable[[httpx.Request], httpx.Response], **settings: Any) -> ChatReader:
    options = {"enabled": True, "base_url": "http://ai.test/v1", "model": "m", "api_key": "k", **settings}
    return ChatReader(AiSettings(**options), httpx.AsyncClient(transport=httpx.MockTransport(answer)))


def _said(content: str) -> httpx.Response:
    return httpx.Response(200, json={"choices": [{"message": {"role": "assistant", "content": content}}]})


async def test_the_wire_is_openais() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return _said(f"```json\n{json.dumps(GOOD)}\n```")

    reading = await _reader(answer).read(TEXT, today=THURSDAY, candidates=OFFERED)
    assert reading is not None
    (request,) = asked
    assert request.url == "http://ai.test/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer k"
    body = json.loads(request.content)
    assert body["model"] == "m"
    assert "KH0117 绿源超市(滨江店)" in body["messages"][1]["content"]
    assert "2026-02-12（周四）" in body["messages"][0]["content"]


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(httpx.Response(500), id="server error"),
        pytest.param(httpx.Response(401, json={"error": {}}), id="wrong key"),
        pytest.param(httpx.Response(200, text="<html>"), id="not JSON"),
        pytest.param(httpx.Response(200, json={"choices": []}), id="no choice"),
        pytest.param(httpx.Response(200, json=[]), id="a list"),
        pytest.param(_said("我不知道"), id="prose"),
        pytest.param(_said("{broken"), id="broken JSON"),
    ],
)
async def test_any_failure_falls_back_silently(response: httpx.Response) -> None:
    assert await _reader(lambda request: response).read(TEXT, today=THURSDAY, candidates=OFFERED) is None


async def test_it_is_given_up_in_time() -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        import asyncio

        await asyncio.sleep(30)
        return _said("{}")

    settings = AiSettings(enabled=True, base_url="http://ai.test", model="m", timeout_seconds=0.05)
    reader = ChatReader(settings, httpx.AsyncClient(transport=httpx.MockTransport(never)))
    assert await reader.read(TEXT, today=THURSDAY, candidates=OFFERED) is None
