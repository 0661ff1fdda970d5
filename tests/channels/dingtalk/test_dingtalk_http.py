"""HTTP mode's receivers on the wire: what is answered to whom, and when (protocols/dingtalk.md 3, 6.6-6.8)."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.channels.asgi import MAX_BODY_BYTES
from bot.channels.dingtalk.crypto import EventCrypto, card_sign, robot_sign
from bot.channels.dingtalk.events import http_event
from bot.channels.dingtalk.http import CARD_PATH, EVENT_PATH, ROBOT_PATH, DingTalkCallbacks, HttpTiming
from bot.errors import BadInput
from bot.messages import Kind
from bot.settings import DingTalkSettings
from tests.channels.dingtalk.gateway import said, tapped
from tests.channels.dingtalk.memory import MemoryQuota
from tests.channels.dingtalk.receiver import Inbox
from tests.channels.dingtalk.test_dingtalk_crypto import C1, C2, C3, C_NONCE, C_RANDOM, C_TIME

SETTINGS = DingTalkSettings(
    enabled=True,
    mode="http",
    client_id="dingexampleappkey01",
    client_secret=SecretStr("this is a secret"),
    corp_id="dingcorp",
    token=SecretStr("tok_sales_bot_01"),
    aes_key=SecretStr("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),
    card_template_id="abc.schema",
    card_secret=SecretStr("card_api_secret_01"),
)
CRYPTO = EventCrypto("tok_sales_bot_01", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "dingexampleappkey01")
SIGNED_AT = datetime.fromtimestamp(1783610513, UTC)  # of vectors C and the card's
ROBOT_VECTOR = {"timestamp": "1577262236757", "sign": "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA="}
CARD_VECTOR = {
    "x-ddpaas-signature-timestamp": "1783610513000",
    "x-ddpaas-signature": "6/QzaNf/MzDSqS3+Xpy8mKyNFKuiYQ41NAffQxGGbTo=",
}
QUICK = HttpTiming(store_within=0.1, store_tap_within=0.1)


def app_for(inbox: Inbox, settings: DingTalkSettings = SETTINGS, **more: Any) -> DingTalkCallbacks:
    more.setdefault("real_now", lambda: SIGNED_AT)
    return DingTalkCallbacks(settings, inbox.accept, urandom=lambda _: C_RANDOM, **more)


def client_of(app: DingTalkCallbacks) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://bot.test")  # type: ignore[arg-type]


@pytest.fixture
async def http(inbox: Inbox) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_for(inbox)) as client:
        yield client


def robot_headers(at: datetime = SIGNED_AT) -> dict[str, str]:
    timestamp = str(int(at.timestamp() * 1000))
    return {"timestamp": timestamp, "sign": robot_sign(timestamp, "this is a secret")}


def card_headers(at: datetime = SIGNED_AT) -> dict[str, str]:
    timestamp = str(int(at.timestamp() * 1000))
    return {
        "x-ddpaas-signature-timestamp": timestamp,
        "x-ddpaas-signature": card_sign(timestamp, "card_api_secret_01"),
    }


def sealed(message: str, *, name: str = "msg_signature") -> tuple[dict[str, str], dict[str, str]]:
    """(query, JSON body) as the platform would post `message`."""
    encrypt = CRYPTO.encrypt(message.encode())
    query = {name: CRYPTO.signature(C_TIME, C_NONCE, encrypt), "timestamp": C_TIME, "nonce": C_NONCE}
    return query, {"encrypt": encrypt}


def vector(encrypt: str, signature: str) -> tuple[dict[str, str], dict[str, str]]:
    return {"signature": signature, "timestamp": C_TIME, "nonce": C_NONCE}, {"encrypt": encrypt}


async def deliver(http: httpx.AsyncClient, path: str, what: str = "m1") -> httpx.Response:
    """One good callback to a path."""
    if path == ROBOT_PATH:
        return await http.post(path, headers=robot_headers(), json=said(msg_id=what))
    if path == CARD_PATH:
        return await http.post(path, headers=card_headers(), json=tapped(visit_no=what))
    query, body = sealed(json.dumps({"EventType": "user_leave_org", "eventId": what}))
    return await http.post(path, params=query, json=body)


each_path = pytest.mark.parametrize("path", [ROBOT_PATH, EVENT_PATH, CARD_PATH])


# -- the vectors of the page --
async def test_the_robot_vector(inbox: Inbox) -> None:
    at = datetime.fromtimestamp(1577262236.757, UTC)
    async with client_of(app_for(inbox, real_now=lambda: at)) as http:
        answer = await http.post(ROBOT_PATH, headers=ROBOT_VECTOR, json=said("客户 绿源", msg_id="m1"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert (inbox.messages["m1"].text, inbox.messages["m1"].app_id) == ("客户 绿源", "dingexampleappkey01")


async def test_the_card_vector(http: httpx.AsyncClient, inbox: Inbox) -> None:
    answer = await http.post(CARD_PATH, headers=CARD_VECTOR, json=tapped(visit_no="BF1"))
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["content-type"].startswith("application/json")
    (message,) = inbox.messages.values()
    assert message.tap is not None
    assert (message.kind, message.tap.params["visit_no"]) == (Kind.TAP, "BF1")
    assert message.message_id.endswith(":1783610513000")


@pytest.mark.parametrize(
    ("settings", "query", "encrypt"),
    [
        pytest.param(
            {
                "client_id": "ding6ccabc44d2c8d38b",
                "token": "mryue",
                "aes_key": "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7",
            },
            {
                "signature": "03044561471240d4a14bb09372dfcfd4fd0e40cb",
                "timestamp": "1608001896814",
                "nonce": "WL4PK6yA",
            },
            "0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxOK+HZeKju4yhELOFc"
            "hzNukR+t8SB/qk4ROMu3",
            id="vector B",
        ),
        pytest.param({}, {"signature": C1[2], "timestamp": C_TIME, "nonce": C_NONCE}, C1[1], id="vector C1"),
    ],
)
async def test_saving_the_address_in_the_console_is_answered_and_not_stored(
    inbox: Inbox, settings: dict[str, str], query: dict[str, str], encrypt: str
) -> None:
    changed = DingTalkSettings.model_validate({**SETTINGS.model_dump(), **settings})
    async with client_of(app_for(inbox, changed)) as http:
        answer = await http.post(EVENT_PATH, params=query, json={"encrypt": encrypt})
    assert answer.status_code == 200
    theirs = EventCrypto(changed.token.get_secret_value(), changed.aes_key.get_secret_value(), changed.client_id)
    told = answer.json()
    opened = theirs.open(
        signature=told["msg_signature"], timestamp=told["timeStamp"], nonce=told["nonce"], encrypt=told["encrypt"]
    )
    assert (opened, told["timeStamp"], told["nonce"]) == (b"success", query["timestamp"], query["nonce"])
    assert inbox.calls == 0


async def test_vector_a_is_genuine_and_no_event(inbox: Inbox) -> None:
    """Its message is the word `success`: opened with the vendor's keys, and then there is nothing to store."""
    keys = {"client_id": "dingsnotzck6pm5veliw", "token": "123456", "aes_key": ("1234567890" * 5)[:43]}
    query = {
        "signature": "9a95a004dd16f5c307e849b994173f76aa26e5eb",
        "timestamp": "1614767836",
        "nonce": "A7Co0cJLMzIDtMMI",
    }
    encrypt = "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA=="
    async with client_of(app_for(inbox, DingTalkSettings.model_validate({**SETTINGS.model_dump(), **keys}))) as http:
        genuine = await http.post(EVENT_PATH, params=query, json={"encrypt": encrypt})
        forged = await http.post(EVENT_PATH, params={**query, "nonce": "x"}, json={"encrypt": encrypt})
    assert (genuine.status_code, forged.status_code, inbox.calls) == (400, 403, 0)


