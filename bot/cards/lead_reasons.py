"""Why a lead went to somebody, in words a rep understands."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.domain.leads.dimension_names import shown_name
from bot.domain.leads.engine import HIGH_INTENT, LOAD, PRICE, UNKNOWN
from bot.domain.leads.fact_catalogue import BY_NAME, Unit
from bot.domain.leads.values import Contribution, Explanation

_CLEARLY, _HALFWAY = 0.7, 0.45  # a factor above which something suits well, or suits at all
_NEAR, _FEW = 2, 2  # times apart that still count for a rep, and overdue customers that do


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whom and which lead the words are about."""

    whose: str = "你"  #: the rep's name where somebody else reads it
    region: str = ""
    industry: str = ""


def top_reasons(explanation: Explanation, about: About, *, count: int = 3) -> list[str]:
    """What spoke for the rep most, best first; nothing that spoke against them or hardly for them, nothing missing."""
    gave = [line for line in explanation.contributions if line.points > 0]
    spoke_for = [line for line in gave if line.factor is None or line.factor >= _HALFWAY] or gave
    return [factor_words(line, about) for line in sorted(spoke_for, key=lambda line: -line.points)[:count]]


def factor_words(line: Contribution, about: About) -> str:
    """One line of a score as a short clause, without its points: `你擅长建材，匹配 82%`."""
    if line.value is None:
        return f"{shown_name(line.name)}：缺，没有数据"
    say = _WORDS.get(line.name)
    if say is not None:
        return say(line.value, about)
    return f"{about.whose}的{line.name} {fact_value(line.name, line.value)}"


def fact_value(name: str, value: float) -> str:
    """A fact of a dimension that was added, as people say it: `62%`, `3.5 年`."""
    unit = BY_NAME[name].unit if name in BY_NAME else Unit.PLAIN
    match unit:
        case Unit.SHARE:
            return percent(value)
        case Unit.COUNT:
            return f"{value:.0f}"
        case Unit.YEARS:
            return f"{value:.1f} 年"
        case Unit.MINUTES:
            return f"{value:.0f} 分钟"
    return f"{value:.4g}"


def percent(share: float) -> str:
    """`62%`; a digit more below a tenth of what a whole percent could say."""
    return f"{share:.0%}" if share >= 0.1 or round(share * 100) == share * 100 else f"{share:.1%}".replace(".0%", "%")


def _region(heat: float, about: About) -> str:
    region = about.region or "这个区域"
    if heat >= _CLEARLY:
        return f"{about.whose}的客户就在{region}一带，热度 {percent(heat)}"
    if heat >= _HALFWAY:
        return f"{about.whose}有一部分客户在{region}一带，热度 {percent(heat)}"
    return f"{about.whose}在{region}一带客户不多，热度 {percent(heat)}"


def _industry(fit: float, about: About) -> str:
    industry = f"{about.industry}行业" if about.industry else "这个行业"
    if fit >= _CLEARLY:
        return f"{about.whose}在{industry}成单多，匹配 {percent(fit)}"
    if fit >= _HALFWAY:
        return f"{about.whose}擅长{industry}，匹配 {percent(fit)}"
    return f"{industry}不是{about.whose}的强项，匹配 {percent(fit)}"


def _deal(apart: float, about: About) -> str:
    times = math.exp(apart)
    if times < 1.35:
        return f"预估金额和{about.whose}常做的单子差不多"
    if times < _NEAR:
        return f"预估金额离{about.whose}常做的单子不远，差 {times:.1f} 倍"
    return f"预估金额和{about.whose}常做的单子差 {times:.1f} 倍"


def _pending(share: float, about: About) -> str:
    if not share:
        return f"{about.whose}手上没有在跟的线索"
    return f"{about.whose}手上的线索占上限的 {percent(share)}"


def _overdue(count: float, about: About) -> str:
    if not count:
        return f"{about.whose}没有逾期未跟进的客户"
    if count <= _FEW:
        return f"{about.whose}只有 {count:.0f} 个逾期未跟进的客户"
    return f"{about.whose}有 {count:.0f} 个逾期未跟进的客户"


def _deals(count: float, about: About) -> str:
    return f"{about.whose}本周成了 {count:.0f} 单" if count else f"{about.whose}本周还没有成单"


def _response(share: float, about: About) -> str:
    return f"{about.whose}首次响应及时率 {percent(share)}"


def _price(_: float, about: About) -> str:
    return f"适合{about.whose}的线索多，留一些名额给更合适的"


def _load(share: float, about: About) -> str:
    return f"派得均匀：{about.whose}手上的线索已占上限的 {percent(share)}"


def _high_intent(share: float, about: About) -> str:
    return f"高意向派得均匀：{about.whose}近一个月拿到的高意向已占上限的 {percent(share)}"


def _unknown(_: float, about: About) -> str:
    return f"{about.whose}还没有可以比较的数据，按中等算"


_WORDS = {
    "region_heat": _region, "industry_fit": _industry, "deal_band": _deal, "pending_load": _pending,
    "overdue_tasks": _overdue, "deals_this_week": _deals, "response_record": _response,
    PRICE: _price, LOAD: _load, HIGH_INTENT: _high_intent, UNKNOWN: _unknown,
}  # fmt: skip
