"""Tokens, limits, quotas, lost calls, contacts and doctor (protocols/dingtalk.md 1, 8, 10)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.channels.dingtalk.contacts import Member
from bot.errors import ChannelMisconfigured, ChannelUnavailable, OutcomeUnknown, RateLimited
from bot.messages import (
    CardUpdate,
)
from tests.channels.dingtalk.company import CREATE, NOW, OTO, SETTINGS, Company, to
from tests.channels.dingtalk.samples import card


# -- tokens --
async def test_the_token_is_fetched_once_for_everybody(company: Company) -> None:
    for _ in range(3):
        await company.channel.send(to("u1"))
    assert company.platform.token_calls == 1
    ((key, life),) = company.tokens.lives.items()
    assert key.startswith("dingtalk:dingapp:"), "the app, and a digest of its secret"
    assert life == 7200.0


@pytest.mark.parametrize(
    ("where", "status", "answer"),
    [
        pytest.param(OTO, 400, {"code": "InvalidAuthentication", "message": "不合法的access_token"}, id="new host"),
        pytest.param(OTO, 401, {}, id="a bare 401"),
        pytest.param("getbymobile", 200, {"errcode": 40014, "errmsg": "不合法"}, id="old host"),
        pytest.param("getbymobile", 200, {"errcode": 42001}, id="old host, expired"),
        pytest.param("getbymobile", 200, {"errcode": 88, "sub_code": "40014"}, id="old host, wrapped"),
    ],
)
async def test_a_refused_token_is_dropped_and_the_call_repeated_once(
    company: Company, where: str, status: int, answer: dict[str, Any]
) -> None:
    company.platform.fail(where, status, json=answer)
    if where == OTO:
        await company.channel.send(to("u1"))
    else:
        assert await company.channel.contacts.user_id_by_mobile("13800000001") == "u1"
    assert company.platform.token_calls == 2
    assert len(company.platform.sent(where)) == 2


async def test_a_token_refused_twice_is_a_matter_for_the_operator(company: Company) -> None:
    company.platform.fail(OTO, 400, times=5, json={"code": "InvalidAuthentication"})
    with pytest.raises(ChannelMisconfigured):
        await company.channel.send(to("u1"))
    assert len(company.platform.sent(OTO)) == 2


async def test_a_token_that_was_just_renewed_is_not_hammered(company: Company) -> None:
    company.tokens.may_drop = False
    company.platform.fail(OTO, 400, times=5, json={"code": "InvalidAuthentication"})
    with pytest.raises(RateLimited) as caught:
        await company.channel.send(to("u1"))
    assert caught.value.retry_after_seconds == 30
    assert len(company.platform.sent(OTO)) == 1


async def test_wrong_credentials_are_named() -> None:
    company = Company(SETTINGS.model_copy(update={"client_secret": SecretStr("wrong")}))
    with pytest.raises(ChannelMisconfigured, match="Client Secret") as caught:
        await company.channel.send(to("u1"))
    assert "wrong" not in str(caught.value)


# -- limits and lost calls --
def test_limits_are_per_app_and_api(company: Company) -> None:
    messages = [
        to("u1"),
        to(conversation_id="c"),
        to("u1", content=card()),
        to(content=CardUpdate(card_id="c", card=card())),
    ]
    limits = [company.channel.limits(message) for message in messages]
    assert [limit.key for (limit,) in limits] == [
        "dingtalk:dingapp:oto",
        "dingtalk:dingapp:group",
        "dingtalk:dingapp:card",
        "dingtalk:dingapp:card_update",
    ]
    assert {(limit.count, limit.seconds) for (limit,) in limits} == {(20, 1.0)}


async def test_a_spent_month_stops_everything_that_is_billed(company: Company) -> None:
    company.platform.fail_new(OTO, "Forbidden.AccessDenied.ApiCountLimitForOrg", 403)
    with pytest.raises(RateLimited) as caught:
        await company.channel.send(to("u1"))
    until = datetime(2026, 2, 28, 16, tzinfo=UTC)  # the 1st of March in Shanghai
    assert caught.value.retry_after_seconds == (until - NOW).total_seconds()
    assert company.limiter.pauses["dingtalk:dingapp:card"] == caught.value.retry_after_seconds
    assert "dingtalk:dingapp:contacts" not in company.limiter.pauses


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"text": "<html>blocked</html>"}, id="a page"),
        pytest.param({"json": {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "u"}}, id="1111"),
    ],
)
async def test_a_blocked_address_pauses_all_calls_for_five_minutes(company: Company, answer: dict[str, Any]) -> None:
    company.platform.fail(OTO, 200, **answer)
    with pytest.raises(RateLimited) as caught:
        await company.channel.send(to("u1"))
    assert caught.value.retry_after_seconds == 300
    assert company.limiter.pauses["dingtalk:dingapp:contacts"] == 300


@pytest.mark.parametrize(
    ("error", "text", "as_card"),
    [
        pytest.param(httpx.ReadTimeout("x"), OutcomeUnknown, ChannelUnavailable, id="left us and got lost"),
        pytest.param(httpx.RemoteProtocolError("x"), OutcomeUnknown, ChannelUnavailable, id="cut off"),
        pytest.param(httpx.ConnectError("x"), ChannelUnavailable, ChannelUnavailable, id="never left"),
    ],
)
async def test_a_lost_call_is_unknown_only_where_repeating_would_double(
    company: Company, error: Exception, text: type[Exception], as_card: type[Exception]
) -> None:
    company.platform.break_off(OTO, error)
    company.platform.break_off(CREATE, error)
    with pytest.raises(text) as caught:
        await company.channel.send(to("u1"))
    assert type(caught.value) is text
    with pytest.raises(as_card):
        await company.channel.send(to("u1", content=card(), card_id="c1"))


async def test_calls_are_counted_per_month_except_the_exempt_ones(company: Company) -> None:
    await company.channel.send(to("u1"))
    await company.channel.send(to("u1", content=card(), card_id="card-1"))
    await company.channel.contacts.user_id_by_mobile("13800000001")
    state = await company.channel.quota_state()
    assert (state.api_used, state.api_limit, state.push_used, state.percent) == (2, 5000, 0, 0)


# -- contacts and doctor --
async def test_people_are_found_by_mobile_and_union_id_and_read(company: Company) -> None:
    contacts = company.channel.contacts
    assert await contacts.user_id_by_mobile("13800000002") == "u2"
    assert await contacts.user_id_by_mobile("13900000000") is None
    assert await contacts.user_id_by_union_id("un-u1") == "u1"
    assert await contacts.member("u1") == Member(user_id="u1", name="王", mobile="13800000001", union_id="un-u1")
    assert await contacts.member("nobody") is None


async def test_doctor_is_content(company: Company) -> None:
    findings = await company.channel.check()
    assert [(what, good) for what, good, _ in findings] == [
        ("钉钉令牌", True),
        ("钉钉 Stream", True),
        ("钉钉机器人", True),
        ("钉钉卡片", True),
        ("钉钉通讯录", True),
        ("钉钉额度", True),
    ]


async def test_doctor_names_what_is_missing(company: Company) -> None:
    denied = {"code": "Forbidden.AccessDenied.AccessTokenPermissionDenied", "message": "no"}
    company.platform.fail(
        "download", 403, json={**denied, "accessdenieddetail": {"requiredScopes": ["qyapi_robot_sendmsg"]}}
    )
    company.platform.fail(
        "card/instances", 403, json={**denied, "AccessDeniedDetail": {"requiredScopes": ["Card.Instance.Write"]}}
    )
    company.platform.fail(
        "getbymobile", 200, json={"errcode": 88, "sub_code": "60011", "sub_msg": "没有调用该接口的权限"}
    )
    company.platform.fail_new("connections/open", "param.error")
    bad = {what: words for what, good, words in await company.channel.check() if not good}
    assert set(bad) == {"钉钉 Stream", "钉钉机器人", "钉钉卡片", "钉钉通讯录"}
    assert "qyapi_robot_sendmsg" in bad["钉钉机器人"]
    assert "Card.Instance.Write" in bad["钉钉卡片"]


async def test_doctor_with_wrong_credentials_asks_no_further() -> None:
    company = Company(SETTINGS.model_copy(update={"client_secret": SecretStr("wr0ng")}))
    [(what, good, words)] = await company.channel.check()
    assert (what, good) == ("钉钉令牌", False)
    assert "wr0ng" not in words
