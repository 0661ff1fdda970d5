"""A message about several customers, cut into the parts that belong to each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.directory import Mention
from bot.domain.text import clauses

_LIST_GLUE = re.compile(r"^[\s,，、]*(?:和|跟|与|及|还有|以及|、|&|\+)?[\s,，、]*$")
#: behind a name that only a comma joins to the one before: both are meant
_LIST_GOES_ON = re.compile(r"\s*(?:[,，、和跟及与]|都|均|全|两|三|分别|各|$)")
_TURN = re.compile(
    r"然后|接着|随后|之后又|又去|又跑|另外|还去|还有|顺路|顺便去|再去|后来|下午又|回来路上|路上|接下来|完了|最后去|"
    r"晚上|下午|中午|\d[.)、]"
)
_ASIDE_BEFORE = re.compile(r"(?:比|不如|隔壁的?|对面的?|旁边的?|像|超过|参照|照着|跟着|介绍了?|推荐了?|供的?|给|不是)$")
_ASIDE_AFTER = re.compile(
    r"^(?:(?:的[^,，。;；\s]{1,4})?(?:介绍|推荐)(?:的|来的|过来)?(?=[,，\s])|介绍|推荐|那样|一样|的价格?|那个价|同款|同样|的老板介绍|老板介绍|还(?:便宜|贵|低|高))"
)
#: "馨苑？不对，是锦穗": the name before it was a slip
_CORRECTED = re.compile(
    r"^[^一-鿿]{0,3}(?:啊|哦|呃|嗯|噢)?[^一-鿿]{0,3}(?:不是|不对|说错了?|写错了?|打错了?|搞错了?|更正|口误|哦不|"
    r"错了)[^。;；]{0,6}$|^[一-鿿]{1,5}[^一-鿿]{1,3}(?:不是[,，\s]+是?|不对|[啊哦]不|不不|说错了?|搞错了?|记错了?|口误|更正)[^。;；]{0,5}$|^[一-鿿]{0,4}[?？]\s*(?:不对|不是|错了|说错了?|哦不)[^。;；]{0,6}$"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One customer's part of a message."""

    mention: Mention
    spans: tuple[tuple[int, int], ...]  #: its own words, in order
    shared: tuple[tuple[int, int], ...]  #: words before the first customer, or about several: day and kind hold for all


def key_of(mention: Mention) -> tuple[str, ...]:
    """Two mentions with the same key mean the same customer."""
    return (mention.customer_no,) if mention.customer_no else mention.candidates


def segments(folded: str, mentions: Sequence[Mention]) -> list[Segment]:
    """The parts, one per customer in order of first mention; a customer only compared with is left out."""
    told = _with_pronouns(folded, _visited(folded, mentions))
    if not told:
        return []
    keys = list(dict.fromkeys(key_of(mention) for mention in told))
    if len(keys) == 1:
        return [Segment(told[0], ((0, len(folded)),), ())]
    groups = _groups(folded, told)
    cuts = [
        _cut(folded, groups[index - 1][-1].end if index else 0, group[0].start) for index, group in enumerate(groups)
    ]
    cuts.append(len(folded))
    owned: dict[tuple[str, ...], list[tuple[int, int]]] = {key: [] for key in keys}
    shared = [(0, cuts[0])] if cuts[0] > 0 else []
    for index, group in enumerate(groups):
        span = (cuts[index], cuts[index + 1])
        later = {key_of(mention) for other in groups[index + 1 :] for mention in other}
        if len(group) > 1 and all(key_of(mention) in later for mention in group):
            shared.append(span)
            continue
        for mention in group:
            owned[key_of(mention)].append(span)
    firsts = {key: next(mention for mention in told if key_of(mention) == key) for key in keys}
    return [Segment(firsts[key], tuple(spans or shared), tuple(shared)) for key, spans in owned.items()]


def _visited(folded: str, mentions: Sequence[Mention]) -> list[Mention]:
    kept = []
    for index, mention in enumerate(mentions):
        following = mentions[index + 1].start if index + 1 < len(mentions) else len(folded)
        aside = _ASIDE_BEFORE.search(folded[: mention.start]) or _ASIDE_AFTER.match(folded[mention.end :])
        corrected = index + 1 < len(mentions) and _CORRECTED.match(folded[mention.end : following])
        if not aside and not corrected:
            kept.append(mention)
    return kept or list(mentions)


def _with_pronouns(folded: str, told: list[Mention]) -> list[Mention]:
    """前者, 后者 stand for the first and the second of two customers."""
    keys = list(dict.fromkeys(key_of(mention) for mention in told))
    if len(keys) != 2 or not ("前者" in folded and "后者" in folded):
        return told
    found = list(told)
    for word, key in zip(("前者", "后者"), keys, strict=True):
        start = folded.index(word)
        first = next(mention for mention in told if key_of(mention) == key)
        found.append(replace(first, start=start, end=start + len(word), surface=word))
    return sorted(found, key=lambda mention: mention.start)


def _groups(folded: str, mentions: Sequence[Mention]) -> list[list[Mention]]:
    """Mentions in a row, joined only by "和" and the like."""
    groups: list[list[Mention]] = []
    for mention in mentions:
        again = bool(groups) and key_of(mention) in map(key_of, groups[-1])
        between = folded[groups[-1][-1].end : mention.start] if groups else ""
        joined = _LIST_GLUE.match(between) and (
            between.strip(" ,，") or _LIST_GOES_ON.match(folded, mention.end) or not between.strip()
        )
        if groups and not again and joined:
            groups[-1].append(mention)
        else:
            groups.append([mention])
    return groups


def _cut(folded: str, after: int, start: int) -> int:
    """Where the part of a customer named at `start` begins: its clause, or the word that turns to it."""
    between = clauses(folded, start=after, end=start)
    ends_open = bool(between) and between[-1].end == start
    begin = between[-1].start if ends_open else start
    if begin > after or not after:
        return begin if begin > after or not ends_open else after
    turns = list(_TURN.finditer(folded, after, start))
    return turns[-1].start() if turns else start
