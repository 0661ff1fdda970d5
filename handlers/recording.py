"""From a reading to a stored visit and its card: certain, to be chosen, unknown or not the sender's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.cards import visits as words
from bot.cards.media import KIND_NAMES
from bot.clock import Clock
from bot.domain.directory import Directory
from bot.domain.followups import region_manager
from bot.domain.people import Customer, may_record_visit
from bot.domain.text import clean
from bot.domain.visit_records import ATTACH_WITHIN, SAME_SENTENCE_WITHIN, Visit, VisitState, record, with_customer
from bot.domain.visits import VisitReading
from bot.errors import NotAllowed
from bot.messages import InboundMessage
from handlers.context import DIALOGUE_MINUTES, Context
from store.outbox import new_card_id
from store.visit_media import KeptMedia

CHOOSE = "visit.choose"  # dialogue: which customer was meant
EDIT = "visit.edit"  # dialogue: the new value of one field


async def record_all(
    message: InboundMessage, ctx: Context, readings: Sequence[VisitReading], text: str, *, heard: bool = False
) -> list[Visit]:
    """Store what a message reports and answer with a card each; the same sentence sent twice is stored once."""
    text = clean(text)
    around = SAME_SENTENCE_WITHIN
    known = await ctx.uow.visits.same_sentence(
        ctx.employee.employee_no, text, since=ctx.sent_at - around, until=ctx.sent_at + around
    )
    if known:
        ctx.reply(words.said_already([visit.visit_no for visit in known]))
        return known
    stored = [await _record(message, ctx, reading, text, heard) for reading in readings]
    visits = [visit for visit in stored if visit is not None]
    collected = await _collect_waiting_media(ctx, visits[-1]) if visits else {}
    for visit in visits:
        await show(ctx, visit, collected if visit is visits[-1] else {})
    return visits


async def _record(message: InboundMessage, ctx: Context, reading: VisitReading, text: str, heard: bool) -> Visit | None:
    """None when the customer is somebody else's: the reply says whom to ask."""
    named = reading.ambiguous_customers if reading.customer_no is None else (reading.customer_no,)
    customers = [item for number in named if (item := ctx.directory.customer(number))]
    allowed = [item for item in customers if may_record_visit(ctx.employee, item)]
    if customers and not allowed:
        ctx.reply(words.out_of_scope(customers[0], whom_to_ask(ctx.directory, customers[0])))
        ctx.audit("visit.refused", subject=customers[0].customer_no)
        return None
    visit = record(
        reading,
        employee_no=ctx.employee.employee_no,
        said_at=ctx.sent_at,
        text=text,
        channel=message.channel.value,
        message_id=message.message_id,
        heard=heard,
    )
    visit = await ctx.uow.visits.add(replace(visit, card_id=new_card_id()) if customers else visit)
    ctx.audit("visit.recorded", subject=visit.visit_no, customer=visit.customer_no, state=visit.state.value)
    return visit


async def _collect_waiting_media(ctx: Context, visit: Visit) -> dict[str, int]:
    """What was sent shortly before joins the visit; how many of each kind."""
    waiting = await ctx.uow.visits.media.waiting(
        visit.employee_no, told_at=visit.said_at, since=visit.said_at - timedelta(hours=1)
    )
    if waiting:
        await ctx.uow.visits.media.attach([item.visit_media_id for item in waiting], visit.visit_no)
    return _counted(waiting)


async def show(ctx: Context, visit: Visit, along: Mapping[str, int]) -> None:
    """Answer with the visit's card, or ask which customer it was. `along`: what was sent with it, by Chinese name."""
    customer = ctx.directory.customer(visit.customer_no or "")
    if customer is not None:
        card = words.visit_card(visit, customer, sent_along=along)
    elif candidates := choosable(ctx, visit):
        card = words.choice_card(visit, candidates)
        expect(ctx, CHOOSE, {"visit_no": visit.visit_no})
    else:
        ctx.ask(CHOOSE, words.ask_customer(visit.text), {"visit_no": visit.visit_no})
        return
    shown_as = ctx.reply(card, card_id=visit.card_id)
    if shown_as != visit.card_id:
        await ctx.uow.visits.hang(visit.visit_no, shown_as)


