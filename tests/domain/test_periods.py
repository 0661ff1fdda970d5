"""Spans of days in questions, seen from Wednesday 11 February 2026."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.periods import Period, previous_month, read_period

WEDNESDAY = date(2026, 2, 11)


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("上个月拿了多少", "2026-01-01", "2026-01-31"),
        ("上月签收", "2026-01-01", "2026-01-31"),
        ("上上个月", "2025-12-01", "2025-12-31"),
        ("这个月", "2026-02-01", "2026-02-28"),
        ("本月到今天", "2026-02-01", "2026-02-28"),
        ("1月签收", "2026-01-01", "2026-01-31"),
        ("一月份", "2026-01-01", "2026-01-31"),
        ("元月", "2026-01-01", "2026-01-31"),
        ("2月", "2026-02-01", "2026-02-28"),
        ("11月", "2025-11-01", "2025-11-30"),
        ("十一月份", "2025-11-01", "2025-11-30"),
        ("十二月", "2025-12-01", "2025-12-31"),
        ("去年12月", "2025-12-01", "2025-12-31"),
        ("2025年1月", "2025-01-01", "2025-01-31"),
        ("25年11月", "2025-11-01", "2025-11-30"),
        ("上周", "2026-02-02", "2026-02-08"),
        ("这周", "2026-02-09", "2026-02-15"),
        ("昨天", "2026-02-10", "2026-02-10"),
        ("四季度", "2025-10-01", "2025-12-31"),
        ("今年一季度", "2026-01-01", "2026-03-31"),
        ("Q4", "2025-10-01", "2025-12-31"),
        ("去年", "2025-01-01", "2025-12-31"),
        ("今年", "2026-01-01", "2026-12-31"),
        ("近30天", "2026-01-13", "2026-02-11"),
        ("近三个月", "2025-11-14", "2026-02-11"),
        ("近两周", "2026-01-29", "2026-02-11"),
    ],
)
def test_named_days(words: str, start: str, end: str) -> None:
    period = read_period(words, WEDNESDAY)
    assert period is not None
    assert (f"{period.start}", f"{period.end}") == (start, end)


@pytest.mark.parametrize("words", ["", "还欠多少", "1月13日", "三箱", "半个月后"])
def test_no_span_is_named(words: str) -> None:
    assert read_period(words, WEDNESDAY) is None


def test_the_month_before_january_is_december() -> None:
    assert previous_month(date(2026, 1, 31)) == Period.month(2025, 12)


@given(
    st.text(alphabet="上个月近天周年去今一二十0129Q季度份第", max_size=12),
    st.dates(date(2000, 1, 31), date(2100, 1, 1)),
)
def test_whatever_is_said_gives_days_in_order_or_none(words: str, today: date) -> None:
    period = read_period(words, today)
    assert period is None or period.start <= period.end
