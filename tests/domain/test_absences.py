"""请假 in words, seen from Thursday 12 February 2026."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.absences import last_day, read_absence
from bot.domain.directory import Directory
from bot.domain.people import Employee, Role
from bot.errors import UserError

TODAY = date(2026, 2, 12)
LI = Employee(employee_no="YG010", name="李雷", role=Role.REP, region="杭州大区")
HAN = Employee(employee_no="YG011", name="韩梅", role=Role.REP, region="南京大区")
DIRECTORY = Directory((), (), [LI, HAN], ())


@pytest.mark.parametrize(
    ("words", "first", "last", "delegate", "reason"),
    [
        ("2月13日至2月14日 代理 韩梅", "2026-02-13", "2026-02-14", "YG011", ""),
        ("2月13日到14日，代理人：韩梅", "2026-02-13", "2026-02-14", "YG011", ""),
        ("2月13日-14日 由韩梅代理", "2026-02-13", "2026-02-14", "YG011", ""),
        ("２月１３日 代理yg011", "2026-02-13", "2026-02-13", "YG011", ""),
        ("2月27日至3月3日 婚假", "2026-02-27", "2026-03-03", "", "婚假"),
        ("3月5日至20日", "2026-03-05", "2026-03-20", "", ""),
        ("3月27日至3日", "2026-03-27", "2026-04-03", "", ""),
        ("明天 看病 代理 韩梅", "2026-02-13", "2026-02-13", "YG011", "看病"),
        ("李雷 后天", "2026-02-14", "2026-02-14", "", ""),
    ],
)
def test_words(words: str, first: str, last: str, delegate: str, reason: str) -> None:
    wish = read_absence(words, sender=LI, today=TODAY, directory=DIRECTORY)
    assert (wish.absent, wish.first, wish.last) == (LI, date.fromisoformat(first), date.fromisoformat(last))
    absence = wish.absence()
    assert (absence.delegate_no, absence.reason, last_day(absence)) == (delegate, reason, wish.last)


_scraps = st.sampled_from(
    ["2月13日", "明天", "至", "到", "-", "14日", "周三", " ", "代理", "韩梅", "李雷", "，", "婚假"]
)


@given(st.lists(st.one_of(_scraps, st.text(max_size=2)), max_size=7).map("".join))
def test_any_words_are_an_absence_or_a_sentence(words: str) -> None:
    try:
        wish = read_absence(words, sender=LI, today=TODAY, directory=DIRECTORY)
    except UserError:
        return
    assert wish.first <= wish.last
    assert wish.last >= TODAY
    assert wish.delegate != wish.absent
