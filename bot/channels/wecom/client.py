"""WeCom, outbound: one attempt per call, errors sorted, nothing remembered here (bot.channels.base.Channel)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import httpx

from bot.channels.base import CardHandle, Downloaded, FileStore, Limit, Limiter, StoredFile, TokenStore
from bot.channels.wecom import codes, doctor, members, menu
from bot.channels.wecom.api import Json, WeComApi
from bot.channels.wecom.media import WeComMedia, kind_of_picture
from bot.channels.wecom.render import (
    MAX_RECIPIENTS,
    render_card,
    render_send,
    render_update,
    render_update_call,
    split,
    task_id,
    text_part,
)
from bot.channels.wecom.texts import MESSAGE_BYTES, size
from bot.errors import ChannelRejected
from bot.messages import (
    Card,
    CardUpdate,
    ChannelName,
    Content,
    Document,
    Markdown,
    Media,
    OutboundMessage,
    Picture,
    Receipt,
)
from bot.settings import WeComSettings

SEND = "message/send"
# Per app and member 30 a minute and 1,000 an hour; what is over is dropped without an error (3.3). 20 at once and
# then 10 a minute stays under both in any window: at most 20 + 9 in a minute, 20 + 600 in an hour.
MEMBER_BURST, MEMBER_SECONDS = 20, 120.0
APP_PER_MINUTE = 6000  # no figure applies to message/send; this row is what a pause of the whole app hangs on


class WeComChannel:
    """The Channel of one self-built app. Contents go through `split` before they are sent."""

    name = ChannelName.WECOM

    def __init__(
        self,
        settings: WeComSettings,
        http: httpx.AsyncClient,
        tokens: TokenStore,
        limiter: Limiter,
        files: FileStore,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._api = WeComApi(settings, http, tokens, limiter, now=now)
        self._contacts = self._api  # an app that 客户联系 lets in; else with that function's own secret
        if settings.contact_secret.get_secret_value():
            contacts = settings.model_copy(update={"secret": settings.contact_secret})
            self._contacts = WeComApi(contacts, http, tokens, limiter, now=now)
        self._files = files
        self._media = WeComMedia(self._api, files)

    # -- Channel ------------------------------------------------------------------------------------------------------
    def split(self, content: Content) -> tuple[Content, ...]:
        """The pieces this platform can show, each one call."""
        return split(content)

    def limits(self, message: OutboundMessage) -> tuple[Limit, ...]:
        """One per member, and one for the app, on which the platform's refusals (45009, 60020) hang."""
        app = Limit(self._api.pause_key(SEND), APP_PER_MINUTE, 60)
        users = dict.fromkeys(account.user_id.casefold() for account in message.recipients)
        return (app, *(Limit(f"{self._api.key}:to:{user}", MEMBER_BURST, MEMBER_SECONDS) for user in users))

    async def send(self, message: OutboundMessage) -> Receipt:
        """One message/send. `Receipt.invalid` holds those the platform will not reach, lower-cased as it says them.

        Raises:
            ChannelError: any of the tree; 81013 (nobody can be reached) is a ChannelRejected.
        """
        content = message.content
        if isinstance(content, Document | Picture):
            return await self._send_file(message, content)
        if (part := text_part(message)) is None:
            raise ChannelRejected("卡片更新不能作为新消息发送", code="not_a_message")
        return await self._send(message, *part)

    async def update_card(self, message: OutboundMessage, handle: CardHandle, card: Card) -> Receipt:
        """Change the card by a response code, or send a new one where no code serves any more.

        `Receipt.note` is "updated" (`platform_id` is the code that was spent), "done" (the code was spent by an
        earlier try) or "replaced" (a new card hangs, `response_code` is its first).
        """
        users = _users(message)
        for code in handle.response_codes:
            body = render_update_call(users, self._api.agent_id, code, render_update(card))
            try:
                answer = await self._api.post("message/update_template_card", body)
            except ChannelRejected as error:
                if error.code == str(codes.CODE_USED) and (message.attempt > 1 or code == handle.response_codes[-1]):
                    return Receipt(note="done")
                if error.code not in _TRY_NEXT:
                    raise
                continue
            return Receipt(platform_id=code, invalid=_names(answer.get("invaliduser")), note="updated")
        return await self._replace(message, card)

    async def download(self, media: Media) -> Downloaded:
        """Fetch what a member sent, at most 20 MB."""
        return await self._media.download(media.ref)

    async def check(self) -> list[tuple[str, bool, str]]:
        """(what, good, sentence) for doctor: real calls, never a secret."""
        return await doctor.check(self._api, self._settings)

    # -- beyond Channel -----------------------------------------------------------------------------------------------
    async def publish_menu(self) -> bool:
        """Make the app's menu 客户 | 拜访 | 更多. True when it had to be changed."""
        return await menu.publish(self._api)

    async def userid_by_mobile(self, mobile: str) -> str | None:
        """The member with this mobile number, or None (remembered for a day)."""
        return await members.userid_by_mobile(self._api, mobile)

    async def user_id_by_mobile(self, mobile: str) -> str | None:
        """The same under the name that both channels share."""
        return await self.userid_by_mobile(mobile)

    async def user(self, userid: str) -> dict[str, Any] | None:
        """What user/get says of a member, or None when the app sees no such member."""
        return await members.user(self._api, userid)

    async def external_contact(self, external_userid: str, userid: str) -> members.ExternalContact | None:
        """Somebody outside whom this member added, or None when that is over."""
        return await members.external_contact(self._contacts, external_userid, userid)

    # -- inside -------------------------------------------------------------------------------------------------------
    async def _send_file(self, message: OutboundMessage, content: Document | Picture) -> Receipt:
        stored = await self._files.read(content.attachment_id)
        stored = _named(stored, content.file_name)
        kind = kind_of_picture(stored) if isinstance(content, Picture) else "file"
        for last in (False, True):
            media_id = await self._media.media_id(stored, kind)
            try:
                return await self._send(message, kind, {"media_id": media_id})
            except ChannelRejected as error:
                if error.code != str(codes.MEDIA_GONE) or last:
                    raise
                await self._media.forget(stored, kind)
        raise AssertionError("unreachable")

    async def _send(self, message: OutboundMessage, msgtype: str, part: Json) -> Receipt:
        _check_length(msgtype, part)
        body = render_send(
            _users(message),
            self._api.agent_id,
            msgtype,
            part,
            outbox_id=message.outbox_id,
            interactive=message.interactive,
        )
        try:
            answer = await self._api.post(SEND, body)
        except ChannelRejected as error:
            if error.code == str(codes.TASK_ID_USED) and message.attempt > 1:
                return Receipt(note="duplicate")  # an earlier try, whose answer was lost, has put the card there
            raise
        return Receipt(
            platform_id=str(answer.get("msgid") or ""),
            response_code=str(answer.get("response_code") or ""),
            invalid=tuple(dict.fromkeys((*_names(answer.get("invaliduser")), *_names(answer.get("unlicenseduser"))))),
        )

    async def _replace(self, message: OutboundMessage, card: Card) -> Receipt:
        """The card again, as new messages; a repeat of this attempt is dropped by the duplicate check."""
        receipt = Receipt()
        for position, piece in enumerate(split(card), start=1):
            if isinstance(piece, Card):
                own = task_id(_card_id(message), message.outbox_id, again=position)
                receipt = await self._send(message, "template_card", render_card(piece, own))
            elif isinstance(piece, Markdown):
                receipt = await self._send(message, "markdown", {"content": piece.text})
        return Receipt(
            platform_id=receipt.platform_id,
            response_code=receipt.response_code,
            invalid=receipt.invalid,
            note="replaced",
        )


