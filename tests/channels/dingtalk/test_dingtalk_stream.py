"""The Stream receiver against a gateway that behaves as protocols/dingtalk.md 2 says, and misbehaves as users report.

Each defect of the official client's loop (11.2) has a test that names it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.server import ServerConnection

from bot.channels.dingtalk.backoff import Pace
from bot.channels.dingtalk.link import Timing
from bot.channels.dingtalk.stream import DingTalkStream
from bot.messages import InboundMessage, Kind
from bot.settings import DingTalkSettings
from tests.channels.dingtalk.gateway import CARD, ROBOT, Gateway, said, tapped

SETTINGS = DingTalkSettings(
    enabled=True, client_id="dingapp", client_secret="secret", corp_id="dingcorp", api_base="http://127.0.0.1:1"
)
QUICK = Timing(store_within=0.2, drain_within=1.0, look_every=0.02, ping_every=0.1, pong_within=0.2, deaf_after=0.3)
PACE = Pace(fast=0.05, base=0.1, cap=0.4, refused=0.3, stable=5.0)


def broken(status: int, **answer: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, **answer)


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route", request=request)


class Inbox:
    """A store that can be slow or broken."""

    def __init__(self) -> None:
        self.messages: dict[str, InboundMessage] = {}
        self.calls = 0
        self.seconds = 0.0
        self.broken = False
        self.most_at_once = self._now = 0

    async def accept(self, message: InboundMessage) -> bool:
        self.calls += 1
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            if self.seconds:
                await asyncio.sleep(self.seconds)
            if self.broken:
                raise ConnectionError("database gone")
            new = message.message_id not in self.messages
            self.messages.setdefault(message.message_id, message)
            return new
        finally:
            self._now -= 1


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Gateway().running() as running:
        yield running


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@contextlib.asynccontextmanager
async def receiving(
    gateway: Gateway, inbox: Inbox, timing: Timing = QUICK, **more: Any
) -> AsyncIterator[DingTalkStream]:
    """A running receiver; afterwards it is stopped, and nothing of it is left."""
    settings = more.pop("settings", SETTINGS)
    before = asyncio.all_tasks()
    stream = DingTalkStream(settings, gateway.http, inbox.accept, timing=timing, pace=PACE, **more)
    running = asyncio.create_task(stream.run())
    try:
        yield stream
    finally:
        await stream.stop()
        await running
        servers = {task for task in asyncio.all_tasks() if "websockets" in repr(task) or "conn_handler" in repr(task)}
        assert asyncio.all_tasks() - before - servers == set()


# -- the life of a message --
async def test_it_opens_with_what_the_gateway_asks_for(gateway: Gateway, inbox: Inbox) -> None:
    async with receiving(gateway, inbox):
        await gateway.connected()
    assert gateway.open_headers[0]["accept"] == "application/json"
    assert gateway.opens[0]["subscriptions"] == [
        {"type": "EVENT", "topic": "*"},
        {"type": "CALLBACK", "topic": ROBOT},
        {"type": "CALLBACK", "topic": CARD},
    ]
    assert len(gateway.opens[0]["ua"].split("/")[0].split("-")) == 3


async def test_a_message_is_stored_and_then_acknowledged(gateway: Gateway, inbox: Inbox) -> None:
    async with receiving(gateway, inbox) as stream:
        await gateway.connected()
        ack = await gateway.ack(await gateway.push("CALLBACK", ROBOT, said("客户 绿源", msg_id="m1")))
    assert ack["code"] == 200
    assert ack["data"] == {"response": None}
    assert inbox.messages["m1"].text == "客户 绿源"
    assert (stream.state.stored, stream.state.last_frame_at is not None) == (1, True)


async def test_an_event_and_a_tap_have_answers_of_their_own_shape(gateway: Gateway, inbox: Inbox) -> None:
    async with receiving(gateway, inbox):
        await gateway.connected()
        event = await gateway.ack(
            await gateway.push("EVENT", "*", {"userId": ["u1"]}, eventType="user_leave_org", eventId="e1")
        )
        tap = await gateway.ack(await gateway.push("CALLBACK", CARD, tapped(visit_no="BF1")))
    assert event["data"] == {"status": "SUCCESS", "message": "success"}
    assert tap["data"] == {"response": {}}
    assert [message.kind for message in inbox.messages.values()] == [Kind.EVENT, Kind.TAP]


async def test_a_card_can_show_something_to_the_one_who_tapped(gateway: Gateway, inbox: Inbox) -> None:
    shown = {"cardData": {"cardParamMap": {"status": "处理中"}}}

    async def on_card(message: InboundMessage) -> dict[str, Any]:
        assert message.message_id in inbox.messages  # only after it is stored
        return shown

    async with receiving(gateway, inbox, on_card=on_card):
        await gateway.connected()
        ack = await gateway.ack(await gateway.push("CALLBACK", CARD, tapped()))
    assert ack["data"] == {"response": shown}


@pytest.mark.parametrize("fails", ["slow", "raises"])
async def test_a_card_answer_that_fails_leaves_the_tap_good(gateway: Gateway, inbox: Inbox, fails: str) -> None:
    async def on_card(message: InboundMessage) -> dict[str, Any]:
        if fails == "slow":
            await asyncio.sleep(5)
        raise ValueError("bug")

    async with receiving(gateway, inbox, on_card=on_card):
        await gateway.connected()
        ack = await gateway.ack(await gateway.push("CALLBACK", CARD, tapped()), 1.0)
    assert (ack["code"], ack["data"]) == (200, {"response": {}})


async def test_a_second_delivery_changes_nothing_and_is_answered_alike(gateway: Gateway, inbox: Inbox) -> None:
    async with receiving(gateway, inbox) as stream:
        await gateway.connected()
        first = await gateway.ack(await gateway.push("CALLBACK", ROBOT, said()))
        again = await gateway.ack(await gateway.push("CALLBACK", ROBOT, said()))
    assert (first["code"], first["data"]) == (again["code"], again["data"])
    assert len(inbox.messages) == 1
    assert (stream.state.stored, stream.state.known) == (1, 1)


async def test_two_quick_taps_are_one_and_a_later_one_is_another(gateway: Gateway, inbox: Inbox) -> None:
    async with receiving(gateway, inbox) as stream:
        stream._double_taps._within = 0.3
        await gateway.connected()
        for pause in (0, 0.4):
            await asyncio.sleep(pause)
            for _ in range(2):
                await gateway.ack(await gateway.push("CALLBACK", CARD, tapped(visit_no="BF1")))
        await gateway.ack(await gateway.push("CALLBACK", CARD, tapped(visit_no="BF2")))
    assert [m.tap.params["visit_no"] for m in inbox.messages.values() if m.tap] == ["BF1", "BF1", "BF2"]


# -- what cannot be handled is answered, too --
@pytest.mark.parametrize(
    ("kind", "topic", "data", "as_text", "code"),
    [
        pytest.param("CALLBACK", ROBOT, "no json", False, 400, id="data is not JSON"),
        pytest.param("CALLBACK", ROBOT, [1], True, 400, id="data is not an object"),
        pytest.param("CALLBACK", ROBOT, {"msgtype": "text"}, True, 400, id="a message without id"),
        pytest.param("CALLBACK", CARD, {"type": "actionCallback"}, True, 400, id="a tap on no card"),
        pytest.param("CALLBACK", "/v1.0/graph/api/invoke", {}, True, 404, id="a topic nobody asked for"),
        pytest.param("OTHER", "x", {}, True, 404, id="a type nobody knows"),
        pytest.param("SYSTEM", "KEEPALIVE", {}, True, 200, id="a keep-alive"),
        pytest.param("SYSTEM", "REGISTERED", {}, True, 200, id="a greeting"),
    ],
)
async def test_every_frame_is_answered(
    gateway: Gateway, inbox: Inbox, kind: str, topic: str, data: Any, as_text: bool, code: int
) -> None:
    async with receiving(gateway, inbox):
        await gateway.connected()
        ack = await gateway.ack(await gateway.push(kind, topic, data, as_text=as_text))
        alive = await gateway.ack(await gateway.push("CALLBACK", ROBOT, said()))
    assert (ack["code"], alive["code"]) == (code, 200)


async def test_the_other_spelling_of_headers_and_data_as_an_object_are_understood(
    gateway: Gateway, inbox: Inbox
) -> None:
    async with receiving(gateway, inbox):
        await gateway.connected()
        await gateway.connections[0].send("no frame at all")
        await gateway.connections[0].send("[]")
        ack = await gateway.ack(await gateway.push("CALLBACK", ROBOT, said(), key="header", as_text=False))
    assert ack["code"] == 200


async def test_a_ping_is_echoed_at_once_and_without_a_warning(gateway: Gateway, inbox: Inbox) -> None:
    """11.2: the official client answers, but warns each time."""
    inbox.seconds = 0.15
    with capture_logs() as logs:
        async with receiving(gateway, inbox):
            await gateway.connected()
            await gateway.push("CALLBACK", ROBOT, said())
            ack = await gateway.ack(await gateway.push("SYSTEM", "ping", {"opaque": "0xab"}), 0.1)
    assert ack["data"] == {"opaque": "0xab"}
    assert [entry for entry in logs if entry["log_level"] == "warning"] == []


# -- a slow, broken or flooded store --
@pytest.mark.parametrize(
    ("kind", "topic", "data", "answer"),
    [
        pytest.param("CALLBACK", ROBOT, said(), (500, {}), id="a message comes again"),
        pytest.param("CALLBACK", CARD, tapped(), (500, {"response": {}}), id="a tap is released"),
        pytest.param("EVENT", "*", {}, (200, {"status": "LATER", "message": "store busy"}), id="an event says LATER"),
    ],
)
async def test_the_answer_never_waits_for_a_slow_store(
    gateway: Gateway, inbox: Inbox, kind: str, topic: str, data: Any, answer: tuple[int, Any]
) -> None:
    """11.2: ack only after the handler returns. Ours has a deadline, and the late insert does no harm."""
    inbox.seconds = 0.5
    async with receiving(gateway, inbox):
        await gateway.connected()
        began = time.monotonic()
        ack = await gateway.ack(await gateway.push(kind, topic, data, eventId="e1"))
        assert time.monotonic() - began < 0.45
        await gateway.until(lambda: inbox.messages)
    assert (ack["code"], ack["data"]) == answer


def test_the_deadline_leaves_time_within_two_seconds() -> None:
    assert Timing().store_within + Timing().card_answer_within < 2.0


async def test_a_store_that_fails_is_an_error_to_the_gateway(gateway: Gateway, inbox: Inbox) -> None:
    """11.2: when the handler raises, the official client never answers at all."""
    inbox.broken = True
    async with receiving(gateway, inbox):
        await gateway.connected()
        failed = await gateway.ack(await gateway.push("CALLBACK", ROBOT, said()))
        inbox.broken = False
        again = await gateway.ack(await gateway.push("CALLBACK", ROBOT, said()))
    assert (failed["code"], again["code"]) == (500, 200)
    assert len(inbox.messages) == 1


async def test_a_flood_is_bounded_and_blocks_neither_pings_nor_the_reader(gateway: Gateway, inbox: Inbox) -> None:
    """11.2: one unreferenced task per frame, no bound. The beta's bound deadlocks its reader instead."""
    inbox.seconds = 5.0
    async with receiving(gateway, inbox, timing=Timing(store_within=0.4, drain_within=0.2)) as stream:
        await gateway.connected()
        pushes = [await gateway.push("CALLBACK", ROBOT, said(msg_id=f"m{n}")) for n in range(600)]
        await gateway.ack(await gateway.push("SYSTEM", "ping", {"opaque": "x"}), 1.0)
        for push in (pushes[0], pushes[-1]):
            assert (await gateway.ack(push, 2.0))["code"] == 500
    assert inbox.most_at_once == 256
    assert stream.state.put_off == 600


