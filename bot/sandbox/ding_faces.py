"""What a DingTalk phone shows, as lines."""

from __future__ import annotations

from bot.sandbox.world import Shown


def shown_lines(message: Shown) -> str:
    """One message as a person reads it."""
    match message.kind:
        case "card":
            return _card(message)
        case "markdown":
            return message.text
        case "link":
            card = message.card or {}
            return f"{card.get('title', '')}\n{card.get('description', '')}"
        case "image" | "file" | "video":
            kind = {"image": "图片", "file": "文件", "video": "视频"}[message.kind]
            return f"[{kind}] {(message.file or {}).get('name', '')}"
        case "voice":
            return f"[语音] {(message.voice or {}).get('seconds', 0)}″"
    return message.text


def _card(message: Shown) -> str:
    """A card as a person reads it: live buttons stand in [ ], dead ones in ( )."""
    shown = (message.card or {}).get("vars") or {}
    buttons = [
        f"({button.get('text')})" if button.get("status") == "disabled" else f"[{button.get('text')}]"
        for button in shown.get("btns") or []
    ]
    lines = [shown.get("title"), shown.get("body"), shown.get("status"), " ".join(buttons)]
    return "\n".join(str(line) for line in lines if line)
