"""The submitter's side: 撤回, 催办; and 详情 for everybody concerned."""

from __future__ import annotations

from bot.cards import approval_actions as actions
from bot.cards import approval_words as words
from bot.cards.approval_details import details as details_of
from bot.clock import SHANGHAI
from bot.domain.approval_values import Approval, ApprovalRefused, ApprovalState
from bot.domain.approvals import urge, withdraw
from bot.messages import Document, InboundMessage, Picture
from bot.router import Router
from handlers.context import Context
from handlers.which_approval import (
    approval_desk,
    customer_names,
    find_number,
    must_be_concerned,
    own_meant,
    refuse,
)
from store.approval_desk import URGED, numbered

router = Router[Context]()


@router.command("撤回", "withdraw")
async def withdraw_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """撤回 编号：撤回你发起的合同审批，或取消草稿。"""
    states = (ApprovalState.RUNNING, ApprovalState.DRAFT)
    if (approval := await own_meant(ctx, rest, "撤回", states)) is not None:
        await take_back(ctx, approval)


@router.action(actions.Withdraw)
async def withdraw_tapped(message: InboundMessage, ctx: Context, action: actions.Withdraw) -> None:
    """撤回 on the draft or the progress card."""
    await take_back(ctx, await ctx.uow.approvals.get(action.approval_no))


async def take_back(ctx: Context, approval: Approval) -> None:
    """撤回, once; the draft's card is settled by its own face."""
    desk = approval_desk(ctx)
    try:
        after = withdraw(approval, by=ctx.employee.employee_no, at=ctx.sent_at)
    except ApprovalRefused as error:
        await refuse(ctx, desk, approval, error)
        return
    if after == approval:
        return
    after = await desk.put(approval, after)
    ctx.audit("approval.withdrawn", subject=approval.approval_no, before=approval.state.value)
    ctx.end_dialogue()
    ctx.reply(words.withdrawn(await desk.sheet(after)))


@router.command("催办", "urge")
async def urge_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """催办 编号：提醒还没审批的人，半小时最多一次。"""
    if (approval := await own_meant(ctx, rest, "催办", (ApprovalState.RUNNING,))) is not None:
        await _urge(ctx, approval)


@router.action(actions.Urge)
async def urge_tapped(message: InboundMessage, ctx: Context, action: actions.Urge) -> None:
    """催办 on the progress card."""
    await _urge(ctx, await ctx.uow.approvals.get(action.approval_no))


async def _urge(ctx: Context, approval: Approval) -> None:
    desk = approval_desk(ctx)
    try:
        after = urge(approval, by=ctx.employee.employee_no, at=ctx.sent_at)
    except ApprovalRefused as error:
        await refuse(ctx, desk, approval, error)
        return
    await ctx.uow.approvals.save(after)
    await desk.remind(after, why=URGED, urged_by=ctx.employee.name)
    ctx.audit("approval.urged", subject=approval.approval_no)
    ctx.reply(words.urged(await desk.sheet(after)))


@router.command("详情", "审批", "details", hidden=True)  # a button on every card
async def details_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """详情 编号：看一个合同审批的条款、付款记录、问答和进度。"""
    number, _ = await find_number(ctx, rest)
    if number:
        await _details(ctx, number)
        return
    mine = [*await ctx.uow.approvals.waiting_for(ctx.employee.employee_no)]
    ctx.reply(words.which_number(numbered(mine, customer_names(ctx, mine)), "详情"))


@router.action(actions.ShowDetails)
async def details(message: InboundMessage, ctx: Context, action: actions.ShowDetails) -> None:
    """详情 on the card: everything, and the files behind it."""
    await _details(ctx, action.approval_no)


async def _details(ctx: Context, approval_no: str) -> None:
    approval = await ctx.uow.approvals.read(approval_no)
    must_be_concerned(ctx, approval)
    desk = approval_desk(ctx)
    ctx.reply(details_of(await desk.sheet(approval), today=ctx.sent_at.astimezone(SHANGHAI).date()))
    files = await ctx.uow.approvals.talk.files(approval_no)
    if coming := sum(file.attachment_id is None for file in files):
        ctx.reply(words.still_coming(coming))
    for file in files:
        if file.attachment_id is not None:
            name = file.file_name or ("图片.jpg" if file.kind == "image" else "文件")
            kind = Picture if file.kind == "image" else Document
            ctx.reply(kind(attachment_id=file.attachment_id, file_name=name))
    ctx.audit("approval.viewed", subject=approval_no)
