"""Conditions of a flow's step: read from words, said again, decided, stored."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    ConditionSyntax,
    ContractFacts,
    Fact,
    Flag,
    Not,
    Op,
    condition_from_json,
    condition_to_json,
    holds,
    parse_condition,
    sentence,
)
from bot.domain.text import clean
from bot.errors import BadInput

FACTS = ContractFacts(
    amount_fen=30_000_000,
    discount=Decimal("0.88"),
    discount_floor=Decimal("0.85"),
    months=12,
    kind="新签",
    industry="建材",
    region="华东",
    nonstandard=False,
    overdue_fen=0,
)
LARGE = Compare(Fact.AMOUNT, Op.GE, 50_000_000)
CHEAP = Compare(Fact.DISCOUNT, Op.LT, Fact.DISCOUNT_FLOOR)
SCHOOL = Compare(Fact.INDUSTRY, Op.NE, "教育")


def months(op: Op, count: int) -> Compare:
    return Compare(Fact.MONTHS, op, count)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("金额 50万以上", LARGE),
        ("金额>=50万", LARGE),
        ("金额≥５０万元", LARGE),
        ("金额不低于五十万", LARGE),
        ("合同金额至少 500,000 元", LARGE),
        ("金额50W以上", LARGE),
        ("金额 50 万及以上", LARGE),
        ("金额50万（含）以上", LARGE),
        ("金额在50万以上的", LARGE),
        ("金额是50万以上", LARGE),
        ("金额50万以下", Compare(Fact.AMOUNT, Op.LE, 50_000_000)),
        ("金额不超过50万", Compare(Fact.AMOUNT, Op.LE, 50_000_000)),
        ("金额超过1.5亿", Compare(Fact.AMOUNT, Op.GT, 15_000_000_000)),
        ("金额低于两万五", Compare(Fact.AMOUNT, Op.LT, 2_500_000)),
        ("金额不满50万", Compare(Fact.AMOUNT, Op.LT, 50_000_000)),
        ("金额不足12,345.67元", Compare(Fact.AMOUNT, Op.LT, 1_234_567)),
        ("金额等于1000", Compare(Fact.AMOUNT, Op.EQ, 100_000)),
        ("折扣低于 0.85", Compare(Fact.DISCOUNT, Op.LT, Decimal("0.85"))),
        ("折扣低于8.5折", Compare(Fact.DISCOUNT, Op.LT, Decimal("0.85"))),
        ("折扣低于85折", Compare(Fact.DISCOUNT, Op.LT, Decimal("0.85"))),
        ("折扣低于八五折", Compare(Fact.DISCOUNT, Op.LT, Decimal("0.85"))),
        ("折扣低于85%", Compare(Fact.DISCOUNT, Op.LT, Decimal("0.85"))),
        ("折扣 九折以下", Compare(Fact.DISCOUNT, Op.LE, Decimal("0.9"))),
        ("折扣高于.95", Compare(Fact.DISCOUNT, Op.GT, Decimal("0.95"))),
        ("折扣低于底线", CHEAP),
        ("折扣率小于政策底线", CHEAP),
        ("折扣在底线以下", Compare(Fact.DISCOUNT, Op.LE, Fact.DISCOUNT_FLOOR)),
        ("逾期超过金额", Compare(Fact.OVERDUE, Op.GT, Fact.AMOUNT)),
        ("期限超过24个月", months(Op.GT, 24)),
        ("期限两年以上", months(Op.GE, 24)),
        ("期限不足一年半", months(Op.LT, 18)),
        ("期限半年以内", months(Op.LE, 6)),
        ("逾期超过1万", Compare(Fact.OVERDUE, Op.GT, 1_000_000)),
        ("非标", Flag()),
        ("非标合同", Flag()),
        ("标准合同", Not(Flag())),
        ("不是非标", Not(Flag())),
        ("类型是补充协议", Compare(Fact.KIND, Op.EQ, "补充协议")),
        ("行业不是教育", SCHOOL),
        ("行业≠教育", SCHOOL),
        ("行业是建材或工业", Compare(Fact.INDUSTRY, Op.IN, ("建材", "工业"))),
        ("行业是建材、工业、建材", Compare(Fact.INDUSTRY, Op.IN, ("建材", "工业"))),
        ("行业不是建材或工业", Not(Compare(Fact.INDUSTRY, Op.IN, ("建材", "工业")))),
        ("行业是「金额或类型」", Compare(Fact.INDUSTRY, Op.EQ, "金额或类型")),
        ("行业是建材或金额50万以上", AnyOf((Compare(Fact.INDUSTRY, Op.EQ, "建材"), LARGE))),
        ("行业是建材 或 (非标 且 行业不是教育)",
         AnyOf((Compare(Fact.INDUSTRY, Op.EQ, "建材"), AllOf((Flag(), SCHOOL))))),
        ("金额50万以上 或 折扣低于底线", AnyOf((LARGE, CHEAP))),
        ("非标，或者金额50万以上，并且折扣低于底线", AnyOf((Flag(), AllOf((LARGE, CHEAP))))),
        ("（非标或金额50万以上）且折扣低于底线", AllOf((AnyOf((Flag(), LARGE)), CHEAP))),
        ("不满足（非标 且 金额50万以上）", Not(AllOf((Flag(), LARGE)))),
        ("((非标))", Flag()),
        ("总是", ALWAYS),
        ("  ", ALWAYS),
    ],
)  # fmt: skip
def test_words(words: str, meant: Condition) -> None:
    assert parse_condition(words) == meant


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param("金额50万", "金额50万以上、不低于50万", id="no comparison"),
        pytest.param("金额超过五十多万", "「五十多万」不是一个确定的数", id="about fifty"),
        pytest.param("金额大约50万以上", "不是一个确定的数", id="about"),
        pytest.param("金额50万左右", "不是一个确定的数", id="about, behind"),
        pytest.param("金额几十万以上", "不是一个确定的数", id="some tens"),
        pytest.param("金额50万到80万", "不是一个确定的数", id="a range"),
        pytest.param("金额不到50万", "金额低于… 或 金额不超过…", id="不到 may or may not include"),
        pytest.param("金额低于50万以上", "只留一个", id="two comparisons"),
        pytest.param("金额低于", "后面还缺一个数", id="no number"),
        pytest.param("金额超过3个月", "「3个月", id="months of money"),
        pytest.param("金额超过0.001元", "不像一笔金额", id="a tenth of a fen"),
        pytest.param("折扣低于85", "折扣低于0.85", id="85 of what"),
        pytest.param("折扣低于10折", "不像一个折扣", id="ten tenths or one"),
        pytest.param("折扣低于金额", "「折扣」不能和「金额」比", id="rate against money"),
        pytest.param("期限超过90天", "「90天」不是几个月或几年", id="days"),
        pytest.param("期限超过24", "不是几个月或几年", id="24 of what"),
        pytest.param("期限超过1.3个月", "不是整数个月", id="part of a month"),
        pytest.param("行业教育", "行业是教育", id="no 是"),
        pytest.param("行业是", "没有写完", id="no text"),
        pytest.param("50万以上", "「50万以上」没看懂", id="50万 of what"),
        pytest.param("金额50万以上，非标", "用「且」或「或」连接", id="a comma joins nothing"),
        pytest.param("非标 且", "没有写完", id="nothing behind 且"),
        pytest.param("(非标", "括号没有配对", id="bracket left open"),
        pytest.param("非标)", "没看懂", id="bracket never opened"),
        pytest.param("(" * 200 + "非标", "套得太深", id="brackets without end"),
        pytest.param("非标或" * 300, "太长", id="too long"),
        pytest.param("折扣太低的合同要总监看", "「太低的合同要总监」不是一个数", id="prose"),
    ],
)
def test_what_is_not_certain_is_asked(words: str, says: str) -> None:
    with pytest.raises(ConditionSyntax) as caught:
        parse_condition(words)
    assert says in caught.value.sentence


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("金额>=50W", "金额不低于50万元"),
        ("金额<123456", "金额低于123,456元"),
        ("金额<1234.5", "金额低于1,234.50元"),
        ("金额超过1.5亿", "金额超过1.5亿元"),
        ("折扣<9折", "折扣低于0.9"),
        ("期限2年以上", "期限不低于24个月"),
        ("非标 或 金额50万以上 且 折扣低于底线", "非标 或 （金额不低于50万元 且 折扣低于底线）"),
        ("行业不是建材、工业", "行业不是建材或工业"),
        ("", "总是"),
    ],
)
def test_read_back(words: str, said: str) -> None:
    assert sentence(parse_condition(words)) == said


@pytest.mark.parametrize(
    ("words", "facts", "fires"),
    [
        pytest.param("金额30万以上", {}, True, id="以上 includes the number"),
        pytest.param("金额超过30万", {}, False, id="超过 does not"),
        pytest.param("金额30万以下", {}, True, id="以下 includes the number"),
        pytest.param("金额低于30万", {}, False, id="低于 does not"),
        pytest.param("折扣低于底线", {}, False, id="above the floor"),
        pytest.param("折扣低于底线", {"discount": Decimal("0.85")}, False, id="on the floor"),
        pytest.param("折扣低于底线", {"discount": Decimal("0.8499")}, True, id="under the floor"),
        pytest.param("行业是建材或工业", {}, True, id="one of several"),
        pytest.param("行业不是建材或工业", {"industry": "教育"}, True, id="none of several"),
        pytest.param("总是", {"industry": ""}, True, id="always"),
        pytest.param("逾期超过1万", {"overdue_fen": None}, None, id="nobody knows"),
        pytest.param("不满足（逾期超过1万）", {"overdue_fen": None}, None, id="nor its opposite"),
        pytest.param("行业不是教育", {"industry": ""}, None, id="an unknown industry is not another one"),
        pytest.param("逾期超过1万 或 金额30万以上", {"overdue_fen": None}, True, id="one truth is enough for 或"),
        pytest.param("逾期超过1万 或 非标", {"overdue_fen": None}, None, id="a falsehood does not settle 或"),
        pytest.param("逾期超过1万 且 非标", {"overdue_fen": None}, False, id="one falsehood is enough for 且"),
        pytest.param("逾期超过1万 且 金额30万以上", {"overdue_fen": None}, None, id="a truth does not settle 且"),
    ],
)
def test_deciding(words: str, facts: dict[str, Any], fires: bool | None) -> None:
    assert holds(parse_condition(words), replace(FACTS, **facts)) is fires


_texts = st.one_of(
    st.text(min_size=1, max_size=8), st.sampled_from(["建材", "快消终端", "金额", "非标件", "「甲」", "和或", "签的"])
).filter(lambda text: bool(text) and clean(text) == text)
_orders = st.sampled_from([Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ, Op.NE])
_leaves = st.one_of(
    st.builds(Compare, st.sampled_from([Fact.AMOUNT, Fact.OVERDUE]), _orders, st.integers(0, 10**13)),
    st.builds(
        Compare,
        st.sampled_from([Fact.DISCOUNT, Fact.DISCOUNT_FLOOR]),
        _orders,
        st.decimals(Decimal("0.0001"), 1, places=4),
    ),
    st.builds(Compare, st.just(Fact.MONTHS), _orders, st.integers(0, 1200)),
    st.builds(Compare, st.just(Fact.DISCOUNT), _orders, st.just(Fact.DISCOUNT_FLOOR)),
    st.builds(Compare, st.just(Fact.AMOUNT), _orders, st.just(Fact.OVERDUE)),
    st.builds(
        Compare, st.sampled_from([Fact.KIND, Fact.INDUSTRY, Fact.REGION]), st.sampled_from([Op.EQ, Op.NE]), _texts
    ),
    st.builds(
        Compare,
        st.sampled_from([Fact.KIND, Fact.INDUSTRY, Fact.REGION]),
        st.just(Op.IN),
        st.lists(_texts, min_size=2, max_size=3, unique=True).map(tuple),
    ),
    st.just(Flag()),
    st.just(ALWAYS),
)


def _grown(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(AllOf, several), st.builds(AnyOf, several), st.builds(Not, inner))


conditions: st.SearchStrategy[Condition] = st.recursive(_leaves, _grown, max_leaves=6)
facts = st.builds(
    ContractFacts,
    amount_fen=st.integers(0, 10**10),
    discount=st.decimals(Decimal("0.1"), 1, places=2),
    discount_floor=st.sampled_from([Decimal("0.85"), Decimal("0.9")]),
    months=st.integers(1, 60),
    kind=st.sampled_from(["新签", "补充协议", ""]),
    industry=st.sampled_from(["建材", "教育", ""]),
    region=st.sampled_from(["华东", ""]),
    nonstandard=st.booleans(),
    overdue_fen=st.none() | st.integers(0, 10**8),
)


@given(conditions)
def test_what_is_read_back_parses_to_the_same_tree(condition: Condition) -> None:
    assert parse_condition(sentence(condition)) == condition


@given(conditions)
def test_stored_and_read_again(condition: Condition) -> None:
    assert condition_from_json(orjson.loads(orjson.dumps(condition_to_json(condition)))) == condition


@given(conditions, facts)
def test_the_opposite_is_the_opposite(condition: Condition, contract: ContractFacts) -> None:
    verdict = holds(condition, contract)
    assert holds(Not(condition), contract) is (None if verdict is None else not verdict)


@given(conditions, conditions, facts)
def test_de_morgan(one: Condition, other: Condition, contract: ContractFacts) -> None:
    together = holds(Not(AllOf((one, other))), contract)
    assert together is holds(AnyOf((Not(one), Not(other))), contract)


_scraps = st.sampled_from(
    ["金额", "折扣", "底线", "期限", "行业", "是", "不是", "超过", "低于", "以上", "50万", "0.9", "两年", "教育",
     "非标", "且", "或", "、", "（", "）", "「", "」", "的", " ", "多", "总是"]
)  # fmt: skip


@given(st.lists(st.one_of(_scraps, st.text(max_size=2)), max_size=10).map("".join))
def test_any_words_are_a_condition_or_a_sentence_to_the_sender(words: str) -> None:
    try:
        condition = parse_condition(words)
    except ConditionSyntax:
        return
    assert parse_condition(sentence(condition)) == condition


@pytest.mark.parametrize(
    ("fact", "op", "value"),
    [
        (Fact.AMOUNT, Op.GE, -1),
        (Fact.AMOUNT, Op.IN, 5),
        (Fact.AMOUNT, Op.GE, Fact.DISCOUNT),
        (Fact.AMOUNT, Op.GE, Fact.AMOUNT),
        (Fact.DISCOUNT, Op.LT, 1),
        (Fact.DISCOUNT, Op.LT, Decimal("8.5")),
        (Fact.INDUSTRY, Op.LT, "教育"),
        (Fact.INDUSTRY, Op.EQ, " "),
        (Fact.INDUSTRY, Op.IN, ("教育",)),
        (Fact.NONSTANDARD, Op.EQ, True),
    ],
)
def test_comparisons_that_make_no_sense_cannot_be_built(fact: Fact, op: Op, value: Any) -> None:
    with pytest.raises(ValueError):
        Compare(fact, op, value)


@pytest.mark.parametrize(
    "stored", [{}, {"flag": "colour"}, {"fact": "discount", "op": "<", "value": "cheap"}, {"all": 3}]
)
def test_a_stored_condition_that_is_none_is_refused(stored: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        condition_from_json(stored)
