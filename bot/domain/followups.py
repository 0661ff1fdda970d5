"""Who is reminded of a promise, and whom they call. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.directory import Directory
from bot.domain.people import Contact, Employee, Role
from bot.domain.visit_records import Visit


def region_manager(directory: Directory, region: str) -> Employee | None:
    """The active manager of a region; the lowest number where there are several."""
    managers = [
        item
        for item in directory.employees()
        if item.active and item.role is Role.REGION_MANAGER and item.region == region
    ]
    return min(managers, key=lambda item: item.employee_no, default=None)


def reminded(directory: Directory, visit: Visit) -> Employee | None:
    """Whoever promised it; after they have left, the manager of the customer's region (interface.md, scope).

    A region without a manager: the next active superior of whoever left.
    """
    teller = directory.employee(visit.employee_no)
    if teller is not None and teller.active:
        return teller
    customer = directory.customer(visit.customer_no or "")
    if customer and (manager := region_manager(directory, customer.region)):
        return manager
    above, seen = teller, set[str]()
    while above is not None and not above.active and above.employee_no not in seen:
        seen.add(above.employee_no)
        above = directory.employee(above.superior_no)
    return above if above is not None and above.active else None


def reminders(directory: Directory, visits: Iterable[Visit]) -> dict[str, list[Visit]]:
    """Who (工号) is reminded of what, oldest promise first; of several promises to one customer the newest."""
    lists: dict[str, dict[str, Visit]] = {}
    for visit in sorted(visits, key=lambda item: (item.at, item.visit_no)):
        employee = reminded(directory, visit)
        if employee is not None and visit.customer_no and directory.customer(visit.customer_no):
            lists.setdefault(employee.employee_no, {})[visit.customer_no] = visit
    return {number: list(lists[number].values()) for number in sorted(lists)}


def contact_to_call(directory: Directory, visit: Visit) -> Contact | None:
    """The contact that was spoken to, else the first one of the customer with a number."""
    contacts = directory.contacts_of(visit.customer_no or "")
    spoken_to = [item for item in contacts if item.name == visit.contact]
    return next(iter(spoken_to), None) or next((item for item in contacts if item.mobile), None)
