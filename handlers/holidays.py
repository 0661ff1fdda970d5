"""节假日: which years are known; a year's notice, sent whole, is read back and holds after a tap."""

from __future__ import annotations

import re

from bot.cards import holidays as words
from bot.cards.errors import STALE_CARD
from bot.clock import SHANGHAI
from bot.domain import workdays
from bot.domain.holiday_notice import read_notice
from bot.domain.people import may_change_calendar
from bot.domain.text import clean, fold
from bot.errors import BadSyntax, NotAllowed, NotFound, OutOfDate
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from store.calendars import CHANGED, DROPPED, IN_FORCE, PROPOSED, TAKEN_BACK, GivenCalendar

router = Router[Context]()

_BACK = re.compile(r"(?P<year>20\d\d)\s*年?\s*(?:还原|撤销|恢复|恢复默认)")
_YEAR_ONLY = re.compile(r"(?P<year>20\d\d)\s*年?")
_NUMBER = re.compile(r"(?:jr)?\s?([0-9]{1,15})")


@router.command(words.WORD, "holidays")
async def holidays(message: InboundMessage, ctx: Context, rest: str) -> None:
    """节假日：看今年明年哪天放假；总监和管理员把国务院通知整段发来就能填。例：节假日 2027 一、元旦：1月1日……"""
    said = clean(rest)
    today = ctx.sent_at.astimezone(SHANGHAI).date()
    if not said or _YEAR_ONLY.fullmatch(fold(said)):
        years = [int(match["year"])] if (match := _YEAR_ONLY.fullmatch(fold(said))) else [today.year, today.year + 1]
        await _show(ctx, years)
    elif not may_change_calendar(ctx.employee):
        raise NotAllowed(words.not_allowed())
    elif match := _BACK.fullmatch(fold(said)):
        await _take_back(ctx, int(match["year"]))
    else:
        calendar = read_notice(said, today=today)
        by, at = ctx.employee.employee_no, ctx.sent_at
        number = await ctx.uow.calendars.propose(calendar, said, by=by, at=at)
        ctx.reply(words.proposal_card(number, calendar))


async def _show(ctx: Context, years: list[int]) -> None:
    given = await ctx.uow.calendars.in_force()
    shown = []
    for year in years:
        own = given.get(year)
        who = ctx.directory.employee(own.entered_by) if own else None
        shown.append(
            words.KnownYear(
                year,
                own.calendar if own else workdays.year_calendar(year),
                entered_by=(who.name if who else own.entered_by) if own else "",
                entered_at=own.entered_at if own else None,
            )
        )
    ctx.reply(words.years_text(shown, may_change=may_change_calendar(ctx.employee)))


async def _take_back(ctx: Context, year: int) -> None:
    own = (await ctx.uow.calendars.in_force()).get(year)
    if own is None:
        raise NotFound(words.nothing_to_take_back(year))
    await ctx.uow.calendars.settle(own.calendar_no, TAKEN_BACK)
    ctx.audit("calendar.taken_back", subject=str(year), calendar=own.calendar_no)
    await ctx.uow.notify(CHANGED)
    ctx.reply(words.taken_back(year, left=year in await ctx.uow.calendars.in_force()))


# -- deciding ---------------------------------------------------------------------------------------------------------
@router.action(words.ConfirmCalendar)
async def confirm(message: InboundMessage, ctx: Context, action: words.ConfirmCalendar) -> None:
    given = await _proposal(ctx, action.calendar_no)
    newest = (await ctx.uow.calendars.in_force()).get(given.calendar.year)
    if newest is not None and newest.calendar_no > given.calendar_no:
        raise OutOfDate(words.overtaken(given.calendar.year))
    await ctx.uow.calendars.settle(given.calendar_no, IN_FORCE)
    ctx.audit("calendar.changed", subject=str(given.calendar.year), calendar=given.calendar_no)
    await ctx.uow.notify(CHANGED)
    _settled(message, ctx, given, "确认，已生效")


@router.action(words.DropCalendar)
async def drop(message: InboundMessage, ctx: Context, action: words.DropCalendar) -> None:
    given = await _proposal(ctx, action.calendar_no)
    await ctx.uow.calendars.settle(given.calendar_no, DROPPED)
    _settled(message, ctx, given, "取消，没有生效")


@router.command(words.CONFIRM, hidden=True)
async def confirm_in_words(message: InboundMessage, ctx: Context, rest: str) -> None:
    await confirm(message, ctx, words.ConfirmCalendar(_typed_number(rest, words.CONFIRM)))


@router.command(words.DROP, hidden=True)
async def drop_in_words(message: InboundMessage, ctx: Context, rest: str) -> None:
    await drop(message, ctx, words.DropCalendar(_typed_number(rest, words.DROP)))


def _typed_number(rest: str, word: str) -> str:
    match = _NUMBER.fullmatch(fold(rest).strip())
    if not match:
        raise BadSyntax(words.which_proposal(word))
    return match[1]


async def _proposal(ctx: Context, calendar_no: str) -> GivenCalendar:
    """What a button named; it comes from the client and may be anything."""
    if not may_change_calendar(ctx.employee):
        raise NotAllowed(words.not_allowed())
    match = _NUMBER.fullmatch(calendar_no)
    if not match:
        raise NotFound(STALE_CARD)
    given = await ctx.uow.calendars.get(int(match[1]))
    if given.state != PROPOSED:
        raise OutOfDate(words.already_decided())
    return given


def _settled(message: InboundMessage, ctx: Context, given: GivenCalendar, what: str) -> None:
    card = words.settled_card(given.calendar_no, given.calendar, by=ctx.employee, at=ctx.sent_at, what=what)
    if message.tap:
        ctx.update_card(message.tap.card_id, card)
    else:
        ctx.reply(card)
