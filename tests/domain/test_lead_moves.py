"""A lead from rep to rep: what each move does, what it refuses, and that a repeated move changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.clock import SHANGHAI
from bot.domain.leads.cases import Ending, How, LeadCase, LeadState, Response
from bot.domain.leads.moves import (
    LeadRefused,
    Why,
    accept,
    assign,
    called,
    claim,
    close,
    decline,
    give,
    hand_over,
    lapse,
    leave,
    manager_told,
    must_lapse,
    must_remind,
    must_tell_manager,
    queue,
    remind,
    shelve,
    withdraw,
)
from bot.domain.leads.rules import default_rules
from bot.domain.leads.values import Reason

RULES = default_rules()
NINE = datetime(2026, 2, 12, 9, 0, tzinfo=SHANGHAI)  # Thursday, a workday
LATER = NINE + timedelta(minutes=10)
OVERDUE = NINE + timedelta(minutes=31)
WAITING = LeadCase(lead_no="XS1", queued_at=NINE, entered_by="YG011")


def given(to: str = "YG010", case: LeadCase = WAITING, at: datetime = NINE) -> LeadCase:
    return give(case, to, how=How.SCORED, at=at, rules=RULES, score=0.7)


def pooled() -> LeadCase:
    """Three reps let it lapse."""
    case = WAITING
    for number, who in enumerate(("YG010", "YG011", "YG013")):
        at = NINE + timedelta(minutes=31 * number)
        case = lapse(given(who, case, at), at=at + timedelta(minutes=30), rules=RULES)
    return case


def test_a_rep_has_thirty_minutes_of_working_time() -> None:
    turn = given().turn
    assert turn is not None
    assert (turn.remind_at, turn.due_at) == (NINE + timedelta(minutes=20), NINE + timedelta(minutes=30))
    evening = given(at=NINE.replace(hour=17, minute=50)).turn
    assert evening is not None
    assert evening.due_at == NINE.replace(day=13, hour=9, minute=20)


def test_accepting_is_the_first_response_and_a_call_later_is_noted_beside_it() -> None:
    case = called(accept(given(), by="YG010", at=LATER), by="YG010", at=OVERDUE)
    assert case.state is LeadState.WORKING
    assert case.turn is not None
    assert (case.turn.response, case.turn.responded_at, case.turn.called_at) == (Response.ACCEPTED, LATER, OVERDUE)


def test_a_call_is_a_first_response_as_well() -> None:
    case = accept(called(given(), by="YG010", at=LATER), by="YG010", at=OVERDUE)
    assert case.turn is not None
    assert (case.state, case.turn.response, case.turn.responded_at) == (LeadState.WORKING, Response.CALLED, LATER)


def test_given_back_it_keeps_its_place_in_the_queue_and_the_rep_is_not_asked_again() -> None:
    case = decline(given(), "不做物流", by="YG010", at=LATER, rules=RULES)
    assert (case.state, case.queued_at, case.tried) == (LeadState.WAITING, NINE, {"YG010"})
    assert case.turns[0].note == "不做物流"


def test_after_three_tries_it_lies_in_the_pool_whoever_failed_how() -> None:
    case = decline(given(), "忙", by="YG010", at=LATER, rules=RULES)
    case = lapse(given("YG011", case), at=OVERDUE, rules=RULES)
    assert case.state is LeadState.WAITING
    case = decline(given("YG013", case), "太远", by="YG013", at=LATER, rules=RULES)
    assert case.state is LeadState.POOL


def test_out_of_the_pool_it_belongs_to_whoever_claims_it_first() -> None:
    case = claim(pooled(), by="YG013", at=OVERDUE, rules=RULES)
    assert (case.state, case.holder_no) == (LeadState.WORKING, "YG013")
    with pytest.raises(LeadRefused) as refused:
        claim(case, by="YG010", at=OVERDUE, rules=RULES)
    assert refused.value.why is Why.NOT_POOL


def test_a_colleague_it_was_handed_to_has_to_answer_anew() -> None:
    case = hand_over(accept(given(), by="YG010", at=LATER), "YG013", by="YG010", at=LATER, rules=RULES)
    assert (case.state, case.holder_no) == (LeadState.OFFERED, "YG013")
    assert case.turn is not None
    assert (case.turn.how, case.turn.by_no) == (How.HANDED, "YG010")
    assert case.turns[0].ending is Ending.HANDED_ON


def test_a_manager_may_name_somebody_wherever_it_is() -> None:
    for case in (WAITING, given(), accept(given(), by="YG010", at=LATER), pooled()):
        after = assign(case, "YG020", by="YG003", at=OVERDUE, rules=RULES)
        assert (after.state, after.holder_no) == (LeadState.OFFERED, "YG020")


def test_reminded_once_before_it_is_due() -> None:
    case, soon = given(), NINE + timedelta(minutes=20)
    assert not must_remind(case, at=soon - timedelta(seconds=1))
    assert must_remind(case, at=soon)
    assert not must_remind(remind(case, at=soon), at=soon)
    assert not must_remind(case, at=OVERDUE)
    assert not must_remind(accept(case, by="YG010", at=LATER), at=soon)


def test_it_lapses_when_the_time_is_up_and_not_before() -> None:
    assert not must_lapse(given(), at=NINE + timedelta(minutes=29, seconds=59))
    assert must_lapse(given(), at=NINE + timedelta(minutes=30))
    assert lapse(given(), at=LATER, rules=RULES) == given()


def test_the_manager_is_told_once_after_two_lapses() -> None:
    case = lapse(given(), at=OVERDUE, rules=RULES)
    assert not must_tell_manager(case, RULES)
    case = lapse(given("YG011", case), at=OVERDUE, rules=RULES)
    assert must_tell_manager(case, RULES)
    assert not must_tell_manager(manager_told(case, at=OVERDUE), RULES)


def test_who_leaves_gives_back_also_what_was_accepted() -> None:
    case = leave(accept(given(), by="YG010", at=LATER), "YG010", at=OVERDUE)
    assert (case.state, case.turns[0].ending) == (LeadState.WAITING, Ending.LEFT)
    assert leave(given(), "YG099", at=OVERDUE) == given()


def test_a_place_in_the_queue_shows_why_it_waits() -> None:
    case = queue(WAITING, waits_for=Reason.FULL, refused={Reason.FULL: 3})
    assert (case.state, case.waits_for, case.refused) == (LeadState.WAITING, Reason.FULL, {Reason.FULL: 3})
    assert given(case=case).refused == {}


WON = close(given(), won=True, reason="", by="YG010", at=LATER)
WORKING = accept(given(), by="YG010", at=LATER)


@pytest.mark.parametrize(
    ("move", "why"),
    [
        pytest.param(lambda: accept(WON, by="YG010", at=LATER), Why.OVER, id="won"),
        pytest.param(lambda: accept(given(), by="YG011", at=LATER), Why.NOT_HOLDER, id="somebody else's"),
        pytest.param(lambda: accept(WAITING, by="YG011", at=LATER), Why.NOT_HOLDER, id="nobody's"),
        pytest.param(lambda: accept(pooled(), by="YG010", at=LATER), Why.PASSED_ON, id="it lapsed"),
        pytest.param(lambda: given("YG011", given()), Why.HELD, id="given twice"),
        pytest.param(
            lambda: hand_over(given(), "YG010", by="YG010", at=LATER, rules=RULES), Why.SELF, id="handed to oneself"
        ),
        pytest.param(lambda: claim(given(), by="YG011", at=LATER, rules=RULES), Why.NOT_POOL, id="claimed too early"),
        pytest.param(lambda: withdraw(given(), by="YG010", at=LATER), Why.NOT_HOLDER, id="withdrawn by another"),
        pytest.param(lambda: withdraw(WORKING, by="YG011", at=LATER), Why.ANSWERED, id="withdrawn too late"),
        pytest.param(lambda: shelve(WORKING, at=LATER), Why.ANSWERED, id="a rep works on it"),
    ],
)
def test_what_is_refused(move: Callable[[], LeadCase], why: Why) -> None:
    with pytest.raises(LeadRefused) as refused:
        move()
    assert refused.value.why is why


@pytest.mark.parametrize(
    ("case", "move"),
    [
        pytest.param(given(), lambda case: accept(case, by="YG010", at=LATER), id="accept"),
        pytest.param(given(), lambda case: called(case, by="YG010", at=LATER), id="call"),
        pytest.param(given(), lambda case: decline(case, "忙", by="YG010", at=LATER, rules=RULES), id="decline"),
        pytest.param(given(), lambda case: close(case, won=False, reason="空号", by="YG010", at=LATER), id="close"),
        pytest.param(given(), lambda case: close(case, won=True, reason="", by="YG010", at=LATER), id="win"),
        pytest.param(given(), lambda case: hand_over(case, "YG011", by="YG010", at=LATER, rules=RULES), id="hand over"),
        pytest.param(given(), lambda case: assign(case, "YG011", by="YG003", at=LATER, rules=RULES), id="assign"),
        pytest.param(given(), lambda case: withdraw(case, by="YG011", at=LATER), id="withdraw"),
        pytest.param(WAITING, lambda case: withdraw(case, by="YG011", at=LATER), id="withdraw what nobody has"),
        pytest.param(given(), lambda case: shelve(case, at=LATER), id="shelve"),
        pytest.param(given(), lambda case: remind(case, at=LATER), id="remind"),
        pytest.param(given(), lambda case: lapse(case, at=OVERDUE, rules=RULES), id="lapse"),
        pytest.param(given(), lambda case: leave(case, "YG010", at=LATER), id="leave"),
        pytest.param(pooled(), lambda case: claim(case, by="YG010", at=LATER, rules=RULES), id="claim"),
    ],
)
def test_a_repeated_move_gives_the_same_case_back(case: LeadCase, move: Callable[[LeadCase], LeadCase]) -> None:
    after = move(case)
    assert after != case
    assert move(after) == after


def test_withdrawn_is_not_what_a_rep_has_closed() -> None:
    closed = close(replace(WORKING), won=False, reason="空号", by="YG010", at=LATER)
    with pytest.raises(LeadRefused) as refused:
        withdraw(closed, by="YG011", at=LATER)
    assert refused.value.why is Why.OVER
