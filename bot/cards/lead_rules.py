"""权重 in plain Chinese, and the card that previews a change of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from bot.actions import Action
from bot.cards.common import moment, plain
from bot.cards.lead_reasons import percent
from bot.domain.leads.dimension_names import shown_name
from bot.domain.leads.fact_catalogue import BY_NAME
from bot.domain.leads.policy import Dimension
from bot.domain.leads.records import LeadRecord
from bot.domain.leads.rule_changes import PRICE_SHARE, duty_words, number_words, per_of, scale_words
from bot.domain.leads.rule_dimensions import FactEntry
from bot.domain.leads.rule_words import EXAMPLES
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.values import Reason
from bot.domain.leads.what_if import Moved, Share, WhatIf
from bot.domain.people import Employee
from bot.messages import Button, Card, Style

Names = Mapping[str, str]  #: 工号 -> name


@dataclass(frozen=True)
class ConfirmRules(Action):
    """Apply the change."""

    name: ClassVar[str] = "leadrules.confirm"
    change_id: str


@dataclass(frozen=True)
class DropRules(Action):
    """Leave the rules as they are."""

    name: ClassVar[str] = "leadrules.drop"
    change_id: str


#: on the buttons, and typed with the number where a client shows none
CONFIRM, DROP = "确认权重", "取消权重"
_FROM_NOW_ON = "确认后马上生效，已经派出的线索不变。"
_ROOM = 990  # bytes beside the number, a line's break as DingTalk writes it: what its card holds in one piece (1 KB)
_BREAK_BYTES = 5

_MEANINGS = {
    "region_heat": "客户离线索所在区域近、在那里占比高",
    "industry_fit": "擅长线索的行业、在那里成单多",
    "deal_band": "预估金额和平时做的单子相近",
    "pending_load": "手上的线索少",
    "overdue_tasks": "没有逾期未跟进的客户",
    "deals_this_week": "本周成单多",
    "response_record": "首次响应及时",
}


# -- the rules as they are --------------------------------------------------------------------------------------------
def rules_text(rules: LeadRules, names: Names, *, may_change: bool, may_try: bool) -> str:
    """All of them; for whoever may, how to change or try."""
    lines = [f"线索派发规则（第 {rules.version} 版）", "", "按这些项打分，分最高的人拿到线索："]
    lines += [f"· {_row(item)}" for item in rules.policy.dimensions]
    lines += ["", *_limits(rules, names), ""]
    if may_change:
        lines += ["要改的话可以这样写，确认前会先按最近 30 天的线索试算：", *EXAMPLES]
    else:
        lines.append("总监和管理员可以改。" + ("你可以试算，比如：权重 试算 行业 0.3" if may_try else ""))
    return "\n".join(lines)


def _row(item: Dimension) -> str:
    if item.name in _MEANINGS:
        return f"{shown_name(item.name)} {_share(item.weight)}：{_MEANINGS[item.name]}"
    meaning = f"（{BY_NAME[item.name].meaning}）" if item.name in BY_NAME else ""
    how = "，".join(part for part in (per_of(item).value, *scale_words(item).split(" ", 1)) if part)
    return f"{item.name} {_share(item.weight)}：{how}{meaning}"


def _share(weight: float) -> str:
    """A weight to a tenth of a percent: `17.5%`."""
    return f"{round(weight * 100, 1):g}%"


def _limits(rules: LeadRules, names: Names) -> list[str]:
    """Everything but the rows, a line each."""
    policy = rules.policy
    own = [f"{names.get(number, number)} {most or '暂停'}" for number, most in rules.capacities.items()]
    hours = [f"{names.get(number, number)} {_duty(duty)}" for number, duty in rules.duties.items()]
    off_duty = "也派给下班的人" if Reason.OFF_DUTY in policy.waived else ""
    return [
        "上限：" + "；".join([f"每人同时最多 {rules.capacity} 条", *own]),
        "值班：" + "；".join(part for part in (_duty(rules.duty), *hours, off_duty) if part),
        f"响应：{rules.respond_minutes} 分钟内（按工作时间），{rules.remind_minutes} 分钟时提醒",
        f"没人接：{rules.tell_manager_after} 人超时通知经理，{rules.pool_after} 人没接进公海",
        f"跨区：{'只派给本区域的人' if policy.same_region else '所有区域的人都可以派'}",
        f"休假：{'请假的人也照常派' if Reason.ON_LEAVE in policy.waived else '请假的人不派'}",
        f"均衡：手上越多扣分越多，力度 {number_words(policy.load.weight)}",
        f"高意向均衡：高意向单独算，近一个月拿到越多扣分越多，力度 {number_words(policy.high_intent.weight)}",
        f"{PRICE_SHARE}：很多线索都适合的人，先给更适合他的线索留着，力度 {percent(policy.price_share)}",
    ]


def _duty(duty: object) -> str:
    said = duty_words(duty)  # type: ignore[arg-type]
    return "全天派" if said == "取消" else said


# -- a change ---------------------------------------------------------------------------------------------------------
def change_number(change_id: int) -> str:
    """What a change is called: QZ12."""
    return f"QZ{change_id}"


def which_change(word: str) -> str:
    return f"是哪次规则变更？请带上卡片上的编号，比如：{word} QZ12。"


def change_card(
    change_id: int, said: str, before: LeadRules, after: LeadRules, names: Names, played: Played, *, restoring: bool
) -> Card:
    """What a change would do, with 确认 and 取消."""
    changed = f"{_difference(said, before, after, names)}\n"
    room = _ROOM - _size(f"{changed}\n{_FROM_NOW_ON}")
    return Card(
        title="还原上一次线索规则，请确认" if restoring else "线索规则变更，请确认",
        body="\n".join([changed, played_text(played, names, room=room), _FROM_NOW_ON]),
        buttons=(
            Button(text=CONFIRM, action=ConfirmRules(str(change_id)), style=Style.PRIMARY),
            Button(text=DROP, action=DropRules(str(change_id))),
        ),
        number=change_number(change_id),
    )


def _size(text: str) -> int:
    """Bytes of a text on DingTalk's card."""
    return len(text.encode()) + text.count("\n") * (_BREAK_BYTES - 1)


