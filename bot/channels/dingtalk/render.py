"""Our content -> DingTalk's JSON, pure (protocols/dingtalk.md 5.3, 6.2; interface.md "DingTalk card").

Limits are bytes of UTF-8: `msgParam` as JSON text 15,000 (5.2), a value of a card 1 KB (6.2). Nothing is cut inside a
character, and no fact is lost: `split` sends first what a card cannot hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import orjson

from bot.messages import Button, Card, Content, Field, Markdown, Style, Text

MAX_PARAM_BYTES = 15_000
ROOM_BYTES = 14_000  # of a msgParam's words, so that keys and title fit beside them
MAX_VALUE_BYTES = 1024
MAX_BUTTONS_BYTES = 4096  # longer values than 1 KB were seen to work (6.2), and a button cannot be shortened
MAX_TITLE_BYTES = 200  # of a message: what the chat list shows
BREAK = "  \n  "  # 5.3: two blanks before and after
_COLORS = {Style.PRIMARY: "blue", Style.DEFAULT: "gray", Style.DANGER: "red"}
_DASHES = re.compile(r"^\|?[\s:|-]*-[\s:|-]*\|?$")


# -- messages --
def text_message(content: Text) -> tuple[str, str]:
    """msgKey and msgParam of plain words."""
    return "sampleText", _json({"content": _fit_param(content.text)})


def markdown_message(content: Markdown) -> tuple[str, str]:
    """msgKey and msgParam; the title is what the chat list shows."""
    title = _cut(_one_line(content.title) or _first_words(content.text), MAX_TITLE_BYTES)
    return "sampleMarkdown", _json({"title": title, "text": _fit_param(markdown(content.text))})


def image_message(media_id: str) -> tuple[str, str]:
    return "sampleImageMsg", _json({"photoURL": media_id})


def file_message(media_id: str, file_name: str) -> tuple[str, str]:
    """The type is what stands after the last dot; 5.3 lists the ones that exist."""
    kind = file_name.rpartition(".")[2].lower()
    return "sampleFile", _json({"mediaId": media_id, "fileName": file_name, "fileType": kind})


def markdown(text: str) -> str:
    """The subset DingTalk shows, with its line breaks."""
    return BREAK.join(line.rstrip() for line in _flatten(text).split("\n")).strip()


def _flatten(text: str) -> str:
    """Tables and code fences turned into lines."""
    return "\n".join(_row(line) for line in text.replace("\r\n", "\n").split("\n") if not _is_ruler(line))


def _is_ruler(line: str) -> bool:
    line = line.strip()
    return line.startswith("```") or ("|" in line and bool(_DASHES.match(line)))


def _row(line: str) -> str:
    bare = line.strip()
    if len(bare) > 2 and bare.startswith("|") and bare.endswith("|"):
        return " ｜ ".join(cell.strip() for cell in bare[1:-1].split("|"))
    return line


# -- cards --
def card_param_map(card: Card) -> dict[str, str]:
    """The four variables of our one template; every value a string, as the wire wants it."""
    shown, left_out = _buttons(card)
    body = markdown("\n".join(card_lines(card)))
    if left_out:
        more = f"{BREAK}还可以直接回复：{'、'.join(_one_line(button.text) for button in left_out)}"
        body = _cut(body, MAX_VALUE_BYTES - min(len(more.encode()), 400)) + _cut(more, 400)
    return {
        "title": _cut(_one_line(card.title), MAX_VALUE_BYTES),
        "body": _cut(body, MAX_VALUE_BYTES),
        "status": _cut(_one_line(card.status), MAX_VALUE_BYTES),
        "btns": _json(shown),
    }


def _buttons(card: Card) -> tuple[list[dict[str, object]], list[Button]]:
    """Entries of the platform's dynamic button group, and the buttons there was no room for."""
    shown: list[dict[str, object]] = []
    used = 2
    for place, button in enumerate(card.buttons):
        entry: dict[str, object] = {
            "text": _one_line(button.text),
            "color": _COLORS[button.style],
            "status": "normal",
            "event": {
                "type": "sendCardRequest",
                "params": {
                    "actionId": button.action.name,
                    "params": {key: str(value) for key, value in button.action.params().items()},
                },
            },
        }
        used += len(_json(entry).encode()) + 1
        if used > MAX_BUTTONS_BYTES:
            return shown, list(card.buttons[place:])
        shown.append(entry)
    return shown, []


def card_lines(card: Card) -> Iterator[str]:
    """Subtitle, number, facts and body, as lines of markdown."""
    if card.subtitle:
        yield f"> {plain(card.subtitle)}"
    if card.number and not _says(card, card.number):
        yield f"**编号**：{plain(card.number)}"
    for item in card.fields:
        yield _fact(item)
    if card.body:
        yield card.body


def _fact(item: Field) -> str:
    return f"**{plain(item.label)}**：{plain(item.value)}"


