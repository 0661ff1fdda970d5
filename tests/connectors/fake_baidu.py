"""Baidu's token and short speech recognition as a server that refuses what theirs refuses (protocols/backoffice.md)."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs

Scope = dict[str, Any]


class FakeBaidu:
    """An ASGI app. `says` is what the next notes contain, an int is an err_no."""

    def __init__(self, *says: str | int) -> None:
        self.says = list(says)
        self.tokens_given = 0
        self.good_token = ""
        self.requests: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        query = parse_qs(scope["query_string"].decode())
        answer = self._token(query) if scope["path"] == "/oauth/2.0/token" else self._recognise(json.loads(body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _token(self, query: dict[str, list[str]]) -> dict[str, Any]:
        if query.get("grant_type") != ["client_credentials"] or query.get("client_secret") != ["secret"]:
            return {"error": "invalid_client", "error_description": "Client authentication failed"}
        self.tokens_given += 1
        self.good_token = f"token-{self.tokens_given}"
        return {"access_token": self.good_token, "expires_in": 2592000, "scope": "brain_all_scope"}

    def _recognise(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        if request.get("token") != self.good_token:
            return _error(3302, "authentication failed")
        if request.get("format") not in ("pcm", "wav", "amr", "m4a"):
            return _error(3312, "format")
        if request.get("rate") not in (8000, 16000):
            return _error(3311, "rate")
        if len(base64.b64decode(request["speech"])) != request.get("len"):
            return _error(3300, "len")
        said = self.says.pop(0)
        if isinstance(said, int):
            return _error(said, "as told")
        return {"err_no": 0, "err_msg": "success.", "corpus_no": "1", "sn": "1", "result": [said]}


def _error(number: int, message: str) -> dict[str, Any]:
    return {"err_no": number, "err_msg": message, "sn": "1"}
