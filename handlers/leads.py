"""A rep's answers to a lead: 接受, 退回, 打电话了, 成交, 关闭, tapped or typed; 线索 and 公海 show what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.cards import lead_actions as actions
from bot.cards import lead_lists as lists
from bot.cards import lead_words as words
from bot.cards.leads import LeadSheet
from bot.clock import SHANGHAI
from bot.domain.corrections import never_mind
from bot.domain.leads.cases import LeadCase, LeadState
from bot.domain.leads.lead_line import is_entry
from bot.domain.leads.moves import LeadRefused, accept, called, close, decline
from bot.domain.people import NATIONWIDE, Role, takes_leads
from bot.domain.understanding import understand
from bot.messages import InboundMessage
from bot.router import Router
from handlers import lead_entry
from handlers.context import Context
from handlers.which_lead import concerned, find_number, lead_desk, meant, must_see, of_this_turn, refuse
from store.lead_desk import LeadDesk
from store.lead_views import LeadViews

router = Router[Context]()

REASON = "lead.reason"  # dialogue: why it is given back or closed


# -- answering --------------------------------------------------------------------------------------------------------
@router.command("接受", "接单", "accept")
async def accept_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """接受 编号：接下派给你的线索。例：接受 XS260212001"""
    if found := await meant(ctx, rest, "接受", (LeadState.OFFERED,)):
        await _accept(ctx, found[0])


@router.action(actions.AcceptLead)
async def accept_tapped(message: InboundMessage, ctx: Context, action: actions.AcceptLead) -> None:
    """接受 on the card."""
    await _accept(ctx, await concerned(ctx, action.lead_no), action.turn)


async def _accept(ctx: Context, case: LeadCase, turn: str = "") -> None:
    me = ctx.employee.employee_no
    await _move(ctx, case, turn, "lead.accepted", words.accepted, lambda _: accept(case, by=me, at=ctx.sent_at))


@router.command("打电话了", "打了电话", "called")
async def called_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """打电话了 编号：记下你联系过这条线索。例：打电话了 XS260212001"""
    if not await _is_story(message, ctx, rest) and (found := await meant(ctx, rest, "打电话了")):
        await _called(ctx, found[0])


@router.action(actions.CalledLead)
async def called_tapped(message: InboundMessage, ctx: Context, action: actions.CalledLead) -> None:
    """打电话了 on the card."""
    await _called(ctx, await concerned(ctx, action.lead_no), action.turn)


async def _called(ctx: Context, case: LeadCase, turn: str = "") -> None:
    me = ctx.employee.employee_no
    await _move(ctx, case, turn, "lead.called", words.called, lambda _: called(case, by=me, at=ctx.sent_at))


@router.command("退回", "decline")
async def decline_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """退回 编号 原因：不合适的线索交给下一位。例：退回 XS260212001 不是我的行业"""
    if found := await meant(ctx, rest, "退回", (LeadState.OFFERED,)):
        await _with_reason(ctx, found[0], "退回", found[1])


@router.action(actions.DeclineLead)
async def decline_tapped(message: InboundMessage, ctx: Context, action: actions.DeclineLead) -> None:
    """退回 on the card, with its reason or a question for it."""
    typed = message.tap.text if message.tap else ""
    await _with_reason(ctx, await concerned(ctx, action.lead_no), "退回", typed, action.turn)


@router.command("关闭", "close")
async def close_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """关闭 编号 原因：没有希望的线索到此为止。例：关闭 XS260212001 号码打不通"""
    if not await _is_story(message, ctx, rest) and (found := await meant(ctx, rest, "关闭")):
        await _with_reason(ctx, found[0], "关闭", found[1])


@router.action(actions.CloseLead)
async def close_tapped(message: InboundMessage, ctx: Context, action: actions.CloseLead) -> None:
    """关闭 on the card."""
    typed = message.tap.text if message.tap else ""
    await _with_reason(ctx, await concerned(ctx, action.lead_no), "关闭", typed, action.turn)


@router.command("成交", "won")
async def won_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """成交 编号：线索谈成了。例：成交 XS260212001"""
    if not await _is_story(message, ctx, rest) and (found := await meant(ctx, rest, "成交")):
        await _won(ctx, found[0], note=found[1])


@router.action(actions.WinLead)
async def won_tapped(message: InboundMessage, ctx: Context, action: actions.WinLead) -> None:
    """成交 on the card."""
    await _won(ctx, await concerned(ctx, action.lead_no), action.turn)


async def _won(ctx: Context, case: LeadCase, turn: str = "", *, note: str = "") -> None:
    def move(_: LeadDesk) -> LeadCase:
        return close(case, won=True, reason=note, by=ctx.employee.employee_no, at=ctx.sent_at)

    await _move(ctx, case, turn, "lead.won", words.won, move)


async def _with_reason(ctx: Context, case: LeadCase, word: str, reason: str, turn: str = "") -> None:
    """退回 and 关闭 want a reason; where the lead is not in hand any more nobody is asked for one."""
    me, reason = ctx.employee.employee_no, reason.strip()

    def move(desk: LeadDesk) -> LeadCase:
        if word == "退回":
            return decline(case, reason, by=me, at=ctx.sent_at, rules=desk.rules)
        return close(case, won=False, reason=reason, by=me, at=ctx.sent_at)

    if not reason and case.holder_no == me:
        ctx.ask(REASON, words.ask_reason(word, case.lead_no), {"lead_no": case.lead_no, "word": word, "turn": turn})
        return
    what, say = ("lead.declined", words.declined) if word == "退回" else ("lead.closed", words.closed)
    await _move(ctx, case, turn, what, say, move)


@router.dialogue(REASON)
async def reason_given(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """Why it is given back or closed."""
    if never_mind(message.text):
        ctx.reply(words.left_alone())
        return
    await _with_reason(ctx, await concerned(ctx, data["lead_no"]), data["word"], message.text, data["turn"])


async def _move(
    ctx: Context,
    case: LeadCase,
    turn: str,
    what: str,
    say: Callable[[LeadSheet], str],
    move: Callable[[LeadDesk], LeadCase],
) -> None:
    """One answer, once: saved, shown on the card, told to whom it concerns. `turn`: of the card that was tapped."""
    desk = await lead_desk(ctx)
    try:
        of_this_turn(case, turn)
        after = move(desk)
    except LeadRefused as error:
        await refuse(ctx, desk, case, error)
        return
    if after != case:
        after = await desk.put(case, after)
        ctx.audit(what, subject=case.lead_no, turn=case.turns[-1].turn_no)
    ctx.end_dialogue()
    if ctx.message.tap is None:
        ctx.reply(say(await desk.sheet(after)))


async def _is_story(message: InboundMessage, ctx: Context, rest: str) -> bool:
    """打电话了 王姐说下周要货: a visit is told, or something else is closed; no lead is named."""
    if not rest or (await find_number(ctx, rest))[0]:
        return False
    read = understand(message.text, sender=ctx.employee, sent_at=ctx.sent_at, directory=ctx.directory)
    if read.kind == "other" or (read.kind == "command" and read.command in ("打电话了", "成交", "关闭")):
        return False
    from handlers.visits import read_sentence

    await read_sentence(message, ctx, message.text)
    return True


# -- looking ----------------------------------------------------------------------------------------------------------
@router.command("线索", "leads", "lead")
async def show_leads(message: InboundMessage, ctx: Context, rest: str) -> None:
    """线索 [编号]：你手上的线索和剩余时间；经理看排队、没响应和公海。例：线索 XS260212001"""
    if is_entry(rest):  # 线索 公司：… 电话：…: a new one
        await lead_entry.enter(message, ctx, rest)
        return
    number, said = await find_number(ctx, rest)
    if number:
        await _show(ctx, number)
    elif said:
        ctx.reply(words.no_such_lead(said))
    elif takes_leads(ctx.employee):
        views = LeadViews(ctx.uow.connection)
        mine = await views.open_of([ctx.employee.employee_no])
        ctx.reply(lists.own_leads(mine, now=ctx.sent_at, pool=len(await views.pool(_regions(ctx)))))
    elif ctx.employee.role in (Role.REGION_MANAGER, Role.DIRECTOR, Role.ADMIN):
        ctx.reply(lists.managers_view(await _managers_view(ctx), now=ctx.sent_at))
    else:
        ctx.reply("线索由销售跟进，区域经理、总监和管理员能看排队情况。")


async def _show(ctx: Context, number: str) -> None:
    case = await ctx.uow.leads.get(number)
    must_see(ctx, case, await ctx.uow.leads.record(number))
    ctx.reply(words.story(await (await lead_desk(ctx)).sheet(case)))
    ctx.audit("lead.viewed", subject=number)


@router.command("公海", "pool")
async def show_pool(message: InboundMessage, ctx: Context, rest: str) -> None:
    """公海：没有人接的线索，销售可以领取。"""
    pool = await LeadViews(ctx.uow.connection).pool(_regions(ctx))
    ctx.reply(lists.pool_list(pool, claims=takes_leads(ctx.employee)))


def _regions(ctx: Context) -> tuple[str, ...] | None:
    me = ctx.employee
    everything = me.role in (Role.DIRECTOR, Role.ADMIN) or me.region == NATIONWIDE
    return None if everything else (me.region,)


async def _managers_view(ctx: Context) -> lists.ManagersView:
    desk, views, regions = await lead_desk(ctx), LeadViews(ctx.uow.connection), _regions(ctx)
    reps = [
        item for item in ctx.directory.employees() if takes_leads(item) and (regions is None or item.region in regions)
    ]
    morning = ctx.sent_at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return lists.ManagersView(
        whose=ctx.employee.region if regions else "全公司",
        queue=await views.queue(regions),
        open=await views.open_of([item.employee_no for item in reps]),
        pool=await views.pool(regions),
        declined=await views.declined(regions, since=morning),
        capacity={item.employee_no: desk.rules.capacity_of(item.employee_no) for item in reps},
        name_of=desk.name_of,
    )


@router.action(actions.WhyLead)
async def why_tapped(message: InboundMessage, ctx: Context, action: actions.WhyLead) -> None:
    """为什么 on the card: as the typed word answers."""
    from handlers import router as everything  # the table of contents imports this module

    if found := everything.match_command(f"为什么 {action.lead_no}"):
        await found[0].handler(message, ctx, found[1])
    else:
        await _show(ctx, action.lead_no)
