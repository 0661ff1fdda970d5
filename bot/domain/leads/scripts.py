"""Entries of the knowledge base that help with a lead: a script for the first call, what to say of competitors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.leads.records import LeadRecord
from bot.domain.text import fold

SCRIPT, COMPETITOR, TIMETABLE = "话术", "竞品", "课表"
_EVERY_INDUSTRY = "全部"
_FOR_ALL = 1  # points of an entry that suits every industry
_OWN_INDUSTRY = 3
_WORD = 4  # of two characters that the need has in common with title or tags
_FIRST_CALL = {"线索": 2, "需求挖掘": 2, "跟进": 1, "方案": 1}  # 适用阶段: the nearer to the first call the better


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of 知识库."""

    entry_no: str
    title: str
    tags: tuple[str, ...] = ()
    body: str
    stage: str = ""
    industries: tuple[str, ...] = ()


def scripts_for(record: LeadRecord, entries: Sequence[Entry]) -> list[Entry]:
    """The best script (话术) and the best competitor points (竞品) for this industry and need, each if there is one.

    Points of another industry never help. The same input gives the same answer: of equals the lower number.
    """
    need = fold(f"{record.note} {record.company}")
    found = []
    for tag in (SCRIPT, COMPETITOR):
        rated = [
            (points, entry)
            for entry in entries
            if tag in entry.tags and TIMETABLE not in entry.tags and entry not in found
            if (points := _points(entry, record.industry, need)) > 0
        ]
        if rated:
            found.append(min(rated, key=lambda pair: (-pair[0], pair[1].entry_no))[1])
    return found


def _points(entry: Entry, industry: str, need: str) -> int:
    """0: it is for others."""
    if industry and industry in entry.industries:
        suits = _OWN_INDUSTRY
    elif _EVERY_INDUSTRY in entry.industries or not entry.industries:
        suits = _FOR_ALL
    else:
        return 0
    about = fold(" ".join((entry.title, *entry.tags)))
    pairs = {about[start : start + 2] for start in range(len(about) - 1)}
    shared = sum(pair in need for pair in pairs if pair.isalnum())
    if not shared and SCRIPT in entry.tags and COMPETITOR not in entry.tags and entry.stage not in _FIRST_CALL:
        return 0  # about something else: a renewal, say
    return suits + _WORD * min(shared, 3) + _FIRST_CALL.get(entry.stage, 0)
