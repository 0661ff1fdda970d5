"""What holds for every decision about a lead, whoever the reps and whatever the policy."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.leads import (
    Board,
    Dimension,
    Lead,
    Learned,
    Policy,
    Reading,
    Reason,
    Rep,
    Roster,
    Scale,
    ScaleKind,
    Snapshot,
    Standing,
    assign_in_order,
    decide,
    default_policy,
    explain,
    explanation_from_json,
    explanation_to_json,
    replay,
    score_backlog,
    snapshot,
)
from bot.domain.leads.packed import pack, unpack
from bot.domain.leads.replay import Candidate, packed_snapshot
from tests.domain.lead_market import NOW, Market, markets

LEAD = Lead(lead_no="XS260302001", region="杭州大区")
ONE_FACT = Policy(version=1, dimensions=(Dimension(name="warmth", fact="warmth", weight=1.0),), same_region=False)


def board_of(people: list[Rep], policy: Policy, learned: Learned | None = None) -> tuple[Board, Standing]:
    return Board.of(Roster.of(people), policy), Standing.of(people, learned)


# -- the score --------------------------------------------------------------------------------------------------------
@settings(deadline=None)  # a busy machine is no bug
@given(markets)
def test_contributions_add_up_to_the_score_that_the_choice_was_made_by(market: Market) -> None:
    lead = market.leads[0]
    board, standing = market.board, market.standing
    scored = score_backlog([lead], board, standing, now=NOW).scores[0]
    for column, number in enumerate(board.roster.employee_nos):
        explanation = explain(lead, number, board, standing)
        assert sum(line.points for line in explanation.contributions) == pytest.approx(explanation.score, abs=1e-9)
        if np.isfinite(scored[column]):
            assert explanation.score == pytest.approx(scored[column], abs=1e-9)


@settings(deadline=None)  # a busy machine is no bug
@given(markets)
def test_what_is_missing_has_no_points_and_the_others_carry_its_weight(market: Market) -> None:
    lead = market.leads[0]
    board, standing = market.board, market.standing
    for number in board.roster.employee_nos:
        explanation = explain(lead, number, board, standing)
        lines = explanation.contributions
        assert sum(line.weight for line in lines) == pytest.approx(1.0)
        assert "unheard_of" in explanation.missing
        assert all(line.points == 0 and line.factor is None for line in lines if line.missing)
        assert all(0 <= line.factor <= 1 for line in lines if line.factor is not None)


def test_an_unknown_fact_is_neither_zero_nor_in_the_way() -> None:
    two = Policy(
        version=1,
        same_region=False,
        dimensions=(
            Dimension(name="warmth", fact="warmth", weight=0.25),
            Dimension(name="record", fact="record", weight=0.75),
        ),
    )
    people = [
        Rep(employee_no="E1", facts={"warmth": 0.6, "record": 0.2}),
        Rep(employee_no="E2", facts={"warmth": 0.6}),
    ]
    board, standing = board_of(people, two)
    decision = decide(LEAD, board, standing, now=NOW)
    assert decision.employee_no == "E2"
    assert decision.explanation is not None
    assert decision.explanation.score == pytest.approx(0.6)
    assert decision.explanation.missing == ("record",)


def test_somebody_of_whom_nothing_is_known_stands_in_the_middle() -> None:
    people = [Rep(employee_no=no, facts=facts) for no, facts in (("E1", {"warmth": 0.4}), ("E2", {}), ("E3", {}))]
    board, standing = board_of(people, ONE_FACT)
    explanation = explain(LEAD, "E2", board, standing)
    assert explanation.score == 0.5
    assert explanation.missing == ("warmth",)
    assert decide(LEAD, board, standing, now=NOW).employee_no == "E2"


def test_the_three_lines_that_weigh_most_are_values_for_the_card() -> None:
    people = [
        Rep(
            employee_no="E1",
            regions=frozenset({"杭州大区"}),
            capacity=10,
            pending=9,
            facts={"overdue_tasks": 0, "response_record": 0.9},
            tables={"region_heat": {"杭州大区": 1.0}},
        )
    ]
    board, standing = board_of(people, default_policy())
    explanation = decide(LEAD, board, standing, now=NOW).explanation
    assert explanation is not None
    assert [(line.name, line.value) for line in explanation.top(3)] == [
        ("region_heat", 1.0), ("overdue_tasks", 0.0), ("response_record", 0.9),
    ]  # fmt: skip
    assert set(explanation.missing) == {"industry_fit", "deal_band", "deals_this_week"}


# -- the choice -------------------------------------------------------------------------------------------------------
@settings(deadline=None)  # a busy machine is no bug
@given(markets)
def test_nobody_is_ever_over_capacity_and_nothing_is_lost(market: Market) -> None:
    board, standing = market.board, market.standing
    outcomes = list(assign_in_order(market.leads, board, standing, now=NOW))
    for decision, after in outcomes:
        assert (after.pending <= board.roster.capacity).all()
        assert (decision.waits_for is Reason.NONE) == bool(decision.employee_no)
    assert [decision.lead_no for decision, _ in outcomes] == [lead.lead_no for lead in market.leads]
    given_out = sum(1 for decision, _ in outcomes if decision.employee_no)
    assert outcomes[-1][1].pending.sum() == standing.pending.sum() + given_out


@settings(deadline=None)  # a busy machine is no bug
@given(markets)
def test_the_winner_is_eligible_and_nobody_eligible_scores_higher(market: Market) -> None:
    board, standing, lead = market.board, market.standing, market.leads[0]
    decision = decide(lead, board, standing, now=NOW)
    able = {
        rep.employee_no: explain(lead, rep.employee_no, board, standing).score
        for rep in market.people
        if not rep.left
        and rep.pending < rep.capacity
        and (not market.policy.same_region or not lead.region or lead.region in rep.regions)
    }
    assert bool(decision.employee_no) == bool(able)
    assert sum(decision.refused.values()) == len(market.people) - len(able)
    if able:
        assert able[decision.employee_no] == pytest.approx(max(able.values()), abs=2e-9)


@settings(deadline=None)  # a busy machine is no bug
@given(markets, st.randoms(use_true_random=False))
def test_the_order_in_which_reps_come_changes_nothing(market: Market, rng: random.Random) -> None:
    first = decide(market.leads[0], market.board, market.standing, now=NOW)
    shuffled = replace(market, people=rng.sample(market.people, len(market.people)))
    assert decide(market.leads[0], shuffled.board, shuffled.standing, now=NOW) == first


@settings(deadline=None)  # a busy machine is no bug
@given(markets)
def test_a_backlog_is_scored_as_its_leads_are(market: Market) -> None:
    board, standing = market.board, market.standing
    scored = score_backlog(market.leads, board, standing, now=NOW)
    for lead, winner in zip(market.leads, scored.best, strict=True):
        expected = decide(lead, board, standing, now=NOW).employee_no
        assert (board.roster.employee_nos[winner] if winner >= 0 else "") == expected


@pytest.mark.parametrize(
    ("turns", "winner"),
    [
        pytest.param((3, 1, 2), "E2", id="least recently given a lead"),
        pytest.param((3, 0, 2), "E2", id="never given one"),
        pytest.param((2, 2, 2), "E1", id="nothing to tell them apart: the first number"),
    ],
)
def test_ties(turns: tuple[int, ...], winner: str) -> None:
    people = [
        Rep(employee_no=f"E{number}", last_turn=turn, facts={"warmth": 0.3}) for number, turn in enumerate(turns, 1)
    ]
    decision = decide(LEAD, *board_of(people, ONE_FACT), now=NOW)
    assert (decision.employee_no, decision.margin) == (winner, 0.0)


def test_equal_reps_take_turns() -> None:
    people = [Rep(employee_no=f"E{number}", facts={"warmth": 0.3}) for number in (1, 2, 3)]
    board, standing = board_of(people, ONE_FACT)
    turns = [decision.employee_no for decision, _ in assign_in_order([LEAD] * 6, board, standing, now=NOW)]
    assert turns == ["E1", "E2", "E3"] * 2


def test_who_waits_is_given_out_first_when_a_slot_is_free() -> None:
    people = [Rep(employee_no="E1", capacity=1, pending=1, facts={"warmth": 1.0})]
    board, standing = board_of(people, ONE_FACT)
    queue = [replace(LEAD, lead_no=no) for no in ("XS1", "XS2")]
    assert [each.waits_for for each, _ in assign_in_order(queue, board, standing, now=NOW)] == [Reason.FULL] * 2
    drained = [each for each, _ in assign_in_order(queue, board, standing.freed(0), now=NOW)]
    assert [(each.lead_no, each.employee_no) for each in drained] == [("XS1", "E1"), ("XS2", "")]


@pytest.mark.parametrize(
    ("high_intent", "winner"),
    [
        pytest.param(True, "E2", id="a high-intent lead goes to who had fewer of them"),
        pytest.param(False, "E1", id="for any other lead they do not count"),
    ],
)
def test_high_intent_leads_are_counted_apart(high_intent: bool, winner: str) -> None:
    people = [
        Rep(employee_no="E1", high_intent=4, facts={"warmth": 0.9}),
        Rep(employee_no="E2", high_intent=0, facts={"warmth": 0.8}),
    ]
    lead = replace(LEAD, high_intent=high_intent)
    assert decide(lead, *board_of(people, ONE_FACT), now=NOW).employee_no == winner


def test_load_is_a_share_of_the_capacity_never_a_count() -> None:
    people = [
        Rep(employee_no="E1", capacity=4, pending=2, facts={"warmth": 0.5}),
        Rep(employee_no="E2", capacity=40, pending=10, facts={"warmth": 0.5}),
    ]
    assert decide(LEAD, *board_of(people, ONE_FACT), now=NOW).employee_no == "E2"


def test_a_learned_price_sends_a_lead_elsewhere_and_says_so() -> None:
    people = [Rep(employee_no="E1", facts={"warmth": 0.9}), Rep(employee_no="E2", facts={"warmth": 0.8})]
    learned = Learned(prices={"E1": 0.2})
    board, standing = board_of(people, ONE_FACT, learned)
    assert decide(LEAD, board, standing, now=NOW).employee_no == "E2"
    price = next(line for line in explain(LEAD, "E1", board, standing).contributions if line.name == "price")
    assert price.points == pytest.approx(-0.2 * ONE_FACT.price_share)


# -- a new dimension is a row -----------------------------------------------------------------------------------------
def test_a_fact_nobody_programmed_decides_once_it_has_a_row() -> None:
    people = [
        Rep(employee_no="E1", facts={"warmth": 0.9}, tables={"speaks": {"粤语": 0.0}}),
        Rep(employee_no="E2", facts={"warmth": 0.8}, tables={"speaks": {"粤语": 1.0}}),
    ]
    lead = replace(LEAD, labels={"language": "粤语"})
    language = Dimension(name="language", fact="speaks", reading=Reading.BY_LABEL, of="language", weight=0.5)
    after = replace(ONE_FACT, version=2, dimensions=(replace(ONE_FACT.dimensions[0], weight=0.5), language))
    assert decide(lead, *board_of(people, ONE_FACT), now=NOW).employee_no == "E1"
    decision = decide(lead, *board_of(people, after), now=NOW)
    assert (decision.employee_no, decision.policy_version) == ("E2", 2)


# -- replay -----------------------------------------------------------------------------------------------------------
@settings(deadline=None)  # a busy machine is no bug
@given(markets)
def test_every_decision_replays_to_its_winner(market: Market) -> None:
    lead = market.leads[0]
    board, standing = market.board, market.standing
    decision = decide(lead, board, standing, now=NOW)
    stood_on = snapshot(lead, board, standing, now=NOW)
    stored = Snapshot.unpack(stood_on.pack())
    assert stored == stood_on
    assert replay(stored, board.policy) == decision.employee_no


@settings(deadline=None)  # a busy machine is no bug
@given(markets)
def test_the_short_way_to_a_stored_decision_is_the_same(market: Market) -> None:
    lead, board, standing = market.leads[0], market.board, market.standing
    quick = Snapshot.unpack(packed_snapshot(lead, board, standing, now=NOW))
    slow = snapshot(lead, board, standing, now=NOW)
    assert replace(quick, candidates=()) == replace(slow, candidates=())
    for one, other in zip(quick.candidates, slow.candidates, strict=True):
        assert replace(one, facts=()) == replace(other, facts=())
        assert one.facts == pytest.approx(other.facts)


@settings(deadline=None)  # a busy machine is no bug
@given(markets)
def test_an_explanation_is_the_same_after_it_was_stored(market: Market) -> None:
    explanation = explain(market.leads[0], "E0", market.board, market.standing)
    stored = json.loads(json.dumps(explanation_to_json(explanation)))
    assert explanation_from_json(stored) == explanation


def test_a_decision_replays_under_its_own_version_only() -> None:
    people = [("E1", 0.9, 3.0, 4.0, 0.05, 7), ("E2", None, 3.0, 0.0, 0.0, 9), ("E3", 0.7, 3.0, 1.0, 0.0, 8)]
    stored = Snapshot(
        lead_no="XS260302001", high_intent=True, policy_version=3, usual_load=0.8, usual_high_intent=0.2,
        high_intent_per_rep=1.0,
        candidates=tuple(
            Candidate(employee_no=number, facts=(fact,), capacity=20.0, pending=pending, high_intent=high, price=price,
                      last_turn=turn)
            for number, fact, pending, high, price, turn in people
        ),
    )  # fmt: skip
    assert Snapshot.unpack(stored.pack()) == stored
    assert replay(stored, replace(ONE_FACT, version=3)) == "E3"
    with pytest.raises(ValueError, match="version 3"):
        replay(stored, ONE_FACT)
    with pytest.raises(ValueError, match="dimensions"):
        replay(stored, default_policy(3))


columns_of_numbers = st.integers(0, 40).flatmap(
    lambda rows: st.lists(
        st.lists(st.one_of(st.floats(), st.integers(-(2**31), 2**31)), min_size=rows, max_size=rows), max_size=8
    ).map(lambda columns: (rows, columns))
)


@given(columns_of_numbers)
def test_packed_numbers_come_back_digit_for_digit(given_columns: tuple[int, list[list[float]]]) -> None:
    rows, columns = given_columns
    arrays = [np.array(column, dtype=np.float64) for column in columns]
    names = [f"YG{row:03d}" for row in range(rows)]
    about, back, numbers = unpack(pack({"lead_no": "XS1"}, names, arrays))
    assert (about, back) == ({"lead_no": "XS1"}, names)
    for one, other in zip(arrays, numbers, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


def test_what_is_not_whole_is_not_read() -> None:
    stored = pack({}, ["YG001"], [np.array([0.1])])
    with pytest.raises(ValueError, match="damaged"):
        unpack(stored[:-5])


# -- policies ---------------------------------------------------------------------------------------------------------
@settings(deadline=None)  # a busy machine is no bug
@given(markets, st.floats(0, 1))
def test_a_new_weight_leaves_the_proportions_of_the_others(market: Market, weight: float) -> None:
    policy = market.policy
    after = policy.reweighted(policy.version + 1, {"deal_band": weight})
    by_name = {each.name: each.weight for each in after.dimensions}
    assert by_name["deal_band"] == weight
    assert math.fsum(by_name.values()) == pytest.approx(1.0)
    first, second = policy.dimensions[0].weight, policy.dimensions[1].weight
    assert by_name["region_heat"] * second == pytest.approx(by_name["industry_fit"] * first)


def test_the_default_policy_has_the_seven_factors() -> None:
    assert [each.name for each in default_policy().dimensions] == [
        "region_heat", "industry_fit", "deal_band", "pending_load", "overdue_tasks", "deals_this_week",
        "response_record",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"warmth": 0.9}, id="sums to less than one"),
        pytest.param({"warmth": 1.5, "record": -0.5}, id="a negative weight"),
        pytest.param({}, id="no dimension at all"),
    ],
)
def test_a_policy_that_does_not_add_up_is_refused(wrong: dict[str, float]) -> None:
    rows = tuple(Dimension(name=name, fact=name, weight=weight) for name, weight in wrong.items())
    with pytest.raises(ValueError, match="weights"):
        Policy(version=1, dimensions=rows)


def test_one_name_is_one_dimension_and_left_is_left() -> None:
    half = replace(ONE_FACT.dimensions[0], weight=0.5)
    with pytest.raises(ValueError, match="named twice"):
        replace(ONE_FACT, dimensions=(half, half))
    with pytest.raises(ValueError, match="waived"):
        replace(ONE_FACT, waived=frozenset({Reason.LEFT}))
    with pytest.raises(KeyError, match="nothing"):
        ONE_FACT.reweighted(2, {"nothing": 0.5})
    with pytest.raises(ValueError, match="sum to 1"):
        ONE_FACT.reweighted(2, {"warmth": 0.5})


@given(st.floats(-100, 100))
def test_a_scale_gives_one_number_and_many_the_same(fact: float) -> None:
    for scale in (Scale(low=0, high=3), Scale(low=1, high=0), *(Scale(kind, width=2.5) for kind in ScaleKind)):
        factor = scale.of(fact)
        assert 0 <= factor <= 1
        assert scale.apply(np.array([fact]))[0] == pytest.approx(factor, abs=1e-12)
        assert np.isnan(scale.apply(np.array([math.nan]))[0])
