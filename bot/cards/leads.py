"""A live lead as its rep sees it: the offer, the work on it, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.cards.common import cut, moment, plain
from bot.cards.lead_actions import AcceptLead, CalledLead, CloseLead, DeclineLead, HandLead, WhyLead, WinLead
from bot.cards.unusual import wan
from bot.clock import SHANGHAI
from bot.domain import cells
from bot.domain.leads.cases import Ending, How, LeadCase, LeadState, Response, Turn
from bot.domain.leads.duplicates import Why
from bot.domain.leads.giving import SameAs
from bot.domain.leads.records import LeadRecord
from bot.domain.leads.scripts import Entry
from bot.messages import Button, Card, Field, Style

MAX_VALUE = 30  # characters in a WeCom field
MAX_BODY = 158  # characters that fit on a WeCom card; more would come as a second message
WHY_LENGTH, SAME_LENGTH = 66, 40
NOTE_LENGTH = 60  # of a reason that somebody typed; the whole of it is kept
REASON, WHOM, CLOSE_REASON = "为什么退回？", "转给谁？姓名或工号", "为什么关闭？"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSheet:
    """Everything that the cards of one lead are made of."""

    record: LeadRecord
    case: LeadCase
    same: SameAs
    reasons: Sequence[str]  #: why the present rep, best first; empty where nobody was scored
    scripts: Sequence[Entry]
    name_of: Callable[[str], str]  #: 工号 -> name

    @property
    def company(self) -> str:
        return plain(self.record.company or self.record.contact or "没写公司")


def turn_card(sheet: LeadSheet, turn: Turn) -> Card:
    """How the card of one rep's turn looks now."""
    if turn.ended_at is not None:
        return _settled(sheet, turn)
    return _working(sheet, turn) if turn.responded_at else _offer(sheet, turn)


def _offer(sheet: LeadSheet, turn: Turn) -> Card:
    where = {"lead_no": sheet.case.lead_no, "turn": str(turn.turn_no)}
    return Card(
        title=cut(f"{_HEADINGS[turn.how]}：{sheet.company}", 36),
        subtitle=cut(_subtitle(sheet, turn), 44),
        fields=tuple(_facts(sheet.record)),
        body=_body(sheet, turn),
        number=sheet.case.lead_no,
        buttons=(
            Button(text="接受", action=AcceptLead(**where), style=Style.PRIMARY),
            Button(text="退回", action=DeclineLead(**where), style=Style.DANGER, wants_text=REASON),
            Button(text="打电话了", action=CalledLead(**where)),
            Button(text="转给", action=HandLead(**where), wants_text=WHOM),
            Button(text="为什么", action=WhyLead(sheet.case.lead_no)),
        ),
    )


_HEADINGS = {
    How.SCORED: "新线索",
    How.OWNER: "你的客户来线索",
    How.ADDED: "你的好友来线索",
    How.HANDED: "同事转来线索",
    How.ASSIGNED: "指派给你的线索",
    How.CLAIMED: "你领取的线索",
}


def _subtitle(sheet: LeadSheet, turn: Turn) -> str:
    by = f"{sheet.name_of(turn.by_no)} {_clock(turn.given_at)} {turn.how}，" if turn.by_no else ""
    return f"{by}请在 {when(turn.due_at, near=turn.given_at)} 前响应" if turn.due_at else by


def budget(record: LeadRecord) -> str:
    """Where a number was written the number; 几十万, 18-36万 as it stands, for it is no one number."""
    return wan(record.amount_fen) if record.amount_fen and cells.is_amount(record.amount_text) else record.amount_text


def _facts(record: LeadRecord) -> Iterator[Field]:
    """Six rows, what WeCom shows."""
    amount = budget(record)
    rows = (
        ("公司", record.company),
        ("联系人", record.contact),
        ("手机", record.mobile),
        ("需求", record.note),
        ("预算", "，".join(part for part in (amount, f"意向{record.intent}" if record.intent else "") if part)),
        ("来源", "，".join(part for part in (record.source, record.region) if part)),
    )
    for label, value in rows:
        words = " ".join(plain(value).split())
        yield Field(
            label=label, value=(cut_words(words, MAX_VALUE) if label == "需求" else cut(words, MAX_VALUE)) or "没填"
        )


def _body(sheet: LeadSheet, turn: Turn, *, room: int = MAX_BODY) -> str:
    """Why this rep (until they have answered), what to say; each cut so that the whole fits in `room` characters."""
    lines = []
    if sheet.same.number:
        lines.append(cut(same_words(sheet.same), SAME_LENGTH))
    if turn.how is How.SCORED and sheet.reasons and not turn.responded_at:
        lines.append(_why(sheet.reasons))
    for place, entry in enumerate(sheet.scripts):
        kind = "话术" if "话术" in entry.tags and not place else "竞品"
        left = (room - sum(len(line) + 1 for line in lines)) // (len(sheet.scripts) - place) - 1
        lines.append(cut_words(f"{kind} {entry.entry_no}：{plain(entry.body)}", max(left, 20)))
    return "\n".join(lines)


