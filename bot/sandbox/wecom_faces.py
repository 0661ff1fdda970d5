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
    lines = [cut((face.get("source") or {}).get("desc"), 20)]
    title = face.get("main_title") or {}
    emphasis = face.get("emphasis_content") or {}
    quote = face.get("quote_area") or {}
    lines += [cut(title.get("title"), 36), cut(title.get("desc"), 44)]
    lines += [f"{cut(emphasis.get('title'), 14)} {cut(emphasis.get('desc'), 22)}".strip()]
    lines += [str(quote.get("title") or ""), str(quote.get("quote_text") or "")]
    lines += [cut(face.get("sub_title_text"), 160)]
    for row in face.get("horizontal_content_list") or []:
        lines.append(f"{cut(row.get('keyname'), 5)}：{cut(row.get('value'), 30)}")
    for row in face.get("vertical_content_list") or []:
        lines += [cut(row.get("title"), 38), cut(row.get("desc"), 160)]
    lines += [cut(jump.get("title"), 18) + " ›" for jump in face.get("jump_list") or []]
    lines += _controls(face)
    lines.append(_buttons(card, face))
    return [line for line in lines if line]


def _controls(face: dict[str, Any]) -> list[str]:
    blocks = [*(face.get("select_list") or []), face.get("button_selection") or {}, face.get("checkbox") or {}]
    lines = []
    for block in blocks:
        options = " / ".join(cut(option.get("text"), 17) for option in block.get("option_list") or [])
        if options:
            lines.append(f"{block.get('title') or '选项'}：{options}")
    return lines


def _buttons(card: dict[str, Any], face: dict[str, Any]) -> str:
    texts = [cut(button.get("text"), 10) for button in face.get("button_list") or []]
    if face.get("submit_button"):
        texts.append(cut(face["submit_button"].get("text") or "提交", 10))
    if card.get("disabled"):
        return f"({card.get('replace_text') or ''})" if texts else ""
    texts += [f"⋯{action.get('text')}" for action in (face.get("action_menu") or {}).get("action_list") or []]
    return " ".join(f"[{text}]" for text in texts)
