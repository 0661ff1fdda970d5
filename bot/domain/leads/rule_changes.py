"""Changes of the lead rules as values: each makes new rules of the old, and says itself in words.

What a change says of itself (`sentence`) reads back to the same change (`rule_words.read_change`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import singledispatch

from bot.domain.leads.dimension_names import shown_name
from bot.domain.leads.fact_catalogue import LABEL, Per
from bot.domain.leads.policy import Charge, Dimension, Reading, ScaleKind, default_policy
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.values import DutyHours, Reason
from bot.errors import BadSyntax

MOST_CAPACITY, MOST_MINUTES, MOST_TIMES = 500, 8 * 60 * 5, 20
Names = Mapping[str, str]  #: 工号 -> what the person is called; who is not in it is called by the number


@dataclass(frozen=True, slots=True)
class Weights:
    """These weights as given, the others share the rest."""

    weights: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Added:
    """One more dimension; the others give up its weight in proportion."""

    dimension: Dimension


@dataclass(frozen=True, slots=True)
class Removed:
    """The others share its weight."""

    name: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many open leads somebody may hold; for everybody without a `employee_no`."""

    number: int | None  #: None: as everybody
    employee_no: str = ""


@dataclass(frozen=True, slots=True)
class Duty:
    """When leads are given to somebody."""

    hours: DutyHours | None  #: None: round the clock
    employee_no: str = ""
    as_everybody: bool = False


@dataclass(frozen=True, slots=True)
class Minutes:
    """Working minutes until something happens: 响应 or 提醒."""

    what: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Times:
    """After so many reps something happens: 通知经理 or 公海."""

    what: str
    count: int


@dataclass(frozen=True, slots=True)
class AcrossRegions:
    allowed: bool


@dataclass(frozen=True, slots=True)
class Waived:
    """Whether reps on leave (休假) or off duty (下班) get leads all the same."""

    reason: Reason
    allowed: bool


@dataclass(frozen=True, slots=True)
class Evening:
    """How strongly leads are spread: 均衡 (all) or 高意向均衡."""

    what: str
    weight: float


@dataclass(frozen=True, slots=True)
class PriceShare:
    """How much of a learned price is charged: 预留名额."""

    share: float


Change = Weights | Added | Removed | Capacity | Duty | Minutes | Times | AcrossRegions | Waived | Evening | PriceShare
WAIVABLE = {Reason.ON_LEAVE: "休假", Reason.OFF_DUTY: "下班"}
RESPOND, REMIND, TELL_MANAGER, POOL, EVEN, HIGH_EVEN = "响应", "提醒", "通知经理", "公海", "均衡", "高意向均衡"
PRICE_SHARE = "预留名额"


# -- new rules of the old ---------------------------------------------------------------------------------------------
def changed(rules: LeadRules, change: Change) -> LeadRules:
    """The next version.

    Raises:
        BadSyntax: it can not be done; the sentence says what to type instead.
    """
    after = _apply(change, rules)
    return replace(after, policy=replace(after.policy, version=rules.version + 1))


@singledispatch
def _apply(change: Change, rules: LeadRules) -> LeadRules:
    raise AssertionError(f"no such change: {change}")


@_apply.register
def _(change: Weights, rules: LeadRules) -> LeadRules:
    wanted = dict(change.weights)
    total = sum(Decimal(repr(weight)) for weight in wanted.values())
    given = "、".join(f"{shown_name(name)} {percent(weight)}" for name, weight in wanted.items())
    if total > 1:
        raise BadSyntax(
            f"{given}，加起来是 {percent(float(total))}，超过 100% 了。所有项的权重合计是 100%，请改小一些。"
        )
    others = [item for item in rules.policy.dimensions if item.name not in wanted]
    if total < 1 and not any(item.weight for item in others):
        left = "其他项的权重都是 0，分不了剩下的" if others else "没有别的项来分剩下的"
        raise BadSyntax(f"{given}，加起来只有 {percent(float(total))}，{left}。请让它们加起来等于 100%。")
    return replace(rules, policy=rules.policy.reweighted(rules.version, wanted))


@_apply.register
def _(change: Added, rules: LeadRules) -> LeadRules:
    dimension, policy = change.dimension, rules.policy
    if any(item.name == dimension.name for item in policy.dimensions):
        name = shown_name(dimension.name)
        raise BadSyntax(f"「{name}」已经在用了，改权重请写：权重 {name} {percent(dimension.weight)}")
    kept = 1.0 - dimension.weight
    rows = [replace(item, weight=item.weight * kept) for item in policy.dimensions]
    return replace(rules, policy=replace(policy, dimensions=(*rows, dimension)))


@_apply.register
def _(change: Removed, rules: LeadRules) -> LeadRules:
    policy, gone = rules.policy, change.name
    rest = sum(item.weight for item in policy.dimensions if item.name != gone)
    if rest <= 0:
        raise BadSyntax(f"去掉「{shown_name(gone)}」以后就没有起作用的项了，请先给别的项分权重。")
    without = policy.reweighted(rules.version, {gone: 0.0})
    return replace(
        rules, policy=replace(without, dimensions=tuple(item for item in without.dimensions if item.name != gone))
    )


