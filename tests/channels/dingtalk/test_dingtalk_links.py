"""Links that drop, die silently or are told to go, opening and stopping (protocols/dingtalk.md 2.1, 2.2, 2.6, 11.2)."""

from __future__ import annotations

import asyncio
import logging
import time

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from websockets.asyncio.server import ServerConnection

from bot.channels.dingtalk.backoff import Pace
from bot.channels.dingtalk.link import Timing
from bot.channels.dingtalk.stream import DingTalkStream
from tests.channels.dingtalk.gateway import CARD, ROBOT, Gateway, said, tapped
from tests.channels.dingtalk.receiver import PACE, QUICK, SETTINGS, Inbox, broken, receiving, unreachable


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
    settings = SETTINGS.model_copy(update={"client_secret": SecretStr("wrong")})
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
