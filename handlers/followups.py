"""The reminder's buttons: it was done (tell what came of it), or one day later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from bot.cards import followups as words
from bot.cards.errors import STALE_CARD
from bot.clock import SHANGHAI
from bot.domain.corrections import never_mind
from bot.domain.followups import contact_to_call, reminded, reminders
from bot.domain.understanding import understand
from bot.domain.visit_records import Visit
from bot.domain.visits import VisitReading
from bot.errors import NotAllowed, OutOfDate
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from handlers.recording import record_all
from handlers.visits import read_sentence

router = Router[Context]()

REMINDER, REMINDED_AT = "followup_reminder", time(9)  # jobs/followup_reminder.py, as long as nobody changes its time
TOLD = "followup.told"  # dialogue: what came of a follow-up


@router.action(words.FollowedUp)
async def followed_up(message: InboundMessage, ctx: Context, action: words.FollowedUp) -> None:
    """Ask for one sentence, which becomes a visit of that customer."""
    visit = await ctx.uow.visits.get(action.visit_no)
    _must_be_reminded(ctx, visit)
    customer = ctx.directory.customer(visit.customer_no or "")
    typed = message.tap.text.strip() if message.tap else ""
    data = {"customer_no": visit.customer_no or ""}
    if typed:
        await _told(message, ctx, data, typed)
    else:
        ctx.ask(TOLD, words.ask_what_came_of_it(customer.name if customer else ""), data)


@router.command("已跟进", hidden=True)
async def followed_up_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """已跟进 [第几家]：和点提醒卡片上的按钮一样。"""
    today = ctx.sent_at.astimezone(SHANGHAI).date()
    mine = await _reminded_today(ctx, today)
    place = int(rest) if rest.isdigit() else 1
    if not 1 <= place <= len(mine):
        ctx.reply(words.nothing_left() if not mine else words.which_one(len(mine)))
        return
    await followed_up(message, ctx, words.FollowedUp(mine[place - 1].visit_no, today.isoformat()))


@router.command("推迟一天", "都推迟一天", hidden=True)
async def postpone_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """推迟一天：今天要跟进的都推迟到明天。"""
    today = ctx.sent_at.astimezone(SHANGHAI).date()
    await postpone(message, ctx, words.PostponeFollowUps("", today.isoformat()))


async def _reminded_today(ctx: Context, today: date) -> list[Visit]:
    """What the morning's card listed, in its order: the promises as they stood when it was made."""
    morning = datetime.combine(today, REMINDED_AT, SHANGHAI).astimezone(UTC)
    run = (await ctx.uow.schedules.last_runs([REMINDER], now=ctx.sent_at)).get(REMINDER)
    if run and run.fire_at.astimezone(SHANGHAI).date() == today:
        morning = run.fire_at
    visits = await ctx.uow.visits.promises(today, as_of=min(morning, ctx.sent_at))
    return reminders(ctx.directory, visits).get(ctx.employee.employee_no, [])


@router.dialogue(TOLD)
async def told(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """What came of it; a sentence that names another customer is read as usual."""
    if never_mind(message.text):
        return
    await _told(message, ctx, data, message.text.strip())


async def _told(message: InboundMessage, ctx: Context, data: Mapping[str, str], text: str) -> None:
    understood = understand(text, sender=ctx.employee, sent_at=ctx.sent_at, directory=ctx.directory)
    named = [item for item in understood.visits if item.customer_no or item.ambiguous_customers]
    if understood.kind == "command" or (named and named[0].customer_no != data["customer_no"]):
        await read_sentence(message, ctx, text)
        return
    name = getattr(ctx.directory.customer(data["customer_no"]), "name", "")
    again = understand(f"{name}，{text}", sender=ctx.employee, sent_at=ctx.sent_at, directory=ctx.directory)
    about = [item for item in again.visits if item.customer_no == data["customer_no"]]
    plain = VisitReading(
        customer_no=data["customer_no"], visit_date=ctx.sent_at.astimezone(SHANGHAI).date(), summary=text
    )
    reading = named[0] if named else replace(about[0], summary=text) if about else plain
    await record_all(message, ctx, [reading], text)


@router.action(words.PostponeFollowUps)
async def postpone(message: InboundMessage, ctx: Context, action: words.PostponeFollowUps) -> None:
    """One day later than the card's day, for the one named or for all that are still open. Undone by 撤销."""
    try:
        day = date.fromisoformat(action.day)
    except ValueError as error:
        raise OutOfDate(STALE_CARD) from error
    card_id = message.tap.card_id if message.tap else ""
    if action.visit_no:
        visits = [await ctx.uow.visits.get(action.visit_no)]
        _must_be_reminded(ctx, visits[0])
    else:
        visits = await ctx.uow.visits.promises(day, as_of=ctx.sent_at)
        visits = [visit for visit in visits if reminded(ctx.directory, visit) == ctx.employee]
    waiting = [visit for visit in visits if visit.next_follow_up == day]
    to = day + timedelta(days=1)
    promises = _promises(ctx, waiting)
    for visit in waiting:
        before = await ctx.uow.visits.get(visit.visit_no)
        after = replace(before, next_follow_up=to)
        await ctx.uow.visits.save(before, after, at=ctx.sent_at, message_id=message.message_id, undoable=True)
        ctx.audit("visit.postponed", subject=visit.visit_no, to=to.isoformat())
    if waiting and not card_id:
        ctx.reply(words.postponed(len(waiting), to))
    elif waiting:
        ctx.update_card(card_id, words.reminder_card(promises, day, status=words.postponed(len(waiting), to)))
    elif not action.visit_no:
        ctx.reply(words.nothing_left())


def _promises(ctx: Context, visits: Sequence[Visit]) -> list[words.Promise]:
    return [
        words.Promise(visit=visit, customer=customer, contact=contact_to_call(ctx.directory, visit))
        for visit in visits
        if (customer := ctx.directory.customer(visit.customer_no or ""))
    ]


def _must_be_reminded(ctx: Context, visit: Visit) -> None:
    if reminded(ctx.directory, visit) != ctx.employee:
        raise NotAllowed(words.not_your_reminder())
