"""Deciding: 同意, 拒绝, 转交, 加签, 详情 on a card or typed; 撤回, 催办 by whoever submitted it. Each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.cards import approval_words as words
from bot.cards import approvals as cards
from bot.clock import SHANGHAI, Clock
from bot.domain.approval_values import Approval, ApprovalRefused, ApprovalState, Place, Verdict, Why
from bot.domain.approvals import add_signer, decide, transfer, urge, withdraw
from bot.domain.corrections import never_mind
from bot.domain.numbers import split_number, split_serial
from bot.domain.people import SEES_ALL, Employee, Role, may_decide
from bot.errors import NotAllowed
from bot.messages import Document, InboundMessage, Picture
from bot.router import Router
from handlers.context import Context
from store.approval_desk import URGED, ApprovalDesk, numbered
from store.approvals import Wish
from store.oa_instances import OaInstances

router = Router[Context]()

REASON = "approval.reason"  # dialogue: why it is rejected
WHOM = "approval.whom"  # dialogue: who takes over, or has to agree as well


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


# -- agreeing and rejecting -------------------------------------------------------------------------------------------
@router.command("同意", "批准", "approve")
async def agree_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """同意 编号 [意见]：同意等你审批的合同。例：同意 SP260212001 价格可以"""
    if found := await _meant(ctx, rest, "同意"):
        approval, note = found
        await _decide(ctx, approval, Verdict.AGREE, Place.now(approval), note)


@router.command("拒绝", "驳回", "reject")
async def reject_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """拒绝 编号 理由：不同意，发起人会看到理由。例：拒绝 SP260212001 折扣太低"""
    if found := await _meant(ctx, rest, "拒绝"):
        approval, reason = found
        await _reject(ctx, approval, Place.now(approval), reason)


@router.action(cards.Agree)
async def agree(message: InboundMessage, ctx: Context, action: cards.Agree) -> None:
    """同意 on the card; what was typed beside it is the opinion."""
    approval, place = await tapped(ctx, action)
    await _decide(ctx, approval, Verdict.AGREE, place, typed_beside(message))


@router.action(cards.Reject)
async def reject(message: InboundMessage, ctx: Context, action: cards.Reject) -> None:
    """拒绝 on the card, with its reason or a question for it."""
    approval, place = await tapped(ctx, action)
    await _reject(ctx, approval, place, typed_beside(message))


async def _reject(ctx: Context, approval: Approval, place: Place, reason: str) -> None:
    if reason:
        await _decide(ctx, approval, Verdict.REJECT, place, reason)
    elif await may_act(ctx, approval, place):
        ctx.ask(REASON, words.ask_reason(), place_data(approval, place))


@router.dialogue(REASON)
async def reason_given(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """Why it is rejected."""
    if never_mind(message.text):
        ctx.reply(words.left_alone())
        return
    approval = await ctx.uow.approvals.get(data["approval_no"])
    await _decide(ctx, approval, Verdict.REJECT, place_from(data), message.text.strip())


async def _decide(ctx: Context, approval: Approval, verdict: Verdict, place: Place, note: str) -> None:
    """The decision, once; with OA beside it, OA takes it first (jobs/oa_mirror.py)."""
    desk, me = approval_desk(ctx), ctx.employee.employee_no
    try:
        after = decide(
            approval,
            verdict,
            place=place,
            by=me,
            note=note,
            at=ctx.sent_at,
            via=ctx.message.channel.value,
            seats_for=await desk.seating(approval),
        )
    except ApprovalRefused as error:
        await refuse(ctx, desk, approval, error, place=place)
        return
    if after == approval:
        if ctx.message.tap is None:
            ctx.reply(words.done(await desk.sheet(approval), verdict))
        return
    if desk.mirrored and await _goes_through_oa(ctx, approval, verdict, place, note):
        return
    after = await desk.put(approval, after)
    ctx.audit(
        "approval.decided",
        subject=approval.approval_no,
        verdict=verdict.value,
        attempt=place.attempt,
        step=place.step_no,
    )
    ctx.end_dialogue()
    if ctx.message.tap is None:
        ctx.reply(words.done(await desk.sheet(after), verdict))


async def _goes_through_oa(ctx: Context, approval: Approval, verdict: Verdict, place: Place, note: str) -> bool:
    """While DingTalk's OA holds the same question, it decides which of two answers came first."""
    if not await _held_by_oa(ctx, approval):
        return False
    desk, number = approval_desk(ctx), approval.approval_no
    wish = Wish(
        attempt=place.attempt,
        step_no=place.step_no,
        employee_no=ctx.employee.employee_no,
        verdict=verdict,
        note=note,
        via=ctx.message.channel.value,
        said_at=ctx.sent_at,
        wished_at=Clock.real_now(),
    )
    if await ctx.uow.approvals.wish(number, wish):
        ctx.audit("approval.wished", subject=number, verdict=verdict.value)
        desk.follow_oa(number)
    tap, step = ctx.message.tap, approval.step
    if tap is not None and step is not None:
        pending = cards.approver_card(await desk.sheet(approval), step)
        ctx.update_card(tap.card_id, replace(pending, buttons=(), status=words.on_its_way(number)))
    else:
        ctx.reply(words.on_its_way(number))
    return True


