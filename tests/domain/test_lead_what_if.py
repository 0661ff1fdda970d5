"""What other rules would have made of a month of leads."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings

from bot.domain.leads import Board, Dimension, DutyHours, Lead, Policy, Reading, Rep, Roster
from bot.domain.leads.what_if import HOLDS, Arrived, Moved, Share, what_if
from tests.domain.lead_market import NOW, Market, markets

SKILL, PLACE = (
    Dimension(name="skill", fact="skill", weight=0.9),
    Dimension(name="place", fact="place", weight=0.1),
)
POLICY = Policy(version=1, dimensions=(SKILL, PLACE), same_region=False)
PEOPLE = [
    Rep(employee_no="E1", facts={"skill": 1.0, "place": 0.0}),
    Rep(employee_no="E2", facts={"skill": 0.0, "place": 1.0}),
]


def board(policy: Policy = POLICY, people: list[Rep] = PEOPLE) -> Board:
    return Board.of(Roster.of(people), policy)


def arriving(*leads: Lead, minutes: float = 60) -> list[Arrived]:
    return [Arrived(lead, NOW + timedelta(minutes=minutes * place)) for place, lead in enumerate(leads)]


@settings(deadline=None)  # a busy machine is no bug
@given(markets)
def test_the_same_rules_move_nobody(market: Market) -> None:
    found = what_if(arriving(*market.leads), market.board, market.board, learned=market.learned)
    assert (found.moved, found.examples, found.gains, found.loses) == (0, (), (), ())
    assert found.before == found.after
    assert found.leads == len(market.leads)


@settings(deadline=None)  # a busy machine is no bug
@given(markets)
def test_every_lead_is_given_or_waits_and_shares_add_up(market: Market) -> None:
    heavier = market.policy.reweighted(market.policy.version + 1, {"pending_load": 0.9})
    leads = arriving(*market.leads)
    found = what_if(leads, market.board, Board.of(Roster.of(market.people), heavier), learned=market.learned)
    assert 0 <= found.moved <= found.leads
    for side in (found.before, found.after):
        assert 0 <= side.waiting <= found.leads
        assert 0 <= side.match <= 1
        assert 0 <= side.load_gini < 1
        assert 0 <= side.high_intent_gini < 1
    moved = sum(abs(share.after - share.before) for share in (*found.gains, *found.loses))
    assert moved <= 2 * found.moved


def test_another_weight_moves_leads_to_who_suits_them_by_it() -> None:
    leads = arriving(Lead(lead_no="XS1"), Lead(lead_no="XS2", high_intent=True), minutes=30 * 24 * 60)
    found = what_if(leads, board(), board(POLICY.reweighted(2, {"skill": 0.1})))
    assert found.moved == 2
    assert found.examples == (Moved("XS2", "E1", "E2"), Moved("XS1", "E1", "E2"))  # high intent is shown first
    assert (found.gains, found.loses) == ((Share("E2", 0, 2),), (Share("E1", 2, 0),))
    assert (found.before.match, found.after.match) == (pytest.approx(0.1), pytest.approx(0.9))
    assert found.before.load_gini == found.after.load_gini == pytest.approx(0.5)
    assert found.before.high_intent_gini == pytest.approx(0.5)


def test_a_lead_fills_a_place_for_two_weeks_and_the_first_that_waits_goes_first() -> None:
    one = [replace(PEOPLE[0], capacity=1)]
    leads = [Arrived(Lead(lead_no=f"XS{place}"), NOW + after) for place, after in enumerate(
        [timedelta(0), timedelta(days=1), HOLDS, 2 * HOLDS]
    )]  # fmt: skip
    # XS0 at once, XS1 waits for its place, XS2 for the place after that, XS3 to the end
    assert what_if(leads, board(people=one), board(people=one)).before.waiting == 1
    two = [replace(PEOPLE[0], capacity=2)]
    found = what_if(leads, board(people=one), board(people=two))
    assert (found.before.waiting, found.after.waiting, found.moved) == (1, 0, 1)
    assert found.examples == (Moved("XS3", "", "E1"),)


def test_a_row_that_was_added_moves_leads_by_their_label() -> None:
    people = [
        replace(PEOPLE[0], tables={"restart": {"工业": 0.0}}),
        replace(PEOPLE[1], tables={"restart": {"工业": 1.0}}),
    ]
    row = Dimension(name="客户复工进度", fact="restart", reading=Reading.BY_LABEL, of="industry", weight=0.9)
    rows = (*(replace(item, weight=item.weight / 10) for item in POLICY.dimensions), row)
    after = replace(POLICY, version=2, dimensions=rows)
    leads = arriving(Lead(lead_no="XS1", labels={"industry": "工业"}), Lead(lead_no="XS2", labels={"industry": "建材"}))
    found = what_if(leads, board(people=people), board(after, people))
    assert found.examples == (Moved("XS1", "E1", "E2"),)


def test_without_leads_there_is_nothing_to_say() -> None:
    found = what_if([], board(), board())
    assert (found.leads, found.moved, found.before.match, found.before.load_gini) == (0, 0, 0.0, 0.0)


def test_duty_hours_are_kept_in_the_play() -> None:
    at_night = datetime.fromisoformat("2026-03-02T02:00+08:00")

    people = [replace(PEOPLE[0], duty=DutyHours(time(9), time(18)))]
    leads = [Arrived(Lead(lead_no="XS1"), at_night), Arrived(Lead(lead_no="XS2"), at_night + timedelta(hours=8))]
    found = what_if(leads, board(people=people), board(people=people))
    assert found.before.waiting == 0  # XS1 went out in the morning, before XS2
    assert what_if(leads[:1], board(people=people), board(people=people)).before.waiting == 1
