"""WeCom as the bot sees it, and the hands of the people who hold the phones. Written from protocols/wecom.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

from bot.sandbox.faults import CannotTap
from bot.sandbox.wecom_api import WeComApi
from bot.sandbox.wecom_cards import check_card
from bot.sandbox.wecom_faces import cut_bytes, shown_lines
from bot.sandbox.wecom_media import silent_amr
from bot.sandbox.wecom_menu import leaves
from bot.sandbox.wecom_refusals import Refused
from bot.sandbox.wecom_taps import find_tap, selected_items
from bot.sandbox.wecom_xml import BadReply, card_of_reply, document
from bot.sandbox.world import Shown

_KNOBS = ("expire_tokens", "fail_next", "throttle", "block_ip", "allow_ip")
_CALLBACK_KNOBS = ("callback_repeat", "callback_reorder", "callback_delay")


class SandboxWeCom(WeComApi):
    """The driving methods wait until the bot has answered the callback or the platform has given up; with `wait=False`
    they return as soon as the message stands on the phone.
    """

    async def says(self, user: str, text: str, *, repeat: int = 1, wait: bool = True) -> Shown:
        """Somebody types; `repeat` posts the very same message several times."""
        parts = {"MsgType": "text", "Content": text}
        return await self._sends(user, {"kind": "text", "text": text}, parts, repeat=repeat, wait=wait)

    async def sends_image(
        self, user: str, body: bytes, name: str = "photo.jpg", *, repeat: int = 1, wait: bool = True
    ) -> Shown:
        kind = "image/png" if body.startswith(b"\x89PNG") else "image/jpeg"
        media_id, stored = self.media.keep("image", name, kind, body)
        parts = {"MsgType": "image", "PicUrl": f"https://pic.example.com/{stored.id}", "MediaId": media_id}
        shown = {"kind": "image", "file": self.world.file_face(stored)}
        return await self._sends(user, shown, parts, repeat=repeat, wait=wait)

    async def sends_voice(
        self, user: str, body: bytes | None, seconds: int, *, text: str = "", repeat: int = 1, wait: bool = True
    ) -> Shown:
        """A voice note in AMR (None = silence). `text` is what the page shows; WeCom does not send it to apps."""
        media_id, stored = self.media.keep("voice", "voice.amr", "audio/amr", body or silent_amr(seconds))
        self.world.spoken.remember(stored.body, text)
        parts = {"MsgType": "voice", "MediaId": media_id, "Format": "amr"}
        face = {"kind": "voice", "voice": {"seconds": seconds, "text": text}, "file": self.world.file_face(stored)}
        return await self._sends(user, face, parts, repeat=repeat, wait=wait)

    async def sends_video(self, user: str, body: bytes, name: str = "video.mp4", *, wait: bool = True) -> Shown:
        media_id, stored = self.media.keep("video", name, "video/mp4", body)
        thumb_id, _ = self.media.keep("image", "thumb.jpg", "image/jpeg", b"\xff\xd8\xff\xe0thumb")
        parts = {"MsgType": "video", "MediaId": media_id, "ThumbMediaId": thumb_id}
        return await self._sends(user, {"kind": "video", "file": self.world.file_face(stored)}, parts, wait=wait)

    async def sends_location(
        self, user: str, lat: float, lng: float, label: str = "", *, repeat: int = 1, wait: bool = True
    ) -> Shown:
        """Latitude is X, longitude is Y."""
        parts = {"MsgType": "location", "Location_X": lat, "Location_Y": lng, "Scale": 15, "Label": label}
        shown = {"kind": "location", "location": {"lat": lat, "lng": lng, "label": label}}
        return await self._sends(user, shown, {**parts, "AppType": "wxwork"}, repeat=repeat, wait=wait)

    async def sends_link(self, user: str, title: str, url: str, description: str = "", *, wait: bool = True) -> Shown:
        parts = {"MsgType": "link", "Title": title, "Description": description, "Url": url, "PicUrl": ""}
        card = {"title": title, "description": description, "url": url}
        return await self._sends(user, {"kind": "link", "text": title, "card": card}, parts, wait=wait)

    async def clicks_menu(self, user: str, key: str, *, repeat: int = 1, wait: bool = True) -> None:
        """Tap a menu item by key or name; one that opens a page only tells the bot that it was opened.

        Raises:
            CannotTap: the menu has no such item.
        """
        button = next((item for item in leaves(self.menu) if key in (item.get("key"), item.get("name"))), None)
        if button is None:
            raise CannotTap(f"菜单里没有“{key}”")
        event_key = button.get("key") or button.get("url") or button.get("pagepath") or ""
        await self._event(user, {"Event": button["type"], "EventKey": event_key}, repeat=repeat, wait=wait)

    async def enters(self, user: str, *, wait: bool = True) -> None:
        """Open the app; the bot hears of it only when the console says so."""
        if self.config.wecom_report_enter:
            await self._event(user, {"Event": "enter_agent", "EventKey": ""}, wait=wait)

    async def taps(
        self,
        user: str,
        button: str,
        *,
        card: str | None = None,
        selected: dict[str, Sequence[str]] | None = None,
        repeat: int = 1,
        wait: bool = True,
    ) -> None:
        """Tap a button, the submit button or an entry of the top-right menu, by its text or its key.

        Args:
            card: task_id or message id; without it the newest card that has this button alive.
            selected: question key to chosen option ids; what the card preselects holds otherwise.

        Raises:
            CannotTap: no such button, it is dead, or it only opens a page.
        """
        message, control, event = find_tap(self.world.phone("wecom", user), button, card)
        shown = message.card or {}
        parts: dict[str, Any] = {
            "Event": event,
            "EventKey": control["key"],
            "TaskId": shown["task_id"],
            "CardType": shown["face"]["card_type"],
            "ResponseCode": self.book.new_code(shown["task_id"]),
        }
        chosen = selected_items(shown["face"], selected or {})
        if chosen and event == "template_card_event":
            parts["SelectedItems"] = {"SelectedItem": chosen}
        self.world.changed(message, card={**shown, "chosen": control["key"]})
        await self._event(user, parts, repeat=repeat, wait=wait, tapped=message)

    async def external_contact_event(
        self, change_type: str, user: str, external_userid: str, *, wait: bool = True, **more: Any
    ) -> None:
        """`change_external_contact`, from sys; `more` is State, WelcomeCode, Source, FailReason."""
        parts = {"Event": "change_external_contact", "ChangeType": change_type, "UserID": user}
        await self._event("sys", {**parts, "ExternalUserID": external_userid, **more}, wait=wait)

    async def event(self, user: str, parts: dict[str, Any], *, repeat: int = 1, wait: bool = True) -> None:
        """Any other event: `parts` are its elements in order, lists become repeated elements."""
        await self._event(user, parts, repeat=repeat, wait=wait)

    async def verify_url(self) -> bool:
        """Save the callback settings in the console: whether the bot passes the GET verification."""
        return await self.callbacks.verify()

    def shown_to(self, user: str) -> list[str]:
        """What the bot's messages look like to this person, oldest first, recalled ones gone."""
        mine = [m for m in self.world.phone("wecom", user) if m.sender == "bot" and m.state != "recalled"]
        return [shown_lines(message) for message in mine]

    def cards_of(self, user: str) -> list[dict[str, Any]]:
        """{"task_id", "face", "disabled", "replace_text", "chosen"} of every card on this phone, oldest first."""
        return [m.card or {} for m in self.world.phone("wecom", user) if m.kind == "card" and m.state != "recalled"]

    @property
    def wire(self) -> list[dict[str, Any]]:
        """What crossed the wire, oldest first; see bot/sandbox/app.py."""
        return [entry for entry in self.world.wire if entry["platform"] == "wecom"]

    async def _sends(
        self, user: str, shown: dict[str, Any], parts: dict[str, Any], *, repeat: int = 1, wait: bool = True
    ) -> Shown:
        who = self._spelled(user)
        message = self.world.show(platform="wecom", user=who, sender="user", state="sending", **shown)
        plain = self._plain(who, {**parts, "MsgId": self.world.number()})

        async def deliver() -> None:
            taken = await self.callbacks.deliver(who, parts["MsgType"], plain, self._replies(who), repeat=repeat)
            self.world.changed(message, state="sent" if taken else "failed")

        await self.now_or_later(deliver(), wait)
        return message

    async def _event(
        self, user: str, parts: dict[str, Any], *, repeat: int = 1, wait: bool = True, tapped: Shown | None = None
    ) -> None:
        who = user if user == "sys" else self._spelled(user)
        plain = self._plain(who, {"MsgType": "event", **parts})
        replies = self._replies(who, tapped)
        await self.now_or_later(
            self.callbacks.deliver(who, f"event {parts['Event']}", plain, replies, repeat=repeat), wait
        )

    def _spelled(self, user: str) -> str:
        person = self.config.on_wecom(user)
        if person is None:
            raise LookupError(f"nobody on WeCom is called {user}")
        return person.wecom

    def _plain(self, user: str, parts: dict[str, Any]) -> str:
        head = {"ToUserName": self.config.corp_id, "FromUserName": user, "CreateTime": int(self.world.now())}
        tail = {} if user == "sys" else {"AgentID": self.config.agent_id}
        return document({**head, **parts, **tail})

    def _replies(self, user: str, tapped: Shown | None = None) -> Any:
        """What to do with a passive reply to this person's callback."""

        def on_reply(root: ET.Element) -> None:
            kind = root.findtext("MsgType") or ""
            block = root.find("TemplateCard")
            if kind == "text":
                text = cut_bytes(root.findtext("Content") or "", 2048)
                self.world.show(platform="wecom", user=user, sender="bot", kind="text", text=text)
            elif kind == "update_button" and tapped is not None:
                self.book.grey(tapped, root.findtext("Button/ReplaceName") or "")
            elif kind == "update_template_card" and tapped is not None and block is not None:
                face = card_of_reply(block)
                try:
                    check_card(face, knows_media=self.media.knows, knows_user=lambda _: True, replacement=True)
                except Refused as error:
                    raise BadReply(str(error)) from error
                self.book.replace(tapped, face)
            else:
                raise BadReply(f"MsgType {kind!r} can't answer this")

        return on_reply

    async def misbehave(self, what: str, options: dict[str, Any]) -> None:
        """A knob by its name, for the training page.

        Raises:
            KeyError: there is no such knob.
        """
        if what not in (*_KNOBS, *_CALLBACK_KNOBS):
            raise KeyError(what)
        getattr(self, what)(**options)
