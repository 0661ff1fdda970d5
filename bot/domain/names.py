"""What a customer's name is made of: place, the distinctive stem, trade and legal form, branch.

杭州 芯程 新材料有限公司; 旺淘 便利店 (建设路店). People leave out any of it but the stem, and shorten the rest.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

from bot.domain.lexicon import ALSO_ORDINARY, LEGAL_FORMS, PLACE_WORDS, TRADE_WORDS
from bot.domain.text import fold

PLACES = frozenset(PLACE_WORDS)
#: word of trade -> how people shorten it ("" = they do not)
_TRADES = {word: short for word, _, short in (item.partition(":") for item in TRADE_WORDS)}
_WORDS = sorted((*_TRADES, *LEGAL_FORMS), key=len, reverse=True)
_ENDING = re.compile("(?:" + "|".join(map(re.escape, _WORDS)) + ")$")
_SPLIT = re.compile("|".join(map(re.escape, _WORDS)))
_SEVERAL = re.compile(f"(?:{_SPLIT.pattern})+")
#: words of trade that follow a name in ordinary sentences too: 云光服务几号到期, 恒固设备坏了
_ALSO_ORDINARY = frozenset(ALSO_ORDINARY)
_INNER_BRANCH = re.compile(
    r"(?P<stem>.{2,6}?)(?P<trade>(?:24h|生鲜|生活|平价|连锁)*(?:便利店|便利|超市|大药房|药房|药店|百货|书店|银行|酒店|饭店|火锅|餐厅))"
    r"(?P<branch>(?!连锁)[^店]{2,6}?)(?:分?店)$"
)
_BRACKET = re.compile(r"[(\[【〔]([^)\]】〕]*)[)\]】〕]")
_BLANK = re.compile(r"\s+")
_SHOP = re.compile(r"(?:分?店|分公司|校区|院区|分部|分校)$")
_DISTRICT = re.compile(
    r"(?:[^省市]{2,8}?(?:省|自治区))?(?P<city>[^市]{2,8}?市)?(?P<district>[^区县市]{1,6}?(?:新区|区|县|"
    r"市))?(?P<rest>.*)"
)
_ROAD = re.compile(
    r"^(?P<road>[^\d\s]{1,10}?(?:路|街|大道|道|巷|弄|里|胡同|村|镇|广场|园))(?=\d|[一二三四五六七八九十]|号|$|\D)"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart; all parts folded and without blanks."""

    full: str  #: the whole name without brackets and blanks
    place: str
    stem: str
    tail: str  #: trade and legal form
    branch: str  #: without 店


def plain(text: str) -> str:
    """Folded, without blanks and brackets: equal for two spellings of one name."""
    return _BLANK.sub("", re.sub(r"[()\[\]【】〔〕·•\-]", "", fold(text)))


@lru_cache(maxsize=65536)
def take_apart(name: str) -> Name:
    """A registered name's parts. The stem keeps at least two characters."""
    folded = _BLANK.sub("", fold(name))
    bracket = _BRACKET.search(folded)
    inside = bracket[1] if bracket else ""
    base = _BRACKET.sub("", folded)
    place = _place(base)
    if inside in PLACES and not place:  # 某某(苏州)有限公司
        place, inside = inside, ""
    stem = base[len(place) :] if base.startswith(place) else base
    while (ending := _ENDING.search(stem)) and ending.start() >= 2:
        stem = stem[: ending.start()]
    offset = len(place) if base.startswith(place) else 0
    tail = base[offset + len(stem) :]
    inner = None if inside else _INNER_BRANCH.match(base[offset:])
    if inner:  # 苏果超市新街口店: a branch without brackets
        stem, tail, inside = inner["stem"], inner["trade"], inner["branch"]
    return Name(plain(name), place, stem, tail, _SHOP.sub("", inside))


def _place(base: str) -> str:
    for length in (4, 3, 2):
        if base[:length] in PLACES:
            rest = base[length:]
            longer = length + 1 if rest[:1] in "省市" and len(rest) > 3 else length
            return base[:longer] if len(base) - longer >= 3 else ""
    return ""


@lru_cache(maxsize=4096)
def tail_forms(tail: str, short_tail: str) -> tuple[str, ...]:
    """How people say a tail, longest first: every ordered choice of its words, each perhaps abbreviated."""
    words = _SPLIT.findall(tail)[:6]
    options = [("", word, *filter(None, [_TRADES.get(word, "")])) for word in words]
    forms = {"".join(choice) for choice in itertools.product(*options)}
    forms |= {form + "公司" for form in list(forms)} if any("公司" in word for word in words) else set()
    forms |= {form + "店" for form in list(forms) if not form.endswith("店")} if tail.endswith("店") else set()
    forms |= {form.replace("24h", "二十四小时") for form in list(forms)}
    forms |= {tail, tail.replace("24h", "24小时"), short_tail}
    return tuple(
        sorted((form for form in forms if len(form) >= 2 or (form == short_tail and form)), key=len, reverse=True)
    )


_WORD_GOES_ON = re.compile(r"服务(?:期|费|器|员|到期|态度|评|打分)|管理(?:员|费|系统)|培训(?:班|费)|设备(?:坏|故障)")


def ends_inside_a_word(text: str, end: int) -> bool:
    """晟羽律所服务期: the 服务 before `end` is no part of the name."""
    return bool(_WORD_GOES_ON.match(text, max(0, end - 2)))


def starts_like_a_tail(text: str, position: int) -> bool:
    """Whether a word of trade stands at a position of a folded text."""
    match = _SEVERAL.match(text, position)
    if match is None or len(match[0]) < 2:
        return False
    return match[0] not in _ALSO_ORDINARY


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address that people say: 江宁区白鹭街."""

    city: str
    district: str
    road: str


def read_address(address: str) -> Address:
    """City, district and road of an address; parts that are not there are empty."""
    match = _DISTRICT.match(_BLANK.sub("", fold(address)))
    if match is None:
        return Address("", "", "")
    road = _ROAD.match(match["rest"] or "")
    return Address((match["city"] or "").removesuffix("市"), match["district"] or "", road["road"] if road else "")
