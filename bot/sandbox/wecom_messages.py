"""Which bodies of message/send WeCom takes, and what of them a phone shows (protocols/wecom.md 4.1, 4.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.wecom_faces import TEXT_BYTES, cut_bytes
from bot.sandbox.wecom_refusals import Refused

#: media_id and kind ("image", "voice", …) to how the page shows the file; raises Refused(40007)
FindMedia = Callable[[str, str], dict[str, Any]]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://\S+")


def shown_content(kind: str, body: dict[str, Any], find_media: FindMedia) -> dict[str, Any]:
    """The fields of `Shown` for every msgtype but template_card.

    Raises:
        Refused: a part is missing or too long, or the type is unknown.
    """
    readers = {
        "text": _text,
        "markdown": _markdown,
        "textcard": _textcard,
        "news": _news,
        "mpnews": _mpnews,
        "miniprogram_notice": _mini,
    }
    block = body.get(kind)
    if kind in ("image", "voice", "video", "file"):
        return _media(kind, _object(block, kind), find_media)
    if kind not in readers:
        raise Refused(40008)
    return readers[kind](_object(block, kind))


def _object(block: Any, name: str) -> dict[str, Any]:
    if block is None:
        raise Refused(44004 if name in ("text", "markdown") else 40063, name)
    if not isinstance(block, dict):
        raise Refused(40058, name)
    return block


def _text(block: dict[str, Any]) -> dict[str, Any]:
    content = _string(block, "content", 44004)
    return {"kind": "text", "text": cut_bytes(content, TEXT_BYTES)}


def _markdown(block: dict[str, Any]) -> dict[str, Any]:
    content = _string(block, "content", 44004)
    _at_most(content, 2048, 45002)
    return {"kind": "markdown", "text": content}


def _textcard(block: dict[str, Any]) -> dict[str, Any]:
    title = _string(block, "title", 41016)
    description = _string(block, "description", 40063)
    url = _string(block, "url", 40063)
    for value, most in ((title, 128), (description, 512), (url, 2048)):
        _at_most(value, most, 40058)
    if not _URL.fullmatch(url):
        raise Refused(40058, "url")
    button = str(block.get("btntxt") or "详情")[:4]
    card = {"title": title, "description": description, "url": url, "btntxt": button}
    return {"kind": "textcard", "text": title, "card": card}


def _articles(block: dict[str, Any]) -> list[dict[str, Any]]:
    articles = block.get("articles")
    if not isinstance(articles, list) or not all(isinstance(article, dict) for article in articles):
        raise Refused(40058, "articles")
    if not articles:
        raise Refused(40063, "articles")
    if len(articles) > 8:
        raise Refused(45008)
    for article in articles:
        _at_most(_string(article, "title", 41016), 128, 40058)
    return articles


def _news(block: dict[str, Any]) -> dict[str, Any]:
    articles = _articles(block)
    for article in articles:
        for name, most in (("description", 512), ("url", 2048), ("picurl", 2048), ("pagepath", 128)):
            _at_most(str(article.get(name) or ""), most, 40058)
        if not _URL.fullmatch(str(article.get("url") or "")) and not (article.get("appid") and article.get("pagepath")):
            raise Refused(40058, "url")
    return {"kind": "news", "card": {"articles": articles}}


def _mpnews(block: dict[str, Any]) -> dict[str, Any]:
    articles = _articles(block)
    for article in articles:
        _at_most(str(article.get("author") or ""), 64, 45032)
        _at_most(_string(article, "content", 40063), 666 * 1024, 45002)
        _at_most(str(article.get("digest") or ""), 512, 40058)
        _string(article, "thumb_media_id", 41006)
    return {"kind": "news", "card": {"articles": articles}}


def _mini(block: dict[str, Any]) -> dict[str, Any]:
    _string(block, "appid", 40063)
    title = _string(block, "title", 41016)
    return {"kind": "link", "text": title, "card": {"title": title, "description": str(block.get("description") or "")}}


def _media(kind: str, block: dict[str, Any], find_media: FindMedia) -> dict[str, Any]:
    face = find_media(_string(block, "media_id", 41006), kind)
    title, description = str(block.get("title") or ""), str(block.get("description") or "")
    if kind == "video":
        _at_most(title, 128, 40058)
        _at_most(description, 512, 40058)
    shown: dict[str, Any] = {"kind": kind, "text": title, "file": face}
    if kind == "voice":
        shown["voice"] = {"seconds": face.get("seconds", 0), "text": ""}
    return shown


def _string(block: dict[str, Any], name: str, code: int) -> str:
    value = block.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(40058, name)
    if not value:
        raise Refused(code, name)
    return value


def _at_most(text: str, most: int, code: int) -> None:
    if len(text.encode()) > most:
        raise Refused(code, f"over {most} bytes")
