"""What a WeCom phone shows: texts cut where the client cuts them, cards as lines (protocols/wecom.md 4.2, 4.3)."""

from __future__ import annotations

import html
import re
from typing import Any

from bot.sandbox.world import Shown

TEXT_BYTES = 2048


def cut_bytes(text: str, most: int) -> str:
    """At most this many UTF-8 bytes, never half a character."""
    return text.encode()[:most].decode(errors="ignore")


def cut(text: Any, most: int) -> str:
    """At most this many 字, with an ellipsis where something is missing."""
    words = str(text or "")
    return words if len(words) <= most else words[: most - 1] + "…"


def shown_lines(message: Shown) -> str:
    """One message as a person reads it."""
    card = message.card or {}
    match message.kind:
        case "card":
            return "\n".join(card_lines(card))
        case "textcard":
            body = re.sub(r"<br\s*/?>", "\n", str(card.get("description", "")))
            return f"{card.get('title', '')}\n{html.unescape(re.sub('<[^>]+>', '', body))}\n[{card.get('btntxt')}]"
        case "news":
            return "\n".join(str(article.get("title", "")) for article in card.get("articles", []))
        case "image" | "video" | "file":
            kind = {"image": "图片", "video": "视频", "file": "文件"}[message.kind]
            return f"[{kind}] {(message.file or {}).get('name', '')}"
        case "voice":
            return f"[语音] {(message.voice or {}).get('seconds', 0)}″"
        case "location":
            return f"[位置] {(message.location or {}).get('label', '')}"
    return message.text


def card_lines(card: dict[str, Any]) -> list[str]:
    """Title, rows and buttons; live buttons stand in [ ], dead ones in ( )."""
    face = card.get("face") or {}
    lines = [cut(_object(face.get("source")).get("desc"), 20)]
    title = _object(face.get("main_title"))
    emphasis = _object(face.get("emphasis_content"))
    quote = _object(face.get("quote_area"))
    lines += [cut(title.get("title"), 36), cut(title.get("desc"), 44)]
    lines += [f"{cut(emphasis.get('title'), 14)} {cut(emphasis.get('desc'), 22)}".strip()]
    lines += [str(quote.get("title") or ""), str(quote.get("quote_text") or "")]
    lines += [cut(face.get("sub_title_text"), 160)]
    for row in _objects(face.get("horizontal_content_list")):
        lines.append(f"{cut(row.get('keyname'), 5)}：{cut(row.get('value'), 30)}")
    for row in _objects(face.get("vertical_content_list")):
        lines += [cut(row.get("title"), 38), cut(row.get("desc"), 160)]
    lines += [cut(jump.get("title"), 18) + " ›" for jump in _objects(face.get("jump_list"))]
    lines += _controls(face)
    lines.append(_buttons(card, face))
    return [line for line in lines if line]


def _controls(face: dict[str, Any]) -> list[str]:
    blocks = [*_objects(face.get("select_list")), _object(face.get("button_selection")), _object(face.get("checkbox"))]
    lines = []
    for block in blocks:
        options = " / ".join(cut(option.get("text"), 17) for option in _objects(block.get("option_list")))
        if options:
            lines.append(f"{block.get('title') or '选项'}：{options}")
    return lines


def _buttons(card: dict[str, Any], face: dict[str, Any]) -> str:
    texts = [cut(button.get("text"), 10) for button in _objects(face.get("button_list"))]
    if submit := _object(face.get("submit_button")):
        texts.append(cut(submit.get("text") or "提交", 10))
    if card.get("disabled"):
        return f"({card.get('replace_text') or ''})" if texts else ""
    texts += [f"⋯{action.get('text')}" for action in _objects(_object(face.get("action_menu")).get("action_list"))]
    return " ".join(f"[{text}]" for text in texts)


def _object(value: Any) -> dict[str, Any]:
    """Whatever else was sent in its place shows nothing."""
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
