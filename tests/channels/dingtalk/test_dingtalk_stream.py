"""The Stream receiver against a gateway that behaves as protocols/dingtalk.md 2 says, and misbehaves as users report.

Each defect of the official client's loop (11.2) has a test that names it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.channels.dingtalk.link import Timing
from bot.messages import InboundMessage, Kind
from tests.channels.dingtalk.gateway import CARD, ROBOT, Gateway, said, tapped
from tests.channels.dingtalk.receiver import Inbox, receiving


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
    inbox.seconds = 60.0
    async with receiving(gateway, inbox, timing=Timing(store_within=4.0, drain_within=0.2)) as stream:
        await gateway.connected()
        pushes = [await gateway.push("CALLBACK", ROBOT, said(msg_id=f"m{n}")) for n in range(600)]
        await gateway.ack(await gateway.push("SYSTEM", "ping", {"opaque": "x"}), 3.0)  # before a place can be free
        for push in (pushes[0], pushes[-1]):
            assert (await gateway.ack(push, 10.0))["code"] == 500
    assert inbox.most_at_once == 256
    assert stream.state.put_off == 600
