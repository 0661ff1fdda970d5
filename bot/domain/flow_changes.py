"""Changes of a flow, as pure functions and as typed words: `新增 财务 信用审核 在 1 之后 条件 行业不是教育`.

A change is a new `Flow`; what it does is shown before it applies. Steps are named by the number that 流程 shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.domain.conditions import ALWAYS, parse_condition
from bot.domain.conditions.measures import Measured, read_measure
from bot.domain.conditions.nodes import Scale
from bot.domain.directory import Directory
from bot.domain.flows import CONTRACT, OTHERS, ApproverKind, FlowStep, Mode
from bot.domain.numerals import SMALL, read_numeral, read_small
from bot.domain.people import Employee, Role
from bot.domain.text import clean, fold
from bot.domain.worktime import MINUTES_A_DAY
from bot.errors import BadSyntax

LONGEST_WAIT_DAYS = 60  # of working time
LONGEST_NAME = 20
EXAMPLES = (
    "流程 新增 财务 信用审核 在 1 之后 条件 行业不是教育",
    "流程 条件 3 金额80万以上 或 折扣低于底线",
    "流程 停用 2",
    "流程 启用 2",
    "流程 移动 3 到 2",
    "流程 人数 2 全部（或：任一、2人）",
    "流程 提醒 1 2小时",
    "流程 升级 1 8小时",
    "流程 底线 建材 8.8折",
    "流程 还原",
)


@dataclass(frozen=True, slots=True)
class Flow:
    """Steps in order, positions 1, 2, 3…; the discount floor per industry, "" for all others."""

    steps: tuple[FlowStep, ...]
    floors: Mapping[str, Decimal]


def added(flow: Flow, step: FlowStep, *, after: int) -> Flow:
    """The step behind the one at position `after` (0: first)."""
    return replace(flow, steps=_numbered([*flow.steps[:after], step, *flow.steps[after:]]))


def changed(flow: Flow, step: FlowStep) -> Flow:
    """The step in place of the one at its position."""
    return replace(flow, steps=tuple(step if old.position == step.position else old for old in flow.steps))


def moved(flow: Flow, position: int, *, to: int) -> Flow:
    steps = list(flow.steps)
    steps.insert(to - 1, steps.pop(position - 1))
    return replace(flow, steps=_numbered(steps))


def floor_set(flow: Flow, industry: str, floor: Decimal) -> Flow:
    return replace(flow, floors={**flow.floors, industry: floor})


def _numbered(steps: Iterable[FlowStep]) -> tuple[FlowStep, ...]:
    return tuple(replace(step, position=place) for place, step in enumerate(steps, 1))


# -- words -----------------------------------------------------------------------------------------------------------
def read_change(words: str, flow: Flow, directory: Directory) -> Flow:
    """What the words behind 流程 make of the flow.

    Raises:
        BadSyntax: not understood, or nothing would change; the sentence says what to type.
    """
    verb, _, rest = clean(words).replace("\u3000", " ").partition(" ")
    how = _VERBS.get(verb)
    if how is None:
        raise BadSyntax("没看懂要怎么改流程，可以这样写：\n" + "\n".join(EXAMPLES))
    after = how(rest.strip(), flow, directory)
    if after == flow:
        raise BadSyntax("流程现在就是这样，不用改。")
    return after


_WHERE = re.compile(rf"\s在\s*第?({SMALL})步?\s*之?(后|前)(?=\s|$)|\s在?(最前|最后|开头|末尾)面?(?=\s|$)")
_CONDITION = re.compile(r"\s条件\s*[:：]?(?:\s|$)")
_SPAN = re.compile(r"(?P<number>半|.+?)\s*个?(?P<unit>小时|分钟|分|工作日|天)")
_UNITS = {"小时": 60, "分钟": 1, "分": 1, "工作日": MINUTES_A_DAY, "天": MINUTES_A_DAY}
_HOW_MANY = re.compile(rf"({SMALL})\s*[人位个]?")
_STEP = re.compile(rf"第?({SMALL})步?(?:\s+|$)")


def _add(rest: str, flow: Flow, directory: Directory) -> Flow:
    how = f"新步骤请写：谁来批、叫什么、放在哪一步之后、什么条件。比如：{EXAMPLES[0]}。"
    head, *condition = _CONDITION.split(f" {rest}", maxsplit=1)
    where = _WHERE.search(fold(head))
    who, _, name = (head[: where.start()] + head[where.end() :] if where else head).strip().partition(" ")
    if not who:
        raise BadSyntax(how)
    kind, approver, called = _approver(who, directory)
    name = name.strip() or f"{called}审批"
    if len(name) > LONGEST_NAME:
        raise BadSyntax(f"步骤的名字「{name[:LONGEST_NAME]}…」太长，最多 {LONGEST_NAME} 个字。{how}")
    step = FlowStep(
        flow=flow.steps[0].flow if flow.steps else CONTRACT,
        position=0,
        name=name,
        approver_kind=kind,
        approver=approver,
        condition=parse_condition(condition[0]) if condition else ALWAYS,
    )
    return added(flow, step, after=_place(where, flow))


def _place(where: re.Match[str] | None, flow: Flow) -> int:
    if where is None or where[3] in ("最后", "末尾"):
        return len(flow.steps)
    if where[3]:
        return 0
    return _numbered_step(where[1], flow).position - (where[2] == "前")


def _approver(who: str, directory: Directory) -> tuple[ApproverKind, str, str]:
    """上级, a role, a number or the whole name of somebody who is there."""
    if who == "上级":
        return ApproverKind.SUPERIOR, "", "上级"
    if who in list(Role):
        return ApproverKind.ROLE, Role(who).value, who
    people = named_people(who, directory)
    if len(people) == 1:
        return ApproverKind.PERSON, people[0].employee_no, people[0].name
    if people:
        raise BadSyntax(f"叫「{who}」的有 {len(people)} 位，请写工号：{_numbers(people)}。")
    raise BadSyntax(f"「{who}」不是角色，也不是在职同事。谁来批请写 上级、{'、'.join(Role)}，或同事的姓名、工号。")


def named_people(who: str, directory: Directory) -> list[Employee]:
    """Active employees of that number or exactly that name, by number."""
    wanted = fold(who).strip()
    found = [
        person
        for person in directory.employees()
        if person.active and wanted and wanted in (fold(person.employee_no), fold(person.name).strip())
    ]
    return sorted(found, key=lambda person: person.employee_no)


def _numbers(people: Iterable[Employee]) -> str:
    return "、".join(f"{person.employee_no}（{person.region}{person.role.value}）" for person in people)


def _switch(enabled: bool, rest: str, flow: Flow, directory: Directory) -> Flow:
    step, more = _step(rest, flow, f"流程 {'启用' if enabled else '停用'} 2")
    if more:
        raise BadSyntax(f"请这样写：流程 {'启用' if enabled else '停用'} {step.position}。")
    return changed(flow, replace(step, enabled=enabled))


def _on(rest: str, flow: Flow, directory: Directory) -> Flow:
    return _switch(True, rest, flow, directory)


def _off(rest: str, flow: Flow, directory: Directory) -> Flow:
    return _switch(False, rest, flow, directory)


def _condition(rest: str, flow: Flow, directory: Directory) -> Flow:
    step, more = _step(rest, flow, "流程 条件 3 金额80万以上 或 折扣低于底线")
    if not more:
        example = f"流程 条件 {step.position}"
        raise BadSyntax(f"条件是什么？比如：{example} 金额80万以上；每次都要批就写：{example} 总是。")
    return changed(flow, replace(step, condition=parse_condition(more)))


def _remind(rest: str, flow: Flow, directory: Directory) -> Flow:
    step, more = _step(rest, flow, "流程 提醒 1 2小时")
    return _timed(changed(flow, replace(step, remind_minutes=_minutes(more, f"流程 提醒 {step.position} 2小时"))), step)


def _escalate(rest: str, flow: Flow, directory: Directory) -> Flow:
    step, more = _step(rest, flow, "流程 升级 1 8小时")
    minutes = _minutes(more, f"流程 升级 {step.position} 8小时")
    return _timed(changed(flow, replace(step, escalate_minutes=minutes)), step)


def _timed(flow: Flow, before: FlowStep) -> Flow:
    after = flow.steps[before.position - 1]
    if after.remind_minutes >= after.escalate_minutes:
        raise BadSyntax("提醒要早于升级，请把提醒时间改短，或先把升级时间改长。")
    return flow


def _minutes(said: str, example: str) -> int:
    """`2小时`, `90分钟`, `半小时`, `1.5天`: minutes of working time."""
    match = _SPAN.fullmatch(fold(said))
    number = Decimal("0.5") if match and match["number"] == "半" else read_numeral(match["number"]) if match else None
    minutes = number * _UNITS[match["unit"]] if match and number is not None else Decimal(0)
    if not 1 <= minutes <= LONGEST_WAIT_DAYS * MINUTES_A_DAY or minutes % 1:
        raise BadSyntax(f"多久？按工作时间算（一天 8 小时，最长 {LONGEST_WAIT_DAYS} 天），比如：{example}。")
    return int(minutes)


def _how_many(rest: str, flow: Flow, directory: Directory) -> Flow:
    step, more = _step(rest, flow, "流程 人数 2 全部")
    if more in ("任一", "任一人", "任意一人", "一人", "任何一人"):
        return changed(flow, replace(step, mode=Mode.ANY, need=1))
    if more in ("全部", "所有人", "每个人", "会签"):
        return changed(flow, replace(step, mode=Mode.ALL, need=1))
    match = _HOW_MANY.fullmatch(fold(more))
    count = read_small(match[1]) if match else None
    if not count or count > 50:
        raise BadSyntax(f"要几个人同意？请写：流程 人数 {step.position} 任一、全部 或 2人。")
    if step.approver_kind is ApproverKind.ROLE:
        here = sum(person.active and person.role.value == step.approver for person in directory.employees())
        if 0 < here < count:
            raise BadSyntax(
                f"{step.name}这一步现在只有 {here} 个人。请写 流程 人数 {step.position} 全部，或不超过 {here} 人。"
            )
    return changed(flow, replace(step, mode=Mode.ANY if count == 1 else Mode.K, need=count))


def _move(rest: str, flow: Flow, directory: Directory) -> Flow:
    step, more = _step(rest, flow, "流程 移动 3 到 2")
    match = re.fullmatch(rf"到?\s*第?({SMALL})步?", fold(more))
    if not match:
        raise BadSyntax(f"移到第几步？比如：流程 移动 {step.position} 到 1。")
    return moved(flow, step.position, to=_numbered_step(match[1], flow).position)


def _floor(rest: str, flow: Flow, directory: Directory) -> Flow:
    industry, _, said = rest.partition(" ")
    folded = fold(said.strip())
    measure = read_measure(folded, 0, Scale.RATE) if folded else None
    if not industry or not isinstance(measure, Measured) or folded[measure.end :].strip():
        raise BadSyntax("折扣底线请这样写：流程 底线 建材 8.8折；没有单独规定的行业写：流程 底线 其他 9折。")
    known = {customer.industry for customer in directory.customers()} | set(flow.floors)
    if industry in ("其他", "其它", "其余"):
        industry = OTHERS
    elif industry not in known:
        raise BadSyntax(f"没有「{industry}」这个行业，请写 {'、'.join(sorted(known - {''}))} 或 其他。")
    return floor_set(flow, industry, Decimal(measure.value))


def _step(rest: str, flow: Flow, example: str) -> tuple[FlowStep, str]:
    match = _STEP.match(fold(rest))
    if not match:
        raise BadSyntax(f"是第几步？比如：{example}。发「流程」可以看到每一步的编号。")
    return _numbered_step(match[1], flow), rest[match.end() :].strip()


def _numbered_step(said: str, flow: Flow) -> FlowStep:
    number = read_small(fold(said)) or 0
    if not 1 <= number <= len(flow.steps):
        raise BadSyntax(f"没有第 {said} 步，现在有 {len(flow.steps)} 步，发「流程」可以看到。")
    return flow.steps[number - 1]


_VERBS = {
    "新增": _add, "增加": _add, "添加": _add, "停用": _off, "启用": _on, "条件": _condition, "提醒": _remind,
    "升级": _escalate, "人数": _how_many, "移动": _move, "底线": _floor,
}  # fmt: skip
