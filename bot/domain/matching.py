"""Which customers a text could name: by the letters of a name, by its sound, by a blurred sound.

A name is recognised by its stem; place, trade words and branch around it are then read as far as they fit. The more
of a text a customer explains, the better it fits; the letters as written beat the sound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pypinyin.phrases_dict import phrases_dict

from bot.domain.lexicon import ORDINARY_WORDS
from bot.domain.names import PLACES, Name, ends_inside_a_word, plain, starts_like_a_tail, tail_forms, take_apart
from bot.domain.people import Customer
from bot.domain.phonetics import loose_sound, sound, sounds, sounds_alike

LITERAL, HOMOPHONE, BLURRED = 2, 1, 0
ANYWHERE = "*"  #: the sender's region says nothing about whom they mean


@dataclass(frozen=True, slots=True)
class Entry:
    """A customer as the index sees it."""

    customer_no: str
    name: Name
    forms: tuple[str, ...]  #: what may follow the stem, longest first
    places: frozenset[str]  #: place words that confirm it
    owner_no: str
    region: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One customer read at one place of a text."""

    start: int
    end: int
    entry: Entry
    by: int  #: LITERAL, HOMOPHONE, BLURRED
    score: int
    tail: bool  #: a word of trade was there
    branch: bool
    full: bool  #: the whole registered name, letter by letter
    doubtful: bool  #: the text goes on with another branch, trade or place than this customer's
    weak: bool  #: read from the start of a short name only; nothing without a tail or a branch
    placed: bool = False  #: a place word that is this customer's stood before it


_BRANCH_GLUE = re.compile(r"[\s(\[【·的-]{0,2}")
_AHEAD_GLUE = re.compile(r"店?的?(?:那家|那个|这家|那边的?|店的|的)$")
_SHOP_WORD = re.compile(r"(?:分?店(?![长员主里内面家铺庆堂])|校区|院区)?[)\]】]?")
_BRACKETED = re.compile(r"\s?[(\[【]([^)\]】]{1,12})[)\]】]")
_SOME_BRANCH = re.compile(
    r"(?:[一-鿿]{1,4}?(?:路|街|门|站|村|校|城|区|里|园|场|桥|湾|浜|滨|山|江|湖)|"
    r"(?![谁哪这那几两我你他她它]|[一-鿿]的)[一-鿿]{2}|[二三四五六七八九十2-9]号?)分?店(?![长员主里内面家铺庆堂])"
)
_SOME_STREET = re.compile(
    r"[一-鿿]{1,2}(?:路|大道)(?![边上口过线程])|[东南西北]门|[东南西北]站|大学城|开发区|新村|老街|[一二三四五]中(?!的?[意等])|新街口|步行街"
)
_OF_COMPANY = re.compile(r"(?:连锁|集团|商业|供应链|控股)[一-鿿]{0,6}公司")


