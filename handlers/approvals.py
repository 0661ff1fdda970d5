"""Deciding: 同意, 拒绝, 转交, 加签, 详情 on a card or typed; 撤回, 催办 by whoever submitted it. Each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.cards import approval_actions as actions
from bot.cards import approval_words as words
from bot.cards import approvals as cards
from bot.clock import Clock
from bot.domain.approval_values import Approval, ApprovalRefused, Place, Verdict, Why
from bot.domain.approvals import add_signer, decide, transfer
from bot.domain.corrections import never_mind
from bot.domain.people import may_decide
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from handlers.lead_handing import hand_lead_typed
from handlers.recording import expect
from handlers.which_approval import (
    approval_desk,
    may_act,
    meant,
    place_data,
    place_from,
    refuse,
    tapped,
    typed_beside,
)
from handlers.which_person import left, named
from store.approvals import Wish
from store.oa_instances import OaInstances

router = Router[Context]()

REASON = "approval.reason"  # dialogue: why it is rejected
WHOM = "approval.whom"  # dialogue: who takes over, or has to agree as well
_SOMEBODY_ELSE = (Why.SUBMITTER, Why.SEATED, Why.NO_DUTY)  # the seat can be handed on, but not to the one who was named


# -- agreeing and rejecting -------------------------------------------------------------------------------------------
@router.command("同意", "批准", "approve")
async def agree_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """同意 编号 [意见]：同意等你审批的合同。例：同意 SP260212001 价格可以"""
    if found := await meant(ctx, rest, "同意"):
        approval, note = found
        await _decide(ctx, approval, Verdict.AGREE, Place.now(approval), note)


@router.command("拒绝", "驳回", "reject")
async def reject_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """拒绝 编号 理由：不同意，发起人会看到理由。例：拒绝 SP260212001 折扣太低"""
    if found := await meant(ctx, rest, "拒绝"):
        approval, reason = found
        await _reject(ctx, approval, Place.now(approval), reason)


@router.action(actions.Agree)
async def agree(message: InboundMessage, ctx: Context, action: actions.Agree) -> None:
    """同意 on the card; what was typed beside it is the opinion."""
    approval, place = await tapped(ctx, action)
    await _decide(ctx, approval, Verdict.AGREE, place, typed_beside(message))


@router.action(actions.Reject)
async def reject(message: InboundMessage, ctx: Context, action: actions.Reject) -> None:
    """拒绝 on the card, with its reason or a question for it."""
    approval, place = await tapped(ctx, action)
    await _reject(ctx, approval, place, typed_beside(message))


async def _reject(ctx: Context, approval: Approval, place: Place, reason: str) -> None:
    if reason:
        await _decide(ctx, approval, Verdict.REJECT, place, reason)
    elif await may_act(ctx, approval, place):
        ctx.ask(REASON, words.ask_reason(), place_data(approval, place))


@router.dialogue(REASON)
async def reason_given(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """Why it is rejected."""
    if never_mind(message.text):
        ctx.reply(words.left_alone())
        return
    approval = await ctx.uow.approvals.get(data["approval_no"])
    await _decide(ctx, approval, Verdict.REJECT, place_from(data), message.text.strip())


async def _decide(ctx: Context, approval: Approval, verdict: Verdict, place: Place, note: str) -> None:
    """The decision, once; with OA beside it, OA takes it first (jobs/oa_mirror.py)."""
    desk, me = approval_desk(ctx), ctx.employee.employee_no
    try:
        after = decide(
            approval,
            verdict,
            place=place,
            by=me,
            note=note,
            at=ctx.sent_at,
            via=ctx.message.channel.value,
            seats_for=await desk.seating(approval),
        )
    except ApprovalRefused as error:
        await refuse(ctx, desk, approval, error, place=place)
        return
    if after == approval:
        if ctx.message.tap is None:
            ctx.reply(words.done(await desk.sheet(approval), verdict))
        return
    if desk.mirrored and await _goes_through_oa(ctx, approval, verdict, place, note):
        return
    after = await desk.put(approval, after)
    ctx.audit(
        "approval.decided",
        subject=approval.approval_no,
        verdict=verdict.value,
        attempt=place.attempt,
        step=place.step_no,
    )
    ctx.end_dialogue()
    if ctx.message.tap is None:
        ctx.reply(words.done(await desk.sheet(after), verdict))


async def _goes_through_oa(ctx: Context, approval: Approval, verdict: Verdict, place: Place, note: str) -> bool:
    """While DingTalk's OA holds the same question, it decides which of two answers came first."""
    if not await _held_by_oa(ctx, approval):
        return False
    desk, number = approval_desk(ctx), approval.approval_no
    wish = Wish(
        attempt=place.attempt,
        step_no=place.step_no,
        employee_no=ctx.employee.employee_no,
        verdict=verdict,
        note=note,
        via=ctx.message.channel.value,
        said_at=ctx.sent_at,
        wished_at=Clock.real_now(),
    )
    first = verdict
    if await ctx.uow.approvals.wish(number, wish):
        ctx.audit("approval.wished", subject=number, verdict=verdict.value)
        desk.follow_oa(number)
    else:
        known = await ctx.uow.approvals.wishes(number)
        mine = (place.attempt, place.step_no, wish.employee_no)
        first = next((item.verdict for item in known if (item.attempt, item.step_no, item.employee_no) == mine), first)
    said = words.on_its_way(number, instead=first if first is not verdict else None)
    tap, step = ctx.message.tap, approval.step
    if tap is not None and step is not None:
        pending = cards.approver_card(await desk.sheet(approval), step)
        ctx.update_card(tap.card_id, replace(pending, buttons=(), status=said))
    else:
        ctx.reply(said)
    return True


