"""Looking up a customer: `客户 名称`, a question in plain words, and the buttons around them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from bot.cards import history as words
from bot.cards.answers import answer_to
from bot.cards.errors import STALE_CARD
from bot.cards.order_file import MIME, orders_xlsx
from bot.clock import SHANGHAI
from bot.domain.answers import Facts
from bot.domain.aspects import Aspect
from bot.domain.people import Customer, may_see
from bot.domain.periods import previous_month
from bot.domain.queries import QueryReading, overview_of
from bot.domain.understanding import Understood, understand
from bot.domain.visits import VisitReading
from bot.errors import NotAllowed, NotFound, OutOfDate, UserError
from bot.messages import Card, Document, InboundMessage, Markdown
from bot.router import Router
from handlers.context import Context
from handlers.recording import expect, record_all, whom_to_ask

router = Router[Context]()

CHOOSE = "history.choose"  # dialogue: which of several customers was meant
NAME = "history.name"  # dialogue: whose fact was asked for
TELL = "history.tell"  # dialogue: the visit to the customer on the screen


# -- asking -----------------------------------------------------------------------------------------------------------
@router.command("客户", "历史", "customer", "history")
async def look_up(message: InboundMessage, ctx: Context, rest: str) -> None:
    """客户 名称：看一家客户的欠款、订单、库存、工单、合同和拜访。例：客户 绿源滨江"""
    if not rest:
        ctx.reply(words.example())
        return
    understood = understand(rest, sender=ctx.employee, sent_at=ctx.sent_at, directory=ctx.directory)
    if understood.query is not None and understood.query.aspect is not Aspect.OVERVIEW:  # 客户 绿源 还欠多少
        await answer(message, ctx, understood)
        return
    await _about_name(ctx, overview_of("", ctx.sent_at), rest)


async def answer(message: InboundMessage, ctx: Context, understood: Understood) -> None:
    """A question in plain words: the answer first, one card for each customer that was named."""
    if understood.query is None:
        ctx.reply(words.which_customer())
        return
    readings = (understood.query, *understood.query.more)
    for reading in readings:
        try:
            await _answer(ctx, reading)
        except UserError as error:  # one of several: the others still get their answer
            if len(readings) == 1:
                raise
            ctx.reply(error.sentence)


async def _answer(ctx: Context, reading: QueryReading) -> None:
    if reading.customer_no:
        await _tell(ctx, reading, _customer(ctx, reading.customer_no))
    elif reading.ambiguous_customers:
        _ask_which(ctx, reading)
    else:
        ctx.ask(NAME, words.which_customer(), words.AskAbout.of(reading, "").params())


async def _about_name(ctx: Context, reading: QueryReading, name: str) -> None:
    """Answer `reading` about the customer that a text names, and about nothing but a name.

    Raises:
        NotFound: no customer is called so.
    """
    mention = ctx.directory.look_up(name, sender=ctx.employee)
    mention = mention or next(iter(ctx.directory.find(name, sender=ctx.employee)), None)
    if mention is None:
        raise NotFound(words.not_found(name))
    await _answer(
        ctx,
        replace(
            reading,
            customer_no=mention.customer_no,
            ambiguous_customers=() if mention.customer_no else tuple(mention.candidates),
        ),
    )


async def _tell(ctx: Context, reading: QueryReading, customer: Customer) -> None:
    today = ctx.sent_at.astimezone(SHANGHAI).date()
    period = reading.period or previous_month(today)
    history = await ctx.uow.history.of(customer, period=period, today=today)
    facts = Facts(customer=customer, contacts=ctx.directory.contacts_of(customer.customer_no), history=history)
    card = card_for(reading, facts, ctx)
    if reading.aspect is not Aspect.OVERVIEW:
        ctx.reply(card)
        return
    # the answer comes first; what no card can hold follows it
    ctx.reply(replace(card, body=""))
    ctx.reply(words.details(card))


def card_for(reading: QueryReading, facts: Facts, ctx: Context) -> Card:
    """The whole screen for `客户 名称`, the answer with the main facts for a question."""
    today = ctx.sent_at.astimezone(SHANGHAI).date()
    period = reading.period or previous_month(today)
    if reading.aspect is Aspect.OVERVIEW:
        return words.screen(facts, ctx.directory, period=period, today=today)
    said = answer_to(reading, facts, ctx.directory, today=today)
    return words.answer_card(facts, said, ctx.directory, period=period, today=today)


# -- which one --------------------------------------------------------------------------------------------------------
def _ask_which(ctx: Context, reading: QueryReading) -> None:
    customers = [item for number in reading.ambiguous_customers if (item := ctx.directory.customer(number))]
    seen = [item for item in customers if may_see(ctx.employee, item)]
    if not seen:
        raise NotAllowed(words.none_yours(len(customers)))
    mine = ctx.employee.employee_no
    seen.sort(key=lambda item: (item.owner_no != mine, item.customer_no))
    numbers = ",".join(item.customer_no for item in seen)
    expect(ctx, CHOOSE, {**words.AskAbout.of(reading, "").params(), "candidates": numbers})
    ctx.reply(words.choice_card(reading, seen, ctx.directory))


@router.dialogue(CHOOSE)
async def chosen_in_words(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """The number in front of a candidate, or its name; anything else is read as usual."""
    candidates = [number for number in data.get("candidates", "").split(",") if number]
    said = message.text.strip()
    if said.isdigit() and 1 <= int(said) <= len(candidates):
        await _answer(ctx, replace(_asked(data), customer_no=candidates[int(said) - 1]))
        return
    await named_in_words(message, ctx, data)


@router.dialogue(NAME)
async def named_in_words(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """A name and nothing else answers the question asked before; a sentence is a new one."""
    from handlers.visits import read_sentence  # that module imports this one

    mention = ctx.directory.look_up(message.text.strip(), sender=ctx.employee)
    if mention is None:
        await read_sentence(message, ctx, message.text)
        return
    await _about_name(ctx, _asked(data), message.text.strip())


def _asked(data: Mapping[str, str]) -> QueryReading:
    return replace(words.AskAbout.parse(data).reading(), customer_no=None)


@router.action(words.AskAbout)
async def asked_about(message: InboundMessage, ctx: Context, action: words.AskAbout) -> None:
    """One of the candidates was tapped."""
    try:
        reading = action.reading()
    except ValueError as error:
        raise OutOfDate(STALE_CARD) from error
    ctx.end_dialogue()
    await _tell(ctx, reading, _customer(ctx, action.customer_no))


# -- more -------------------------------------------------------------------------------------------------------------
@router.action(words.ShowCustomer)
async def show(message: InboundMessage, ctx: Context, action: words.ShowCustomer) -> None:
    """更多: the whole screen."""
    await _tell(ctx, overview_of(action.customer_no, ctx.sent_at), _customer(ctx, action.customer_no))


@router.action(words.AllOrders)
async def all_orders(message: InboundMessage, ctx: Context, action: words.AllOrders) -> None:
    """全部订单: a spreadsheet, made off the event loop; that it left the house is on record."""
    customer = _customer(ctx, action.customer_no)
    orders = [order async for order in ctx.uow.history.all_orders(customer.customer_no)]
    ctx.reply(words.orders_sent(customer, len(orders)))
    if not orders:
        return
    file_name = f"{customer.short_name or customer.name}_订单.xlsx"
    content = await asyncio.to_thread(orders_xlsx, orders)
    attachment_id = await ctx.uow.attachments.add(content, file_name=file_name, mime=MIME, kind="file")
    ctx.reply(Document(attachment_id=attachment_id, file_name=file_name))
    ctx.audit("orders.exported", subject=customer.customer_no, orders=len(orders))


@router.action(words.AllVisits)
async def all_visits(message: InboundMessage, ctx: Context, action: words.AllVisits) -> None:
    """全部拜访: the newest ones in the chat."""
    customer = _customer(ctx, action.customer_no)
    visits, total = await ctx.uow.history.all_visits(customer.customer_no, limit=words.VISITS_AT_ONCE)
    today = ctx.sent_at.astimezone(SHANGHAI).date()
    text = words.visits_text(customer, visits, total, ctx.directory, today)
    ctx.reply(Markdown(text=text, title=f"{customer.name} 拜访"))


@router.action(words.TellVisit)
async def tell(message: InboundMessage, ctx: Context, action: words.TellVisit) -> None:
    """记拜访: what was typed with the tap, or the next message, is a visit to this customer."""
    customer = _customer(ctx, action.customer_no)
    if message.tap is not None and (said := message.tap.text.strip()):
        await _record(message, ctx, customer, said)
    else:
        ctx.ask(TELL, words.tell_visit(customer), {"customer_no": customer.customer_no})


@router.dialogue(TELL)
async def told(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """The sentence after 记拜访."""
    await _record(message, ctx, _customer(ctx, data.get("customer_no", "")), message.text.strip())


async def _record(message: InboundMessage, ctx: Context, customer: Customer, said: str) -> None:
    text = f"拜访 {customer.name} {said}"
    understood = understand(text, sender=ctx.employee, sent_at=ctx.sent_at, directory=ctx.directory)
    read = understood.visits or (
        VisitReading(customer_no=None, visit_date=ctx.sent_at.astimezone(SHANGHAI).date(), summary=said),
    )
    first = replace(read[0], customer_no=customer.customer_no, ambiguous_customers=())
    await record_all(message, ctx, (first, *read[1:]), text)


def _customer(ctx: Context, customer_no: str) -> Customer:
    """The customer, if the asker may see it.

    Raises:
        NotFound, NotAllowed: with whom to ask.
    """
    customer = ctx.directory.customer(customer_no)
    if customer is None:
        raise NotFound(words.not_found(customer_no))
    if not may_see(ctx.employee, customer):
        raise NotAllowed(words.not_yours(customer, whom_to_ask(ctx.directory, customer)))
    return customer
