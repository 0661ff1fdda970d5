"""Approvals that wait too long: a reminder after four working hours, then the superior (each step's row says when)."""

from __future__ import annotations

import contextlib

from bot.domain.approval_values import Approval, Verdict
from bot.domain.approvals import Overdue, escalate, overdue, reminded
from bot.domain.directory import Directory
from bot.schedule import Schedule
from jobs.approval_desk import desk_for
from jobs.context import JobContext
from store.approval_desk import ESCALATED, REMINDED

schedule = Schedule[JobContext]()


class _OnlyShown(Exception):
    """Rolls a dry run back."""


@schedule.cron("*/5 * * * *", about_its_day=False)
async def approval_reminder(ctx: JobContext) -> int:
    """Remind and escalate, each once a step. Returns how many approvals were moved."""
    async with ctx.unit_of_work() as uow:
        numbers = await uow.approvals.running()
    moved = 0
    for number in numbers:
        with contextlib.suppress(_OnlyShown):
            moved += await _look_at(ctx, number)
    return len(ctx.shown) if ctx.dry_run else moved


async def _look_at(ctx: JobContext, approval_no: str) -> bool:
    async with ctx.unit_of_work() as uow:
        approval = await uow.approvals.get(approval_no)
        due = overdue(approval, at=ctx.as_of)
        if due is None:
            return False
        desk = desk_for(ctx, uow, quiet=True)
        if due is Overdue.REMIND:
            await uow.approvals.save(reminded(approval, at=ctx.as_of))
            await desk.remind(approval, why=REMINDED)
        else:
            above = superiors(ctx.directory(), approval)
            after = escalate(approval, above, at=ctx.as_of)
            await uow.approvals.save(after)
            newcomers = [no for no in after.waiting_for if no not in approval.waiting_for]
            await desk.remind(after, why=ESCALATED, only=newcomers or after.waiting_for)
            await desk.tell(approval, after)
        uow.audit.add("approval.overdue", actor=None, subject=approval_no, how=due.value)
        if ctx.dry_run:
            raise _OnlyShown
    return True


def superiors(directory: Directory, approval: Approval) -> list[tuple[str, str]]:
    """(approver, the next active superior who may act as well) for each open seat.

    Never the submitter, nor whoever has decided in this step already: that would be the same pair of eyes.
    """
    found = []
    seats = approval.step.seats if approval.step else ()
    out = {approval.submitter_no, *(seat.decided_by for seat in seats if seat.verdict is not Verdict.TRANSFERRED)}
    for seat in seats:
        above = directory.employee(seat.approver_no) if seat.open else None
        seen = {seat.approver_no}
        while above is not None:
            above = directory.employee(above.superior_no)
            if above is None or above.employee_no in seen:
                break
            seen.add(above.employee_no)
            if above.active and above.employee_no not in (*out, *seat.actor_nos):
                found.append((seat.approver_no, above.employee_no))
                break
    return found
