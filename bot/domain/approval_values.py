"""What an approval consists of: states, steps, seats and the terms that are approved. Values only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.flows import ApproverKind, Mode, SeatPlan
from bot.errors import SalesBotError

URGE_EVERY = timedelta(minutes=30)  # 催办 of one approval, however often it is typed


class ApprovalState(StrEnum):
    """状态 of an approval."""

    DRAFT = "草稿"
    RUNNING = "审批中"
    APPROVED = "已通过"
    REJECTED = "已拒绝"
    WITHDRAWN = "已撤回"
    CANCELLED = "已取消"


class StepState(StrEnum):
    """状态 of one step of one attempt."""

    WAITING = "未开始"
    OPEN = "审批中"
    PASSED = "已通过"
    REJECTED = "已拒绝"
    VOID = "已作废"  # withdrawn or edited before it was decided


class Verdict(StrEnum):
    """What became of a seat."""

    AGREE = "同意"
    REJECT = "拒绝"
    TRANSFERRED = "转交"


DECISIONS = (Verdict.AGREE, Verdict.REJECT)


class Origin(StrEnum):
    """Why somebody sits there."""

    RULE = "流程"
    TRANSFER = "转交"
    ADDED = "加签"


class Why(StrEnum):
    """Why an action cannot be taken; the words people read are in bot.cards.approvals."""

    NOT_RUNNING = "not running"  #: settled, withdrawn or still a draft
    VOID = "void"  #: the card is of an earlier attempt or of a step that is over
    NOT_YOURS = "not yours"  #: nobody asked this person
    DECIDED = "decided"  #: this person decided otherwise before
    SUBMITTER = "submitter"  #: nobody approves their own
    SEATED = "seated"  #: that person is asked already
    NO_DUTY = "no duty"  #: that person does not decide contracts
    NOBODY = "nobody"  #: a step has nobody who could be asked
    TOO_SOON = "too soon"
    NOT_SUBMITTER = "not submitter"


class ApprovalRefused(SalesBotError):
    """An action that the approval, as it stands, does not allow. `step` is set for NOBODY."""

    def __init__(self, why: Why, *, step: str = "") -> None:
        super().__init__(why.value)
        self.why = why
        self.step = step


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTerms:
    """What is approved; a submission's terms never change."""

    customer_no: str
    kind: str  #: 类型 as in 合同.csv
    amount_fen: int
    discount: Decimal  #: share of the list price, 0.92 = 九二折
    months: int
    nonstandard: str | None = None  #: None: standard terms; else what is not standard about them
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One person asked in one step, and what came of it."""

    approver_no: str
    actor_nos: tuple[str, ...]  #: who may act for it: the approver or, absent, a delegate; later a superior as well
    origin: Origin = Origin.RULE
    required: bool = False  #: has to agree whatever the step's mode says (加签)
    verdict: Verdict | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""  #: an opinion or a reason
    handed_to: str = ""  #: for TRANSFERRED
    via: str = ""  #: wecom, dingtalk, oa; "earlier" when the person had agreed in an earlier step

    @property
    def open(self) -> bool:
        return self.verdict is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of one attempt."""

    step_no: int  #: from 1, in order
    name: str
    approver_kind: ApproverKind
    approver: str
    mode: Mode
    need: int  #: how many have to agree where the mode is "k"
    remind_minutes: int  #: working minutes
    escalate_minutes: int
    state: StepState = StepState.WAITING
    seats: tuple[Seat, ...] = ()
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    reminded_at: datetime | None = None
    escalated_at: datetime | None = None

    @property
    def voters(self) -> tuple[Seat, ...]:
        """Seats that count: without those handed on."""
        return tuple(seat for seat in self.seats if seat.verdict is not Verdict.TRANSFERRED)

    @property
    def wanted(self) -> int:
        """How many of the step's own people have to agree; those added by 加签 come on top."""
        own = len({seat.approver_no for seat in self.voters if not seat.required})
        return {Mode.ANY: min(1, own), Mode.ALL: own}.get(self.mode, min(max(self.need, 1), own))

    @property
    def agreed(self) -> int:
        """By how many different people, those added not counted. The same person twice counts once."""
        return len({seat.decided_by for seat in self.voters if seat.verdict is Verdict.AGREE and not seat.required})

    @property
    def passed(self) -> bool:
        """Everybody added has agreed, and enough of the others; or all of them, where one person acts for several."""
        own = [seat for seat in self.voters if not seat.required]
        enough = self.agreed >= self.wanted or all(seat.verdict is Verdict.AGREE for seat in own)
        return enough and all(seat.verdict is Verdict.AGREE for seat in self.voters if seat.required)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One contract on its way. `steps` are those of the present attempt."""

    approval_no: str = ""
    submitter_no: str
    terms: ContractTerms
    state: ApprovalState = ApprovalState.DRAFT
    attempt: int = 0  #: 0 until it is submitted for the first time
    steps: tuple[Step, ...] = ()
    created_at: datetime
    touched_at: datetime | None = None  #: when the draft was last worked on, if after `created_at`
    submitted_at: datetime | None = None
    decided_at: datetime | None = None
    urged_at: datetime | None = None
    contract_no: str = ""
    visit_no: str = ""  #: the visit it came from
    card_id: str = ""  #: the submitter's card: first the draft, then the progress

    @property
    def running(self) -> bool:
        return self.state is ApprovalState.RUNNING

    @property
    def step(self) -> Step | None:
        """The one that is open."""
        return next((step for step in self.steps if step.state is StepState.OPEN), None)

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """Who may decide now (工号), in the order they were asked, each once."""
        seats = self.step.seats if self.step else ()
        return tuple(dict.fromkeys(actor for seat in seats if seat.open for actor in seat.actor_nos))


SeatsFor = Callable[[Step], Sequence[SeatPlan]]
"""Who is asked in a step that opens now; empty when nobody could be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a card or a word points: a step of an attempt. Words without a card mean what is open now."""

    attempt: int
    step_no: int

    @classmethod
    def now(cls, approval: Approval) -> Place:
        return cls(attempt=approval.attempt, step_no=approval.step.step_no if approval.step else 0)
