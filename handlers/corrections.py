"""One tap, one question, one answer: a field of a visit gets its new value and the card its new face."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from bot.cards import visits as words
from bot.cards.errors import STALE_CARD
from bot.clock import SHANGHAI
from bot.domain.contracts import ContractField
from bot.domain.corrections import Nothing, never_mind, read_amount, read_follow_up
from bot.domain.directory import Mention
from bot.domain.numbers import split_number
from bot.domain.people import Customer
from bot.domain.understanding import understand
from bot.domain.visit_records import Visit, VisitField, VisitState, corrected
from bot.errors import NotAllowed, OutOfDate
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from handlers.media import settle_note
from handlers.recording import EDIT, choosable, refresh, settle_customer, show
from handlers.visits import own_visit, read_sentence, run_command, visit_meant
from store.outbox import new_card_id

router = Router[Context]()

_FILLER = re.compile(r"就?是|那一?[家个]|这一?[家个]|应该|我说的|的|吧|啊|呀|哦|嗯|店|客户|不|[\s,，。.!！:：]")
_DENIED = re.compile(r"不是[^，,。]{0,3}$")
_MOST_BESIDE_A_NAME = 3  # characters
_LONG_ANSWER = 12  # characters: a longer one that names a customer tells of a new visit, it is no amount or day


@router.action(words.EditVisit)
async def edit(message: InboundMessage, ctx: Context, action: words.EditVisit) -> None:
    """One field is wrong: ask for its new value, unless it was typed into the card."""
    if action.field not in list(VisitField):
        raise OutOfDate(STALE_CARD)
    field, visit = VisitField(action.field), await _open_visit(ctx, action.visit_no)
    typed = message.tap.text.strip() if message.tap else ""
    await _edit(message, ctx, visit, field, typed)


def _typed_edit(field: VisitField, word: str, alias: str) -> None:
    @router.command(word, alias, hidden=True)
    async def edit_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
        """改客户 / 改金额 / 改日期 / 改内容 [编号] 新的值：和点卡片上的按钮一样，不写编号就是最近一条。"""
        if await _means_a_contract(ctx, field, rest):
            return
        visit = await visit_meant(ctx, rest)
        await _edit(message, ctx, await _open_visit(ctx, visit.visit_no), field, _without_number(rest, visit.visit_no))


for _field, _alias in zip(VisitField, ("edit-customer", "edit-amount", "edit-date", "edit-note"), strict=True):
    _typed_edit(_field, words.EDIT_WORDS[_field], _alias)


async def _means_a_contract(ctx: Context, field: VisitField, rest: str) -> bool:
    """改客户 and 改金额 are said of a contract's draft as well: by its number, or where it is the newest thing told."""
    from handlers import contract_drafts

    if field not in (VisitField.CUSTOMER, VisitField.AMOUNT):
        return False
    number, said = split_number(rest)
    if not number and not split_number(rest, prefix="BF")[0]:
        draft = await contract_drafts.newest_draft(ctx)
        visits = await ctx.uow.visits.waiting(ctx.employee.employee_no)
        if draft is not None and (not visits or visits[0].said_at < draft.created_at):
            number, said = draft.approval_no, rest.strip()
    if not number:
        return False
    part = ContractField.CUSTOMER if field is VisitField.CUSTOMER else ContractField.AMOUNT
    await contract_drafts.edit_field(ctx, await ctx.uow.approvals.get(number), part, said)
    return True


async def _edit(message: InboundMessage, ctx: Context, visit: Visit, field: VisitField, typed: str) -> None:
    data = {"visit_no": visit.visit_no, "field": field.value}
    if not typed:
        ctx.ask(EDIT, words.QUESTIONS[field], data)
    elif field is VisitField.CUSTOMER:
        await customer_in_words(message, ctx, visit, EDIT, data, typed)
    elif not await _apply(message, ctx, visit, field, typed):
        ctx.ask(EDIT, _not_understood(field, typed), data)


