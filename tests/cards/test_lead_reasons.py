"""Every line of a score in words."""

from __future__ import annotations

import pytest

from bot.cards.lead_reasons import About, factor_words, top_reasons
from bot.domain.leads import Contribution, Explanation

ABOUT = About(region="杭州大区", industry="建材")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("region_heat", 0.98, "你的客户就在杭州大区一带，热度 98%"),
        ("region_heat", 0.5, "你有一部分客户在杭州大区一带，热度 50%"),
        ("region_heat", 0.072, "你在杭州大区一带客户不多，热度 7.2%"),
        ("industry_fit", 0.82, "你在建材行业成单多，匹配 82%"),
        ("industry_fit", 0.6, "你擅长建材行业，匹配 60%"),
        ("industry_fit", 0.2, "建材行业不是你的强项，匹配 20%"),
        ("deal_band", 0.0, "预估金额和你常做的单子差不多"),
        ("deal_band", 0.5306, "预估金额离你常做的单子不远，差 1.7 倍"),
        ("deal_band", 0.9163, "预估金额和你常做的单子差 2.5 倍"),
        ("pending_load", 0.0, "你手上没有在跟的线索"),
        ("pending_load", 0.25, "你手上的线索占上限的 25%"),
        ("overdue_tasks", 0, "你没有逾期未跟进的客户"),
        ("overdue_tasks", 2, "你只有 2 个逾期未跟进的客户"),
        ("overdue_tasks", 3, "你有 3 个逾期未跟进的客户"),
        ("deals_this_week", 0, "你本周还没有成单"),
        ("deals_this_week", 2, "你本周成了 2 单"),
        ("response_record", 0.85, "你首次响应及时率 85%"),
        ("客户复工进度", 0.625, "你的客户复工进度 62%"),
        ("入职年限", 3.52, "你的入职年限 3.5 年"),
        ("讲粤语", 0.8, "你的讲粤语 0.8"),
        ("load", 0.25, "派得均匀：你手上的线索已占上限的 25%"),
        ("unknown", 0.5, "你还没有可以比较的数据，按中等算"),
        pytest.param("region_heat", None, "区域：缺，没有数据", id="missing"),
    ],
)
def test_a_line_in_words(name: str, value: float | None, words: str) -> None:
    assert factor_words(Contribution(name=name, points=0.1, value=value), ABOUT) == words


def test_the_reasons_are_what_spoke_for_somebody_most() -> None:
    explanation = Explanation(
        0.3,
        (
            Contribution(name="deals_this_week", points=0.05, value=2),
            Contribution(name="region_heat", points=0.0, value=None),
            Contribution(name="industry_fit", points=0.16, value=0.82),
            Contribution(name="overdue_tasks", points=0.1, value=0),
            Contribution(name="response_record", points=0.04, value=0.4),
            Contribution(name="load", points=-0.2, value=0.9),
        ),
    )
    assert top_reasons(explanation, About(whose="李雷", industry="建材")) == [
        "李雷在建材行业成单多，匹配 82%",
        "李雷没有逾期未跟进的客户",
        "李雷本周成了 2 单",
    ]


def test_what_hardly_spoke_for_somebody_is_no_reason() -> None:
    """Bug: 为什么给你：…；你有 6 个逾期未跟进的客户."""
    lines = (
        Contribution(name="region_heat", points=0.2, value=0.98, factor=0.98),
        Contribution(name="industry_fit", points=0.05, value=0.2, factor=0.2),
        Contribution(name="overdue_tasks", points=0.04, value=6, factor=0.25),
    )
    assert top_reasons(Explanation(0.29, lines), ABOUT) == ["你的客户就在杭州大区一带，热度 98%"]
    assert len(top_reasons(Explanation(0.09, lines[1:]), ABOUT)) == 2, "better than none"
