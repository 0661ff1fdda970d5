"""Every code of the protocol page ends in the class it should (protocols/dingtalk.md 1.4, 5.9, 6.2, 10.2, 10.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bot.channels.dingtalk.answers import error_for, read_answer, seconds_to_next_month
from bot.errors import (
    ChannelError,
    ChannelMisconfigured,
    ChannelRejected,
    ChannelUnavailable,
    OutcomeUnknown,
    RateLimited,
)

NOW = datetime(2026, 2, 12, 1, 0, 30, tzinfo=UTC)
DENIED = "Forbidden.AccessDenied."


def error_of(status: int, *, idempotent: bool = False, **answer: Any) -> ChannelError:
    problem = read_answer(httpx.Response(status, **answer)).problem
    assert problem is not None
    return error_for(problem, idempotent=idempotent, now=NOW)


def new(code: str, status: int = 400, *, detail: dict[str, Any] | None = None) -> ChannelError:
    return error_of(status, json={"code": code, "message": "m", "requestid": "r-1", **(detail or {})})


def old(errcode: Any, sub_code: Any = None) -> ChannelError:
    more = {} if sub_code is None else {"sub_code": sub_code}
    return error_of(200, json={"errcode": errcode, "errmsg": "m", "request_id": "r-2", **more})


@pytest.mark.parametrize(
    ("code", "at_least", "at_most"),
    [
        pytest.param(DENIED + "QpsLimitForAppkeyAndApi", 1, 2, id="own app, per second"),
        pytest.param(DENIED + "QpmLimitForAppkeyAndApi", 30, 31, id="own app: the next minute"),
        pytest.param(DENIED + "QpsLimitForApi", 2, 4, id="the whole platform"),
        pytest.param(DENIED + "ApiCountLimitForOrg", 1_436_370, 1_436_370, id="the next month"),
        pytest.param(DENIED + "SomeOtherLimitForCorp", 60, 60, id="an older dimension"),
        pytest.param("send.too.fast", 1, 2, id="send"),
        pytest.param("too.many.group", 1, 2, id="groups"),
    ],
)
def test_throttling_says_how_long(code: str, at_least: float, at_most: float) -> None:
    error = new(code, 403)
    assert isinstance(error, RateLimited)
    assert at_least <= error.retry_after_seconds <= at_most


@pytest.mark.parametrize(
    ("errcode", "at_least", "at_most"),
    [
        (90018, 1, 2),
        ("90002", 2, 4),
        (90020, 1_436_370, 1_436_370),
        (90007, 60, 60),
        (130101, 60, 60),
        (410100, 60, 60),
    ],
)
def test_throttling_of_the_old_host(errcode: Any, at_least: float, at_most: float) -> None:
    error = old(errcode)
    assert isinstance(error, RateLimited)
    assert at_least <= error.retry_after_seconds <= at_most


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(new("invalidClientIdOrSecret"), id="credentials"),
        pytest.param(new("authFailed", 401), id="Stream credentials"),
        pytest.param(old(40089), id="old credentials"),
        pytest.param(new("InvalidAuthentication"), id="a token refused again"),
        pytest.param(old(88, "40014"), id="old token, wrapped"),
        pytest.param(old(33001), id="old token"),
        pytest.param(old(88, "60011"), id="permission, wrapped"),
        pytest.param(old(60020), id="IP list"),
        pytest.param(new(DENIED + "IpNotInWhiteList", 403), id="IP list, new"),
        pytest.param(new("invalidParameter.robotCode.notExsit"), id="robot code, spelled as it is"),
        pytest.param(new("bot.stopped"), id="robot stopped"),
        pytest.param(new("chatbotId.notAllow.sendOTO"), id="robot not allowed"),
        pytest.param(new("param.templateUnpublished"), id="template"),
        pytest.param(error_of(404, text="<html>nginx</html>"), id="wrong host"),
        pytest.param(error_of(400, text="<html>plain HTTP to HTTPS port</html>"), id="broken proxy"),
    ],
)
def test_what_only_an_operator_can_mend(error: ChannelError) -> None:
    assert isinstance(error, ChannelMisconfigured)


@pytest.mark.parametrize("key", ["accessdenieddetail", "AccessDeniedDetail", "accessDeniedDetail"])
def test_missing_permissions_are_named(key: str) -> None:
    error = new(DENIED + "AccessTokenPermissionDenied", 403, detail={key: {"requiredScopes": ["Card.Instance.Write"]}})
    assert isinstance(error, ChannelMisconfigured)
    assert "Card.Instance.Write" in str(error)
    assert "r-1" in str(error)


@pytest.mark.parametrize(
    "code",
    [
        "robot.oto.notExist",
        "group.disbanded",
        "invalid.openConversationId",
        "invalidParameter.msgParam.tooLong",
        "miss.param.x",
        "contain.notAllowed.text",
        "param.contentUnsafe",
        "param.cardNotExist",
        "something.new",
    ],
)
def test_what_will_never_be_taken(code: str) -> None:
    assert type(new(code)) is ChannelRejected


@pytest.mark.parametrize("errcode", [40035, 400002, 43004, 60121, 50002, 300001])
def test_what_the_old_host_will_never_take(errcode: int) -> None:
    assert type(old(errcode)) is ChannelRejected
    assert type(old(15, "isp.invalid-parameter")) is ChannelRejected


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        pytest.param(500, {"json": {"code": "system.error"}}, id="system.error"),
        pytest.param(400, {"json": {"code": "unknown.send.result"}}, id="unknown result"),
        pytest.param(500, {"json": {"code": "system.busy"}}, id="busy"),
        pytest.param(504, {"json": {"code": "timeout"}}, id="3 s were not enough: perhaps done"),
        pytest.param(502, {"text": "<html>bad gateway</html>"}, id="a gateway's page"),
        pytest.param(200, {"text": ""}, id="taken, but nothing said"),
        pytest.param(200, {"json": {"errcode": -1}}, id="old busy"),
        pytest.param(
            200, {"json": {"errcode": 15, "sub_code": "isp.top-remote-connection-timeout"}}, id="old time-out"
        ),
    ],
)
def test_an_unknown_outcome_is_repeated_only_where_that_is_harmless(status: int, answer: dict[str, Any]) -> None:
    assert type(error_of(status, **answer)) is OutcomeUnknown
    assert type(error_of(status, idempotent=True, **answer)) is ChannelUnavailable


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(old(88, ""), id="the token service timed out"),
        pytest.param(error_of(503, text="unavailable"), id="nobody was there"),
    ],
)
def test_certainly_not_carried_out(error: ChannelError) -> None:
    assert type(error) is ChannelUnavailable


@pytest.mark.parametrize(
    "answer",
    [
        {"json": {"errcode": 0, "errmsg": "ok"}},
        {"json": {"errcode": "0"}},
        {"json": {"success": True, "result": True}},
        {"json": {"processQueryKey": "x", "code": None}},
        {"json": {"result": {}, "code": "0"}},
    ],
)
def test_what_is_a_success(answer: dict[str, Any]) -> None:
    assert read_answer(httpx.Response(200, **answer)).problem is None


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        pytest.param(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), 1, id="the last second of the year in Shanghai"),
        pytest.param(datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC), 31 * 86400, id="already January there"),
    ],
)
def test_the_month_is_shanghais(now: datetime, seconds: int) -> None:
    assert seconds_to_next_month(now) == seconds