async def test_an_event_is_stored_and_answered_with_the_success_of_vector_c2(
    http: httpx.AsyncClient, inbox: Inbox
) -> None:
    query, body = vector(*C3[1:])
    answer = await http.post(EVENT_PATH, params=query, json=body)
    assert answer.status_code == 200
    assert answer.json() == {"msg_signature": C2[2], "timeStamp": C_TIME, "nonce": C_NONCE, "encrypt": C2[1]}
    message = inbox.messages["evt-0001"]
    assert (message.kind, message.event, message.sender.user_id) == (Kind.EVENT, "bpms_instance_change", "")
    assert (message.fields["processInstanceId"], message.fields["title"]) == ("PI-0001", "合同审批")
    assert message.sent_at == datetime.fromtimestamp(1783610512, UTC)


@pytest.mark.filterwarnings("ignore")  # of an SDK we only use here
async def test_the_other_implementation_posts_and_reads_our_answer(http: httpx.AsyncClient, inbox: Inbox) -> None:
    from dingtalk.crypto import DingTalkCrypto

    theirs = DingTalkCrypto("tok_sales_bot_01", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "dingexampleappkey01")
    posted = theirs.encrypt_message('{"EventType":"user_add_org","eventId":"e9"}', nonce="n", timestamp="1")
    query = {"msg_signature": posted["msg_signature"], "timestamp": "1", "nonce": "n"}
    told = (await http.post(EVENT_PATH, params=query, json={"encrypt": posted["encrypt"]})).json()
    assert "e9" in inbox.messages
    opened = theirs.decrypt_message(
        {"encrypt": told["encrypt"]}, told["msg_signature"], told["timeStamp"], told["nonce"]
    )
    assert opened == "success"


