"""Cards on the wire: created, delivered, updated, replaced (protocols/dingtalk.md 6)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.channels.base import CardHandle
from bot.errors import ChannelRejected, ChannelUnavailable
from bot.messages import (
    Button,
    Card,
    CardUpdate,
)
from tests.channels.dingtalk.company import CREATE, OTO, SETTINGS, Company, to
from tests.channels.dingtalk.samples import Confirm, card


# -- cards --
async def test_a_card_is_created_and_delivered_in_one_call(company: Company) -> None:
    receipt = await company.channel.send(to("u1", content=card(), card_id="card-1"))
    [body] = company.platform.sent(CREATE)
    assert (body["outTrackId"], body["callbackType"], body["userIdType"]) == ("card-1", "STREAM", 1)
    assert body["openSpaceId"] == "dtv1.card//IM_ROBOT.u1"
    assert body["imRobotOpenDeliverModel"] == {"spaceType": "IM_ROBOT", "robotCode": "dingapp", "extension": {}}
    assert set(company.platform.cards["card-1"]) == {"title", "body", "status", "btns"}
    assert receipt.platform_id == "carrier-u1"


async def test_a_card_for_a_group_and_in_http_mode() -> None:
    company = Company(SETTINGS.model_copy(update={"mode": "http"}))
    await company.channel.send(to(content=card(), card_id="card-1", conversation_id="cid=="))
    [body] = company.platform.sent(CREATE)
    assert body["openSpaceId"] == "dtv1.card//IM_GROUP.cid=="
    assert (body["callbackType"], body["callbackRouteKey"]) == ("HTTP", "salesbot")
    assert "imRobotOpenSpaceModel" not in body


async def test_many_people_share_one_card(company: Company) -> None:
    users = [f"employee-{number:04}" for number in range(60)]
    await company.channel.send(to(*users, content=card(), card_id="card-1"))
    assert company.platform.hanging["card-1"] == users
    assert len(company.platform.sent(CREATE)) == 1
    assert len(company.platform.sent("instances/deliver")) >= 1


async def test_a_retry_of_a_card_that_exists_is_a_success(company: Company) -> None:
    message = to("u1", content=card(), card_id="card-1")
    await company.channel.send(message)
    receipt = await company.channel.send(to("u1", content=card(), card_id="card-1", attempt=2))
    assert receipt.note == "existing"
    assert company.platform.hanging["card-1"] == ["u1"]


async def test_the_same_card_for_one_more_person_is_delivered(company: Company) -> None:
    await company.channel.send(to("u1", content=card(), card_id="card-1"))
    await company.channel.send(to("u2", content=card(), card_id="card-1"))
    assert company.platform.hanging["card-1"] == ["u1", "u2"]


async def test_success_is_read_space_by_space(company: Company) -> None:
    company.platform.illegal_spaces = {"wrong"}
    receipt = await company.channel.send(to("u1", "wrong", content=card(), card_id="card-1"))
    assert (receipt.invalid, receipt.platform_id) == (("wrong",), "carrier-u1")


async def test_a_group_card_that_hangs_nowhere_is_an_error(company: Company) -> None:
    company.platform.illegal_spaces = {"cid=="}
    with pytest.raises(ChannelRejected, match="spaceId is illegal"):
        await company.channel.send(to(content=card(), card_id="card-1", conversation_id="cid=="))


async def test_success_true_beside_an_error_code_is_no_success(company: Company) -> None:
    company.platform.fail(CREATE, 200, json={"success": True, "code": "param.contentUnsafe", "message": "x"})
    with pytest.raises(ChannelRejected):
        await company.channel.send(to("u1", content=card(), card_id="card-1"))


async def test_an_update_replaces_every_variable_and_settles_the_card(company: Company) -> None:
    await company.channel.send(to("u1", content=card(), card_id="card-1"))
    settled = Card(title="合同审批", status="王经理已同意 02-12 09:00")
    await company.channel.update_card(to("u1", content=settled), CardHandle(card_id="card-1"), settled)
    shown = company.platform.cards["card-1"]
    assert (shown["btns"], shown["status"]) == ("[]", "王经理已同意 02-12 09:00")


async def test_an_update_of_an_unknown_card_sends_it_anew(company: Company) -> None:
    receipt = await company.channel.send(to("u1", content=CardUpdate(card_id="card-9", card=card())))
    assert receipt.note == "replaced"
    assert company.platform.hanging["card-9"] == ["u1"]


async def test_without_a_template_a_card_is_words_and_commands() -> None:
    company = Company(SETTINGS.model_copy(update={"card_template_id": ""}))
    await company.channel.send(to("u1", content=card(), card_id="card-1"))
    receipt = await company.channel.update_card(to("u1"), CardHandle(card_id="card-1", as_text=True), card())
    assert [body["msgKey"] for body in company.platform.sent(OTO)] == ["sampleMarkdown"] * 2
    assert company.platform.sent(CREATE) == []
    assert "回复「确认 BF1」" in json.loads(company.platform.sent(OTO)[0]["msgParam"])["text"]
    assert receipt.note == "replaced"


async def test_card_ids_over_a_hundred_characters_are_our_mistake(company: Company) -> None:
    with pytest.raises(ChannelRejected):
        await company.channel.send(to("u1", content=card(), card_id="x" * 101))


async def test_buttons_reach_the_card_as_the_interface_says(company: Company) -> None:
    button = Button(text="确认", action=Confirm(visit_no="BF1"))
    await company.channel.send(to("u1", content=Card(title="t", buttons=(button,)), card_id="card-1"))
    assert json.loads(company.platform.cards["card-1"]["btns"])[0]["event"]["params"] == {
        "actionId": "visit.confirm",
        "params": {"visit_no": "BF1"},
    }


# -- HTTP mode: where taps go --
ROUTE, URL = "callbacks/register", "https://bot.example.com"
HTTP_MODE = SETTINGS.model_copy(update={"mode": "http", "card_secret": SecretStr("card_api_secret_01")})


@pytest.fixture
async def http_company() -> AsyncIterator[Company]:
    company = Company(HTTP_MODE)
    yield company
    await company.platform.http.aclose()


async def test_the_route_is_registered_once(http_company: Company) -> None:
    assert [await http_company.channel.publish_card_route(URL) for _ in range(2)] == [False, False]
    assert http_company.platform.requests[-1].content == (
        b'{"callbackRouteKey":"salesbot","callbackUrl":"https://bot.example.com/dingtalk/card",'
        b'"apiSecret":"card_api_secret_01","forceUpdate":false}'
    )
    assert (await http_company.channel.quota_state()).api_used == 2


@pytest.mark.parametrize(
    "old",
    [
        pytest.param({"callbackUrl": "https://old.example.com/dingtalk/card"}, id="another address"),
        pytest.param({"apiSecret": "old"}, id="another secret"),
    ],
)
async def test_another_registration_is_overwritten(http_company: Company, old: dict[str, str]) -> None:
    ours = {"callbackUrl": f"{URL}/dingtalk/card", "apiSecret": "card_api_secret_01"}
    http_company.platform.routes["salesbot"] = {**ours, **old}
    assert await http_company.channel.publish_card_route(URL)
    assert http_company.platform.routes["salesbot"] == ours
    assert [body["forceUpdate"] for body in http_company.platform.sent(ROUTE)] == [False, True]


async def test_a_key_that_exists_without_saying_for_what_is_overwritten(http_company: Company) -> None:
    http_company.platform.fail_new(ROUTE, "param.callbackRouteKeyExist", 500)
    assert await http_company.channel.publish_card_route(URL)
    assert http_company.platform.routes["salesbot"]["callbackUrl"] == f"{URL}/dingtalk/card"


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("system.busy", 500, ChannelUnavailable, id="busy"),
        pytest.param("system.updateCallbackFailed", 500, ChannelUnavailable, id="could not write it"),
        pytest.param("param.callbackUrlEmpty", 400, ChannelRejected, id="our mistake"),
    ],
)
async def test_a_registration_that_fails_says_so(
    http_company: Company, code: str, status: int, expected: type[Exception]
) -> None:
    http_company.platform.fail_new(ROUTE, code, status)
    with pytest.raises(expected):
        await http_company.channel.publish_card_route(URL)


@pytest.mark.parametrize("change", [{"mode": "stream"}, {"card_template_id": ""}])
async def test_without_taps_over_http_nothing_is_registered(change: dict[str, str]) -> None:
    company = Company(HTTP_MODE.model_copy(update=change))
    assert not await company.channel.publish_card_route(URL)
    assert company.platform.calls == []


@pytest.mark.parametrize(
    ("url", "old", "good"),
    [
        pytest.param(URL, None, {"钉钉回调地址": True, "钉钉卡片回调": True}, id="all is well"),
        pytest.param(
            URL, "https://old.example.com", {"钉钉回调地址": True, "钉钉卡片回调": False}, id="taps go elsewhere"
        ),
        pytest.param("http://bot.example.com", None, {"钉钉回调地址": False}, id="no https"),
        pytest.param("", None, {"钉钉回调地址": False}, id="no address"),
    ],
)
async def test_doctor_looks_at_the_addresses(
    http_company: Company, url: str, old: str | None, good: dict[str, bool]
) -> None:
    if old:
        http_company.platform.routes["salesbot"] = {"callbackUrl": old, "apiSecret": "x"}
    findings = await http_company.channel.check_addresses(url)
    assert {what: fine for what, fine, _ in findings} == good
    assert "card_api_secret_01" not in str(findings)


async def test_doctor_passes_on_what_the_route_says(http_company: Company) -> None:
    http_company.platform.fail_new(ROUTE, "param.callbackRouteKeyExist", 500)
    http_company.platform.fail_new(ROUTE, "system.busy", 500)
    for good in (True, False):
        _, (what, fine, _) = await http_company.channel.check_addresses(URL)
        assert (what, fine) == ("钉钉卡片回调", good)


async def test_doctor_has_no_addresses_to_look_at_in_stream_mode(company: Company) -> None:
    assert await company.channel.check_addresses("") == []
