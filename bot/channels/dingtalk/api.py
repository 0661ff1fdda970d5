"""Calls to both hosts: token, quota, pauses, and errors as ours (protocols/dingtalk.md 1, 10)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx
import structlog

from bot.channels.base import Limit, Limiter, Quota, TokenStore
from bot.channels.dingtalk.answers import Answer, Problem, error_for, read_answer, unreachable
from bot.channels.dingtalk.quota import API_KEY, count
from bot.clock import Clock
from bot.errors import ChannelError, ChannelUnavailable, RateLimited
from bot.metrics import TOKEN_REFRESHES
from bot.settings import DingTalkSettings

log = structlog.get_logger(__name__)

TOKEN_TIMEOUT, API_TIMEOUT, MEDIA_TIMEOUT = 5.0, 10.0, 60.0  # seconds, 10.4
CALLS_PER_SECOND = 20  # per app and API in every edition (10.1)
BILLED = (
    *("oto", "group", "card", "card_deliver", "card_update", "card_route", "download", "upload"),
    *("oa_create", "oa_find", "oa_read", "oa_execute", "oa_redirect", "oa_terminate", "oa_comment", "oa_form"),
)
"""Our names of the APIs that draw on the monthly quota; contacts and tokens are exempt."""
RENEWAL_SECONDS = 30.0  # a token is renewed by force at most that often (TokenStore.drop)


class Api:
    """One app's authenticated calls. Says `ChannelError`s only; never logs a token, a body or an address."""

    def __init__(
        self,
        settings: DingTalkSettings,
        http: httpx.AsyncClient,
        tokens: TokenStore,
        limiter: Limiter,
        quota: Quota,
        real_now: Callable[[], datetime] = Clock.real_now,
    ) -> None:
        self.settings = settings
        self.http = http
        self._tokens = tokens
        self._limiter = limiter
        self._quota = quota
        self._real_now = real_now

    @property
    def token_key(self) -> str:
        """With the secret in it: a changed secret is tried at once, and doctor never praises a wrong one."""
        secret = self.settings.client_secret.get_secret_value().encode()
        digest = hmac.new(secret, b"token", hashlib.sha256).hexdigest()[:24]
        return f"dingtalk:{self.settings.client_id}:{digest}"

    def now(self) -> datetime:
        """Real time, aware UTC."""
        return self._real_now()

    def limit(self, api: str) -> Limit:
        """20 calls a second for this app and API."""
        return Limit(f"dingtalk:{self.settings.client_id}:{api}", CALLS_PER_SECOND, 1.0)

    async def spare(self, api: str) -> float:
        """Take one more call from the limit; else the seconds until there may be one."""
        return await self._limiter.take([self.limit(api)])

    async def token(self) -> str:
        """The shared token, fetched by the v1.0 call when there is none.

        Raises:
            ChannelMisconfigured: Client ID or Secret refused.
        """
        return await self._tokens.get(self.token_key, self._fetch_token)

    async def _fetch_token(self) -> tuple[str, float]:
        settings = self.settings
        body = {"appKey": settings.client_id, "appSecret": settings.client_secret.get_secret_value()}
        answer = await self._request(
            "POST", f"{settings.api_base}/v1.0/oauth2/accessToken", idempotent=True, json=body, timeout=TOKEN_TIMEOUT
        )
        if answer.problem is not None:
            raise error_for(answer.problem, idempotent=True, now=self._real_now())
        token, lives = answer.data.get("accessToken"), answer.data.get("expireIn")
        if not isinstance(token, str) or not token:
            raise ChannelUnavailable("钉钉取令牌的应答里没有 accessToken")
        TOKEN_REFRESHES.labels("dingtalk").inc()
        return token, float(lives) if isinstance(lives, (int, float, str)) and lives else 7200.0

    async def new(self, method: str, path: str, *, api: str, idempotent: bool, **request: Any) -> Answer:
        """A call to the new host. Returns also answers with a problem that is the caller's to read.

        Args:
            api: one of `BILLED`.
            idempotent: repeating it does no harm (10.5).
            request: `json` or `params`, as httpx takes them.
        Raises:
            ChannelError: all but plain rejections.
        """

        async def once(token: str) -> Answer:
            headers = {"x-acs-dingtalk-access-token": token}
            url = f"{self.settings.api_base}{path}"
            return await self._request(method, url, idempotent=idempotent, headers=headers, **request)

        return await self._authenticated(once, api=api)

    async def old(self, path: str, *, api: str, timeout: float = API_TIMEOUT, **request: Any) -> Answer:  # noqa: ASYNC109
        """A POST to the old host, token in the address. Every call made here may be repeated."""
        query = request.pop("params", {})

        async def once(token: str) -> Answer:
            url = f"{self.settings.oapi_base}{path}"
            params = {"access_token": token, **query}
            return await self._request("POST", url, idempotent=True, params=params, timeout=timeout, **request)

        return await self._authenticated(once, api=api)

    async def _authenticated(self, once: Callable[[str], Awaitable[Answer]], *, api: str) -> Answer:
        """With the token of all processes; a refused one is dropped and the call repeated once (1.4)."""
        if api in BILLED:
            # Before the call: if the count cannot be kept, nothing was sent. Throttled calls are counted as well.
            await count(self._quota, API_KEY, 1, self.settings.monthly_api_quota)
        token = await self.token()
        answer = await once(token)
        if answer.problem is not None and answer.problem.is_token:
            dropped = await self._tokens.drop(self.token_key, token)
            renewed = await self.token()
            if renewed == token and not dropped:
                raise RateLimited("钉钉令牌刚刚更新过又被拒绝，稍后再试", retry_after_seconds=RENEWAL_SECONDS)
            answer = await once(renewed)
            if answer.problem is not None and answer.problem.is_token:
                raise error_for(answer.problem, idempotent=True)
        if answer.problem is not None:
            await self._heed(answer.problem, api)
        return answer

    async def _heed(self, problem: Problem, api: str) -> None:
        """Hold back everybody's calls where the platform said so."""
        error = error_for(problem, idempotent=True, now=self._real_now())
        if not isinstance(error, RateLimited):
            return
        seconds = error.retry_after_seconds
        for name in (*BILLED, "contacts") if problem.blocked else BILLED if problem.month_spent else (api,):
            await self._limiter.pause(self.limit(name).key, seconds)
        if problem.month_spent:
            log.error("dingtalk.quota_spent", retry_after_seconds=int(seconds))
        raise error

    def refused(self, answer: Answer, *, idempotent: bool) -> ChannelError:
        """The error for an answer whose problem the caller has no use for."""
        assert answer.problem is not None
        return error_for(answer.problem, idempotent=idempotent, now=self._real_now())

    async def _request(self, method: str, url: str, *, idempotent: bool, **request: Any) -> Answer:
        request.setdefault("timeout", API_TIMEOUT)
        request["headers"] = {"Accept": "application/json", **request.get("headers", {})}
        try:
            response = await self.http.request(method, url, **request)
        except httpx.TransportError as error:
            raise unreachable(error, idempotent=idempotent) from None  # its text may quote the address with the token
        return read_answer(response)
