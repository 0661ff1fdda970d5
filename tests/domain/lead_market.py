"""Reps, leads and policies at random, with facts that are often missing, for the property tests.

A market is made from one number: hypothesis drawing each fact apart would spend seconds on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random

from hypothesis import strategies as st

from bot.domain.leads import Board, Dimension, Lead, Learned, Policy, Reading, Rep, Roster, Scale, ScaleKind, Standing

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
REGIONS, INDUSTRIES = ("杭州大区", "宁波大区"), ("软件订阅", "建材")
_SCALES = (
    Scale(low=0, high=3),
    Scale(low=1, high=0),
    Scale(ScaleKind.HALVING, width=2),
    Scale(ScaleKind.BELL, width=1.5),
)
_ROWS = (
    Dimension(name="region_heat", fact="region_heat", reading=Reading.BY_LABEL, of="region", weight=0),
    Dimension(name="industry_fit", fact="industry_fit", reading=Reading.BY_LABEL, of="industry", weight=0),
    Dimension(name="deal_band", fact="typical_deal_fen", reading=Reading.RATIO, of="amount_fen", weight=0),
    Dimension(name="pending_load", reading=Reading.LOAD, weight=0),
    Dimension(name="overdue_tasks", fact="overdue_tasks", weight=0),
    Dimension(name="unheard_of", fact="unheard_of", weight=0),
)


@dataclass(frozen=True, slots=True)
class Market:
    """Up to six reps, a policy, what was learned, and leads; small numbers, so that ties and full lists are common."""

    people: list[Rep]
    policy: Policy
    learned: Learned
    leads: list[Lead]

    @property
    def board(self) -> Board:
        return Board.of(Roster.of(self.people), self.policy)

    @property
    def standing(self) -> Standing:
        return Standing.of(self.people, self.learned)


def market(seed: int) -> Market:
    rng = Random(seed)
    return Market(
        people=[_rep(number, rng) for number in range(rng.randint(1, 6))],
        policy=_policy(rng),
        learned=Learned(
            prices={f"E{number}": rng.choice([0.1, 0.3]) for number in range(6) if rng.random() < 0.4},
            usual_load=rng.uniform(0.1, 1),
            usual_high_intent=rng.choice([0.0, 0.1, 0.5]),
            high_intent_per_rep=rng.choice([0.0, 1.5, 8.0]),
        ),
        leads=[_lead(number, rng) for number in range(rng.randint(1, 25))],
    )


markets = st.integers(0, 2**40).map(market)


def _rep(number: int, rng: Random) -> Rep:
    capacity = rng.randint(0, 4)
    return Rep(
        employee_no=f"E{number}",
        regions=frozenset(name for name in REGIONS if rng.random() < 0.6),
        capacity=capacity,
        pending=rng.randint(0, capacity),
        high_intent=rng.randint(0, 4),
        last_turn=rng.randint(0, 9),
        left=rng.random() < 0.1,
        facts={name: rng.randint(0, 4) for name in ("overdue_tasks", "typical_deal_fen") if rng.random() < 0.6},
        tables={"region_heat": _some(REGIONS, rng), "industry_fit": _some(INDUSTRIES, rng)},
    )


def _lead(number: int, rng: Random) -> Lead:
    return Lead(
        lead_no=f"XS260302{number:03d}",
        region=rng.choice(["", *REGIONS, "没人的大区"]),
        high_intent=rng.random() < 0.5,
        labels={"industry": rng.choice([*INDUSTRIES, "没人做的行业"])} if rng.random() < 0.8 else {},
        numbers={"amount_fen": rng.choice([0.0, 1.0, 5.0])} if rng.random() < 0.8 else {},
    )


def _policy(rng: Random) -> Policy:
    weights = [rng.randint(1, 9) for _ in _ROWS]
    rows = (
        replace(row, weight=weight / sum(weights), scale=rng.choice(_SCALES))
        for row, weight in zip(_ROWS, weights, strict=True)
    )
    return Policy(version=rng.randint(1, 99), dimensions=tuple(rows), same_region=rng.random() < 0.5)


def _some(names: tuple[str, ...], rng: Random) -> dict[str, float]:
    return {name: rng.choice([0.0, 0.5, 1.0]) for name in names if rng.random() < 0.6}
