"""Starting a contract: one line, a button, or question by question; a draft is shown before anything goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.cards import contracts as words
from bot.cards.approval_words import file_added
from bot.cards.approvals import Revise
from bot.cards.errors import STALE_CARD
from bot.clock import SHANGHAI
from bot.domain.approval_values import Approval, ApprovalRefused, ApprovalState, ContractTerms
from bot.domain.approvals import edit, planned, submit
from bot.domain.contracts import (
    ContractField,
    ContractReading,
    missing,
    read_contract,
    read_contract_amount,
    read_discount,
    read_kind,
    read_nonstandard,
    read_term,
    usual_kind,
)
from bot.domain.corrections import Nothing, never_mind
from bot.domain.numbers import split_number
from bot.domain.people import Customer, may_see, may_start_contract
from bot.domain.understanding import understand
from bot.errors import NotAllowed, NotFound, OutOfDate
from bot.messages import InboundMessage
from bot.router import Router
from handlers.approvals import approval_desk, own_meant, refuse, typed_beside
from handlers.context import Context
from handlers.recording import expect, whom_to_ask
from handlers.visits import read_sentence
from store.approval_desk import ApprovalDesk

router = Router[Context]()

ASK = "contract.ask"  # dialogue: one missing part
CHOOSE = "contract.choose"  # dialogue: which customer was meant
EDIT = "contract.edit"  # dialogue: the new value of one part of a draft
ATTACH_WITHIN = timedelta(minutes=30)  # as long as a question of ours stays open (handlers/context.py)
LONG_ANSWER = 12  # characters; a longer line that names a customer and tells something is a visit
_EDITABLE = (ApprovalState.DRAFT, ApprovalState.RUNNING, ApprovalState.REJECTED, ApprovalState.WITHDRAWN)


# -- starting ---------------------------------------------------------------------------------------------------------
@router.command("合同", "contract")
async def start(message: InboundMessage, ctx: Context, rest: str) -> None:
    """合同 客户 金额 折扣 期限 [非标 …]：发起合同审批，先看草稿再提交。例：合同 绿源滨江 85万 9.2折 一年"""
    if not may_start_contract(ctx.employee):
        raise NotAllowed(words.may_not_start())
    if not rest:
        ctx.ask(ASK, words.begin(), {"field": ContractField.CUSTOMER.value, "visit_no": ""})
        return
    await _go_on(ctx, _read(ctx, rest))


@router.action(words.StartContract)
async def start_tapped(message: InboundMessage, ctx: Context, action: words.StartContract) -> None:
    """发起合同 on a visit's or a customer's card."""
    if not may_start_contract(ctx.employee):
        raise NotAllowed(words.may_not_start())
    reading = _read(ctx, typed_beside(message)) if typed_beside(message) else ContractReading()
    if action.visit_no and reading.amount_fen is None:
        visit = await ctx.uow.visits.find(action.visit_no)
        if visit is not None and visit.amount_yuan:
            reading = replace(reading, amount_fen=visit.amount_yuan * 100)
    fixed = replace(reading, customer_no=action.customer_no, ambiguous_customers=(), customer_words="")
    await _go_on(ctx, fixed, visit_no=action.visit_no)


def _read(ctx: Context, text: str) -> ContractReading:
    today = ctx.sent_at.astimezone(SHANGHAI).date()
    return read_contract(text, sender=ctx.employee, today=today, directory=ctx.directory)


async def _go_on(ctx: Context, reading: ContractReading, *, visit_no: str = "") -> None:
    """Ask for the first thing that is missing or wrong, else show the draft."""
    data = _data(reading) | {"visit_no": visit_no}
    if reading.customer_no is None and reading.ambiguous_customers:
        _ask_which(ctx, reading, data)
        return
    if reading.customer_no is not None:
        _startable(ctx, reading.customer_no)
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


def _startable(ctx: Context, customer_no: str) -> Customer:
    """Raises NotFound, NotAllowed: no such customer, or somebody else's."""
    customer = ctx.directory.customer(customer_no)
    if customer is None:
        raise NotFound(words.no_such_customer(customer_no))
    if not may_see(ctx.employee, customer):
        raise NotAllowed(words.not_yours(customer, whom_to_ask(ctx.directory, customer)))
    return customer


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
        await _go_on(ctx, _with_customer(_reading(data), candidates[int(said) - 1]), visit_no=data["visit_no"])
        return
    mention = ctx.directory.look_up(said, sender=ctx.employee)
    if mention is None:
        expect(ctx, CHOOSE, data)
        ctx.reply(words.no_such_customer(said))
        return
    within = [number for number in mention.candidates if number in candidates]
    number = within[0] if len(within) == 1 else mention.customer_no
    other = replace(_reading(data), customer_no=number, ambiguous_customers=() if number else mention.candidates)
    await _go_on(ctx, other, visit_no=data["visit_no"])


