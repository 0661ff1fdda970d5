"""Keeping DingTalk's OA and our approval in step: what they decided that we do not know, and what we did that they do
not. Pure; `jobs/oa_mirror.py` carries it out and looks again until nothing is left.

The k-th decision of a person there is the k-th here: who sits in two steps has two tasks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.approval_values import Approval, ApprovalState, Place, Seat, SeatsFor, Step, Verdict
from bot.domain.approvals import add_signer, decide, transfer
from bot.domain.flows import Mode, SeatPlan
from bot.domain.oa import OaActionType, OaInstance, OaResult, OaStatus, OaStep, OaTask, OaTaskStatus

_VERDICTS = {OaResult.AGREE: Verdict.AGREE, OaResult.REFUSE: Verdict.REJECT}
UserOf = Callable[[str], str]  # 工号 -> DingTalk userId, "" without one
PersonOf = Callable[[str], str]  # DingTalk userId -> 工号, "" when it is nobody of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class TheirDecision:
    """A finished task over there that our approval does not show yet."""

    employee_no: str
    verdict: Verdict
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TheirTransfer:
    """A task that was handed on over there."""

    by: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TheirSigner:
    """Somebody asked over there whom our step does not know (加签 in DingTalk)."""

    by: str
    who: str


Theirs = TheirDecision | TheirTransfer | TheirSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Execute:
    """Decide a task over there as the person who decided here."""

    task_id: int
    user_id: str
    agree: bool
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Hand a task over there to whoever decided here, or to whom it was handed here."""

    task_id: int
    from_user: str
    to_user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminate:
    """Revoke the instance: it was withdrawn or edited here."""


Ours = Execute | Redirect | Terminate


def mirrored_steps(
    steps: Sequence[Step], seats: Callable[[Step], Sequence[Seat | SeatPlan]], user_of: UserOf
) -> list[OaStep] | None:
    """The steps as OA takes them; None where it cannot hold them: k of n, or somebody without a DingTalk login."""
    asked = []
    for step in steps:
        users = tuple(dict.fromkeys(user_of(actor) for seat in seats(step) for actor in seat.actor_nos))
        if not users or "" in users or (step.mode is Mode.K and 1 < step.need < len(users)):
            return None
        every = step.mode is Mode.ALL or (step.mode is Mode.K and step.need >= len(users))
        kind = OaActionType.SINGLE if len(users) == 1 else OaActionType.ALL if every else OaActionType.ANY
        asked.append(OaStep(action_type=kind, user_ids=users))
    return asked


# -- from there -------------------------------------------------------------------------------------------------------
def next_theirs(
    approval: Approval, instance: OaInstance, person_of: PersonOf, *, later: Collection[str]
) -> Theirs | None:
    """The first thing that happened there and can be taken over now; None when there is none.

    Args:
        later: whom the steps that have not begun here will ask; a task of theirs means that OA is ahead of us.
    """
    if not approval.running:
        return None
    known = Counter(seat.decided_by for seat in _decided(approval))
    for task in instance.tasks:
        who = person_of(task.user_id)
        if task.status is not OaTaskStatus.COMPLETED or task.result not in _VERDICTS or not who:
            continue
        if known[who]:
            known[who] -= 1
        elif who in approval.waiting_for:
            return TheirDecision(employee_no=who, verdict=_VERDICTS[task.result], remark=task.remark)
    return _moved(approval, instance, person_of, later)


def _moved(approval: Approval, instance: OaInstance, person_of: PersonOf, later: Collection[str]) -> Theirs | None:
    """A running task of somebody our step does not ask: handed on, or asked beside the flow."""
    if approval.step is None:
        return None
    asked = {no for seat in approval.step.seats for no in (seat.approver_no, *seat.actor_nos)}
    handed = [person_of(task.user_id) for task in instance.tasks if task.result is OaResult.REDIRECTED]
    for task in instance.tasks:
        who = person_of(task.user_id)
        if task.status is not OaTaskStatus.RUNNING or not who or who in asked or who in later:
            continue
        by = next((no for no in handed if no in approval.waiting_for), "")
        if by:
            return TheirTransfer(by=by, to=who)
        if approval.waiting_for:
            return TheirSigner(by=approval.waiting_for[0], who=who)
    return None


