"""A contract's draft: shown, changed, with files, submitted; what was submitted becomes one again by 修改."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.cards import contracts as words
from bot.cards.approval_actions import Revise
from bot.cards.approval_words import file_added
from bot.cards.errors import STALE_CARD
from bot.domain.approval_values import Approval, ApprovalRefused, ApprovalState, ContractTerms
from bot.domain.approvals import edit, planned, submit
from bot.domain.contracts import (
    ContractField,
)
from bot.domain.corrections import never_mind
from bot.domain.numbers import split_number
from bot.domain.people import Customer, may_see
from bot.domain.understanding import understand
from bot.errors import NotAllowed, NotFound, OutOfDate
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from handlers.contract_values import (
    as_reading,
    read_words,
    terms_of,
    value_of,
    with_value,
)
from handlers.recording import expect, whom_to_ask
from handlers.which_approval import approval_desk, own_meant, refuse, typed_beside
from store.approval_desk import ApprovalDesk

router = Router[Context]()

EDIT = "contract.edit"  # dialogue: the new value of one part of a draft
ATTACH_WITHIN = timedelta(minutes=30)  # as long as a question of ours stays open (handlers/context.py)
_EDITABLE = (ApprovalState.DRAFT, ApprovalState.RUNNING, ApprovalState.REJECTED, ApprovalState.WITHDRAWN)


def startable(ctx: Context, customer_no: str) -> Customer:
    """Raises NotFound, NotAllowed: no such customer, or somebody else's."""
    customer = ctx.directory.customer(customer_no)
    if customer is None:
        raise NotFound(words.no_such_customer(customer_no))
    if not may_see(ctx.employee, customer):
        raise NotAllowed(words.not_yours(customer, whom_to_ask(ctx.directory, customer)))
    return customer


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
    startable(ctx, approval.terms.customer_no)
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
    value = value_of(ctx, field, said)
    if value is None:
        ctx.ask(EDIT, words.not_understood(field, said), data)
        return
    reading = with_value(as_reading(approval.terms), field, value)
    if field is ContractField.CUSTOMER:
        startable(ctx, reading.customer_no or "")
    after = await _reopened(ctx, approval, terms_of(reading, approval_desk(ctx).customer(approval)))
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
    if not free and await is_something_else(message, ctx, EDIT, data):
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


LONG_ANSWER = 12  # characters; a longer line that names a customer and tells something is a visit


async def is_something_else(message: InboundMessage, ctx: Context, dialogue: str, data: Mapping[str, str]) -> bool:
    """A visit that is told or a question about a customer is taken as such; what was asked about the contract stays."""

    from handlers.visits import read_sentence  # that module's table of commands imports this one

    said = message.text.strip()
    understood = understand(said, sender=ctx.employee, sent_at=ctx.sent_at, directory=ctx.directory)
    named = any(item.customer_no or item.ambiguous_customers for item in understood.visits)
    asks = understood.kind == "query" and understood.query is not None and bool(understood.query.customer_no)
    more = read_words(ctx, said)
    of_a_contract = more.discount is not None or more.months is not None or more.nonstandard is not None
    told = understood.kind == "visit" and named and len(said) > LONG_ANSWER and not of_a_contract
    if told or asks:
        expect(ctx, dialogue, data)
        await read_sentence(message, ctx, said)
    return told or asks
