"""Baidu's short speech recognition (protocols/backoffice.md 5.2, token as in 3.1)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

import httpx

from bot.connectors.speech import AudioFormat, sniff
from bot.errors import ConnectorRefused, ConnectorUnavailable
from bot.settings import SpeechSettings

TOKEN_KEY = "baidu:speech"  # noqa: S105 - the name of a row, not a secret
MANDARIN = 1537  # dev_pid
FORMATS = frozenset({"pcm", "wav", "amr", "m4a"})  # not mp3, not silk
MAX_BYTES = 7 * 1024 * 1024  # the JSON may have 10 MB, base64 adds a third
_AUTH_FAILED = 3302
_WORTH_RETRYING = frozenset({3303, 3304, 3307, 3313})  # busy, QPS, recognition error, time-out
_PAUSES = (0.5, 1.5)  # seconds between tries; what is still busy then is left to the job's own retries
_TIMEOUT = httpx.Timeout(20, connect=5)  # a minute of audio takes a few seconds


class Tokens(Protocol):
    """What is needed of `bot.channels.base.TokenStore`."""

    async def get(self, key: str, fetch: Callable[[], Awaitable[tuple[str, float]]]) -> str: ...

    async def drop(self, key: str, token: str) -> bool: ...


class BaiduSpeech:
    """Speech to text through Baidu; its token is shared by all processes."""

    def __init__(
        self,
        settings: SpeechSettings,
        http: httpx.AsyncClient,
        tokens: Tokens,
        *,
        pauses: Sequence[float] = _PAUSES,
    ) -> None:
        self._settings = settings
        self._http = http
        self._tokens = tokens
        self._pauses = pauses

    async def transcribe(self, content: bytes, *, file_format: str = "", hot_words: Sequence[str] = ()) -> str:
        """See `SpeechToText`. Baidu's short recognition takes no hot words."""
        audio = sniff(content, said=file_format)
        if audio.name not in FORMATS:
            raise ConnectorRefused(f"Baidu does not take {audio.name}", code="format")
        if not content or len(content) > MAX_BYTES:
            raise ConnectorRefused("voice note empty or too big", code="size")
        return await self._recognise(content, audio)

    async def _recognise(self, content: bytes, audio: AudioFormat) -> str:
        renewed = False
        pauses = iter(self._pauses)
        while True:
            token = await self._tokens.get(TOKEN_KEY, self._fetch_token)
            answer = await self._post(
                self._settings.api_url,
                json={
                    "format": audio.name,
                    "rate": audio.rate,
                    "channel": 1,
                    "cuid": "salesbot",
                    "token": token,
                    "dev_pid": MANDARIN,
                    "len": len(content),  # of the raw bytes, not of the base64
                    "speech": base64.b64encode(content).decode(),
                },
            )
            code = _number(answer.get("err_no"))
            if code == 0:
                return _words(answer)
            if code == _AUTH_FAILED and not renewed:
                renewed = True
                await self._tokens.drop(TOKEN_KEY, token)
                continue
            if code not in _WORTH_RETRYING:
                raise ConnectorRefused(f"Baidu speech {code}: {answer.get('err_msg', '')}", code=str(code))
            if (pause := next(pauses, None)) is None:
                raise ConnectorUnavailable(f"Baidu speech {code}: {answer.get('err_msg', '')}")
            await asyncio.sleep(pause)

    async def _fetch_token(self) -> tuple[str, float]:
        settings = self._settings
        answer = await self._post(
            settings.token_url,
            params={
                "grant_type": "client_credentials",
                "client_id": settings.api_key.get_secret_value(),
                "client_secret": settings.secret_key.get_secret_value(),
            },
        )
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise ConnectorRefused(f"Baidu token: {answer.get('error', 'no token')}", code="token")
        return token, float(_number(answer.get("expires_in")) or 2592000)

    async def _post(self, url: str, **request: Any) -> dict[str, Any]:
        """One request; the error never quotes the address, which carries the secret."""
        try:
            response = await self._http.post(url, timeout=_TIMEOUT, **request)
        except httpx.HTTPError as error:
            raise ConnectorUnavailable(f"Baidu: {type(error).__name__}") from None
        if response.status_code >= 500 or response.status_code == 429:
            raise ConnectorUnavailable(f"Baidu: HTTP {response.status_code}")
        try:
            answer = response.json()
        except ValueError:
            raise ConnectorUnavailable(f"Baidu: HTTP {response.status_code} without JSON") from None
        if not isinstance(answer, dict):
            raise ConnectorUnavailable("Baidu: answer is not an object")
        return answer


def _number(value: object) -> int:
    """Numbers come as numbers or as digits; anything else is -1."""
    return int(value) if isinstance(value, int | str) and str(value).lstrip("-").isdigit() else -1


def _words(answer: dict[str, Any]) -> str:
    result = answer.get("result")
    words = str(result[0]).strip() if isinstance(result, list) and result else ""
    if not words:
        raise ConnectorRefused("Baidu heard nothing", code="silence")
    return words