# -- events --
@pytest.mark.parametrize("name", ["signature", "msg_signature"])
async def test_either_name_of_the_signature_will_do(http: httpx.AsyncClient, inbox: Inbox, name: str) -> None:
    query, body = sealed('{"EventType":"x","eventId":"e1"}', name=name)
    assert (await http.post(EVENT_PATH, params=query, json=body)).status_code == 200
    assert list(inbox.messages) == ["e1"]


def test_an_old_event_in_capitals_and_without_an_id() -> None:
    plain = b'{"EventType":"user_leave_org","TimeStamp":"1783610512000","UserId":["u1"],"CorpId":"dingcorp"}'
    message = http_event(plain, app_id="dingapp", received_at=SIGNED_AT)
    assert message.message_id == hashlib.sha256(plain).hexdigest()
    assert (message.event, message.fields["UserId"]) == ("user_leave_org", ["u1"])
    assert message.sent_at == datetime.fromtimestamp(1783610512, UTC)


@pytest.mark.parametrize("spelled", ["EventType", "eventtype", "EVENTTYPE", "eventType"])
def test_the_envelope_is_read_in_any_case(spelled: str) -> None:
    plain = json.dumps({spelled: "Org_Dept_Create", "EVENTID": "e1", "eventtime": 1783610512000}).encode()
    message = http_event(plain, app_id="dingapp", received_at=SIGNED_AT)
    assert (message.message_id, message.event) == ("e1", "org_dept_create")


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_whatever_a_genuine_event_holds_is_a_message_or_bad_input(plain: bytes) -> None:
    with contextlib.suppress(BadInput):
        assert http_event(plain, app_id="dingapp", received_at=SIGNED_AT).message_id


# -- repeats --
@each_path
async def test_a_repeat_changes_nothing_and_is_answered_alike(http: httpx.AsyncClient, inbox: Inbox, path: str) -> None:
    first, again = await deliver(http, path), await deliver(http, path)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert (inbox.calls, len(inbox.messages)) == (2, 1)


async def test_captured_headers_with_the_same_body_change_nothing(http: httpx.AsyncClient, inbox: Inbox) -> None:
    """The signature does not cover the body (3.1): the inbox is the replay cache."""
    headers = robot_headers()
    for _ in range(3):
        assert (await http.post(ROBOT_PATH, headers=headers, json=said(msg_id="m1"))).status_code == 200
    assert len(inbox.messages) == 1


