"""权重 in words: what people type, what it does to the rules, and that a change reads back to itself."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.directory import Directory
from bot.domain.leads.fact_catalogue import CATALOGUE, Per, dimension_of, new_dimension
from bot.domain.leads.policy import Reading, Scale, default_policy
from bot.domain.leads.rule_changes import (
    AcrossRegions,
    Added,
    Capacity,
    Change,
    Duty,
    Evening,
    Minutes,
    PriceShare,
    Removed,
    Times,
    Waived,
    Weights,
    changed,
    sentence,
)
from bot.domain.leads.rule_dimensions import FactEntry, read_fact
from bot.domain.leads.rule_known import Known, OwnFact, names_of
from bot.domain.leads.rule_words import read_change
from bot.domain.leads.rules import LeadRules, default_rules, rules_from_json, rules_to_json
from bot.domain.leads.values import DutyHours, Reason
from bot.domain.people import Customer, Employee, Role
from bot.errors import BadSyntax


def rep(number: str, name: str, role: Role = Role.REP) -> Employee:
    return Employee(employee_no=number, name=name, role=role, region="杭州大区")


PEOPLE = [
    rep("YG010", "于丽娟"),
    rep("YG011", "李雷"),
    rep("YG012", "李雷"),
    rep("YG003", "陈磊", Role.REGION_MANAGER),
]
CUSTOMERS = [
    Customer(customer_no=f"K{place}", name=f"客户{place}", industry=industry, region=region)
    for place, (industry, region) in enumerate([("建材", "杭州大区"), ("工业", "宁波大区")])
]
OWN = {
    "讲粤语": OwnFact(frozenset({""}), 0.0, 1.0),
    "口碑": OwnFact(frozenset({"建材", "工业"}), 0.0, 80.0),
    "地盘": OwnFact(frozenset({"宁波大区"}), 0.0, 5.0),
    "乱": OwnFact(frozenset({"", "建材"}), 0.0, 5.0),
}
KNOWN = Known(Directory(CUSTOMERS, [], PEOPLE, []), OWN)
RULES = default_rules()
RESTART = dimension_of(CATALOGUE[0], Per.INDUSTRY, weight=0.1)
GROWN = changed(RULES, Added(RESTART))


def read(words: str, rules: LeadRules = RULES) -> tuple[Change, LeadRules]:
    return read_change(words, rules, KNOWN)


def weights(rules: LeadRules) -> dict[str, float]:
    return {item.name: round(item.weight, 6) for item in rules.policy.dimensions}


# -- weights ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "words",
    [
        "行业 0.3", "行业 30%", "行业 ３０％", "行业 ０．３", "行业 三成", "行业 百分之三十", "行业 零点三", "行业0.3",
        "行业 .3", "行业：0.3", "把行业权重调到0.3", "将行业权重改为三成", "行业的权重设成30%",
        "行业匹配度 0.3", "把行业权重调到0.3。",
        "  行业   0.3  ",
    ],
)  # fmt: skip
def test_a_weight_however_it_is_typed(words: str) -> None:
    change, after = read(words)
    assert change == Weights((("industry_fit", 0.3),))
    assert after.version == 2
    assert weights(after) == {
        "region_heat": 0.175, "industry_fit": 0.3, "deal_band": 0.13125, "pending_load": 0.13125,
        "overdue_tasks": 0.0875, "deals_this_week": 0.0875, "response_record": 0.0875,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("行业 0.3 区域 0.2", {"industry_fit": 0.3, "region_heat": 0.2}),
        ("行业0.3，区域两成", {"industry_fit": 0.3, "region_heat": 0.2}),
        ("把行业调到0.3，区域调到0.2", {"industry_fit": 0.3, "region_heat": 0.2}),
        ("行业 0.3 和 区域 0.2", {"industry_fit": 0.3, "region_heat": 0.2}),
        ("响应 0.2", {"response_record": 0.2}),
        ("响应0.2 逾期 0", {"response_record": 0.2, "overdue_tasks": 0.0}),
        ("本周成单 三成五", {"deals_this_week": 0.35}),
        ("成交带宽 一半", {"deal_band": 0.5}),
        ("负荷 1", {"pending_load": 1.0}),
    ],
)
def test_several_weights_at_once(words: str, wanted: dict[str, float]) -> None:
    change, after = read(words)
    assert change == Weights(tuple(wanted.items()))
    assert math.isclose(sum(weights(after).values()), 1, abs_tol=1e-5)
    assert {name: weights(after)[name] for name in wanted} == wanted


def test_a_dimension_that_was_added_is_weighed_by_its_name() -> None:
    change, after = read("客户复工进度 0.2", GROWN)
    assert change == Weights((("客户复工进度", 0.2),))
    assert after.version == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("行业 0.7 区域 0.5", "加起来是 120%，超过 100%"),
        ("行业 30", "是想写 30% 吗"),
        ("行业 -0.3", "不能是负数"),
        ("行业", "要改成多少"),
        ("行业 0.3 行业 0.4", "写了两次"),
        ("行业 0.3 天气 0.2", "没有「天气」这一项，现在有：区域、行业、成交带宽"),
        ("天气 0.3", "权重 新增 天气 0.1"),
        ("行业 0.3 谢谢", "可以这样写"),
        ("乱七八糟", "可以这样写"),
        ("", "可以这样写"),
        ("行业 0.2", "现在就是这样"),
        ("区域 0.2 行业 0.2 成交带宽 0.15 待跟进 0.15 逾期 0.1 本周成单 0.1 响应 0.05", "加起来只有 95%"),
    ],
)
def test_weights_that_can_not_be(words: str, says: str) -> None:
    with pytest.raises(BadSyntax, match=says):
        read(words)


def test_where_the_others_have_nothing_the_rest_can_not_be_shared() -> None:
    _, alone = read("行业 1")
    with pytest.raises(BadSyntax, match="其他项的权重都是 0"):
        read("行业 0.5", alone)


# -- dimensions -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "dimension"),
    [
        ("新增 客户复工进度 0.1", RESTART),
        ("新增 客户复工进度 一成 按行业 越高越好 范围 0-100", RESTART),
        ("增加 客户复工进度 按区域 10%", dimension_of(CATALOGUE[0], Per.REGION, weight=0.1)),
        ("新增 客户复工进度 权重 0.1 按业务员", dimension_of(CATALOGUE[0], Per.REP, weight=0.1)),
        ("新增 近30天拜访次数 0.2 范围 0-50",
         new_dimension("近30天拜访次数", "visits_in_30_days", Per.REP, scale=Scale(low=0, high=50), weight=0.2)),
        ("新增 在手客户数 0.2",
         new_dimension("在手客户数", "own_customers", Per.REP, scale=Scale(low=100, high=0), weight=0.2)),
        ("新增 在手客户数 0.2 越多越好",
         new_dimension("在手客户数", "own_customers", Per.REP, scale=Scale(low=0, high=100), weight=0.2)),
        ("新增 讲粤语 0.2", new_dimension("讲粤语", "讲粤语", Per.REP, scale=Scale(), weight=0.2)),
        ("新增 口碑 0.2 越低越好",
         new_dimension("口碑", "口碑", Per.INDUSTRY, scale=Scale(low=100, high=0), weight=0.2)),
        ("新增 地盘 0.2 范围 1～5",
         new_dimension("地盘", "地盘", Per.REGION, scale=Scale(low=1, high=5), weight=0.2)),
    ],
)  # fmt: skip
def test_a_new_dimension_is_a_row(words: str, dimension: object) -> None:
    change, after = read(words)
    assert change == Added(dimension)  # type: ignore[arg-type]
    assert after.policy.dimensions[-1] == dimension
    assert sum(weights(after).values()) == pytest.approx(1, abs=1e-5)
    assert weights(after)["region_heat"] == pytest.approx(0.2 * (1 - after.policy.dimensions[-1].weight))


def test_a_dimension_that_came_with_the_product_can_go_and_come_back() -> None:
    removed, without = read("删除 行业")
    assert removed == Removed("industry_fit")
    assert weights(without)["region_heat"] == pytest.approx(0.25)
    _, again = read("新增 行业 0.2", without)
    assert weights(again) == pytest.approx(weights(RULES))
    assert again.policy.dimensions[-1] == default_policy().dimensions[1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("新增 天气 0.1", "还没有「天气」的数据"),
        ("新增 天气 0.1", "客户复工进度：之前 60 天"),
        ("新增 天气 0.1", "权重 数据 天气 于丽娟 0.8"),
        ("新增 天气 0.1", "线索指标.csv"),
        ("新增 客户复工进度", "没看懂要加什么"),
        ("新增 客户复工进度 20", "0 到 1 之间，是想写 20%"),
        ("新增 赢单率 0.1 按行业", "只能按业务员，不能按行业"),
        ("新增 口碑 0.1 按区域", "数据是按行业给的"),
        ("新增 乱 0.1", "中的一种"),
        ("新增 行业 0.1", "已经在用了，改权重请写：权重 行业 10%"),
        ("新增 赢单率 0.1 范围 5-5", "从小到大"),
        ("删除 天气", "没有「天气」这一项"),
        ("删除", "删除哪一项"),
    ],
)
def test_dimensions_that_can_not_be(words: str, says: str) -> None:
    with pytest.raises(BadSyntax, match=says):
        read(words)


def test_the_last_dimension_that_counts_stays() -> None:
    _, alone = read("行业 1")
    with pytest.raises(BadSyntax, match="没有起作用的项"):
        read("删除 行业", alone)


# -- the other rules --------------------------------------------------------------------------------------------------
HOURS = DutyHours(time(9), time(18))


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("上限 15", Capacity(15)),
        ("上限15", Capacity(15)),
        ("上限 调到 十五 条", Capacity(15)),
        ("上限 于丽娟 15", Capacity(15, "YG010")),
        ("上限 yg010 15", Capacity(15, "YG010")),
        ("上限 于丽娟 0", Capacity(0, "YG010")),
        ("上限 于丽娟 暂停", Capacity(0, "YG010")),
        ("值班 9:00-18:00", Duty(HOURS)),
        ("值班 9:00-18:00 工作日", Duty(HOURS)),
        ("值班 ９：００－１８：００", Duty(HOURS)),
        ("值班 九点到下午六点", Duty(HOURS)),
        ("值班 9点至18点 每天", Duty(DutyHours(time(9), time(18), workdays_only=False))),
        ("值班 于丽娟 22:00-6:00 每天", Duty(DutyHours(time(22), time(6), workdays_only=False), "YG010")),
        ("值班 8:30-24:00", Duty(DutyHours(time(8, 30), time(0)))),
        ("值班 八点半到十二点", Duty(DutyHours(time(8, 30), time(12)))),
        ("值班 于丽娟 9:00-18:00", Duty(HOURS, "YG010")),
        ("响应 45分钟", Minutes("响应", 45)),
        ("响应 1小时", Minutes("响应", 60)),
        ("响应时限 半小时 ", None),
        ("响应 40", Minutes("响应", 40)),
        ("提醒 15分钟", Minutes("提醒", 15)),
        ("提醒 调到 一刻", None),
        ("通知经理 3次", Times("通知经理", 3)),
        ("公海 五次", Times("公海", 5)),
        ("跨区 允许", AcrossRegions(True)),
        ("休假 照常派", Waived(Reason.ON_LEAVE, True)),
        ("下班 照常派", Waived(Reason.OFF_DUTY, True)),
        ("均衡 0.2", Evening("均衡", 0.2)),
        ("高意向均衡 1", Evening("高意向均衡", 1.0)),
        ("高意向 0.3", Evening("高意向均衡", 0.3)),
        ("预留名额 50%", PriceShare(0.5)),
        ("抢手让位 50%", PriceShare(0.5)),
    ],
)
def test_the_other_rules(words: str, change: Change | None) -> None:
    if change is None:
        with pytest.raises(BadSyntax):
            read(words)
        return
    assert read(words)[0] == change


def test_what_holds_for_one_person_goes_back_to_what_holds_for_all() -> None:
    _, rules = read("上限 于丽娟 5")
    _, rules = read("值班 于丽娟 9:00-18:00", rules)
    assert (rules.capacity_of("YG010"), rules.capacity_of("YG011"), rules.duty_of("YG010")) == (5, 20, HOURS)
    _, rules = read("上限 于丽娟 默认", rules)
    _, rules = read("值班 于丽娟 默认", rules)
    assert replace(rules, policy=RULES.policy) == RULES


def test_somebody_may_be_on_call_when_the_others_are_not() -> None:
    _, rules = read("值班 9:00-18:00")
    _, rules = read("值班 于丽娟 取消", rules)
    assert (rules.duty_of("YG010"), rules.duty_of("YG011")) == (None, HOURS)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("上限", "上限是多少"),
        ("上限 0", "没人接线索了"),
        ("上限 默认", "要写给谁"),
        ("上限 1500", "0 到 500"),
        ("上限 王五 15", "没有叫「王五」的在职销售"),
        ("上限 李雷 15", "有 2 位，请写工号：YG011（杭州大区）、YG012"),
        ("上限 陈磊 15", "是区域经理，不接线索"),
        ("值班 25:00-26:00", "没有这样的时间"),
        ("值班 9:00-9:00", "同一个时间"),
        ("值班 9:00-18:00 周三", "是「工作日」还是「每天」"),
        ("值班", "什么时候值班"),
        ("响应 10分钟", "请先把提醒改早"),
        ("提醒 40分钟", "请先把响应时限改长"),
        ("提醒 0分钟", "1 分钟到"),
        ("响应 三个月", "可以这样写|要改成多少|之间"),
        ("公海 0次", "1 到 20"),
        ("跨区 也许", "没看懂「也许」"),
        ("均衡 很", "0 到 5"),
        ("预留名额 200%", "0% 到 100%"),
        ("上限 -5", "上限要在 0 到 500 之间"),
        ("上限 于丽娟 负五", "上限要在 0 到 500 之间"),
        ("行业 调到 －３０％", "「行业」的权重不能是负数"),
        ("上限 20", "现在就是这样"),
    ],
)
def test_what_is_not_understood_says_what_to_type(words: str, says: str) -> None:
    with pytest.raises(BadSyntax, match=says):
        read(words)


# -- facts of one's own -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "entry"),
    [
        ("讲粤语 于丽娟 0.8", FactEntry("讲粤语", "YG010", "", 0.8)),
        ("口碑 于丽娟 工业 80%", FactEntry("口碑", "YG010", "工业", 0.8)),
        ("考试成绩 YG011 宁波大区 ９２", FactEntry("考试成绩", "YG011", "宁波大区", 92.0)),
    ],
)
def test_a_fact_of_ones_own(words: str, entry: FactEntry) -> None:
    assert read_fact(words, KNOWN) == entry


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "录入数据请写"),
        ("讲粤语 于丽娟", "录入数据请写"),
        ("讲粤语 于丽娟 很好", "不是一个数"),
        ("赢单率 于丽娟 0.8", "系统自己算的"),
        ("行业 于丽娟 0.8", "系统自己算的"),
        ("讲粤语 于丽娟 农业 0.8", "没有「农业」这个行业或区域"),
        ("0.5 于丽娟 0.8", "不能是数"),
        ("讲粤语 李雷 0.8", "请写工号"),
    ],
)
def test_a_fact_that_can_not_be(words: str, says: str) -> None:
    with pytest.raises(BadSyntax, match=says):
        read_fact(words, KNOWN)


# -- read-back --------------------------------------------------------------------------------------------------------
_SHARES = st.integers(1, 9999).map(lambda number: number / 10_000)
_TIMES = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
_HOURS = st.tuples(_TIMES, _TIMES).filter(lambda pair: pair[0] != pair[1])
_WHO = st.sampled_from(["YG010", "YG011", "YG012"])
_DUTY = st.builds(lambda pair, workdays: DutyHours(*pair, workdays_only=workdays), _HOURS, st.booleans())
_SCALES = st.tuples(st.integers(0, 400), st.integers(401, 900), st.booleans()).map(
    lambda ends: Scale(low=ends[0], high=ends[1]) if ends[2] else Scale(low=ends[1], high=ends[0])
)
_CATALOGUE = st.sampled_from([(fact, per) for fact in CATALOGUE[1:2] + CATALOGUE[3:] for per in fact.keys])
_CHANGES = st.one_of(
    st.dictionaries(st.sampled_from([item.name for item in RULES.policy.dimensions]), _SHARES, min_size=1, max_size=1)
    .map(lambda chosen: Weights(tuple(chosen.items()))),
    st.builds(lambda chosen, scale, share: Added(dimension_of(*chosen, scale=scale, weight=share)), _CATALOGUE, _SCALES,
              _SHARES),
    st.builds(Removed, st.sampled_from([item.name for item in RULES.policy.dimensions])),
    st.builds(Capacity, st.integers(1, 500)),
    st.builds(Capacity, st.integers(0, 500), _WHO),
    st.builds(Duty, _DUTY),
    st.builds(Duty, st.none() | _DUTY, _WHO),
    st.builds(Minutes, st.just("响应"), st.integers(21, 2400)),
    st.builds(Minutes, st.just("提醒"), st.integers(1, 29)),
    st.builds(Times, st.sampled_from(["通知经理", "公海"]), st.integers(1, 20)),
    st.builds(AcrossRegions, st.booleans()),
    st.builds(Waived, st.sampled_from([Reason.ON_LEAVE, Reason.OFF_DUTY]), st.booleans()),
    st.builds(Evening, st.sampled_from(["均衡", "高意向均衡"]), _SHARES),
    st.builds(PriceShare, _SHARES),
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(_CHANGES)
def test_a_change_says_itself_and_reads_back_to_the_same_rules(change: Change) -> None:
    said = sentence(change, names_of(PEOPLE))
    if replace(changed(RULES, change), policy=RULES.policy) == RULES and changed(RULES, change).policy == replace(
        RULES.policy, version=2
    ):
        with pytest.raises(BadSyntax, match="现在就是这样"):
            read(said)
        return
    again, after = read(said)
    assert again == change, said
    assert after == changed(RULES, change)
    assert rules_from_json(rules_to_json(after)) == after
    assert math.isclose(math.fsum(item.weight for item in after.policy.dimensions), 1.0, abs_tol=1e-9)


def test_namesakes_are_said_by_number() -> None:
    assert sentence(Capacity(5, "YG010"), names_of(PEOPLE)) == "上限 于丽娟 5"
    assert sentence(Capacity(5, "YG011"), names_of(PEOPLE)) == "上限 YG011 5"


def test_a_dimension_reads_the_lead_by_what_it_is_told_apart_by() -> None:
    assert (RESTART.reading, RESTART.of) == (Reading.BY_LABEL, "industry")
