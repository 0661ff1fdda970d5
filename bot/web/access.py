"""Who may call the API: one key per caller, with scopes."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Sequence

from fastapi import HTTPException, Request

from bot.settings import ApiKey

MAX_PAGE = 500


def may(keys: Sequence[ApiKey], scope: str) -> Callable[[Request], Awaitable[str]]:
    """A dependency that lets callers with that scope in and returns the caller's name.

    Async, though it waits for nothing: a plain function would cost every request a thread.
    """

    async def check(request: Request) -> str:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        for key in keys:
            if hmac.compare_digest(given.encode(), key.key.get_secret_value().encode()):
                if scope in key.scopes:
                    return key.name
                raise HTTPException(403, f"this key lacks the scope {scope!r}")
        raise HTTPException(401, "send a known key as 'Authorization: Bearer KEY'", {"www-authenticate": "Bearer"})

    return check
