"""A speech service that hears what the page says was spoken: Baidu's short recognition on the wire.

Written from protocols/backoffice.md 3.1 (token) and 5.2 (recognition, error numbers). Bytes name a recording.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from fastapi import APIRouter, Request

TOKEN = "sandbox-speech-token"  # noqa: S105 - opens nothing but this sandbox
KEY, SECRET = "sandbox-speech-key", "sandbox-speech-secret"  # dummy credentials of the demo
_MAX_SECONDS_OF_AMR = 60 * 50 * 32  # bytes: 50 frames a second, the largest has 32


class SpokenWords:
    """What was said in which recording."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}

    def remember(self, recording: bytes, words: str) -> None:
        self._words[hashlib.sha256(recording).hexdigest()] = words

    def recall(self, recording: bytes) -> str:
        return self._words.get(hashlib.sha256(recording).hexdigest(), "")


def speech_routes(spoken: SpokenWords) -> APIRouter:
    """`POST /speech/token` and `POST /speech/server_api`."""
    router = APIRouter(prefix="/speech")

    @router.post("/token")
    async def token(client_id: str = "", client_secret: str = "", grant_type: str = "") -> dict[str, object]:
        if grant_type != "client_credentials" or (client_id, client_secret) != (KEY, SECRET):
            return {"error": "invalid_client", "error_description": "Client authentication failed"}
        return {"access_token": TOKEN, "expires_in": 2592000, "scope": "brain_all_scope"}

    @router.post("/server_api")
    async def recognise(request: Request) -> dict[str, object]:
        body = await request.json()
        if body.get("token") != TOKEN:
            return _error(3302, "Access denied")
        if body.get("format") not in ("pcm", "wav", "amr", "m4a") or body.get("channel") != 1 or not body.get("cuid"):
            return _error(3300, "param error")
        try:
            recording = base64.b64decode(body.get("speech", ""), validate=True)
        except (binascii.Error, TypeError):
            return _error(3309, "data error")
        if body.get("len") != len(recording):
            return _error(3300, "len is not the length of the raw data")
        if len(recording) > _MAX_SECONDS_OF_AMR:
            return _error(3308, "audio too long")
        words = spoken.recall(recording)
        return (
            {"err_no": 0, "err_msg": "success.", "sn": "1", "result": [words]} if words else _error(3301, "bad audio")
        )

    return router


def _error(number: int, message: str) -> dict[str, object]:
    return {"err_no": number, "err_msg": message, "sn": "1"}
