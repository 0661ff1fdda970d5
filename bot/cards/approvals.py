"""A contract's approval as people see it: the approver's card, the submitter's progress, and what the buttons carry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.cards.approval_actions import (
    AddSigner,
    Agree,
    AnswerQuestion,
    AskSubmitter,
    HandOver,
    Reject,
    Revise,
    ShowDetails,
    Urge,
    Withdraw,
)
from bot.cards.common import cut, moment, plain, short_day
from bot.cards.unusual import unusual_words, wan, zhe
from bot.domain.approval_talk import Said
from bot.domain.approval_values import Approval, ApprovalState, Seat, Step, StepState, Verdict
from bot.domain.evidence import Evidence
from bot.domain.people import Customer
from bot.messages import Button, Card, Field, Style

MAX_VALUE = 30  # characters in a WeCom field
ON_CARD = 3  # unusual things on the card; all of them under 详情
TALK_ON_CARD = 60  # characters of the last question and of its answer
REMARKS_ON_CARD = 2  # of those who agreed before
MAX_STATUS = 160  # characters that WeCom shows of it
OPINIONS = (40, 12, 0)  # characters of each, fewer where many have decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One approver's card as it hangs in a chat. `why`: asked, or what made a further copy."""

    card_id: str
    attempt: int
    step_no: int
    employee_no: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything that the cards of one approval are made of."""

    approval: Approval
    customer: Customer
    evidence: Evidence | None
    talk: Sequence[Said]
    files: int
    name_of: Callable[[str], str]  #: 工号 -> name

    @property
    def submitter(self) -> str:
        return self.name_of(self.approval.submitter_no)


REASON = "为什么拒绝？"
QUESTION = "想问发起人什么？"
WHOM_TO_HAND = "转交给谁？姓名或工号"
WHOM_TO_ADD = "请谁加签？姓名或工号"


# -- the approver's card ----------------------------------------------------------------------------------------------
def approver_card(sheet: Sheet, step: Step, *, heading: str = "") -> Card:
    """What an approver decides on. `heading` replaces the title's beginning (a reminder says how long it waits)."""
    approval = sheet.approval
    where = {"approval_no": approval.approval_no, "attempt": str(approval.attempt), "step": str(step.step_no)}
    return Card(
        title=heading
        or f"合同待审批：{plain(sheet.customer.short_name or sheet.customer.name)} {wan(approval.terms.amount_fen)}",
        subtitle=f"{sheet.submitter} {moment(approval.submitted_at or approval.created_at)} 发起，现在是{step.name}",
        fields=tuple(_facts(sheet)),
        body="\n".join(_body(sheet, step)),
        number=approval.approval_no,
        buttons=(
            Button(text="同意", action=Agree(**where), style=Style.PRIMARY),
            Button(text="拒绝", action=Reject(**where), style=Style.DANGER, wants_text=REASON),
            Button(text="提问", action=AskSubmitter(**where), wants_text=QUESTION),
            Button(text="转交", action=HandOver(**where), wants_text=WHOM_TO_HAND),
            Button(text="加签", action=AddSigner(**where), wants_text=WHOM_TO_ADD),
            Button(text="详情", action=ShowDetails(approval.approval_no)),
        ),
    )


def settled_card(sheet: Sheet, copy: Copy) -> Card:
    """An approver's card when nothing can be decided on it any more: who, when, what.

    Once the submitter is changing it, the terms are others than those that were asked about, and nobody's business yet.
    """
    approval = sheet.approval
    same = copy.attempt == approval.attempt and approval.state is not ApprovalState.DRAFT
    amount = f" {wan(approval.terms.amount_fen)}" if same else ""
    return Card(
        title=f"合同审批：{plain(sheet.customer.short_name or sheet.customer.name)}{amount}",
        fields=tuple(_terms(sheet)[: 4 if same else 1]),
        status=copy_status(sheet, copy),
        number=approval.approval_no,
    )


def face(sheet: Sheet, copy: Copy) -> Card:
    """How an approver's card looks now."""
    step = sheet.approval.step
    here = step is not None and copy.attempt == sheet.approval.attempt and copy.step_no == step.step_no
    if step is not None and here and copy.employee_no in sheet.approval.waiting_for:
        return approver_card(sheet, step)
    return settled_card(sheet, copy)