class NameIndex:
    """Immutable indexes over all customers' names."""

    def __init__(self, customers: Iterable[Customer]) -> None:
        self._letters: dict[str, list[tuple[Entry, bool]]] = {}
        self._sounds: dict[str, list[tuple[Entry, bool]]] = {}
        self._blurred: dict[str, list[tuple[Entry, bool]]] = {}
        self._lengths: set[int] = set()
        self.entries: dict[str, Entry] = {}
        for customer in customers:
            self._add(customer)
        self._sizes = sorted(self._lengths, reverse=True)

    def _add(self, customer: Customer) -> None:
        name, short = take_apart(customer.name), plain(customer.short_name)
        common = _common_prefix(short, name.stem + name.tail)
        rest = short[len(name.stem) :] if short.startswith(name.stem) else ""
        rest = "" if rest == name.branch else rest
        city = re.search(r"([^省市]{2,6})市", customer.address or "")
        places = {name.place, name.place.rstrip("省市"), city[1] if city else "", customer.region.removesuffix("大区")}
        entry = Entry(
            customer_no=customer.customer_no,
            name=name,
            forms=tail_forms(name.tail, rest),
            places=frozenset(filter(None, places)),
            owner_no=customer.owner_no,
            region=customer.region,
        )
        self.entries[entry.customer_no] = entry
        self._index(name.stem, entry, weak=False)
        if short != name.stem:
            self._index(short, entry, weak=False)
        if 2 <= len(common) < len(name.stem) and common != short:
            self._index(common, entry, weak=True)

    def _index(self, key: str, entry: Entry, *, weak: bool) -> None:
        if len(key) < 2:
            return
        self._lengths.add(len(key))
        self._letters.setdefault(key, []).append((entry, weak))
        for spoken in {sound(key), *sounds(key)} if len(key) <= 6 else {sound(key)}:
            self._sounds.setdefault(spoken, []).append((entry, weak))
        self._blurred.setdefault(loose_sound(key), []).append((entry, weak))

    def hits(self, folded: str, *, confirmed: Callable[[Entry, int], int], sender_no: str, region: str) -> list[Hit]:
        """Every believable reading of every place of a folded text.

        `confirmed` tells whether a contact's name speaks for a customer: 0 no, 1 somewhere in the text, 2 right behind
        the given position.
        """
        found: list[Hit] = []
        for start in range(len(folded)):
            for size in self._sizes:
                end = start + size
                if end > len(folded):
                    continue
                key = folded[start:end]
                if key.isspace() or key[0] in " ,，。;；:、!?()" or key[-1] in " ,，。;；:、!?()":
                    continue
                for entry, weak, by in self._meant_by(key):
                    hit = _read_on(entry, folded, start, end, by=by, weak=weak)
                    if _believable(hit, folded, size, confirmed=confirmed, sender_no=sender_no, region=region):
                        found.append(hit)
        return found

    def _meant_by(self, key: str) -> Iterable[tuple[Entry, bool, int]]:
        seen = set()
        for entry, weak in self._letters.get(key, ()):
            seen.add(entry.customer_no)
            yield entry, weak, LITERAL
        if key.isascii():
            return
        for entry, weak in self._sounds.get(sound(key), ()):
            if entry.customer_no not in seen:
                seen.add(entry.customer_no)
                yield entry, weak, HOMOPHONE
        for entry, weak in self._blurred.get(loose_sound(key), ()):
            if entry.customer_no not in seen:
                yield entry, weak, BLURRED


def _common_prefix(one: str, other: str) -> str:
    length = 0
    while length < min(len(one), len(other)) and one[length] == other[length]:
        length += 1
    return one[:length]


def _read_on(entry: Entry, folded: str, start: int, end: int, *, by: int, weak: bool) -> Hit:
    """From a stem found at [start, end), take in the place before and the trade and branch behind."""
    begin, placed, elsewhere = _place_before(entry, folded, start)
    position, tail = _tail(entry, folded, end)
    position, branch, other_branch = _branch(entry, folded, position)
    if branch and not tail:
        position, tail = _tail(entry, folded, position)
    if not branch and not other_branch and (ahead := _branch_ahead(entry, folded, begin)) is not None:
        begin, branch = ahead, True
    wrong_trade = (
        not tail and not branch and (starts_like_a_tail(folded, position) or bool(_OF_COMPANY.match(folded, position)))
    )
    wrong_trade = wrong_trade or bool(_OF_COMPANY.match(folded, position))
    full = by == LITERAL and plain(folded[begin:position]) == entry.name.full
    score = 2 * (position - begin) + 3 * by + 20 * full - 3 * (wrong_trade or elsewhere)
    return Hit(
        begin, position, entry, by, score, tail, branch, full, other_branch or wrong_trade or elsewhere, weak, placed
    )


def _branch_ahead(entry: Entry, folded: str, start: int) -> int | None:
    """宽巷子那家老灶台: where the branch begins that stands before the name."""
    wanted = entry.name.branch
    if len(wanted) < 2 or start < len(wanted):
        return None
    glue = _AHEAD_GLUE.search(folded, max(0, start - 4), start)
    end = glue.start() if glue else start
    return end - len(wanted) if folded.endswith(wanted, 0, end) else None


def _place_before(entry: Entry, folded: str, start: int) -> tuple[int, bool, bool]:
    """(where the name begins, whether the place before is its own, whether it is somebody else's)."""
    for glue in ("", "市", "的", "省"):
        stop = start - len(glue)
        if glue and not folded.endswith(glue, 0, start):
            continue
        for length in (2, 3, 4):
            word = folded[stop - length : stop] if stop >= length else ""
            if word in entry.places or word + glue in entry.places:
                return stop - length, True, False
            if word in PLACES:
                return start, False, True
    return start, False, False


def _tail(entry: Entry, folded: str, position: int) -> tuple[int, bool]:
    start = position + (folded[position : position + 1] == " ")
    for form in entry.forms:
        if folded.startswith(form, start) and not ends_inside_a_word(folded, start + len(form)):
            return start + len(form), True
    return position, False