# -- links that end --
async def test_a_dropped_link_is_back_within_a_second(gateway: Gateway, inbox: Inbox) -> None:
    async with receiving(gateway, inbox) as stream:
        first = await gateway.connected()
        first.transport.abort()
        began = time.monotonic()
        await gateway.connected(2)
        assert time.monotonic() - began < 1
        ack = await gateway.ack(await gateway.push("CALLBACK", ROBOT, said()))
    assert ack["code"] == 200
    assert stream.state.reconnects == 1


def test_the_first_wait_is_under_a_second_in_production_too() -> None:
    assert Pace().fast < 1


async def test_a_gateway_that_closes_cleanly_at_once_is_not_asked_in_a_hot_loop(gateway: Gateway, inbox: Inbox) -> None:
    """11.2: after a clean close the official client reconnects immediately, without back-off."""

    async def close(connection: ServerConnection) -> None:
        await connection.close()

    gateway.on_connect = close
    async with receiving(gateway, inbox):
        await asyncio.sleep(1.0)
    assert 2 <= len(gateway.opens) <= 8  # 0.05, then 0.1, 0.2, 0.4, 0.4 ... apart


async def test_after_disconnect_the_replacement_stands_before_the_old_link_goes(gateway: Gateway, inbox: Inbox) -> None:
    """11.2: the official client closes first; frames that arrive in between are lost."""
    inbox.seconds = 0.15
    async with receiving(gateway, inbox, timing=Timing(store_within=1.0)):
        old = await gateway.connected()
        pending = await gateway.push("CALLBACK", ROBOT, said(msg_id="on the old one"))
        await gateway.push("SYSTEM", "disconnect", {"reason": "connection is expired"})
        await gateway.connected(2)
        assert old.close_code is None  # still open: it owes an answer
        fresh = await gateway.push("CALLBACK", ROBOT, said(msg_id="on the new one"))
        assert (await gateway.ack(pending))["code"] == (await gateway.ack(fresh))["code"] == 200
        await asyncio.wait_for(old.wait_closed(), 2)
    assert gateway.acked_on[pending] is gateway.connections[0]  # 11.2: acks went to whatever socket was current
    assert gateway.acked_on[fresh] is gateway.connections[1]


