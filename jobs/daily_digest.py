"""A manager's morning: what happened since the last workday, what was promised, and what waits for a decision."""

from __future__ import annotations

from bot.cards.digest import digest_message
from bot.domain.digests import RECEIVES, digest_for
from bot.schedule import Schedule
from jobs.context import JobContext
from store.todo import waiting_approvals

schedule = Schedule[JobContext]()


@schedule.cron("30 8 * * *", workdays_only=True)
async def daily_digest(ctx: JobContext) -> int:
    """One message per person and day; who has nothing to read gets none. Returns how many were put out."""
    directory = ctx.directory()
    readers = [employee for employee in directory.employees() if employee.active and employee.role in RECEIVES]
    sent = 0
    async with ctx.unit_of_work() as uow:
        facts = await uow.digests.facts(ctx.as_of)
        waiting = await waiting_approvals(uow, [reader.employee_no for reader in readers], now=ctx.as_of)
        for reader in readers:
            digest = digest_for(reader, facts, waiting.get(reader.employee_no, ()), directory=directory)
            if not digest.empty:
                key = f"digest:{reader.employee_no}:{ctx.today}"
                ctx.send(uow, reader, digest_message(digest), dedup_key=key)
                sent += 1
    return sent
