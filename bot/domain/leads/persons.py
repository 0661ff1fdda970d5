"""Whether two ways to name a contact can mean one person: 俞小龙, 俞总, 俞先生."""

from __future__ import annotations

import re

from bot.domain.leads.company_names import bare
from bot.domain.lexicon import SURNAMES
from bot.domain.phonetics import sounds_alike

_TITLE = re.compile(
    r"^(?P<surname>.{1,2}?)(?:先生|女士|小姐|太太|老板娘?|总监?|经理|主任|主管|老师|师傅|[校院厂店部科处所]长|董事?长?|会计|工|姐|哥|叔|"
    r"阿姨|医生|大夫|律师|同学)$"
)
_BRACKET = re.compile(r"[(\[【][^)\]】]*[)\]】]?")
_NICK = re.compile(r"^[老小大阿](?P<surname>.)$")
_DOUBLE = frozenset(surname for surname in SURNAMES if len(surname) == 2)


def same_person(one: str, other: str) -> bool | None:
    """Whether they can be one person; None when one of them is not named."""
    mine, yours = _name(one), _name(other)
    if not mine or not yours:
        return None
    if mine == yours or (len(mine) >= 2 and sounds_alike(mine, yours)):
        return True
    short, full = (mine, yours) if surname_of(mine) else (yours, mine)
    return bool(surname := surname_of(short)) and surname == _surname(full)


def _name(typed: str) -> str:
    """陈俊杰（采购经理） -> 陈俊杰."""
    return _BRACKET.sub("", bare(typed))


def surname_of(name: str) -> str:
    """Of somebody who is called by it: 陈总, 李女士, 老王; empty for a full name."""
    found = _TITLE.match(name) or _NICK.match(name)
    return found["surname"] if found else ""


def _surname(name: str) -> str:
    return surname_of(name) or (name[:2] if name[:2] in _DOUBLE else name[:1])