async def _held_by_oa(ctx: Context, approval: Approval) -> bool:
    """Whether DingTalk's OA asks the same people right now."""
    record = await OaInstances(ctx.uow.connection).of(approval.approval_no, approval.attempt)
    return record is not None and record.state == "open"


# -- other hands ------------------------------------------------------------------------------------------------------
@router.command("转交", "转给", "transfer")
async def transfer_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """转交 编号 某人：请别人替你审批。例：转交 SP260212001 孙若曦"""
    if found := await _meant(ctx, rest, "转交"):
        approval, whom = found
        await _hand(ctx, approval, Place.now(approval), whom, "转交")


@router.command("加签", "countersign")
async def add_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """加签 编号 某人：这一步还要某人也同意。例：加签 SP260212001 林鹏"""
    if found := await _meant(ctx, rest, "加签"):
        approval, whom = found
        await _hand(ctx, approval, Place.now(approval), whom, "加签")


@router.action(cards.HandOver)
async def hand_over(message: InboundMessage, ctx: Context, action: cards.HandOver) -> None:
    """转交 on the card."""
    await _hand(ctx, *await tapped(ctx, action), typed_beside(message), "转交")


@router.action(cards.AddSigner)
async def add(message: InboundMessage, ctx: Context, action: cards.AddSigner) -> None:
    """加签 on the card."""
    await _hand(ctx, *await tapped(ctx, action), typed_beside(message), "加签")


@router.dialogue(WHOM)
async def whom_given(message: InboundMessage, ctx: Context, data: Mapping[str, str]) -> None:
    """A name or a 工号."""
    if never_mind(message.text):
        ctx.reply(words.left_alone())
        return
    approval = await ctx.uow.approvals.get(data["approval_no"])
    await _hand(ctx, approval, place_from(data), message.text.strip(), data["word"])


async def _hand(ctx: Context, approval: Approval, place: Place, whom: str, word: str) -> None:
    data = place_data(approval, place) | {"word": word}
    if not whom:
        if await may_act(ctx, approval, place):
            ctx.ask(WHOM, words.ask_whom(word), data)
        return
    people, note = named(ctx, whom)
    if len(people) != 1:
        ctx.ask(WHOM, words.namesakes(people) if people else words.no_such_person(whom), data)
        return
    if word == "加签" and await _held_by_oa(ctx, approval):
        ctx.reply(words.add_in_oa(approval.approval_no))
        return
    desk, me, who = approval_desk(ctx), ctx.employee.employee_no, people[0]
    try:
        if word == "转交":
            if not may_decide(who):
                raise ApprovalRefused(Why.NO_DUTY)
            after = transfer(approval, place=place, by=me, to=who.employee_no, at=ctx.sent_at, note=note)
        else:
            after = add_signer(approval, place=place, by=me, who=who.employee_no)
    except ApprovalRefused as error:
        await refuse(ctx, desk, approval, error, place=place, who=who.name)
        return
    if after != approval:
        await desk.put(approval, after)
        ctx.audit("approval.handed", subject=approval.approval_no, how=word, to=who.employee_no)
    ctx.end_dialogue()
    sheet = await desk.sheet(after)
    ctx.reply(words.transferred(sheet, who.name) if word == "转交" else words.added(sheet, who.name))


