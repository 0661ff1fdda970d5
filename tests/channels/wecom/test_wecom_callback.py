"""The callback route on the wire: what is answered to whom, and when."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from bot.channels.asgi import MAX_BODY_BYTES
from bot.channels.wecom.callback import Query, WeComCallback
from bot.channels.wecom.crypto import KeySet
from bot.errors import ChannelUnavailable, SettingsError
from bot.messages import InboundMessage
from bot.settings import WeComSettings
from tests.channels.wecom.wecom_stand_in import SETTINGS
from tests.channels.wecom.wecom_vectors import V1, V1_XML, V2

NEW_KEYS = {"token": "NewToken", "encoding_aes_key": "N" * 42 + "A"}
V1_QUERY = {
    "msg_signature": "d91c9ad8bebf4ae106ee1a7a4adbecb36386dd42",
    "timestamp": "1700000000",
    "nonce": "1597531486",
}
V2_QUERY = {
    "msg_signature": "0da8c55030d44cdc7518b35906da4d0991b832b9",
    "timestamp": "1700000001",
    "nonce": "263014780",
}


class Inbox:
    """Stores, or cannot."""

    def __init__(self) -> None:
        self.messages: list[InboundMessage] = []
        self.broken = False

    async def accept(self, message: InboundMessage) -> bool:
        if self.broken:
            raise ChannelUnavailable("no database")
        self.messages.append(message)
        return True


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def client(inbox: Inbox, settings: WeComSettings = SETTINGS, *, now: float = 1_700_000_000) -> httpx.AsyncClient:
    app = WeComCallback(settings, inbox.accept, now=lambda: now)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://bot.test")  # type: ignore[arg-type]


def envelope(encrypted: str) -> bytes:
    return (
        f"<xml><ToUserName><![CDATA[x]]></ToUserName><AgentID><![CDATA[1000002]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    ).encode()


def url(query: dict[str, str]) -> str:
    return "/wecom/callback?" + urlencode(query, quote_via=quote)


def signed(xml: str, settings: WeComSettings = SETTINGS, *, timestamp: str = "1700000000") -> tuple[str, bytes]:
    """(URL, body) as the platform would post `xml` now."""
    keys = KeySet(settings.token.get_secret_value(), settings.encoding_aes_key.get_secret_value(), settings.corp_id)
    encrypted = keys.seal(xml.encode())
    query = {"msg_signature": keys.signature(timestamp, "n", encrypted), "timestamp": timestamp, "nonce": "n"}
    return url(query), envelope(encrypted)


async def test_url_verification_answers_the_plain_echo(inbox: Inbox) -> None:
    answer = await client(inbox).get(url({**V2_QUERY, "echostr": V2}))
    assert (answer.status_code, answer.content) == (200, b"7301234567890123456")


async def test_a_plus_that_was_not_percent_encoded_stays_a_plus(inbox: Inbox) -> None:
    keys = KeySet("QDG6eK9chatopsTok", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", SETTINGS.corp_id)
    echo = next(sealed for sealed in (keys.seal(b"123") for _ in range(1000)) if "+" in sealed)
    query = f"msg_signature={keys.signature('1', '2', echo)}&timestamp=1&nonce=2&echostr={echo}"
    answer = await client(inbox).get(f"/wecom/callback?{query}")
    assert answer.content == b"123"


def test_the_query_is_decoded_exactly_once() -> None:
    assert Query.parse(b"echostr=a%252Bb%2B%2F%3D&nonce=1+1").echostr == "a%2Bb+/="


async def test_a_message_is_stored_and_answered_with_nothing(inbox: Inbox) -> None:
    answer = await client(inbox).post(url(V1_QUERY), content=envelope(V1))
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    (message,) = inbox.messages
    assert (message.message_id, message.text, message.app_id) == ("7301234567890123456", "查客户 ACME", "1000002")


async def test_the_answer_waits_for_the_commit() -> None:
    committed = asyncio.Event()
    sent: list[Any] = []

    async def accept(message: InboundMessage) -> bool:
        await committed.wait()
        return True

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": envelope(V1)}

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {"type": "http", "method": "POST", "path": "/wecom/callback", "query_string": urlencode(V1_QUERY).encode()}
    answering = asyncio.create_task(WeComCallback(SETTINGS, accept)(scope, receive, send))
    await asyncio.sleep(0.02)
    assert sent == []
    committed.set()
    await answering
    assert sent[0]["status"] == 200


async def test_a_store_that_fails_makes_the_platform_post_again(inbox: Inbox) -> None:
    inbox.broken = True
    answer = await client(inbox).post(url(V1_QUERY), content=envelope(V1))
    assert (answer.status_code, answer.content) == (500, b"")
    inbox.broken = False
    assert (await client(inbox).post(url(V1_QUERY), content=envelope(V1))).status_code == 200


def _with(name: str, value: str) -> dict[str, str]:
    return {**V1_QUERY, name: value}


@pytest.mark.parametrize(
    ("query", "body"),
    [
        pytest.param(_with("msg_signature", "e91c" + V1_QUERY["msg_signature"][4:]), envelope(V1), id="one nibble"),
        pytest.param(_with("msg_signature", V1_QUERY["msg_signature"].upper()), envelope(V1), id="upper-case"),
        pytest.param(_with("msg_signature", ""), envelope(V1), id="no signature"),
        pytest.param(_with("msg_signature", "签名"), envelope(V1), id="not ASCII"),
        pytest.param(_with("timestamp", "1700000001"), envelope(V1), id="other time"),
        pytest.param(_with("nonce", "1"), envelope(V1), id="other nonce"),
        pytest.param({}, envelope(V1), id="no query"),
        pytest.param(V1_QUERY, envelope(V2), id="other contents"),
        pytest.param(V1_QUERY, b"", id="empty body"),
        pytest.param(V1_QUERY, b"<xml><Encrypt>", id="half a body"),
        pytest.param(V1_QUERY, b"<xml></xml>", id="no Encrypt"),
        pytest.param(V1_QUERY, b'{"encrypt":"x"}', id="JSON"),
        pytest.param(V1_QUERY, b"<a>" * 5000 + b"</a>" * 5000, id="deep"),
        pytest.param(
            V1_QUERY,
            b'<!DOCTYPE xml [<!ENTITY e "' + V1.encode() + b'">]><xml><Encrypt>&e;</Encrypt></xml>',
            id="entity",
        ),
        pytest.param(V1_QUERY, b'<!DOCTYPE xml SYSTEM "file:///etc/passwd">' + envelope(V1), id="DTD"),
    ],
)
async def test_forgeries_get_a_bare_403(inbox: Inbox, query: dict[str, str], body: bytes) -> None:
    answer = await client(inbox).post(url(query), content=body)
    assert (answer.status_code, answer.content, inbox.messages) == (403, b"", [])


async def test_a_forged_url_check_gets_a_bare_403(inbox: Inbox) -> None:
    for query in ({}, {**V2_QUERY, "echostr": V1}, {**V2_QUERY, "echostr": ""}):
        answer = await client(inbox).get(url(query))
        assert (answer.status_code, answer.content) == (403, b"")


async def test_another_corps_message_is_refused(inbox: Inbox) -> None:
    other = SETTINGS.model_copy(update={"corp_id": "ww9999999999999999"})
    assert (await client(inbox, other).post(url(V1_QUERY), content=envelope(V1))).status_code == 403


async def test_a_dtd_inside_is_refused_but_people_may_write_about_one(inbox: Inbox) -> None:
    where, body = signed('<!DOCTYPE xml [<!ENTITY e "x">]><xml><MsgType>text</MsgType></xml>')
    assert (await client(inbox).post(where, content=body)).status_code == 403
    where, body = signed(V1_XML.replace("查客户 ACME", "<!DOCTYPE html>"))
    assert (await client(inbox).post(where, content=body)).status_code == 200
    assert inbox.messages[0].text == "<!DOCTYPE html>"


async def test_both_key_sets_are_good_while_they_are_changed(inbox: Inbox) -> None:
    rotating = WeComSettings.model_validate(
        {
            **SETTINGS.model_dump(),
            **NEW_KEYS,
            "token_previous": SETTINGS.token,
            "encoding_aes_key_previous": SETTINGS.encoding_aes_key,
        }
    )
    bot = client(inbox, rotating)
    assert (await bot.post(url(V1_QUERY), content=envelope(V1))).status_code == 200
    where, body = signed(V1_XML, rotating)
    assert (await bot.post(where, content=body)).status_code == 200
    assert (await bot.get(url({**V2_QUERY, "echostr": V2}))).status_code == 200
    where, body = signed(V1_XML, SETTINGS.model_copy(update={"token": rotating.token}))
    assert (await bot.post(where, content=body)).status_code == 403  # new token with the old key: nobody's pair


async def test_the_old_key_is_found_when_the_token_stayed_the_same(inbox: Inbox) -> None:
    rotating = WeComSettings.model_validate(
        {
            **SETTINGS.model_dump(),
            "encoding_aes_key": NEW_KEYS["encoding_aes_key"],
            "token_previous": SETTINGS.token,
            "encoding_aes_key_previous": SETTINGS.encoding_aes_key,
        }
    )
    assert (await client(inbox, rotating).post(url(V1_QUERY), content=envelope(V1))).status_code == 200


@pytest.mark.parametrize(
    ("age", "limit", "status"),
    [
        pytest.param(3600, 3600, 200, id="on the limit"),
        pytest.param(3601, 3600, 403, id="a second over"),
        pytest.param(-120, 3600, 200, id="their clock is ahead"),
        pytest.param(10**9, 0, 200, id="no limit"),
    ],
)
async def test_age_of_posts(inbox: Inbox, age: int, limit: int, status: int) -> None:
    settings = SETTINGS.model_copy(update={"max_callback_age_seconds": limit})
    bot = client(inbox, settings, now=1_700_000_000 + age)
    assert (await bot.post(url(V1_QUERY), content=envelope(V1))).status_code == status


async def test_url_verification_has_no_age(inbox: Inbox) -> None:
    settings = SETTINGS.model_copy(update={"max_callback_age_seconds": 1})
    assert (await client(inbox, settings, now=2e9).get(url({**V2_QUERY, "echostr": V2}))).status_code == 200


async def test_other_paths_methods_and_sizes(inbox: Inbox) -> None:
    bot = client(inbox)
    assert (await bot.get("/wecom/other")).status_code == 404
    assert (await bot.put("/wecom/callback")).status_code == 405
    assert (await bot.post(url(V1_QUERY), content=b"x" * (MAX_BODY_BYTES + 1))).status_code == 413


async def test_a_body_in_pieces_is_read_to_its_end_and_no_further_than_the_cap(inbox: Inbox) -> None:
    body, sent = envelope(V1), []
    scope = {"type": "http", "method": "POST", "path": "/wecom/callback", "query_string": urlencode(V1_QUERY).encode()}
    parts = iter([body[:100], body[100:]])

    async def receive() -> dict[str, Any]:
        part = next(parts, b"")
        return {"type": "http.request", "body": part, "more_body": part == body[:100]}

    async def endless() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 300_000, "more_body": True}

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        sent.append(event)

    app = WeComCallback(SETTINGS, inbox.accept)
    await app(scope, receive, send)
    await app(scope, endless, send)
    await app(scope, gone, send)
    assert [event["status"] for event in sent if "status" in event] == [200, 413]


async def test_refusals_are_counted_by_reason(inbox: Inbox) -> None:
    app = WeComCallback(SETTINGS, inbox.accept)
    bot = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://bot.test")  # type: ignore[arg-type]
    for _ in range(3):
        await bot.post(url(_with("nonce", "x")), content=envelope(V1))
    assert app.refused == {"signature": 3}


def test_keys_that_cannot_work_stop_the_start(inbox: Inbox) -> None:
    with pytest.raises(SettingsError, match="Token"):
        WeComCallback(WeComSettings(encoding_aes_key=SETTINGS.encoding_aes_key), inbox.accept)
