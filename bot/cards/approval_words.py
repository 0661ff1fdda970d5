"""Sentences around approvals: what happened, what was refused and why, what to type instead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards.approvals import Sheet, copy_status, ending, money_of
from bot.cards.common import cut, moment, plain
from bot.domain.approval_values import Approval, ApprovalState, Seat, Verdict, Why
from bot.domain.people import Employee


def ended(sheet: Sheet) -> str:
    """What the submitter is told at the end; empty while it runs and where the submitter ended it."""
    approval = sheet.approval
    head = f"{plain(sheet.customer.name)}的合同 {money_of(approval.terms.amount_fen)}（{approval.approval_no}）"
    if approval.state is ApprovalState.APPROVED:
        return f"{head}全部通过。合同号 {approval.contract_no}，状态待签署。"
    if approval.state is not ApprovalState.REJECTED:
        return ""
    seat = rejection(approval)
    reason = f"：{plain(seat.note)}" if seat.note else "，没有写理由"
    return f"{head}被{sheet.name_of(seat.decided_by)}拒绝{reason}。要改了再提交，发「修改 {approval.approval_no}」。"


def rejection(approval: Approval) -> Seat:
    """The seat that ended it."""
    return next(seat for step in approval.steps for seat in step.seats if seat.verdict is Verdict.REJECT)


# -- decisions --------------------------------------------------------------------------------------------------------
def done(sheet: Sheet, verdict: Verdict) -> str:
    """To somebody who typed a decision: what it did."""
    approval = sheet.approval
    waiting = approval.waiting_for
    what = (
        f"已{verdict}：{plain(sheet.customer.name)} {money_of(approval.terms.amount_fen)}（{approval.approval_no}）。"
    )
    if waiting:
        return f"{what}接下来等{'、'.join(sheet.name_of(item) for item in waiting)}审批。"
    return f"{what}{ending(sheet)}。" if ending(sheet) else what


def on_its_way(approval_no: str, *, instead: Verdict | None = None) -> str:
    """The decision goes through DingTalk's OA first; `instead`: of this person's two answers the earlier."""
    if instead:
        return f"{approval_no} 你刚才已经{instead.value}，以那次为准，正在提交到钉钉审批。"
    return f"{approval_no} 正在提交到钉钉审批，结果马上更新在卡片上。"


def void(sheet: Sheet, status: str = "") -> str:
    """A tap on a card that is settled."""
    approval = sheet.approval
    why = status.removeprefix("已失效：") or ending(sheet) or "这一步已经审完"
    return f"已失效：{approval.approval_no} {why}。"


def stale(sheet: Sheet, attempt: int, step_no: int) -> str:
    """A tap on a card of an earlier step or attempt: what became of it."""
    from bot.cards.approvals import Copy

    return void(sheet, copy_status(sheet, Copy(card_id="", attempt=attempt, step_no=step_no, employee_no="", why="")))


def refused(why: Why, sheet: Sheet, *, step: str = "", who: str = "") -> str:
    """Why an action cannot be taken, and what to do instead."""
    number = sheet.approval.approval_no
    match why:
        case Why.NOT_RUNNING:
            return _not_running(sheet)
        case Why.VOID:
            return void(sheet)
        case Why.NOT_YOURS:
            waiting = "、".join(sheet.name_of(item) for item in sheet.approval.waiting_for)
            return f"{number} 现在不在你这里审批，在等{waiting}。" if waiting else void(sheet)
        case Why.DECIDED:
            return f"{number} 你已经表过态，不能再改。有新情况请联系{sheet.submitter}撤回重提。"
        case Why.SUBMITTER:
            return f"不能交给{who or sheet.submitter}：自己发起的审批不能自己批，请换个人。"
        case Why.SEATED:
            return f"{who or '这个人'}已经在这一步里了，请换个人。"
        case Why.NO_DUTY:
            return f"{who}没有审批合同的职责，可以转交给区域经理、总监、法务或财务；想听听{who}的意见可以用「加签」。"
        case Why.NOBODY:
            return f"「{step}」这一步现在没有人可以审批，请管理员先用「流程」调整，再来一次。"
        case Why.TOO_SOON:
            at = sheet.approval.urged_at
            return f"{f'{moment(at)} ' if at else ''}刚催过，半小时后可以再催。"
        case Why.NOT_SUBMITTER:
            return f"{number} 是{sheet.submitter}发起的，只有本人能撤回、修改和催办。"


def _not_running(sheet: Sheet) -> str:
    approval = sheet.approval
    match approval.state:
        case ApprovalState.DRAFT:
            return f"{approval.approval_no} 还是草稿，{sheet.submitter}提交以后才能审批。"
        case ApprovalState.APPROVED:
            return f"已失效：{approval.approval_no} {ending(sheet)}。"
        case ApprovalState.CANCELLED:
            return f"{approval.approval_no} 已经取消，请重新发起。"
        case _:
            return f"已失效：{approval.approval_no} {ending(sheet)}。"


def transferred(sheet: Sheet, to: str) -> str:
    return f"{sheet.approval.approval_no} 已转交给{to}。"


def added(sheet: Sheet, who: str) -> str:
    return f"{sheet.approval.approval_no} 已请{who}加签，要{who}也同意这一步才算过。"


def add_in_oa(approval_no: str) -> str:
    """DingTalk's OA has no call for 加签: asked for here, it would not hold its own flow up."""
    return f"{approval_no} 同步在钉钉审批里，请在钉钉的「审批」里打开它加签，这边会跟着更新。"