def copy_status(sheet: Sheet, copy: Copy) -> str:
    """Who decided what and when, or why the card is void."""
    approval = sheet.approval
    step = next((item for item in approval.steps if item.step_no == copy.step_no), None)
    if copy.attempt != approval.attempt or step is None:
        return f"已失效：{sheet.submitter}改过内容，已重新提交"
    if step.state is StepState.VOID and not any(seat.verdict for seat in step.seats):
        return f"已失效：{sheet.submitter}{'撤回了' if approval.state is ApprovalState.WITHDRAWN else '正在修改内容'}"
    further = _further(sheet, step)
    room = MAX_STATUS - len(further) - 1
    decided = [seat for seat in step.seats if seat.verdict and seat.via != "earlier"]
    sayings = ("；".join(_decision(sheet, seat, opinion=length) for seat in decided) for length in OPINIONS)
    said = next((words for words in sayings if len(words) <= room), "")
    if decided and not said:  # very many: the names that fit; how it goes on is not what may be lost
        said = cut("；".join(_decision(sheet, seat, opinion=0) for seat in decided), max(room, 1))
    return "；".join(part for part in (said, further) if part)


def _further(sheet: Sheet, step: Step) -> str:
    """What came after the decisions of this step, or who is waited for."""
    approval = sheet.approval
    waiting = [sheet.name_of(actor) for actor in approval.waiting_for] if step.state is StepState.OPEN else []
    if waiting:
        return f"还在等{'、'.join(waiting)}"
    if step.state is StepState.VOID:
        return f"{sheet.submitter}{'撤回了' if approval.state is ApprovalState.WITHDRAWN else '正在修改内容'}"
    if (end := ending(sheet)) and step.state is not StepState.REJECTED and approval.steps[-1] != step:
        return end
    return f"合同号 {approval.contract_no}" if approval.contract_no else ""


def _decision(sheet: Sheet, seat: Seat, *, opinion: int = OPINIONS[0]) -> str:
    who = sheet.name_of(seat.decided_by)
    when = moment(seat.decided_at) if seat.decided_at else ""
    if seat.verdict is Verdict.TRANSFERRED:
        return f"{who} {when} 转交给{sheet.name_of(seat.handed_to)}"
    for_whom = f"（代{sheet.name_of(seat.approver_no)}）" if seat.decided_by != seat.approver_no else ""
    words = f"：{plain(cut(seat.note, opinion))}" if seat.note and opinion else ""
    return f"{who}{for_whom} {when} {seat.verdict}{words}"


def ending(sheet: Sheet) -> str:
    """How it ended; empty while it runs."""
    approval = sheet.approval
    match approval.state:
        case ApprovalState.APPROVED:
            return f"全部通过，合同号 {approval.contract_no}" if approval.contract_no else "全部通过"
        case ApprovalState.REJECTED:
            last = next(seat for step in approval.steps for seat in step.seats if seat.verdict is Verdict.REJECT)
            return f"最后被{sheet.name_of(last.decided_by)}拒绝"
        case ApprovalState.WITHDRAWN:
            return f"{sheet.submitter}已撤回"
        case _:
            return ""


def _terms(sheet: Sheet) -> list[Field]:
    return [Field(label=label, value=cut(value, MAX_VALUE)) for label, value in term_lines(sheet)]


def term_lines(sheet: Sheet) -> list[tuple[str, str]]:
    """(label, words), each on one line and none cut."""
    terms = sheet.approval.terms
    floor = sheet.evidence.discount_floor if sheet.evidence else None
    compared = ""
    if floor is not None:
        compared = f"（底线 {zhe(floor)}）" if terms.discount >= floor else f"（低于底线 {zhe(floor)}）"
    lines = [
        ("客户", sheet.customer.name),
        ("金额", money_of(terms.amount_fen)),
        ("折扣", zhe(terms.discount) + compared),
        ("期限", f"{terms.months} 个月，{terms.kind}"),
    ]
    if terms.nonstandard is not None:
        lines.append(("非标", terms.nonstandard or "有，未写明"))
    return [(label, " ".join(plain(value).split())) for label, value in lines]


