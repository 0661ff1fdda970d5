"""Reading `新增 客户复工进度 0.1 按行业 越高越好 范围 0-1`, `删除 …`, and the facts that a company enters itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.domain.leads.dimension_names import NAMES, shown_name
from bot.domain.leads.fact_catalogue import BY_NAME, CATALOGUE, CatalogueFact, Per, Unit, dimension_of, new_dimension
from bot.domain.leads.policy import Dimension, Scale, default_policy
from bot.domain.leads.rule_changes import Added, Removed, percent
from bot.domain.leads.rule_known import LONGEST_NAME, Known, dimension_names, one_rep, present, too_much
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.shares import NUMBER, SHARE, read_number, read_share
from bot.domain.text import clean, fold
from bot.errors import BadSyntax

_PER = re.compile(r"按(业务员|销售|行业|区域|大区|地区)")
_PERS = {"业务员": Per.REP, "销售": Per.REP, "行业": Per.INDUSTRY}
_BETTER = re.compile(r"越(高|大|多|长|低|小|少|短|快|慢)越好")
_RANGE = re.compile(
    rf"范围\s*[:：]?\s*(?P<low>{NUMBER})(?P<low_percent>%?)\s*(?:-|—|~|到|至)+\s*(?P<high>{NUMBER})(?P<high_percent>%?)"
)


def read_added(rest: str, rules: LeadRules, known: Known) -> Added:
    how = f"新的一项请写名称和权重，比如：权重 新增 {CATALOGUE[0].name} 0.1。"
    head = fold(rest)
    per, better, span = _PER.search(head), _BETTER.search(head), _RANGE.search(head)
    bare = head
    for found in (per, better, span):
        if found:
            bare = bare[: found.start()] + " " * (found.end() - found.start()) + bare[found.end() :]
    match = re.fullmatch(rf"\s*(?P<name>\S+?)\s*(?:权重)?\s*(?P<share>{SHARE})[\s,，、。]*", bare)
    if not match:
        raise BadSyntax(f"没看懂要加什么。{how}\n{available(known, rules)}")
    name, share = rest[match.start("name") : match.end("name")], read_share(match["share"])
    if share is None or not 0 < share <= 1:
        raise BadSyntax(too_much(name, match["share"]))
    said_per = (_PERS.get(per[1], Per.REGION)) if per else None
    built_in = _built_in(name)
    if built_in:
        if per or better or span:
            raise BadSyntax(f"「{shown_name(built_in.name)}」是自带的，只要写权重：权重 新增 {name} {percent(share)}")
        return Added(replace(built_in, weight=share))
    dimension = _from_catalogue(name, said_per, share) or _from_own(name, said_per, share, known)
    if dimension is None:
        raise BadSyntax(f"还没有「{name}」的数据。\n{available(known, rules)}\n{how_to_enter(name)}")
    return Added(_scaled(dimension, better, span))


def _built_in(name: str) -> Dimension | None:
    wanted = fold(name)
    return next(
        (item for item in default_policy().dimensions if wanted in (fold(alias) for alias in NAMES[item.name])), None
    )


def _from_catalogue(name: str, per: Per | None, share: float) -> Dimension | None:
    fact = _catalogue_fact(name)
    if fact is None:
        return None
    if per is not None and per not in fact.keys:
        ways = "、".join(way.value for way in fact.keys)
        raise BadSyntax(f"「{fact.name}」只能{ways}，不能{per.value}。")
    return dimension_of(fact, per or fact.usual, weight=share)


def _catalogue_fact(name: str) -> CatalogueFact | None:
    wanted = fold(name)
    return next((fact for fact in CATALOGUE if fold(fact.name) == wanted), None)


def _from_own(name: str, per: Per | None, share: float, known: Known) -> Dimension | None:
    key = next((key for key in known.own_facts if fold(key) == fold(name)), None)
    if key is None:
        return None
    fact = known.own_facts[key]
    told = _per_of_labels(fact.labels, known)
    if told is None or (per is not None and per is not told):
        ways = told.value if told else "按业务员、按行业或按区域中的一种"
        raise BadSyntax(f"「{key}」的数据是{ways}给的。要换一种，请先改数据：{how_to_enter(key)}")
    high = next((round_number for round_number in (1.0, 10.0, 100.0) if fact.most <= round_number), fact.most)
    return new_dimension(key, key, told, scale=Scale(low=min(0.0, fact.least), high=high), weight=share)


def _per_of_labels(labels: frozenset[str], known: Known) -> Per | None:
    if labels == {""}:
        return Per.REP
    if labels <= known.industries:
        return Per.INDUSTRY
    return Per.REGION if labels <= known.regions else None


def _scaled(dimension: Dimension, better: re.Match[str] | None, span: re.Match[str] | None) -> Dimension:
    """Falling or rising as said, between the ends as said, else as usual for that fact."""
    low, high = sorted((dimension.scale.low, dimension.scale.high))
    rises = dimension.scale.low < dimension.scale.high
    if better:
        rises = better[1] in "高大多长快"
    if span:
        low, high = _ends(span, shares=dimension.name in BY_NAME and BY_NAME[dimension.name].unit is Unit.SHARE)
        if low >= high:
            raise BadSyntax("范围要从小到大写，比如：范围 0-100。")
    scale = Scale(low=low, high=high) if rises else Scale(low=high, high=low)
    return replace(dimension, scale=scale)


def _ends(span: re.Match[str], *, shares: bool) -> tuple[float, float]:
    low, high = float(read_number(span["low"]) or 0), float(read_number(span["high"]) or 0)
    in_percent = bool(span["low_percent"] or span["high_percent"]) or (shares and high > 1)
    return (low / 100, high / 100) if in_percent else (low, high)


def read_removed(rest: str, rules: LeadRules, known: Known) -> Removed:
    wanted = fold(rest)
    for name in dimension_names(rules):
        if wanted in (fold(alias) for alias in NAMES.get(name, (name,))):
            return Removed(name)
    raise BadSyntax(
        f"没有「{rest[:LONGEST_NAME]}」这一项，现在有：{present(rules)}。"
        if rest
        else "删除哪一项？比如：权重 删除 区域。"
    )


def available(known: Known, rules: LeadRules) -> str:
    """What a new dimension may be made from."""
    used = set(dimension_names(rules))
    lines = [f"· {fact.name}：{fact.meaning}" for fact in CATALOGUE if fact.name not in used]
    own = [name for name in known.own_facts if name not in used]
    if own:
        lines.append(f"· 自己录入的：{'、'.join(own)}")
    return "可以直接用的有：\n" + "\n".join(lines)


def how_to_enter(name: str) -> str:
    return (
        f"要用自己的数据，先录入再新增，比如：权重 数据 {name} 于丽娟 0.8；"
        f"分行业或区域就写：权重 数据 {name} 于丽娟 工业 0.8。"
        "人多的话导入 线索指标.csv（列：指标,工号,标签,数值）。"
    )


# -- facts of one's own -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class FactEntry:
    """A number for a rep; empty label: whatever the lead is."""

    fact: str
    employee_no: str
    label: str
    value: float


def read_fact(words: str, known: Known) -> FactEntry:
    """`讲粤语 于丽娟 0.8`, `口碑 于丽娟 工业 80%`.

    Raises:
        BadSyntax: not understood; the sentence says what to type.
    """
    parts = clean(words).replace("\u3000", " ").replace(",", " ").replace("，", " ").split()
    if len(parts) not in (3, 4):
        raise BadSyntax(
            "录入数据请写：指标 业务员 [行业或区域] 数值。" + how_to_enter("讲粤语").partition("。")[0] + "。"
        )
    name, who, *labels, said = parts
    check_fact_name(name)
    value = read_share(fold(said))
    if value is None:
        raise BadSyntax(f"「{said[:LONGEST_NAME]}」不是一个数，请写成 0.8、80% 或 80。")
    label = labels[0] if labels else ""
    if label and label not in known.industries | known.regions:
        names = "、".join(sorted(known.industries) + sorted(known.regions))
        raise BadSyntax(f"没有「{label[:LONGEST_NAME]}」这个行业或区域，请写：{names}。")
    spelled = next((key for key in known.own_facts if fold(key) == fold(name)), name)
    return FactEntry(spelled, one_rep(who, known.directory).employee_no, label, value)


def check_fact_name(name: str) -> None:
    """Raises BadSyntax where a company's own fact can not be called so."""
    taken = _built_in(name) is not None or _catalogue_fact(name) is not None
    if taken:
        raise BadSyntax(f"「{name}」是系统自己算的，不用录入。")
    if len(name) > LONGEST_NAME or read_share(fold(name)) is not None:
        raise BadSyntax(f"指标的名字请用 1 到 {LONGEST_NAME} 个字，不能是数。")
