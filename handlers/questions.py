"""问 and 答: a question from an approver reaches the submitter on their platform, the answer comes back and stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.cards import approval_actions as actions
from bot.cards import approval_words as words
from bot.cards import approvals as cards
from bot.domain.approval_talk import Said
from bot.domain.approval_values import Approval, ApprovalRefused, Place, Why
from bot.domain.corrections import never_mind
from bot.errors import NotFound, OutOfDate
from bot.messages import InboundMessage, Text
from bot.router import Router
from handlers.context import Context
from handlers.which_approval import (
    approval_desk,
    find_number,
    may_act,
    must_be_concerned,
    place_data,
    place_from,
    refuse,
    tapped,
    typed_beside,
)
from store.approval_desk import ApprovalDesk
from store.outbox import new_card_id

router = Router[Context]()

ASK = "approval.ask"  # dialogue: the question
ANSWER = "approval.answer"  # dialogue: its answer
FRESH = timedelta(minutes=30)  # a photo sent so soon after a question is its answer
ONLY_FILES = "（见附件）"


# -- asking -----------------------------------------------------------------------------------------------------------
@router.command("问", "提问", "ask")
async def ask_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """问 编号 问题：问发起人一句，回答会回到你这里。例：问 SP260212001 账期能改成 30 天吗"""
    number, question = await find_number(ctx, rest)
    if not number:
        ctx.reply(words.nothing_said("问"))
        return
    approval = await ctx.uow.approvals.get(number)
    must_be_concerned(ctx, approval)
    await _ask(ctx, approval, Place.now(approval), question)


@router.action(actions.AskSubmitter)
async def ask_tapped(message: InboundMessage, ctx: Context, action: actions.AskSubmitter) -> None:
    """提问 on the card."""
    await _ask(ctx, *await tapped(ctx, action), typed_beside(message))


@router.dialogue(ASK)
async def question_given(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """The question itself."""
    if never_mind(message.text):
        ctx.reply(words.left_alone())
        return
    approval = await ctx.uow.approvals.get(data["approval_no"])
    await _ask(ctx, approval, place_from(data), message.text.strip())


async def _ask(ctx: Context, approval: Approval, place: Place, question: str) -> None:
    if not await may_act(ctx, approval, place):
        return
    desk = approval_desk(ctx)
    if not question:
        ctx.ask(ASK, words.ask_question(desk.name_of(approval.submitter_no)), place_data(approval, place))
        return
    talk = ctx.uow.approvals.talk
    talk_id, fresh = await talk.add(
        approval.approval_no,
        approval.attempt,
        employee_no=ctx.employee.employee_no,
        words=question,
        said_at=ctx.sent_at,
        message_id=ctx.message.message_id,
    )
    if fresh:
        await _pass_question(ctx, desk, approval, talk_id)
        ctx.audit("approval.asked", subject=approval.approval_no)
    ctx.end_dialogue()
    ctx.reply(words.asked(desk.name_of(approval.submitter_no)))


async def _pass_question(ctx: Context, desk: ApprovalDesk, approval: Approval, talk_id: int) -> None:
    submitter = ctx.directory.employee(approval.submitter_no)
    sheet = await desk.sheet(approval)
    question = _of(sheet.talk, talk_id)
    if submitter is not None:
        key = f"approval-question:{talk_id}"
        card_id = new_card_id()
        ctx.send(submitter, cards.question_card(sheet, question), dedup_key=key, card_id=card_id)
        await ctx.uow.approvals.talk.hang(talk_id, card_id)
    await _refresh_copies(ctx, desk, approval, without=talk_id)


# -- answering --------------------------------------------------------------------------------------------------------
@router.command("答", "回复", "回答", "answer")
async def answer_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """答 编号 内容：回答审批人的问题。例：答 SP260212001 客户同意 30 天"""
    number, said = split_answer(await find_number(ctx, rest), rest)
    waiting = await ctx.uow.approvals.talk.open_to(ctx.employee.employee_no)
    numbers = list(dict.fromkeys(item for item, _ in waiting))
    if not number and len(numbers) > 1:
        ctx.reply(words.which_question(numbers))
        return
    number = number or next(iter(numbers), "")
    question = await _question_of(ctx, number)
    if not said:
        ctx.ask(ANSWER, words.ask_answer(question.words), {"talk_id": str(question.talk_id)})
        return
    await _answer(ctx, number, question, said)


def split_answer(found: tuple[str, str], rest: str) -> tuple[str, str]:
    """`答 30天可以` answers the only open question: 30 is no number of an approval."""
    number, said = found
    return (number, said) if number else ("", rest.strip())


async def _question_of(ctx: Context, number: str) -> Said:
    """The newest question about an approval of the sender's: an open one first, else one answered before."""
    if not number:
        raise NotFound(words.no_question(""))
    approval = await ctx.uow.approvals.read(number)
    talk = await ctx.uow.approvals.talk.of(number)
    questions = [item for item in talk if item.about_id is None]
    if not questions or approval.submitter_no != ctx.employee.employee_no:
        raise NotFound(words.no_question(number))
    done = {item.about_id for item in talk}
    return next((item for item in reversed(questions) if item.talk_id not in done), questions[-1])


