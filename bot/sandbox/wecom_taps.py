"""Which button a finger meets on a WeCom phone (protocols/wecom.md 2.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.sandbox.faults import CannotTap
from bot.sandbox.world import Shown

_BUTTON, _MENU = "template_card_event", "template_card_menu_event"


def find_tap(phone: Sequence[Shown], wanted: str, card: str | None) -> tuple[Shown, dict[str, Any], str]:
    """The message, the control and the name of the event.

    Args:
        wanted: text or key of the control.
        card: task_id or message id; None = the newest card with this control alive.

    Raises:
        CannotTap: nothing there can be tapped; the text says why.
    """
    cards = [message for message in reversed(phone) if message.kind == "card" and message.state != "recalled"]
    if card is not None:
        cards = [message for message in cards if card in (message.id, (message.card or {}).get("task_id"))]
        if not cards:
            raise CannotTap("没有这张卡片")
    dead = False
    for message in cards:
        for control, event in _controls((message.card or {}).get("face") or {}):
            if wanted not in (control.get("text"), control.get("key")):
                continue
            if control.get("type") == 1:
                raise CannotTap("这个按钮只打开网页")
            if (message.card or {}).get("disabled"):
                dead = True
                continue
            return message, control, event
    raise CannotTap("按钮已失效" if dead else f"没有“{wanted}”这个按钮")


def _controls(face: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for button in face.get("button_list") or []:
        yield button, _BUTTON
    submit = face.get("submit_button")
    if submit:
        yield {"text": submit.get("text") or "提交", "key": submit["key"]}, _BUTTON
    for action in (face.get("action_menu") or {}).get("action_list") or []:
        yield action, _MENU


def selected_items(face: dict[str, Any], chosen: dict[str, Sequence[str]]) -> list[dict[str, Any]]:
    """`SelectedItem` elements: what was chosen, else what the card preselects.

    Raises:
        CannotTap: an option that the card does not offer.
    """
    items = []
    for block in (face.get("button_selection"), face.get("checkbox"), *(face.get("select_list") or [])):
        if not block:
            continue
        offered = [option["id"] for option in block["option_list"]]
        picked = list(chosen.get(block["question_key"], _preselected(block)))
        if any(option not in offered for option in picked):
            raise CannotTap("没有这个选项")
        if len(picked) > 1 and block.get("mode", 0) == 0:
            raise CannotTap("只能选一项")
        items.append({"QuestionKey": block["question_key"], "OptionIds": {"OptionId": picked}})
    return items


def _preselected(block: dict[str, Any]) -> list[str]:
    if "selected_id" in block:
        return [block["selected_id"]]
    return [option["id"] for option in block["option_list"] if option.get("is_checked")]
