"""Approvals, steps and seats as rows, and back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from bot.domain.approval_values import Approval, ApprovalState, ContractTerms, Origin, Seat, Step, StepState, Verdict
from bot.domain.flows import ApproverKind, Mode


def columns(approval: Approval) -> dict[str, Any]:
    terms = approval.terms
    return {
        "approval_no": approval.approval_no,
        "submitter_no": approval.submitter_no,
        "customer_no": terms.customer_no,
        "kind": terms.kind,
        "amount_fen": terms.amount_fen,
        "discount": terms.discount,
        "months": terms.months,
        "nonstandard": terms.nonstandard,
        "note": terms.note,
        "state": approval.state.value,
        "attempt": approval.attempt,
        "created_at": approval.created_at,
        "touched_at": approval.touched_at,
        "submitted_at": approval.submitted_at,
        "decided_at": approval.decided_at,
        "urged_at": approval.urged_at,
        "contract_no": approval.contract_no,
        "visit_no": approval.visit_no,
        "card_id": approval.card_id,
    }


def step_columns(step: Step) -> dict[str, Any]:
    return {
        "step_no": step.step_no,
        "name": step.name,
        "approver_kind": step.approver_kind.value,
        "approver": step.approver,
        "mode": step.mode.value,
        "need": step.need,
        "remind_minutes": step.remind_minutes,
        "escalate_minutes": step.escalate_minutes,
        "state": step.state.value,
        "opened_at": step.opened_at,
        "closed_at": step.closed_at,
        "reminded_at": step.reminded_at,
        "escalated_at": step.escalated_at,
    }


def seat_columns(step: Step, number: int, seat: Seat) -> dict[str, Any]:
    return {
        "step_no": step.step_no,
        "seat_no": number,
        "approver_no": seat.approver_no,
        "actor_nos": list(seat.actor_nos),
        "origin": seat.origin.value,
        "required": seat.required,
        "verdict": seat.verdict.value if seat.verdict else None,
        "decided_by": seat.decided_by,
        "decided_at": seat.decided_at,
        "note": seat.note,
        "handed_to": seat.handed_to,
        "via": seat.via,
    }


def to_approval(row: Row[Any], steps: tuple[Step, ...]) -> Approval:
    return Approval(
        approval_no=row.approval_no,
        submitter_no=row.submitter_no,
        terms=ContractTerms(
            customer_no=row.customer_no,
            kind=row.kind,
            amount_fen=int(row.amount_fen),
            discount=row.discount.normalize(),
            months=row.months,
            nonstandard=row.nonstandard,
            note=row.note,
        ),
        state=ApprovalState(row.state),
        attempt=row.attempt,
        steps=steps,
        created_at=row.created_at,
        touched_at=row.touched_at,
        submitted_at=row.submitted_at,
        decided_at=row.decided_at,
        urged_at=row.urged_at,
        contract_no=row.contract_no,
        visit_no=row.visit_no,
        card_id=row.card_id,
    )


def to_step(row: Row[Any], seats: tuple[Seat, ...]) -> Step:
    return Step(
        step_no=row.step_no,
        name=row.name,
        approver_kind=ApproverKind(row.approver_kind),
        approver=row.approver,
        mode=Mode(row.mode),
        need=row.need,
        remind_minutes=row.remind_minutes,
        escalate_minutes=row.escalate_minutes,
        state=StepState(row.state),
        seats=seats,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        reminded_at=row.reminded_at,
        escalated_at=row.escalated_at,
    )


def to_seat(row: Row[Any]) -> Seat:
    return Seat(
        approver_no=row.approver_no,
        actor_nos=tuple(row.actor_nos),
        origin=Origin(row.origin),
        required=row.required,
        verdict=Verdict(row.verdict) if row.verdict else None,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        note=row.note,
        handed_to=row.handed_to,
        via=row.via,
    )
