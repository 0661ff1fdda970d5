"""Our values -> the JSON of message/send and message/update_template_card (protocols/wecom.md 4). Pure.

`split` turns any content into pieces that lose nothing; `render_*` never exceeds a limit. The same message always
gives the same JSON: the platform's duplicate check compares it when a send is tried again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.channels.wecom.normalize import CARD_ID_MARK
from bot.channels.wecom.texts import clip, clip_bytes, escape, markdown, plain_text, split_bytes, stripped, valid
from bot.messages import Button, Card, Content, Field, Markdown, OutboundMessage, Style, Text

Json = dict[str, Any]

# Card limits, protocols/wecom.md 4.3 and 4.6: 字 are characters, list lengths are enforced with error codes.
TITLE, DESC, SUB_TITLE, SOURCE = 36, 44, 160, 20
KEY_NAME, KEY_VALUE, ROWS = 5, 30, 6
BUTTONS, BUTTON_TEXT = 6, 10
REPLACE_TEXT = 20  # no figure is published; more does not fit on a phone's button
MAX_RECIPIENTS = 1000  # touser, 4.1
_STYLES = {Style.PRIMARY: 1, Style.DEFAULT: 2, Style.DANGER: 3}
_NOT_IN_TASK_ID = re.compile(r"[^0-9A-Za-z_@-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """A card sorted into the places a template card has, and what has no place there (markdown lines)."""

    title: str
    desc: str
    rows: tuple[Field, ...]
    body: str
    status: str
    rest: tuple[str, ...]

    @property
    def sub_title(self) -> str:
        return "\n".join(part for part in (self.body, self.status) if part)


# -- pieces -----------------------------------------------------------------------------------------------------------
def split(content: Content) -> tuple[Content, ...]:
    """The pieces to send, in order, each one call; nothing but blanks at the cuts is lost.

    A card without buttons is a markdown message: a text_notice must open some web page when tapped, and there is none
    worth opening. What does not fit on a card with buttons goes before it. More than 6 buttons become several cards.
    """
    if isinstance(content, Text):
        return tuple(Text(text=piece) for piece in split_bytes(plain_text(content.text))) or (content,)
    if isinstance(content, Markdown):
        pieces = split_bytes(markdown(content.text))
        return tuple(Markdown(text=piece, title=content.title) for piece in pieces) or (content,)
    if isinstance(content, Card):
        return _split_card(content) if content.buttons else _as_messages(card_markdown(content))
    return (content,)


def _split_card(card: Card) -> tuple[Content, ...]:
    layout = _lay_out(card)
    before = _as_messages("\n".join(layout.rest)) if layout.rest else ()
    fitting = replace(
        card, title=layout.title, subtitle=layout.desc, fields=layout.rows, body=layout.body, status=layout.status
    )
    groups = [card.buttons[start : start + BUTTONS] for start in range(0, len(card.buttons), BUTTONS)]
    if len(groups) == 1:
        return (*before, fitting)
    return (*before, *(_part(fitting, buttons, index, len(groups)) for index, buttons in enumerate(groups, start=1)))


def _part(card: Card, buttons: tuple[Button, ...], index: int, count: int) -> Card:
    """One of several cards that share one set of buttons; the facts stand on the first."""
    mark = f"（{index}/{count}）"
    title = clip(card.title, TITLE - len(mark)) + mark
    if index == 1:
        return replace(card, title=title, buttons=buttons)
    return Card(title=title, buttons=buttons, number=card.number)


def _as_messages(text: str) -> tuple[Content, ...]:
    return tuple(Markdown(text=piece) for piece in split_bytes(text))


def card_markdown(card: Card) -> str:
    """A card as one markdown text, in the order of display."""
    lines = [f"**{escape(card.title) or '通知'}**"]
    lines += _heading_lines(card)
    lines += [_row_line(row) for row in card.fields]
    lines += [markdown(card.body).strip("\n")] if card.body.strip() else []
    lines += [escape(card.status)] if card.status.strip() else []
    return "\n".join(lines)


def _heading_lines(card: Card) -> list[str]:
    lines = [escape(card.subtitle)] if card.subtitle.strip() else []
    if _number_to_show(card):
        lines.append(f"编号：{escape(card.number)}")
    return lines


def _row_line(row: Field) -> str:
    label, value = escape(row.label), escape(row.value)
    return f"> {label}：{value}" if label else f"> {value}"


def _number_to_show(card: Card) -> bool:
    shown = (card.title, card.subtitle, *(row.value for row in card.fields))
    return bool(card.number) and not any(card.number in text for text in shown)


def _lay_out(card: Card) -> _Layout:
    """Put everything where it fits; what does not goes to `rest`, under the card's title."""
    title, desc = clip(valid(card.title), TITLE) or "通知", clip(valid(card.subtitle), DESC)
    rest = [escape(card.subtitle)] if desc != " ".join(card.subtitle.split()) else []
    rows = [row for row in card.fields if _fits(row)][:ROWS]
    others = [row for row in card.fields if row not in rows]
    lines = [f"{row.label}：{' '.join(row.value.split())}" if row.label.strip() else row.value for row in others]
    body = "\n".join(line for line in (*(valid(line).strip() for line in lines), stripped(card.body).strip()) if line)
    status = " ".join(valid(card.status).split())
    if len(status) > SUB_TITLE:
        rest.append(escape(status))
        status = clip(status, SUB_TITLE)
    if len(body) + len(status) + 1 > SUB_TITLE:
        rest += [_row_line(row) for row in others]
        rest += [markdown(card.body).strip("\n")] if card.body.strip() else []
        body = ""
    if rest or title != " ".join(valid(card.title).split() or ["通知"]):
        rest.insert(0, f"**{escape(card.title) or '通知'}**")
    return _Layout(title=title, desc=desc, rows=tuple(rows), body=body, status=status, rest=tuple(rest))


