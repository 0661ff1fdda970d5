"""XML of callbacks to plain dicts: small, guarded, and it keeps lists.

The standard library's expat without its tree: no DTD, hence no entities, bounded depth, UTF-8 only. wechatpy's parser
(xmltodict) is not used: docs/decisions/wecom-callback.md has the measurement.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from bot.errors import ForgedCallback

Node = dict[str, Any]  # values: str, Node, or a list of either

MAX_DEPTH = 24  # the deepest documented callback (sys_approval_change) has 6
# Elements that may repeat (protocols/wecom.md 2.2 to 2.5): always lists, so that one child looks like several.
REPEATED = frozenset(
    {
        "SelectedItem",
        "OptionId",
        "SpRecord",
        "Details",
        "Notifyer",
        "Comments",
        "Attach",
        "ApprovalNode",
        "NotifyNode",
        "Item",
        "item",
    }
)
# Spelled two ways by the platform (2.5).
_SPELLING = {"ItemUserid": "ItemUserId", "approverstep": "ApproverStep"}
# What XML 1.0 does not allow but people paste all the same (vertical tabs out of Word).
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse_xml(data: bytes) -> Node:
    """The children of the root element.

    Raises:
        ForgedCallback: not XML, or XML with a DTD: the platform sends neither.
    """
    try:
        return _parse(data)
    except expat.ExpatError:
        return _parse_cleaned(data)


def _parse_cleaned(data: bytes) -> Node:
    try:
        return _parse(_ILLEGAL.sub("", data.decode("utf-8", "replace")).encode())
    except expat.ExpatError as error:
        raise ForgedCallback("not XML") from error


def _parse(data: bytes) -> Node:
    top: Node = {}
    stack: list[Node] = [top]
    text: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > MAX_DEPTH:
            raise ForgedCallback("XML too deep")
        text.clear()
        stack.append({})

    def end(name: str) -> None:
        node = stack.pop()
        value: str | Node = node or "".join(text)
        text.clear()
        parent = stack[-1]
        name = _SPELLING.get(name, name)
        if name not in parent:
            parent[name] = [value] if name in REPEATED else value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = _no_dtd
    parser.Parse(data, True)
    root = next(iter(top.values()))
    return root if isinstance(root, dict) else {}


def _no_dtd(*_: object) -> None:
    raise ForgedCallback("XML with a DTD")


def text_of(node: Node, name: str) -> str:
    """An element's text, the first one's if it came twice; "" when it is missing or has children."""
    value = node.get(name, "")
    if isinstance(value, list):
        value = value[0]
    return value if isinstance(value, str) else ""


def child(node: Node, name: str) -> Node:
    """An element's children; {} when it is missing, empty or repeated."""
    value = node.get(name)
    return value if isinstance(value, dict) else {}


def children(node: Node, name: str) -> list[Any]:
    """All elements of that name, however many came."""
    value = node.get(name, [])
    return value if isinstance(value, list) else [value]