@_apply.register
def _(change: Capacity, rules: LeadRules) -> LeadRules:
    if not change.employee_no:
        if change.number is None:
            raise BadSyntax("上限要写个数，比如：权重 上限 20。")
        return replace(rules, capacity=change.number)
    others = {number: most for number, most in rules.capacities.items() if number != change.employee_no}
    own = {} if change.number is None else {change.employee_no: change.number}
    return replace(rules, capacities=others | own)


@_apply.register
def _(change: Duty, rules: LeadRules) -> LeadRules:
    if not change.employee_no:
        return replace(rules, duty=change.hours)
    others = {number: hours for number, hours in rules.duties.items() if number != change.employee_no}
    own = {} if change.as_everybody else {change.employee_no: change.hours}
    return replace(rules, duties=others | own)


@_apply.register
def _(change: Minutes, rules: LeadRules) -> LeadRules:
    if change.what == RESPOND:
        after = replace(rules, respond_minutes=change.minutes)
    else:
        after = replace(rules, remind_minutes=change.minutes)
    if after.remind_minutes >= after.respond_minutes:
        raise BadSyntax(
            f"提醒（{after.remind_minutes} 分钟）要早于响应时限（{after.respond_minutes} 分钟）。"
            + ("请先把响应时限改长。" if change.what == REMIND else "请先把提醒改早，比如：权重 提醒 5分钟。")
        )
    return after


@_apply.register
def _(change: Times, rules: LeadRules) -> LeadRules:
    if change.what == TELL_MANAGER:
        return replace(rules, tell_manager_after=change.count)
    return replace(rules, pool_after=change.count)


@_apply.register
def _(change: AcrossRegions, rules: LeadRules) -> LeadRules:
    return replace(rules, policy=replace(rules.policy, same_region=not change.allowed))


@_apply.register
def _(change: Waived, rules: LeadRules) -> LeadRules:
    waived = rules.policy.waived | {change.reason} if change.allowed else rules.policy.waived - {change.reason}
    return replace(rules, policy=replace(rules.policy, waived=waived))


@_apply.register
def _(change: Evening, rules: LeadRules) -> LeadRules:
    policy = rules.policy
    if change.what == HIGH_EVEN:
        return replace(rules, policy=replace(policy, high_intent=Charge(change.weight, policy.high_intent.power)))
    return replace(rules, policy=replace(policy, load=Charge(change.weight, policy.load.power)))


@_apply.register
def _(change: PriceShare, rules: LeadRules) -> LeadRules:
    return replace(rules, policy=replace(rules.policy, price_share=change.share))


# -- a change in words ------------------------------------------------------------------------------------------------
def sentence(change: Change, names: Names) -> str:
    """What is typed behind 权重 to make this change, written out in full."""
    match change:
        case Weights(weights):
            return "，".join(f"{shown_name(name)} {percent(weight)}" for name, weight in weights)
        case Added(dimension):
            return f"新增 {dimension_words(dimension)}"
        case Removed(name):
            return f"删除 {shown_name(name)}"
        case Capacity(number, employee_no):
            return _of("上限", employee_no, "默认" if number is None else str(number), names)
        case Duty(hours, employee_no, as_everybody):
            return _of("值班", employee_no, "默认" if as_everybody else duty_words(hours), names)
        case Minutes(what, minutes):
            return f"{what} {minutes}分钟"
        case Times(what, count):
            return f"{what} {count}次"
        case AcrossRegions(allowed):
            return f"跨区 {'允许' if allowed else '不允许'}"
        case Waived(reason, allowed):
            return f"{WAIVABLE[reason]} {'照常派' if allowed else '不派'}"
        case Evening(what, weight):
            return f"{what} {number_words(weight)}"
        case PriceShare(share):
            return f"{PRICE_SHARE} {percent(share)}"


def _of(word: str, employee_no: str, what: str, names: Names) -> str:
    return " ".join(part for part in (word, employee_no and names.get(employee_no, employee_no), what) if part)


def dimension_words(dimension: Dimension) -> str:
    """`客户复工进度 10% 按行业 越高越好 范围 0-1`; what comes with the product needs no more than its weight."""
    words = f"{shown_name(dimension.name)} {percent(dimension.weight)}"
    if any(replace(item, weight=dimension.weight) == dimension for item in default_policy().dimensions):
        return words
    return f"{words} {per_of(dimension).value} {scale_words(dimension)}"


def per_of(dimension: Dimension) -> Per:
    if dimension.reading is not Reading.BY_LABEL:
        return Per.REP
    return next(per for per, label in LABEL.items() if label == dimension.of)


def scale_words(dimension: Dimension) -> str:
    """`越低越好 范围 0-100`; only straight scales can be typed."""
    scale = dimension.scale
    if scale.kind is not ScaleKind.SPAN:
        return ""
    low, high = sorted((scale.low, scale.high))
    better = "越高越好" if scale.low < scale.high else "越低越好"
    return f"{better} 范围 {number_words(low)}-{number_words(high)}"


def duty_words(hours: DutyHours | None) -> str:
    if hours is None:
        return "取消"
    days = "工作日" if hours.workdays_only else "每天"
    return f"{hours.start:%H:%M}-{hours.end:%H:%M} {days}"


def percent(share: float) -> str:
    """`30%`, with all its digits: what is shown reads back to the same number."""
    return f"{(Decimal(repr(share)) * 100).normalize():f}%"


def number_words(number: float) -> str:
    """Without exponent and without a needless `.0`."""
    return f"{Decimal(repr(number)).normalize():f}"
