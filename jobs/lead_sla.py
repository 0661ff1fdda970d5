"""Every minute: who has not answered is reminded, then the next is asked; leads of those who left go on.

Minutes are working time, so nobody is written to at night.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from functools import partial

from sqlalchemy import text

from bot.cards import lead_words as words
from bot.domain.leads.cases import LeadCase
from bot.domain.leads.moves import lapse, must_lapse, must_remind, remind
from bot.messages import Text
from bot.schedule import Schedule
from jobs.context import JobContext
from store.lead_desk import LeadDesk
from store.unit_of_work import UnitOfWork

schedule: Schedule[JobContext] = Schedule()


class _OnlyShown(Exception):
    """Rolls a dry run back."""


@schedule.cron("*/1 * * * *", about_its_day=False)
async def lead_sla(ctx: JobContext) -> int:
    """Reminders, lapses and leavers as of `ctx.as_of`, each once. Returns how many leads were moved."""
    async with ctx.unit_of_work() as uow:
        due = [row.lead_no for row in await uow.connection.execute(_DUE, {"at": ctx.as_of})]
        gone = [row.holder_no for row in await uow.connection.execute(_HOLDERS) if not _works_here(ctx, row.holder_no)]
    moved = 0
    for number in due:
        with contextlib.suppress(_OnlyShown):
            moved += await _look_at(ctx, number)
    for employee_no in gone:
        with contextlib.suppress(_OnlyShown):
            async with ctx.unit_of_work() as uow:
                moved += await (await desk_for(ctx, uow)).take_over(employee_no)
                if ctx.dry_run:
                    raise _OnlyShown
    return len(ctx.shown) if ctx.dry_run else moved


async def desk_for(ctx: JobContext, uow: UnitOfWork) -> LeadDesk:
    """The leads' desk as a job has it."""
    return LeadDesk(
        uow=uow,
        directory=ctx.directory(),
        send=partial(ctx.send, uow, quiet=False),
        update_card=partial(ctx.update_card, uow),
        at=ctx.as_of,
        rules=await uow.lead_rules.current(),
    )


async def _look_at(ctx: JobContext, lead_no: str) -> bool:
    """One lead under its lock: another process may have been here before."""
    async with ctx.unit_of_work() as uow:
        before, desk = await uow.leads.get(lead_no), await desk_for(ctx, uow)
        if must_lapse(before, at=ctx.as_of):
            after = await desk.put(before, lapse(before, at=ctx.as_of, rules=desk.rules))
            uow.audit.add("lead.lapsed", actor=None, subject=lead_no, employee_no=before.holder_no)
        elif must_remind(before, at=ctx.as_of):
            after = await desk.put(before, remind(before, at=ctx.as_of))
            await _remind(ctx.as_of, desk, after)
            uow.audit.add("lead.reminded", actor=None, subject=lead_no, employee_no=before.holder_no)
        else:
            return False
        if ctx.dry_run:
            raise _OnlyShown
    return True


async def _remind(at: datetime, desk: LeadDesk, case: LeadCase) -> None:
    turn = case.turn
    employee = desk.directory.employee(case.holder_no)
    if turn is None or turn.due_at is None or employee is None:
        return
    said = words.reminder(await desk.sheet(case), turn, now=at)
    desk.send(employee, Text(text=said), dedup_key=f"lead:{case.lead_no}:{turn.turn_no}:remind")


def _works_here(ctx: JobContext, employee_no: str) -> bool:
    """Whether somebody is on the roster and any account is left to reach them by."""
    employee = ctx.directory().employee(employee_no)
    return employee is not None and employee.active and bool(employee.wecom_user or employee.dingtalk_user)


_DUE = text("""
SELECT t.lead_no FROM lead_turns AS t
WHERE t.ended_at IS NULL AND t.responded_at IS NULL
  AND (t.due_at <= :at OR (t.remind_at <= :at AND t.reminded_at IS NULL))
ORDER BY t.due_at, t.lead_no
""")
_HOLDERS = text("SELECT DISTINCT holder_no FROM lead_cases WHERE holder_no <> '' ORDER BY holder_no")
