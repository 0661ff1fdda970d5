"""Reading what people type behind 权重: `行业 0.3 区域 20%`, `新增 客户复工进度 0.1`, `上限 于丽娟 15`, `还原`.

A sentence that is not understood to its last word is asked about, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.domain.leads.dimension_names import NAMES, shown_name
from bot.domain.leads.rule_changes import (
    EVEN,
    HIGH_EVEN,
    POOL,
    PRICE_SHARE,
    REMIND,
    RESPOND,
    TELL_MANAGER,
    Change,
    Minutes,
    Weights,
    changed,
)
from bot.domain.leads.rule_dimensions import read_added, read_removed
from bot.domain.leads.rule_known import LONGEST_NAME, Known, dimension_names, present, too_much
from bot.domain.leads.rule_limits import (
    BELOW_ZERO,
    CHANGE,
    evening_of,
    in_bounds,
    minutes_said,
    read_across,
    read_capacity,
    read_duty,
    read_off_duty,
    read_on_leave,
    read_price_share,
    read_remind,
    times_of,
)
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.shares import SHARE, read_share
from bot.domain.text import clean, fold
from bot.errors import BadSyntax

EXAMPLES = (
    "权重 行业 0.3",
    "权重 行业 0.3 区域 20%",
    "权重 新增 客户复工进度 0.1",
    "权重 删除 客户复工进度",
    "权重 上限 15（或：上限 姓名 15、姓名 0 暂停、姓名 默认）",
    "权重 值班 9:00-18:00 工作日（或：值班 取消）",
    "权重 响应 30分钟",
    "权重 提醒 20分钟",
    "权重 跨区 允许（或：不允许）",
    "权重 休假 不派（或：照常派）",
    "权重 通知经理 2次",
    "权重 公海 3次",
    "权重 均衡 0.1（高意向均衡 0.5、预留名额 85% 也这样写）",
    "权重 还原",
)


def read_change(words: str, rules: LeadRules, known: Known) -> tuple[Change, LeadRules]:
    """The change, and the rules after it.

    Raises:
        BadSyntax: not understood, not possible, or nothing would change; the sentence says what to type.
    """
    said = clean(words).replace("\u3000", " ")
    verb, _, rest = said.partition(" ")
    how = _VERBS.get(fold(verb))
    change = how(rest.strip(), rules, known) if how else None
    if change is None:
        change = _glued(said, rules, known) or _weights(said, rules, known)
    after = changed(rules, change)
    if _same(rules, after):
        raise BadSyntax("规则现在就是这样，不用改。发「权重」可以看现在的规则。")
    return change, after


def _same(before: LeadRules, after: LeadRules) -> bool:
    """But for the version and for digits of a weight that nobody sees."""
    rows = [
        [(round(item.weight, 9), replace(item, weight=0.0)) for item in rules.policy.dimensions]
        for rules in (before, after)
    ]
    rest = replace(after.policy, version=before.version, dimensions=before.policy.dimensions)
    return rows[0] == rows[1] and replace(after, policy=rest) == before


# -- weights ----------------------------------------------------------------------------------------------------------
_JOINT = re.compile(r"[\s,，、;；。]*(?:和|并且?|再?把|将|以及)?[\s,，、;；]*")


def _weights(said: str, rules: LeadRules, known: Known) -> Weights:
    """`行业 0.3 区域 20%`, `把行业权重调到三成`."""
    folded = fold(said)
    names = {fold(alias): name for name in dimension_names(rules) for alias in NAMES.get(name, (name,))}
    any_name = "|".join(re.escape(alias) for alias in sorted(names, key=len, reverse=True))
    pair = re.compile(
        rf"(?P<name>{any_name})的?\s*(?:权重|占比)?\s*[:：=]?\s*{CHANGE}\s*(?P<share>{SHARE})(?=$|[\s,，、;；。和并再把将以])"
    )
    wanted: dict[str, float] = {}
    place = _JOINT.match(folded).end()  # type: ignore[union-attr]
    while place < len(folded):
        match = pair.match(folded, place)
        if match is None:
            raise BadSyntax(_no_such_weight(said[place:], folded[place:], any_name, rules))
        name, share = names[match["name"]], read_share(match["share"])
        if share is None or not 0 <= share <= 1:
            raise BadSyntax(too_much(shown_name(name), match["share"]))
        if name in wanted:
            raise BadSyntax(f"「{shown_name(name)}」写了两次，请只写一次。")
        wanted[name] = share
        place = _JOINT.match(folded, match.end()).end()  # type: ignore[union-attr]
    if not wanted:
        raise BadSyntax(_how_to())
    return Weights(tuple(wanted.items()))


def _no_such_weight(said: str, folded: str, any_name: str, rules: LeadRules) -> str:
    called = re.match(rf"(?:{any_name})", folded)
    if called:
        name = said[: called.end()]
        if BELOW_ZERO.search(folded[called.end() :]):
            return f"「{name}」的权重不能是负数，要在 0 到 1 之间。比如：权重 {name} 0.3，不用它就写 0。"
        return f"「{name}」的权重要改成多少？比如：权重 {name} 0.3，也可以写 30% 或 三成。"
    told = re.match(rf"(\S{{1,{LONGEST_NAME}}}?)\s*{CHANGE}\s*{SHARE}\s*$", folded.partition(",")[0])
    if not told:
        return _how_to()
    name = said[: told.end(1)]
    return f"没有「{name}」这一项，现在有：{present(rules)}。要加新的一项请写：权重 新增 {name} 0.1"


def _how_to() -> str:
    return "没看懂要怎么改线索规则，可以这样写：\n" + "\n".join(EXAMPLES)


def _respond(rest: str, rules: LeadRules, known: Known) -> Change:
    """`响应 30分钟`; `响应 0.2` is the weight of the response record."""
    minutes = minutes_said(rest)
    if minutes is None:
        return _weights(f"响应 {rest}", rules, known)
    return Minutes(RESPOND, in_bounds(minutes, "权重 响应 30分钟"))


_VERBS: Mapping[str, Callable[[str, LeadRules, Known], Change]] = {
    "新增": read_added, "增加": read_added, "添加": read_added, "删除": read_removed, "去掉": read_removed,
    "移除": read_removed, "上限": read_capacity, "值班": read_duty, "值班时间": read_duty, RESPOND: _respond,
    "响应时限": _respond, "响应时间": _respond, REMIND: read_remind, "跨区": read_across, "休假": read_on_leave,
    "请假": read_on_leave, "下班": read_off_duty, TELL_MANAGER: times_of(TELL_MANAGER), POOL: times_of(POOL),
    EVEN: evening_of(EVEN), HIGH_EVEN: evening_of(HIGH_EVEN), "高意向": evening_of(HIGH_EVEN),
    PRICE_SHARE: read_price_share, "抢手让位": read_price_share,
}  # fmt: skip


def _glued(said: str, rules: LeadRules, known: Known) -> Change | None:
    """`上限15`, `值班9:00-18:00`, `响应30分钟`: the blank was left out."""
    folded = fold(said)
    for verb in sorted(_VERBS, key=len, reverse=True):
        if folded.startswith(verb) and re.match(r"\s*[\d:：=改调设]|不?允许", folded[len(verb) :]):
            if verb == RESPOND and minutes_said(said[len(verb) :].strip()) is None:
                return None
            return _VERBS[verb](said[len(verb) :].strip(" :：="), rules, known)
    return None
