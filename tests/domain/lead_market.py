"""Reps and leads at random, with facts that are often missing, for the property tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.domain.leads import (
    Dimension,
    Lead,
    Learned,
    Policy,
    Reading,
    Rep,
    Scale,
    ScaleKind,
)

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
REGIONS, INDUSTRIES = ("杭州大区", "宁波大区"), ("软件订阅", "建材")
FACTS = ("overdue_tasks", "deals_this_week", "response_record", "typical_deal_fen")

numbers = st.floats(0, 50)
shares = st.floats(0, 1)
scales = st.one_of(
    st.builds(Scale, st.just(ScaleKind.SPAN), st.floats(0, 1), st.floats(2, 9)),
    st.builds(Scale, st.just(ScaleKind.SPAN), st.floats(2, 9), st.floats(0, 1)),
    st.builds(Scale, st.sampled_from([ScaleKind.HALVING, ScaleKind.BELL]), width=st.floats(0.1, 9)),
)


@st.composite
def reps(draw: st.DrawFn, most: int = 6) -> list[Rep]:
    count = draw(st.integers(1, most))
    turns = draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    return [
        Rep(
            employee_no=f"E{each}",
            regions=frozenset(draw(st.sets(st.sampled_from(REGIONS)))),
            capacity=draw(st.integers(0, 4)),
            pending=draw(st.integers(0, 4)),
            high_intent=draw(st.integers(0, 4)),
            last_turn=turns[each],
            left=draw(st.integers(0, 9)) == 0,
            facts=draw(st.dictionaries(st.sampled_from(FACTS), numbers)),
            tables={
                "region_heat": draw(st.dictionaries(st.sampled_from(REGIONS), shares)),
                "industry_fit": draw(st.dictionaries(st.sampled_from(INDUSTRIES), shares)),
            },
        )
        for each in range(count)
    ]


leads = st.builds(
    Lead,
    lead_no=st.sampled_from(["XS260302001", "XS260302002", "XS260302003"]),
    region=st.sampled_from(["", *REGIONS, "没人的大区"]),
    high_intent=st.booleans(),
    labels=st.dictionaries(st.just("industry"), st.sampled_from([*INDUSTRIES, "没人做的行业"])),
    numbers=st.dictionaries(st.just("amount_fen"), st.floats(0, 1e9)),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Weights of 1..9, divided by their sum; every reading occurs."""
    rows = (
        Dimension(name="region_heat", fact="region_heat", reading=Reading.BY_LABEL, of="region", weight=0),
        Dimension(name="industry_fit", fact="industry_fit", reading=Reading.BY_LABEL, of="industry", weight=0),
        Dimension(name="deal_band", fact="typical_deal_fen", reading=Reading.RATIO, of="amount_fen", weight=0),
        Dimension(name="pending_load", reading=Reading.LOAD, weight=0),
        Dimension(name="overdue_tasks", fact="overdue_tasks", weight=0),
        Dimension(name="unheard_of", fact="unheard_of", weight=0),
    )
    weights = draw(st.lists(st.integers(1, 9), min_size=len(rows), max_size=len(rows)))
    return Policy(
        version=draw(st.integers(1, 99)),
        dimensions=tuple(
            replace(row, weight=weight / sum(weights), scale=draw(scales))
            for row, weight in zip(rows, weights, strict=True)
        ),
        same_region=draw(st.booleans()),
    )


@st.composite
def lessons(draw: st.DrawFn) -> Learned:
    return Learned(
        prices=draw(st.dictionaries(st.sampled_from([f"E{each}" for each in range(6)]), st.floats(0, 0.5))),
        usual_load=draw(st.floats(0.1, 1)),
        usual_high_intent=draw(st.sampled_from([0.0, 0.1, 0.5])),
    )