async def test_until_the_replacement_stands_the_old_link_answers(gateway: Gateway, inbox: Inbox) -> None:
    async with receiving(gateway, inbox) as stream:
        await gateway.connected()
        gateway.answers = [broken(503, json={"code": "busy"}), broken(503, json={"code": "busy"})]
        await gateway.push("SYSTEM", "disconnect", {"reason": "persistent connection is timeout"})
        await gateway.until(lambda: stream.state.failures == 1)
        assert not stream.state.connected  # nothing is delivered now: readiness is red
        straggler = await gateway.push("CALLBACK", ROBOT, said(), on=0)
        assert (await gateway.ack(straggler))["code"] == 200
        await gateway.connected(2)
        await gateway.until(lambda: stream.state.connected)
    assert gateway.acked_on[straggler] is gateway.connections[0]


async def test_a_link_that_dies_with_work_under_way_loses_the_answer_but_not_the_message(
    gateway: Gateway, inbox: Inbox
) -> None:
    inbox.seconds = 0.1
    async with receiving(gateway, inbox):
        first = await gateway.connected()
        await gateway.push("CALLBACK", ROBOT, said())
        await gateway.until(lambda: inbox.calls)
        first.transport.abort()
        await gateway.connected(2)
        await gateway.until(lambda: inbox.messages)
        ack = await gateway.ack(await gateway.push("CALLBACK", ROBOT, said()))  # the gateway pushes it again
    assert ack["code"] == 200
    assert len(inbox.messages) == 1