@router.action(actions.AnswerQuestion)
async def answer_tapped(message: InboundMessage, ctx: Context, action: actions.AnswerQuestion) -> None:
    """回复 on the question's card."""
    found = await ctx.uow.approvals.talk.find(int(action.talk_id)) if action.talk_id.isdecimal() else None
    if found is None:
        raise OutOfDate(words.no_question(""))
    number, question = found
    if said := typed_beside(message):
        await _answer(ctx, number, question, said)
    else:
        ctx.ask(ANSWER, words.ask_answer(question.words), {"talk_id": action.talk_id})


@router.dialogue(ANSWER)
async def answer_given(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """The answer itself."""
    if never_mind(message.text):
        ctx.reply(words.left_alone())
        return
    if (found := await ctx.uow.approvals.talk.find(int(data["talk_id"]))) is not None:
        await _answer(ctx, *found, message.text.strip())


async def answer_with_files(ctx: Context, talk_id: int, ids: Sequence[int]) -> bool:
    """Photos and files sent while a question is open are its answer. False when there is no such question."""
    found = await ctx.uow.approvals.talk.find(talk_id)
    if found is None:
        return False
    number, question = found
    answer_id = await _answer(ctx, number, question, ONLY_FILES, announce=False)
    if answer_id is None:
        return False
    talk = ctx.uow.approvals.talk
    await talk.attach(ids, number, employee_no=ctx.employee.employee_no, talk_id=answer_id)
    for kept in ids:
        ctx.defer("pass_on_file", lock=f"approval-files:{number}", visit_media_id=kept)
    desk = approval_desk(ctx)
    ctx.reply(words.answered(desk.name_of(question.employee_no)))
    return True


async def answer_newest_with_files(ctx: Context, ids: Sequence[int]) -> bool:
    """The same without 回复, while a question is fresh. False when none is."""
    waiting = await ctx.uow.approvals.talk.open_to(ctx.employee.employee_no)
    if not waiting or ctx.sent_at - waiting[0][1].said_at > FRESH:
        return False
    return await answer_with_files(ctx, waiting[0][1].talk_id, ids)


async def _answer(ctx: Context, number: str, question: Said, said: str, *, announce: bool = True) -> int | None:
    """Keep the answer, tell whoever asked, and show it on every card. None when it is refused; its id otherwise."""
    approval, desk = await ctx.uow.approvals.get(number), approval_desk(ctx)
    why = None
    if approval.submitter_no != ctx.employee.employee_no:
        why = Why.NOT_SUBMITTER
    elif not approval.running or question.attempt != approval.attempt:
        why = Why.NOT_RUNNING
    if why is not None:
        await refuse(ctx, desk, approval, ApprovalRefused(why))
        return None
    talk_id, fresh = await ctx.uow.approvals.talk.add(
        number,
        approval.attempt,
        employee_no=ctx.employee.employee_no,
        words=said,
        said_at=ctx.sent_at,
        about_id=question.talk_id,
        message_id=ctx.message.message_id,
    )
    ctx.end_dialogue()
    if fresh:
        await _pass_answer(ctx, desk, approval, question, talk_id, said)
        ctx.audit("approval.answered", subject=number)
    if announce:
        ctx.reply(words.answered(desk.name_of(question.employee_no)))
    return talk_id


async def _pass_answer(
    ctx: Context, desk: ApprovalDesk, approval: Approval, question: Said, talk_id: int, said: str
) -> None:
    sheet, asker = await desk.sheet(approval), ctx.directory.employee(question.employee_no)
    if asker is not None:
        arrived = words.answer_arrived(sheet, ctx.employee.name, asker.employee_no, question.words, said)
        ctx.send(asker, Text(text=arrived), dedup_key=f"approval-answer:{talk_id}")
    if question.card_id:
        ctx.update_card(question.card_id, cards.answered_card(sheet, question, _of(sheet.talk, talk_id)))
    await _refresh_copies(ctx, desk, approval, without=talk_id)


async def _refresh_copies(ctx: Context, desk: ApprovalDesk, approval: Approval, *, without: int) -> None:
    """The thread on every live card shows what has just been said."""
    sheet = await desk.sheet(approval)
    before = replace(sheet, talk=[item for item in sheet.talk if item.talk_id != without])
    for copy in await ctx.uow.approvals.copies(approval.approval_no, approval.attempt):
        if (card := cards.face(sheet, copy)) != cards.face(before, copy):
            ctx.update_card(copy.card_id, card)


def _of(talk: Sequence[Said], talk_id: int) -> Said:
    return next(item for item in talk if item.talk_id == talk_id)
