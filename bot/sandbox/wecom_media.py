"""Temporary media: what may be uploaded, for how long it can be fetched (protocols/wecom.md 5)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from bot.sandbox.wecom_refusals import Refused
from bot.sandbox.wire import Answer, Call, multipart
from bot.sandbox.world import StoredFile, World

_MB = 1024 * 1024
_LIMITS = {"image": (10 * _MB, 40009), "voice": (2 * _MB, 45001), "video": (10 * _MB, 40011), "file": (20 * _MB, 45001)}
_CHUNK = 20 * _MB
_AMR_FRAME_BYTES = (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1)  # RFC 4867, storage format, by frame type
_AMR_HEADER = b"#!AMR\n"


def silent_amr(seconds: int) -> bytes:
    """A voice note without sound: 50 empty frames a second."""
    return _AMR_HEADER + b"\x7c" * (50 * seconds)


def amr_seconds(body: bytes) -> float:
    """How long an AMR file plays."""
    position, frames = len(_AMR_HEADER), 0
    while position < len(body):
        position += _AMR_FRAME_BYTES[body[position] >> 3 & 15]
        frames += 1
    return frames / 50


class WeComMedia:
    """Media ids by kind. Ids live three days and are shared by all apps of the corp."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kinds: dict[str, dict[str, Any]] = dict(world.notebook.records("wecom_media"))

    def keep(self, kind: str, name: str, content_type: str, body: bytes) -> tuple[str, StoredFile]:
        """Store bytes that a phone or the bot sent; returns the media_id."""
        stored = self._world.keep_file(name, content_type, body)
        media_id = f"3{stored.id}"
        self._kinds[media_id] = {"kind": kind, "file": stored.id}
        self._world.notebook.save("wecom_media", media_id, self._kinds[media_id])
        return media_id, stored

    def knows(self, media_id: str) -> bool:
        return self._find(media_id) is not None

    def face(self, media_id: str, kind: str) -> dict[str, Any]:
        """How the page shows it.

        Raises:
            Refused: unknown, older than three days, or uploaded as another kind.
        """
        stored = self._find(media_id)
        if stored is None or self._kinds[media_id]["kind"] != kind:
            raise Refused(40007)
        face = self._world.file_face(stored)
        return {**face, "seconds": round(amr_seconds(stored.body))} if kind == "voice" else face

    def _find(self, media_id: str) -> StoredFile | None:
        known = self._kinds.get(media_id)
        stored = self._world.file(known["file"]) if known else None
        if stored is None or stored.at + self._world.config.media_seconds <= self._world.now():
            return None
        return stored

    async def upload(self, call: Call) -> Answer:
        """`POST media/upload`."""
        kind = call.query.get("type", "")
        if kind not in _LIMITS:
            raise Refused(40004)
        part = next((part for part in multipart(call) if part.name == "media"), None)
        if part is None or not part.filename or not part.body:
            raise Refused(44001)
        _check(kind, part.body)
        media_id, _ = self.keep(kind, part.filename, part.content_type, part.body)
        created = str(int(self._world.now()))
        return Answer.json({"errcode": 0, "errmsg": "", "type": kind, "media_id": media_id, "created_at": created})

    async def get(self, call: Call) -> Answer:
        """`GET media/get`: bytes, or JSON with HTTP 200 when it fails."""
        media_id = call.query.get("media_id", "")
        if not media_id:
            raise Refused(41006)
        stored = self._find(media_id)
        if stored is None:
            raise Refused(40007)
        first, last = _range(call.headers.get("range", ""), len(stored.body))
        if last - first + 1 > _CHUNK:
            raise Refused(830002)
        ascii_name = stored.name if stored.name.isascii() else quote(stored.name)
        headers = {"content-disposition": f'attachment; filename="{ascii_name}"'}
        partial = "range" in call.headers
        if partial:
            headers["content-range"] = f"bytes {first}-{last}/{len(stored.body)}"
        return Answer(
            status=206 if partial else 200,
            body=stored.body[first : last + 1],
            content_type=stored.type,
            headers=headers,
        )


def _check(kind: str, body: bytes) -> None:
    most, code = _LIMITS[kind]
    if len(body) <= 5:
        raise Refused(40006)
    if len(body) > most:
        raise Refused(code)
    if kind == "image" and not body.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        raise Refused(40005, "JPG or PNG")
    if kind == "voice":
        if not body.startswith(_AMR_HEADER):
            raise Refused(40005, "AMR")
        if amr_seconds(body) > 60:
            raise Refused(45007)
    if kind == "video" and body[4:8] != b"ftyp":
        raise Refused(40005, "MP4")


def _range(header: str, size: int) -> tuple[int, int]:
    """First and last byte wanted, both inclusive."""
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", header.strip())
    if not found or int(found[1]) >= size:
        return 0, size - 1
    last = int(found[2]) if found[2] else size - 1
    return int(found[1]), min(last, size - 1)
