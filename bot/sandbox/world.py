"""The state of both platforms as people see it: phones, files, what crossed the wire, and who wants to know."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
import uuid
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from bot.sandbox.config import SandboxConfig
from bot.sandbox.remember import Notebook
from bot.sandbox.speech import SpokenWords

Platform = Literal["wecom", "dingtalk"]

_WIRE_KEPT = 1000
_SECRET_KEYS = re.compile(
    r"^(access_?token|corpsecret|app_?secret|client_?secret|ticket|x-acs-dingtalk-access-token|sessionwebhook"
    r"|downloadurl|msg_signature|api_?secret)$",
    re.IGNORECASE,
)
_MASK = "•••"
_MOBILE = re.compile(r"(?<![A-Za-z0-9_.-])(1\d\d)-?\d{4}-?(\d{4})(?![A-Za-z0-9_.-])")


@dataclass(slots=True, kw_only=True)
class Shown:
    """One line of a conversation on one phone."""

    id: str
    platform: Platform
    user: str
    sender: Literal["user", "bot"]
    at: str  #: ISO 8601, UTC
    kind: str
    text: str = ""
    card: dict[str, Any] | None = None
    file: dict[str, Any] | None = None
    voice: dict[str, Any] | None = None
    location: dict[str, Any] | None = None
    state: str = "sent"
    group: str = ""  #: title of the DingTalk group, "" in a one-to-one chat
    ref: str = ""  #: msgid or processQueryKey it was sent with

    def as_json(self) -> dict[str, Any]:
        """What the page gets: `sender` is called `from` there, and empty parts are left out."""
        body = {name: value for name, value in asdict(self).items() if value not in (None, "")}
        body["from"] = body.pop("sender")
        return body


@dataclass(slots=True, kw_only=True)
class StoredFile:
    """A file somebody sent, by either side."""

    id: str
    name: str
    type: str
    at: float
    body: bytes = field(repr=False)


class World:
    """Everything both platforms share. `now` is real time plus whatever a test has skipped."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.notebook = Notebook(config.data_file)
        self.spoken = SpokenWords()
        self.wire: deque[dict[str, Any]] = deque(maxlen=_WIRE_KEPT)
        self.phones: dict[tuple[str, str], list[Shown]] = {}
        self._by_ref: defaultdict[str, list[Shown]] = defaultdict(list)
        self._by_card: defaultdict[str, list[Shown]] = defaultdict(list)
        self._listeners: set[asyncio.Queue[tuple[str, Any]]] = set()
        self._skipped = 0.0
        self._numbers = itertools.count(time.time_ns())
        self._wire_numbers = itertools.count(1)
        for _, body in self.notebook.records("message"):
            self._shelve(Shown(**body))

    # time and numbers

    def now(self) -> float:
        """Unix seconds."""
        return time.time() + self._skipped

    def skip(self, seconds: float) -> None:
        """Let time pass for expiries, without waiting."""
        self._skipped += seconds

    def number(self) -> int:
        """A 63-bit integer that never comes twice, also after a restart."""
        return next(self._numbers)

    def age(self, at: str) -> float:
        """Seconds since a time written as in `Shown.at`."""
        return self.now() - datetime.fromisoformat(at).timestamp()

    # phones

    def show(self, **parts: Any) -> Shown:
        """Put a message on a phone; parts are the fields of `Shown` but id and at."""
        at = datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds")
        message = Shown(id=uuid.uuid4().hex[:16], at=at, **parts)
        self._shelve(message)
        self._write(message)
        self.tell("message", message.as_json())
        return message

    def changed(self, message: Shown, **parts: Any) -> None:
        """Alter a message in place and tell the page."""
        for name, value in parts.items():
            setattr(message, name, value)
        self._write(message)
        self.tell("update", message.as_json())

    def phone(self, platform: Platform, user: str) -> list[Shown]:
        """What this person sees, oldest first; a userid of WeCom has no case."""
        return self.phones.get((platform, _phone_key(platform, user)), [])

    def sent_as(self, ref: str) -> list[Shown]:
        """Every copy of what went out under this msgid or processQueryKey."""
        return self._by_ref.get(ref, [])

    def copies_of_card(self, platform: Platform, card_id: str) -> list[Shown]:
        """Every copy of the card with this task_id or outTrackId."""
        return self._by_card.get(f"{platform}:{card_id}", [])

    def _shelve(self, message: Shown) -> None:
        key = (message.platform, _phone_key(message.platform, message.user))
        self.phones.setdefault(key, []).append(message)
        if message.ref:
            self._by_ref[message.ref].append(message)
        card_id = (message.card or {}).get("task_id") or (message.card or {}).get("out_track_id")
        if card_id:
            self._by_card[f"{message.platform}:{card_id}"].append(message)

    def _write(self, message: Shown) -> None:
        self.notebook.save("message", message.id, asdict(message))

    # files

    def keep_file(self, name: str, content_type: str, body: bytes) -> StoredFile:
        stored = StoredFile(id=uuid.uuid4().hex, name=name, type=content_type, at=self.now(), body=body)
        self.notebook.put_file(stored.id, name, content_type, stored.at, body)
        return stored

    def file(self, identifier: str) -> StoredFile | None:
        row = self.notebook.get_file(identifier)
        if row is None:
            return None
        name, content_type, at, body = row
        return StoredFile(id=identifier, name=name, type=content_type, at=at, body=body)

    @staticmethod
    def file_face(stored: StoredFile) -> dict[str, Any]:
        """How the page is told about a file."""
        return {"url": f"/sandbox/files/{stored.id}", "name": stored.name, "size": len(stored.body)}

    # the wire

    def log(
        self,
        *,
        platform: Platform,
        direction: Literal["to_bot", "from_bot"],
        what: str,
        status: str,
        seconds: float,
        request: Any,
        response: Any,
        attempt: int = 1,
        note: str = "",
    ) -> dict[str, Any]:
        """Record one exchange; secrets, tokens and mobile numbers are masked before anybody can read them."""
        entry = {
            "id": next(self._wire_numbers),
            "at": datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds"),
            "platform": platform,
            "direction": direction,
            "what": what,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "attempt": attempt,
            "note": note,
            "detail": {"request": self._masked(request), "response": self._masked(response)},
        }
        self.wire.append(entry)
        self.tell("wire", entry)
        return entry

    def _masked(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: _MASK if _SECRET_KEYS.match(str(key)) and item else self._masked(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._masked(item) for item in value]
        if isinstance(value, bytes):
            return f"<{len(value)} bytes>"
        if isinstance(value, str):
            for secret in self.config.secrets:
                value = value.replace(secret, _MASK)
            return _MOBILE.sub(r"\1****\2", value)
        return value

    # whoever wants to know

    def tell(self, event: str, data: Any) -> None:
        """Pass a change to everybody who listens; one who does not keep up is dropped and has to reload."""
        for queue in list(self._listeners):
            try:
                queue.put_nowait((event, data))
            except asyncio.QueueFull:
                self._listeners.discard(queue)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Queue[tuple[str, Any]]]:
        """A queue of (event, data) for as long as the block runs."""
        queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue(maxsize=2000)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)


def _phone_key(platform: Platform, user: str) -> str:
    return user.casefold() if platform == "wecom" else user
