"""What DingTalk's two hosts answer, sorted into our errors (protocols/dingtalk.md 1.4, 5.9, 6.2, 10.2, 10.3).

Both error styles are read from any status: `{code,message,requestid}` of the new host and `{errcode,errmsg,sub_code}`
of the old one; a body that is no JSON at all is a blocked address, a proxy or a dying gateway.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from bot.clock import SHANGHAI
from bot.errors import (
    ChannelError,
    ChannelMisconfigured,
    ChannelRejected,
    ChannelUnavailable,
    OutcomeUnknown,
    RateLimited,
)

IP_BLOCK_SECONDS = 300.0
_TOKEN = frozenset({"InvalidAuthentication", "40014", "40001", "42001", "33001"})
CREDENTIAL_CODES = frozenset(
    {"invalidClientIdOrSecret", "authFailed", "40089", "invalid.client", "unauthorized.client", "http.401"}
)
_TOO_FAST = frozenset({"90018", "send.too.fast", "send.byToken.tooFast", "too.many.people", "too.many.group"})
_TOO_FAST_FOR_LONGER = frozenset(
    {"90001", "90017", "130101", "410100", *(str(number) for number in range(90003, 90015))}
)
_MONTH_SPENT = ("90020", "ApiCountLimitForOrg")
RECEIVER_CODES = frozenset(
    {"robot.oto.notExist", "staffId.notExisted", "illegal.receivers", "param.userIdNotExist", "60121", "33012", "50002"}
)
_OPERATOR = frozenset(
    {
        "resource.not.found",
        "resource.unavailable",
        "unauthorized",
        "auth.error",
        "invalidParameter.token.invalid",
        "token.notExisted",
        "template.not.existed",
        "template.stopped",
        "bot.stopped",
        "chatbotId.notAllow.sendOTO",
        "send.forbidden",
        "bot.forbidden.sendMessage",
        "param.templateNotExist",
        "param.templateUnpublished",
        "param.cardTemplateIdEmpty",
        "ip.not.match",
        "60020",
        "60011",
    }
)
_UNKNOWN_OUTCOME = frozenset({"system.error", "systemError", "unknown.send.result", "server.error"})
_BUSY = frozenset({"system.busy", "-1", "88", "15"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An answer that says no. `code` is the most telling one: the sub code where there is one."""

    status: int
    code: str
    message: str = ""
    request_id: str = ""
    scopes: tuple[str, ...] = ()  #: permission points that are missing
    blocked: bool = False  #: our address is cut off for 5 minutes
    html: bool = False

    @property
    def is_token(self) -> bool:
        """The token was refused: drop it, fetch once, repeat once (1.4). A 401 that names no credentials is alike."""
        return self.code in _TOKEN or (self.status == 401 and self.code not in CREDENTIAL_CODES - {"http.401"})

    @property
    def month_spent(self) -> bool:
        return self.code.endswith(_MONTH_SPENT)

    def __str__(self) -> str:
        parts = [f"{self.code} {self.message}".strip()]
        parts += [f"requestid={self.request_id}"] if self.request_id else []
        return "，".join(parts)


@dataclass(frozen=True, slots=True)
class Answer:
    """A body that was read; `problem` is None when the platform took the call."""

    data: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None


def read_answer(response: httpx.Response) -> Answer:
    """Read either style from any status."""
    status = response.status_code
    try:
        data = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return Answer(problem=_not_json(status, response.content))
    if not isinstance(data, dict):
        return Answer(problem=Problem(status=status, code=f"http.{status}", message="应答不是 JSON 对象"))
    return Answer(data, _problem(status, data))


def _not_json(status: int, body: bytes) -> Problem:
    html = body.lstrip()[:1] == b"<"
    # 10.2: a page instead of an API answer is the wall in front of the hosts, unless a gateway or a proxy made it.
    blocked = html and (status < 400 or status in (403, 405, 429))
    return Problem(status=status, code=f"http.{status}", message="应答不是 JSON", blocked=blocked, html=html)


def _problem(status: int, data: Mapping[str, Any]) -> Problem | None:
    detail = data.get("accessdenieddetail") or data.get("AccessDeniedDetail") or data.get("accessDeniedDetail")
    scopes = detail.get("requiredScopes") if isinstance(detail, dict) else None
    request_id = next((str(data[key]) for key in ("requestid", "requestId", "request_id") if data.get(key)), "")
    if str(data.get("status")) == "1111" or data.get("punish") == "deny":
        return Problem(status=status, code="1111", message="IP 被暂时封禁", blocked=True)
    errcode = str(data.get("errcode", "") if data.get("errcode") is not None else "")
    if errcode not in ("", "0"):
        sub = str(data.get("sub_code") or "")
        message = str(data.get("sub_msg") or data.get("errmsg") or "")
        return Problem(status=status, code=_old_code(errcode, sub), message=message[:300], request_id=request_id)
    code = str(data.get("code") or "")
    if status >= 400 or code not in ("", "0", "200", "ok", "OK", "success") or data.get("success") is False:
        return Problem(
            status=status,
            code=code or (f"http.{status}" if status >= 400 else "success.false"),
            message=str(data.get("message") or data.get("errmsg") or "")[:300],
            request_id=request_id,
            scopes=tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else (),
        )
    return None


