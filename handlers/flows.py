"""流程 shows and changes who approves contracts; 请假 says who is away and who acts meanwhile."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from bot.cards import flows as words
from bot.cards.errors import STALE_CARD
from bot.clock import SHANGHAI
from bot.domain.absences import one_person, read_absence
from bot.domain.flow_changes import Flow, read_change
from bot.domain.flows import Absence
from bot.domain.people import Employee, may_change_flow, may_enter_absence, may_stand_in
from bot.domain.text import fold
from bot.errors import BadSyntax, NotAllowed, NotFound, OutOfDate
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context

if TYPE_CHECKING:
    from store.flows import FlowVersion

router = Router[Context]()

_RESTORE = ("还原", "撤销", "恢复")
_NUMBER = re.compile(r"(?:lc)?\s?([0-9]{1,15})")
_PLACE = re.compile(r"\s*第?(\d{1,2})条?\s*$")


# -- 流程 ------------------------------------------------------------------------------------------------------------
@router.command("流程", "flow")
async def flow(message: InboundMessage, ctx: Context, rest: str) -> None:
    """流程：看合同审批流程；总监和管理员可以改。例：流程 新增 财务 信用审核 在 1 之后 条件 行业不是教育"""
    allowed = may_change_flow(ctx.employee)
    before = await ctx.uow.flows.flow()
    if not rest:
        ctx.reply(words.flow_text(before, _names(ctx), may_change=allowed))
        return
    _permitted(ctx)
    if rest in _RESTORE:
        await _offer_restore(ctx)
        return
    after = read_change(rest, before, ctx.directory)
    version_id = await ctx.uow.flows.propose(rest, before, after, by=ctx.employee.employee_no, at=ctx.sent_at)
    ctx.reply(words.change_card(version_id, before, after, _names(ctx)))


async def _offer_restore(ctx: Context) -> None:
    version = await ctx.uow.flows.last_applied()
    if version is None:
        ctx.reply(words.nothing_to_restore())
        return
    now = await ctx.uow.flows.flow()
    ctx.reply(words.restore_card(version.version_id, version.words, now, version.before, _names(ctx)))


@router.action(words.ConfirmFlow)
async def confirm(message: InboundMessage, ctx: Context, action: words.ConfirmFlow) -> None:
    version = await _own_proposal(ctx, action.version_id)
    await ctx.uow.flows.apply(version, by=ctx.employee.employee_no, at=ctx.sent_at)
    ctx.audit("flow.changed", subject=version.flow, version=version.version_id, words=version.words)
    _settle(message, ctx, words.APPLIED, version, version.before, version.after, "已确认")


@router.action(words.DropFlow)
async def drop(message: InboundMessage, ctx: Context, action: words.DropFlow) -> None:
    version = await _own_proposal(ctx, action.version_id)
    await ctx.uow.flows.drop(version, at=ctx.sent_at)
    _settle(message, ctx, words.DROPPED, version, version.before, version.after, "已取消")


@router.action(words.RestoreFlow)
async def restore(message: InboundMessage, ctx: Context, action: words.RestoreFlow) -> None:
    _permitted(ctx)
    version = await _version(ctx, action.version_id)
    last = await ctx.uow.flows.last_applied()
    if last is None or last.version_id != version.version_id:
        raise OutOfDate(words.already_decided())
    now = await ctx.uow.flows.flow(version.flow)
    await ctx.uow.flows.restore(version, by=ctx.employee.employee_no, at=ctx.sent_at)
    ctx.audit("flow.restored", subject=version.flow, version=version.version_id, words=version.words)
    _settle(message, ctx, words.RESTORED, version, now, version.before, "已还原")


@router.action(words.KeepFlow)
async def keep(message: InboundMessage, ctx: Context, action: words.KeepFlow) -> None:
    _permitted(ctx)
    version = await _version(ctx, action.version_id)
    if version.restored_at:
        raise OutOfDate(words.already_decided())
    _settle(message, ctx, words.KEPT, version, version.after, version.before, "没有还原")


@router.command(words.CONFIRM, hidden=True)
async def confirm_in_words(message: InboundMessage, ctx: Context, rest: str) -> None:
    await confirm(message, ctx, words.ConfirmFlow(_typed_number(rest, words.CONFIRM)))


@router.command(words.DROP, hidden=True)
async def drop_in_words(message: InboundMessage, ctx: Context, rest: str) -> None:
    await drop(message, ctx, words.DropFlow(_typed_number(rest, words.DROP)))


@router.command(words.RESTORE, hidden=True)
async def restore_in_words(message: InboundMessage, ctx: Context, rest: str) -> None:
    await restore(message, ctx, words.RestoreFlow(_typed_number(rest, words.RESTORE)))


@router.command(words.KEEP, hidden=True)
async def keep_in_words(message: InboundMessage, ctx: Context, rest: str) -> None:
    await keep(message, ctx, words.KeepFlow(_typed_number(rest, words.KEEP)))


def _typed_number(rest: str, word: str) -> str:
    match = _NUMBER.fullmatch(fold(rest).strip())
    if not match:
        raise BadSyntax(words.which_change(word))
    return match[1]


async def _own_proposal(ctx: Context, version_id: str) -> FlowVersion:
    _permitted(ctx)
    version = await _version(ctx, version_id)
    if version.proposed_by != ctx.employee.employee_no:
        raise NotAllowed(words.not_yours())
    if version.applied_at or version.dropped_at:
        raise OutOfDate(words.already_decided())
    return version


async def _version(ctx: Context, version_id: str) -> FlowVersion:
    """What a button named; it comes from the client and may be anything."""
    match = _NUMBER.fullmatch(version_id)
    if not match:
        raise NotFound(STALE_CARD)
    return await ctx.uow.flows.version(int(match[1]))


def _settle(
    message: InboundMessage, ctx: Context, title: str, version: FlowVersion, before: Flow, after: Flow, what: str
) -> None:
    """The tapped card gets its last face; to typed words that face is the answer."""
    status = words.decided(ctx.employee, ctx.sent_at, what)
    card = words.settled_card(title, version.version_id, before, after, _names(ctx), status=status)
    if message.tap:
        ctx.update_card(message.tap.card_id, card)
    else:
        ctx.reply(card)


def _permitted(ctx: Context) -> None:
    if not may_change_flow(ctx.employee):
        raise NotAllowed(words.not_allowed())


def _names(ctx: Context) -> words.Names:
    return {person.employee_no: person.name for person in ctx.directory.employees()}


# -- 请假 ------------------------------------------------------------------------------------------------------------
@router.command("请假", "absence")
async def absence(message: InboundMessage, ctx: Context, rest: str) -> None:
    """请假 日期 [代理 某人]：你不在时由谁代批；「请假 取消」收回。例：请假 2月13日至2月14日 代理 张三"""
    if not rest:
        coming = await ctx.uow.flows.absences_of(ctx.employee.employee_no, since=ctx.sent_at)
        ctx.reply(words.own_absences(coming, _names(ctx), today=_today(ctx)))
        return
    verb, _, more = rest.partition(" ")
    if verb in ("取消", "撤销"):
        await back(message, ctx, more.strip())
        return
    wish = read_absence(rest, sender=ctx.employee, today=_today(ctx), directory=ctx.directory)
    if not may_enter_absence(ctx.employee, wish.absent):
        raise NotAllowed(words.not_for_others())
    if wish.delegate and not may_stand_in(wish.delegate, wish.absent):
        raise NotAllowed(words.may_not_stand_in(wish.delegate))
    noted = await ctx.uow.flows.add_absence(wish.absence(), by=ctx.employee.employee_no, at=ctx.sent_at)
    ctx.audit("absence.entered", subject=noted.employee_no, absence=noted.absence_id, delegate=noted.delegate_no)
    ctx.reply(words.absence_noted(noted, wish.absent, ctx.employee, _names(ctx), today=_today(ctx)))
    if wish.delegate and wish.delegate.employee_no != ctx.employee.employee_no:
        ctx.send(
            wish.delegate,
            words.you_stand_in(noted, wish.absent, today=_today(ctx)),
            dedup_key=f"absence:{noted.absence_id}:delegate",
        )
    if wish.absent.employee_no != ctx.employee.employee_no:
        ctx.send(
            wish.absent,
            words.entered_for_you(noted, ctx.employee, _names(ctx), today=_today(ctx)),
            dedup_key=f"absence:{noted.absence_id}:absent",
        )


@router.command("销假", hidden=True)
async def back(message: InboundMessage, ctx: Context, rest: str) -> None:
    """销假：提前回来或不请了，等于「请假 取消」；有好几次请假时带上编号。"""
    place = _PLACE.search(f" {rest}") if rest else None
    who = rest[: place.start()].strip() if place and rest else rest
    absent = one_person(who, ctx.directory) if who else ctx.employee
    if not may_enter_absence(ctx.employee, absent):
        raise NotAllowed(words.not_for_others())
    coming = await ctx.uow.flows.absences_of(absent.employee_no, since=ctx.sent_at)
    chosen = int(place[1]) if place else 1
    if not coming:
        ctx.reply(words.no_absence(absent, ctx.employee))
    elif (place is None and len(coming) > 1) or not 1 <= chosen <= len(coming):
        ctx.reply(words.which_absence(coming, _names(ctx), today=_today(ctx)))
    else:
        await _cancel(ctx, coming[chosen - 1], absent)


async def _cancel(ctx: Context, cancelled: Absence, absent: Employee) -> None:
    await ctx.uow.flows.cancel_absence(cancelled.absence_id, at=ctx.sent_at)
    ctx.audit("absence.cancelled", subject=absent.employee_no, absence=cancelled.absence_id)
    ctx.reply(words.absence_cancelled(cancelled, absent, ctx.employee, _names(ctx), today=_today(ctx)))
    delegate = ctx.directory.employee(cancelled.delegate_no)
    if delegate and delegate.active and delegate.employee_no != ctx.employee.employee_no:
        told = words.you_no_longer_stand_in(cancelled, absent, today=_today(ctx))
        ctx.send(delegate, told, dedup_key=f"absence:{cancelled.absence_id}:cancelled")


@router.command("代理", "delegate", hidden=True)
async def delegate(message: InboundMessage, ctx: Context, rest: str) -> None:
    ctx.reply(words.how_to_delegate())


def _today(ctx: Context) -> date:
    return ctx.sent_at.astimezone(SHANGHAI).date()
