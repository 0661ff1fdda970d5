"""Starting a contract: one line, a button, or question by question; a draft is shown before anything goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.cards import contracts as words
from bot.cards.errors import STALE_CARD
from bot.domain.approval_values import Approval
from bot.domain.contracts import (
    ContractField,
    ContractReading,
    missing,
)
from bot.domain.corrections import never_mind
from bot.domain.people import may_see, may_start_contract
from bot.errors import NotAllowed, OutOfDate
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from handlers.contract_drafts import is_something_else, show_draft, startable
from handlers.contract_values import (
    from_data,
    merged,
    read_words,
    terms_of,
    to_data,
    value_of,
    with_customer,
    with_value,
)
from handlers.recording import expect, whom_to_ask
from handlers.which_approval import typed_beside

router = Router[Context]()

ASK = "contract.ask"  # dialogue: one missing part
CHOOSE = "contract.choose"  # dialogue: which customer was meant


# -- starting ---------------------------------------------------------------------------------------------------------
@router.command("合同", "contract")
async def start(message: InboundMessage, ctx: Context, rest: str) -> None:
    """合同 客户 金额 折扣 期限 [非标 …]：发起合同审批，先看草稿再提交。例：合同 绿源滨江 85万 9.2折 一年"""
    if not may_start_contract(ctx.employee):
        raise NotAllowed(words.may_not_start())
    if not rest:
        ctx.ask(ASK, words.begin(), {"field": ContractField.CUSTOMER.value, "visit_no": ""})
        return
    await _go_on(ctx, read_words(ctx, rest))


@router.action(words.StartContract)
async def start_tapped(message: InboundMessage, ctx: Context, action: words.StartContract) -> None:
    """发起合同 on a visit's or a customer's card."""
    if not may_start_contract(ctx.employee):
        raise NotAllowed(words.may_not_start())
    reading = read_words(ctx, typed_beside(message)) if typed_beside(message) else ContractReading()
    if action.visit_no and reading.amount_fen is None:
        visit = await ctx.uow.visits.find(action.visit_no)
        if visit is not None and visit.amount_yuan:
            reading = replace(reading, amount_fen=visit.amount_yuan * 100)
    fixed = replace(reading, customer_no=action.customer_no, ambiguous_customers=(), customer_words="")
    await _go_on(ctx, fixed, visit_no=action.visit_no)


async def _go_on(ctx: Context, reading: ContractReading, *, visit_no: str = "") -> None:
    """Ask for the first thing that is missing or wrong, else show the draft."""
    data = to_data(reading) | {"visit_no": visit_no}
    if reading.customer_no is None and reading.ambiguous_customers:
        _ask_which(ctx, reading, data)
        return
    if reading.customer_no is not None:
        startable(ctx, reading.customer_no)
    doubtful = [field for field in ContractField if any(item.startswith(field.value) for item in reading.problems)]
    wanted = missing(reading) or tuple(doubtful)
    if wanted:
        field = wanted[0]
        question = words.ask(field, reading.problems)
        if field is ContractField.CUSTOMER and reading.customer_words:
            question = words.no_such_customer(reading.customer_words)
        ctx.ask(ASK, question, data | {"field": field.value})
        return
    await _draft(ctx, reading, visit_no)


def _ask_which(ctx: Context, reading: ContractReading, data: Mapping[str, str]) -> None:
    named = [item for number in reading.ambiguous_customers if (item := ctx.directory.customer(number))]
    seen = [item for item in named if may_see(ctx.employee, item)]
    if not seen:
        raise NotAllowed(words.not_yours(named[0], whom_to_ask(ctx.directory, named[0])))
    me = ctx.employee.employee_no
    seen.sort(key=lambda item: (item.owner_no != me, item.customer_no))
    numbers = ",".join(item.customer_no for item in seen[: words.MAX_CANDIDATES])
    expect(ctx, CHOOSE, {**data, "candidates": numbers})
    ctx.reply(words.choice_card(seen))


@router.dialogue(CHOOSE)
async def chosen_in_words(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """The number in front of a candidate, or a name."""
    said = message.text.strip()
    if never_mind(said):
        ctx.reply(words.given_up())
        return
    candidates = [number for number in data.get("candidates", "").split(",") if number]
    if said.isdecimal() and candidates and not 1 <= int(said) <= len(candidates):
        expect(ctx, CHOOSE, data)
        ctx.reply(words.no_such_place(said, len(candidates)))
        return
    if said.isdecimal() and candidates:
        await _go_on(ctx, with_customer(from_data(data), candidates[int(said) - 1]), visit_no=data["visit_no"])
        return
    mention = ctx.directory.look_up(said, sender=ctx.employee)
    if mention is None:
        expect(ctx, CHOOSE, data)
        ctx.reply(words.no_such_customer(said))
        return
    within = [number for number in mention.candidates if number in candidates]
    number = within[0] if len(within) == 1 else mention.customer_no
    other = replace(from_data(data), customer_no=number, ambiguous_customers=() if number else mention.candidates)
    await _go_on(ctx, other, visit_no=data["visit_no"])


@router.action(words.ChooseContractCustomer)
async def chosen(message: InboundMessage, ctx: Context, action: words.ChooseContractCustomer) -> None:
    """A candidate was tapped while the question is open."""
    dialogue = await ctx.uow.conversations.current(message.sender, now=ctx.clock.real_now())
    if dialogue is None or dialogue[0] != CHOOSE:
        raise OutOfDate(STALE_CARD)
    ctx.end_dialogue()
    data = dialogue[1]
    await _go_on(ctx, with_customer(from_data(data), action.customer_no), visit_no=data["visit_no"])


@router.dialogue(ASK)
async def answered(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """The missing part, alone or with more of them in one line."""
    said, field = message.text.strip(), ContractField(data["field"])
    if never_mind(said):
        ctx.reply(words.given_up())
        return
    if field is not ContractField.CUSTOMER and await is_something_else(message, ctx, ASK, data):
        return
    reading, value = from_data(data), value_of(ctx, field, said)
    if field is ContractField.CUSTOMER:
        found = read_words(ctx, said)
        reading = merged(replace(reading, customer_no=None, ambiguous_customers=(), customer_words=""), found)
    elif value is not None:  # 九折，一年: the rest of the line closes other gaps
        reading = replace(merged(with_value(reading, field, value), read_words(ctx, said)), problems=())
    else:
        more = merged(reading, read_words(ctx, said))
        if field in missing(more):
            ctx.ask(ASK, words.not_understood(field, said, more.problems), data)
            return
        reading = more
    await _go_on(ctx, reading, visit_no=data["visit_no"])


# -- the draft --------------------------------------------------------------------------------------------------------
async def _draft(ctx: Context, reading: ContractReading, visit_no: str) -> None:
    assert reading.customer_no is not None
    customer = startable(ctx, reading.customer_no)
    terms = terms_of(reading, customer)
    approval = await ctx.uow.approvals.add(
        Approval(
            submitter_no=ctx.employee.employee_no,
            terms=terms,
            created_at=ctx.sent_at,
            visit_no=visit_no,
        )
    )
    ctx.audit("approval.drafted", subject=approval.approval_no, customer=customer.customer_no)
    ctx.end_dialogue()
    await show_draft(ctx, approval)
