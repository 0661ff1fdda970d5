"""Visits: said in a sentence, confirmed with a tap, corrected in a word, taken back with 撤销."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.cards import visits as words
from bot.clock import SHANGHAI
from bot.domain.corrections import never_mind
from bot.domain.understanding import Understood, understand
from bot.domain.visit_records import Visit, VisitField, VisitState, cancelled, confirmed
from bot.domain.visits import VisitReading
from bot.errors import NotAllowed, NotFound
from bot.messages import InboundMessage, Kind
from bot.router import Router
from handlers import smalltalk
from handlers.context import Context
from handlers.media import keep, place, settle_note
from handlers.recording import CHOOSE, choosable, expect, record_all, refresh, settle_customer

router = Router[Context]()

NUMBER = re.compile(r"BF\d{6,}", re.IGNORECASE)
_PLACE = re.compile(r"第?([1-9])(?:家|个)?(?:[\s.、。)）]|$)")
_NONE_OF_THEM = re.compile(r"(?:都?不是|都不对)[。！!\s]*(?:BF\d+)?$", re.IGNORECASE)
_BUTTON = re.compile(r"(?:[1-9] .{1,12}|都?不是) BF\d{6,}", re.IGNORECASE)  # typed where there are no buttons
_WITH_WORDS = frozenset(
    ("同意", "拒绝", "转交", "加签", "撤回", "催办", "问", "答", "请假", "销假", "代理", "流程", "线索", "接受", "退回",
     "打电话了", "成交", "关闭", "领取", "指派", "权重")
)  # fmt: skip
_HEARD = "heard"  # in `fields` of a message that a speech provider turned into text


# -- saying it ------------------------------------------------------------------------------------------------------
@router.kind(Kind.TEXT)
async def free_text(message: InboundMessage, ctx: Context) -> None:
    """Anything typed that is no command and no answer: a visit, a question, an order in a sentence, or small talk."""
    kept = await keep(message, ctx) if message.media else []
    heard = bool(message.fields.get(_HEARD))
    told = await read_sentence(message, ctx, message.text, heard=heard) if message.text.strip() else []
    if kept and not told:
        await place(message, ctx, kept)


async def read_sentence(message: InboundMessage, ctx: Context, text: str, *, heard: bool = False) -> list[Visit]:
    """Do what a sentence means; returns the visits it told of."""
    if _BUTTON.fullmatch(text.strip()) and (number := NUMBER.search(text)):
        visit = await own_visit(ctx, number[0].upper())
        if visit.state is VisitState.CHOOSING and await _chosen_by_number(ctx, visit, text.strip()):
            return []
    understood = understand(text, sender=ctx.employee, sent_at=ctx.sent_at, directory=ctx.directory)
    if understood.kind in ("query", "command"):
        await settle_note(message, ctx)
    match understood.kind:
        case "visit" if understood.visits:
            visits = await record_all(message, ctx, understood.visits, text, heard=heard)
            smalltalk.second_opinion(message, ctx, text, visits)
            return visits
        case "query":
            from handlers.history import answer

            await answer(message, ctx, understood)
        case "command":
            await run_command(message, ctx, understood)
        case _:
            await smalltalk.reply(message, ctx, text)
    return []


async def run_command(message: InboundMessage, ctx: Context, understood: Understood) -> None:
    """A command that was said in a sentence ("刚才那条删掉"): the same handler as for the typed word."""
    from handlers import router as everything  # the table of contents imports this module

    if (found := everything.match_command(understood.command)) is None:
        ctx.reply(smalltalk.not_yet(understood.command))
        return
    await found[0].handler(message, ctx, _what_follows(understood.command, understood.text or message.text))


def _what_follows(word: str, sentence: str) -> str:
    """What a command said in a sentence is about: a visit's number, or the words that a typed command would carry."""
    if number := NUMBER.search(sentence):
        return number[0]
    if word in ("合同", "新线索"):  # 给绿源滨江走个合同审批，85万…: the reader finds its parts in any order
        return sentence
    return sentence.replace(word, " ", 1).strip(" ，,：:。") if word in _WITH_WORDS else ""