@router.action(words.ChooseContractCustomer)
async def chosen(message: InboundMessage, ctx: Context, action: words.ChooseContractCustomer) -> None:
    """A candidate was tapped while the question is open."""
    dialogue = await ctx.uow.conversations.current(message.sender, now=ctx.clock.real_now())
    if dialogue is None or dialogue[0] != CHOOSE:
        raise OutOfDate(STALE_CARD)
    ctx.end_dialogue()
    data = dialogue[1]
    await _go_on(ctx, _with_customer(_reading(data), action.customer_no), visit_no=data["visit_no"])


@router.dialogue(ASK)
async def answered(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """The missing part, alone or with more of them in one line."""
    said, field = message.text.strip(), ContractField(data["field"])
    if never_mind(said):
        ctx.reply(words.given_up())
        return
    if field is not ContractField.CUSTOMER and await _is_something_else(message, ctx, ASK, data):
        return
    reading, value = _reading(data), _value(ctx, field, said)
    if field is ContractField.CUSTOMER:
        found = _read(ctx, said)
        reading = _merged(replace(reading, customer_no=None, ambiguous_customers=(), customer_words=""), found)
    elif value is not None:  # 九折，一年: the rest of the line closes other gaps
        reading = replace(_merged(_with_value(reading, field, value), _read(ctx, said)), problems=())
    else:
        more = _merged(reading, _read(ctx, said))
        if field in missing(more):
            ctx.ask(ASK, words.not_understood(field, said, more.problems), data)
            return
        reading = more
    await _go_on(ctx, reading, visit_no=data["visit_no"])


async def _is_something_else(message: InboundMessage, ctx: Context, dialogue: str, data: Mapping[str, str]) -> bool:
    """A visit that is told or a question about a customer is taken as such; what was asked about the contract stays."""

    said = message.text.strip()
    understood = understand(said, sender=ctx.employee, sent_at=ctx.sent_at, directory=ctx.directory)
    named = any(item.customer_no or item.ambiguous_customers for item in understood.visits)
    asks = understood.kind == "query" and understood.query is not None and bool(understood.query.customer_no)
    more = _read(ctx, said)
    of_a_contract = more.discount is not None or more.months is not None or more.nonstandard is not None
    told = understood.kind == "visit" and named and len(said) > LONG_ANSWER and not of_a_contract
    if told or asks:
        expect(ctx, dialogue, data)
        await read_sentence(message, ctx, said)
    return told or asks


# -- the draft --------------------------------------------------------------------------------------------------------
async def _draft(ctx: Context, reading: ContractReading, visit_no: str) -> None:
    assert reading.customer_no is not None
    customer = _startable(ctx, reading.customer_no)
    terms = _terms(reading, customer)
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


async def show_draft(ctx: Context, approval: Approval, *, again: bool = True) -> None:
    """Its card: a new one, or (`again` False) the new face of the one that hangs."""
    desk = approval_desk(ctx)
    card = words.draft_card(
        approval,
        desk.customer(approval),
        floor=await desk.floor(desk.customer(approval)),
        way=await _way_in_words(desk, approval),
        files=len(await ctx.uow.approvals.talk.files(approval.approval_no)),
    )
    if approval.card_id and not again:
        ctx.update_card(approval.card_id, card)
        return
    await ctx.uow.approvals.hang(approval.approval_no, ctx.reply(card))


async def _way_in_words(desk: ApprovalDesk, approval: Approval) -> list[str]:
    """`上级 陈磊`, `法务 裘俊杰/林鹏`."""
    flow, _ = await desk.way(approval)
    who = await desk.seating(approval)
    named = []
    for step in planned(flow):
        actors = dict.fromkeys(actor for plan in who(step) for actor in plan.actor_nos)
        named.append(f"{step.name} {'/'.join(desk.name_of(actor) for actor in actors) or '（没有人，请联系管理员）'}")
    return named


@router.action(words.SubmitContract)
async def submit_tapped(message: InboundMessage, ctx: Context, action: words.SubmitContract) -> None:
    """提交 on the draft."""
    await _submit(ctx, await ctx.uow.approvals.get(action.approval_no))


@router.command("提交", hidden=True)
async def submit_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """提交 [编号]：提交合同草稿，和点卡片上的「提交」一样。"""
    if (approval := await own_meant(ctx, rest, "提交", (ApprovalState.DRAFT,))) is not None:
        await _submit(ctx, approval)


async def _submit(ctx: Context, approval: Approval) -> None:
    """Once: what runs already is shown as it stands."""
    desk = approval_desk(ctx)
    if approval.submitter_no != ctx.employee.employee_no:
        raise NotAllowed(words.no_draft("提交"))
    if approval.running:
        if ctx.message.tap is None:
            ctx.reply(words.submitted(approval.approval_no, [desk.name_of(no) for no in approval.waiting_for]))
        return
    _startable(ctx, approval.terms.customer_no)
    try:
        flow, evidence = await desk.way(approval)
        after = submit(approval, flow, seats_for=await desk.seating(approval), at=ctx.sent_at)
    except ApprovalRefused as error:
        await refuse(ctx, desk, approval, error)
        return
    await ctx.uow.approvals.keep_evidence(approval.approval_no, evidence)
    await desk.put(approval, after)
    ctx.audit(
        "approval.submitted",
        subject=approval.approval_no,
        attempt=after.attempt,
        amount_fen=after.terms.amount_fen,
        discount=str(after.terms.discount),
    )
    ctx.end_dialogue()
    if ctx.message.tap is None:
        ctx.reply(words.submitted(approval.approval_no, [desk.name_of(no) for no in after.waiting_for]))


# -- changing it ------------------------------------------------------------------------------------------------------
@router.action(words.EditContract)
async def edit_tapped(message: InboundMessage, ctx: Context, action: words.EditContract) -> None:
    """One part of the draft is wrong."""
    if action.field not in list(ContractField):
        raise OutOfDate(STALE_CARD)
    approval = await ctx.uow.approvals.get(action.approval_no)
    await edit_field(ctx, approval, ContractField(action.field), typed_beside(message))


@router.command("修改", "revise", hidden=True)  # a button, and said where it is needed
async def revise_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """修改 编号：改你发起的合同，原来的审批作废，改好后重新提交。"""
    if (approval := await own_meant(ctx, rest, "修改", _EDITABLE)) is not None:
        await _revise(ctx, approval)


@router.action(Revise)
async def revise_tapped(message: InboundMessage, ctx: Context, action: Revise) -> None:
    """修改 on the progress card."""
    await _revise(ctx, await ctx.uow.approvals.get(action.approval_no))


async def _revise(ctx: Context, approval: Approval) -> None:
    after = await _reopened(ctx, approval, approval.terms)
    if after is not None:
        ctx.reply(words.revising(approval.approval_no))
        await show_draft(ctx, after)


async def newest_draft(ctx: Context) -> Approval | None:
    """The draft the sender worked on last."""
    drafts = await ctx.uow.approvals.of_submitter(ctx.employee.employee_no, (ApprovalState.DRAFT,), limit=1)
    return next(iter(drafts), None)


def _typed_edit(field: ContractField) -> None:
    @router.command(words.EDIT_WORDS[field], hidden=True)
    async def edit_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
        """改折扣 / 改期限 / 改类型 / 改条款 / 改备注 [编号] 新的值：改合同草稿，不写编号就是最近一份。"""
        number, said = split_number(rest)
        if not number:
            if (draft := await newest_draft(ctx)) is None:
                raise NotFound(words.no_draft("修改"))
            number, said = draft.approval_no, rest.strip()
        await edit_field(ctx, await ctx.uow.approvals.get(number), field, said)


for _field in (
    ContractField.KIND,
    ContractField.DISCOUNT,
    ContractField.TERM,
    ContractField.NONSTANDARD,
    ContractField.NOTE,
):
    _typed_edit(_field)


async def edit_field(ctx: Context, approval: Approval, field: ContractField, said: str) -> None:
    """Ask for the new value, or put it in; what was submitted becomes a draft again."""
    data = {"approval_no": approval.approval_no, "field": field.value}
    if approval.submitter_no != ctx.employee.employee_no:
        raise NotAllowed(words.no_draft("修改"))
    if not said:
        ctx.ask(EDIT, words.QUESTIONS[field], data)
        return
    value = _value(ctx, field, said)
    if value is None:
        ctx.ask(EDIT, words.not_understood(field, said), data)
        return
    reading = _with_value(_as_reading(approval.terms), field, value)
    if field is ContractField.CUSTOMER:
        _startable(ctx, reading.customer_no or "")
    after = await _reopened(ctx, approval, _terms(reading, approval_desk(ctx).customer(approval)))
    if after is not None:
        ctx.end_dialogue()
        await show_draft(ctx, after, again=ctx.message.tap is None)


@router.dialogue(EDIT)
async def edited(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """The new value."""
    if never_mind(message.text):
        ctx.reply(words.left_as_is())
        return
    field = ContractField(data["field"])
    free = field in (ContractField.CUSTOMER, ContractField.NONSTANDARD, ContractField.NOTE)
    if not free and await _is_something_else(message, ctx, EDIT, data):
        return
    await edit_field(ctx, await ctx.uow.approvals.get(data["approval_no"]), field, message.text.strip())


async def _reopened(ctx: Context, approval: Approval, terms: ContractTerms) -> Approval | None:
    """The draft with other terms; what was pending is void. None when it cannot be changed any more."""
    desk = approval_desk(ctx)
    try:
        if approval.submitter_no != ctx.employee.employee_no:
            raise NotAllowed(words.no_draft("修改"))
        after = edit(approval, terms, at=ctx.sent_at)
    except ApprovalRefused as error:
        await refuse(ctx, desk, approval, error)
        return None
    after = await desk.put(approval, after)
    ctx.audit("approval.edited", subject=approval.approval_no, before=approval.state.value)
    return after


async def attach_to_draft(ctx: Context, ids: Sequence[int], *, newer_than: datetime | None) -> bool:
    """Files sent while a draft is worked on hang on it. False when there is no such draft."""
    draft = await newest_draft(ctx)
    touched = (draft.touched_at or draft.created_at) if draft else None
    if draft is None or touched is None or ctx.sent_at - touched > ATTACH_WITHIN:
        return False
    if newer_than is not None and newer_than > touched:
        return False
    talk = ctx.uow.approvals.talk
    await talk.attach(ids, draft.approval_no, employee_no=ctx.employee.employee_no)
    ctx.audit("approval.files", subject=draft.approval_no, files=len(ids))
    await show_draft(ctx, draft, again=False)
    ctx.reply(file_added(len(await talk.files(draft.approval_no)), draft.approval_no))
    return True


# -- values -----------------------------------------------------------------------------------------------------------
def _value(ctx: Context, field: ContractField, said: str) -> Any:
    """What an answer to one question means; None when it is no value for it."""
    today = ctx.sent_at.astimezone(SHANGHAI).date()
    match field:
        case ContractField.CUSTOMER:
            mention = ctx.directory.look_up(said, sender=ctx.employee)
            return mention.customer_no if mention else None
        case ContractField.KIND:
            return read_kind(said)
        case ContractField.AMOUNT:
            return read_contract_amount(said)
        case ContractField.DISCOUNT:
            return read_discount(said)
        case ContractField.TERM:
            return read_term(said, today=today)
        case ContractField.NONSTANDARD:
            return read_nonstandard(said)
        case ContractField.NOTE:
            return said


_NAMES: Mapping[ContractField, str] = {
    ContractField.CUSTOMER: "customer_no",
    ContractField.KIND: "kind",
    ContractField.AMOUNT: "amount_fen",
    ContractField.DISCOUNT: "discount",
    ContractField.TERM: "months",
    ContractField.NONSTANDARD: "nonstandard",
    ContractField.NOTE: "note",
}


def _with_value(reading: ContractReading, field: ContractField, value: Any) -> ContractReading:
    changes: dict[str, Any] = {_NAMES[field]: None if isinstance(value, Nothing) else value, "problems": ()}
    return replace(reading, **changes)


def _with_customer(reading: ContractReading, customer_no: str) -> ContractReading:
    return replace(reading, customer_no=customer_no, ambiguous_customers=(), customer_words="")


def _merged(reading: ContractReading, more: ContractReading) -> ContractReading:
    """Gaps closed by a second line; what was known stays."""
    return replace(
        reading,
        customer_no=reading.customer_no or more.customer_no,
        ambiguous_customers=() if reading.customer_no else more.ambiguous_customers,
        customer_words="" if reading.customer_no else more.customer_words,
        kind=reading.kind or more.kind,
        amount_fen=reading.amount_fen if reading.amount_fen is not None else more.amount_fen,
        discount=reading.discount if reading.discount is not None else more.discount,
        months=reading.months if reading.months is not None else more.months,
        nonstandard=reading.nonstandard if reading.nonstandard is not None else more.nonstandard,
        problems=more.problems,
    )


def _terms(reading: ContractReading, customer: Customer) -> ContractTerms:
    assert reading.amount_fen is not None
    assert reading.discount is not None
    assert reading.months is not None
    return ContractTerms(
        customer_no=reading.customer_no or customer.customer_no,
        kind=reading.kind or usual_kind(customer.industry),
        amount_fen=reading.amount_fen,
        discount=reading.discount,
        months=reading.months,
        nonstandard=reading.nonstandard,
        note=reading.note,
    )


def _as_reading(terms: ContractTerms) -> ContractReading:
    return ContractReading(
        customer_no=terms.customer_no,
        kind=terms.kind,
        amount_fen=terms.amount_fen,
        discount=terms.discount,
        months=terms.months,
        nonstandard=terms.nonstandard,
        note=terms.note,
    )


def _data(reading: ContractReading) -> dict[str, str]:
    """A reading as a dialogue keeps it; unknown parts are left out."""
    parts = {
        "customer_no": reading.customer_no,
        "kind": reading.kind,
        "amount_fen": reading.amount_fen,
        "discount": reading.discount,
        "months": reading.months,
        "nonstandard": reading.nonstandard,
        "note": reading.note or None,
    }
    return {name: str(value) for name, value in parts.items() if value is not None}


def _reading(data: Mapping[str, str]) -> ContractReading:
    return ContractReading(
        customer_no=data.get("customer_no"),
        kind=data.get("kind"),
        amount_fen=int(data["amount_fen"]) if "amount_fen" in data else None,
        discount=Decimal(data["discount"]) if "discount" in data else None,
        months=int(data["months"]) if "months" in data else None,
        nonstandard=data.get("nonstandard"),
        note=data.get("note", ""),
    )