def _why(reasons: Sequence[str]) -> str:
    """As many of them as fit, whole."""
    said = f"为什么给你：{reasons[0]}"
    for reason in reasons[1:]:
        said = f"{said}；{reason}" if len(said) + len(reason) < WHY_LENGTH else said
    return cut(said, WHY_LENGTH)


def cut_words(text: str, longest: int) -> str:
    """Like `cut`, ending with a whole sentence, else with a whole clause, where that loses no more than half."""
    if len(text) <= longest:
        return text
    for ends, mark in (("。！？!?；;", ""), ("，、,：", "…")):
        at = max(text.rfind(end, 0, longest - len(mark)) for end in ends)
        if at >= longest // 2:
            return text[: at + (not mark)] + mark
    return cut(text, longest)


def same_words(same: SameAs) -> str:
    """A look-alike is not called the same: its holder finds out."""
    if not same.number:
        return ""
    if same.why == Why.NUMBER_ONLY:
        return f"请核实：手机号和{same.kind} {same.number} 相同，公司不同"
    return f"同一客户：{same.why}和{same.kind} {same.number} 相同"


def _working(sheet: LeadSheet, turn: Turn) -> Card:
    where = {"lead_no": sheet.case.lead_no, "turn": str(turn.turn_no)}
    status = working_status(sheet, turn)
    call = () if turn.called_at else (Button(text="打电话了", action=CalledLead(**where)),)
    return Card(
        title=cut(f"跟进中：{sheet.company}", 36),
        fields=tuple(_facts(sheet.record)),
        body=_body(sheet, turn, room=MAX_BODY - len(status) - 1),
        status=status,
        number=sheet.case.lead_no,
        buttons=(
            *call,
            Button(text="成交", action=WinLead(**where), style=Style.PRIMARY),
            Button(text="关闭", action=CloseLead(**where), style=Style.DANGER, wants_text=CLOSE_REASON),
            Button(text="转给", action=HandLead(**where), wants_text=WHOM),
        ),
    )


def working_status(sheet: LeadSheet, turn: Turn) -> str:
    """When the rep answered and when they called."""
    who = sheet.name_of(turn.employee_no)
    parts = []
    if turn.responded_at and turn.response is Response.ACCEPTED:
        parts.append(f"{moment(turn.responded_at)} {'领取' if turn.how is How.CLAIMED else '接受'}")
    if turn.called_at:
        parts.append(f"{moment(turn.called_at)} 打了电话")
    return f"{who} {'，'.join(parts)}"


def _settled(sheet: LeadSheet, turn: Turn) -> Card:
    return Card(
        title=cut(f"线索：{sheet.company}", 36),
        fields=tuple(_facts(sheet.record)),
        status=ended_words(sheet, turn),
        number=sheet.case.lead_no,
    )


def ended_words(sheet: LeadSheet, turn: Turn) -> str:
    """Who ended this rep's turn, when and how."""
    who, at = sheet.name_of(turn.employee_no), moment(turn.ended_at) if turn.ended_at else ""
    following = next((each for each in sheet.case.turns if each.turn_no == turn.turn_no + 1), None)
    to = sheet.name_of(following.employee_no) if following else ""
    pooled, why = sheet.case.state is LeadState.POOL, plain(cut(turn.note, NOTE_LENGTH))
    match turn.ending:
        case Ending.DECLINED:
            return f"{who} {at} 退回{f'：{why}' if why else ''}"
        case Ending.LAPSED:
            return f"{at} 已超时，{'放入公海' if pooled and not following else '转给下一位'}"
        case Ending.HANDED_ON:
            return f"{who} {at} 转给{to}"
        case Ending.TAKEN_AWAY:
            by = f"{sheet.name_of(following.by_no)} " if following and following.by_no else ""
            return f"{by}{at} {f'改派给{to}' if to else '放入公海'}"
        case Ending.LEFT:
            return f"{at} {who}已离开，转给下一位"
        case Ending.WITHDRAWN:
            return f"{at} 已撤销"
        case _:
            return f"{who} {at} {turn.ending or ''}{f'：{why}' if why else ''}"


def when(at: datetime | None, *, near: datetime) -> str:
    """`10:30`, with the day where it is another than that of `near`."""
    if at is None:
        return ""
    same_day = at.astimezone(SHANGHAI).date() == near.astimezone(SHANGHAI).date()
    return _clock(at) if same_day else moment(at)


def _clock(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%H:%M}"