@router.command("拜访", "visit")
async def log_visit(message: InboundMessage, ctx: Context, rest: str) -> None:
    """拜访 客户 内容：记一次拜访，直接说一句话也行。例：拜访 绿源滨江 王姐要20件水，大概3000块，下周三送样"""
    if not rest:
        ctx.reply(words.visit_example())
        return
    text = f"拜访 {rest}"
    understood = understand(text, sender=ctx.employee, sent_at=ctx.sent_at, directory=ctx.directory)
    readings = understood.visits or (_plain_reading(ctx, rest),)
    visits = await record_all(message, ctx, readings, text, heard=bool(message.fields.get(_HEARD)))
    smalltalk.second_opinion(message, ctx, text, visits)


def _plain_reading(ctx: Context, rest: str) -> VisitReading:
    """拜访 was typed, so it is one, however little the words say: the first customer named, the rest as content."""
    mention = next(iter(ctx.directory.find(rest, sender=ctx.employee)), None)
    mention = mention or ctx.directory.look_up(rest.split()[0], sender=ctx.employee)
    return VisitReading(
        customer_no=mention.customer_no if mention else None,
        ambiguous_customers=mention.candidates if mention and not mention.customer_no else (),
        visit_date=ctx.sent_at.astimezone(SHANGHAI).date(),
        summary=rest,
    )


# -- which customer -------------------------------------------------------------------------------------------------
@router.action(words.ChooseCustomer)
async def choose(message: InboundMessage, ctx: Context, action: words.ChooseCustomer) -> None:
    """One candidate was tapped, or none of them."""
    visit = await own_visit(ctx, action.visit_no)
    if visit.state is not VisitState.CHOOSING:
        await refresh(ctx, visit, status=settled_status(ctx, visit))
        return
    if not action.customer_no:
        ctx.ask(CHOOSE, words.QUESTIONS[VisitField.CUSTOMER], {"visit_no": visit.visit_no})
        return
    customer = ctx.directory.customer(action.customer_no)
    if customer is None or action.customer_no not in visit.candidates:
        raise NotFound(words.no_such_customer(action.customer_no))
    ctx.end_dialogue()
    await settle_customer(ctx, visit, customer)


