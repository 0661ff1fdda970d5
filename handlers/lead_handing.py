"""Into other hands: 转给 a colleague, 指派 by a manager, 放入公海, 领取."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards import lead_actions as actions
from bot.cards import lead_words as words
from bot.domain.corrections import never_mind
from bot.domain.leads.cases import OPEN, How, LeadCase, LeadState
from bot.domain.leads.moves import LeadRefused, Why, assign, claim, hand_over, must_hold, shelve
from bot.domain.numbers import split_number
from bot.domain.people import Employee, may_claim_lead, takes_leads
from bot.errors import NotAllowed
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from handlers.recording import expect
from handlers.which_lead import concerned, find_number, lead_desk, manages, meant, must_see, of_this_turn, refuse
from handlers.which_person import left, named
from store.lead_desk import LeadDesk
from store.lead_views import LeadViews

router = Router[Context]()

WHOM = "lead.whom"  # dialogue: who gets it
_SOMEBODY_ELSE = (Why.SELF, Why.FULL, Why.NO_DUTY)  # it can be handed on, but not to the one who was named


# -- 转给 -------------------------------------------------------------------------------------------------------------
async def hand_lead_typed(ctx: Context, rest: str) -> bool:
    """转给, 转交 of a lead; False: an approval is meant."""
    if split_number(rest)[0]:
        return False
    number, _ = await find_number(ctx, rest)
    if not number:
        me = ctx.employee.employee_no
        if not await LeadViews(ctx.uow.connection).held_by(me, OPEN) or await ctx.uow.approvals.waiting_for(me):
            return False
    if found := await meant(ctx, rest, "转给"):
        case, whom = found
        await _hand(ctx, case, whom, word="转给")
    return True


@router.action(actions.HandLead)
async def hand(message: InboundMessage, ctx: Context, action: actions.HandLead) -> None:
    """转给 on the card."""
    case = await concerned(ctx, action.lead_no)
    await _hand(ctx, case, message.tap.text if message.tap else "", word="转给", turn=action.turn)


# -- 指派 -------------------------------------------------------------------------------------------------------------
@router.command("指派", "assign")
async def assign_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """指派 编号 某人：区域经理把线索派给谁。例：指派 XS260212001 李雷"""
    number, whom = await find_number(ctx, rest)
    if not number:
        ctx.reply(words.which_to("指派"))
        return
    await _hand(ctx, await concerned(ctx, number), whom, word="指派")


@router.action(actions.AssignLead)
async def assign_tapped(message: InboundMessage, ctx: Context, action: actions.AssignLead) -> None:
    """指派 on the manager's card."""
    case = await concerned(ctx, action.lead_no)
    card = message.tap.card_id if message.tap else ""
    await _hand(ctx, case, message.tap.text if message.tap else "", word="指派", card=card)


