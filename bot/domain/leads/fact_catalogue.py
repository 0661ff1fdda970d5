"""Facts that a company may make a dimension of its own from: named in chat, no code needed.

How each is read from the records stands in `store/lead_facts.py`; facts of its own (权重 数据) come besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.leads.policy import Dimension, Reading, Scale


class Per(StrEnum):
    """What a fact is told apart by, as people type it."""

    REP = "按业务员"  # one number for each rep
    INDUSTRY = "按行业"  # of the lead
    REGION = "按区域"  # of the lead


LABEL = {Per.INDUSTRY: "industry", Per.REGION: "region"}  #: the lead's label that a table is read by


class Unit(StrEnum):
    """How a number of a fact is said."""

    SHARE = "share"  # 0..1, said in percent
    COUNT = "count"
    YEARS = "years"
    MINUTES = "minutes"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueFact:
    """One fact by name. `keys` says under which name reps carry it, for each way in which it can be told apart."""

    name: str
    keys: Mapping[Per, str]  #: the first is the usual way
    scale: Scale
    unit: Unit
    meaning: str  #: one short sentence for people

    @property
    def usual(self) -> Per:
        return next(iter(self.keys))


CATALOGUE: tuple[CatalogueFact, ...] = (
    CatalogueFact(
        name="客户复工进度",
        keys={Per.INDUSTRY: "restart_by_industry", Per.REGION: "restart_by_region", Per.REP: "restart"},
        scale=Scale(low=0, high=1),
        unit=Unit.SHARE,
        meaning="之前 60 天下过单的客户里，最近 14 天又下单的占几成",
    ),
    CatalogueFact(
        name="近30天拜访次数",
        keys={Per.REP: "visits_in_30_days"},
        scale=Scale(low=0, high=30),
        unit=Unit.COUNT,
        meaning="最近 30 天记了几次拜访",
    ),
    CatalogueFact(
        name="赢单率",
        keys={Per.REP: "win_rate"},
        scale=Scale(low=0, high=0.4),
        unit=Unit.SHARE,
        meaning="有结果的线索里成交的占几成，线索少时按常见水平折算",
    ),
    CatalogueFact(
        name="入职年限",
        keys={Per.REP: "years_here"},
        scale=Scale(low=0, high=5),
        unit=Unit.YEARS,
        meaning="到今天入职几年",
    ),
    CatalogueFact(
        name="在手客户数",
        keys={Per.REP: "own_customers"},
        scale=Scale(low=100, high=0),
        unit=Unit.COUNT,
        meaning="名下有几家客户，越少越有空",
    ),
    CatalogueFact(
        name="平均响应分钟",
        keys={Per.REP: "response_minutes"},
        scale=Scale(low=60, high=0),
        unit=Unit.MINUTES,
        meaning="最近 90 天首次响应线索平均用了几分钟",
    ),
)
BY_NAME = {fact.name: fact for fact in CATALOGUE}
BY_KEY = {key: fact for fact in CATALOGUE for key in fact.keys.values()}


def dimension_of(fact: CatalogueFact, per: Per, *, scale: Scale | None = None, weight: float) -> Dimension:
    """A row for the policy; named as the fact is.

    Raises:
        KeyError: that fact can not be told apart so.
    """
    return new_dimension(fact.name, fact.keys[per], per, scale=scale or fact.scale, weight=weight)


def new_dimension(name: str, key: str, per: Per, *, scale: Scale, weight: float) -> Dimension:
    reading = Reading.OWN if per is Per.REP else Reading.BY_LABEL
    return Dimension(name=name, fact=key, reading=reading, of=LABEL.get(per, ""), scale=scale, weight=weight)
