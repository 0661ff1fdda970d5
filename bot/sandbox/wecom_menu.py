"""Which app menus WeCom takes (protocols/wecom.md 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.wecom_refusals import Refused

_KEYED = (
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
)
_URL = re.compile(r"https?://\S+")


def check_menu(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons.

    Raises:
        Refused: too many, a name, key or url too long or missing, an unknown type.
    """
    buttons = _buttons(body.get("button"), 3)
    for button in buttons:
        _name(button, 16)
        if button.get("sub_button"):
            for sub in _buttons(button["sub_button"], 5):
                _name(sub, 40)
                _action(sub, 40054)
        else:
            _action(button, 40055)
    return buttons


def leaves(menu: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every button that does something."""
    for button in menu:
        yield from button.get("sub_button") or [button]


def _buttons(value: Any, most: int) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not 1 <= len(value) <= most or not all(isinstance(item, dict) for item in value):
        raise Refused(40058, f"1 to {most} buttons")
    return value


def _name(button: dict[str, Any], most: int) -> None:
    name = button.get("name")
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= most:
        raise Refused(40058, f"name of 1 to {most} bytes")


def _action(button: dict[str, Any], url_code: int) -> None:
    kind = button.get("type")
    if kind in _KEYED:
        key = button.get("key")
        if not isinstance(key, str) or not 1 <= len(key.encode()) <= 128:
            raise Refused(40058, "key of 1 to 128 bytes")
    elif kind == "view":
        url = str(button.get("url") or "")
        if not _URL.fullmatch(url) or len(url.encode()) > 1024:
            raise Refused(url_code)
    elif kind == "view_miniprogram":
        if not button.get("appid") or not button.get("pagepath"):
            raise Refused(40058, "appid and pagepath")
    else:
        raise Refused(40058, "type")
