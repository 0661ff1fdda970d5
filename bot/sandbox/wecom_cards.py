"""Which template cards WeCom takes: list lengths, byte lengths and required parts of protocols/wecom.md 4.3 to 4.8.

Text lengths in 字 are advice there: they are cut on the phone (wecom_faces.py), not refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from bot.sandbox.wecom_refusals import Refused

INTERACTIVE = ("button_interaction", "vote_interaction", "multiple_interaction")
CARD_TYPES = ("text_notice", "news_notice", *INTERACTIVE)

_TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://\S+")


def calls_back(card: dict[str, Any]) -> bool:
    """Whether a tap on it can reach the bot, so that it has a response_code."""
    return card.get("card_type") in INTERACTIVE or bool(card.get("action_menu"))


def check_card(
    card: Any, *, knows_media: Callable[[str], bool], knows_user: Callable[[str], bool], replacement: bool
) -> None:
    """Refuse what the platform would refuse.

    Args:
        replacement: the card of an update, which carries no task_id.

    Raises:
        Refused: with the code of the first thing that is wrong.
    """
    if not isinstance(card, dict):
        raise Refused(40058, "template_card")
    kind = card.get("card_type")
    if kind not in CARD_TYPES:
        raise Refused(42031)
    _task_id(card, replacement)
    _shared_blocks(card, knows_media, knows_user)
    {
        "text_notice": _text_notice,
        "news_notice": _news_notice,
        "button_interaction": _buttons,
        "vote_interaction": _vote,
        "multiple_interaction": _selects,
    }[kind](card)


def _task_id(card: dict[str, Any], replacement: bool) -> None:
    given = card.get("task_id")
    if given is None or given == "":
        if calls_back(card) and not replacement:
            raise Refused(42014, "task_id required")
    elif not isinstance(given, str) or not _TASK_ID.fullmatch(given):
        raise Refused(42014)


def _shared_blocks(card: dict[str, Any], knows_media: Callable[[str], bool], knows_user: Callable[[str], bool]) -> None:
    for name in ("source", "main_title", "quote_area", "emphasis_content", "card_action", "action_menu"):
        if not isinstance(card.get(name, {}), dict):
            raise Refused(40058, name)
    if "action_menu" in card:
        _action_menu(card["action_menu"])
    if "quote_area" in card:
        _link(card["quote_area"])
    for row in _rows(card, "horizontal_content_list", 0, 6, 42035):
        if not _filled(row.get("keyname")):
            raise Refused(42027)
        _horizontal_target(row, knows_media, knows_user)
    for jump in _rows(card, "jump_list", 0, 3, 42042):
        if not _filled(jump.get("title")):
            raise Refused(42033, "jump_list")
        _link(jump)
    _card_action(card)


def _horizontal_target(
    row: dict[str, Any], knows_media: Callable[[str], bool], knows_user: Callable[[str], bool]
) -> None:
    match row.get("type", 0):
        case 0:
            pass
        case 1:
            _url(row.get("url"))
        case 2:
            if not knows_media(str(row.get("media_id") or "")):
                raise Refused(42029)
        case 3:
            if not knows_user(str(row.get("userid") or "")):
                raise Refused(42050)
        case _:
            raise Refused(40058, "horizontal_content_list.type")


def _card_action(card: dict[str, Any]) -> None:
    action = card.get("card_action")
    notice = card["card_type"] in ("text_notice", "news_notice")
    if not action:
        if notice:
            raise Refused(42045, "card_action required")
        return
    if action.get("type", 0) not in ((1, 2) if notice else (0, 1, 2)):
        raise Refused(42045)
    _link(action)


def _action_menu(menu: dict[str, Any]) -> None:
    actions = _rows(menu, "action_list", 1, 3, 40058)
    for action in actions:
        if not _filled(action.get("text")):
            raise Refused(42038, "action_menu")
        _key(action.get("key"), 42039)
    if len({action["key"] for action in actions}) < len(actions):
        raise Refused(42051)


def _text_notice(card: dict[str, Any]) -> None:
    if not _title(card) and not _filled(card.get("sub_title_text")):
        raise Refused(41016, "main_title.title or sub_title_text")


def _news_notice(card: dict[str, Any]) -> None:
    _need_title(card)
    image, area = card.get("card_image"), card.get("image_text_area")
    if not image and not area:
        raise Refused(42044, "card_image or image_text_area")
    if image:
        if not isinstance(image, dict) or not _is_url(image.get("url")):
            raise Refused(42044)
        ratio = image.get("aspect_ratio", 1.3)
        if not isinstance(ratio, int | float) or not 1.3 <= ratio <= 2.25:
            raise Refused(40058, "aspect_ratio")
    if area:
        if not isinstance(area, dict) or not _is_url(area.get("image_url")):
            raise Refused(42044, "image_text_area.image_url")
        _link(area)
    for row in _rows(card, "vertical_content_list", 0, 4, 42036):
        if not _filled(row.get("title")):
            raise Refused(42033, "vertical_content_list")


def _buttons(card: dict[str, Any]) -> None:
    _need_title(card)
    for button in _rows(card, "button_list", 1, 6, 42017):  # no code of its own is listed for this length
        if not _filled(button.get("text")):
            raise Refused(42038)
        if button.get("style", 1) not in (1, 2, 3, 4):
            raise Refused(40058, "button style")
        match button.get("type", 0):
            case 0:
                _key(button.get("key"), 42039)
            case 1:
                _url(button.get("url"))
            case _:
                raise Refused(40058, "button type")
    selection = card.get("button_selection")
    if selection:
        _question(selection)
        _options(selection, 10)


def _vote(card: dict[str, Any]) -> None:
    _need_title(card)
    checkbox = card.get("checkbox")
    _question(checkbox)
    assert isinstance(checkbox, dict)
    if checkbox.get("mode", 0) not in (0, 1):
        raise Refused(40058, "checkbox.mode")
    _options(checkbox, 20)
    _submit(card)


def _selects(card: dict[str, Any]) -> None:
    _need_title(card)
    selects = _rows(card, "select_list", 1, 3, 42047)
    for select in selects:
        _question(select)
        _options(select, 10)
    if len({select["question_key"] for select in selects}) < len(selects):
        raise Refused(42043, "duplicate")
    _submit(card)


def _question(block: Any) -> None:
    if not isinstance(block, dict):
        raise Refused(42043)
    _key(block.get("question_key"), 42043)


def _options(block: dict[str, Any], most: int) -> None:
    options = _rows(block, "option_list", 1, most, 42037)
    for option in options:
        identifier = option.get("id")
        if not isinstance(identifier, str) or not 1 <= len(identifier.encode()) <= 128:
            raise Refused(42040)
        if not _filled(option.get("text")):
            raise Refused(42041)
    if len({option["id"] for option in options}) < len(options):
        raise Refused(42040, "duplicate")


def _submit(card: dict[str, Any]) -> None:
    submit = card.get("submit_button")
    if not isinstance(submit, dict):
        raise Refused(42046)
    if "text" in submit and not _filled(submit["text"]):
        raise Refused(42049)
    _key(submit.get("key"), 42046)


def _rows(block: dict[str, Any], name: str, least: int, most: int, code: int) -> Sequence[dict[str, Any]]:
    rows = block.get(name) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused(40058, name)
    if not least <= len(rows) <= most:
        raise Refused(code, name)
    return rows


def _link(block: dict[str, Any]) -> None:
    match block.get("type", 0):
        case 0:
            pass
        case 1:
            _url(block.get("url"))
        case 2:
            if not _filled(block.get("appid")):
                raise Refused(42030)
        case _:
            raise Refused(40058, "type")


def _key(value: Any, code: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= 1024:
        raise Refused(code)


def _url(value: Any) -> None:
    if not _is_url(value):
        raise Refused(42028)


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and bool(_URL.fullmatch(value))


def _filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _title(card: dict[str, Any]) -> bool:
    return _filled((card.get("main_title") or {}).get("title"))


def _need_title(card: dict[str, Any]) -> None:
    if not _title(card):
        raise Refused(41016, "main_title.title")
