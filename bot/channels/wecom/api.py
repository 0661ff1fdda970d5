"""Calls to the WeCom server: token, error table, limits that the platform announces (protocols/wecom.md 0, 3, 12)."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import httpx
import orjson
import structlog

from bot.channels.base import Limit, Limiter, TokenStore
from bot.channels.wecom import codes
from bot.clock import SHANGHAI
from bot.errors import (
    ChannelError,
    ChannelMisconfigured,
    ChannelRejected,
    ChannelUnavailable,
    OutcomeUnknown,
    RateLimited,
)
from bot.settings import WeComSettings

log = structlog.get_logger(__name__)
# Their INFO lines carry whole URLs, and ours carry the token and the secret (protocols/wecom.md 0).
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

TIMEOUT = httpx.Timeout(10, connect=5)
TOKEN_TIMEOUT = httpx.Timeout(5)  # other processes wait for the one that fetches
BREAKER_SECONDS = 600.0  # wrong secrets repeated from one IP ban it from gettoken for an hour (3)
IP_PAUSE_SECONDS = 180.0  # probe every few minutes (3.4)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

Json = dict[str, Any]


class WeComApi:
    """One app's credentials and the calls made with them. Holds no token: those are the store's."""

    def __init__(
        self,
        settings: WeComSettings,
        http: httpx.AsyncClient,
        tokens: TokenStore,
        limiter: Limiter,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.agent_id = settings.agent_id
        self.key = f"wecom:{settings.corp_id}:{settings.agent_id}"
        # with the secret in it: a changed secret is tried at once, and doctor never praises a wrong one
        self._token_key = f"{self.key}:{keyed_digest(settings.secret.get_secret_value(), 'token')}"
        self.http = http
        self.limiter = limiter
        self._settings = settings
        self._tokens = tokens
        self._now = now
        self._strikes: dict[str, tuple[float, int]] = {}  # API path -> when its last pause ends, how many in a row
        self._broken: tuple[float, ChannelError] | None = None

    def secret_digest(self, text: str) -> str:
        """A short keyed digest: names a thing in shared rows without giving it away."""
        return keyed_digest(self._settings.secret.get_secret_value(), text)

    async def get(self, path: str, **params: str | int) -> Json:
        """A read: a time-out changes nothing, so it is only "unavailable"."""
        return await self._with_token("GET", path, params, reads=True)

    async def post(self, path: str, body: Json, *, reads: bool = False, **params: str | int) -> Json:
        """A call with a JSON body. The same `body` gives the same bytes, which the duplicate check lives on.

        Raises:
            OutcomeUnknown: it may have been carried out (never with `reads`).
            ChannelError: any other of the tree, sorted by the table of protocols/wecom.md 12.
        """
        # Real UTF-8: the platform refuses \\uXXXX (40033).
        return await self._with_token(
            "POST", path, params, content=orjson.dumps(body), content_type="application/json", reads=reads
        )

    async def upload(self, path: str, content: bytes, content_type: str, **params: str | int) -> Json:
        """A multipart post. Repeating it shows nobody anything, so a time-out is only "unavailable"."""
        return await self._with_token("POST", path, params, content=content, content_type=content_type, reads=True)

    async def token(self) -> str:
        """The access token, from the store or fetched by one process for all."""
        return await self._tokens.get(self._token_key, self._fetch_token)

    async def token_after(self, refused: str) -> str | None:
        """The token to try once more with: a fetched one, or another's. None when there is no other to be had now."""
        dropped = await self._tokens.drop(self._token_key, refused)
        fresh = await self.token()
        return fresh if dropped or fresh != refused else None

    def url(self, path: str) -> str:
        return f"{self._settings.api_base}/cgi-bin/{path}"

    async def failed(self, path: str, answer: Mapping[str, Any]) -> ChannelError:
        """The error for an answer, after telling the limiter what the platform asked for."""
        code = int(answer["errcode"])
        error = codes.to_error(code, str(answer.get("errmsg", "")), what=path)
        if code == codes.TOO_OFTEN:
            seconds = self._pause_seconds(path)
            await self.limiter.pause(self.pause_key(path), seconds)
            error = RateLimited(str(error), retry_after_seconds=seconds)
        elif code == codes.IP_REFUSED:
            await self.limiter.pause(self.pause_key("message/send"), IP_PAUSE_SECONDS)
        if code not in codes.ANSWERS:
            log.warning("wecom call failed", path=path, errcode=code, error=str(error))
        return error

    def pause_key(self, path: str) -> str:
        """What stands still while the platform refuses an API of this app."""
        return f"{self.key}:{path}"

    # -- inside -------------------------------------------------------------------------------------------------------
    async def _with_token(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int],
        *,
        content: bytes | None = None,
        content_type: str = "",
        reads: bool,
    ) -> Json:
        """One call, and one more with another token if the first was refused. Never a third."""
        paused_until, _ = self._strikes.get(path, (0.0, 0))
        if (wait := paused_until - self._now()) > 0:  # calling inside the window only prolongs it
            raise RateLimited(f"企业微信 {path} 超过频率限制，暂停调用", retry_after_seconds=wait)
        token = await self.token()
        for last in (False, True):
            answer = await self._request(method, path, {"access_token": token, **params}, content, content_type, reads)
            code = answer.get("errcode", 0)
            if code == 0:
                return answer
            fresh = await self.token_after(token) if code in codes.TOKEN_REFUSED and not last else None
            if fresh is None:
                raise await self.failed(path, answer)
            token = fresh
        raise AssertionError("unreachable")

    async def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int],
        content: bytes | None,
        content_type: str,
        reads: bool,
        patience: httpx.Timeout = TIMEOUT,
    ) -> Json:
        headers = {"content-type": content_type} if content_type else None
        try:
            response = await self.http.request(
                method, _address(self.url(path), **params), content=content, headers=headers, timeout=patience
            )
        except _NOT_SENT as error:
            raise ChannelUnavailable(f"连不上企业微信 {path}：{type(error).__name__}") from error
        except httpx.HTTPError as error:
            kind = ChannelUnavailable if reads else OutcomeUnknown
            raise kind(f"企业微信 {path} 没有答复：{type(error).__name__}") from error
        return parse_answer(response.status_code, response.content, path)

    async def _fetch_token(self) -> tuple[str, float]:
        """gettoken, called by one process at a time.

        Raises:
            ChannelMisconfigured: wrong corp or secret; for the next 10 minutes no call goes out at all.
        """
        if self._broken is not None and self._now() < self._broken[0]:
            raise self._broken[1].with_traceback(None)
        secret = self._settings.secret.get_secret_value()
        breaker = f"{self.key}:gettoken:{self.secret_digest('gettoken')}"  # a corrected secret is not held back
        if wait := await self.limiter.take((Limit(breaker, 300, 60),)):
            raise RateLimited("企业微信 gettoken 暂停调用：此前 corp_id 或 secret 被拒绝", retry_after_seconds=wait)
        params = {"corpid": self._settings.corp_id, "corpsecret": secret}
        answer = await self._request("GET", "gettoken", params, None, "", True, TOKEN_TIMEOUT)
        code = answer.get("errcode", 0)
        if code == 0 and answer.get("access_token"):
            self._broken = None
            return str(answer["access_token"]), float(answer.get("expires_in", 7200))
        error = codes.to_error(int(code or -1), str(answer.get("errmsg", "")), what="gettoken")
        if isinstance(error, RateLimited):  # on gettoken this is the ban of an hour
            error = RateLimited(str(error), retry_after_seconds=3600)
            await self._break(breaker, 3600, error)
        elif isinstance(error, ChannelRejected):
            error = ChannelMisconfigured(str(error), code=error.code)
            await self._break(breaker, BREAKER_SECONDS, error)
        log.error("wecom gettoken failed", errcode=code, error=str(error))
        raise error

    async def _break(self, key: str, seconds: float, error: ChannelError) -> None:
        self._broken = (self._now() + seconds, error)
        await self.limiter.pause(key, seconds)

    def _pause_seconds(self, path: str) -> float:
        """45009 does not say which window is full: try the minute, then the hour, then the rest of the day.

        A refusal soon after a pause has ended means that the longer window is the one that is full.
        """
        now = self._now()
        ends_at, strikes = self._strikes.get(path, (0.0, 0))
        if now < ends_at:  # a call that was under way when the pause began
            return ends_at - now
        strikes = strikes + 1 if now < ends_at + 60 else 1
        seconds = 60.0
        if strikes == 2:
            seconds = 3600.0
        elif strikes > 2:
            local = datetime.fromtimestamp(now, UTC).astimezone(SHANGHAI)
            midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            seconds = (midnight - local).total_seconds()
        self._strikes[path] = (now + seconds, strikes)
        return seconds


@lru_cache(maxsize=128)
def _address(url: str, **params: str | int) -> httpx.URL:
    """Kept for as long as a token: reading an address costs as much as the call."""
    return httpx.URL(url, params=params)


def parse_answer(status: int, content: bytes, path: str) -> Json:
    """The JSON object of an answer.

    Raises:
        ChannelUnavailable: 5xx or not JSON, which counts as busy (protocols/wecom.md 0).
    """
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        answer = None
    if status >= 500 or not isinstance(answer, dict):
        raise ChannelUnavailable(f"企业微信 {path} 繁忙（HTTP {status}）")
    return answer


def keyed_digest(secret: str, text: str) -> str:
    """24 hex digits that depend on both and give neither away."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:24]
