"""DingTalk as the bot sees it, and the hands of the people who hold the phones. Written from protocols/dingtalk.md."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Sequence
from typing import Any

import httpx

from bot.sandbox.ding_faces import shown_lines
from bot.sandbox.ding_inbound import card_callback, find_button, robot_message
from bot.sandbox.ding_refusals import OldRefused
from bot.sandbox.ding_robot import session_url
from bot.sandbox.oa_events import Event
from bot.sandbox.oa_hands import OaHands
from bot.sandbox.world import Shown, World

_FAILED = "操作失败，请稍后再试"


class SandboxDingTalk(OaHands):
    """The driving methods wait until the bot has acknowledged or the platform has given up; with `wait=False` they
    return as soon as the message stands on the phone.
    """

    def __init__(self, world: World, http: httpx.AsyncClient) -> None:
        super().__init__(world, http)
        self.oa.announce = self._announce
        self._last_robot: dict[str, Any] | None = None

    async def says(
        self, user: str, text: str, group: str | None = None, *, repeat: int = 1, wait: bool = True
    ) -> Shown:
        """Somebody types to the robot, or mentions it in a group (title or id)."""
        content = {"msgtype": "text", "text": {"content": f" {text}" if group else text}}
        return await self._sends(user, {"kind": "text", "text": text}, content, group, repeat, wait)

    async def sends_voice(
        self, user: str, recognition: str, seconds: int, *, repeat: int = 1, wait: bool = True
    ) -> Shown:
        """A voice note; `recognition` is what the platform heard and may be empty."""
        stored = self.world.keep_file("voice.amr", "audio/amr", b"#!AMR\n" + b"\x7c" * 50 * seconds)
        code = self.robot.new_code(stored)
        payload = {"duration": seconds * 1000, "downloadCode": code, "recognition": recognition}
        shown = {"kind": "voice", "voice": {"seconds": seconds, "text": recognition}}
        return await self._sends(user, shown, {"msgtype": "audio", "content": payload}, None, repeat, wait)

    async def sends_picture(
        self,
        user: str,
        body: bytes,
        name: str = "photo.jpg",
        *,
        group: str | None = None,
        repeat: int = 1,
        wait: bool = True,
    ) -> Shown:
        kind = "image/png" if body.startswith(b"\x89PNG") else "image/jpeg"
        stored = self.world.keep_file(name, kind, body)
        codes = {"downloadCode": self.robot.new_code(stored), "pictureDownloadCode": self.robot.new_code(stored)}
        shown = {"kind": "image", "file": self.world.file_face(stored)}
        return await self._sends(user, shown, {"msgtype": "picture", "content": codes}, group, repeat, wait)

    async def sends_file(self, user: str, body: bytes, name: str, *, repeat: int = 1, wait: bool = True) -> Shown:
        stored = self.world.keep_file(name, "application/octet-stream", body)
        payload = {"downloadCode": self.robot.new_code(stored), "fileName": name, "spaceId": "1", "fileId": stored.id}
        shown = {"kind": "file", "file": self.world.file_face(stored)}
        return await self._sends(user, shown, {"msgtype": "file", "content": payload}, None, repeat, wait)

    async def sends_rich_text(
        self, user: str, parts: list[dict[str, Any]], group: str | None = None, *, repeat: int = 1, wait: bool = True
    ) -> Shown:
        """Text with pictures: {"text": …} and {"type": "picture", "downloadCode": …}."""
        text = "".join(str(part.get("text") or "[图片]") for part in parts)
        content = {"msgtype": "richText", "content": {"richText": parts}}
        return await self._sends(user, {"kind": "text", "text": text}, content, group, repeat, wait)

    async def taps(
        self,
        user: str,
        button: str,
        text: str = "",
        *,
        card: str | None = None,
        params: dict[str, Any] | None = None,
        repeat: int = 1,
        wait: bool = True,
    ) -> None:
        """Tap a card's button by its text or actionId, with `text` in the card's input.

        Raises:
            CannotTap: no such button, or it is disabled.
        """
        person = self._person(user)
        message, action = find_button(self.world.phone("dingtalk", user), button, card, params)
        track = str((message.card or {})["out_track_id"])
        instance = self.cards.tapped(track, 0)
        data = card_callback(self.config, person, message, action, text, instance["user_id_type"])
        self._redraw(message, pending=True, error="")

        async def tap() -> None:
            for _ in range(repeat):
                await self._card_callback(message, track, instance, data)

        await self.now_or_later(tap(), wait)

    async def event(self, name: str, data: dict[str, Any], event_id: str = "", *, wait: bool = True) -> str:
        """An event of the organisation; comes again when it is not acknowledged or answered LATER. Returns its id."""
        identifier = event_id or uuid.uuid4().hex
        await self.now_or_later(self.delivery.event(name, data, identifier), wait)
        return identifier

    async def check_url(self) -> bool:
        """The console's button when the event subscription is saved (HTTP mode): whether the bot answers properly."""
        return await self.http.check_url()

    def shown_to(self, user: str) -> list[str]:
        """What the robot's messages look like to this person, oldest first, recalled ones gone."""
        mine = [m for m in self.world.phone("dingtalk", user) if m.sender == "bot" and m.state != "recalled"]
        return [shown_lines(message) for message in mine]

    def cards_of(self, user: str) -> list[dict[str, Any]]:
        """{"out_track_id", "vars", "pending"} of every card on this phone, oldest first."""
        return [m.card or {} for m in self.world.phone("dingtalk", user) if m.kind == "card" and m.state != "recalled"]

    @property
    def wire(self) -> list[dict[str, Any]]:
        """What crossed the wire, oldest first; see bot/sandbox/app.py."""
        return [entry for entry in self.world.wire if entry["platform"] == "dingtalk"]

    @property
    def connections(self) -> int:
        return len(self.gateway.links)

    async def connected(self, count: int = 1) -> None:
        """Wait until the bot holds this many connections that take messages."""
        async with self.world.listening() as changes:
            while sum(not link.draining for link in self.gateway.links) < count:
                await changes.get()  # the log of the wire moves whenever a connection begins

    async def _sends(
        self, user: str, shown: dict[str, Any], content: dict[str, Any], group: str | None, repeat: int, wait: bool
    ) -> Shown:
        person, room = self._person(user), self.config.group(group) if group else None
        if group and room is None:
            raise LookupError(f"no group is called {group}")
        title = room.title if room else ""
        message = self.world.show(platform="dingtalk", user=user, sender="user", state="sending", group=title, **shown)
        session, ends = self.robot.new_session(list(room.members) if room else [user], title)
        data = robot_message(
            self.config,
            person,
            room,
            self._within_push_quota(content),
            at_ms=int(self.world.now() * 1000),
            session_url=session_url(self.base_url, session),
            session_ends_ms=int(ends * 1000),
        )
        self._last_robot = data
        await self.now_or_later(self._deliver_robot(message, data, repeat), wait)
        return message

    def _within_push_quota(self, content: dict[str, Any]) -> dict[str, Any]:
        """Beyond the monthly quota a message arrives without its content (protocols/dingtalk.md 4)."""
        self.pushes_counted += 1
        if not self.config.monthly_push_quota or self.pushes_counted <= self.config.monthly_push_quota:
            return content
        return {"msgtype": content["msgtype"], "errorCode": 20001, "errorMessage": "push quota exhausted"}

    async def _deliver_robot(self, message: Shown, data: dict[str, Any], repeat: int) -> None:
        pause = self.config.redelivery_seconds
        for attempt in range(1, self.config.redelivery_times + 2):
            started = time.monotonic()
            if await self._push_robot(data, attempt):
                self.world.changed(message, state="sent")
                for _ in range(repeat - 1):
                    await self._push_robot(data, attempt)
                return
            if attempt <= self.config.redelivery_times:
                await asyncio.sleep(max(0.0, pause - (time.monotonic() - started)))
        self.world.changed(message, state="failed")

    async def _push_robot(self, data: dict[str, Any], attempt: int) -> bool:
        outcome = await self.delivery.robot(data, attempt)
        if outcome.reply:
            with contextlib.suppress(OldRefused):  # the platform shows what it can read, and says nothing of the rest
                self.robot.reply(data["sessionWebhook"], outcome.reply)
        return outcome.taken

    async def _card_callback(self, message: Shown, track: str, instance: dict[str, Any], data: dict[str, Any]) -> None:
        if not self.delivery.hears_of_taps(instance):
            self._redraw(message, pending=False, error="")
            return
        self.cards.tapped(track, +1)
        self.pushes_counted += 1
        try:
            response = await self.delivery.tap(instance, data)
        finally:
            self.cards.tapped(track, -1)
        good = response is not None and not self.cards.answered(track, message.user, response)
        self._redraw(message, pending=False, error="" if good else _FAILED)

    def _redraw(self, message: Shown, **more: Any) -> None:
        seen = self.cards.seen_by((message.card or {})["out_track_id"], message.user)
        self.world.changed(message, card={**(message.card or {}), **seen, **more})

    def _announce(self, events: Sequence[Event]) -> None:
        self.spawn(self._tell(events, wait=True))

    async def redeliver(self) -> bool:
        """Push the last robot message once more, as the platform does without a reason that anybody knows."""
        return self._last_robot is not None and await self._push_robot(self._last_robot, 2)

    async def misbehave(self, what: str, options: dict[str, Any]) -> None:
        """A knob by its name, for the training page.

        Raises:
            KeyError: there is no such knob.
        """
        plain = {"expire_tokens", "fail_next", "throttle", "silent_death"}
        waiting = {"drop_connections", "disconnect", "redeliver"}
        if what in plain:
            getattr(self, what)(**options)
        elif what in waiting:
            await getattr(self, what)(**options)
        else:
            raise KeyError(what)
