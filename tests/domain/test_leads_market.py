"""What the night learns and what hindsight knows, on a small market of our own."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.leads import (
    Board,
    Dimension,
    History,
    LabelTable,
    Lead,
    Learned,
    Policy,
    Reading,
    Rep,
    Roster,
    Standing,
    assign_in_order,
    gini_per_capacity,
    learn_prices,
)
from bot.domain.leads.optimum import NOBODY, best_assignment
from bot.domain.leads.policy import Floats
from tests.domain.lead_market import NOW

REPS, LEADS = 60, 600
GIVEN_FIT = Policy(
    version=1,
    dimensions=(Dimension(name="fit", fact="fit", reading=Reading.BY_LABEL, of="lead_no", weight=1.0),),
    same_region=False,
)
NUMBERS = tuple(f"E{column:03d}" for column in range(REPS))


def market(seed: int) -> tuple[Floats, Floats]:
    """Half home region, half industry. The reps stay from month to month, the leads do not."""
    company, month = np.random.default_rng(7), np.random.default_rng(seed)
    regions, industries = 8, 10
    away = (company.integers(0, regions, (REPS, 1)) - np.arange(regions)) % regions
    near = 0.4 ** np.minimum(away, regions - away)
    knows = company.beta(0.6, 1.6, (REPS, industries))
    where = month.choice(regions, LEADS, p=np.arange(regions, 0, -1) / 36)
    what = month.integers(0, industries, LEADS)
    return 0.5 * near[:, where].T + 0.5 * knows[:, what].T, np.full(REPS, 12.0)


def history(seed: int) -> History:
    fit, capacity = market(seed)
    high = np.random.default_rng(seed + 1_000).random(LEADS) < 0.4
    return History(employee_nos=NUMBERS, capacity=capacity, fit=fit, high_intent=high)


def result(learned: Learned) -> tuple[float, float, float]:
    """Share of the optimum, Gini of high-intent leads and of all leads per capacity, in a month not learned from."""
    now = history(2)
    people = [Rep(employee_no=number, capacity=12) for number in NUMBERS]
    leads = [Lead(lead_no=str(row), high_intent=bool(high)) for row, high in enumerate(now.high_intent)]
    table = LabelTable({lead.lead_no: row for row, lead in enumerate(leads)}, now.fit)
    board, standing = Board.of(Roster.of(people, {"fit": table}), GIVEN_FIT), Standing.of(people, learned)
    fits = 0.0
    for row, (decision, after) in enumerate(assign_in_order(leads, board, standing, now=NOW)):
        fits, standing = fits + now.fit[row, NUMBERS.index(decision.employee_no)], after
    best = best_assignment(now.fit, now.capacity)
    even = [gini_per_capacity(counts.tolist(), [12] * REPS) for counts in (standing.high_intent, standing.pending)]
    return fits / best.total, *even


def test_prices_of_last_month_come_near_the_best_of_this_month_and_stay_even() -> None:
    share, high, load = result(learn_prices(history(1)))
    assert share >= 0.96
    assert high <= 0.15
    assert load <= 0.15


def test_what_was_learned_pays() -> None:
    learned = learn_prices(history(1))
    unpriced = Learned(usual_load=learned.usual_load, usual_high_intent=learned.usual_high_intent)
    assert result(learned)[0] > result(unpriced)[0] + 0.01


def test_learning_twice_is_learning_the_same() -> None:
    assert learn_prices(history(1), seed=3) == learn_prices(history(1), seed=3)


def test_who_suits_nobody_in_particular_has_no_price() -> None:
    fit = np.full((200, 3), 0.2)
    fit[:, 1] = 0.9
    past = History(
        employee_nos=("E1", "E2", "E3"), capacity=np.full(3, 80.0), fit=fit, high_intent=np.zeros(200, dtype=np.bool_)
    )
    learned = learn_prices(past)
    assert learned.prices["E2"] == pytest.approx(0.7, abs=0.05)  # what they are better than the next
    assert max(learned.prices.get(number, 0) for number in ("E1", "E3")) < 0.05
    assert (learned.usual_load, learned.usual_high_intent) == (pytest.approx(200 / 240), 0.0)


@pytest.mark.parametrize(
    "past",
    [
        pytest.param(History(employee_nos=("E1",), capacity=np.ones(1), fit=np.empty((0, 1)),
                             high_intent=np.empty(0, dtype=np.bool_)), id="no leads yet"),
        pytest.param(History(employee_nos=("E1",), capacity=np.zeros(1), fit=np.ones((1, 1)),
                             high_intent=np.ones(1, dtype=np.bool_)), id="nobody takes any"),
        pytest.param(History(employee_nos=("E1",), capacity=np.ones(1), fit=np.full((1, 1), -np.inf),
                             high_intent=np.ones(1, dtype=np.bool_)), id="nobody could have had one"),
    ],
)  # fmt: skip
def test_nothing_to_learn_from(past: History) -> None:
    assert learn_prices(past) == Learned()


# -- hindsight --------------------------------------------------------------------------------------------------------
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_optimum_is_the_best_of_all_assignments(data: st.DataObject) -> None:
    leads, reps = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    values = st.one_of(st.integers(0, 100).map(lambda each: each / 100), st.just(-np.inf))
    fit = np.array(data.draw(st.lists(values, min_size=leads * reps, max_size=leads * reps))).reshape(leads, reps)
    capacity = np.array(data.draw(st.lists(st.integers(0, 3), min_size=reps, max_size=reps)), dtype=float)
    found = best_assignment(fit, capacity, breadth=data.draw(st.integers(1, 4)))
    placed = [(row, column) for row, column in enumerate(found.winners.tolist()) if column != NOBODY]
    assert (np.bincount([column for _, column in placed], minlength=reps) <= capacity).all()
    assert all(np.isfinite(fit[each]) for each in placed)
    most, best = exhaustive(fit, capacity)
    assert len(placed) == most
    assert found.total <= best + 1e-9
    if found.gap < 1e-3:
        assert found.total == pytest.approx(best, abs=2e-3)


def exhaustive(fit: Floats, capacity: Floats) -> tuple[int, float]:
    """As many as can be placed, and the highest sum of fits among those assignments."""
    best = (0, 0.0)
    for choice in itertools.product(range(-1, fit.shape[1]), repeat=fit.shape[0]):
        placed = [(row, column) for row, column in enumerate(choice) if column >= 0]
        counts = np.bincount([column for _, column in placed], minlength=fit.shape[1])
        total = sum(fit[each] for each in placed)
        if np.isfinite(total) and (counts <= capacity).all():
            best = max(best, (len(placed), float(total)))
    return best


def test_a_proof_names_what_a_worse_assignment_gives_away() -> None:
    fit, capacity = market(2)
    best = best_assignment(fit, capacity)
    assert best.gap < 1e-3
    narrow = best_assignment(fit, capacity, breadth=5)
    assert narrow.total + narrow.gap >= best.total - 1e-3