async def test_two_quick_taps_are_one_and_another_button_is_another(http: httpx.AsyncClient, inbox: Inbox) -> None:
    for second, visit_no in ((0, "BF1"), (1, "BF1"), (1, "BF2")):
        headers = card_headers(SIGNED_AT + timedelta(seconds=second))
        await http.post(CARD_PATH, headers=headers, json=tapped(visit_no=visit_no))
    assert [message.tap.params["visit_no"] for message in inbox.messages.values() if message.tap] == ["BF1", "BF2"]


async def test_somebody_of_another_corp_is_nobody(http: httpx.AsyncClient, inbox: Inbox) -> None:
    await http.post(CARD_PATH, headers=card_headers(), json={**tapped(), "corpId": "dingother"})
    assert [message.sender.user_id for message in inbox.messages.values()] == [""]


# -- what is not the platform's --
HOUR = timedelta(hours=1)
A_BIT = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("off", "status"),
    [
        pytest.param(HOUR, 200, id="an hour old"),
        pytest.param(HOUR + A_BIT, 403, id="older"),
        pytest.param(-HOUR, 200, id="an hour ahead"),
        pytest.param(-HOUR - A_BIT, 403, id="further ahead"),
    ],
)
@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        pytest.param(ROBOT_PATH, robot_headers, said(), id="robot"),
        pytest.param(CARD_PATH, card_headers, tapped(), id="card"),
    ],
)
async def test_a_signature_is_good_for_an_hour_both_ways(
    http: httpx.AsyncClient,
    inbox: Inbox,
    path: str,
    headers: Callable[[datetime], dict[str, str]],
    body: dict[str, Any],
    off: timedelta,
    status: int,
) -> None:
    answer = await http.post(path, headers=headers(SIGNED_AT - off), json=body)
    assert (answer.status_code, len(inbox.messages)) == (status, int(status == 200))


def _other(name: str, value: str) -> dict[str, str]:
    return {**robot_headers(), name: value}


def _card(name: str, value: str) -> dict[str, str]:
    return {**card_headers(), f"x-ddpaas-signature{name}": value}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        pytest.param(ROBOT_PATH, {}, id="no headers"),
        pytest.param(ROBOT_PATH, _other("sign", ""), id="no signature"),
        pytest.param(ROBOT_PATH, _other("sign", "x" + robot_headers()["sign"][1:]), id="one character"),
        pytest.param(ROBOT_PATH, _other("sign", robot_headers()["sign"].lower()), id="lower case"),
        pytest.param(ROBOT_PATH, _other("timestamp", "1783610513001"), id="another time"),
        pytest.param(ROBOT_PATH, _other("sign", robot_sign("1783610513000", "another")), id="another app's"),
        pytest.param(
            ROBOT_PATH, {"timestamp": "now", "sign": robot_sign("now", "this is a secret")}, id="time is no number"
        ),
        pytest.param(CARD_PATH, {}, id="tap without headers"),
        pytest.param(CARD_PATH, robot_headers(), id="tap signed like a message"),
        pytest.param(CARD_PATH, _card("", "AAAA"), id="tap with another signature"),
        pytest.param(CARD_PATH, _card("-timestamp", "1783610513001"), id="tap with another time"),
    ],
)
async def test_a_forged_message_or_tap_gets_403_and_nothing_more(
    http: httpx.AsyncClient, inbox: Inbox, path: str, headers: dict[str, str]
) -> None:
    answer = await http.post(path, headers=headers, json=said() if path == ROBOT_PATH else tapped())
    assert (answer.status_code, answer.content, inbox.calls) == (403, b"", 0)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        pytest.param(None, {"encrypt": C3[1]}, id="no query"),
        pytest.param({"signature": C2[2]}, {"encrypt": C3[1]}, id="another one's signature"),
        pytest.param({"timestamp": "1783610513001"}, {"encrypt": C3[1]}, id="another time"),
        pytest.param({"nonce": "nonce"}, {"encrypt": C3[1]}, id="another nonce"),
        pytest.param({"signature": C3[2].upper()}, {"encrypt": C3[1]}, id="upper case"),
        pytest.param({"signature": "签名"}, {"encrypt": C3[1]}, id="not ASCII"),
        pytest.param({}, {}, id="nothing encrypted"),
        pytest.param({}, {"encrypt": None}, id="encrypted null"),
        pytest.param({}, {"encrypt": 5}, id="encrypted number"),
        pytest.param({}, ["encrypt"], id="a list"),
    ],
)
async def test_a_forged_event_gets_403_and_nothing_more(
    http: httpx.AsyncClient, inbox: Inbox, query: dict[str, str] | None, body: object
) -> None:
    good = {"signature": C3[2], "timestamp": C_TIME, "nonce": C_NONCE}
    answer = await http.post(EVENT_PATH, params=None if query is None else {**good, **query}, json=body)
    assert (answer.status_code, answer.content, inbox.calls) == (403, b"", 0)