def withdrawn(sheet: Sheet) -> str:
    approval = sheet.approval
    if approval.state is ApprovalState.CANCELLED:
        return f"草稿 {approval.approval_no} 已取消。"
    return f"{approval.approval_no} 已撤回，审批人都会看到。改好了发「修改 {approval.approval_no}」重新提交。"


def urged(sheet: Sheet) -> str:
    names = "、".join(sheet.name_of(item) for item in sheet.approval.waiting_for)
    return f"已提醒{names}。"


def waits(sheet: Sheet, ago: str, *, urged_by: str = "") -> str:
    """The heading of a further copy of an approver's card."""
    who = f"{urged_by}催办：" if urged_by else "提醒："
    return f"{who}{plain(cut(sheet.customer.short_name or sheet.customer.name, 12))}合同已等 {ago}"


def escalated(sheet: Sheet, ago: str) -> str:
    """The heading of a superior's copy."""
    return f"升级：{plain(cut(sheet.customer.short_name or sheet.customer.name, 12))}合同已等 {ago}，请处理"


# -- which one --------------------------------------------------------------------------------------------------------
def which_number(waiting: Sequence[tuple[str, str]], word: str) -> str:
    """No number was typed, or one that fits nothing: what waits for this person, as (number, what)."""
    if not waiting:
        return "现在没有等你审批的合同。"
    lines = [f"· {number} {what}" for number, what in waiting]
    return "\n".join([f"要{word}哪一个？请带上编号，例如：{word} {waiting[0][0]}", *lines])


def which_own(own: Sequence[tuple[str, str]], word: str) -> str:
    """The same for the submitter's own."""
    if not own:
        return f"你没有可以{word}的合同审批。"
    lines = [f"· {number} {what}" for number, what in own]
    return "\n".join([f"要{word}哪一个？请带上编号，例如：{word} {own[0][0]}", *lines])


def out_of_sight(approval_no: str) -> str:
    """Somebody who has nothing to do with it."""
    return f"{approval_no} 不是你发起的，也没有请你审批，不能看。"


def ask_reason() -> str:
    return "为什么拒绝？写一句理由，发起人会看到；不拒绝了就说「算了」。"


def ask_question(submitter: str) -> str:
    return f"想问{submitter}什么？直接写；不问了就说「算了」。"


def ask_whom(word: str) -> str:
    return (
        f"{word}给谁？写姓名或工号；不{word}了就说「算了」。"
        if word == "转交"
        else "请谁加签？写姓名或工号；不用了就说「算了」。"
    )


def left_alone() -> str:
    return "好，先不动。"


def no_such_person(words: str, left: str = "") -> str:
    """`left`: the name, where somebody is meant who has left."""
    if left:
        return f"{left}已离职，请换一位，写全名或工号；不用了就说「算了」。"
    return f"没找到在职的「{plain(cut(words, 20))}」，请写全名或工号。"


def namesakes(people: Sequence[Employee]) -> str:
    lines = [f"· {item.employee_no} {item.name} {item.role} {item.region}" for item in people]
    return "\n".join(["有同名的人，请写工号：", *lines])


# -- questions --------------------------------------------------------------------------------------------------------
def asked(submitter: str) -> str:
    return f"已问{submitter}，回答会发给你，也会留在这张审批卡上。"


def answered(asker: str) -> str:
    return f"已转给{asker}，也留在审批卡上。"


def answer_arrived(sheet: Sheet, who: str, asker_no: str, question: str, answer: str) -> str:
    """Where the asker still has to decide, with how: the card has gone up in the chat."""
    number = sheet.approval.approval_no
    decides = asker_no in sheet.approval.waiting_for
    return (
        f"{who}回复（{number} {plain(sheet.customer.short_name or sheet.customer.name)}）：\n"
        f"问：{plain(cut(question, 60))}\n答：{plain(answer)}"
        + (f"\n等你审批：点卡片，或回复「同意 {number}」「拒绝 {number} 理由」。" if decides else "")
    )


def no_question(approval_no: str) -> str:
    return f"{approval_no} 没有等你回答的问题。" if approval_no else "没有等你回答的问题。"


def which_question(numbers: Sequence[str]) -> str:
    return f"有 {len(numbers)} 个合同在等你回答，请带上编号，例如：答 {numbers[0]} 内容"


def ask_answer(question: str) -> str:
    return f"问题：{plain(cut(question, 80))}\n怎么回答？直接写，发照片也可以；不答了就说「算了」。"


def nothing_said(word: str) -> str:
    return (
        "要写上内容，例如：问 SP260212001 账期能不能改成 30 天"
        if word == "问"
        else "要写上内容，例如：答 SP260212001 客户同意 30 天"
    )


def file_from(name: str, approval_no: str) -> str:
    return f"{name}发来的文件（{approval_no}）："


def still_coming(count: int) -> str:
    """Files that are not here yet: the platform is slow, or the photo was sent a moment ago."""
    return f"还有 {count} 个附件没收完，过一会儿再点「详情」。"


def file_added(count: int, approval_no: str) -> str:
    return f"{count} 个文件已附到 {approval_no}。"


def undo_is_withdraw(approval_no: str) -> str:
    """撤销 after a submission that is over, or after a decision."""
    return f"你最后做的是审批 {approval_no}，审批结论不能撤销；还在审批的话，发起人可以「撤回 {approval_no}」。"


def when(value: datetime) -> str:
    return moment(value)