def _branch(entry: Entry, folded: str, position: int) -> tuple[int, bool, bool]:
    """(end, whether its branch was named, whether another branch was named)."""
    glue = _BRANCH_GLUE.match(folded, position)
    start = glue.end() if glue else position
    wanted = entry.name.branch
    for form in (wanted, wanted.rstrip("路街")) if len(wanted) > 2 else (wanted,):
        words = folded[start : start + len(form)]
        alike = len(form) > 1 and sounds_alike(words, form)
        blurred = len(form) > 2 and loose_sound(words) == loose_sound(form)  # 人名路 for 人民路
        if form and (words == form or alike or blurred):
            close = _SHOP_WORD.match(folded, start + len(form))
            return (close.end() if close else start + len(form)), True, False
    bracketed = _BRACKETED.match(folded, position)
    if bracketed and bracketed[1] not in entry.places and ("店" in bracketed[1] or wanted):
        return position, False, True
    return (
        position,
        False,
        bool(_SOME_BRANCH.match(folded, position) or (wanted and _SOME_STREET.match(folded, position))),
    )


_LATIN = re.compile(r"[a-z0-9]")
SHORTEST_LATIN = 3  # letters; two of them stand in too many words
_LEFT_CUE = re.compile(
    r"(?:^|[\s,，。;；:、!?(「『\"'】)]|[去到在跑和跟给帮陪从见约是]|拜访|客户|路过|那个|这个|今天|上午|下午|[刚嗯]|电话|微信|补记|记一下|\d[.)、]|跑了|去了|趟|上门|跟进|联系|对接|找|催|回访|巡店|查下?|看下)$"
)
_RIGHT_CUE = re.compile(
    r"$|[\s,，。;；:、!?(]|上门|[那这][边个]|那家|[的说要定没不还也]|老板|老[一-鿿]|店长|采购|经理|电话|微信|今天|明天|"
    r"昨天|下周|[一-鿿](?:总|姐|哥|工|经理|老板|店长|会计|主管)"
)
#: verbs that follow a name in reports and questions; an ordinary word can stand before them just as well
_RIGHT_VERB = re.compile(
    r"最近|直接|下单|当场|[签订补催]|拍板|愿意|嫌|反馈|考虑|突然|又|这[次回]|上[一次回个]|库存|欠|合同|工单|归谁|谁|谈|聊|"
    r"拜访|沟通|对账|铺货|送货|收款|[看跑]了"
)
_STRONG_LEFT = re.compile(r"(?:^|[;；\n]|[。]|[去到跑]|拜访|客户|路过|跑了|去了|\d[.)、])$")


def _believable(
    hit: Hit, folded: str, size: int, *, confirmed: Callable[[Entry, int], int], sender_no: str, region: str
) -> bool:
    """Whether a reading has enough on its side to be taken for a name at all."""
    supported = hit.tail or hit.branch
    if hit.weak:
        return supported
    if folded[hit.start : hit.end].isascii() and not supported:
        return (
            size >= SHORTEST_LATIN
            and not _LATIN.match(folded, hit.end)
            and not _LATIN.match(folded[hit.start - 1 :][:1])
        )
    if hit.by == LITERAL:
        bare = not supported and not hit.placed and size == 2
        left, right = folded[: hit.start], folded[hit.end :]
        return not (bare and folded[hit.start : hit.end] in phrases_dict) or bool(
            _LEFT_CUE.search(left) and _RIGHT_CUE.match(right)
        )
    mine = hit.entry.owner_no == sender_no
    if hit.by == BLURRED:
        return (
            supported
            and hit.score >= 8
            and (mine or region in (hit.entry.region, ANYWHERE) or confirmed(hit.entry, hit.end) > 0)
        )
    if supported or size >= 3:
        return True
    if hit.doubtful or folded[hit.start : hit.end] in ORDINARY_WORDS:
        return False
    left, right = folded[: hit.start], folded[hit.end :]
    followed = bool(_RIGHT_CUE.match(right) or _RIGHT_VERB.match(right))
    speaks = confirmed(hit.entry, hit.end)
    if speaks:
        return bool(_LEFT_CUE.search(left)) and (speaks > 1 or followed)
    if folded[hit.start : hit.end] in phrases_dict or not (_LEFT_CUE.search(left) and followed):
        return False
    return mine or (region in (hit.entry.region, ANYWHERE) and bool(_STRONG_LEFT.search(left)))