async def test_another_apps_event_is_refused_although_it_is_signed(http: httpx.AsyncClient, inbox: Inbox) -> None:
    """The owner key is the Client ID; the corpId, which the old registration API uses, is not ours (3.2)."""
    other = EventCrypto("tok_sales_bot_01", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "dingcorp")
    encrypt = other.encrypt(b'{"EventType":"x","eventId":"e1"}')
    query = {"signature": other.signature(C_TIME, C_NONCE, encrypt), "timestamp": C_TIME, "nonce": C_NONCE}
    answer = await http.post(EVENT_PATH, params=query, json={"encrypt": encrypt})
    assert (answer.status_code, inbox.calls) == (403, 0)


async def test_without_a_card_secret_no_tap_is_believed(inbox: Inbox) -> None:
    """Anybody can sign with an empty key."""
    settings = SETTINGS.model_copy(update={"card_secret": SecretStr("")})
    headers = {**CARD_VECTOR, "x-ddpaas-signature": card_sign("1783610513000", "")}
    async with client_of(app_for(inbox, settings)) as http:
        assert (await http.post(CARD_PATH, headers=headers, json=tapped())).status_code == 403
    assert inbox.calls == 0


async def test_nobody_reads_a_secret_in_the_log(http: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await http.post(ROBOT_PATH, headers=_other("sign", "AAAA"), json=said("合同 300 万"))
    assert [(entry["event"], entry["reason"]) for entry in logs] == [("callback refused", "signature")]
    assert "secret" not in str(logs)
    assert "300" not in str(logs)


# -- what is the platform's and still nothing we can read --
@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        pytest.param(ROBOT_PATH, robot_headers(), b"", id="message: empty"),
        pytest.param(ROBOT_PATH, robot_headers(), b"{", id="message: half"),
        pytest.param(ROBOT_PATH, robot_headers(), b"[1]", id="message: a list"),
        pytest.param(ROBOT_PATH, robot_headers(), b'{"msgtype":"text"}', id="message: no msgId"),
        pytest.param(ROBOT_PATH, robot_headers(), b"\xff\xfe{}", id="message: not UTF-8"),
        pytest.param(ROBOT_PATH, robot_headers(), b"[" * 100_000, id="message: deep"),
        pytest.param(CARD_PATH, card_headers(), b"{}", id="tap: on no card"),
        pytest.param(CARD_PATH, card_headers(), b"no", id="tap: not JSON"),
        pytest.param(CARD_PATH, card_headers(), b'{"type":"dynamicDataCallback"}', id="tap: none"),
    ],
)
async def test_a_genuine_callback_that_cannot_be_read_is_a_400(
    http: httpx.AsyncClient, inbox: Inbox, path: str, headers: dict[str, str], body: bytes
) -> None:
    answer = await http.post(path, headers=headers, content=body)
    assert (answer.status_code, answer.content, inbox.calls) == (400, b"", 0)


@pytest.mark.parametrize("plain", ["no JSON", "[]", "5"])
async def test_a_genuine_event_that_cannot_be_read_is_a_400(http: httpx.AsyncClient, inbox: Inbox, plain: str) -> None:
    query, body = sealed(plain)
    assert (await http.post(EVENT_PATH, params=query, json=body)).status_code == 400
    assert inbox.calls == 0


@each_path
async def test_other_methods_and_oversized_bodies(http: httpx.AsyncClient, inbox: Inbox, path: str) -> None:
    assert (await http.get(path)).status_code == 405
    assert (await http.post(path, content=b"x" * (MAX_BODY_BYTES + 1))).status_code == 413
    assert (await http.post("/dingtalk/other")).status_code == 404
    assert inbox.calls == 0


