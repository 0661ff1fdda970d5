"""Company names as leads carry them: mistyped by sound, shortened, with or without place and form, with a remark.

杭州 睿溪机械有限公司(采购部), 航州睿溪机械 and 睿溪机械有限公司 share a key; whether they are one company also depends
on place, branch and region (`alike`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from bot.domain.lexicon import LEGAL_FORMS, PLACE_WORDS
from bot.domain.phonetics import readings
from bot.domain.text import clean, fold

#: sound of a place -> itself; a place may be mistyped too (航州)
_PLACES = {tuple(readings(char)[0] for char in word): word for word in PLACE_WORDS}
_PLACE_LENGTHS = sorted({len(sound) for sound in _PLACES}, reverse=True)
_FORMS = sorted((tuple(readings(char)[0] for char in form) for form in LEGAL_FORMS), key=len, reverse=True)
_BRACKETS = re.compile(r"[(\[【〔「]([^)\]】〕」]*)[)\]】〕」]?")
_JUNK = re.compile(r"[\s·•\-_,，.。、/\\'\"“”‘’《》<>|:：;；!！?？*#]+")
#: what stands in brackets without naming a branch: who asked, or that it is the main house
_REMARK = re.compile(
    r"^(?:总店|总部|本部|总公司|老店|新|老|筹|个人|个体(?:户|工商户|经营)?|(?:普通|有限)合伙|负责人|联系人|本人|法人|店长|.*经理|老板娘?|采购|财务|行政|"
    r".*(?:部门?|处|科|室|先生|女士|总)|原.*|曾用名.*|老客户|新客户|转介绍)$"
)
_SHOP = re.compile(r"(?:分?店|分公司|校区|院区|分部|分校|分院|分厂)$")
#: says nothing about a company: 曾庆丰的店, 个人, 暂无
_NOBODY = re.compile(r"^(?:个人|个体户?|自己|本人|无|没有|暂无|未知|不详|不知道|没说|待定|测试)$")
_SOMEBODYS = re.compile(r"^(?P<who>.{1,4}?)(?:的|家的?)?(?:小?店铺?|店面|门店|公司|单位|厂|生意|铺子)$")
_LEAST = 2  # syllables that have to be left of a name: less is no name
_STEM = 2  # syllables of the distinctive part that a short form has to keep


class Alike(IntEnum):
    """How sure it is that two names mean one company."""

    NO = 0
    BY_SOUND = 1  #: spelled differently, said alike
    SPELLED = 2


@dataclass(frozen=True, slots=True)
class CompanyName:
    """A name taken apart; texts are folded and without blanks."""

    core: str  #: without place, legal form and brackets
    key: str  #: how the core sounds, to look up by; empty: no name
    place: str  #: 杭州, also where it was written 航州
    branch: str  #: without 店
    written: str  #: as typed, folded and without blanks


def bare(text: str) -> str:
    """Folded, without blanks and punctuation; brackets stay."""
    return _JUNK.sub("", fold(clean(text)))


@lru_cache(maxsize=65536)
def read_company(name: str) -> CompanyName:
    """The parts of a name; of what is no name the key is empty."""
    written = bare(name)
    inside = [found for found in _BRACKETS.findall(written) if found and not _REMARK.match(found)]
    base = _BRACKETS.sub("", written)
    sound = [readings(char)[0] for char in base]
    place, start = _place_of(sound)
    if not place and inside and tuple(readings(char)[0] for char in inside[0]) in _PLACES:
        place = _PLACES[tuple(readings(char)[0] for char in inside.pop(0))]  # 某某(苏州)有限公司
    end = _end_without_form(sound, start)
    core = base[start:end]
    known = end - start >= _LEAST and not _NOBODY.match(base)
    branch = _SHOP.sub("", inside[0]) if inside else ""
    return CompanyName(core, " ".join(sound[start:end]) if known else "", place, branch, written)


def company_key(name: str) -> str:
    """What two spellings of one company share; empty when there is no name."""
    return read_company(name).key


def alike(one: CompanyName, other: CompanyName, *, regions: tuple[str, str] = ("", "")) -> Alike:
    """Whether two names mean one company, given the regions of the two (empty: not known).

    Short names are given again and again: without a place that both name, the regions must not differ.
    """
    if not one.key or one.key != other.key or _sound(one.branch) != _sound(other.branch):
        return Alike.NO
    if not _same_area(one.place, other.place, *regions):
        return Alike.NO
    return Alike.SPELLED if one.core == other.core else Alike.BY_SOUND


def akin(one: CompanyName, other: CompanyName) -> bool:
    """Whether one person may well mean the same by both: one shortens the other, or they share the distinctive part."""
    if not one.key or not other.key or (one.place and other.place and one.place != other.place):
        return False
    mine, yours = one.key.split(" "), other.key.split(" ")
    return mine[:_STEM] == yours[:_STEM]


def owner_named(name: CompanyName) -> str:
    """Whose shop it is, where the name may be no more than that: 曾庆丰的店, 老王小店."""
    found = _SOMEBODYS.match(name.written)
    return found["who"] if found else ""


def _place_of(sound: list[str]) -> tuple[str, int]:
    for length in _PLACE_LENGTHS:
        place = _PLACES.get(tuple(sound[:length]))
        if place is None:
            continue
        longer = (
            length + 1 if sound[length : length + 1] in (["sheng"], ["shi"]) and len(sound) > length + 3 else length
        )
        if len(sound) - longer >= _LEAST:
            return place, longer
    return "", 0


def _end_without_form(sound: list[str], start: int) -> int:
    end = len(sound)
    again = True
    while again:
        again = False
        for form in _FORMS:
            if tuple(sound[end - len(form) : end]) == form and end - len(form) - start >= _LEAST:
                end, again = end - len(form), True
                break
    return end


def _sound(text: str) -> str:
    return " ".join(readings(char)[0] for char in text)


def _same_area(place: str, other_place: str, region: str, other_region: str) -> bool:
    if place and other_place:
        return place == other_place
    if place or other_place:
        named, unnamed = (place, other_region) if place else (other_place, region)
        return unnamed.startswith(named) or (bool(region) and region == other_region)
    return not region or not other_region or region == other_region