def _says(card: Card, number: str) -> bool:
    return any(number in words for words in (card.title, card.subtitle, *(item.value for item in card.fields)))


def card_as_markdown(card: Card) -> Markdown:
    """A card for robots without a template: the same facts, and what to type instead of tapping."""
    lines = [f"### {plain(card.title)}", *card_lines(card)]
    if card.status:
        lines.append(f"**{plain(card.status)}**")
    if card.buttons:
        lines += ["", *(f"- {typed(button, card.number)}" for button in card.buttons)]
    return Markdown(title=_one_line(card.title), text="\n".join(lines))


def typed(button: Button, number: str) -> str:
    """What to type for a button: 回复「同意 HT-1」, with a place for words where the button wants some."""
    command = plain(f"{button.text} {number}".strip())
    if button.wants_text:
        return f"回复「{command} ……」（{plain(button.wants_text)}）"
    return f"回复「{command}」"


# -- pieces --
def split(content: Content, *, has_template: bool) -> tuple[Content, ...]:
    """What takes one API call each, in order of sending."""
    if isinstance(content, Text):
        return tuple(Text(text=piece) for piece in _pieces(content.text, ROOM_BYTES)) or (content,)
    if isinstance(content, Markdown):
        return _split_markdown(content)
    if not isinstance(content, Card):
        return (content,)
    if not has_template:
        return _split_card_as_markdown(content)
    if _fits(content):
        return (content,)
    return (*_split_markdown(_first(content)), _short(content))


def _split_markdown(content: Markdown) -> tuple[Markdown, ...]:
    pieces = _pieces(_flatten(content.text), ROOM_BYTES, per_line=len(BREAK) - 1)
    return tuple(replace(content, text=piece) for piece in pieces) or (content,)


def _split_card_as_markdown(card: Card) -> tuple[Content, ...]:
    """Whole if it fits; else the words first and the card, with what can be typed, last."""
    if _size(markdown(card_as_markdown(card).text)) <= ROOM_BYTES:
        return (card,)
    return (*_split_markdown(_first(card)), _short(card))


def _first(card: Card) -> Markdown:
    """What goes ahead of a card that cannot hold it: the body, and the facts if those are too much, too."""
    words = card.body if _fits(replace(card, body="")) else "\n".join(card_lines(card))
    return Markdown(title=card.title, text=words)


def _fits(card: Card) -> bool:
    words = (markdown("\n".join(card_lines(card))), _one_line(card.title), _one_line(card.status))
    return all(len(value.encode()) <= MAX_VALUE_BYTES for value in words)


def _short(card: Card) -> Card:
    """The card without its body, and without the last facts if those alone are too much."""
    short = replace(card, body="")
    while short.fields and not _fits(short):
        short = replace(short, fields=short.fields[:-1])
    return short if _fits(short) else replace(short, subtitle=_cut(short.subtitle, 300), fields=())


def _pieces(text: str, room: int, *, per_line: int = 0) -> list[str]:
    """Cut at paragraphs, else lines, else sentences, else blanks, else characters, so that each piece fits."""
    pieces, rest = [], text
    while (end := _longest(rest, room, per_line)) < len(rest):
        for mark in ("\n\n", "\n", "。", "，", " "):
            if (at := rest.rfind(mark, end // 2, end)) > 0:
                end = at + len(mark)
                break
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip("\n")
    return [piece for piece in (*pieces, rest) if piece.strip()]


def _longest(text: str, room: int, per_line: int = 0) -> int:
    """How many characters fit; a line break may weigh `per_line` bytes more than itself."""
    if _size(text) + per_line * text.count("\n") <= room:
        return len(text)
    used = 0
    for place, character in enumerate(text):
        used += _weight(character) + (per_line if character == "\n" else 0)
        if used > room:
            return max(place, 1)
    return len(text)


def _weight(character: str) -> int:
    """Bytes of one character inside a JSON string."""
    return len(orjson.dumps(character)) - 2 if character < " " or character in '"\\' else len(character.encode())


def _size(text: str) -> int:
    return len(orjson.dumps(text)) - 2


# -- words --
def plain(text: str) -> str:
    """Somebody's words on one line, unable to become a link, a mention or emphasis of ours."""
    return _one_line(text).replace("](", "] (").replace("<", "＜").replace("**", "＊＊")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _first_words(text: str) -> str:
    return _one_line(re.sub(r"[#>*`\[\]]", "", text))[:20] or "消息"


def _fit_param(text: str) -> str:
    """A last guard: what was split fits already."""
    if _size(text) <= ROOM_BYTES:
        return text
    return text[: _longest(text, ROOM_BYTES - 3)] + "…"


def _cut(text: str, room: int) -> str:
    if len(text.encode()) <= room:
        return text
    return text.encode()[: room - 3].decode(errors="ignore").rstrip() + "…"


def _json(value: Mapping[str, object] | Sequence[object]) -> str:
    return orjson.dumps(value).decode()
