"""Prices from the leads of a month: who is wanted by more leads than they can have is dear, nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.leads import Lead, Rep, default_policy
from bot.domain.leads.learning import learn_from
from bot.domain.leads.roster import Learned

POLICY = default_policy()


def rep(number: str, region: str = "杭州大区", fit: float = 0.5, **values: object) -> Rep:
    tables = {"industry_fit": {"建材": fit}}
    return Rep(employee_no=number, regions=frozenset({region}), capacity=10, tables=tables, **values)  # type: ignore[arg-type]


def leads(count: int, region: str = "杭州大区") -> list[Lead]:
    return [
        Lead(lead_no=f"{region}{number}", region=region, high_intent=number % 4 == 0, labels={"industry": "建材"})
        for number in range(count)
    ]


def test_the_one_whom_every_lead_suits_best_is_dear() -> None:
    """As much as they suit the leads better: of the factors only trade (0.2) and load (0.15) are known here."""
    learned = learn_from(leads(40), [rep("A", fit=0.9), rep("B"), rep("C")], POLICY)
    assert learned.prices["A"] == pytest.approx((0.9 - 0.5) * 0.2 / 0.35, abs=0.01)
    assert max(learned.prices.get("B", 0.0), learned.prices.get("C", 0.0)) < 0.01
    assert (learned.usual_high_intent, learned.high_intent_per_rep) == (10 / 30, 10 / 3)


def test_leads_count_in_their_own_region_only() -> None:
    """Nobody in Nanjing competes for the leads of Hangzhou; a lead without a region may go to all."""
    learned = learn_from(leads(20, "南京大区"), [rep("A", fit=0.9), rep("N", "南京大区")], POLICY)
    assert "A" not in learned.prices
    assert "A" in learn_from(leads(20, ""), [rep("A", fit=0.9), rep("N", "南京大区")], POLICY).prices


def test_who_left_is_nobodys_competitor() -> None:
    people = [rep("A", fit=0.9, left=True), rep("B"), rep("C")]
    assert "A" not in learn_from(leads(40), people, POLICY).prices


def test_what_somebody_holds_tonight_says_nothing_about_their_price() -> None:
    people = [rep("A", fit=0.9), rep("B")]
    busy = [replace(people[0], pending=9), people[1]]
    assert learn_from(leads(40), busy, POLICY) == learn_from(leads(40), people, POLICY)


def test_lists_that_turn_over_often_are_usually_full_at_most() -> None:
    assert learn_from(leads(90), [rep("A")], POLICY).usual_load == 1.0
    assert learn_from(leads(5), [rep("A")], POLICY).usual_load == 0.5


def test_without_leads_or_people_nothing_is_learned() -> None:
    assert learn_from([], [rep("A")], POLICY) == Learned()
    assert learn_from(leads(3), [], POLICY) == Learned()