@router.dialogue(CHOOSE)
async def chosen_in_words(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """The customer's name, or the number in front of a candidate; anything else is read as usual."""
    from handlers.corrections import customer_in_words, names_customer, told_apart

    visit = await ctx.uow.visits.get(data["visit_no"])
    if visit.state is not VisitState.CHOOSING or visit.employee_no != ctx.employee.employee_no:
        await read_sentence(message, ctx, message.text)
        return
    if await _chosen_by_number(ctx, visit, message.text.strip()):
        return
    if part := told_apart(message.text, choosable(ctx, visit)):
        await settle_customer(ctx, visit, part)
    elif visit.candidates and not names_customer(ctx, message.text) and not never_mind(message.text):
        expect(ctx, CHOOSE, data)  # the card still asks; what was said is about something else
        await read_sentence(message, ctx, message.text)
    else:
        await customer_in_words(message, ctx, visit, CHOOSE, data)


async def _chosen_by_number(ctx: Context, visit: Visit, answer: str) -> bool:
    """`2`, `2 鑫旺人民路`, `都不是`: what stands on the card's buttons."""
    if _NONE_OF_THEM.match(answer):
        ctx.ask(CHOOSE, words.QUESTIONS[VisitField.CUSTOMER], {"visit_no": visit.visit_no})
        return True
    shown = choosable(ctx, visit)[: words.MAX_CANDIDATES]
    place = int(found[1]) if (found := _PLACE.match(answer)) else 0
    if not 1 <= place <= len(shown):
        return False
    await settle_customer(ctx, visit, shown[place - 1])
    return True


# -- confirming and taking back -------------------------------------------------------------------------------------
@router.action(words.ConfirmVisit)
async def confirm(message: InboundMessage, ctx: Context, action: words.ConfirmVisit) -> None:
    """The card is right."""
    await _confirm(ctx, await own_visit(ctx, action.visit_no))


@router.command("确认", "confirm", hidden=True)
async def confirm_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """确认 [编号]：和点卡片上的「确认」一样，不写编号就是最近一条。"""
    await _confirm(ctx, await visit_meant(ctx, rest))


async def _confirm(ctx: Context, visit: Visit) -> None:
    if visit.state is VisitState.CHOOSING:
        ctx.ask(CHOOSE, words.QUESTIONS[VisitField.CUSTOMER], {"visit_no": visit.visit_no})
        return
    if visit.state is VisitState.CANCELLED:
        await refresh(ctx, visit, status=settled_status(ctx, visit))
        return
    after = confirmed(visit)
    if visit.state is not VisitState.CONFIRMED:
        await ctx.uow.visits.save(visit, after, at=ctx.sent_at)
        ctx.audit("visit.confirmed", subject=visit.visit_no)
    ctx.end_dialogue()
    await refresh(ctx, after, status=settled_status(ctx, after))


@router.action(words.CancelVisit)
async def cancel(message: InboundMessage, ctx: Context, action: words.CancelVisit) -> None:
    """The whole visit was a mistake."""
    await cancel_visit(ctx, await own_visit(ctx, action.visit_no))


async def cancel_visit(ctx: Context, visit: Visit) -> None:
    after = cancelled(visit)
    if visit.state is not VisitState.CANCELLED:
        await ctx.uow.visits.save(visit, after, at=ctx.sent_at)
        await ctx.uow.visits.forget_changes(visit.visit_no, at=ctx.sent_at)
        ctx.audit("visit.cancelled", subject=visit.visit_no, before=visit.state.value)
    ctx.end_dialogue()
    await refresh(ctx, after, status=words.cancelled_by(ctx.employee.name, ctx.sent_at))


# -- whose visit ----------------------------------------------------------------------------------------------------
async def own_visit(ctx: Context, visit_no: str) -> Visit:
    """The visit, for changing it.

    Raises:
        NotFound, NotAllowed: no such visit, or somebody else's, or one that came from a file.
    """
    visit = await ctx.uow.visits.get(visit_no)
    if visit.employee_no != ctx.employee.employee_no:
        teller = ctx.directory.employee(visit.employee_no)
        raise NotAllowed(words.not_yours(teller.name if teller else "别人"))
    if visit.state is VisitState.LOADED:
        raise NotAllowed(words.loaded_record(visit_no))
    return visit


async def visit_meant(ctx: Context, rest: str) -> Visit:
    """The visit whose number was typed, else the sender's newest one that waits for an answer."""
    if number := NUMBER.search(rest):
        return await own_visit(ctx, number[0].upper())
    if waiting := await ctx.uow.visits.waiting(ctx.employee.employee_no):
        return await own_visit(ctx, waiting[0].visit_no)
    raise NotFound(words.nothing_waiting())


def customer_name(ctx: Context, visit: Visit) -> str:
    """Of a visit, for sentences."""
    customer = ctx.directory.customer(visit.customer_no or "")
    return customer.name if customer else words.UNKNOWN_CUSTOMER


def settled_status(ctx: Context, visit: Visit) -> str:
    """Who settled it and when, for the card; empty while it is open."""
    match visit.state:
        case VisitState.CONFIRMED:
            return words.confirmed_by(ctx.employee.name, ctx.sent_at)
        case VisitState.CANCELLED:
            return words.cancelled_by(ctx.employee.name, ctx.sent_at)
        case _:
            return ""