_TRY_NEXT = {str(code) for code in (codes.CODE_USED, *codes.UNUSABLE_CODE)}


def _card_id(message: OutboundMessage) -> str:
    return message.content.card_id if isinstance(message.content, CardUpdate) else message.card_id


def _users(message: OutboundMessage) -> list[str]:
    users = list(dict.fromkeys(account.user_id for account in message.recipients if account.user_id))
    if not users:
        raise ChannelRejected("没有接收人（企业微信只能一对一发送）", code="82001")
    if len(users) > MAX_RECIPIENTS:
        raise ChannelRejected(f"一次最多发给 {MAX_RECIPIENTS} 人", code="40032")
    return users


def _names(value: object) -> tuple[str, ...]:
    """`a|b` in the answer to send, an array in the answer to update_template_card; missing or empty in both."""
    if isinstance(value, str):
        return tuple(name for name in value.split("|") if name)
    return tuple(str(name) for name in value) if isinstance(value, Iterable) else ()


def _named(stored: StoredFile, file_name: str) -> StoredFile:
    if not file_name or file_name == stored.file_name:
        return stored
    return StoredFile(
        attachment_id=stored.attachment_id,
        file_name=file_name,
        mime=stored.mime,
        content=stored.content,
        sha256=stored.sha256,
    )


def _check_length(msgtype: str, part: Json) -> None:
    """The platform would cut what is over without a word, and refuse what is empty."""
    if msgtype not in ("text", "markdown"):
        return
    if size(part["content"]) > MESSAGE_BYTES:
        raise ChannelRejected(f"消息超过 {MESSAGE_BYTES} 字节，发送前没有分段", code="45002")
    if not part["content"].strip():
        raise ChannelRejected("消息内容为空", code="44004")