async def test_a_caller_who_hangs_up_leaves_nothing(inbox: Inbox) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        raise AssertionError(event)

    scope = {"type": "http", "method": "POST", "path": ROBOT_PATH, "query_string": b"", "headers": []}
    await app_for(inbox)(scope, receive, send)
    assert inbox.calls == 0


# -- a slow or broken store --
@each_path
async def test_the_answer_waits_for_the_commit(path: str) -> None:
    class Slow(Inbox):
        committed = asyncio.Event()

        async def accept(self, message: Any) -> bool:
            await self.committed.wait()
            return await super().accept(message)

    inbox = Slow()
    async with client_of(app_for(inbox)) as http:
        answering = asyncio.create_task(deliver(http, path))
        await asyncio.sleep(0.05)
        assert not answering.done()
        inbox.committed.set()
        assert (await answering).status_code == 200
    assert len(inbox.messages) == 1


@each_path
async def test_a_store_that_fails_makes_the_platform_post_again(
    http: httpx.AsyncClient, inbox: Inbox, path: str
) -> None:
    inbox.broken = True
    answer = await deliver(http, path)
    assert (answer.status_code, answer.content) == (500, b"")
    inbox.broken = False
    assert (await deliver(http, path)).status_code == 200
    assert len(inbox.messages) == 1


@each_path
async def test_the_answer_never_waits_for_a_slow_store(inbox: Inbox, path: str) -> None:
    inbox.seconds = 0.3
    app = app_for(inbox, timing=QUICK)
    async with client_of(app) as http:
        began = time.monotonic()
        assert (await deliver(http, path)).status_code == 500
        assert time.monotonic() - began < 0.25
        await app.close()  # what was begun is finished, for the inbox is unique
        inbox.seconds = 0
        assert (await deliver(http, path)).status_code == 200
    assert len(inbox.messages) == 1


def test_the_deadlines_leave_time_to_answer() -> None:
    timing = HttpTiming()
    assert timing.store_within < 2.5
    assert timing.store_tap_within < 2.0


async def test_a_flood_is_bounded(inbox: Inbox) -> None:
    inbox.seconds = 0.05
    async with client_of(app_for(inbox, timing=HttpTiming(store_within=60))) as http:
        answers = await asyncio.gather(*(deliver(http, ROBOT_PATH, f"m{n}") for n in range(600)))
    assert {answer.status_code for answer in answers} == {200}
    assert (inbox.most_at_once, len(inbox.messages)) == (256, 600)


# -- counted --
async def test_pushes_are_counted_like_those_of_stream(inbox: Inbox) -> None:
    quota = MemoryQuota()
    app = app_for(inbox, quota=quota)
    async with client_of(app) as http:
        await deliver(http, ROBOT_PATH)
        await deliver(http, CARD_PATH)
        await deliver(http, EVENT_PATH)  # somebody left: exempt
        query, body = vector(*C3[1:])
        await http.post(EVENT_PATH, params=query, json=body)
        query, body = vector(*C1[1:])
        await http.post(EVENT_PATH, params=query, json=body)
        await http.post(ROBOT_PATH, json=said())
        await app.close()
    assert quota.counts == {"dingtalk:push": 3}


async def test_outcomes_are_counted_for_the_metrics(http: httpx.AsyncClient, inbox: Inbox) -> None:
    def seen() -> list[float]:
        samples = ({"channel": "dingtalk", "outcome": name} for name in ("stored", "known", "refused", "put_off"))
        return [REGISTRY.get_sample_value("salesbot_callbacks_total", labels) or 0 for labels in samples]

    before = seen()
    await deliver(http, ROBOT_PATH)
    await deliver(http, ROBOT_PATH)
    await http.post(ROBOT_PATH, json=said())
    inbox.broken = True
    await deliver(http, ROBOT_PATH)
    assert [now - then for now, then in zip(seen(), before, strict=True)] == [1, 1, 1, 1]