async def _held_by_oa(ctx: Context, approval: Approval) -> bool:
    """Whether DingTalk's OA asks the same people right now."""
    record = await OaInstances(ctx.uow.connection).of(approval.approval_no, approval.attempt)
    return record is not None and record.state == "open"


# -- other hands ------------------------------------------------------------------------------------------------------
@router.command("转交", "转给", "transfer")
async def transfer_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """转交 编号 某人：请别人替你审批，或把线索转给同事。例：转交 SP260212001 孙若曦"""
    if await hand_lead_typed(ctx, rest):
        return
    if found := await meant(ctx, rest, "转交"):
        approval, whom = found
        await _hand(ctx, approval, Place.now(approval), whom, "转交")


@router.command("加签", "countersign")
async def add_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """加签 编号 某人：这一步还要某人也同意。例：加签 SP260212001 林鹏"""
    if found := await meant(ctx, rest, "加签"):
        approval, whom = found
        await _hand(ctx, approval, Place.now(approval), whom, "加签")


@router.action(actions.HandOver)
async def hand_over(message: InboundMessage, ctx: Context, action: actions.HandOver) -> None:
    """转交 on the card."""
    await _hand(ctx, *await tapped(ctx, action), typed_beside(message), "转交")


@router.action(actions.AddSigner)
async def add(message: InboundMessage, ctx: Context, action: actions.AddSigner) -> None:
    """加签 on the card."""
    await _hand(ctx, *await tapped(ctx, action), typed_beside(message), "加签")


@router.dialogue(WHOM)
async def whom_given(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """A name or a 工号."""
    if never_mind(message.text):
        ctx.reply(words.left_alone())
        return
    approval = await ctx.uow.approvals.get(data["approval_no"])
    await _hand(ctx, approval, place_from(data), message.text.strip(), data["word"])


async def _hand(ctx: Context, approval: Approval, place: Place, whom: str, word: str) -> None:
    data = place_data(approval, place) | {"word": word}
    if not whom:
        if await may_act(ctx, approval, place):
            ctx.ask(WHOM, words.ask_whom(word), data)
        return
    people, note = named(ctx, whom)
    if len(people) != 1:
        ctx.ask(WHOM, words.namesakes(people) if people else words.no_such_person(whom, left(ctx, whom)), data)
        return
    if word == "加签" and await _held_by_oa(ctx, approval):
        ctx.reply(words.add_in_oa(approval.approval_no))
        return
    desk, me, who = approval_desk(ctx), ctx.employee.employee_no, people[0]
    try:
        if word == "转交":
            if not may_decide(who):
                raise ApprovalRefused(Why.NO_DUTY)
            after = transfer(approval, place=place, by=me, to=who.employee_no, at=ctx.sent_at, note=note)
        else:
            after = add_signer(approval, place=place, by=me, who=who.employee_no)
    except ApprovalRefused as error:
        await refuse(ctx, desk, approval, error, place=place, who=who.name)
        if error.why in _SOMEBODY_ELSE:
            expect(ctx, WHOM, data)
        return
    if after != approval:
        await desk.put(approval, after)
        ctx.audit("approval.handed", subject=approval.approval_no, how=word, to=who.employee_no)
    ctx.end_dialogue()
    sheet = await desk.sheet(after)
    ctx.reply(words.transferred(sheet, who.name) if word == "转交" else words.added(sheet, who.name))
