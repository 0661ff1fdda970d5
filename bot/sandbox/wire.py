"""HTTP as the platforms speak it: calls that come in, answers that go out, and everything that can go wrong between."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson
from starlette.types import Receive, Scope, Send

_MAX_BODY = 64 * 1024 * 1024


class BadJson(Exception):
    """The body is not a JSON object."""


class NoAnswer(Exception):
    """The caller never gets an answer. `cut` breaks the line at once, else it waits until the caller gives up."""

    def __init__(self, *, cut: bool) -> None:
        super().__init__("no answer")
        self.cut = cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, read to its end."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  #: names in lower case
    body: bytes = field(repr=False)
    base_url: str  #: how the caller reached us, without a final slash
    client_ip: str = ""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            BadJson: it is anything else.
        """
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise BadJson(str(error)) from error
        if not isinstance(value, dict):
            raise BadJson("not an object")
        return value

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def described(self) -> dict[str, Any]:
        """For the log of the wire."""
        body: Any = None
        if self.body:
            try:
                body = orjson.loads(self.body)
            except orjson.JSONDecodeError:
                body = f"<{len(self.body)} bytes {self.headers.get('content-type', '')}>"
        return {"method": self.method, "path": self.path, "query": dict(self.query), "body": body}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    content_type: str = "application/json; charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    note: str = ""  #: for the log only: what the caller can't see (a message that was dropped silently)

    @classmethod
    def json(cls, value: Any, status: int = 200, *, note: str = "") -> Answer:
        return cls(status=status, body=orjson.dumps(value), note=note)

    def described(self) -> Any:
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return f"<{len(self.body)} bytes {self.content_type}>"


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a multipart body. `filename` is None without a plain `filename="…"`."""

    name: str
    filename: str | None
    content_type: str
    body: bytes = field(repr=False)


def multipart(call: Call) -> list[Part]:
    """The parts of a multipart body; an empty list when it is none.

    `filename*=` is not read, as WeCom does not (protocols/wecom.md 5).
    """
    found = re.search(r'boundary="?([^";]+)"?', call.headers.get("content-type", ""))
    if not found:
        return []
    parts: list[Part] = []
    for piece in call.body.split(b"--" + found[1].encode())[1:-1]:
        head, separator, body = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not separator:
            continue
        text = head.decode("utf-8", "replace")
        name = re.search(r'(?:^|[;\s])name="([^"]*)"', text)
        filename = re.search(r'[;\s]filename="([^"]*)"', text)
        kind = re.search(r"content-type:\s*([^\r\n;]+)", text, re.IGNORECASE)
        parts.append(
            Part(
                name=name[1] if name else "",
                filename=filename[1] if filename else None,
                content_type=kind[1].strip() if kind else "application/octet-stream",
                body=body.removesuffix(b"\r\n"),
            )
        )
    return parts


async def read_call(scope: Scope, receive: Receive) -> Call:
    """Read a whole request off ASGI."""
    chunks: list[bytes] = []
    size = 0
    more = True
    while more and size <= _MAX_BODY:
        event = await receive()
        if event["type"] == "http.disconnect":
            break
        chunks.append(event.get("body", b""))
        size += len(chunks[-1])
        more = bool(event.get("more_body"))
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    client = scope.get("client") or ("", 0)
    return Call(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers=headers,
        body=b"".join(chunks),
        base_url=f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}",
        client_ip=str(client[0]),
    )


async def write_answer(answer: Answer, send: Send) -> None:
    headers = {"content-type": answer.content_type, "content-length": str(len(answer.body)), **answer.headers}
    raw = [(name.encode(), value.encode("utf-8")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


async def leave_unanswered(
    reason: NoAnswer, scope: Scope, receive: Receive, sockets: Iterable[Any], longest_seconds: float = 120
) -> None:
    """Over a real port: break the line, at once or when the caller has waited long enough.

    Args:
        sockets: the server's protocol objects, of which this caller's is broken.
    """
    if not reason.cut:
        try:
            async with asyncio.timeout(longest_seconds):
                while (await receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            pass
    for socket in list(sockets):
        if getattr(socket, "client", None) == scope.get("client"):
            socket.transport.abort()
    await receive()  # the disconnect that we made


class InProcess(httpx.AsyncBaseTransport):
    """Reaches an ASGI app without a port; an answer that never comes is the timeout that a client would see."""

    def __init__(self, app: Any, client: tuple[str, int] = ("127.0.0.1", 50000)) -> None:
        self._inner = httpx.ASGITransport(app=app, client=client)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except NoAnswer as error:
            raise httpx.ReadTimeout("the sandbox keeps silent", request=request) from error
