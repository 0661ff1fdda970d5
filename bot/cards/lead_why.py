"""为什么 编号: how a lead came to somebody, or why it waits."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards.common import moment
from bot.cards.lead_reasons import About, factor_words
from bot.domain.leads.cases import How, LeadCase, LeadState, Turn
from bot.domain.leads.dimension_names import shown_name
from bot.domain.leads.duplicates import Why
from bot.domain.leads.engine import HIGH_INTENT, LOAD, PRICE
from bot.domain.leads.giving import SameAs
from bot.domain.leads.reasons import KeptDecision, hundredths
from bot.domain.leads.records import LeadRecord
from bot.domain.leads.values import Contribution, Reason

Names = Mapping[str, str]  #: 工号 -> name, 你 for the reader
_CHARGES = (PRICE, LOAD, HIGH_INTENT)
_OUT = {
    Reason.LEFT: "已离职",
    Reason.OTHER_REGION: "不在这个区域",
    Reason.TRIED: "之前拿到过这条没接",
    Reason.ON_LEAVE: "在休假",
    Reason.OFF_DUTY: "不在值班时间",
    Reason.FULL: "名额满了",
}
_WAITS = {
    Reason.NONE: "刚进来，马上派",
    Reason.LEFT: "没有在职的销售能接",
    Reason.OTHER_REGION: "这个区域没有接线索的人，请经理指派，或发「权重 跨区 允许」放开跨区",
    Reason.TRIED: "能接的人都拿到过这条了，请经理指派",
    Reason.ON_LEAVE: "能接的人都在休假，有人回来就派",
    Reason.OFF_DUTY: "现在没有人值班，到值班时间就派",
    Reason.FULL: "能接的人名额都满了，有人空出来就派",
}


def why_text(
    record: LeadRecord,
    case: LeadCase,
    kept: KeptDecision | None,
    names: Names,
    *,
    same: SameAs,
    same_again: bool | None,
) -> str:
    """The present or last turn with all its reasons, the earlier ones in short. `kept` is that turn's decision."""
    head = " ".join(part for part in (record.lead_no, record.company) if part)
    lines = [f"{head}（{case.state.value}）"]
    if case.turns:
        lines += _earlier(case.turns[:-1], names)
        lines += _scored(record, kept, names, same_again) if kept else [_given(case.turns[-1], same, names)]
        lines += _now(case, names)
    if case.state is LeadState.WAITING:
        lines += _waiting(case)
    elif not case.turns:
        lines.append("还没有派给过谁。")
    return "\n".join(lines)


def _earlier(turns: tuple[Turn, ...], names: Names) -> list[str]:
    said = [f"{_name(turn.employee_no, names)}（{_ended(turn)}）" for turn in turns]
    return [f"之前给过：{'、'.join(said)}"] if said else []


def _ended(turn: Turn) -> str:
    ending = turn.ending.value if turn.ending else "已转走"
    return f"{ending}：{turn.note}" if turn.note else ending


def _now(case: LeadCase, names: Names) -> list[str]:
    turn = case.turns[-1]
    if turn.ended_at is not None:
        return [f"{_name(turn.employee_no, names)}那次已结束：{_ended(turn)}，{moment(turn.ended_at)}"]
    if turn.responded_at is None and turn.due_at is not None:
        return [f"{moment(turn.due_at)} 前要响应"]
    return []


# -- a turn that was scored -------------------------------------------------------------------------------------------
def _scored(record: LeadRecord, kept: KeptDecision, names: Names, same_again: bool | None) -> list[str]:
    whose = _name(kept.employee_no, names)
    about = About(whose=whose, region=record.region, industry=record.industry)
    score, points = hundredths(kept.explanation)
    lines = [f"{moment(kept.decided_at)} 按第 {kept.policy_version} 版规则打分，{whose}得 {_points(score)} 分，最高："]
    lines += [
        f"· {_line(line, worth, about)}"
        for line, worth in zip(kept.explanation.contributions, points, strict=True)
        if worth or line.name not in _CHARGES
    ]
    lines.append(_runner_up(kept, names))
    if kept.refused:
        lines.append(_left_out("没参与的", kept.refused))
    if same_again is not None:
        lines.append(
            "复核：用当时的数据和规则重算，结果一样。"
            if same_again
            else "复核：用当时的数据和规则重算，结果不一样，请把这条发给管理员。"
        )
    return lines


def _line(line: Contribution, worth: int, about: About) -> str:
    words = factor_words(line, about)
    if line.missing:
        return f"{words}，权重分给了其他项"
    if line.name in _CHARGES:
        return f"{words}，扣 {_points(-worth)} 分"
    return f"{shown_name(line.name)}：{words}，权重 {line.weight:.0%}，得 {_points(worth)} 分"


def _points(worth: int) -> str:
    """Hundredths as points; a rounded nothing has no sign."""
    return f"{worth / 100:.2f}"


def _runner_up(kept: KeptDecision, names: Names) -> str:
    if not kept.runner_up:
        return "没有第二个能接的人。"
    second = _name(kept.runner_up, names)
    if kept.margin < 1e-9:
        return f"和{second}同分，给更久没拿到线索的人。"
    return f"第二名是{second}，差 {max(kept.margin, 0.01):.2f} 分。"


def _left_out(who: str, refused: Mapping[Reason, int]) -> str:
    """How many of what, `没参与的 32 人都不在这个区域` where it is one reason for all."""
    count = sum(refused.values())
    if len(refused) == 1:
        return f"{who} {count} 人{'都' if count > 1 else ''}{_OUT[next(iter(refused))]}"
    return f"{who} {count} 人：" + "，".join(
        f"{count} 人{_OUT[reason]}" for reason, count in sorted(refused.items(), key=lambda item: -item[1])
    )


# -- a turn that was not, and none ------------------------------------------------------------------------------------
def _given(turn: Turn, same: SameAs, names: Names) -> str:
    whose, by = _name(turn.employee_no, names), _name(turn.by_no, names)
    at = moment(turn.given_at)
    match turn.how:
        case How.OWNER:
            like = "，公司不同" if same.why == Why.NUMBER_ONLY else ""
            share = Why.MOBILE if like else same.why
            found = f"{share}和{same.kind} {same.number} 相同{like}，那边" if same.number else "这家客户或联系人"
            return f"{at} 直接给了{whose}：{found}本来就是{whose}负责的，不用打分。"
        case How.ADDED:
            return f"{at} 直接给了{whose}：客户加的是{whose}的企业微信，不用打分。"
        case How.HANDED:
            return f"{at} 由{by or '同事'}转给{whose}，不用打分。"
        case How.ASSIGNED:
            return f"{at} 由{by or '经理'}指派给{whose}，不用打分。"
        case How.CLAIMED:
            return f"{at} {whose}从公海领取的，不用打分。"
    return f"{at} 打分后给了{whose}，当时的明细没有留下。"


def _waiting(case: LeadCase) -> list[str]:
    lines = [f"还没派出，从 {moment(case.queued_at)} 等到现在：{_WAITS[case.waits_for]}。"]
    if case.refused:
        lines.append(_left_out("接不了的", case.refused))
    return lines


def _name(employee_no: str, names: Names) -> str:
    return names.get(employee_no, employee_no)


# -- short sentences --------------------------------------------------------------------------------------------------
def which_lead() -> str:
    return "想看哪条线索为什么这样派？请带上编号，比如：为什么 XS260212001"


def out_of_sight(lead_no: str) -> str:
    return f"{lead_no} 不在你能看的范围里，请问你的区域经理。"
