"""What a person does in DingTalk, as the robot is told about it (protocols/dingtalk.md 4, 6.6)."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
from typing import Any

from bot.sandbox.config import Group, Person, SandboxConfig
from bot.sandbox.faults import CannotTap
from bot.sandbox.world import Shown


def robot_message(
    config: SandboxConfig,
    person: Person,
    group: Group | None,
    content: dict[str, Any],
    *,
    at_ms: int,
    session_url: str,
    session_ends_ms: int,
) -> dict[str, Any]:
    """`data` of the robot topic; `content` has msgtype and the payload of that type."""
    message: dict[str, Any] = {
        "senderPlatform": "Mac",
        "conversationId": group.conversation_id if group else _opaque("cid", person.dingtalk) + "==",
        "chatbotCorpId": config.ding_corp_id,
        "chatbotUserId": "$:LWCP_v1:$" + _opaque("", config.ding_client_id),
        "msgId": "msg" + secrets.token_urlsafe(16) + "==",
        "senderNick": person.name,
        "isAdmin": person.role == "管理员",
        "senderStaffId": person.dingtalk,
        "sessionWebhookExpiredTime": session_ends_ms,
        "createAt": at_ms,
        "senderCorpId": config.ding_corp_id,
        "conversationType": "2" if group else "1",
        "senderId": "$:LWCP_v1:$" + _opaque("", person.dingtalk),
        "sessionWebhook": session_url,
        "robotCode": config.ding_client_id,
    }
    if group:
        message |= {"conversationTitle": group.title, "isInAtList": True}
        message["atUsers"] = [{"dingtalkId": message["chatbotUserId"]}]
    return message | content


def find_button(phone: Sequence[Shown], wanted: str, card: str | None, params: Any) -> tuple[Shown, dict[str, Any]]:
    """The message and the button that a finger meets.

    Args:
        wanted: text or actionId.
        card: outTrackId or message id; None = the newest card with this button alive.
        params: to tell buttons of one actionId apart; None = the first.

    Raises:
        CannotTap: nothing there can be tapped; the text says why.
    """
    cards = [message for message in reversed(phone) if message.kind == "card" and message.state != "recalled"]
    if card is not None:
        cards = [message for message in cards if card in (message.id, (message.card or {}).get("out_track_id"))]
        if not cards:
            raise CannotTap("没有这张卡片")
    dead = False
    for message in cards:
        for button in ((message.card or {}).get("vars") or {}).get("btns") or []:
            event = button.get("event") or {}
            inside = event.get("params") or {}
            if wanted not in (button.get("text"), inside.get("actionId")):
                continue
            if params is not None and params != (inside.get("params") or {}):
                continue
            if button.get("status") == "disabled":
                dead = True
                continue
            if event.get("type") != "sendCardRequest":
                raise CannotTap("这个按钮不通知机器人")
            return message, inside
    raise CannotTap("按钮已失效" if dead else f"没有“{wanted}”这个按钮")


def card_callback(
    config: SandboxConfig, person: Person, message: Shown, action: dict[str, Any], text: str, user_id_type: int
) -> dict[str, Any]:
    """`data` of the card topic; `content` is a JSON string, what was typed stands beside the button's params."""
    params = {**(action.get("params") or {}), **({"text": text} if text else {})}
    content = {"cardPrivateData": {"actionIds": [action.get("actionId", "")], "params": params}}
    group = config.group(message.group) if message.group else None
    user = person.union_id if user_id_type == 2 else person.dingtalk
    return {
        "type": "actionCallback",
        "outTrackId": (message.card or {})["out_track_id"],
        "corpId": config.ding_corp_id,
        "userId": user,
        "userIdType": user_id_type,
        "spaceId": group.conversation_id if group else user,
        "spaceType": "IM_GROUP" if group else "IM_ROBOT",
        "extension": "{}",
        "content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
    }


def _opaque(prefix: str, name: str) -> str:
    return prefix + base64.b64encode(name.encode()).decode().rstrip("=")