def _facts(sheet: Sheet) -> list[Field]:
    """Six rows, what WeCom shows: the terms, then how this customer pays."""
    fields = _terms(sheet)
    if sheet.evidence is not None:
        fields += [
            Field(label="欠款", value=cut(debt_words(sheet.evidence), MAX_VALUE)),
            Field(label="回款", value=cut(payment_words(sheet.evidence), MAX_VALUE)),
        ]
    return fields


def debt_words(evidence: Evidence) -> str:
    about = "约 " if evidence.provisional else ""
    if not evidence.open_fen:
        return "没有"
    overdue = f"，逾期 {wan(evidence.overdue_fen)}" if evidence.overdue_fen else "，没有逾期"
    return f"{about}{wan(evidence.open_fen)}{overdue}"


def payment_words(evidence: Evidence) -> str:
    """The newest receipts."""
    if not evidence.payments:
        return "没有找到"
    return "；".join(f"{short_day(item.on)} {wan(item.amount_fen)}" for item in evidence.payments)


def _body(sheet: Sheet, step: Step) -> Iterator[str]:
    evidence, terms = sheet.evidence, sheet.approval.terms
    if evidence is not None:
        findings = [unusual_words(item) for item in evidence.unusual]
        yield from (f"⚠ {plain(words)}" for words in findings[:ON_CARD])
        if len(findings) > ON_CARD:
            yield f"还有 {len(findings) - ON_CARD} 处异常，点「详情」看"
        if not findings:
            yield "没有发现异常"
    if terms.note:
        yield f"备注：{plain(cut(terms.note, TALK_ON_CARD))}"
    if sheet.files:
        yield f"附件 {sheet.files} 个，点「详情」看"
    yield from _last_talk(sheet)
    yield from _remarks(sheet, step)
    for seat in step.seats:
        if seat.open and seat.approver_no not in seat.actor_nos:
            yield f"{sheet.name_of(seat.approver_no)}不在，由{'、'.join(map(sheet.name_of, seat.actor_nos))}代为审批"
    if any(seat.verdict for seat in step.seats) and step.wanted > 1:
        yield f"本步要 {step.wanted} 人同意，已有 {step.agreed} 人"


def _last_talk(sheet: Sheet) -> Iterator[str]:
    """The last question with its answer; the whole thread is under 详情."""
    questions = [item for item in sheet.talk if item.about_id is None]
    if not questions:
        return
    if len(questions) > 1:
        yield f"前面还有 {len(questions) - 1} 个问题，点「详情」看"
    last = questions[-1]
    yield f"{sheet.name_of(last.employee_no)}问：{plain(cut(last.words, TALK_ON_CARD))}"
    answers = [item for item in sheet.talk if item.about_id == last.talk_id]
    if answers:
        yield f"{sheet.name_of(answers[-1].employee_no)}答：{plain(cut(said_words(answers[-1]), TALK_ON_CARD))}"
    else:
        yield f"{sheet.submitter}还没有回答"


def _remarks(sheet: Sheet, step: Step) -> Iterator[str]:
    """What those said who have agreed to this attempt before; without a word of theirs their names are under 详情."""
    seats = [seat for each in sheet.approval.steps if each.step_no <= step.step_no for seat in each.seats]
    said = [seat for seat in seats if seat.verdict is Verdict.AGREE and seat.note and seat.via != "earlier"]
    if len(said) > REMARKS_ON_CARD:
        yield f"前面还有 {len(said) - REMARKS_ON_CARD} 人留了意见，点「详情」看"
    for seat in said[-REMARKS_ON_CARD:]:
        yield f"{sheet.name_of(seat.decided_by)}同意：{plain(cut(seat.note, TALK_ON_CARD))}"


def said_words(item: Said) -> str:
    return f"{item.words}（附 {item.files} 个文件）" if item.files else item.words


# -- the submitter's card ---------------------------------------------------------------------------------------------
def progress_card(sheet: Sheet) -> Card:
    """Where it stands, on one card that changes."""
    approval = sheet.approval
    return Card(
        title=f"合同审批：{approval.state}",
        fields=tuple(_terms(sheet)[:4]),
        body="\n".join(progress_lines(sheet)),
        status="" if approval.running else _ended(sheet),
        number=approval.approval_no,
        buttons=tuple(_submitter_buttons(approval)),
    )


