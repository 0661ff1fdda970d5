"""Short answers to "what should it be instead?", said on Thursday 12 February 2026."""

from __future__ import annotations

from datetime import date

import pytest

from bot.domain.corrections import Nothing, never_mind, read_amount, read_follow_up

THURSDAY = date(2026, 2, 12)


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("3万", 30_000),
        ("3万5", 35_000),
        ("是12500块吧", 12_500),
        ("八千六", 8_600),
        ("1.5w左右", 15_000),
        ("¥3,000.00", 3_000),
        ("50", 50),
        ("没有", Nothing()),
        ("没有金额", Nothing()),
        ("没定", Nothing()),
        pytest.param("下周三", None, id="a day is no amount"),
        pytest.param("改成3万，周三付", 30_000, id="the day beside it is left out"),
        pytest.param("3万或者5万", None, id="two amounts are none"),
        pytest.param("不知道", None, id="neither is not knowing"),
        pytest.param("-300", 300, id="a dash is a dash"),
    ],
)
def test_amounts(text: str, yuan: object) -> None:
    assert read_amount(text, today=THURSDAY) == yuan


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("后天", date(2026, 2, 14)),
        ("下周三", date(2026, 2, 18)),
        ("改到2月26号吧", date(2026, 2, 26)),
        ("今天", THURSDAY),
        ("不用了", Nothing()),
        ("不跟了", Nothing()),
        pytest.param("周二", date(2026, 2, 17), id="this week's is over, so the coming one"),
        pytest.param("2月1号", None, id="a day that is over"),
        pytest.param("看情况", None, id="vague"),
        pytest.param("周五或者下周三", None, id="two days are none"),
    ],
)
def test_days(text: str, day: object) -> None:
    assert read_follow_up(text, today=THURSDAY) == day


@pytest.mark.parametrize("text", ["算了", "不改了", "算了吧", "取消"])
def test_never_mind(text: str) -> None:
    assert never_mind(text)


@pytest.mark.parametrize("text", ["算了一下要3万", "取消那个订单，改成下周三", "3万"])
def test_an_answer_is_not_never_mind(text: str) -> None:
    assert not never_mind(text)
