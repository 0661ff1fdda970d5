"""At nine: what each rep promised for today and has not done yet."""

from __future__ import annotations

from bot.cards.followups import Promise, reminder_card
from bot.domain.directory import Directory
from bot.domain.followups import contact_to_call, reminders
from bot.domain.people import Employee
from bot.domain.visit_records import Visit
from bot.schedule import Schedule
from jobs.context import JobContext

schedule = Schedule[JobContext]()


@schedule.cron("0 9 * * *")
async def followup_reminder(ctx: JobContext) -> int:
    """One card per person and day; days off included, a promise is a promise. Returns how many cards were put out."""
    directory = ctx.directory()
    async with ctx.unit_of_work() as uow:
        lists = reminders(directory, await uow.visits.promises(ctx.today, as_of=ctx.as_of))
        for number, visits in lists.items():
            employee = directory.employee(number)
            assert employee is not None
            promises = [_promise(directory, employee, visit) for visit in visits]
            ctx.send(uow, employee, reminder_card(promises, ctx.today), dedup_key=f"followup:{number}:{ctx.today}")
    return len(lists)


def _promise(directory: Directory, employee: Employee, visit: Visit) -> Promise:
    customer, teller = directory.customer(visit.customer_no or ""), directory.employee(visit.employee_no)
    assert customer is not None
    return Promise(
        visit=visit,
        customer=customer,
        contact=contact_to_call(directory, visit),
        told_by=teller.name if teller and teller != employee else "",
    )
