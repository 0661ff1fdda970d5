"""Cards: create and deliver in one call, deliver again, update by outTrackId (protocols/dingtalk.md 6.2-6.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.channels.dingtalk.api import Api
from bot.channels.dingtalk.render import card_param_map
from bot.errors import ChannelRejected
from bot.messages import Card, OutboundMessage, Receipt

MAX_TRACK_ID = 100
MAX_SPACES_CHARS = 1000
EXISTS, NOT_THERE = "param.cardAlreadyExist", "param.cardNotExist"
_WRONG_PERSON = ("spaceid is illegal", "usernotexist", "staffid", "userid")


class CardClient:
    """One template, one instance per card, one space per person or group that has it."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def send(self, message: OutboundMessage, card: Card) -> Receipt:
        """Create the card and hang it in every recipient's chat: one instance, mostly one call."""
        track_id = track_id_of(message)
        first, *others = _spaces(message)
        receipts = [await self._create(message, card, track_id, first)]
        receipts += [await self._deliver(message, card, track_id, users) for users in others]
        return Receipt(
            platform_id=next((receipt.platform_id for receipt in receipts if receipt.platform_id), ""),
            invalid=tuple(user for receipt in receipts for user in receipt.invalid),
            note=receipts[0].note,
        )

    async def update(self, card_id: str, card: Card) -> bool:
        """Give it a new face wherever it hangs. False: the platform does not know the card.

        All four variables go out, by key: without that option the ones not sent are lost.
        """
        answer = await self._api.new(
            "PUT",
            "/v1.0/card/instances",
            api="card_update",
            idempotent=True,
            json={
                "outTrackId": card_id,
                "userIdType": 1,
                "cardData": {"cardParamMap": card_param_map(card)},
                "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
            },
        )
        if answer.problem is None:
            return True
        if answer.problem.code == NOT_THERE:
            return False
        raise self._api.refused(answer, idempotent=True)

    async def _create(self, message: OutboundMessage, card: Card, track_id: str, users: Sequence[str]) -> Receipt:
        settings = self._api.settings
        callback = (
            {"callbackType": "STREAM"}
            if settings.mode == "stream"
            else {"callbackType": "HTTP", "callbackRouteKey": settings.card_route_key}
        )
        body = {
            "cardTemplateId": settings.card_template_id,
            "outTrackId": track_id,
            "userIdType": 1,
            **callback,
            "cardData": {"cardParamMap": card_param_map(card)},
            **self._place(message, users),
            **self._space_model(message, card),
        }
        answer = await self._api.new(
            "POST", "/v1.0/card/instances/createAndDeliver", api="card", idempotent=True, json=body
        )
        if answer.problem is None:
            result = answer.data.get("result")
            return _hung(message, users, result.get("deliverResults") if isinstance(result, dict) else None)
        if answer.problem.code != EXISTS:
            raise self._api.refused(answer, idempotent=True)
        if message.attempt > 1:  # the earlier try got through after all: creating and delivering are one step
            return Receipt(note="existing")
        return await self._deliver(message, card, track_id, users)  # the same card for one more person

    async def _deliver(self, message: OutboundMessage, card: Card, track_id: str, users: Sequence[str]) -> Receipt:
        body = {"outTrackId": track_id, "userIdType": 1, **self._place(message, users)}
        answer = await self._api.new(
            "POST", "/v1.0/card/instances/deliver", api="card_deliver", idempotent=True, json=body
        )
        if answer.problem is not None:
            raise self._api.refused(answer, idempotent=True)
        return _hung(message, users, answer.data.get("result"))

    def _place(self, message: OutboundMessage, users: Sequence[str]) -> dict[str, Any]:
        """Where it hangs, and the deliver model that has to come with that kind of space."""
        robot = self._api.settings.robot
        if message.conversation_id:
            return {
                "openSpaceId": f"dtv1.card//IM_GROUP.{message.conversation_id}",
                "imGroupOpenDeliverModel": {"robotCode": robot, "extension": {}},
            }
        return {
            "openSpaceId": ";".join(f"dtv1.card//IM_ROBOT.{user}" for user in users),
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": robot, "extension": {}},
        }

    @staticmethod
    def _space_model(message: OutboundMessage, card: Card) -> dict[str, Any]:
        title = " ".join(card.title.split())[:100]
        model = {
            "supportForward": False,  # a forwarded card would show business data to people without the right
            "lastMessageI18n": {"ZH_CN": title},
            "notification": {"alertContent": title, "notificationOff": False},
        }
        return {"imGroupOpenSpaceModel" if message.conversation_id else "imRobotOpenSpaceModel": model}


def track_id_of(message: OutboundMessage) -> str:
    """Our card id; a retry has the same one, which is what makes creating idempotent."""
    track_id = message.card_id or f"out-{message.outbox_id}"
    if len(track_id) > MAX_TRACK_ID:
        raise ChannelRejected("卡片编号超过 100 个字符", code="param.outTrackId")
    return track_id


def _spaces(message: OutboundMessage) -> list[list[str]]:
    """Recipients in groups whose joined space ids stay within 1000 characters; one empty group for a group chat."""
    if message.conversation_id:
        return [[]]
    groups = list(_packed(account.user_id for account in message.recipients if account.user_id))
    if not groups:
        raise ChannelRejected("没有收件人的钉钉账号", code="no.recipient")
    return groups


def _packed(users: Iterator[str]) -> Iterator[list[str]]:
    group: list[str] = []
    used = 0
    for user in dict.fromkeys(users):
        size = len(f"dtv1.card//IM_ROBOT.{user};")
        if group and used + size > MAX_SPACES_CHARS:
            yield group
            group, used = [], 0
        group.append(user)
        used += size
    if group:
        yield group


def _hung(message: OutboundMessage, users: Sequence[str], results: Any) -> Receipt:
    """HTTP 200 and success are not enough: every space says for itself (6.2)."""
    entries: list[Mapping[str, Any]] = [item for item in results or [] if isinstance(item, dict)]
    carrier = next((str(item["carrierId"]) for item in entries if item.get("carrierId")), "")
    bad = [(place, item) for place, item in enumerate(entries) if item.get("success") is False]
    if not bad:
        return Receipt(platform_id=carrier)
    reasons = "；".join(dict.fromkeys(str(item.get("errorMsg") or "未说明原因") for _, item in bad))[:200]
    invalid = tuple(_owner(item, place, users) for place, item in bad) if users else ()
    person_is_wrong = any(mark in reasons.lower() for mark in _WRONG_PERSON)
    if message.conversation_id or (len(bad) == len(entries) and not person_is_wrong):
        raise ChannelRejected(f"钉钉卡片没有投放成功：{reasons}", code="card.undelivered")
    return Receipt(platform_id=carrier, invalid=tuple(user for user in invalid if user), note=f"部分未投放：{reasons}")


def _owner(item: Mapping[str, Any], place: int, users: Sequence[str]) -> str:
    space = str(item.get("spaceId") or "")
    named = next((user for user in users if space == user or space.endswith(f".{user}")), "")
    return named or (users[place] if place < len(users) else "")