def _fits(row: Field) -> bool:
    label, value = row.label, row.value
    return (
        bool(label.strip())
        and len(label) <= KEY_NAME
        and len(value) <= KEY_VALUE
        and not re.search(r"[\r\n\ud800-\udfff]", label + value)
    )


# -- cards ------------------------------------------------------------------------------------------------------------
def task_id(card_id: str, outbox_id: int, *, again: int = 0) -> str:
    """The platform's id of a card: ours.

    Args:
        again: 1, 2, ... for the cards that replace one already sent under this id. Each needs an id of its own (42014),
            and a tap on it has to lead to our same card: `normalize` cuts the mark off.
    """
    own = _NOT_IN_TASK_ID.sub("-", card_id) or f"m{outbox_id}"
    return f"{own}{CARD_ID_MARK}{outbox_id}-{again}" if again else own


def render_card(card: Card, card_task_id: str) -> Json:
    """A card with buttons, as sent."""
    layout = _lay_out(card)
    face: Json = {"card_type": "button_interaction", "task_id": card_task_id}
    face.update(_blocks(card, layout, layout.sub_title))
    face["button_list"] = [_button(button) for button in card.buttons[:BUTTONS]]
    return face


def render_update(card: Card) -> Json:
    """A card's new face. It has no task_id (4.9), and what does not fit is clipped: the first face came in full."""
    layout = _lay_out(card)
    room = SUB_TITLE - len(layout.status) - 1
    body = layout.body or (clip(stripped(card.body), room) if room > 1 else "")
    face: Json = {"card_type": "button_interaction"}
    face.update(_blocks(card, layout, replace(layout, body=body).sub_title))
    if card.buttons:
        face["button_list"] = [_button(button) for button in card.buttons[:BUTTONS]]
        return face
    face["button_list"] = [{"text": "已处理", "style": 2, "key": "settled"}]  # at least one is required; it is greyed
    face["replace_text"] = clip(layout.status, REPLACE_TEXT) or "已处理"
    return face


def _blocks(card: Card, layout: _Layout, sub_title: str) -> Json:
    rows = [{"keyname": row.label, "value": row.value.strip() or "—"} for row in layout.rows]
    blocks: Json = {"main_title": {"title": layout.title}}
    if layout.desc:
        blocks["main_title"]["desc"] = layout.desc
    if _number_to_show(card):
        if len(rows) < ROWS and len(card.number) <= KEY_VALUE:
            rows.insert(0, {"keyname": "编号", "value": valid(card.number)})
        else:
            blocks["source"] = {"desc": clip(f"编号 {valid(card.number)}", SOURCE)}
    if sub_title:
        blocks["sub_title_text"] = sub_title
    if rows:
        blocks["horizontal_content_list"] = rows
    return blocks


def _button(button: Button) -> Json:
    return {
        "text": clip(valid(button.text), BUTTON_TEXT) or "确定",
        "style": _STYLES[button.style],
        "key": button.action.pack(),
    }


def textcard(title: str, description: str, url: str, *, button: str = "详情") -> Json:
    """A card that opens a web page; `url` needs its scheme. Limits in bytes, 4.2."""
    return {
        "title": clip_bytes(plain_text(title), 128),
        "description": clip_bytes(plain_text(description), 512),
        "url": url,
        "btntxt": clip(button, 4),
    }


# -- the whole call ---------------------------------------------------------------------------------------------------
def render_send(
    users: Sequence[str], agent_id: int, msgtype: str, part: Json, *, outbox_id: int, interactive: bool
) -> Json:
    """The body of message/send."""
    return {
        "touser": "|".join(users),
        "msgtype": msgtype,
        "agentid": agent_id,
        msgtype: part,
        "enable_duplicate_check": 1,
        "duplicate_check_interval": duplicate_interval(outbox_id, interactive=interactive and msgtype != _CARD),
    }


_CARD = "template_card"


def duplicate_interval(outbox_id: int, *, interactive: bool) -> int:
    """Seconds within which the platform drops a repeat of the identical JSON (3.2).

    A retry of one outgoing row must be dropped, a second row with the same words must arrive. So the interval itself
    differs between rows: the JSON is then not identical, and nobody sees a difference. Should the platform compare
    the words alone, an answer is only held back for two minutes, a push for half an hour.
    """
    return 90 + outbox_id % 31 if interactive else 1800 + outbox_id % 600


def render_update_call(users: Sequence[str], agent_id: int, response_code: str, face: Json) -> Json:
    """The body of message/update_template_card: receivers are an array here, unlike in send (4.13)."""
    return {
        "userids": list(users),
        "agentid": agent_id,
        "response_code": response_code,
        "enable_id_trans": 0,
        "template_card": face,
    }


def text_part(message: OutboundMessage) -> tuple[str, Json] | None:
    """(msgtype, part) for the contents that need no upload, or None."""
    content = message.content
    if isinstance(content, Text):
        return "text", {"content": plain_text(content.text)}
    if isinstance(content, Markdown):
        return "markdown", {"content": markdown(content.text)}
    if isinstance(content, Card) and content.buttons:
        return _CARD, render_card(content, task_id(message.card_id, message.outbox_id))
    if isinstance(content, Card):
        return "markdown", {"content": card_markdown(content)}
    return None
