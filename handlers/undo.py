"""撤销 walks back one's own actions; 待办 shows what still waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards import visits as words
from bot.cards.approval_words import undo_is_withdraw
from bot.cards.followups import todo_text
from bot.clock import SHANGHAI
from bot.domain.followups import reminded
from bot.domain.people import Role
from bot.domain.visit_records import UNDO_WITHIN, Visit, VisitState, restored
from bot.errors import OutOfDate
from bot.messages import InboundMessage
from bot.router import Router
from handlers import lead_entry
from handlers.context import Context
from handlers.own_approvals import take_back
from handlers.recording import refresh
from handlers.visits import NUMBER, cancel_visit, customer_name, own_visit, settled_status
from store.todo import own_submissions, waiting_approvals
from store.visits import RECORDED, Change

router = Router[Context]()


@router.command("撤销", "undo")
async def undo(message: InboundMessage, ctx: Context, rest: str) -> None:
    """撤销：撤回你 24 小时内的上一步（记的拜访、改动、登记的线索），也可以带编号。"""
    ctx.end_dialogue()
    since = ctx.sent_at - UNDO_WITHIN
    if lead := lead_entry.NUMBER.search(rest):
        await lead_entry.take_back(ctx, lead[0].upper())
        return
    if number := NUMBER.search(rest):
        await _take_back(ctx, await own_visit(ctx, number[0].upper()), since)
        return
    me = ctx.employee.employee_no
    changes = await ctx.uow.visits.last_changes(me, since=since)
    if await _undo_lead(ctx, changes, since):
        return
    if await _undo_approval(ctx, changes, since):
        return
    if not changes:
        ctx.reply(words.nothing_to_undo())
        return
    said = [await _undo(ctx, change) for change in changes]
    await ctx.uow.visits.undone(changes, at=ctx.sent_at)
    edited = any(change.what != RECORDED for change in changes)
    if edited and await ctx.uow.visits.last_changes(me, since=since):
        said.append(words.undo_goes_on())
    ctx.reply("\n".join(said))


async def _undo_lead(ctx: Context, changes: Sequence[Change], since: datetime) -> bool:
    """Whether the last own action was to enter a lead: it is withdrawn, if nobody works on it yet."""
    last = await lead_entry.last_entered(ctx, since=since)
    if last is None or (changes and changes[0].happened_at > last[1]):
        return False
    approval = await ctx.uow.approvals.last_action(ctx.employee.employee_no, since=since)
    if approval is not None and approval[1] > last[1]:
        return False
    await lead_entry.take_back(ctx, last[0])
    return True


async def _undo_approval(ctx: Context, changes: Sequence[Change], since: datetime) -> bool:
    """Whether the last own action was about an approval: what was submitted is withdrawn, a decision stands."""
    last = await ctx.uow.approvals.last_action(ctx.employee.employee_no, since=since)
    if last is None or (changes and changes[0].happened_at > last[1]):
        return False
    approval = await ctx.uow.approvals.get(last[0])
    mine = approval.submitter_no == ctx.employee.employee_no
    if not mine:
        ctx.reply(undo_is_withdraw(approval.approval_no))
        return True
    if not approval.running:
        return False
    await take_back(ctx, approval)
    return True


async def _take_back(ctx: Context, visit: Visit, since: datetime) -> None:
    """One visit by its number, whatever came after it."""
    if visit.state is VisitState.CANCELLED:
        ctx.reply(words.already_cancelled(visit.visit_no))
        return
    if visit.said_at < since:
        raise OutOfDate(words.too_old_to_undo(visit.visit_no))
    await cancel_visit(ctx, visit)
    ctx.reply(words.undone_visit(visit, customer_name(ctx, visit)))


async def _undo(ctx: Context, change: Change) -> str:
    """A visit that was told is taken back whole, a correction leaves the former values. Returns what to say."""
    visit = await ctx.uow.visits.get(change.visit_no)
    if change.what == RECORDED:
        await cancel_visit(ctx, visit)
        return words.undone_visit(visit, customer_name(ctx, visit))
    before = restored(visit, change.former)
    await ctx.uow.visits.save(visit, before, at=ctx.sent_at)
    ctx.audit("visit.restored", subject=visit.visit_no, **change.former)
    await refresh(ctx, before, status=settled_status(ctx, before))
    return words.undone_edit(visit, before, customer_name(ctx, before))


@router.command("待办", "todo")
async def todo(message: InboundMessage, ctx: Context, rest: str) -> None:
    """待办：等你审批的、你提交的、没确认的拜访和到期该跟进的客户。"""
    today = ctx.sent_at.astimezone(SHANGHAI).date()
    number = ctx.employee.employee_no
    waiting = await ctx.uow.visits.waiting(number)
    promised_by = number if ctx.employee.role is Role.REP else ""  # others take over from people who have left
    due = await ctx.uow.visits.promises(today, as_of=ctx.sent_at, employee_no=promised_by, overdue=True)
    due = [visit for visit in due if reminded(ctx.directory, visit) == ctx.employee]
    approvals = await waiting_approvals(ctx.uow, [number], now=ctx.sent_at)
    submitted = await own_submissions(ctx.uow, number, now=ctx.sent_at)
    names = {visit.visit_no: customer_name(ctx, visit) for visit in (*waiting, *due)}
    ctx.reply(todo_text(approvals.get(number, ()), submitted, waiting, due, names=names))