def _submitter_buttons(approval: Approval) -> Iterator[Button]:
    """What was turned down or taken back can be mended and submitted again."""
    if approval.running:
        yield Button(text="催办", action=Urge(approval.approval_no), style=Style.PRIMARY)
    if approval.running or approval.state in (ApprovalState.REJECTED, ApprovalState.WITHDRAWN):
        yield Button(text="修改", action=Revise(approval.approval_no))
    if approval.running:
        yield Button(text="撤回", action=Withdraw(approval.approval_no), style=Style.DANGER)


def _ended(sheet: Sheet) -> str:
    """Short where no button follows: WeCom shows it as the button's text. Who and when stand in the steps."""
    approval = sheet.approval
    if approval.state is ApprovalState.APPROVED:
        return f"合同号 {approval.contract_no}，待签署"
    if approval.state is ApprovalState.REJECTED:
        return "要改了再提交，点「修改」"
    when = moment(approval.decided_at) if approval.decided_at else ""
    if approval.state is ApprovalState.WITHDRAWN:
        return f"{sheet.submitter} {when} 撤回，要改了再提交，点「修改」"
    return f"{sheet.submitter} {when} 取消"


def progress_lines(sheet: Sheet) -> list[str]:
    """One line a step: who decided what and when, who is waited for, who comes later while it runs."""
    steps, over = sheet.approval.steps, sheet.approval.decided_at is not None and not sheet.approval.running
    return [_step_line(sheet, step) for step in steps if not (over and step.state is StepState.WAITING)]


def _step_line(sheet: Sheet, step: Step) -> str:
    said = "；".join(_decision_short(sheet, seat) for seat in step.seats if seat.verdict)
    match step.state:
        case StepState.PASSED:
            return f"✓ {step.name}：{said}"
        case StepState.REJECTED:
            return f"✗ {step.name}：{said}"
        case StepState.OPEN:
            names = "、".join(
                dict.fromkeys(sheet.name_of(no) for seat in step.seats if seat.open for no in seat.actor_nos)
            )
            which = "（一人同意即可）" if step.wanted == 1 and len([s for s in step.seats if s.open]) > 1 else ""
            return f"● {step.name}：{f'{said}；' if said else ''}等{names}{which}"
        case StepState.VOID:
            return f"– {step.name}：{said or '未审批'}"
        case _:
            return f"○ {step.name}"


def _decision_short(sheet: Sheet, seat: Seat) -> str:
    if seat.via == "earlier":
        return f"{sheet.name_of(seat.decided_by)}前面已同意"
    return _decision(sheet, seat)


# -- questions --------------------------------------------------------------------------------------------------------
def question_card(sheet: Sheet, question: Said) -> Card:
    """A question as it reaches whoever submitted the contract."""
    return Card(
        title=f"{sheet.name_of(question.employee_no)}问：{plain(cut(question.words, 24))}",
        subtitle=f"关于{plain(cut(sheet.customer.name, 20))}的合同 {wan(sheet.approval.terms.amount_fen)}",
        body=plain(question.words) if len(question.words) > 24 else "",
        number=sheet.approval.approval_no,
        buttons=(Button(text="回复", action=AnswerQuestion(str(question.talk_id)), style=Style.PRIMARY,
                        wants_text="回答写在这里"),),
    )  # fmt: skip


def answered_card(sheet: Sheet, question: Said, answer: Said) -> Card:
    """The same card once it is answered."""
    return Card(
        title=f"{sheet.name_of(question.employee_no)}问：{plain(cut(question.words, 24))}",
        body=f"你答：{plain(cut(said_words(answer), 120))}",
        status=f"{sheet.name_of(answer.employee_no)} {moment(answer.said_at)} 已回复",
        number=sheet.approval.approval_no,
    )


def money_of(fen: int) -> str:
    """`850,000 元`, fen only where there are some."""
    return f"{fen // 100:,} 元" if fen % 100 == 0 else f"{Decimal(fen) / 100:,.2f} 元"
