"""Which lead is meant, whether the sender has to do with it, and why something cannot be done."""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.cards import lead_words as words
from bot.cards.leads import LeadSheet, turn_card
from bot.domain.leads.cases import OPEN, LeadCase, LeadState
from bot.domain.leads.moves import LeadRefused, Why
from bot.domain.leads.records import LeadRecord
from bot.domain.numbers import split_number, split_serial
from bot.domain.people import may_claim_lead, may_manage_leads
from bot.domain.text import clean, fold
from bot.errors import NotAllowed, NotFound
from handlers.context import Context
from store.lead_desk import LeadDesk
from store.lead_views import LeadViews

_EDGES = " ,，:：。;；"
_WORDS = 6  # of a message that may be a number
_NUMBER_LIKE = re.compile(r"[a-z]{2,10}[-_/]?\d[\d\-_/]*")  # web-1, xs999


async def lead_desk(ctx: Context) -> LeadDesk:
    """What this message may do to leads."""
    return LeadDesk(
        uow=ctx.uow,
        directory=ctx.directory,
        send=ctx.send,
        update_card=ctx.update_card,
        at=ctx.sent_at,
        rules=await ctx.uow.lead_rules.current(),
    )


async def find_number(ctx: Context, rest: str) -> tuple[str, str]:
    """(a lead's number or "", the other words): any id, any width or case, or the last digits of one's own lead.

    Raises:
        NotFound: what looks like one of our numbers is none.
    """
    views, said = LeadViews(ctx.uow.connection), clean(rest)
    number, others = split_number(said, prefix="XS")
    if number and (found := await views.find([number])):
        return found[0], others
    tokens = [word.strip(_EDGES) for word in said.split()[:_WORDS]]
    spelt = list(dict.fromkeys(form for word in tokens if word for form in (fold(word), word)))
    for known in await views.find(spelt) if spelt else []:
        token = next((word for word in tokens if fold(word) == fold(known)), "")
        if token:
            return known, said.replace(token, " ", 1).strip(_EDGES)
    if number:
        raise NotFound(words.no_such_lead(number))
    digits, others = split_serial(said)
    if digits:
        own = await views.held_by(ctx.employee.employee_no, OPEN)
        ends = [record.lead_no for record in own if record.lead_no.endswith(digits)]
        if len(ends) == 1:
            return ends[0], others
    return "", said


async def meant(
    ctx: Context, rest: str, word: str, states: Collection[LeadState] = OPEN
) -> tuple[LeadCase, str] | None:
    """The lead whose number was typed, locked, and the other words; without one the only one in hand, else a list.

    Raises:
        NotFound: what looks like a number is none; it must not pass for the reason to give another lead back.
    """
    number, said = await find_number(ctx, rest)
    if not number:
        first = next(iter(said.split()), "").strip(_EDGES)
        if _NUMBER_LIKE.fullmatch(fold(first)) and ctx.directory.employee(first.upper()) is None:
            raise NotFound(words.no_such_lead(first))
        own = await LeadViews(ctx.uow.connection).held_by(ctx.employee.employee_no, states)
        if len(own) != 1:
            ctx.reply(words.which(own, word))
            return None
        number = own[0].lead_no
    return await concerned(ctx, number), said


async def concerned(ctx: Context, number: str) -> LeadCase:
    """The lead, locked.

    Raises:
        NotFound: there is none, or it is history.
        NotAllowed: it is none of the sender's business.
    """
    case = await ctx.uow.leads.get(number)
    must_see(ctx, case, await ctx.uow.leads.record(number))
    return case


def must_see(ctx: Context, case: LeadCase, record: LeadRecord) -> None:
    """Who has or had it, entered it, manages its region or a rep that had it, and who may claim it.

    Raises:
        NotAllowed: anybody else.
    """
    me = ctx.employee
    had = {turn.employee_no for turn in case.turns}
    if me.employee_no in had | {case.entered_by} or manages(ctx, case, record):
        return
    if case.state is LeadState.POOL and may_claim_lead(me, record.region):
        return
    raise NotAllowed(f"{record.lead_no} 不在你的范围内，请找负责的同事或你的区域经理。")


def manages(ctx: Context, case: LeadCase, record: LeadRecord) -> bool:
    """Whether the sender is a manager of the lead's region or of a rep that had it."""
    me = ctx.employee
    had = (ctx.directory.employee(turn.employee_no) for turn in case.turns)
    regions = {record.region, *(person.region for person in had if person)}
    return any(may_manage_leads(me, region) for region in regions)


async def refuse(ctx: Context, desk: LeadDesk, case: LeadCase, error: LeadRefused, *, who: str = "") -> None:
    """Say why, and give a card that is out of date its present face."""
    sheet = await desk.sheet(case)
    if ctx.message.tap is not None and error.why in (Why.OVER, Why.PASSED_ON, Why.NOT_HOLDER):
        renew(ctx, sheet)
    ctx.reply(words.refused(error.why, sheet, me=ctx.employee.employee_no, who=who))
    ctx.audit("lead.refused", subject=case.lead_no, why=error.why.value)


def renew(ctx: Context, sheet: LeadSheet) -> None:
    """The tapped card as it should look now, where it is a rep's."""
    tap = ctx.message.tap
    turn = next((each for each in sheet.case.turns if tap and each.card_id == tap.card_id), None)
    if turn is not None and tap is not None:
        ctx.update_card(tap.card_id, turn_card(sheet, turn))


def of_this_turn(case: LeadCase, turn: str) -> None:
    """A card belongs to one turn: on that of an earlier one nothing can be answered. `turn` empty: words were typed.

    Raises:
        LeadRefused: PASSED_ON.
    """
    if turn and case.turn is not None and str(case.turn.turn_no) != turn:
        raise LeadRefused(Why.PASSED_ON)
