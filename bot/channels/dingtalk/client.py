"""DingTalk outbound: what the outbox sends through (protocols/dingtalk.md 5, 6, 10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import httpx

from bot.channels.base import ApprovalOffice, CardHandle, Downloaded, FileStore, Limit, Limiter, Quota, TokenStore
from bot.channels.dingtalk import card_route, render
from bot.channels.dingtalk.answers import RECEIVER_CODES
from bot.channels.dingtalk.api import Api
from bot.channels.dingtalk.cards import CardClient
from bot.channels.dingtalk.contacts import Contacts
from bot.channels.dingtalk.doctor import Finding, examine, examine_http
from bot.channels.dingtalk.http import CARD_PATH
from bot.channels.dingtalk.media import MediaClient, sendable
from bot.channels.dingtalk.quota import QuotaState, quota_state
from bot.channels.dingtalk.workflow import Workflow
from bot.clock import Clock
from bot.errors import ChannelMisconfigured, ChannelRejected, ChannelUnavailable, OutcomeUnknown, RateLimited
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
    Text,
)
from bot.settings import DingTalkSettings

MAX_USERS = 20  # of one batch call; the error text still speaks of 100 (5.1)


class DingTalkChannel:
    """Implements `bot.channels.base.Channel`. Holds no state: any number may run on any number of machines."""

    name = ChannelName.DINGTALK

    def __init__(
        self,
        settings: DingTalkSettings,
        http: httpx.AsyncClient,
        tokens: TokenStore,
        limiter: Limiter,
        files: FileStore,
        quota: Quota,
        *,
        real_now: Callable[[], datetime] = Clock.real_now,
    ) -> None:
        self._settings = settings
        self._api = Api(settings, http, tokens, limiter, quota, real_now)
        self._cards = CardClient(self._api)
        self._media = MediaClient(self._api, files)
        self._files = files
        self._quota = quota
        self.contacts = Contacts(self._api)
        self.approvals: ApprovalOffice | None = Workflow(self._api) if settings.approval_process_code else None

    # -- before sending --
    def split(self, content: Content) -> tuple[Content, ...]:
        """Long words in pieces; a card's long body ahead of the card."""
        return render.split(content, has_template=self._has_template)

    def limits(self, message: OutboundMessage) -> tuple[Limit, ...]:
        """20 calls a second per API; the upload that a picture or file may need is paced by its send."""
        if isinstance(message.content, CardUpdate) and self._has_template:
            return (self._api.limit("card_update"),)
        if isinstance(message.content, Card) and self._has_template:
            return (self._api.limit("card"),)
        return (self._api.limit("group" if message.conversation_id else "oto"),)

    @property
    def _has_template(self) -> bool:
        return bool(self._settings.card_template_id)

    # -- sending --
    async def send(self, message: OutboundMessage) -> Receipt:
        """One attempt. People who will never get it are in `Receipt.invalid`, people to try again in `throttled`.

        Raises:
            OutcomeUnknown: a robot message may have gone out; DingTalk has no duplicate check for those (10.5).
            ChannelError: see `bot.errors`.
        """
        content = message.content
        match content:
            case Text():
                return await self._robot(message, *render.text_message(content))
            case Markdown():
                return await self._robot(message, *render.markdown_message(content))
            case Card() if self._has_template:
                return await self._cards.send(message, content)
            case Card():
                return await self._robot(message, *render.markdown_message(render.card_as_markdown(content)))
            case Document() | Picture():
                return await self._file(message, content)
            case CardUpdate():
                return await self.update_card(message, CardHandle(card_id=content.card_id), content.card)

    async def update_card(self, message: OutboundMessage, handle: CardHandle, card: Card) -> Receipt:
        """Change the card where it hangs; one that was sent as words is followed by words.

        A card the platform does not know (any more) is sent anew to the message's recipients.
        """
        if handle.as_text or not self._has_template:
            told = await self._robot(message, *render.markdown_message(render.card_as_markdown(card)))
            return replace(told, note="replaced")
        if await self._cards.update(handle.card_id, card):
            return Receipt()
        if not (message.recipients or message.conversation_id):
            raise ChannelRejected("钉钉不认识这张卡片", code="param.cardNotExist")
        receipt = await self._cards.send(replace(message, content=card, card_id=handle.card_id), card)
        return replace(receipt, note="replaced")

    async def _file(self, message: OutboundMessage, content: Document | Picture) -> Receipt:
        """Upload unless the platform has it; an id it no longer knows is forgotten and the file uploaded again."""
        file = await self._files.read(content.attachment_id)
        if isinstance(content, Document):
            file = sendable(file)
        kind = "file" if isinstance(content, Document) else "image"
        media_id, reused = await self._media.upload(file, kind)
        try:
            return await self._robot(message, *_file_message(kind, media_id, file.file_name))
        except ChannelMisconfigured:
            raise
        except ChannelRejected:
            await self._files.forget_upload(self.name, file.sha256)
            if not reused:
                raise
        media_id, _ = await self._media.upload(file, kind)
        return await self._robot(message, *_file_message(kind, media_id, file.file_name))

    async def _robot(self, message: OutboundMessage, key: str, param: str) -> Receipt:
        """A robot message to a group, or to people in calls of at most 20."""
        if message.conversation_id:
            return await self._to_group(message.conversation_id, key, param)
        users = list(dict.fromkeys(account.user_id for account in message.recipients if account.user_id))
        if not users:
            raise ChannelRejected("没有收件人的钉钉账号", code="no.recipient")
        total = Receipt()
        for start in range(0, len(users), MAX_USERS):
            batch = users[start : start + MAX_USERS]
            try:
                if start and (wait := await self._api.spare("oto")):  # the first call was paced by `limits`
                    raise RateLimited("一秒内的调用已满", retry_after_seconds=wait)
                receipt = await self._to_people(batch, key, param)
            except (RateLimited, ChannelUnavailable, OutcomeUnknown) as error:
                if not start:
                    raise
                # Some have it already: sending all of it again would double theirs. Only those left come again.
                left = users[start:]
                return _joined(total, Receipt(throttled=tuple(left), note=f"{len(left)} 人稍后重发：{error}"))
            total = _joined(total, receipt)
        return total

    async def _to_group(self, conversation_id: str, key: str, param: str) -> Receipt:
        body = {
            "robotCode": self._settings.robot,
            "openConversationId": conversation_id,
            "msgKey": key,
            "msgParam": param,
        }
        answer = await self._api.new("POST", "/v1.0/robot/groupMessages/send", api="group", idempotent=False, json=body)
        if answer.problem is not None:
            raise self._api.refused(answer, idempotent=False)
        return Receipt(platform_id=str(answer.data.get("processQueryKey") or ""))

    async def _to_people(self, users: list[str], key: str, param: str) -> Receipt:
        """One batch call. When one wrong receiver makes the platform refuse all, each is tried alone."""
        body = {"robotCode": self._settings.robot, "userIds": users, "msgKey": key, "msgParam": param}
        answer = await self._api.new(
            "POST", "/v1.0/robot/oToMessages/batchSend", api="oto", idempotent=False, json=body
        )
        if answer.problem is None:
            invalid = _listed(answer.data.get("invalidStaffIdList"), users)
            filtered = _listed(answer.data.get("filteredStaffIdList"), users)
            return Receipt(
                platform_id=str(answer.data.get("processQueryKey") or ""),
                invalid=tuple(dict.fromkeys((*invalid, *filtered))),
                throttled=_listed(answer.data.get("flowControlledStaffIdList"), users),
            )
        if answer.problem.code not in RECEIVER_CODES:
            raise self._api.refused(answer, idempotent=False)
        if len(users) == 1:
            return Receipt(invalid=tuple(users), note=str(answer.problem))
        total = Receipt()
        for place, user in enumerate(users):
            try:
                total = _joined(total, await self._to_people([user], key, param))
            except (RateLimited, ChannelUnavailable, OutcomeUnknown) as error:
                left = tuple(users[place:])
                return _joined(total, Receipt(throttled=left, note=f"{len(left)} 人稍后重发：{error}"))
        return total

    # -- the rest --
    async def download(self, media: Media) -> Downloaded:
        """Fetch a file a person sent, at most 20 MB; at once, for how long its code lives is not published."""
        return await self._media.download(media)

    async def user_id_by_mobile(self, mobile: str) -> str | None:
        """The member with this mobile number, or None."""
        return await self.contacts.user_id_by_mobile(mobile)

    async def publish_card_route(self, public_url: str) -> bool:
        """HTTP mode with cards: have taps posted to our address. True when another address was registered."""
        if self._settings.mode != "http" or not self._has_template:
            return False
        return await card_route.publish(self._api, public_url + CARD_PATH)

    async def quota_state(self) -> QuotaState:
        """This month's API calls and pushes against the limits of the settings."""
        return await quota_state(self._quota, self._settings)

    async def check(self) -> list[Finding]:
        """For doctor: real calls without effect on anybody."""
        return await examine(self._api, await self.quota_state())

    async def check_addresses(self, public_url: str) -> list[Finding]:
        """For doctor: where HTTP mode receives; nothing to say in Stream mode."""
        return await examine_http(self._api, public_url) if self._settings.mode == "http" else []


def _file_message(kind: str, media_id: str, file_name: str) -> tuple[str, str]:
    return render.image_message(media_id) if kind == "image" else render.file_message(media_id, file_name)


def _listed(value: object, users: list[str]) -> tuple[str, ...]:
    """Only people of this call, whatever the answer lists."""
    return tuple(str(user) for user in value if str(user) in users) if isinstance(value, list) else ()


def _joined(one: Receipt, other: Receipt) -> Receipt:
    return Receipt(
        platform_id=one.platform_id or other.platform_id,
        invalid=one.invalid + other.invalid,
        throttled=one.throttled + other.throttled,
        note="；".join(note for note in (one.note, other.note) if note),
    )
