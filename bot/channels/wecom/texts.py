"""Cutting text by bytes and by characters, never inside a character; what the platform would read as markup. Pure."""

from __future__ import annotations

import re

MESSAGE_BYTES = 2048  # text.content and markdown.content; longer is cut off by the platform without a word (4.2)
# Where a long text is cut, best first: paragraph, line, sentence, clause, word.
_BREAKS = (
    re.compile(r"\n\n+"),
    re.compile(r"\n"),
    re.compile(r"(?<=[。！？；])|(?<=[.!?;])(?=\s)"),
    re.compile(r"(?<=[，、：])|(?<=\s)"),
)
_JOINER = "\u200d"
_TIES = re.compile(
    "[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\u0e31\u0e34-\u0e3a]"
)
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]+$")
_LINK_TAG = re.compile(r"<(?=/?a\b)", re.IGNORECASE)
_LINK = re.compile(r"\[([^\]\n]*)\]\(([^)\s]*)\)")
_HEADING = re.compile(r"^[ ]{0,3}#{1,6}[ ]+", re.MULTILINE)
_QUOTE = re.compile(r"^[ ]{0,3}>[ ]?", re.MULTILINE)


def size(text: str) -> int:
    """UTF-8 bytes. A lone surrogate (never valid) counts as the mark that replaces it."""
    return len(text.encode("utf-8", "replace"))


def valid(text: str) -> str:
    """Without lone surrogates, which no JSON can carry."""
    return text.encode("utf-8", "replace").decode() if any("\ud800" <= c <= "\udfff" for c in text) else text


def clip(text: str, characters: int) -> str:
    """At most that many characters (字), "…" standing for what is gone; one line."""
    text = " ".join(text.split())
    if len(text) <= characters:
        return text
    return text[: _between_characters(text, characters - 1)].rstrip() + "…"


def clip_bytes(text: str, limit: int) -> str:
    """At most that many UTF-8 bytes, "…" standing for what is gone."""
    if size(text) <= limit:
        return text
    return text[: _between_characters(text, _prefix(text, limit - size("…")))].rstrip() + "…"


def split_bytes(text: str, limit: int = MESSAGE_BYTES) -> list[str]:
    """Pieces of at most `limit` bytes, in order, cut at the best boundary there is. Only blanks at cuts are lost."""
    pieces: list[str] = []
    rest = text.strip("\n")
    while size(rest) > limit:
        cut = _cut(rest, limit)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip("\n ")
    return [piece for piece in (*pieces, rest) if piece.strip()]


def _cut(text: str, limit: int) -> int:
    """Where the first piece ends. A boundary in the first third would waste a message, so a lesser one is taken."""
    fits = _prefix(text, limit)
    for boundary in _BREAKS:
        ends = [match.start() for match in boundary.finditer(text, 0, fits) if match.start() > fits // 3]
        if ends:
            return ends[-1]
    return _between_characters(text, fits)


def _prefix(text: str, limit: int) -> int:
    """How many code points fit into `limit` bytes."""
    return len(text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore"))


def _between_characters(text: str, index: int) -> int:
    """The nearest place at or before `index` that is not inside an emoji, a flag or an accented letter."""
    start = index
    while 0 < index < len(text) and _tied(text, index):
        index -= 1
    return index if index > 0 else start  # one "character" longer than the limit: cut it after all


def _tied(text: str, index: int) -> bool:
    if _TIES.match(text[index]) or text[index - 1] == _JOINER:
        return True
    if _FLAG.match(text[index]) and (flags := _FLAG.search(text[:index])):
        return len(flags.group()) % 2 == 1  # flags are pairs of letters
    return False


def plain_text(text: str) -> str:
    """Text for a text message: the one tag the platform would turn into a link is made harmless."""
    return _LINK_TAG.sub("＜", valid(text))


def markdown(text: str) -> str:
    """Markdown for a markdown message: our subset stays, what could become a tag or code does not. Idempotent.

    The platform has no escape rule (4.2), so look-alikes are put in; `>` stays at the start of a line (a quote).
    """
    text = valid(text).replace("<", "＜").replace("`", "'")
    return "\n".join(_without_inner_quotes(line) for line in text.split("\n"))


def _without_inner_quotes(line: str) -> str:
    marks = len(line) - len(line.lstrip("> "))
    return line[:marks] + line[marks:].replace(">", "＞")


def escape(text: str) -> str:
    """A value inside markdown: no markup at all, one line."""
    text = " ".join(valid(text).split())
    for mark, look_alike in (("<", "＜"), (">", "＞"), ("`", "'"), ("**", "＊＊"), ("](", "］(")):
        text = text.replace(mark, look_alike)
    return text


def stripped(text: str) -> str:
    """Markdown as plain words, for the places of a card that show marks as they are."""
    text = _LINK.sub(lambda link: f"{link[1]}（{link[2]}）" if link[1] else link[2], valid(text))
    return _QUOTE.sub("", _HEADING.sub("", text)).replace("**", "")
