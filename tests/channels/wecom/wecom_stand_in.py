"""The WeCom server as these tests need it, written from protocols/wecom.md, and what a channel wants remembered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import orjson

from bot.channels.base import Limit, StoredFile
from bot.channels.wecom.client import WeComChannel
from bot.messages import Account, ChannelName, Content, OutboundMessage
from bot.settings import WeComSettings

CORP = "ww1a2b3c4d5e6f7a8b"
SETTINGS = WeComSettings.model_validate(
    {
        "enabled": True,
        "corp_id": CORP,
        "agent_id": 1000002,
        "secret": "very-secret-indeed",
        "token": "QDG6eK9chatopsTok",
        "encoding_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        "max_callback_age_seconds": 0,
        "api_base": "https://wecom.test",
    }
)


class Server:
    """Answers calls; `script[path]` holds answers to give before the ordinary one: a dict, a response, an exception."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, httpx.Request]] = []
        self.script: dict[str, list[Any]] = {}
        self.good_token = "T1"
        self.secret = "very-secret-indeed"
        self.delivered: list[dict[str, Any]] = []  # what members saw
        self._seen: set[bytes] = set()
        self._task_ids: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/cgi-bin/")
        self.calls.append((path, request))
        if waiting := self.script.get(path):
            answer = waiting.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)
        if path == "gettoken":
            good = request.url.params["corpsecret"] == self.secret
            return _json({"errcode": 0, "access_token": self.good_token, "expires_in": 7200} if good else _no(40001))
        if request.url.params.get("access_token") != self.good_token:
            return _json(_no(40014))
        return self._answer(path, request)

    def _answer(self, path: str, request: httpx.Request) -> httpx.Response:
        if path == "message/send":
            return _json(self._send(request.content))
        if path == "media/upload":
            return _json({"errcode": 0, "errmsg": "", "type": "file", "media_id": f"M{self.count(path)}"})
        return _json({"errcode": 0, "errmsg": "ok"})

    def _send(self, content: bytes) -> dict[str, Any]:
        body = orjson.loads(content)
        ok = {"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": f"msg{len(self.delivered) + 1}"}
        if content in self._seen and body.get("enable_duplicate_check"):
            return ok
        task_id = body.get("template_card", {}).get("task_id")
        if task_id in self._task_ids:
            return _no(42014)
        if task_id:
            self._task_ids.add(task_id)
            ok["response_code"] = f"code-of-{task_id}"
        self._seen.add(content)
        self.delivered.append(body)
        return ok

    def count(self, path: str) -> int:
        return sum(1 for name, _ in self.calls if name == path)

    def bodies(self, path: str) -> list[bytes]:
        return [request.content for name, request in self.calls if name == path]


def _json(value: object) -> httpx.Response:
    return httpx.Response(200, json=value)


def _no(code: int) -> dict[str, Any]:
    return {"errcode": code, "errmsg": f"no, hint: [1], from ip: 203.0.113.9, more info at https://x/?e={code}"}


class Memory:
    """TokenStore, Limiter and FileStore of one process."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.paused: dict[str, float] = {}
        self.taken: list[Limit] = []
        self.uploads: dict[str, str] = {}
        self.stored: dict[int, StoredFile] = {}

    async def get(self, key: str, fetch: Callable[[], Awaitable[tuple[str, float]]]) -> str:
        if key not in self.tokens:
            self.tokens[key] = (await fetch())[0]
        return self.tokens[key]

    async def drop(self, key: str, token: str) -> bool:
        if self.tokens.get(key) != token:
            return False
        del self.tokens[key]
        return True

    async def take(self, limits: Sequence[Limit], *, cost: int = 1) -> float:
        self.taken += limits
        return max((self.paused.get(limit.key, 0.0) for limit in limits), default=0.0)

    async def pause(self, key: str, seconds: float) -> None:
        self.paused[key] = seconds

    async def read(self, attachment_id: int) -> StoredFile:
        return self.stored[attachment_id]

    async def uploaded(self, channel: ChannelName, sha256: str) -> str | None:
        return self.uploads.get(sha256)

    async def remember_upload(self, channel: ChannelName, sha256: str, media_id: str, *, seconds: float) -> None:
        assert seconds < 3 * 24 * 3600
        self.uploads[sha256] = media_id

    async def forget_upload(self, channel: ChannelName, sha256: str) -> None:
        self.uploads.pop(sha256, None)


class Bench:
    """A channel on the stand-in server."""

    def __init__(self, settings: WeComSettings = SETTINGS) -> None:
        self.server = Server()
        self.memory = Memory()
        self.now = 1_700_000_000.0
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self.server))
        self.channel = WeComChannel(settings, self.http, self.memory, self.memory, self.memory, now=lambda: self.now)


def message(content: Content, *users: str, **more: Any) -> OutboundMessage:
    """An outbox row for members `users` (ZhangSan by default)."""
    recipients = tuple(Account(ChannelName.WECOM, user) for user in users or ("ZhangSan",))
    return OutboundMessage(**{"outbox_id": 7, "recipients": recipients, "content": content, **more})
