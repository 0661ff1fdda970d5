"""Sentences around live leads: what was done, what was refused and why, what to type instead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.cards.common import cut, moment, plain
from bot.cards.lead_actions import AssignLead, ShelveLead
from bot.cards.leads import NOTE_LENGTH, LeadSheet, budget, ended_words, same_words, when
from bot.domain.leads.cases import FAILED, LeadCase, LeadState, Turn
from bot.domain.leads.moves import Why
from bot.domain.leads.records import LeadRecord
from bot.domain.leads.values import Reason
from bot.domain.people import Employee
from bot.domain.worktime import working_minutes_between
from bot.messages import Button, Card, Field, Style

WHOM_TO_ASSIGN = "派给谁？姓名或工号"
_SHOWN = 8  # leads in a list to choose from
MAX_NEED = 60  # characters of what somebody wants, on a manager's card


def named(record: LeadRecord) -> str:
    """`XS251100001 杭州朴枢物流有限公司`."""
    return f"{record.lead_no} {plain(cut(record.company or record.contact, 20))}".strip()


# -- answers to whoever typed or tapped -------------------------------------------------------------------------------
def accepted(sheet: LeadSheet) -> str:
    record = sheet.record
    who = "，".join(part for part in (plain(record.contact), plain(record.mobile)) if part)
    return f"已接受 {named(record)}。{f'联系人 {who}。' if who else ''}打完电话发「打电话了 {record.lead_no}」。"


def called(sheet: LeadSheet) -> str:
    number = sheet.record.lead_no
    return f"已记下：{named(sheet.record)} 打过电话。谈成发「成交 {number}」，没戏发「关闭 {number} 原因」。"


def declined(sheet: LeadSheet) -> str:
    end = "已放入公海" if sheet.case.state is LeadState.POOL else "会转给下一位"
    return f"已退回 {named(sheet.record)}，{end}。"


def handed(sheet: LeadSheet, to: str) -> str:
    return f"已把 {named(sheet.record)} 转给{to}。"


def assigned(sheet: LeadSheet, to: str) -> str:
    return f"已把 {named(sheet.record)} 指派给{to}。"


def won(sheet: LeadSheet) -> str:
    return f"{named(sheet.record)} 已成交，恭喜。要签合同发「合同 客户 金额 …」。"


def closed(sheet: LeadSheet) -> str:
    return f"已关闭 {named(sheet.record)}：{plain(cut(sheet.case.turns[-1].note, NOTE_LENGTH))}。"


def claimed(sheet: LeadSheet) -> str:
    return f"{named(sheet.record)} 归你了，请尽快联系{plain(sheet.record.contact) or '对方'}。"


def shelved(sheet: LeadSheet) -> str:
    return f"{named(sheet.record)} 已放入公海，销售发「领取 {sheet.record.lead_no}」就归他。"


# -- questions --------------------------------------------------------------------------------------------------------
def ask_reason(word: str, lead_no: str) -> str:
    example = "不是我的行业" if word == "退回" else "号码打不通"
    return f"为什么{word} {lead_no}？回一句话，例：{example}。不{word}了就说「算了」。"


def ask_whom(word: str, lead_no: str) -> str:
    return f"{lead_no} {word if word != '转给' else '转'}给谁？发姓名或工号；不用了就说「算了」。"


def left_alone() -> str:
    return "好，不动它。"


def no_such_person(said: str, left: str = "") -> str:
    """`left`: the name, where somebody is meant who has left."""
    if left:
        return f"{left}已离职，请换一位，发姓名或工号；不用了就说「算了」。"
    return f"没有找到「{plain(cut(said, 20))}」，请发姓名全称或工号；不用了就说「算了」。"


def namesakes(people: Sequence[Employee]) -> str:
    them = "、".join(f"{item.employee_no}（{item.region}）" for item in people)
    return f"有 {len(people)} 位{people[0].name}，请发工号：{them}。"


def which(records: Sequence[LeadRecord], word: str) -> str:
    """A list to choose from."""
    if not records:
        return f"你手上没有可以{word}的线索。知道编号就发「{word} 编号」，发「线索」看全部。"
    lines = [f"· {named(record)}" for record in records[:_SHOWN]]
    if len(records) > _SHOWN:
        lines.append(f"还有 {len(records) - _SHOWN} 条，发「线索」看全部")
    return "\n".join([f"哪一条？请带上编号，例：{word} {records[0].lead_no}", *lines])


def which_to(word: str) -> str:
    rest = " 某人" if word == "指派" else ""
    where = "公海" if word == "领取" else "线索"
    return f"请带上线索编号：{word} 编号{rest}。发「{where}」看编号。"


def no_such_lead(said: str) -> str:
    return f"没有找到「{plain(cut(said, 20))}」这条线索，请核对编号，发「线索」看编号。"


# -- refusals ---------------------------------------------------------------------------------------------------------
def refused(why: Why, sheet: LeadSheet, *, me: str, who: str = "") -> str:
    """Why it cannot be done as the lead stands, and what to do instead. `me` is the 工号 of whoever asks."""
    name = named(sheet.record)
    match why:
        case Why.OVER:
            return f"{name} {ending(sheet)}，不能再改。"
        case Why.PASSED_ON:
            mine = next((turn for turn in reversed(sheet.case.turns) if turn.employee_no == me), None)
            past = f"（{ended_words(sheet, mine)}）" if mine else ""
            return f"{name} 已经不在你手上{past}，现在{standing(sheet)}。"
        case Why.NOT_HOLDER:
            return f"{name} 不在你手上，现在{standing(sheet)}。"
        case Why.NOT_POOL:
            return f"{name} 不在公海，现在{standing(sheet)}。发「公海」看还有哪些。"
        case Why.SELF:
            return "线索本来就在你手上，请换个人转。"
        case Why.FULL:
            full = "你手上的线索已满" if not who else f"{who}手上的线索已满"
            return f"{full}，{'先处理掉一条再领' if not who else '请换个人'}。"
        case Why.NO_DUTY:
            return f"{who}不接线索，请给在职的销售。"
        case Why.ANSWERED:
            return f"{name} {standing(sheet)}，不能收回。请直接联系他，或发「指派 {sheet.record.lead_no} 某人」。"
        case _:
            return f"{name} 现在{standing(sheet)}。"


def standing(sheet: LeadSheet) -> str:
    """Where it is, as the end of a sentence: `在李雷手上，等响应`."""
    case = sheet.case
    match case.state:
        case LeadState.OFFERED:
            return f"在{sheet.name_of(case.holder_no)}手上，等响应"
        case LeadState.WORKING:
            return f"由{sheet.name_of(case.holder_no)}跟进"
        case LeadState.WAITING:
            return f"在排队，{waits(case)}"
        case LeadState.POOL:
            return f"在公海，发「领取 {case.lead_no}」就归你"
        case _:
            return ending(sheet)


def ending(sheet: LeadSheet) -> str:
    """How it ended."""
    case = sheet.case
    if case.state is LeadState.MERGED:
        return "已并入同一客户的另一条线索"
    last = case.turns[-1] if case.turns else None
    at = f"{moment(case.closed_at)} " if case.closed_at else ""
    by = sheet.name_of(last.employee_no) if last and last.ended_at == case.closed_at else ""
    return f"{by} {at}{case.state}".strip()


def waits(case: LeadCase) -> str:
    """Why nobody has it."""
    return WAITS_FOR.get(case.waits_for, "等待分配")


WAITS_FOR = {
    Reason.NONE: "马上分配",
    Reason.LEFT: "没有人接线索",
    Reason.OTHER_REGION: "本区域没有销售",
    Reason.TRIED: "能接的人都退回或超时了",
    Reason.ON_LEAVE: "能接的人都在请假",
    Reason.OFF_DUTY: "现在不是接单时间",
    Reason.FULL: "能接的人手上都满了",
}


# -- pushes -----------------------------------------------------------------------------------------------------------
def time_left(due_at: datetime, *, now: datetime) -> str:
    """`还剩 12 分钟`; where a break or a night lies between, the moment: working minutes would read like others."""
    left = working_minutes_between(now, due_at)
    if (due_at - now) // timedelta(minutes=1) > left:
        return f"{when(due_at, near=now)} 前响应"
    return f"还剩 {max(left, 1)} 分钟" if due_at > now else "马上超时"


def reminder(sheet: LeadSheet, turn: Turn, *, now: datetime) -> str:
    number = sheet.record.lead_no
    due = f"{when(turn.due_at, near=now)} 前"
    left = time_left(turn.due_at, now=now) if turn.due_at else ""
    ask = f"{left}，请在 {due}" if left.startswith("还剩") else f"还没有响应，请在 {due}"
    return f"{named(sheet.record)} {ask}回复「接受 {number}」或「退回 {number} 原因」，超时会转给下一位。"


def lapsed(sheet: LeadSheet, minutes: int) -> str:
    end = "已放入公海" if sheet.case.state is LeadState.POOL else "已转给下一位"
    return f"{named(sheet.record)} {minutes} 分钟没有响应，{end}。"


def taken_away(sheet: LeadSheet, turn: Turn) -> str:
    return f"{named(sheet.record)}：{ended_words(sheet, turn)}，你不用再跟了。"


def in_pool(sheet: LeadSheet) -> str:
    number = sheet.record.lead_no
    tries = len({turn.employee_no for turn in sheet.case.turns if turn.ending in FAILED})
    return (
        f"{named(sheet.record)} 进了公海，{tries} 人没有接下。"
        f"发「指派 {number} 某人」派给谁，或让销售发「领取 {number}」。"
    )


def manager_card(sheet: LeadSheet) -> Card:
    """To the manager: so many reps let it lapse."""
    record, turns = sheet.record, [turn for turn in sheet.case.turns if turn.ending in FAILED]
    return Card(
        title=cut(f"{len({turn.employee_no for turn in turns})} 人没有接：{sheet.company}", 36),
        subtitle=cut(f"{moment(record.received_at)} 到达，{standing(sheet)}", 44),
        fields=tuple(
            Field(label=label, value=cut(plain(value), MAX_NEED) or "没填")
            for label, value in (
                ("公司", record.company),
                ("需求", record.note),
                ("意向", record.intent or ""),
                ("地区", record.region),
            )
        ),
        body="\n".join(f"{sheet.name_of(turn.employee_no)}：{ended_words(sheet, turn)}" for turn in turns),
        number=record.lead_no,
        buttons=(
            Button(text="指派", action=AssignLead(record.lead_no), style=Style.PRIMARY, wants_text=WHOM_TO_ASSIGN),
            Button(text="放入公海", action=ShelveLead(record.lead_no)),
        ),
    )


def settled_manager_card(sheet: LeadSheet, *, by: str, at: datetime, what: str) -> Card:
    """The same card once the manager has decided."""
    card = manager_card(sheet)
    return Card(title=card.title, fields=card.fields, status=f"{by} {moment(at)} {what}", number=sheet.record.lead_no)


def taken_over(who: str, records: Sequence[LeadRecord]) -> str:
    """To the manager of somebody who left."""
    lines = [f"· {named(record)}" for record in records[:_SHOWN]]
    if len(records) > _SHOWN:
        lines.append(f"还有 {len(records) - _SHOWN} 条")
    return "\n".join([f"{who}已离开，手上 {len(records)} 条线索转给下一位，发「线索」看去向：", *lines])


def nobody_there(record: LeadRecord, why: Reason) -> str:
    """To the manager: a lead that no rep can get, however long it waits."""
    number = record.lead_no
    return (
        f"{named(record)} 派不出去：{record.region or '全公司'}{_NOBODY_THERE[why]}。"
        f"发「指派 {number} 某人」派给谁，发「线索」看还有没有别的。"
    )


_NOBODY_THERE = {Reason.LEFT: "没有在职的销售", Reason.OTHER_REGION: "没有接线索的销售"}


def calendar_missing(year: int) -> str:
    return (
        f"{year} 年的节假日表还没有，排了值班时间，接单的人判断不了，线索先排队。"
        f"请把国务院的放假通知整段发给我：节假日 {year} 一、元旦：1月1日……"
    )


# -- one lead ---------------------------------------------------------------------------------------------------------
def story(sheet: LeadSheet) -> str:
    """线索 编号: what it is, where it stands and who had it."""
    record, case = sheet.record, sheet.case
    amount = budget(record)
    facts = (
        ("联系人", " ".join(part for part in (record.contact, record.mobile) if part)),
        ("需求", record.note),
        ("预算", amount),
        ("意向", record.intent or ""),
        ("来源", "，".join(part for part in (record.source, record.region, record.industry) if part)),
    )
    lines = [f"{named(record)}：{standing(sheet)}", f"到达：{moment(record.received_at)}"]
    lines += [f"{label}：{plain(value)}" for label, value in facts if value]
    if sheet.same.number:
        lines.append(same_words(sheet.same))
    lines += [_turn_line(sheet, turn) for turn in case.turns]
    return "\n".join(lines)


def _turn_line(sheet: LeadSheet, turn: Turn) -> str:
    how = f"{sheet.name_of(turn.by_no)}{turn.how}" if turn.by_no else turn.how.value
    score = f" {turn.score:.2f}" if turn.score is not None else ""
    parts = [f"{turn.turn_no}. {moment(turn.given_at)} {how}{score} → {sheet.name_of(turn.employee_no)}"]
    if turn.responded_at:
        parts.append(f"{moment(turn.responded_at)} {turn.response}")
    if turn.ended_at:
        parts.append(ended_words(sheet, turn))
    return "；".join(parts)
