"""One contract's way through its approval. Pure: every change takes an `Approval` and gives the next one.

草稿 ──submit──> 审批中 ──every step passed──> 已通过
  ▲                │ ├──one rejection──> 已拒绝 ──┐
  │                │ └──withdraw───────> 已撤回 ──┤
  └──────edit──────┴─────────────edit─────────────┘      (cancel: 草稿 -> 已取消)

Every submission is an attempt of its own: what was pending in an earlier one is void, and so are its cards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from bot.domain.approval_values import (
    DECISIONS,
    URGE_EVERY,
    Approval,
    ApprovalRefused,
    ApprovalState,
    ContractTerms,
    Origin,
    Place,
    Seat,
    SeatsFor,
    Step,
    StepState,
    Verdict,
    Why,
)
from bot.domain.flows import FlowStep, SeatPlan
from bot.domain.worktime import working_minutes_between


# -- draft, submission, end -------------------------------------------------------------------------------------------
def submit(approval: Approval, flow: Sequence[FlowStep], *, seats_for: SeatsFor, at: datetime) -> Approval:
    """Start the next attempt with these steps (those whose condition holds, in order).

    Raises:
        ApprovalRefused: NOT_RUNNING (it is no draft), NOBODY (a step nobody could decide).
    """
    if approval.state is not ApprovalState.DRAFT:
        raise ApprovalRefused(Why.NOT_RUNNING)
    steps = planned(flow)
    for step in steps:
        if not seats_for(step):
            raise ApprovalRefused(Why.NOBODY, step=step.name)
    begun = replace(
        approval,
        state=ApprovalState.RUNNING,
        attempt=approval.attempt + 1,
        steps=steps,
        submitted_at=at,
        decided_at=None,
        urged_at=None,
    )
    return _advance(begun, seats_for=seats_for, at=at)


def planned(flow: Sequence[FlowStep]) -> tuple[Step, ...]:
    """The steps of a submission before it begins."""
    return tuple(
        Step(
            step_no=number,
            name=row.name,
            approver_kind=row.approver_kind,
            approver=row.approver,
            mode=row.mode,
            need=row.need,
            remind_minutes=row.remind_minutes,
            escalate_minutes=row.escalate_minutes,
        )
        for number, row in enumerate(flow, 1)
    )


def edit(approval: Approval, terms: ContractTerms, *, at: datetime) -> Approval:
    """Back to a draft with other terms; whatever was pending is void.

    Raises:
        ApprovalRefused: it was approved (a new contract has to be started) or cancelled.
    """
    if approval.state in (ApprovalState.APPROVED, ApprovalState.CANCELLED):
        raise ApprovalRefused(Why.NOT_RUNNING)
    return replace(_voided(approval), state=ApprovalState.DRAFT, terms=terms, touched_at=at)


def withdraw(approval: Approval, *, by: str, at: datetime) -> Approval:
    """Taken back by whoever submitted it; a draft is cancelled. Repeated, it changes nothing."""
    if by != approval.submitter_no:
        raise ApprovalRefused(Why.NOT_SUBMITTER)
    if approval.state is ApprovalState.DRAFT:
        ended = ApprovalState.WITHDRAWN if approval.attempt else ApprovalState.CANCELLED
        return replace(approval, state=ended, decided_at=at)
    if approval.state in (ApprovalState.WITHDRAWN, ApprovalState.CANCELLED):
        return approval
    if not approval.running:
        raise ApprovalRefused(Why.NOT_RUNNING)
    return replace(_voided(approval), state=ApprovalState.WITHDRAWN, decided_at=at)


def _voided(approval: Approval) -> Approval:
    unfinished = (StepState.OPEN, StepState.WAITING)
    steps = (replace(step, state=StepState.VOID) if step.state in unfinished else step for step in approval.steps)
    return replace(approval, steps=tuple(steps))


# -- deciding ---------------------------------------------------------------------------------------------------------


def decide(
    approval: Approval,
    verdict: Verdict,
    *,
    place: Place,
    by: str,
    note: str = "",
    at: datetime,
    via: str = "",
    seats_for: SeatsFor,
) -> Approval:
    """Agree or reject. The same decision again, however often, gives back the very same approval.

    Raises:
        ApprovalRefused: NOT_RUNNING, VOID, NOT_YOURS, DECIDED (the other way before), NOBODY (for the next step).
    """
    step = _step_at(approval, place)
    decided = step and _decided(step, by)
    if decided and decided.verdict is verdict:
        return approval
    if not approval.running:
        raise ApprovalRefused(Why.NOT_RUNNING)
    if step is None or step.state is not StepState.OPEN:
        raise ApprovalRefused(Why.VOID)
    if not any(seat.open and by in seat.actor_nos for seat in step.seats):
        raise ApprovalRefused(Why.DECIDED if decided else Why.NOT_YOURS)
    seats = tuple(
        replace(seat, verdict=verdict, decided_by=by, decided_at=at, note=note, via=via)
        if seat.open and by in seat.actor_nos
        else seat
        for seat in step.seats
    )
    after = _with_step(approval, replace(step, seats=seats))
    if verdict is Verdict.REJECT:
        after = _with_step(after, replace(step, seats=seats, state=StepState.REJECTED, closed_at=at))
        return replace(after, state=ApprovalState.REJECTED, decided_at=at)
    return _advance(after, seats_for=seats_for, at=at)


def _decided(step: Step, by: str) -> Seat | None:
    """This person's own decision in the step, if it still counts."""
    return next((seat for seat in step.seats if seat.decided_by == by and seat.verdict in DECISIONS), None)