@router.dialogue(WHOM)
async def whom_given(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """A name or a 工号."""
    if never_mind(message.text):
        ctx.reply(words.left_alone())
        return
    case = await concerned(ctx, data["lead_no"])
    await _hand(ctx, case, message.text, word=data["word"], turn=data["turn"], card=data["card"])


async def _hand(ctx: Context, case: LeadCase, whom: str, *, word: str, turn: str = "", card: str = "") -> None:
    desk, whom = await lead_desk(ctx), whom.strip()
    data = {"lead_no": case.lead_no, "turn": turn, "word": word, "card": card}
    who: Employee | None = None
    try:
        await _may_hand(ctx, case, word, turn)
        if not whom:
            ctx.ask(WHOM, words.ask_whom(word, case.lead_no), data)
            return
        people, _ = named(ctx, whom)
        if len(people) != 1:
            ctx.ask(WHOM, words.namesakes(people) if people else words.no_such_person(whom, left(ctx, whom)), data)
            return
        who = people[0]
        after = await _handed(ctx, desk, case, who, word)
    except LeadRefused as error:
        await refuse(ctx, desk, case, error, who=who.name if who else "")
        if error.why in _SOMEBODY_ELSE:
            expect(ctx, WHOM, data)
        return
    if after != case:
        after = await desk.put(case, after)
        ctx.audit("lead.handed", subject=case.lead_no, how=word, to=who.employee_no)
    ctx.end_dialogue()
    sheet = await desk.sheet(after)
    if card:
        settled = words.settled_manager_card(sheet, by=ctx.employee.name, at=ctx.sent_at, what=f"指派给{who.name}")
        ctx.update_card(card, settled)
    ctx.reply(words.handed(sheet, who.name) if word == "转给" else words.assigned(sheet, who.name))


async def _may_hand(ctx: Context, case: LeadCase, word: str, turn: str) -> None:
    """Before anybody is named: nobody types a name in vain.

    Raises:
        LeadRefused, NotAllowed.
    """
    if word == "指派":
        if not manages(ctx, case, await ctx.uow.leads.record(case.lead_no)):
            raise NotAllowed(f"指派要由区域经理、总监或管理员来做；线索在你手上时可以「转给 {case.lead_no} 某人」。")
        return
    of_this_turn(case, turn)
    me = ctx.employee.employee_no
    last = case.turns[-1] if case.turns else None
    if case.holder_no != me and not (last and last.by_no == me and case.turn):
        must_hold(case, me)


async def _handed(ctx: Context, desk: LeadDesk, case: LeadCase, who: Employee, word: str) -> LeadCase:
    me, to = ctx.employee.employee_no, who.employee_no
    if word == "指派":
        after = assign(case, to, by=me, at=ctx.sent_at, rules=desk.rules)
    else:
        after = hand_over(case, to, by=me, at=ctx.sent_at, rules=desk.rules)
    if after != case:
        if not takes_leads(who):
            raise LeadRefused(Why.NO_DUTY)
        await desk.free_place(who)
    return after


@router.action(actions.ShelveLead)
async def shelve_tapped(message: InboundMessage, ctx: Context, action: actions.ShelveLead) -> None:
    """放入公海 on the manager's card."""
    case, desk = await concerned(ctx, action.lead_no), await lead_desk(ctx)
    await _may_hand(ctx, case, "指派", "")
    try:
        after = shelve(case, at=ctx.sent_at)
    except LeadRefused as error:
        await refuse(ctx, desk, case, error)
        return
    if after != case:
        after = await desk.put(case, after)
        ctx.audit("lead.shelved", subject=case.lead_no)
    sheet = await desk.sheet(after)
    if message.tap is not None:
        settled = words.settled_manager_card(sheet, by=ctx.employee.name, at=ctx.sent_at, what="放入公海")
        ctx.update_card(message.tap.card_id, settled)
    ctx.reply(words.shelved(sheet))


# -- 领取 -------------------------------------------------------------------------------------------------------------
@router.command("领取", "claim")
async def claim_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """领取 编号：领一条公海里的线索。例：领取 XS260212001"""
    number, _ = await find_number(ctx, rest)
    if not number:
        ctx.reply(words.which_to("领取"))
        return
    await _claim(ctx, number)


@router.action(actions.ClaimLead)
async def claim_tapped(message: InboundMessage, ctx: Context, action: actions.ClaimLead) -> None:
    """领取 on a card."""
    await _claim(ctx, action.lead_no)


async def _claim(ctx: Context, number: str) -> None:
    me, case, desk = ctx.employee, await ctx.uow.leads.get(number), await lead_desk(ctx)
    record = await ctx.uow.leads.record(number)
    if not may_claim_lead(me, record.region):
        raise NotAllowed(f"{number} 不归你的区域，不能领取；发「公海」看你能领的。")
    if case.state is not LeadState.POOL and not (case.turn and case.turn.how is How.CLAIMED):
        must_see(ctx, case, record)  # else any number typed would tell whose lead it is
    try:
        after = claim(case, by=me.employee_no, at=ctx.sent_at, rules=desk.rules)
        if after != case:
            await desk.free_place(me)
    except LeadRefused as error:
        await refuse(ctx, desk, case, error)
        return
    if after != case:
        after = await desk.put(case, after)
        ctx.audit("lead.claimed", subject=number)
    ctx.reply(words.claimed(await desk.sheet(after)))
