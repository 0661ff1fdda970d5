"""A visit from told to confirmed, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.visit_records import (
    SHANGHAI,
    Visit,
    VisitField,
    VisitState,
    confirmed,
    corrected,
    difference,
    filled,
    record,
    restored,
)
from bot.domain.visits import VisitReading

SAID = datetime(2026, 2, 12, 1, 30, tzinfo=UTC)  # 9:30 in Shanghai
READING = VisitReading(customer_no="KH1", visit_date=date(2026, 2, 12), summary="要20件", amount_yuan=3000)


def _visit(**changes: object) -> Visit:
    return replace(record(READING, employee_no="YG1", said_at=SAID, text="要20件水"), **changes)  # type: ignore[arg-type]


def test_told_on_the_day_it_has_the_moment_of_telling() -> None:
    assert _visit().at == SAID


def test_told_a_day_later_only_the_day_is_known() -> None:
    visit = record(replace(READING, visit_date=date(2026, 2, 11)), employee_no="YG1", said_at=SAID, text="x")
    assert visit.at == datetime(2026, 2, 11, tzinfo=SHANGHAI)
    assert visit.on == date(2026, 2, 11)


def test_shortly_after_midnight_in_shanghai_it_is_that_day_there() -> None:
    said = datetime(2026, 2, 11, 16, 30, tzinfo=UTC)  # 0:30 on the 12th
    assert record(READING, employee_no="YG1", said_at=said, text="x").at == said


def test_without_a_certain_customer_it_waits_and_keeps_the_contact_as_said() -> None:
    unsure = replace(READING, customer_no=None, ambiguous_customers=("KH1", "KH2"), contact_mention="王姐")
    visit = record(unsure, employee_no="YG1", said_at=SAID, text="x")
    assert (visit.state, visit.candidates, visit.contact) == (VisitState.CHOOSING, ("KH1", "KH2"), "王姐")


def test_a_correction_has_to_be_confirmed_again() -> None:
    assert corrected(confirmed(_visit()), VisitField.AMOUNT, 5).state is VisitState.OPEN


def test_a_second_reader_only_fills_gaps() -> None:
    second = replace(READING, amount_yuan=9999, intent="高", next_follow_up=date(2026, 3, 1))
    visit = filled(_visit(), second)
    assert (visit.amount_yuan, visit.intent, visit.next_follow_up) == (3000, "高", date(2026, 3, 1))


texts = st.none() | st.text(max_size=5)
visits = st.builds(
    Visit,
    employee_no=st.just("YG1"),
    customer_no=texts,
    candidates=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    at=st.datetimes(timezones=st.just(UTC)),
    said_at=st.just(SAID),
    kind=texts,
    summary=st.text(max_size=5),
    contact=texts,
    amount_yuan=st.none() | st.integers(1, 10**9),
    intent=texts,
    next_follow_up=st.none() | st.dates(),
    competitor=texts,
    met=st.booleans(),
    state=st.sampled_from(VisitState),
    text=st.text(max_size=5),
)


@given(visits, visits)
def test_what_changed_is_enough_to_go_back(before: Visit, after: Visit) -> None:
    assert restored(after, difference(before, after)) == before


def test_the_undo_day_is_a_day() -> None:
    from bot.domain.visit_records import UNDO_WITHIN

    assert timedelta(hours=24) == UNDO_WITHIN
