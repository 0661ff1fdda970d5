"""A day of leads looked at from its end: worked out by hand, against every possible assignment, and in any order."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.leads import Board, Lead, Rep, Roster, Standing, decide, default_policy, snapshot
from bot.domain.leads.hindsight import Morning, Placement, look_back
from bot.domain.leads.review import LeadDay, RepDay, Review, WaitingLead, Worry, review, reviews, whom_to_talk_to
from bot.domain.leads.values import Reason

DAY = date(2026, 2, 11)
HANGZHOU, NANJING = "杭州大区", "南京大区"


def rep(number: str, **values: object) -> RepDay:
    return RepDay(**{"employee_no": number, "name": f"{number}名", "region": HANGZHOU, "capacity": 10, **values})  # type: ignore[arg-type]


def placed(lead_no: str, employee_no: str, region: str = HANGZHOU, **fits: float) -> Placement:
    return Placement(lead_no=lead_no, employee_no=employee_no, region=region, fits=fits)


# -- hindsight --------------------------------------------------------------------------------------------------------
def test_two_leads_that_would_have_been_better_the_other_way_round() -> None:
    """A had one place, took the first lead (0.8) and was full when the second one came, which only A suited."""
    looked_back = look_back([placed("X1", "A", A=0.8, B=0.7), placed("X2", "B", A=0.9, B=0.3)], {"A": 1, "B": 5})
    assert (looked_back.done, looked_back.best) == (pytest.approx(1.1), pytest.approx(1.6))
    assert looked_back.regret == pytest.approx(31.25)
    (loss,) = looked_back.losses  # X1 is better where it was, taken by itself
    assert (loss.lead_no, loss.employee_no, loss.better_no, loss.lost) == ("X2", "B", "A", pytest.approx(0.6))


def test_at_most_three_losses_the_largest_first() -> None:
    leads = [placed(f"X{number}", "B", A=0.9, B=0.5 + number / 10) for number in range(5)]
    assert [loss.lead_no for loss in look_back(leads, {"A": 9, "B": 9}).losses] == ["X0", "X1", "X2"]


def test_a_day_without_leads_has_nothing_to_regret() -> None:
    assert look_back([], {"A": 3}) == look_back([], {})
    assert look_back([], {}).regret == 0


fits = st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.8, 1.0, None]), min_size=3, max_size=3), max_size=4)
rooms = st.tuples(*(st.integers(0, 3),) * 3)


def _day(table: list[list[float | None]]) -> list[Placement]:
    """Each lead given to the first who could have it; leads that nobody could have are no placements."""
    leads = []
    for row, values in enumerate(table):
        known = {"ABC"[column]: value for column, value in enumerate(values) if value is not None}
        if known:
            leads.append(Placement(lead_no=f"X{row}", employee_no=min(known), fits=known))
    return leads


@given(fits, rooms)
@settings(deadline=None)
def test_the_optimum_is_the_best_of_all_assignments(table: list[list[float | None]], free: tuple[int, ...]) -> None:
    leads, got = _day(table), Counter(lead.employee_no for lead in _day(table))
    room = {number: max(places, got[number]) for number, places in zip("ABC", free, strict=True)}
    best = max(
        sum(lead.fits[number] for lead, number in zip(leads, chosen, strict=True))
        for chosen in itertools.product(*(sorted(lead.fits) for lead in leads))
        if all(count <= room[number] for number, count in Counter(chosen).items())
    )
    looked_back = look_back(leads, dict(zip("ABC", free, strict=True)))
    assert looked_back.best == pytest.approx(best, abs=1e-5)
    assert looked_back.regret >= 0


@given(fits, rooms, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_leads_and_people_changes_nothing(table, free, random) -> None:  # type: ignore[no-untyped-def]
    day = LeadDay(
        day=DAY, placements=_day(table), places=dict(zip("ABC", free, strict=True)), reps=[rep(no) for no in "ABC"]
    )
    mixed = LeadDay(
        day=DAY,
        placements=[
            Placement(lead_no=lead.lead_no, employee_no=lead.employee_no, fits=dict(_mixed(lead.fits.items(), random)))
            for lead in _mixed(day.placements, random)
        ],
        places=dict(_mixed(day.places.items(), random)),
        reps=_mixed(day.reps, random),
    )
    assert review(mixed) == review(day)


def _mixed(items, random):  # type: ignore[no-untyped-def]
    return random.sample(list(items), len(list(items)))


def test_fits_are_those_of_the_decision_with_the_loads_of_the_morning() -> None:
    """B is given two leads; when the third one is decided they are busier, but not because of who they are."""
    people = [Rep(employee_no="A", pending=10, capacity=20), Rep(employee_no="B", capacity=20)]
    policy, now = default_policy(), datetime(2026, 2, 11, 2, tzinfo=UTC)
    board, standing, taken = Board.of(Roster.of(people), policy), Standing.of(people), []
    for number in range(3):
        lead = Lead(lead_no=f"X{number}")
        taken.append(snapshot(lead, board, standing, now=now))
        winner = decide(lead, board, standing, now=now).employee_no
        assert winner == "B"
        standing = standing.given(board.roster.column(winner), high_intent=False)
    seen = Morning()
    *_, third = [seen.fits(each, policy) for each in taken]
    assert seen.places == {"A": 10, "B": 20}
    morning = board.fit([Lead(lead_no="X2")], Standing.of(people))[0]
    assert third == pytest.approx({"A": morning[0], "B": morning[1]})


# -- a whole day ------------------------------------------------------------------------------------------------------
def small_day() -> LeadDay:
    return LeadDay(
        day=DAY,
        arrived={HANGZHOU: 5, NANJING: 1, "": 1},
        placements=[
            placed("X1", "A", A=0.8, B=0.7),
            placed("X2", "B", A=0.9, B=0.3),
            placed("N1", "N", NANJING, N=0.5),
        ],
        places={"A": 1, "B": 5, "N": 2},
        reps=[
            rep("A", given=2, high_given=1, open=10, high_open=3, high_intent=4, minutes=(5, 12), declined=2),
            rep("B", given=2, open=0, minutes=(40, 41), late=2, lapsed=1),
            rep("N", region=NANJING, given=1, capacity=5, open=1, high_intent=1),
        ],
        waiting=[
            WaitingLead(lead_no="X7", region=HANGZHOU, waits_for=Reason.FULL),
            WaitingLead(lead_no="X8", region=HANGZHOU, waits_for=Reason.FULL),
            WaitingLead(lead_no="X9", region=NANJING, waits_for=Reason.ON_LEAVE),
        ],
        pool={HANGZHOU: 2, NANJING: 1},
    )


def test_a_small_day_worked_out_by_hand() -> None:
    seen = review(small_day())
    assert (seen.arrived, seen.given, seen.high_given, seen.pool) == (7, 5, 1, 3)
    assert seen.waiting == {Reason.ON_LEAVE: 1, Reason.FULL: 2}
    # Open 0, 1, 10: the mean difference over twice the mean, (2 * (1 + 10 + 9)) / (2 * 3 * 11).
    assert seen.load_gini == pytest.approx(40 / 66)
    # Per capacity 0, 0.2, 1.
    assert seen.load_gini_per_capacity == pytest.approx(2 * (0.2 + 1 + 0.8) / (2 * 3 * 1.2))
    # High-intent leads of the month per capacity: 0, 0.2, 0.4.
    assert seen.high_gini_per_capacity == pytest.approx(2 * (0.2 + 0.4 + 0.2) / (2 * 3 * 0.6))
    answers = seen.responses
    assert (answers.answered, answers.expected, answers.in_time) == (4, 5, 2)
    assert (answers.median_minutes, answers.p90_minutes, answers.share_in_time) == (26.0, 41, 0.4)
    assert seen.hindsight.regret == pytest.approx(100 * 0.5 / 2.1)


def test_a_region_is_its_own_leads_and_people() -> None:
    company, hangzhou, nanjing = sorted(reviews(small_day()), key=lambda each: (each.region != "", -each.given))
    assert (company.region, hangzhou.region, nanjing.region) == ("", HANGZHOU, NANJING)
    assert [each.employee_no for each in nanjing.reps] == ["N"]
    assert (nanjing.arrived, nanjing.pool, nanjing.waiting) == (1, 1, {Reason.ON_LEAVE: 1})
    assert nanjing.hindsight.regret == 0
    assert hangzhou.hindsight.regret == pytest.approx(31.25)


def test_nothing_anywhere_is_fair_and_says_that_it_is_empty() -> None:
    seen = review(LeadDay(day=DAY, reps=[rep("A"), rep("B")]))
    assert (seen.load_gini, seen.load_gini_per_capacity, seen.high_gini_per_capacity) == (0, 0, 0)
    assert (seen.responses.median_minutes, seen.responses.share_in_time) == (None, None)
    assert seen.empty


def test_who_has_no_capacity_is_not_compared() -> None:
    seen = review(LeadDay(day=DAY, reps=[rep("A", open=3), rep("B", open=3), rep("C", capacity=0)]))
    assert (seen.load_gini, seen.load_gini_per_capacity) == (0, 0)


def test_whom_to_talk_to_by_what_weighs_most() -> None:
    people = [
        rep("A", open=10),
        rep("B", minutes=(31,)),
        rep("C", lapsed=1, declined=3),
        rep("D", lapsed=2),
        rep("E", declined=2),
        rep("F", minutes=(30,), open=9, declined=1),
    ]
    found = whom_to_talk_to(review(LeadDay(day=DAY, reps=people)))
    assert [(who.employee_no, worry) for who, worry in found] == [
        ("D", Worry.LAPSED), ("C", Worry.LAPSED), ("E", Worry.DECLINED), ("B", Worry.SLOW), ("A", Worry.FULL),
    ]  # fmt: skip


def test_what_is_stored_is_what_was_seen() -> None:
    for seen in reviews(small_day()):
        assert Review.from_json(json.loads(json.dumps(seen.to_json()))) == seen


@pytest.mark.parametrize(
    ("held", "comparable"),
    [
        pytest.param([1, 1], True, id="one each"),
        pytest.param([2, 0], True, id="one each would do"),
        pytest.param([1, 0], False, id="fewer leads than people"),
        pytest.param([], False, id="nobody"),
    ],
)
def test_shares_are_compared_where_everybody_could_have_one(held: list[int], comparable: bool) -> None:
    people = [rep(str(place), open=count, high_intent=count) for place, count in enumerate(held)]
    seen = review(LeadDay(day=DAY, reps=[*people, rep("X", capacity=0)]))
    assert (seen.load_comparable, seen.high_comparable) == (comparable, comparable)