def trial_text(said: str, before: LeadRules, after: LeadRules, names: Names, played: Played) -> str:
    """What a change would do, for somebody who may not make it."""
    return "\n".join(["试算（不会生效）", _difference(said, before, after, names), "", played_text(played, names)])


def settled_card(
    title: str, change_id: int, said: str, before: LeadRules, after: LeadRules, names: Names, *, status: str
) -> Card:
    """The same card once it is decided."""
    body = _difference(said, before, after, names)
    return Card(title=title, body=body, status=status, number=change_number(change_id))


def _difference(said: str, before: LeadRules, after: LeadRules, names: Names) -> str:
    lines = [f"改动：{plain(said)}", *_weights_moved(said, before, after)]
    for was_said, will_say in zip(_limits(before, names), _limits(after, names), strict=True):
        if was_said != will_say:
            lines += [f"原来 {plain(was_said)}", f"改为 {plain(will_say)}"]
    old = {item.name: item.weight for item in before.policy.dimensions}
    silent = [shown_name(item.name) for item in after.policy.dimensions if not item.weight and old.get(item.name, 1)]
    if silent:
        lines.append(f"注意：{plain('、'.join(silent))} 的权重变成 0，不再起作用。")
    return "\n".join(lines)


def _weights_moved(said: str, before: LeadRules, after: LeadRules) -> list[str]:
    """The weights that were meant one by one; those that only share what is left, in proportion, in one line."""
    old = {item.name: item for item in before.policy.dimensions}
    new = {item.name: item for item in after.policy.dimensions}
    added = [f"新增 {plain(_row(item))}" for name, item in new.items() if name not in old]
    if said.startswith("新增"):  # the change itself says how it counts
        added = [f"{plain(name)}：{BY_NAME[name].meaning}" for name in new if name not in old and name in BY_NAME]
    gone = [f"{plain(shown_name(name))} {_share(item.weight)} → 去掉" for name, item in old.items() if name not in new]
    moved = [name for name in new if name in old and _row(old[name]) != _row(new[name])]
    rates = {name: round(new[name].weight / old[name].weight, 6) for name in moved if old[name].weight}
    [(usual, count)] = Counter(rates.values()).most_common(1) or [(0.0, 0)]
    along = [name for name in moved if rates.get(name) == usual] if usual and count > 1 else []
    single = [
        f"{plain(shown_name(name))} {_share(old[name].weight)} → {_share(new[name].weight)}"
        for name in moved
        if name not in along
    ]
    rest = "，".join(f"{plain(shown_name(name))} {_share(new[name].weight)}" for name in along)
    return [*added, *gone, *single, *([f"其余按比例改为：{rest}"] if rest else [])]


