"""What was neither a visit nor a question: a short answer, and the second reader where one is configured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.cards import smalltalk as words
from bot.domain.directory import Directory
from bot.domain.people import Customer, Employee, may_see
from bot.domain.text import clean
from bot.domain.visit_records import Visit, VisitState, filled
from bot.domain.visits import VisitReading
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from store.identity import Seen

router = Router[Context]()
not_yet = words.not_yet

LECTURE_EVERY_SECONDS = 600  # the examples once; within ten minutes a short sentence does
READ = "visit_read"  # the event that brings the second reader's answer back


async def reply(message: InboundMessage, ctx: Context, text: str, *, asked: bool = False) -> None:
    """A word for a nod; else the second reader is asked (unless it was), else examples of what to say."""
    if (answer := words.short_answer(text)) is not None:
        ctx.reply(answer)
    elif ctx.settings.ai.enabled and not asked:
        _defer(message, ctx, text, "")
    elif (customer := named(text, sender=ctx.employee, directory=ctx.directory)) is not None:
        ctx.reply(words.nothing_happened(customer))
    elif await Seen(ctx.uow.connection).first(f"lecture:{message.sender.key}", seconds=LECTURE_EVERY_SECONDS):
        ctx.reply(words.not_understood())
    else:
        ctx.reply(words.not_understood_again())


def named(text: str, *, sender: Employee | None, directory: Directory) -> Customer | None:
    """The one customer that the words name for certain, if the sender may see it."""
    numbers = {mention.customer_no for mention in directory.find(clean(text), sender=sender)}
    customer = directory.customer(numbers.pop() or "") if len(numbers) == 1 else None
    return customer if sender is not None and customer is not None and may_see(sender, customer) else None


def second_opinion(message: InboundMessage, ctx: Context, text: str, visits: Sequence[Visit]) -> None:
    """Let the second reader close the gaps of the one visit a message told of; its card is up already."""
    if ctx.settings.ai.enabled and len(visits) == 1 and visits[0].state is VisitState.OPEN and _has_gaps(visits[0]):
        _defer(message, ctx, text, visits[0].visit_no)


def _has_gaps(visit: Visit) -> bool:
    return None in (visit.kind, visit.intent, visit.next_follow_up, visit.contact) or visit.amount_yuan is None


def _defer(message: InboundMessage, ctx: Context, text: str, visit_no: str) -> None:
    ctx.defer(
        "read_with_ai",
        channel=message.channel.value,
        app_id=message.app_id,
        user_id=message.sender.user_id,
        conversation_id=message.conversation_id,
        in_group=message.in_group,
        message_id=message.message_id,
        text=text,
        sent_at=message.sent_at.isoformat(),
        visit_no=visit_no,
        employee_no=ctx.employee.employee_no,
    )


@router.event(READ)
async def read_by_second(message: InboundMessage, ctx: Context) -> None:
    """The second reader's answer: it fills gaps of a waiting visit, or tells that a sentence was a visit after all."""
    from handlers.recording import record_all, refresh

    if ctx.stranger:
        return
    fields, reading = message.fields, _reading(message.fields.get("reading"))
    if not fields.get("visit_no"):
        if reading is None:
            await reply(message, ctx, str(fields["text"]), asked=True)
        else:
            await record_all(message, ctx, [reading], str(fields["text"]))
        return
    visit = await ctx.uow.visits.get(str(fields["visit_no"]))
    if reading is None or visit.state is not VisitState.OPEN or visit.employee_no != ctx.employee.employee_no:
        return
    if reading.customer_no not in (None, visit.customer_no):
        return  # it read something else into the words: none of it is taken
    after = filled(visit, reading)
    if after != visit:
        await ctx.uow.visits.save(visit, after, at=ctx.sent_at)
        ctx.audit("visit.filled", subject=visit.visit_no)
        await refresh(ctx, after)


def _reading(data: Any) -> VisitReading | None:
    """A reading as it travelled through the inbox (JSON)."""
    from datetime import date

    if not isinstance(data, dict):
        return None
    values = dict(data)
    for name in ("visit_date", "next_follow_up"):
        values[name] = date.fromisoformat(values[name]) if values.get(name) else None
    values["ambiguous_customers"] = tuple(values.get("ambiguous_customers") or ())
    return VisitReading(**values)
