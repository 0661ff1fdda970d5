"""权重 shows the rules by which leads are given out, changes them after a preview and a tap, takes a change back."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from bot.cards import lead_rules as words
from bot.cards.errors import STALE_CARD
from bot.domain.leads.rule_changes import sentence
from bot.domain.leads.rule_dimensions import read_fact
from bot.domain.leads.rule_known import Known, names_of
from bot.domain.leads.rule_words import read_change
from bot.domain.leads.rules import LeadRules
from bot.domain.people import may_change_lead_rules, may_try_lead_rules
from bot.domain.text import clean, fold
from bot.errors import BadSyntax, NotAllowed, NotFound, OutOfDate
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from store.lead_own_facts import own_facts, set_own_fact
from store.lead_what_if import play_last_month

if TYPE_CHECKING:
    from store.lead_rules import RuleChange

router = Router[Context]()

WORD, ALIAS = "权重", "weights"
_RESTORE = ("还原", "撤销", "恢复")
_NUMBER = re.compile(r"(?:qz)?\s?([0-9]{1,15})")


@router.command(WORD, ALIAS)
async def rules(message: InboundMessage, ctx: Context, rest: str) -> None:
    """权重：看线索按什么派；总监和管理员可以改。例：权重 行业 0.3"""
    said = rest or _sentence(message)
    verb, _, more = clean(said).replace("\u3000", " ").partition(" ")
    if not said:
        ctx.reply(await _rules_text(ctx))
    elif verb == "试算":
        await _try(ctx, more.strip())
    elif not may_change_lead_rules(ctx.employee):
        raise NotAllowed(words.not_allowed(may_try=may_try_lead_rules(ctx.employee)))
    elif said in _RESTORE:
        await _offer_restore(ctx)
    elif verb == "数据":
        await _note_fact(ctx, more.strip())
    else:
        await _offer(ctx, said)


def _sentence(message: InboundMessage) -> str:
    """The whole message when the word was not typed: 把行业权重调到0.3."""
    return "" if fold(clean(message.text)) in (WORD, ALIAS) else message.text


async def _rules_text(ctx: Context) -> str:
    may_change, may_try = may_change_lead_rules(ctx.employee), may_try_lead_rules(ctx.employee)
    now = await ctx.uow.lead_rules.current()
    return words.rules_text(now, _names(ctx), may_change=may_change, may_try=may_try)


# -- proposing --------------------------------------------------------------------------------------------------------
async def _offer(ctx: Context, said: str) -> None:
    before = await ctx.uow.lead_rules.current()
    change, after = read_change(said, before, await _known(ctx))
    await _propose(ctx, sentence(change, names_of(ctx.directory.employees())), before, after)


async def _offer_restore(ctx: Context) -> None:
    last = await ctx.uow.lead_rules.last_applied()
    if last is None:
        ctx.reply(words.nothing_to_restore())
        return
    before = await ctx.uow.lead_rules.current()
    former = await ctx.uow.lead_rules.version(last.base_version)
    await _propose(ctx, words.restoring(last.words), before, former, restores=last.version)


async def _propose(
    ctx: Context, said: str, before: LeadRules, after: LeadRules, *, restores: int | None = None
) -> None:
    played = await _played(ctx, before, after)
    by, at = ctx.employee.employee_no, ctx.sent_at
    change_id = await ctx.uow.lead_rules.propose(said, before, after, by=by, at=at, restores=restores)
    ctx.reply(words.change_card(change_id, said, before, after, _names(ctx), played, restoring=restores is not None))


async def _try(ctx: Context, said: str) -> None:
    if not may_try_lead_rules(ctx.employee):
        raise NotAllowed(words.not_allowed(may_try=False))
    if not said:
        raise BadSyntax(words.what_to_try())
    before = await ctx.uow.lead_rules.current()
    change, after = read_change(said, before, await _known(ctx))
    again = sentence(change, names_of(ctx.directory.employees()))
    ctx.reply(words.trial_text(again, before, after, _names(ctx), await _played(ctx, before, after)))


async def _played(ctx: Context, before: LeadRules, after: LeadRules) -> words.Played:
    month = await play_last_month(ctx.uow.connection, before, after, at=ctx.sent_at)
    return words.Played(month.found, month.records)


async def _note_fact(ctx: Context, said: str) -> None:
    known = await _known(ctx)
    entry = read_fact(said, known)
    by, at = ctx.employee.employee_no, ctx.sent_at
    await set_own_fact(ctx.uow.connection, entry.fact, entry.employee_no, entry.label, entry.value, by=by, at=at)
    ctx.audit("lead.fact", subject=entry.employee_no, fact=entry.fact, label=entry.label, value=entry.value)
    now = await ctx.uow.lead_rules.current()
    used = any(item.fact == entry.fact for item in now.policy.dimensions)
    ctx.reply(words.fact_noted(entry, _names(ctx).get(entry.employee_no, entry.employee_no), used=used))


async def _known(ctx: Context) -> Known:
    return Known(ctx.directory, await own_facts(ctx.uow.connection))


# -- deciding ---------------------------------------------------------------------------------------------------------
@router.action(words.ConfirmRules)
async def confirm(message: InboundMessage, ctx: Context, action: words.ConfirmRules) -> None:
    change = await _own_proposal(ctx, action.change_id)
    before = await ctx.uow.lead_rules.version(change.base_version)
    after = await ctx.uow.lead_rules.apply(change, at=ctx.sent_at)
    what = "leadrules.changed" if change.restores is None else "leadrules.restored"
    ctx.audit(what, subject=f"version {after.version}", change=change.change_id, words=change.words)
    await ctx.uow.notify("leads")  # who waited for a place may find one now
    _settle(message, ctx, words.APPLIED, change, before, after, words.confirmed(after.version))


@router.action(words.DropRules)
async def drop(message: InboundMessage, ctx: Context, action: words.DropRules) -> None:
    change = await _own_proposal(ctx, action.change_id)
    before = await ctx.uow.lead_rules.version(change.base_version)
    await ctx.uow.lead_rules.drop(change, at=ctx.sent_at)
    _settle(message, ctx, words.DROPPED, change, before, change.rules, "已取消")


@router.command(words.CONFIRM, hidden=True)
async def confirm_in_words(message: InboundMessage, ctx: Context, rest: str) -> None:
    await confirm(message, ctx, words.ConfirmRules(_typed_number(rest, words.CONFIRM)))


@router.command(words.DROP, hidden=True)
async def drop_in_words(message: InboundMessage, ctx: Context, rest: str) -> None:
    await drop(message, ctx, words.DropRules(_typed_number(rest, words.DROP)))


def _typed_number(rest: str, word: str) -> str:
    match = _NUMBER.fullmatch(fold(rest).strip())
    if not match:
        raise BadSyntax(words.which_change(word))
    return match[1]


async def _own_proposal(ctx: Context, change_id: str) -> RuleChange:
    """What a button named; it comes from the client and may be anything."""
    if not may_change_lead_rules(ctx.employee):
        raise NotAllowed(words.not_allowed(may_try=may_try_lead_rules(ctx.employee)))
    match = _NUMBER.fullmatch(change_id)
    if not match:
        raise NotFound(STALE_CARD)
    change = await ctx.uow.lead_rules.change(int(match[1]))
    if change.proposed_by != ctx.employee.employee_no:
        raise NotAllowed(words.not_yours())
    if change.applied_at or change.dropped_at:
        raise OutOfDate(words.already_decided())
    return change


def _settle(
    message: InboundMessage,
    ctx: Context,
    title: str,
    change: RuleChange,
    before: LeadRules,
    after: LeadRules,
    what: str,
) -> None:
    """The tapped card gets its last face; to typed words that face is the answer."""
    status = words.decided(ctx.employee, ctx.sent_at, what)
    card = words.settled_card(title, change.change_id, change.words, before, after, _names(ctx), status=status)
    if message.tap:
        ctx.update_card(message.tap.card_id, card)
    else:
        ctx.reply(card)


def _names(ctx: Context) -> words.Names:
    """Namesakes with their region."""
    people = ctx.directory.employees()
    often = Counter(person.name for person in people)
    return {
        person.employee_no: person.name if often[person.name] == 1 else f"{person.name}（{person.region}）"
        for person in people
    }
