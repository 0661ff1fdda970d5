"""message/send, message/update_template_card, message/recall (protocols/wecom.md 3.2, 3.3, 4)."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.wecom_book import CardBook
from bot.sandbox.wecom_cards import calls_back, check_card
from bot.sandbox.wecom_media import WeComMedia
from bot.sandbox.wecom_messages import shown_content
from bot.sandbox.wecom_refusals import Refused
from bot.sandbox.wire import Answer, Call
from bot.sandbox.world import World

_DAY = 86400
_LONGEST_DUPLICATE_CHECK = 14400
# a lone \uXXXX of something that is no ASCII; 40033 wants real UTF-8 (protocols/wecom.md 0)
_ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?!00[0-7])[0-9a-fA-F]{4}")


@dataclass(frozen=True, slots=True)
class Receivers:
    """Members that get a message, as the console spells them, and who was named in vain."""

    users: list[str]
    invalid_users: list[str]
    invalid_parties: list[str]
    invalid_tags: list[str]


class WeComSending:
    """What the app can do to a phone."""

    def __init__(self, world: World, media: WeComMedia, book: CardBook) -> None:
        self._world = world
        self._config = world.config
        self._media = media
        self._book = book
        self._sent: dict[str, float] = {}  # body digest -> until when an identical one is swallowed
        self._vanished: set[str] = set()  # msgids of what nobody saw; recalling them is no error
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)
        self.dropped: list[dict[str, Any]] = []  #: bodies that vanished: over the limit, or the same again
        self.unlicensed: set[str] = set()  #: userids without a base licence

    async def send(self, call: Call) -> Answer:
        body = read_body(call)
        self._check_agent(body)
        receivers = self._receivers(body)
        interval = self._duplicate_interval(body)
        msgid = f"MSG{self._world.number()}"
        digest = hashlib.sha256(call.body).hexdigest()
        if interval and self._sent.get(digest, 0.0) > self._world.now():
            self._check(body, repeated=True)
            self.dropped.append(body)
            self._vanished.add(msgid)
            return Answer.json(_accepted(receivers, msgid), note="已静默丢弃：间隔内相同的 JSON")
        shown = self._check(body, repeated=False)
        if interval:
            self._sent[digest] = self._world.now() + interval
        answer = _accepted(receivers, msgid)
        licensed = [user for user in receivers.users if user not in self.unlicensed]
        answer["unlicenseduser"] = "|".join(user.lower() for user in receivers.users if user in self.unlicensed)
        if shown["kind"] == "card":
            self._register(shown["card"], answer)
        lost = [user for user in licensed if not self._put(user, shown, msgid)]
        if lost:
            self.dropped.append(body)
            self._vanished.add(msgid)
        note = f"已静默丢弃（{'、'.join(lost)}）：超过每分钟 {self._config.wecom_per_minute} 条的限额" if lost else ""
        return Answer.json(answer, note=note)

    def _check(self, body: dict[str, Any], *, repeated: bool) -> dict[str, Any]:
        kind = body.get("msgtype")
        if kind != "template_card":
            return shown_content(str(kind or ""), body, self._media.face)
        face = body.get("template_card")
        check_card(face, knows_media=self._media.knows, knows_user=self._knows, replacement=False)
        assert isinstance(face, dict)
        task_id = str(face.get("task_id") or "")
        if task_id and not repeated and self._book.knows(task_id):
            raise Refused(42014, "used before")
        if calls_back(face) and not self._config.bot_url:
            raise Refused(43012)
        card = {"task_id": task_id, "face": face, "disabled": False, "replace_text": "", "chosen": ""}
        if face.get("replace_text"):
            card |= {"disabled": True, "replace_text": str(face["replace_text"])}
        return {"kind": "card", "card": card}

    def _register(self, card: dict[str, Any], answer: dict[str, Any]) -> None:
        if card["task_id"]:
            self._book.add(card["task_id"], card["face"])
            if calls_back(card["face"]):
                answer["response_code"] = self._book.new_code(card["task_id"])

    def _put(self, user: str, shown: dict[str, Any], msgid: str) -> bool:
        """Show it, unless this member has had too much: then it vanishes without an error."""
        now, times = self._world.now(), self._times[user.casefold()]
        while times and times[0] <= now - 3600:
            times.popleft()
        last_minute = sum(1 for at in times if at > now - 60)
        if last_minute >= self._config.wecom_per_minute or len(times) >= self._config.wecom_per_hour:
            return False
        times.append(now)
        self._world.show(platform="wecom", user=user, sender="bot", ref=msgid, **shown)
        return True

    def _receivers(self, body: dict[str, Any]) -> Receivers:
        lists = [_names(body.get(field), field) for field in ("touser", "toparty", "totag")]
        for names, most, code in zip(lists, (1000, 100, 100), (40032, 82002, 82003), strict=True):
            if len(names) > most:
                raise Refused(code)
        users, parties, tags = lists
        if not (users or parties or tags):
            raise Refused(82001)
        everybody = [person.wecom for person in self._config.people if person.wecom]
        if users == ["@all"]:
            return Receivers(everybody, [], [], [])
        found = {name: self._config.on_wecom(name) for name in users}
        named = [person.wecom for person in found.values() if person]
        invalid = [name.lower() for name, person in found.items() if person is None]
        if "1" in parties:  # the root department holds everybody
            named = everybody
        receivers = Receivers(list(dict.fromkeys(named)), invalid, [p for p in parties if p != "1"], tags)
        if not receivers.users:
            raise Refused(81013)
        return receivers

    def _duplicate_interval(self, body: dict[str, Any]) -> float:
        if not body.get("enable_duplicate_check"):
            return 0
        interval = body.get("duplicate_check_interval", 1800)
        if not isinstance(interval, int) or not 0 < interval <= _LONGEST_DUPLICATE_CHECK:
            raise Refused(40058, "duplicate_check_interval")
        return interval

    def _check_agent(self, body: dict[str, Any]) -> None:
        agent = body.get("agentid")
        if not isinstance(agent, int) or isinstance(agent, bool):
            raise Refused(40056, "must be an integer")
        if agent != self._config.agent_id:
            raise Refused(301002)

    def _knows(self, userid: str) -> bool:
        return self._config.on_wecom(userid) is not None

    async def update_card(self, call: Call) -> Answer:
        body = read_body(call)
        agent = body.get("agentid")
        if isinstance(agent, int) and agent != self._config.agent_id:
            raise Refused(42015)
        self._check_agent(body)
        users = self._updated(body)
        face, button = body.get("template_card"), body.get("button")
        change = self._change(face, button)
        task_id = self._book.use(str(body.get("response_code") or ""), greying=face is None)
        phones = self._book.on_phones(task_id, users)
        for message in phones.values():
            change(message)
        invalid = [user.lower() for user in users or () if user.casefold() not in phones]
        return Answer.json({"errcode": 0, "errmsg": "ok", "invaliduser": invalid})

    def _change(self, face: Any, button: Any) -> Callable[[Any], None]:
        """What is done to each copy: grey out (form A) or replace (form B)."""
        if face is not None:
            check_card(face, knows_media=self._media.knows, knows_user=self._knows, replacement=True)
            return lambda message: self._book.replace(message, face)
        words = button.get("replace_name") if isinstance(button, dict) else None
        if not isinstance(words, str) or not words:
            raise Refused(40063, "button or template_card")
        return lambda message: self._book.grey(message, words)

    def _updated(self, body: dict[str, Any]) -> list[str] | None:
        """Userids to update; None = everybody who has the card."""
        for field, kind, most in (("userids", str, 1000), ("partyids", int, 100), ("tagids", int, 100)):
            names = body.get(field, [])
            if not isinstance(names, list) or not all(isinstance(name, kind) for name in names):
                raise Refused(40058, f"{field} is an array")
            if len(names) > most:
                raise Refused(40035, field)
        if body.get("atall") == 1 or 1 in body.get("partyids", []):
            return None
        users = body.get("userids", [])
        if not users:
            raise Refused(82001)
        return list(users)

    async def recall(self, call: Call) -> Answer:
        msgid = read_body(call).get("msgid")
        if not isinstance(msgid, str) or not msgid:
            raise Refused(40063, "msgid")
        found = self._world.sent_as(msgid)
        if not found and msgid not in self._vanished:
            raise Refused(40058, "msgid")
        if found and self._world.age(found[0].at) > _DAY:
            raise Refused(42052)
        for message in found:
            self._world.changed(message, state="recalled")
        return Answer.json({"errcode": 0, "errmsg": "ok"})


def read_body(call: Call) -> dict[str, Any]:
    """The JSON of a POST.

    Raises:
        Refused: escaped characters; `BadJson` comes from the call itself.
    """
    if _ESCAPED.search(call.body):
        raise Refused(40033)
    return call.json()


def _names(value: Any, field: str) -> list[str]:
    if value is None or value == "":
        return []
    if not isinstance(value, str):
        raise Refused(40031 if field == "touser" else 40058, f"{field} is a string")
    return [name for name in value.split("|") if name]


def _accepted(receivers: Receivers, msgid: str) -> dict[str, Any]:
    return {
        "errcode": 0,
        "errmsg": "ok",
        "invaliduser": "|".join(receivers.invalid_users),
        "invalidparty": "|".join(receivers.invalid_parties),
        "invalidtag": "|".join(receivers.invalid_tags),
        "unlicenseduser": "",
        "msgid": msgid,
    }