async def test_a_half_open_link_is_noticed_by_its_missing_pong(gateway: Gateway, inbox: Inbox) -> None:
    """11.2: the official keep-alive never waits for the pong."""

    async def deafen(connection: ServerConnection) -> None:
        if len(gateway.connections) == 1:
            connection.transport.pause_reading()

    gateway.on_connect = deafen
    async with receiving(gateway, inbox):
        await gateway.connected(2)
    gateway.connections[0].transport.resume_reading()


async def test_a_link_whose_keep_alives_stop_is_replaced_although_it_answers_pings(
    gateway: Gateway, inbox: Inbox
) -> None:
    async with receiving(gateway, inbox):
        await gateway.connected()
        for _ in range(3):
            await gateway.push("SYSTEM", "ping", {"opaque": "x"})
        await gateway.connected(2)


async def test_a_quiet_link_without_keep_alives_is_left_alone(gateway: Gateway, inbox: Inbox) -> None:
    async with receiving(gateway, inbox):
        await gateway.connected()
        await asyncio.sleep(0.6)
    assert len(gateway.opens) == 1


# -- opening --
async def test_it_survives_whatever_the_open_call_answers(gateway: Gateway, inbox: Inbox) -> None:
    gateway.answers = [
        unreachable,
        broken(503, json={"code": "busy", "message": "later"}),
        broken(400, text="<html>plain HTTP request was sent to HTTPS port</html>"),
        broken(200, json={"endpoint": "ws://127.0.0.1:1/connect", "ticket": "t"}),
        broken(200, json={}),
    ]
    async with receiving(gateway, inbox) as stream:
        await gateway.connected()
        await gateway.until(lambda: stream.state.connected)
    assert len(gateway.opens) == 6
    assert len(set(gateway.tickets)) == len(gateway.tickets)


