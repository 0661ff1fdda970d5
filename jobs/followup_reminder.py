"""At nine: what each rep promised for today and has not done yet."""

from __future__ import annotations

from bot.cards.followups import Promise, reminder_card
from bot.domain.directory import Directory
from bot.domain.followups import contact_to_call, reminded
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
        visits = await uow.visits.promises(ctx.today, as_of=ctx.as_of)
        lists = _by_person(directory, visits)
        for employee, promises in lists:
            ctx.send(
                uow,
                employee,
                reminder_card(promises, ctx.today),
                dedup_key=f"followup:{employee.employee_no}:{ctx.today}",
            )
    return len(lists)


def _by_person(directory: Directory, visits: list[Visit]) -> list[tuple[Employee, list[Promise]]]:
    """Who is reminded of what, in order of 工号; one line per customer, the newest promise."""
    lists: dict[str, dict[str, Promise]] = {}
    for visit in sorted(visits, key=lambda item: item.at):
        customer, employee = directory.customer(visit.customer_no or ""), reminded(directory, visit)
        if customer is None or employee is None:
            continue
        teller = directory.employee(visit.employee_no)
        lists.setdefault(employee.employee_no, {})[customer.customer_no] = Promise(
            visit=visit,
            customer=customer,
            contact=contact_to_call(directory, visit),
            told_by=teller.name if teller and teller != employee else "",
        )
    people = {item.employee_no: item for item in directory.employees()}
    return [(people[number], list(lists[number].values())) for number in sorted(lists)]
