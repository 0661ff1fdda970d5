"""What the robot can send, take back and fetch (protocols/dingtalk.md 4.1, 5.1 to 5.4, 5.7, 5.8)."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import orjson

from bot.sandbox.ding_refusals import DingRefused, OldRefused
from bot.sandbox.wire import Answer, BadJson, Call, multipart
from bot.sandbox.world import StoredFile, World

_DAY = 86400
_MB = 1024 * 1024
_MOST_RECEIVERS = 20
_MOST_PARAM_BYTES = 15000
_FILE_TYPES = ("xlsx", "pdf", "zip", "rar", "doc", "docx")
_UPLOADS = {
    "image": (20 * _MB, ("jpg", "jpeg", "gif", "png", "bmp")),
    "voice": (2 * _MB, ("amr", "mp3", "wav")),
    "video": (20 * _MB, ("mp4",)),
    "file": (20 * _MB, ("doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar")),
}


def _actions(count: int) -> list[str]:
    return [field for n in range(1, count + 1) for field in (f"actionTitle{n}", f"actionURL{n}")]


#: msgKey to the fields that msgParam must have, all of them strings
TEMPLATES: dict[str, tuple[str, ...]] = {
    "sampleText": ("content",),
    "sampleMarkdown": ("title", "text"),
    "sampleImageMsg": ("photoURL",),
    "sampleLink": ("text", "title", "picUrl", "messageUrl"),
    "sampleActionCard": ("title", "text", "singleTitle", "singleURL"),
    **{f"sampleActionCard{count}": ("title", "text", *_actions(count)) for count in range(2, 6)},
    "sampleActionCard6": ("title", "text", "buttonTitle1", "buttonUrl1", "buttonTitle2", "buttonUrl2"),
    "sampleAudio": ("mediaId", "duration"),
    "sampleFile": ("mediaId", "fileName", "fileType"),
    "sampleVideo": ("duration", "videoMediaId", "videoType", "picMediaId", "height", "width"),
}


class DingRobot:
    """Sends, recalls, files."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._config = world.config
        self._media: dict[str, str] = dict(world.notebook.records("ding_media"))  # media_id -> file
        self._codes: dict[str, str] = dict(world.notebook.records("ding_code"))  # downloadCode -> file
        self._sessions: dict[str, tuple[float, list[str], str]] = {}
        self.flow_controlled: set[str] = set()  #: staffIds whose messages are held back for now

    # sending

    async def send_to_people(self, call: Call) -> Answer:
        body = self._body(call)
        users = body.get("userIds")
        if not isinstance(users, list) or not users or not all(isinstance(user, str) for user in users):
            raise DingRefused("invalidParameter.userIds.empty")
        if len(users) > _MOST_RECEIVERS:
            raise DingRefused("invalidParameter.userIds.overMax")
        shown = self._content(body)
        known = [user for user in dict.fromkeys(users) if self._config.on_dingtalk(user)]
        reached = [user for user in known if user not in self.flow_controlled]
        key = self._put(reached, "", shown)
        return Answer.json(
            {
                "processQueryKey": key,
                "invalidStaffIdList": [user for user in users if user not in known],
                "flowControlledStaffIdList": [user for user in known if user in self.flow_controlled],
            }
        )

    async def send_to_group(self, call: Call) -> Answer:
        body = self._body(call)
        conversation = body.get("openConversationId")
        if not conversation:
            raise DingRefused("miss.openConversationId")
        group = next((group for group in self._config.groups if group.conversation_id == conversation), None)
        if group is None:
            raise DingRefused("invalid.openConversationId")
        key = self._put(list(group.members), group.title, self._content(body))
        return Answer.json({"processQueryKey": key})

    async def send_by_session(self, call: Call) -> Answer:
        """The reply address of one chat, without a token, for as long as it lives."""
        ends, users, group = self._sessions.get(call.query.get("session", ""), (0.0, [], ""))
        if ends <= self._world.now():
            raise OldRefused(300001)
        try:
            body = call.json()
        except BadJson as error:
            raise OldRefused(40035) from error
        self._put(users, group, _session_content(body))
        return Answer.json({"errcode": 0, "errmsg": "ok"})

    def reply(self, url: str, body: dict[str, Any]) -> None:
        """What the bot answered to a message on the spot, shown where `sendBySession` would show it.

        Args:
            url: the message's sessionWebhook.
        """
        session = parse_qs(urlsplit(url).query).get("session", [""])[0]
        _, users, group = self._sessions[session]
        self._put(users, group, _session_content(body))

    def new_session(self, users: list[str], group: str) -> tuple[str, float]:
        """A session for `sendBySession` and when it ends."""
        session, ends = secrets.token_hex(16), self._world.now() + self._config.session_webhook_seconds
        self._sessions[session] = (ends, users, group)
        return session, ends

    def _put(self, users: list[str], group: str, shown: dict[str, Any]) -> str:
        key = secrets.token_urlsafe(16) + "/+="  # has to be percent-encoded where it goes into a URL
        for user in users:
            self._world.show(platform="dingtalk", user=user, sender="bot", group=group, ref=key, **shown)
        return key

    def _content(self, body: dict[str, Any]) -> dict[str, Any]:
        fields = TEMPLATES.get(str(body.get("msgKey") or ""))
        if fields is None:
            raise DingRefused("invalidParameter.msgKey.invalid" if body.get("msgKey") else "miss.param.msgKey")
        text = body.get("msgParam")
        if not isinstance(text, str):
            raise DingRefused("invalidParameter.msgParam.invalid", message="msgParam is a JSON string")
        if len(text.encode()) > _MOST_PARAM_BYTES:
            raise DingRefused("invalidParameter.msgParam.tooLong")
        try:
            param = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise DingRefused("invalidParameter.msgParam.invalid") from error
        if not isinstance(param, dict) or not all(isinstance(param.get(name), str) for name in fields):
            raise DingRefused("invalidParameter.msgParam.invalid", message=f"needs {', '.join(fields)} as strings")
        return self._shown(body["msgKey"], param)

    def _shown(self, key: str, param: dict[str, str]) -> dict[str, Any]:
        match key:
            case "sampleText":
                _not_empty(param["content"])
                return {"kind": "text", "text": param["content"]}
            case "sampleMarkdown":
                _not_empty(param["title"], param["text"])
                return {"kind": "markdown", "text": param["text"], "card": {"title": param["title"]}}
            case "sampleImageMsg":
                url = param["photoURL"]
                face = {"url": url, "name": "", "size": 0} if "://" in url else self._media_face(url)
                return {"kind": "image", "file": face}
            case "sampleAudio":
                seconds = int(param["duration"]) // 1000 if param["duration"].isdigit() else 0
                face = self._media_face(param["mediaId"])
                return {"kind": "voice", "voice": {"seconds": seconds, "text": ""}, "file": face}
            case "sampleFile":
                if param["fileType"] not in _FILE_TYPES:
                    raise DingRefused("invalidParameter.msgParam.invalid", message="fileType")
                face = {**self._media_face(param["mediaId"]), "name": param["fileName"]}
                return {"kind": "file", "file": face}
            case "sampleVideo":
                return {"kind": "video", "file": self._media_face(param["videoMediaId"])}
        url = param.get("messageUrl") or param.get("singleURL") or param.get("actionURL1") or param["buttonUrl1"]
        card = {"title": param["title"], "description": param["text"], "url": url}
        return {"kind": "link", "text": param["title"], "card": card}

    # afterwards

    async def recall(self, call: Call) -> Answer:
        body = self._body(call)
        keys = body.get("processQueryKeys")
        if not isinstance(keys, list) or not keys:
            raise DingRefused("miss.param.processQueryKeys")
        if len(keys) > _MOST_RECEIVERS:
            raise DingRefused("invalidParameter.processQueryKeys.overMax")
        done, failed = [], {}
        for key in keys:
            found = self._world.sent_as(str(key))
            if not found:
                failed[str(key)] = "invalid.processQueryKey"
            elif self._world.age(found[0].at) > _DAY:
                failed[str(key)] = "processQueryKey.expireTime"
            else:
                for message in found:
                    self._world.changed(message, state="recalled")
                done.append(key)
        return Answer.json({"successResult": done, "failedResult": failed})

    async def read_status(self, call: Call) -> Answer:
        self._check_robot(call.query.get("robotCode"))
        key = call.query.get("processQueryKey", "")
        found = self._world.sent_as(key)
        if not found:
            raise DingRefused("invalid.processQueryKey")
        if self._world.age(found[0].at) > _DAY:
            raise DingRefused("processQueryKey.expireTime")
        people = [(message, self._config.on_dingtalk(message.user)) for message in found]
        readers = [
            {"name": person.name if person else "", "userId": message.user, "readStatus": "UNREAD"}
            for message, person in people
        ]
        status = "RECALLED" if found[0].state == "recalled" else "SUCCESS"
        return Answer.json({"sendStatus": status, "messageReadInfoList": readers})

    # files

    async def download(self, call: Call) -> Answer:
        body = self._body(call, empty="invalidParameter.robotCode.empty", wrong="invalidParameter.robotCode.auth")
        code = body.get("downloadCode")
        if not code:
            raise DingRefused("invalidParameter.robotCode.empty")
        if str(code) not in self._codes:
            raise DingRefused("invalidParameter.robotCode.downloadCode")
        expires = int(self._world.now()) + 3600
        url = (
            f"{call.base_url}/sandbox/files/{self._codes[str(code)]}?Expires={expires}&Signature={secrets.token_hex(8)}"
        )
        return Answer.json({"downloadUrl": url})

    def new_code(self, stored: StoredFile) -> str:
        """A downloadCode for a file that somebody sent to the robot."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = stored.id
        self._world.notebook.save("ding_code", code, stored.id)
        return code

    async def upload(self, call: Call) -> Answer:
        """Old host: multipart with a field `type` (or the same in the query) and a file `media`."""
        parts = {part.name: part for part in multipart(call)}
        kind = parts["type"].body.decode("utf-8", "replace") if "type" in parts else call.query.get("type", "")
        media = parts.get("media")
        if kind not in _UPLOADS:
            raise OldRefused(40004)
        if media is None or not media.filename or not media.body:
            raise OldRefused(40035)
        most, endings = _UPLOADS[kind]
        if media.filename.rpartition(".")[2].lower() not in endings:
            raise OldRefused(40004)
        if len(media.body) > most:
            raise OldRefused(40006)
        stored = self._world.keep_file(media.filename, media.content_type, media.body)
        media_id = f"@l{stored.id}"
        self._media[media_id] = stored.id
        self._world.notebook.save("ding_media", media_id, stored.id)
        created = int(self._world.now() * 1000)
        return Answer.json({"errcode": 0, "errmsg": "ok", "type": kind, "media_id": media_id, "created_at": created})

    def _media_face(self, media_id: str) -> dict[str, Any]:
        stored = self._world.file(self._media.get(media_id, ""))
        if stored is None:
            raise DingRefused("invalidParameter.msgParam.invalid", message="media id")
        return self._world.file_face(stored)

    def _body(
        self,
        call: Call,
        empty: str = "invalidParameter.robotCode.empty",
        wrong: str = "invalidParameter.robotCode.notExsit",
    ) -> dict[str, Any]:
        try:
            body = call.json()
        except BadJson as error:
            raise DingRefused("invalid.param.body") from error
        self._check_robot(body.get("robotCode"), empty, wrong)
        return body

    def _check_robot(
        self,
        robot: Any,
        empty: str = "invalidParameter.robotCode.empty",
        wrong: str = "invalidParameter.robotCode.notExsit",
    ) -> None:
        if not robot:
            raise DingRefused(empty)
        if robot != self._config.ding_client_id:
            raise DingRefused(wrong)


def session_url(base_url: str, session: str) -> str:
    return f"{base_url}/robot/sendBySession?session={quote(session)}"


def _not_empty(*texts: str) -> None:
    if not all(text.strip() for text in texts):
        raise DingRefused("invalidParameter.msgParam.invalid", message="empty")


def _session_content(body: dict[str, Any]) -> dict[str, Any]:
    kind = str(body.get("msgtype") or "")
    block = body.get(kind)
    if kind not in ("text", "markdown", "actionCard", "link", "feedCard") or not isinstance(block, dict):
        raise OldRefused(400105)
    if kind == "text":
        return {"kind": "text", "text": str(block.get("content") or "")}
    if kind == "markdown":
        return {"kind": "markdown", "text": str(block.get("text") or ""), "card": {"title": block.get("title")}}
    title = str(block.get("title") or "")
    return {"kind": "link", "text": title, "card": {"title": title, "description": str(block.get("text") or "")}}