async def test_refused_credentials_are_not_tried_in_a_loop(gateway: Gateway, inbox: Inbox) -> None:
    settings = SETTINGS.model_copy(update={"client_secret": SETTINGS.client_secret.__class__("wrong")})
    async with receiving(gateway, inbox, settings=settings) as stream:
        await asyncio.sleep(0.25)
        assert not stream.state.connected
        assert "Client Secret" in stream.state.last_error
    assert len(gateway.opens) == 1
    assert Pace().refused >= 60


async def test_opening_blocks_nobody(inbox: Inbox) -> None:
    """11.2: `requests.post` without a time-out froze the event loop during open."""

    async def hang(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        return httpx.Response(503)

    async with httpx.AsyncClient(transport=httpx.MockTransport(hang)) as http:
        stream = DingTalkStream(SETTINGS, http, inbox.accept)
        running = asyncio.create_task(stream.run())
        began = time.monotonic()
        await asyncio.sleep(0.05)
        await stream.stop()
        await running
        assert time.monotonic() - began < 0.5


async def test_an_endpoint_without_tls_is_refused_on_the_real_platform(gateway: Gateway, inbox: Inbox) -> None:
    settings = SETTINGS.model_copy(update={"api_base": "https://api.dingtalk.com"})
    async with receiving(gateway, inbox, settings=settings):
        await gateway.until(lambda: gateway.opens)
    assert gateway.connections == []


async def test_neither_ticket_nor_secret_is_ever_logged(
    gateway: Gateway, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    """11.2: the official client logs endpoint and ticket."""
    caplog.set_level(logging.DEBUG)
    gateway.answers = [broken(200, json={"endpoint": "ws://127.0.0.1:1/connect", "ticket": "t1cket"})]
    with capture_logs() as logs:
        async with receiving(gateway, inbox):
            await gateway.connected()
            await gateway.ack(await gateway.push("CALLBACK", ROBOT, said()))
    ours = [record.getMessage() for record in caplog.records if record.name != "websockets.server"]
    everything = repr(ours) + repr(logs)
    assert all(word not in everything for word in (*gateway.tickets, "t1cket", "s3cr3t", "ticket="))


# -- stopping --
async def test_stop_answers_what_was_read_and_closes(gateway: Gateway, inbox: Inbox) -> None:
    """11.2: there is no stop method."""
    inbox.seconds = 0.1
    async with receiving(gateway, inbox):
        await gateway.connected()
        pushed = await gateway.push("CALLBACK", ROBOT, said())
        await gateway.until(lambda: inbox.calls)
    assert (await gateway.ack(pushed))["code"] == 200
    await asyncio.wait_for(gateway.connections[0].wait_closed(), 2)


async def test_cancelling_ends_it_even_while_it_cannot_connect(inbox: Inbox) -> None:
    """11.2: CancelledError is swallowed, and during a failing first open it becomes an AttributeError."""
    before = asyncio.all_tasks()
    async with httpx.AsyncClient(transport=httpx.MockTransport(unreachable)) as http:
        running = asyncio.create_task(DingTalkStream(SETTINGS, http, inbox.accept, pace=PACE).run())
        await asyncio.sleep(0.05)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert asyncio.all_tasks() == before


async def test_cancelling_a_connected_receiver_closes_its_link(gateway: Gateway, inbox: Inbox) -> None:
    running = asyncio.create_task(DingTalkStream(SETTINGS, gateway.http, inbox.accept, timing=QUICK).run())
    link = await gateway.connected()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.wait_for(link.wait_closed(), 2)


# -- quota --
async def test_pushes_are_counted_except_those_of_the_directory(gateway: Gateway, inbox: Inbox) -> None:
    counted: dict[str, int] = {}

    class Counting:
        async def count(self, key: str, n: int = 1) -> int:
            counted[key] = counted.get(key, 0) + n
            return counted[key]

    async with receiving(gateway, inbox, quota=Counting()):
        await gateway.connected()
        await gateway.ack(await gateway.push("CALLBACK", ROBOT, said()))
        await gateway.ack(await gateway.push("CALLBACK", CARD, tapped()))
        await gateway.ack(await gateway.push("EVENT", "*", {}, eventType="user_add_org", eventId="e1"))
        await gateway.ack(await gateway.push("EVENT", "*", {}, eventType="bpms_task_change", eventId="e2"))
    assert counted == {"dingtalk:push": 3}
