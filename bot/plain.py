"""Content as plain text: for dry runs, logs of what a person saw, and `ask`."""

from __future__ import annotations

from bot.messages import Card, CardUpdate, Content, Document, Markdown, Picture, Text


def as_text(content: Content) -> str:
    """What a person would read, buttons in brackets."""
    match content:
        case Text(text=text) | Markdown(text=text):
            return text
        case Document(file_name=name) | Picture(file_name=name):
            return f"[文件] {name}"
        case CardUpdate(card=card):
            return as_text(card)
        case Card():
            lines = [content.title, content.subtitle]
            lines += [f"{field.label}：{field.value}" for field in content.fields]
            lines += [content.body, content.status, " ".join(f"[{button.text}]" for button in content.buttons)]
            return "\n".join(line for line in lines if line)
