"""Callback XML as WeCom writes it, and the passive replies it reads (protocols/wecom.md 1.2, 1.5, 1.7, 2)."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

_LISTS = {
    "ActionList": "action_list",
    "HorizontalContentList": "horizontal_content_list",
    "JumpList": "jump_list",
    "VerticalContentList": "vertical_content_list",
    "OptionList": "option_list",
    "ButtonList": "button_list",
    "SelectList": "select_list",
}
_NAMES = {"CheckBox": "checkbox", "AppId": "appid", "PagePath": "pagepath", "UserId": "userid", "KeyName": "keyname"}
_NUMBERS = {"type", "style", "desc_color", "mode"}
_TRUTHS = {"is_checked", "disable"}


class BadReply(Exception):
    """The body is neither empty nor a reply that the platform understands."""


def element(name: str, value: Any) -> str:
    """One element: numbers bare, texts as CDATA, dicts nested, lists as repeated siblings."""
    if isinstance(value, list):
        return "".join(element(name, item) for item in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(element(key, item) for key, item in value.items())}</{name}>"
    if isinstance(value, int | float):
        return f"<{name}>{value}</{name}>"
    text = _without_controls(str(value)).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"


def document(elements: dict[str, Any]) -> str:
    """A whole message, one line, no newline at the end."""
    return element("xml", elements)


def read_reply(body: str) -> dict[str, str]:
    """The flat elements of an encrypted reply envelope.

    Raises:
        BadReply: no XML, or a part is missing.
    """
    root = parse(body)
    reply = {child.tag: (child.text or "").strip() for child in root}
    missing = [name for name in ("Encrypt", "MsgSignature", "TimeStamp", "Nonce") if not reply.get(name)]
    if missing:
        raise BadReply(f"missing {', '.join(missing)}")
    return reply


def parse(text: str) -> ET.Element:
    """An `<xml>` document without declarations of types or entities.

    Raises:
        BadReply: it is anything else.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadReply("declares entities")
    try:
        root = ET.fromstring(text)  # noqa: S314 - see above
    except ET.ParseError as error:
        raise BadReply("no XML") from error
    if root.tag != "xml":
        raise BadReply("root is not xml")
    return root


def card_of_reply(block: ET.Element) -> dict[str, Any]:
    """`TemplateCard` of a passive reply with the JSON names of the send call."""
    card: dict[str, Any] = {}
    for child in block:
        name = _LISTS.get(child.tag) or _NAMES.get(child.tag) or _snake(child.tag)
        value: Any = card_of_reply(child) if len(child) else (child.text or "")
        if isinstance(value, str):
            value = _typed(name, value)
        if child.tag in _LISTS:
            card.setdefault(name, []).append(value)
        else:
            card[name] = value
    return card


def _typed(name: str, text: str) -> Any:
    if name in _NUMBERS and text.strip().lstrip("-").isdigit():
        return int(text)
    if name in _TRUTHS:
        return text.strip() in ("1", "true")
    if name == "aspect_ratio":
        return float(text)
    return text


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _without_controls(text: str) -> str:
    return re.sub(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
