"""The platforms refuse, stall and forget to answer: each card is shown once, in order; nobody waits for others."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.support.office import Office
from tests.support.soak import soak
from tests.support.waiting import until

REP, COLLEAGUE = "yulijuan", "xujie"  # both in WeCom, 杭州大区
REP_ON_DINGTALK, MANAGER = "0190063824", "dd_chenlei"
SHOPS = ["绿源超市(滨江店)", "云光生鲜超市", "恒友生鲜超市", "家淘生活超市", "杭州溪悦生活超市"]
NOT_SENT = "SELECT state, error FROM outbox WHERE state <> 'sent' ORDER BY 1"

WECOM_FAULTS = [
    pytest.param({"errcode": -1}, id="busy"),
    pytest.param({"errcode": 42001}, id="token expired"),
    pytest.param({"errcode": 40014}, id="token not valid"),
    pytest.param({"status": 500}, id="HTTP 500"),
    pytest.param({"status": 502}, id="HTTP 502"),
    pytest.param({"drop_answer_after_doing": True}, id="done but not answered"),
]
DINGTALK_FAULTS = [
    pytest.param({"code": "InvalidAuthentication"}, id="token not valid"),
    pytest.param({"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}, id="too many a second"),
    pytest.param({"code": "system.busy"}, id="busy"),
    pytest.param({"status": 500}, id="HTTP 500"),
    pytest.param({"drop_answer_after_doing": True}, id="done but not answered"),
]


def _shops_in(shown: list[str]) -> list[str]:
    found = (re.search("|".join(map(re.escape, SHOPS)), text) for text in shown)
    return [match[0] for match in found if match]


async def test_wecom_shows_each_card_once_and_in_order_through_every_fault(office: Office) -> None:
    async with office.hurried():
        for number, fault in enumerate(param.values[0] for param in WECOM_FAULTS):
            office.wecom.fail_next(1, path="message/send", **fault)
            await office.wecom.says(REP, f"上门{SHOPS[number % 5]}，谈了第{number}批陈列")
        await office.settle()
    assert _shops_in(office.wecom.shown_to(REP)) == [SHOPS[number % 5] for number in range(len(WECOM_FAULTS))]
    assert await office.rows(NOT_SENT) == []


async def test_wecom_updates_a_card_once_through_every_fault(office: Office) -> None:
    async with office.hurried():
        for number, fault in enumerate(param.values[0] for param in WECOM_FAULTS):
            await office.wecom.says(REP, f"上门{SHOPS[number % 5]}，谈了第{number}批陈列")
            await office.settle()
            office.wecom.fail_next(1, path="message/update_template_card", **fault)
            await office.wecom.taps(REP, "确认")
            await office.settle()
    shown = office.wecom.shown_to(REP)
    assert len(shown) == len(WECOM_FAULTS)
    assert all("已确认" in text or "确认" in text.splitlines()[-1] for text in shown)
    assert not any("改金额" in text for text in shown)  # every card lost its buttons


async def test_dingtalk_shows_each_card_once_and_in_order_through_every_fault(office: Office) -> None:
    async with office.hurried():
        for number, fault in enumerate(param.values[0] for param in DINGTALK_FAULTS):
            office.dingtalk.fail_next(1, path="createAndDeliver", **fault)
            await office.dingtalk.says(REP_ON_DINGTALK, f"上门{SHOPS[number % 5]}，谈了第{number}批陈列")
        await office.settle()
        for fault in (param.values[0] for param in DINGTALK_FAULTS):
            office.dingtalk.fail_next(1, path="/v1.0/card/instances", **fault)
            await office.dingtalk.taps(REP_ON_DINGTALK, "确认")
            await office.settle()
    assert _shops_in(office.dingtalk.shown_to(REP_ON_DINGTALK)) == SHOPS
    assert all("确认" in card["vars"]["status"] for card in office.dingtalk.cards_of(REP_ON_DINGTALK))
    assert await office.rows(NOT_SENT) == []


async def test_dingtalk_lines_come_at_least_once_and_a_lost_answer_costs_one_repeat(office: Office) -> None:
    async with office.hurried():
        for fault in (param.values[0] for param in DINGTALK_FAULTS[:-1]):
            office.dingtalk.fail_next(1, path="oToMessages", **fault)
            await office.dingtalk.says("visitor01", "客户 旺淘开发区")
            await office.settle()
        assert len(office.dingtalk.shown_to("visitor01")) == len(DINGTALK_FAULTS) - 1
        office.dingtalk.fail_next(1, path="oToMessages", drop_answer_after_doing=True)
        await office.dingtalk.says("visitor01", "客户 旺淘开发区")
        await office.settle()
    assert len(office.dingtalk.shown_to("visitor01")) == len(DINGTALK_FAULTS) + 1


async def test_a_receiver_dingtalk_holds_back_gets_the_line_later(office: Office) -> None:
    office.dingtalk.robot.flow_controlled.add("visitor01")
    await office.dingtalk.says("visitor01", "客户 旺淘开发区")
    await until(lambda: office.rows("SELECT 1 FROM outbox WHERE error = 'throttled'"))
    office.dingtalk.robot.flow_controlled.clear()
    async with office.hurried():
        await office.settle()
    assert len(office.dingtalk.shown_to("visitor01")) == 1


async def test_an_address_wecom_does_not_trust_yet_loses_nothing(office: Office) -> None:
    office.wecom.block_ip()
    for number in range(3):
        await office.wecom.says(REP, f"上门{SHOPS[number]}，谈了陈列")
    await until(lambda: office.rows("SELECT 1 FROM outbox WHERE error LIKE '%60020%'"))
    assert office.wecom.shown_to(REP) == []
    office.wecom.allow_ip()
    async with office.hurried():
        await office.settle()
    assert _shops_in(office.wecom.shown_to(REP)) == SHOPS[:3]


async def test_somebody_who_is_served_slowly_or_never_holds_nobody_up(office: Office) -> None:
    office.wecom.fail_next(1, errcode=81013, path="message/send")
    await office.wecom.says("yingrong", "绿源滨江还欠多少")
    await until(lambda: office.rows("SELECT 1 FROM outbox WHERE state = 'failed'"))
    for number in range(24):  # beyond what one member may get in a minute
        await office.wecom.says(COLLEAGUE, f"绿源滨江还欠多少{'？' * (number % 3)}", wait=False)
    await office.wecom.says(REP, f"上门{SHOPS[0]}，谈了陈列")
    await until(lambda: office.wecom.shown_to(REP), seconds=5)


@pytest.mark.parametrize("platform", [pytest.param("wecom", marks=soak), pytest.param("dingtalk", marks=soak)])
async def test_a_platform_that_keeps_silent_is_asked_again(office: Office, platform: str) -> None:
    phone, rep = (office.wecom, REP) if platform == "wecom" else (office.dingtalk, REP_ON_DINGTALK)
    phone.fail_next(1, timeout=True, path="send" if platform == "wecom" else "createAndDeliver")
    await phone.says(rep, f"上门{SHOPS[0]}，谈了陈列")
    await office.wecom.says(COLLEAGUE, "绿源滨江还欠多少")
    await until(lambda: office.wecom.shown_to(COLLEAGUE), seconds=3)  # the other one's silence is not his
    await office.settle()
    assert _shops_in(phone.shown_to(rep)) == SHOPS[:1]


@pytest.mark.parametrize("code", [pytest.param(45009, marks=soak)])
async def test_a_full_minute_is_waited_out(office: Office, code: int) -> None:
    office.wecom.fail_next(1, errcode=code, path="message/send")
    for number in range(3):
        await office.wecom.says(REP, f"上门{SHOPS[number]}，谈了陈列")
    await until(lambda: office.rows("SELECT 1 FROM outbox WHERE state = 'queued' AND error IS NOT NULL"))
    await asyncio.sleep(62)
    await office.settle()
    assert _shops_in(office.wecom.shown_to(REP)) == SHOPS[:3]
    calls = [entry for entry in office.wecom.wire if entry["what"].endswith("message/send")]
    assert len(calls) == 4  # nothing went out within the pause: that would only prolong it