@router.dialogue(EDIT)
async def answered(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """The new value, in any wording."""
    text, field = message.text.strip(), VisitField(data["field"])
    if never_mind(text):
        ctx.reply(words.left_as_is())
        return
    visit = await ctx.uow.visits.get(data["visit_no"])
    if visit.state is VisitState.CANCELLED or visit.employee_no != ctx.employee.employee_no:
        await read_sentence(message, ctx, text)
        return
    if field in (VisitField.AMOUNT, VisitField.FOLLOW_UP) and await _is_something_else(message, ctx, text):
        return
    if field is VisitField.CUSTOMER:
        await customer_in_words(message, ctx, visit, EDIT, data)
    elif not await _apply(message, ctx, visit, field, text):
        ctx.ask(EDIT, _not_understood(field, text), data)


async def _apply(message: InboundMessage, ctx: Context, visit: Visit, field: VisitField, text: str) -> bool:
    """False when the words are no value for this field."""
    value = _READERS[field](text, ctx.sent_at.astimezone(SHANGHAI).date())
    if value is None:
        return False
    after = corrected(visit, field, None if isinstance(value, Nothing) else value)
    await ctx.uow.visits.save(visit, after, at=ctx.sent_at, message_id=message.message_id, undoable=True)
    ctx.audit("visit.corrected", subject=visit.visit_no, field=field.value)
    await settle_note(message, ctx, visit.visit_no)
    ctx.end_dialogue()
    await refresh(ctx, after)
    if message.tap is None:  # the card that changed may have scrolled away meanwhile
        customer = ctx.directory.customer(after.customer_no or "")
        ctx.reply(words.edited(visit, after, customer.name if customer else ""))
    return True


_READERS: Mapping[VisitField, Callable[[str, date], Any]] = {
    VisitField.AMOUNT: lambda text, today: read_amount(text, today=today),
    VisitField.FOLLOW_UP: lambda text, today: read_follow_up(text, today=today),
    VisitField.SUMMARY: lambda text, today: text or None,
}


def _not_understood(field: VisitField, text: str) -> str:
    return words.no_amount(text) if field is VisitField.AMOUNT else words.no_day(text)


# -- customers in words ---------------------------------------------------------------------------------------------
async def customer_in_words(
    message: InboundMessage, ctx: Context, visit: Visit, dialogue: str, data: Mapping[str, str], typed: str = ""
) -> None:
    """The customer named in an answer; several: a card with them; none: ask again. A new report is read as one."""
    text = typed or message.text.strip()
    if never_mind(text):
        ctx.reply(words.left_waiting() if visit.state is VisitState.CHOOSING else words.left_as_is())
        return
    mentions = _mentions(ctx, text)
    if not typed and not _just_names(text, mentions) and await _is_something_else(message, ctx, text):
        return
    named = _customers(ctx, _affirmed(text, mentions), within=choosable(ctx, visit))
    if not named:
        ctx.ask(dialogue, words.no_such_customer(text), data)
    elif len(named) > 1:
        await _ask_which(ctx, visit, named)
    else:
        await settle_note(message, ctx, visit.visit_no)
        try:
            await settle_customer(ctx, visit, named[0], undoable=visit.state is not VisitState.CHOOSING)
        except NotAllowed as error:  # not raised any further: the question has to stay open
            ctx.ask(dialogue, error.sentence, data)


def told_apart(text: str, candidates: Sequence[Customer]) -> Customer | None:
    """The one candidate whose name or address holds the words ("滨江那家", "中山路的")."""
    part = _FILLER.sub("", text)
    if not 2 <= len(part) <= _LONG_ANSWER:
        return None
    fitting = [item for item in candidates if part in f"{item.name} {item.short_name} {item.address}"]
    return fitting[0] if len(fitting) == 1 else None


def names_customer(ctx: Context, text: str) -> bool:
    """Whether an answer names any customer at all."""
    return bool(_mentions(ctx, text))


def _mentions(ctx: Context, text: str) -> list[Mention]:
    whole = ctx.directory.look_up(text, sender=ctx.employee)
    return [whole] if whole else ctx.directory.find(text, sender=ctx.employee)


def _affirmed(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """Without those the answer says it is not ("不是绿源滨江，是杭州绿源")."""
    return [item for item in mentions if not _DENIED.search(text[: item.start])]


def _just_names(text: str, mentions: Sequence[Mention]) -> bool:
    """Nothing but names and filler."""
    rest = text
    for mention in mentions:
        rest = rest.replace(mention.surface, "")
    return bool(mentions) and len(_FILLER.sub("", rest)) <= _MOST_BESIDE_A_NAME


def _customers(ctx: Context, mentions: Sequence[Mention], *, within: list[Customer]) -> list[Customer]:
    """What the mentions mean; first among the candidates already offered, if that leaves one."""
    numbers = dict.fromkeys(
        number for item in mentions for number in ((item.customer_no,) if item.customer_no else item.candidates)
    )
    offered = [customer for customer in within if customer.customer_no in numbers]
    if len(offered) == 1:
        return offered
    return [customer for number in numbers if (customer := ctx.directory.customer(number))]


async def _ask_which(ctx: Context, visit: Visit, named: list[Customer]) -> None:
    """Several customers answer to the name: the visit waits until one is chosen."""
    numbers = tuple(customer.customer_no for customer in named)
    waiting = replace(visit, customer_no=None, candidates=numbers, state=VisitState.CHOOSING, card_id=new_card_id())
    undoable = visit.state is not VisitState.CHOOSING
    await ctx.uow.visits.save(visit, waiting, at=ctx.sent_at, message_id=ctx.message.message_id, undoable=undoable)
    await ctx.uow.visits.hang(visit.visit_no, waiting.card_id)
    if visit.card_id:
        ctx.update_card(visit.card_id, words.unknown_card(visit, status=words.choosing_below()))
    await show(ctx, waiting, {})


# -- what is not an answer ------------------------------------------------------------------------------------------
async def _is_something_else(message: InboundMessage, ctx: Context, text: str) -> bool:
    """An order ("刚才那条删掉"), a whole new visit or a question is handled as such; what was asked is dropped."""
    understood = understand(text, sender=ctx.employee, sent_at=ctx.sent_at, directory=ctx.directory)
    if understood.kind == "command":
        await run_command(message, ctx, understood)
        return True
    named = any(reading.customer_no or reading.ambiguous_customers for reading in understood.visits)
    asks = understood.kind == "query" and understood.query is not None and bool(understood.query.customer_no)
    if ((understood.kind == "visit" and named) or asks) and len(text) > _LONG_ANSWER:
        await read_sentence(message, ctx, text)
        return True
    return False


async def _open_visit(ctx: Context, visit_no: str) -> Visit:
    """The visit, if it can still be corrected."""
    visit = await own_visit(ctx, visit_no)
    if visit.state is VisitState.CANCELLED:
        raise OutOfDate(words.already_cancelled(visit_no))
    return visit


def _without_number(rest: str, visit_no: str) -> str:
    head, _, tail = rest.partition(" ")
    return tail.strip() if head.upper() == visit_no else rest.strip()