def take_over(
    approval: Approval, theirs: Theirs, *, via: str, note: str, at: datetime, seats_for: SeatsFor
) -> Approval:
    """Our approval after what happened there. Raises ApprovalRefused like the functions of `approvals`."""
    place = Place.now(approval)
    match theirs:
        case TheirDecision(employee_no=who, verdict=verdict):
            return decide(approval, verdict, place=place, by=who, note=note, at=at, via=via, seats_for=seats_for)
        case TheirTransfer(by=by, to=to):
            return transfer(approval, place=place, by=by, to=to, at=at, note=note)
        case TheirSigner(by=by, who=who):
            return add_signer(approval, place=place, by=by, who=who)


# -- to there ---------------------------------------------------------------------------------------------------------
def next_ours(approval: Approval, instance: OaInstance, attempt: int, user_of: UserOf) -> Ours | None:
    """The first thing that happened here and has to be carried over; None when both sides agree or cannot be moved."""
    if instance.status is not OaStatus.RUNNING:
        return None
    if approval.attempt != attempt or approval.state in (
        ApprovalState.DRAFT,
        ApprovalState.WITHDRAWN,
        ApprovalState.CANCELLED,
    ):
        return Terminate()
    return next((item for item in _unknown_there(approval, instance, user_of) if item), None)


def _unknown_there(approval: Approval, instance: OaInstance, user_of: UserOf) -> Iterator[Ours | None]:
    done = Counter(
        task.user_id for task in instance.tasks if task.status is OaTaskStatus.COMPLETED and task.result in _VERDICTS
    )
    for step in approval.steps:
        for seat in step.seats:
            if seat.verdict is Verdict.TRANSFERRED:
                yield _redirect(instance, seat, user_of(seat.decided_by), user_of(seat.handed_to))
            elif seat.verdict is not None:
                user = user_of(seat.decided_by)
                if done[user]:
                    done[user] -= 1
                else:
                    yield _execute(instance, seat, user, user_of)


def wished(
    approval: Approval, instance: OaInstance, employee_no: str, verdict: Verdict, note: str, user_of: UserOf
) -> Ours | None:
    """The call for a decision that waits for OA; None when OA has no task that this person could decide."""
    seats = approval.step.seats if approval.step else ()
    seat = next((item for item in seats if item.open and employee_no in item.actor_nos), None)
    if seat is None:
        return None
    return _execute(instance, replace(seat, verdict=verdict, note=note), user_of(employee_no), user_of)


def _redirect(instance: OaInstance, seat: Seat, from_user: str, to_user: str) -> Ours | None:
    task = running_task(instance, from_user)
    if task is None or not to_user or any(other.user_id == to_user for other in instance.tasks):
        return None
    return Redirect(task_id=task.task_id, from_user=from_user, to_user=to_user)


def _execute(instance: OaInstance, seat: Seat, user: str, user_of: UserOf) -> Ours | None:
    """As the one who decided; where somebody else holds the task (absent, escalated), it is handed over first."""
    if not user:
        return None
    if (task := running_task(instance, user)) is not None:
        return Execute(task_id=task.task_id, user_id=user, agree=seat.verdict is Verdict.AGREE, remark=seat.note)
    holders = dict.fromkeys((user_of(seat.approver_no), *(user_of(actor) for actor in seat.actor_nos)))
    for holder in holders:
        if holder and (task := running_task(instance, holder)) is not None:
            return Redirect(task_id=task.task_id, from_user=holder, to_user=user)
    return None


def running_task(instance: OaInstance, user_id: str) -> OaTask | None:
    """The task this person has to decide now."""
    return next(
        (task for task in instance.tasks if task.user_id == user_id and task.status is OaTaskStatus.RUNNING), None
    )


def _decided(approval: Approval) -> Iterator[Seat]:
    for step in approval.steps:
        for seat in step.seats:
            if seat.verdict in (Verdict.AGREE, Verdict.REJECT) and seat.via != "earlier":
                yield seat
