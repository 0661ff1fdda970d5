"""The app's menu (protocols/wecom.md 6): 客户 | 拜访 | 更多. Its keys are the words people can also type."""

from __future__ import annotations

from typing import Any

from bot.channels.wecom import codes
from bot.channels.wecom.api import WeComApi
from bot.errors import ChannelRejected


def _click(word: str) -> dict[str, Any]:
    return {"type": "click", "name": word, "key": word}


MENU: list[dict[str, Any]] = [
    _click("客户"),
    _click("拜访"),
    {"name": "更多", "sub_button": [_click("合同"), _click("待办"), _click("帮助")]},
]


async def publish(api: WeComApi) -> bool:
    """Make the app's menu ours. True when it had to be changed."""
    if await is_published(api):
        return False
    await api.post("menu/create", {"button": MENU}, reads=True, agentid=api.agent_id)
    return True


async def is_published(api: WeComApi) -> bool:
    """Whether people already see our menu. The platform adds fields of its own, which do not count."""
    try:
        answer = await api.get("menu/get", agentid=api.agent_id)
    except ChannelRejected as error:
        if error.code == str(codes.NO_MENU):
            return False
        raise
    return _shape(answer.get("button")) == _shape(MENU)


def _shape(buttons: object) -> list[tuple[str, str, str, object]]:
    if not isinstance(buttons, list):
        return []
    return [
        (
            str(button.get("name", "")),
            "" if button.get("sub_button") else str(button.get("type", "")),
            str(button.get("key", "")),
            _shape(button.get("sub_button")),
        )
        for button in buttons
        if isinstance(button, dict)
    ]
