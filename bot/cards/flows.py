"""流程 in plain Chinese, the card that previews a change of it, and the words of 请假."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from bot.actions import Action
from bot.cards.common import day, moment, plain
from bot.clock import SHANGHAI
from bot.domain.absences import EXAMPLE, last_day
from bot.domain.conditions import ALWAYS, sentence
from bot.domain.flow_changes import EXAMPLES, Flow
from bot.domain.flows import OTHERS, Absence, ApproverKind, FlowStep, Mode
from bot.domain.people import Employee, may_decide, takes_leads
from bot.messages import Button, Card, Style

Names = Mapping[str, str]  #: 工号 -> name


@dataclass(frozen=True)
class ConfirmFlow(Action):
    """Apply the change."""

    name: ClassVar[str] = "flow.confirm"
    version_id: str


@dataclass(frozen=True)
class DropFlow(Action):
    """Leave the flow as it is."""

    name: ClassVar[str] = "flow.drop"
    version_id: str


@dataclass(frozen=True)
class RestoreFlow(Action):
    """Take that change back."""

    name: ClassVar[str] = "flow.restore"
    version_id: str


@dataclass(frozen=True)
class KeepFlow(Action):
    """Do not take it back after all."""

    name: ClassVar[str] = "flow.keep"
    version_id: str


# -- the flow as it is -----------------------------------------------------------------------------------------------
def flow_text(flow: Flow, names: Names, *, may_change: bool) -> str:
    """Every step with who, when, how many and how long; then the floors; for whoever may, how to change it."""
    lines = ["合同审批流程，从上到下依次进行，条件不满足的步骤自动跳过：", ""]
    lines += [_step_lines(step, names) for step in flow.steps]
    lines += ["", _floors(flow.floors), "时间都按工作时间算（工作日 9:00-12:00、13:00-18:00）。"]
    if may_change:
        lines += ["", "要改的话可以这样写：", *EXAMPLES]
    return "\n".join(lines)


def _step_lines(step: FlowStep, names: Names) -> str:
    return f"{step.position}. {step.name}{'' if step.enabled else '（已停用）'}：{_rules(step, names)}"


def _rules(step: FlowStep, names: Names) -> str:
    when = "每份合同都要" if step.condition == ALWAYS else f"条件：{sentence(step.condition)}"
    reminding = f"{_span(step.remind_minutes)}没批提醒，{_span(step.escalate_minutes)}没批升级给上级"
    return f"{_who(step, names)}，{_how_many(step)}；{when}；{reminding}"


def _who(step: FlowStep, names: Names) -> str:
    match step.approver_kind:
        case ApproverKind.SUPERIOR:
            return "提交人的上级"
        case ApproverKind.ROLE:
            return step.approver
    return names.get(step.approver, step.approver)


def _how_many(step: FlowStep) -> str:
    return {Mode.ANY: "任一人同意", Mode.ALL: "全部同意"}.get(step.mode, f"{step.need} 人同意")


def _span(minutes: int) -> str:
    return f"{minutes // 60} 小时" if minutes % 60 == 0 else f"{minutes} 分钟"


def _floors(floors: Mapping[str, Decimal]) -> str:
    return "折扣底线：" + "，".join(f"{_industry(name)} {_discount(floor)}" for name, floor in floors.items()) + "。"


def _industry(name: str) -> str:
    return "其他行业" if name == OTHERS else name


def _discount(floor: Decimal) -> str:
    return f"{(floor * 10).normalize():f}折"


#: on the buttons, and typed with the number where a client shows none
CONFIRM, DROP, RESTORE, KEEP = "确认变更", "取消变更", "确认还原", "不还原"


def change_number(version_id: int) -> str:
    """What a change is called: LC12."""
    return f"LC{version_id}"


def which_change(word: str) -> str:
    return f"是哪次流程变更？请带上卡片上的编号，比如：{word} LC12。"


# -- a change --------------------------------------------------------------------------------------------------------
def change_card(version_id: int, before: Flow, after: Flow, names: Names) -> Card:
    """What a change would do, with 确认 and 取消."""
    number = str(version_id)
    return Card(
        title="流程变更，请确认",
        body=_difference(before, after, names) + "\n已经在审批中的合同不受影响，按原来的流程走完。",
        buttons=(
            Button(text=CONFIRM, action=ConfirmFlow(number), style=Style.PRIMARY),
            Button(text=DROP, action=DropFlow(number)),
        ),
        number=change_number(version_id),
    )


def restore_card(version_id: int, words: str, before: Flow, after: Flow, names: Names) -> Card:
    """What taking back the last change would do."""
    number = str(version_id)
    return Card(
        title="还原上一次流程变更，请确认",
        body=f"上一次改的是：流程 {plain(words)}\n{_difference(before, after, names)}"
        "\n已经在审批中的合同不受影响，按原来的流程走完。",
        buttons=(
            Button(text=RESTORE, action=RestoreFlow(number), style=Style.PRIMARY),
            Button(text=KEEP, action=KeepFlow(number)),
        ),
        number=change_number(version_id),
    )


def settled_card(title: str, number: int, before: Flow, after: Flow, names: Names, *, status: str) -> Card:
    """The same card once it is decided."""
    return Card(title=title, body=_difference(before, after, names), status=status, number=change_number(number))


def _difference(before: Flow, after: Flow, names: Names) -> str:
    old = {step.step_id: step for step in before.steps}
    new = {step.step_id: step for step in after.steps}
    lines: list[str] = []
    for step in after.steps:
        former = old.get(step.step_id)
        if former is None:
            lines.append(f"新增第 {step.position} 步 {plain(step.name)}：{plain(_rules(step, names))}")
        elif replace(former, position=step.position) != step:
            lines += [
                f"第 {step.position} 步 {plain(step.name)}",
                f"原来：{plain(_rules(former, names))}{'' if former.enabled else '（停用）'}",
                f"改为：{plain(_rules(step, names))}{'' if step.enabled else '（停用）'}",
            ]
    lines += [f"去掉第 {step.position} 步 {plain(step.name)}" for step in before.steps if step.step_id not in new]
    if [item.step_id for item in before.steps] != [item.step_id for item in after.steps]:
        lines.append("改后的顺序：" + " → ".join(plain(step.name) for step in after.steps))
    for name in dict.fromkeys([*before.floors, *after.floors]):
        was, will = before.floors.get(name), after.floors.get(name)
        if was != will:
            lines.append(
                f"{plain(_industry(name))}的折扣底线：{_discount(was) if was else '按其他行业'} → "
                f"{_discount(will) if will else '按其他行业'}"
            )
    if not any(step.enabled for step in after.steps):
        lines.append("注意：改完就没有启用的步骤了，新合同会提交不了。")
    return "\n".join(lines)


APPLIED, DROPPED, RESTORED, KEPT = "流程变更已生效", "流程变更已取消", "流程已还原", "流程没有还原"


def decided(who: Employee, at: datetime, what: str) -> str:
    """`孙总 已确认，2月12日 09:30`."""
    return f"{who.name} {what}，{moment(at)}"


def not_allowed() -> str:
    return "只有总监和管理员能改审批流程。发「流程」可以看现在的流程；要改请找他们。"


def not_yours() -> str:
    return "这条流程变更不是你发起的，请由发起人确认或取消。"


def already_decided() -> str:
    return "这条流程变更已经处理过了。"


def nothing_to_restore() -> str:
    return "没有可以还原的流程变更。"


# -- 请假 ------------------------------------------------------------------------------------------------------------
def own_absences(absences: Sequence[Absence], names: Names, *, today: date) -> str:
    """What is coming, and how to add or cancel."""
    if not absences:
        return f"你没有登记的请假。要请假就写：{EXAMPLE}"
    lines = [f"{place}. {_absence(item, names, today)}" for place, item in enumerate(absences, 1)]
    return "\n".join(["登记的请假：", *lines, "", "取消请写：请假 取消 1"])


def which_absence(absences: Sequence[Absence], names: Names, *, today: date) -> str:
    lines = [f"{place}. {_absence(item, names, today)}" for place, item in enumerate(absences, 1)]
    return "\n".join(["有好几次请假，取消哪一次？请写编号，比如：请假 取消 1", *lines])


def absence_noted(absence: Absence, absent: Employee, sender: Employee, names: Names, *, today: date) -> str:
    whose = "" if absent.employee_no == sender.employee_no else f"{absent.name} "
    meanwhile = ""
    if may_decide(absent) and not absence.delegate_no:
        meanwhile = "\n没有写代理人，这期间要批的合同会转给上级。"
    elif takes_leads(absent):
        meanwhile = "\n这期间不派新线索，手上的不会自动转走。"
    return f"记下了，{whose}请假：{_absence(absence, names, today)}。{meanwhile}\n要取消请发「请假 取消」。"


def may_not_stand_in(delegate: Employee) -> str:
    return f"{delegate.name}没有审批合同的职责，不能代批；代理人请写区域经理、总监、法务或财务，不写就转给上级。"


def absence_cancelled(absence: Absence, absent: Employee, sender: Employee, names: Names, *, today: date) -> str:
    whose = "" if absent.employee_no == sender.employee_no else f"{absent.name} "
    return f"已取消{whose}请假：{_absence(absence, names, today)}。"


def no_absence(absent: Employee, sender: Employee) -> str:
    return ("你" if absent.employee_no == sender.employee_no else absent.name) + "没有登记的请假，不用取消。"


def you_stand_in(absence: Absence, absent: Employee, *, today: date) -> str:
    return f"{absent.name} {_days(absence, today)}请假，这期间要 TA 批的合同由你代批。"


def you_no_longer_stand_in(absence: Absence, absent: Employee, *, today: date) -> str:
    return f"{absent.name} {_days(absence, today)}的请假取消了，不用你代批了。"


def entered_for_you(absence: Absence, sender: Employee, names: Names, *, today: date) -> str:
    return f"{sender.name} 替你登记了请假：{_absence(absence, names, today)}。不对请发「请假 取消」。"


def not_for_others() -> str:
    return f"只能给自己请假；替别人登记请找总监或管理员。自己请假这样写：{EXAMPLE}"


def how_to_delegate() -> str:
    return f"请假的时候写上代理人，这期间要你批的合同就由 TA 代批，比如：{EXAMPLE}。发「请假」可以看已登记的。"


def _absence(absence: Absence, names: Names, today: date) -> str:
    parts = [_days(absence, today)]
    if absence.reason:
        parts.append(absence.reason)
    if absence.delegate_no:
        parts.append(f"由{names.get(absence.delegate_no, absence.delegate_no)}代理")
    return "，".join(parts)


def _days(absence: Absence, today: date) -> str:
    first, last = absence.starts_at.astimezone(SHANGHAI).date(), last_day(absence)
    return day(first, today=today) if first == last else f"{day(first, today=today)} 至 {day(last, today=today)}"