def _step_at(approval: Approval, place: Place) -> Step | None:
    if place.attempt != approval.attempt:
        return None
    return next((step for step in approval.steps if step.step_no == place.step_no), None)


def _open_step(approval: Approval, place: Place) -> Step:
    if not approval.running:
        raise ApprovalRefused(Why.NOT_RUNNING)
    step = _step_at(approval, place)
    if step is None or step.state is not StepState.OPEN:
        raise ApprovalRefused(Why.VOID)
    return step


def _with_step(approval: Approval, changed: Step) -> Approval:
    steps = tuple(changed if step.step_no == changed.step_no else step for step in approval.steps)
    return replace(approval, steps=steps)


def _advance(approval: Approval, *, seats_for: SeatsFor, at: datetime) -> Approval:
    """Close the open step if it has passed, open the next, and so on until somebody has to be asked, or the end."""
    while True:
        step = approval.step
        if step is not None:
            if not step.passed:
                return approval
            approval = _with_step(approval, replace(step, state=StepState.PASSED, closed_at=at))
        following = next((item for item in approval.steps if item.state is StepState.WAITING), None)
        if following is None:
            return replace(approval, state=ApprovalState.APPROVED, decided_at=at)
        plans = seats_for(following)
        if not plans:
            raise ApprovalRefused(Why.NOBODY, step=following.name)
        agreed = {seat.decided_by for done in approval.steps for seat in done.seats if seat.verdict is Verdict.AGREE}
        seats = tuple(_seat(plan, agreed, at) for plan in plans)
        approval = _with_step(approval, replace(following, state=StepState.OPEN, seats=seats, opened_at=at))


def _seat(plan: SeatPlan, agreed: set[str], at: datetime) -> Seat:
    """Who has agreed to this very submission already is not asked again."""
    seat = Seat(approver_no=plan.approver_no, actor_nos=plan.actor_nos)
    before = next((actor for actor in plan.actor_nos if actor in agreed), "")
    return replace(seat, verdict=Verdict.AGREE, decided_by=before, decided_at=at, via="earlier") if before else seat


# -- other hands ------------------------------------------------------------------------------------------------------
def transfer(approval: Approval, *, place: Place, by: str, to: str, at: datetime, note: str = "") -> Approval:
    """Hand one's own seats to somebody else. Handed to the same person again, it changes nothing.

    Raises:
        ApprovalRefused: NOT_RUNNING, VOID, NOT_YOURS, SUBMITTER, SEATED.
    """
    step = _open_step(approval, place)
    mine = [seat for seat in step.seats if seat.open and by in seat.actor_nos]
    if not mine and any(seat.decided_by == by and seat.handed_to == to for seat in step.seats):
        return approval
    if not mine:
        raise ApprovalRefused(Why.NOT_YOURS)
    _check_newcomer(approval, step, to, besides=mine)
    seats: list[Seat] = []
    for seat in step.seats:
        if seat in mine:
            seat = replace(seat, verdict=Verdict.TRANSFERRED, decided_by=by, decided_at=at, note=note, handed_to=to)
        seats.append(seat)
    seats += [  # a consent that 加签 asked for stays one beside the step's own
        Seat(approver_no=to, actor_nos=(to,), origin=Origin.TRANSFER, required=required)
        for required in sorted({seat.required for seat in mine})
    ]
    return _with_step(approval, replace(step, seats=tuple(seats)))