async def refresh(ctx: Context, visit: Visit, *, status: str = "") -> None:
    """Give the visit's card its present face where it hangs."""
    if not visit.card_id:
        return
    customer = ctx.directory.customer(visit.customer_no or "")
    if customer is not None:
        ctx.update_card(
            visit.card_id, words.visit_card(visit, customer, sent_along=await sent_along(ctx, visit), status=status)
        )
    elif visit.state is VisitState.CHOOSING and (candidates := choosable(ctx, visit)):
        ctx.update_card(visit.card_id, words.choice_card(visit, candidates))
    else:
        ctx.update_card(visit.card_id, words.unknown_card(visit, status=status))


async def settle_customer(ctx: Context, visit: Visit, customer: Customer, *, undoable: bool = False) -> Visit:
    """The customer is known now: store it, and turn the question into the visit's card.

    Raises:
        NotAllowed: it is somebody else's customer.
    """
    if not may_record_visit(ctx.employee, customer):
        raise NotAllowed(words.out_of_scope(customer, whom_to_ask(ctx.directory, customer)))
    after = with_customer(visit, customer.customer_no, known_contact(ctx.directory, customer, visit.contact))
    await ctx.uow.visits.save(visit, after, at=ctx.sent_at, message_id=ctx.message.message_id, undoable=undoable)
    ctx.audit("visit.customer", subject=visit.visit_no, customer=customer.customer_no, before=visit.customer_no)
    await (refresh(ctx, after) if after.card_id else show(ctx, after, await sent_along(ctx, after)))
    return after


def choosable(ctx: Context, visit: Visit) -> list[Customer]:
    """Candidates the teller may record for: own customers first, then by number."""
    customers = [item for number in visit.candidates if (item := ctx.directory.customer(number))]
    mine = ctx.employee.employee_no
    return sorted(
        (item for item in customers if may_record_visit(ctx.employee, item)),
        key=lambda item: (item.owner_no != mine, item.customer_no),
    )


def known_contact(directory: Directory, customer: Customer, mention: str | None) -> str | None:
    """`王姐` or `老王` is 王红 when only one contact of the customer is called 王; other words stay as they are."""
    if not mention:
        return None
    names = {contact.name for contact in directory.contacts_of(customer.customer_no)}
    if mention in names:
        return mention
    surname = mention.lstrip("老小阿大")[:1]
    alike = [name for name in names if surname and name.startswith(surname)]
    return alike[0] if len(alike) == 1 else mention


def whom_to_ask(directory: Directory, customer: Customer) -> list[str]:
    """Who looks after a customer: its owner if still here, and the region's manager."""
    owner = directory.employee(customer.owner_no)
    people = [f"负责人{owner.name}"] if owner is not None and owner.active else []
    manager = region_manager(directory, customer.region)
    return people + ([f"{customer.region}经理{manager.name}"] if manager is not None else [])


async def sent_along(ctx: Context, visit: Visit) -> dict[str, int]:
    """How many photos, voice notes and places hang on the visit, by Chinese name."""
    return _counted(await ctx.uow.visits.media.of_visit(visit.visit_no))


def _counted(kept: Sequence[KeptMedia]) -> dict[str, int]:
    return dict(Counter(KIND_NAMES.get(item.kind, "文件") for item in kept))


async def latest_visit(ctx: Context) -> Visit | None:
    """What the sender told within ten minutes of this message, before it or (delivered late) after."""
    return await ctx.uow.visits.latest_told(
        ctx.employee.employee_no, since=ctx.sent_at - ATTACH_WITHIN, until=ctx.sent_at + ATTACH_WITHIN
    )


def expect(ctx: Context, dialogue: str, data: Mapping[str, str]) -> None:
    """Take the sender's next message as an answer, without asking in words (a card has asked already)."""
    ctx.uow.conversations.open(
        ctx.message.sender, dialogue, data, until=Clock.real_now() + timedelta(minutes=DIALOGUE_MINUTES)
    )
