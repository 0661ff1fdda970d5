"""为什么 编号: why a lead went to whom it went, from what was kept when it was decided."""

from __future__ import annotations

from bot.cards import lead_why as words
from bot.domain.leads.cases import LeadCase
from bot.domain.leads.records import LeadRecord
from bot.domain.numbers import split_number
from bot.domain.people import SEES_ALL, Role
from bot.domain.text import clean
from bot.errors import BadSyntax, NotAllowed
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from handlers.which_lead import lead_desk
from store.lead_decisions import comes_out_the_same, kept_decision, lead_number

router = Router[Context]()

WORD = "为什么"


@router.command(WORD, "why")
async def why(message: InboundMessage, ctx: Context, rest: str) -> None:
    """为什么 编号：看一条线索为什么派给这个人。例：为什么 XS260212001"""
    typed = split_number(rest or message.text, prefix="XS")[0] or clean(rest).strip(" ,，。:：?？").partition(" ")[0]
    if not typed:
        raise BadSyntax(words.which_lead())
    number = await lead_number(ctx.uow.connection, typed)
    record, case = await ctx.uow.leads.record(number), await ctx.uow.leads.get(number)
    if not _may_see(ctx, record, case):
        raise NotAllowed(words.out_of_sight(number))
    kept = await kept_decision(ctx.uow.connection, number, case.turns[-1].turn_no) if case.turns else None
    same_again = None if kept is None else await comes_out_the_same(ctx.uow.connection, kept)
    if same_again is False:
        ctx.audit("lead.replay_differs", subject=number)
    same = (await (await lead_desk(ctx)).sheet(case)).same
    ctx.reply(words.why_text(record, case, kept, _names(ctx), same=same, same_again=same_again))


def _may_see(ctx: Context, record: LeadRecord, case: LeadCase) -> bool:
    """Who has or had it or entered it, the manager of its region or of somebody who had it, and who sees all."""
    me = ctx.employee
    had = {turn.employee_no for turn in case.turns}
    if me.role in SEES_ALL or me.employee_no in had | {case.entered_by}:
        return True
    people = (ctx.directory.employee(number) for number in had)
    regions = {record.region, *(person.region for person in people if person)}
    return me.role is Role.REGION_MANAGER and (me.region in regions or regions == {""})


def _names(ctx: Context) -> words.Names:
    names = {person.employee_no: person.name for person in ctx.directory.employees()}
    return names | {ctx.employee.employee_no: "你"}
