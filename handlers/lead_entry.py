"""新线索: a line, labelled lines or question by question becomes a lead; taken back as long as nobody works on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from bot.cards import lead_entry as words
from bot.clock import SHANGHAI
from bot.domain.corrections import never_mind
from bot.domain.leads.lead_line import LeadField, LeadLine, Vocabulary, merged, read_answer, read_lead_line, to_record
from bot.domain.leads.moves import LeadRefused, Why, withdraw
from bot.domain.leads.placing import NOWHERE
from bot.domain.people import known_regions, may_enter_lead, own_region
from bot.domain.understanding import understand
from bot.errors import NotAllowed, OutOfDate
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from handlers.recording import expect
from handlers.which_lead import lead_desk
from store.lead_intake import LeadIntake, NewLead

router = Router[Context]()

ASK = "lead.ask"  # dialogue: a part that has to be there
NUMBER = re.compile(r"XS\d{6,}", re.IGNORECASE)
_UNKNOWN = re.compile(r"(?:我?也?不知道|不清楚|不详|没问(?:到|过)?|没说|没有|没留|无|暂无|未知|不晓得)(?:呢|啊|了)?")
_LONG_ANSWER = 12  # characters; a visit told while a question is open is longer


@router.command("新线索", "录线索", "加线索", "登记线索", "newlead")
async def enter(message: InboundMessage, ctx: Context, rest: str) -> None:
    """新线索 公司 联系人 手机号 […]：登记线索，派给合适的销售。例：新线索 杭州朴枢物流 陈俊杰 19900005501 高 3万"""
    if not may_enter_lead(ctx.employee):
        raise NotAllowed(words.may_not_enter())
    if not rest.strip():
        ctx.ask(ASK, words.begin(), {"field": LeadField.WHO.value})
        return
    await _go_on(ctx, read_lead_line(rest, vocabulary(ctx)))


def vocabulary(ctx: Context) -> Vocabulary:
    """How the company spells its regions and industries."""
    return Vocabulary(
        regions=known_regions(ctx.directory.employees()),
        industries=frozenset(customer.industry for customer in ctx.directory.customers()) - {""},
    )


def _can_be_called(line: LeadLine) -> bool:
    """Whether a number is there: with nobody's name it is a lead all the same."""
    return LeadField.HOW not in line.missing


async def _go_on(ctx: Context, line: LeadLine) -> None:
    """Ask for the first thing that is missing, else enter it."""
    if line.missing:
        asked = words.ask(line.missing[0], known=_can_be_called(line))
        ctx.ask(ASK, asked, {"field": line.missing[0].value, **asdict(line)})
        return
    await _enter(ctx, line)


@router.dialogue(ASK)
async def answered(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """The missing part, alone or with more of them in one line."""
    said, field = message.text.strip(), LeadField(data["field"])
    if never_mind(said):
        ctx.reply(words.given_up())
        return
    known = LeadLine(**{name: data.get(name, "") for name in LeadLine.__slots__})
    if _can_be_called(known) and _UNKNOWN.fullmatch(said.rstrip("。！!~ ")):
        await _enter(ctx, known)
        return
    more = read_answer(field, said, vocabulary(ctx))
    if await _is_something_else(message, ctx, field, more, data):
        return
    line = merged(known, more)
    if field in line.missing:
        ctx.ask(ASK, words.ask(field, again=True, known=_can_be_called(known)), data)
        return
    await _go_on(ctx, line)


async def _is_something_else(
    message: InboundMessage, ctx: Context, field: LeadField, more: LeadLine, data: Mapping[str, str]
) -> bool:
    """A visit that is told or a question about a customer is taken as such; the question stays open."""
    from handlers.visits import read_sentence  # that module's table of commands imports this one

    said = message.text.strip()
    if len(said) <= _LONG_ANSWER or more.mobile or more.wechat:
        return False
    understood = understand(said, sender=ctx.employee, sent_at=ctx.sent_at, directory=ctx.directory)
    named = any(item.customer_no or item.ambiguous_customers for item in understood.visits)
    asks = understood.kind == "query" and understood.query is not None and bool(understood.query.customer_no)
    told = understood.kind == "visit" and named and (field is LeadField.HOW or not more.company)
    if told or asks:
        expect(ctx, ASK, data)
        await read_sentence(message, ctx, said)
    return told or asks


async def _enter(ctx: Context, line: LeadLine) -> None:
    day = ctx.sent_at.astimezone(SHANGHAI).date()
    record = to_record(
        line,
        lead_no=await ctx.uow.leads.new_number(day),
        received_at=ctx.sent_at,
        own_region=own_region(ctx.employee),
        words=vocabulary(ctx),
    )
    intake = LeadIntake(
        uow=ctx.uow,
        directory=ctx.directory,
        send=lambda uow, employee, content, dedup_key="": ctx.send(employee, content, dedup_key=dedup_key),
        at=ctx.sent_at,
    )
    new = NewLead(record=record, origin="chat", entered_by=ctx.employee.employee_no)
    [written] = await intake.take([new])
    ctx.end_dialogue()
    ctx.audit("lead.entered", subject=record.lead_no, state=written.placing.state.value)
    ctx.reply(words.entered_card(record, written.placing, name_of=lambda number: name_of(ctx, number)))


def name_of(ctx: Context, employee_no: str) -> str:
    employee = ctx.directory.employee(employee_no)
    return employee.name if employee else employee_no


# -- taking it back ---------------------------------------------------------------------------------------------------
@router.action(words.WithdrawLead)
async def withdraw_tapped(message: InboundMessage, ctx: Context, action: words.WithdrawLead) -> None:
    """撤销 on the card of what was entered; a second tap says the same, and the card says how it ended."""
    try:
        await take_back(ctx, action.lead_no)
        status = words.withdrawn(action.lead_no)
    except (NotAllowed, OutOfDate) as error:
        ctx.reply(error.sentence)
        status = error.sentence
    if message.tap is not None:
        record = await ctx.uow.leads.record(action.lead_no)
        card = words.entered_card(record, NOWHERE, name_of=lambda number: name_of(ctx, number), status=status)
        ctx.update_card(message.tap.card_id, card)


async def take_back(ctx: Context, lead_no: str) -> None:
    """Withdraw an own lead that nobody works on yet.

    Raises:
        NotFound, NotAllowed, OutOfDate: no such lead, somebody else's, too late.
    """
    case = await ctx.uow.leads.get(lead_no)
    try:
        after = withdraw(case, by=ctx.employee.employee_no, at=ctx.sent_at)
    except LeadRefused as error:
        if error.why is Why.NOT_HOLDER:
            raise NotAllowed(words.not_yours(lead_no)) from error
        late = error.why is Why.ANSWERED
        raise OutOfDate(words.too_late(lead_no) if late else words.over_already(lead_no)) from error
    if after != case:
        await (await lead_desk(ctx)).put(case, after)
        ctx.audit("lead.withdrawn", subject=lead_no)
    ctx.reply(words.withdrawn(lead_no))


async def last_entered(ctx: Context, *, since: datetime) -> tuple[str, datetime] | None:
    """(number, moment) of the lead this person entered last and has not taken back, for 撤销."""
    return await ctx.uow.leads.last_entered(ctx.employee.employee_no, since=since)
