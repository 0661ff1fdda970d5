"""Which approval is meant, whether the sender has to do with it, and why something cannot be done."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards import approval_actions as actions
from bot.cards import approval_words as words
from bot.cards import approvals as cards
from bot.domain.approval_values import Approval, ApprovalRefused, ApprovalState, Place, Why
from bot.domain.numbers import split_number, split_serial
from bot.domain.people import SEES_ALL, Role
from bot.errors import NotAllowed
from bot.messages import InboundMessage
from handlers.context import Context
from store.approval_desk import ApprovalDesk, numbered


def approval_desk(ctx: Context) -> ApprovalDesk:
    """What this message may do to approvals."""
    dingtalk = ctx.settings.dingtalk
    return ApprovalDesk(
        uow=ctx.uow,
        directory=ctx.directory,
        send=ctx.send,
        update_card=ctx.update_card,
        at=ctx.sent_at,
        mirrored=dingtalk.enabled and bool(dingtalk.approval_process_code),
    )


def must_be_concerned(ctx: Context, approval: Approval) -> None:
    """Submitter, whoever is or was asked, the region's manager, and those who see all.

    Raises:
        NotAllowed: somebody else.
    """
    me, customer = ctx.employee, ctx.directory.customer(approval.terms.customer_no)
    asked = {no for step in approval.steps for seat in step.seats for no in (seat.approver_no, *seat.actor_nos)}
    manages = me.role is Role.REGION_MANAGER and customer is not None and customer.region == me.region
    if not (me.employee_no in asked | {approval.submitter_no} or me.role in SEES_ALL or manages):
        raise NotAllowed(words.out_of_sight(approval.approval_no))


async def meant(ctx: Context, rest: str, word: str) -> tuple[Approval, str] | None:
    """The approval whose number was typed, locked, and the other words; without one, a list to choose from."""
    number, said = await find_number(ctx, rest)
    if not number:
        waiting = await ctx.uow.approvals.waiting_for(ctx.employee.employee_no)
        ctx.reply(words.which_number(numbered(waiting, customer_names(ctx, waiting)), word))
        return None
    approval = await ctx.uow.approvals.get(number)
    must_be_concerned(ctx, approval)
    return approval, said


async def find_number(ctx: Context, rest: str) -> tuple[str, str]:
    """A whole number, or the digits that end just one of those waiting for or submitted by the sender."""
    number, said = split_number(rest)
    if number:
        return number, said
    digits, said = split_serial(rest)
    if digits:
        me, running = ctx.employee.employee_no, (ApprovalState.RUNNING, ApprovalState.DRAFT)
        mine = [
            *await ctx.uow.approvals.waiting_for(me),
            *await ctx.uow.approvals.of_submitter(me, running),
        ]
        ends = {item.approval_no for item in mine if item.approval_no.endswith(digits)}
        if len(ends) == 1:
            return ends.pop(), said
    return "", rest.strip()


async def own_meant(ctx: Context, rest: str, word: str, states: tuple[ApprovalState, ...]) -> Approval | None:
    """The sender's approval that was named, or the only one in those states; else a list to choose from."""
    number, _ = await find_number(ctx, rest)
    if number:
        approval = await ctx.uow.approvals.get(number)
        must_be_concerned(ctx, approval)
        return approval
    own = await ctx.uow.approvals.of_submitter(ctx.employee.employee_no, states)
    if len(own) == 1:
        return await ctx.uow.approvals.get(own[0].approval_no)
    ctx.reply(words.which_own(numbered(own, customer_names(ctx, own)), word))
    return None


def customer_names(ctx: Context, approvals: list[Approval]) -> dict[str, str]:
    """Short names by customer number, for lists."""
    found = (ctx.directory.customer(item.terms.customer_no) for item in approvals)
    return {item.customer_no: item.short_name or item.name for item in found if item}


async def may_act(ctx: Context, approval: Approval, place: Place) -> bool:
    """Whether asking for more words makes sense; if not, the sender has been told why."""
    why = None
    if not approval.running:
        why = Why.NOT_RUNNING
    elif place != Place.now(approval):
        why = Why.VOID
    elif ctx.employee.employee_no not in approval.waiting_for:
        why = Why.NOT_YOURS
    if why is not None:
        await refuse(ctx, approval_desk(ctx), approval, ApprovalRefused(why), place=place)
    return why is None


async def refuse(
    ctx: Context,
    desk: ApprovalDesk,
    approval: Approval,
    error: ApprovalRefused,
    *,
    place: Place | None = None,
    who: str = "",
) -> None:
    """Say why, and give a card that is out of date its present face."""
    sheet, tap = await desk.sheet(approval), ctx.message.tap
    if tap is not None and (found := await ctx.uow.approvals.copy_of(tap.card_id)) is not None:
        ctx.update_card(tap.card_id, cards.face(sheet, found[1]))
    stale = place is not None and error.why in (Why.VOID, Why.NOT_RUNNING) and approval.state is not ApprovalState.DRAFT
    if stale and place is not None and place.step_no:
        ctx.reply(words.stale(sheet, place.attempt, place.step_no))
    else:
        ctx.reply(words.refused(error.why, sheet, step=error.step, who=who))
    ctx.audit("approval.refused", subject=approval.approval_no, why=error.why.value)


OnApproverCard = actions.Agree | actions.Reject | actions.HandOver | actions.AddSigner | actions.AskSubmitter


async def tapped(ctx: Context, action: OnApproverCard) -> tuple[Approval, Place]:
    """What the tapped card stands for, locked: by the card itself where we know it, else by what the button says."""
    copy = await ctx.uow.approvals.copy_of(ctx.message.tap.card_id) if ctx.message.tap else None
    if copy is not None:
        number, card = copy
        return await ctx.uow.approvals.get(number), Place(attempt=card.attempt, step_no=card.step_no)
    approval = await ctx.uow.approvals.get(action.approval_no)
    must_be_concerned(ctx, approval)
    attempt, step = action.attempt, action.step
    return approval, Place(
        attempt=int(attempt) if attempt.isdecimal() else -1, step_no=int(step) if step.isdecimal() else -1
    )


def place_data(approval: Approval, place: Place) -> dict[str, str]:
    return {"approval_no": approval.approval_no, "attempt": str(place.attempt), "step": str(place.step_no)}


def place_from(data: Mapping[str, str]) -> Place:
    return Place(attempt=int(data["attempt"]), step_no=int(data["step"]))


def typed_beside(message: InboundMessage) -> str:
    return message.tap.text.strip() if message.tap else ""