def add_signer(approval: Approval, *, place: Place, by: str, who: str) -> Approval:
    """加签: this step needs that person's consent as well. Asked for twice, it changes nothing.

    Raises:
        ApprovalRefused: NOT_RUNNING, VOID, NOT_YOURS, SUBMITTER, SEATED (asked by the flow itself).
    """
    step = _open_step(approval, place)
    if any(seat.origin is Origin.ADDED and seat.approver_no == who for seat in step.voters):
        return approval
    if not any(seat.open and by in seat.actor_nos for seat in step.seats):
        raise ApprovalRefused(Why.NOT_YOURS)
    _check_newcomer(approval, step, who)
    added = Seat(approver_no=who, actor_nos=(who,), origin=Origin.ADDED, required=True)
    return _with_step(approval, replace(step, seats=(*step.seats, added)))


def _check_newcomer(approval: Approval, step: Step, who: str, *, besides: Sequence[Seat] = ()) -> None:
    if who == approval.submitter_no:
        raise ApprovalRefused(Why.SUBMITTER)
    if any(who in (seat.approver_no, *seat.actor_nos) for seat in step.voters if seat not in besides):
        raise ApprovalRefused(Why.SEATED)
    if any(who in seat.actor_nos for seat in besides):
        raise ApprovalRefused(Why.SEATED)


# -- time -------------------------------------------------------------------------------------------------------------
def urge(approval: Approval, *, by: str, at: datetime) -> Approval:
    """催办 by the submitter, at most every half hour.

    Raises:
        ApprovalRefused: NOT_SUBMITTER, NOT_RUNNING, TOO_SOON.
    """
    if by != approval.submitter_no:
        raise ApprovalRefused(Why.NOT_SUBMITTER)
    if not approval.running:
        raise ApprovalRefused(Why.NOT_RUNNING)
    if approval.urged_at is not None and at - approval.urged_at < URGE_EVERY:
        raise ApprovalRefused(Why.TOO_SOON)
    return replace(approval, urged_at=at)


class Overdue(StrEnum):
    """What a step that waits too long calls for."""

    REMIND = "remind"
    ESCALATE = "escalate"


def overdue(approval: Approval, *, at: datetime) -> Overdue | None:
    """Whether somebody has to be reminded, or somebody above to be asked; each once a step."""
    step = approval.step
    if not approval.running or step is None or step.opened_at is None:
        return None
    waited = working_minutes_between(step.opened_at, at)
    if waited >= step.escalate_minutes and step.escalated_at is None:
        return Overdue.ESCALATE
    if waited >= step.remind_minutes and step.reminded_at is None:
        return Overdue.REMIND
    return None


def reminded(approval: Approval, *, at: datetime) -> Approval:
    """The open step's people have been reminded, once."""
    step = approval.step
    return approval if step is None else _with_step(approval, replace(step, reminded_at=at))


def escalate(approval: Approval, superiors: Sequence[tuple[str, str]], *, at: datetime) -> Approval:
    """From now on somebody above may act for a seat that is still open; never whoever has decided in this step already.

    Args:
        superiors: (approver_no of the seat, 工号 of who may act for it as well).
    """
    step = approval.step
    if step is None:
        return approval
    decided = {seat.decided_by for seat in step.seats if seat.verdict in DECISIONS}
    above = {approver: superior for approver, superior in superiors if superior not in decided}
    seats = tuple(
        replace(seat, actor_nos=tuple(dict.fromkeys((*seat.actor_nos, above[seat.approver_no]))))
        if seat.open and seat.approver_no in above
        else seat
        for seat in step.seats
    )
    return _with_step(approval, replace(step, seats=seats, escalated_at=at, reminded_at=step.reminded_at or at))