# -- what it would have done ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Played:
    """The last month's leads, played by the old and by the new rules, and the leads that are named."""

    found: WhatIf
    records: Mapping[str, LeadRecord]


def played_text(played: Played, names: Names, *, room: int | None = None) -> str:
    """What the play says; with less `room` (bytes on a card) fewer leads and people are named."""
    said = _played(played, names)
    for named in range(_NAMED - 1, -1, -1):
        if room is None or _size(said) <= room:
            break
        found = played.found
        fewer = replace(
            found, examples=found.examples[:named], gains=found.gains[: named or 1], loses=found.loses[: named or 1]
        )
        said = _played(replace(played, found=fewer), names)
    return said


_NAMED = 3  # leads and people, at most


def _played(played: Played, names: Names) -> str:
    found = played.found
    if not found.leads:
        return "最近 30 天没有可以试算的线索。"
    was, will = found.before, found.after
    lines = [f"用最近 30 天的 {found.leads} 条线索试算（按现在的人和数据，大家从空手开始）："]
    if not found.moved:
        return "\n".join([*lines, "派给谁都和原来一样。"])
    example = "，比如：" if found.examples else ""
    lines.append(f"{found.moved} 条（{percent(found.moved / found.leads)}）会换人{example}")
    lines += [f"· {_example(item, played.records, names)}" for item in found.examples]
    lines.append(f"平均匹配度（按新规则算） {percent(round(was.match, 3))} → {percent(round(will.match, 3))}")
    lines.append(
        f"不均匀度（基尼系数，0 最匀） 线索 {was.load_gini:.2f} → {will.load_gini:.2f}，"
        f"高意向 {was.high_intent_gini:.2f} → {will.high_intent_gini:.2f}"
    )
    if was.waiting or will.waiting:
        lines.append(f"到月底还没人能接的 {was.waiting} → {will.waiting} 条")
    if found.gains:
        lines.append("多得最多：" + "，".join(_gain(item, names) for item in found.gains))
    if found.loses:
        lines.append("少得最多：" + "，".join(_gain(item, names) for item in found.loses))
    return "\n".join(lines)


def _example(item: Moved, records: Mapping[str, LeadRecord], names: Names) -> str:
    record = records.get(item.lead_no)
    called = f"{plain(record.company)}（{item.lead_no}）" if record and record.company else item.lead_no
    was, will = (plain(names.get(number, number)) or "没人能接" for number in (item.before, item.after))
    return f"{called}{'，高意向' if record and record.high_intent else ''}：{was} → {will}"


def _gain(item: Share, names: Names) -> str:
    return f"{plain(names.get(item.employee_no, item.employee_no))} {item.before} → {item.after} 条"


# -- short sentences --------------------------------------------------------------------------------------------------
APPLIED, DROPPED = "线索规则已生效", "线索规则变更已取消"


def decided(who: Employee, at: datetime, what: str) -> str:
    """`孙若曦 已确认，第 3 版，2月12日 09:30`."""
    return f"{who.name} {what}，{moment(at)}"


def confirmed(version: int) -> str:
    return f"已确认，第 {version} 版"


def not_allowed(*, may_try: bool) -> str:
    if may_try:
        return "只有总监和管理员能改线索规则。你可以先试算，比如：权重 试算 行业 0.3；要改请找他们。"
    return "只有总监和管理员能改线索规则。发「权重」可以看现在的规则；要改请找他们。"


def not_yours() -> str:
    return "这次规则变更不是你发起的，请由发起人确认或取消。"


def already_decided() -> str:
    return "这次规则变更已经处理过了。"


def nothing_to_restore() -> str:
    return "没有可以还原的线索规则变更。"


def restoring(words: str) -> str:
    return f"还原（上一次改的是：{words}）"


def fact_noted(entry: FactEntry, name: str, *, used: bool) -> str:
    label = f"（{entry.label}）" if entry.label else ""
    said = f"记下了：{name} 的{entry.fact}{label}是 {number_words(entry.value)}。"
    return said if used else f"{said}\n要按它派线索请写：权重 新增 {entry.fact} 0.1"


def what_to_try() -> str:
    return "试算什么？比如：权重 试算 行业 0.3"
