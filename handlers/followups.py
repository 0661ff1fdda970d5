"""The reminder's buttons: it was done (tell what came of it), or one day later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.cards import followups as words
from bot.clock import SHANGHAI
from bot.domain.corrections import never_mind
from bot.domain.followups import contact_to_call, reminded
from bot.domain.understanding import understand
from bot.domain.visit_records import Visit
from bot.domain.visits import VisitReading
from bot.errors import NotAllowed
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from handlers.corrections import other_kind
from handlers.recording import record_all
from handlers.visits import read_sentence

router = Router[Context]()

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


@router.dialogue(TOLD)
async def told(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """What came of it; a sentence that names another customer is read as usual."""
    if await other_kind(message, ctx, TOLD, data) or never_mind(message.text):
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
    day = date.fromisoformat(action.day)
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
    if waiting:
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