def named(ctx: Context, said: str) -> tuple[list[Employee], str]:
    """(active people of that number or name, what was said besides)."""
    said = said.strip().removeprefix("给").strip()
    word, _, rest = said.partition(" ")
    people = [item for item in ctx.directory.employees() if item.active]
    found = [item for item in people if word.casefold() == item.employee_no.casefold() or word == item.name]
    if found:
        return found, rest.strip()
    begun = [item for item in people if said.startswith(item.name)]
    longest = max((len(item.name) for item in begun), default=0)
    return [item for item in begun if len(item.name) == longest], said[longest:].strip(" ，,。")


# -- the submitter's --------------------------------------------------------------------------------------------------
@router.command("撤回", "withdraw")
async def withdraw_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """撤回 编号：撤回你发起的合同审批，或取消草稿。"""
    states = (ApprovalState.RUNNING, ApprovalState.DRAFT)
    if (approval := await own_meant(ctx, rest, "撤回", states)) is not None:
        await take_back(ctx, approval)


@router.action(cards.Withdraw)
async def withdraw_tapped(message: InboundMessage, ctx: Context, action: cards.Withdraw) -> None:
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


@router.action(cards.Urge)
async def urge_tapped(message: InboundMessage, ctx: Context, action: cards.Urge) -> None:
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


# -- looking ----------------------------------------------------------------------------------------------------------
@router.command("详情", "审批", "details", hidden=True)  # a button on every card
async def details_typed(message: InboundMessage, ctx: Context, rest: str) -> None:
    """详情 编号：看一个合同审批的条款、付款记录、问答和进度。"""
    number, _ = await find_number(ctx, rest)
    if number:
        await _details(ctx, number)
        return
    mine = [*await ctx.uow.approvals.waiting_for(ctx.employee.employee_no)]
    ctx.reply(words.which_number(numbered(mine, customer_names(ctx, mine)), "详情"))


@router.action(cards.ShowDetails)
async def details(message: InboundMessage, ctx: Context, action: cards.ShowDetails) -> None:
    """详情 on the card: everything, and the files behind it."""
    await _details(ctx, action.approval_no)


async def _details(ctx: Context, approval_no: str) -> None:
    approval = await ctx.uow.approvals.read(approval_no)
    must_be_concerned(ctx, approval)
    desk = approval_desk(ctx)
    ctx.reply(cards.details(await desk.sheet(approval), today=ctx.sent_at.astimezone(SHANGHAI).date()))
    files = await ctx.uow.approvals.talk.files(approval_no)
    if coming := sum(file.attachment_id is None for file in files):
        ctx.reply(words.still_coming(coming))
    for file in files:
        if file.attachment_id is not None:
            name = file.file_name or ("图片.jpg" if file.kind == "image" else "文件")
            kind = Picture if file.kind == "image" else Document
            ctx.reply(kind(attachment_id=file.attachment_id, file_name=name))
    ctx.audit("approval.viewed", subject=approval_no)


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


# -- which one --------------------------------------------------------------------------------------------------------
async def _meant(ctx: Context, rest: str, word: str) -> tuple[Approval, str] | None:
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


# -- refusing ---------------------------------------------------------------------------------------------------------
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


OnApproverCard = cards.Agree | cards.Reject | cards.HandOver | cards.AddSigner | cards.AskSubmitter


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