def _old_code(errcode: str, sub: str) -> str:
    """88 wraps another code; 15 with a time-out of the backend is busy, with another `isp.*` a bad parameter."""
    if errcode == "88" and sub:
        return sub
    if errcode == "15" and sub and sub != "isp.top-remote-connection-timeout":
        return sub
    return errcode


def unreachable(error: httpx.TransportError, *, idempotent: bool) -> ChannelError:
    """Never left us: try again. Left us and got lost: unknown, unless repeating does no harm (10.5)."""
    never_left = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError))
    words = f"连不上钉钉：{type(error).__name__}"
    return ChannelUnavailable(words) if never_left or idempotent else OutcomeUnknown(words)


def error_for(problem: Problem, *, idempotent: bool, now: datetime | None = None) -> ChannelError:
    """The one place where DingTalk's codes become our classes.

    Args:
        idempotent: repeating the call does no harm (10.5), so an unknown outcome is simply tried again.
        now: aware; for waits until the next minute or month.
    """
    now = now or datetime.now(UTC)
    code, words = problem.code, f"钉钉拒绝：{problem}"
    if (wait := _wait_seconds(problem, now)) is not None:
        return RateLimited(words, retry_after_seconds=wait)
    if problem.is_token:
        return ChannelMisconfigured(f"钉钉不认 access_token，重新获取后仍被拒绝（{problem}）", code=code)
    if code in CREDENTIAL_CODES:
        return ChannelMisconfigured(f"钉钉 Client ID 或 Client Secret 不对（{problem}）", code=code)
    if code.endswith("AccessTokenPermissionDenied") or code == "60011":
        scopes = "、".join(problem.scopes) or "见开放平台「权限管理」"
        return ChannelMisconfigured(f"钉钉应用缺少权限：{scopes}（{problem}）", code=code)
    if code.endswith("IpNotInWhiteList") or code == "60020":
        return ChannelMisconfigured(f"服务器出口 IP 不在钉钉应用的白名单里（{problem}）", code=code)
    if code in _OPERATOR or code.startswith("invalidParameter.robotCode"):
        return ChannelMisconfigured(words, code=code)
    if problem.html and problem.status in (400, 404):
        return ChannelMisconfigured(f"钉钉地址或代理不对：HTTP {problem.status} 返回了网页", code=code)
    return _transient(problem, words, idempotent=idempotent) or ChannelRejected(words, code=code)


def _wait_seconds(problem: Problem, now: datetime) -> float | None:
    code = problem.code
    if problem.blocked:
        return IP_BLOCK_SECONDS
    if problem.month_spent:
        return seconds_to_next_month(now)
    if code.endswith("QpsLimitForAppkeyAndApi") or code in _TOO_FAST or problem.status == 429:
        return 1.0 + random.random()
    if code.endswith("QpmLimitForAppkeyAndApi"):
        return 60.0 - now.timestamp() % 60 + random.random()
    if code.endswith("QpsLimitForApi") or code == "90002":
        return 2.0 + 2 * random.random()  # the whole platform is busy on this call
    if code in _TOO_FAST_FOR_LONGER or ("AccessDenied" in code and "LimitFor" in code):
        return 60.0
    return None


def _transient(problem: Problem, words: str, *, idempotent: bool) -> ChannelError | None:
    code, status = problem.code, problem.status
    if code == "88" or status == 503:  # the token service timed out, or nobody was there: certainly not carried out
        return ChannelUnavailable(words)
    unknown = code in _UNKNOWN_OUTCOME or code in _BUSY or status >= 500
    if not unknown and status < 300 and code.startswith("http."):
        unknown = True  # taken, perhaps; the body does not say
    if not unknown:
        return None
    return ChannelUnavailable(words) if idempotent else OutcomeUnknown(words)


def seconds_to_next_month(now: datetime) -> float:
    """Until the quota starts afresh: the 1st, 00:00 in Shanghai (10.2)."""
    local = now.astimezone(SHANGHAI)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return max(1.0, (datetime(year, month, 1, tzinfo=SHANGHAI) - local).total_seconds())
