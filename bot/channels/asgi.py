"""What the platforms' receivers share of bare ASGI: a bounded body in, a short answer out. No framework."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

MAX_BODY_BYTES = 1_000_000  # a real callback has a few kB

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def query_values(query: bytes) -> dict[str, str]:
    """Percent-decoded exactly once, the first of each name. A `+` stays a plus: base64 has them, and nothing else."""
    values: dict[str, str] = {}
    for part in query.decode("latin-1").split("&"):
        name, _, value = part.partition("=")
        values.setdefault(name, unquote(value) if "%" in value else value)
    return values


async def read_body(receive: Receive) -> bytes | None:
    """The body, cut off as soon as it is over `MAX_BODY_BYTES`; None when the caller hung up."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        if not message.get("more_body") and not parts:
            return part
        parts.append(part)
        size += len(part)
        if not message.get("more_body") or size > MAX_BODY_BYTES:
            return b"".join(parts)


async def answer(
    send: Send, status: int, body: bytes = b"", *, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """An empty 200 means: taken, nothing to say, do not post again."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *(headers or ())]})
    await send({"type": "http.response.body", "body": body})
