"""Approvals in 待办 and in the digest. They are read here and nowhere else."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text

from bot.domain.approval_values import ApprovalState
from bot.domain.digests import OwnSubmission, WaitingApproval
from bot.domain.worktime import working_minutes_between
from store.unit_of_work import UnitOfWork


async def waiting_approvals(
    uow: UnitOfWork, employee_nos: Collection[str], *, now: datetime
) -> dict[str, list[WaitingApproval]]:
    """What waits for each of these people's decision, by 工号, the longest waiting first;
    `now` is business time."""
    waiting: dict[str, list[WaitingApproval]] = {number: [] for number in employee_nos}
    for row in await uow.connection.execute(_WAITING, {"employee_nos": list(employee_nos)}):
        waiting[row.actor_no].append(
            WaitingApproval(
                approval_no=row.approval_no,
                customer_name=row.customer_name,
                amount_fen=int(row.amount_fen),
                step_name=row.step_name,
                submitter_name=row.submitter_name,
                waiting_since=row.opened_at,
                waited_minutes=working_minutes_between(row.opened_at, now),
            )
        )
    return waiting


async def own_submissions(uow: UnitOfWork, employee_no: str, *, now: datetime) -> list[OwnSubmission]:
    """What this person submitted and is still under way, oldest first."""
    running = await uow.approvals.of_submitter(employee_no, (ApprovalState.RUNNING,), limit=50)
    numbers = {no for item in running for no in item.waiting_for}
    names = await _names(uow, numbers, {item.terms.customer_no for item in running})
    return [
        OwnSubmission(
            approval_no=item.approval_no,
            customer_name=names.get(item.terms.customer_no, item.terms.customer_no),
            amount_fen=item.terms.amount_fen,
            step_name=item.step.name,
            waiting_since=item.step.opened_at or now,
            waits_for="、".join(names.get(number, number) for number in item.waiting_for),
            waited_minutes=working_minutes_between(item.step.opened_at, now) if item.step.opened_at else 0,
        )
        for item in reversed(running)
        if item.step is not None
    ]


async def _names(uow: UnitOfWork, employees: Collection[str], customers: Collection[str]) -> dict[str, str]:
    rows = await uow.connection.execute(_NAMES, {"employees": list(employees), "customers": list(customers)})
    return {row.number: row.name for row in rows}


_WAITING = text("""
SELECT actor.no AS actor_no, a.approval_no, a.amount_fen, step.name AS step_name, step.opened_at,
       coalesce(nullif(trim(c.short_name), ''), trim(c.name), a.customer_no) AS customer_name,
       coalesce(e.name, a.submitter_no) AS submitter_name
FROM approval_steps AS step
JOIN approvals AS a USING (approval_no, attempt)
JOIN LATERAL (
    SELECT DISTINCT no FROM approval_seats AS seat CROSS JOIN unnest(seat.actor_nos) AS no
    WHERE (seat.approval_no, seat.attempt, seat.step_no) = (step.approval_no, step.attempt, step.step_no)
      AND seat.verdict IS NULL AND no = ANY(:employee_nos)
) AS actor ON true
LEFT JOIN customers AS c ON c.customer_no = a.customer_no
LEFT JOIN employees AS e ON e.employee_no = a.submitter_no
WHERE step.state = '审批中' AND a.state = '审批中'
ORDER BY step.opened_at, a.approval_no
""")
_NAMES = text("""
SELECT employee_no AS number, name FROM employees WHERE employee_no = ANY(:employees)
UNION ALL
SELECT customer_no, coalesce(nullif(trim(short_name), ''), trim(name)) FROM customers
WHERE customer_no = ANY(:customers)
""")
