"""What a manager's morning is made of: who was where, what was promised, what waits for a decision. Pure.

A region manager sees the own region, the director all of them, 客户成功 the customers that carry their number, a rep
what is their own (interface.md, scope).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.domain.competitors import find_competitor
from bot.domain.directory import Directory
from bot.domain.followups import reminders
from bot.domain.people import Customer, Employee, Role
from bot.domain.text import fold
from bot.domain.visit_kinds import nobody_met
from bot.domain.visit_records import Visit, VisitState

EXPIRY_DAYS = 30  # a contract that ends within this many days is worth a talk now
#: who gets the digest unasked, each morning
RECEIVES = frozenset({Role.REGION_MANAGER, Role.DIRECTOR, Role.SUCCESS})
_VISITORS = frozenset({Role.REP})  # those of whom a day without a visit is worth a line


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingApproval:
    """An approval that waits for one person's decision."""

    approval_no: str
    customer_name: str
    amount_fen: int
    step_name: str
    waiting_since: datetime  #: aware
    waited_minutes: int  #: working minutes since then (9:00-12:00 and 13:00-18:00 on workdays)
    submitter_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSubmission:
    """What one person submitted and others have not decided yet."""

    approval_no: str
    customer_name: str
    amount_fen: int
    step_name: str
    waiting_since: datetime  #: aware
    waited_minutes: int  #: working minutes since then (9:00-12:00 and 13:00-18:00 on workdays)
    waits_for: str  #: the names of those whose turn it is


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractEnd:
    """The last running contract of a customer, which ends soon."""

    contract_no: str
    customer_no: str
    kind: str
    amount_fen: int
    expires_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """The whole company's, read once for all digests of a morning."""

    since: date  #: first day of the visits, inclusive
    today: date
    visits: Sequence[Visit]  #: from `since` up to yesterday, with a customer
    visits_today: Sequence[Visit]  #: so far
    promises: Sequence[Visit]  #: not kept yet, for today or earlier
    contract_ends: Sequence[ContractEnd]


class Note(StrEnum):
    """Why a visit is worth the manager's minute."""

    WANTS = "高意向"
    COMPETITOR = "竞品"
    NOBODY = "没见到人"
    VISIT = "拜访"  # nothing special; shown to those who want to know of every visit


@dataclass(frozen=True, slots=True, kw_only=True)
class NotableVisit:
    """One visit that stands out."""

    note: Note
    visit: Visit
    customer: Customer
    who: str  #: the visitor's name
    competitor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseLine:
    """What somebody promised a customer."""

    visit: Visit
    customer: Customer
    who: str  #: the name of who is reminded of it


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionLine:
    """One region in the director's digest."""

    region: str
    visits: int
    idle: int  #: reps without a visit
    reps: int
    due: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One person's morning."""

    employee: Employee
    since: date
    today: date
    visits: int
    visits_today: int
    by_person: tuple[tuple[str, int], ...]  #: name and visits, most first
    idle: tuple[str, ...]  #: reps without a visit
    regions: tuple[RegionLine, ...]  #: only the director's
    notable: tuple[NotableVisit, ...]
    due: tuple[PromiseLine, ...]  #: promised for today
    overdue: tuple[PromiseLine, ...]  #: longest overdue first
    overdue_by_person: tuple[tuple[str, int], ...]  #: name and promises, most first
    approvals: tuple[WaitingApproval, ...]  #: longest waiting first
    contract_ends: tuple[tuple[Customer, ContractEnd], ...]  #: soonest first

    @property
    def empty(self) -> bool:
        """Nothing to say at all: nobody works there and nothing happened."""
        return not (
            self.visits or self.visits_today or self.idle or self.due or self.overdue
            or self.approvals or self.contract_ends
        )  # fmt: skip


def digest_for(
    employee: Employee, facts: DigestFacts, approvals: Iterable[WaitingApproval], *, directory: Directory
) -> Digest:
    """What of the company's day is this person's."""
    mine = _scope(employee, directory)
    visits = [visit for visit in facts.visits if mine(visit)]
    promises = _promises(filter(mine, facts.promises), directory)
    reps = _reps(employee, directory)
    counts = Counter(visit.employee_no for visit in visits)
    return Digest(
        employee=employee,
        since=facts.since,
        today=facts.today,
        visits=len(visits),
        visits_today=sum(mine(visit) for visit in facts.visits_today),
        by_person=tuple((_name(directory, number), count) for number, count in counts.most_common()),
        idle=tuple(rep.name for rep in reps if rep.employee_no not in counts),
        regions=_regions(directory, reps, visits, promises, facts.today) if employee.role is Role.DIRECTOR else (),
        notable=tuple(sorted(_notable(visits, directory, every=employee.role is Role.SUCCESS), key=_most_telling)),
        due=tuple(line for line in promises if line.visit.next_follow_up == facts.today),
        overdue=tuple(sorted(_overdue(promises, facts.today), key=_longest_overdue)),
        overdue_by_person=tuple(Counter(line.who for line in _overdue(promises, facts.today)).most_common()),
        approvals=tuple(sorted(approvals, key=lambda item: item.waiting_since)),
        contract_ends=tuple(_contract_ends(employee, facts.contract_ends, directory)),
    )


def _scope(employee: Employee, directory: Directory) -> Callable[[Visit], bool]:
    """Whether a visit or the promise in it is this person's to know. A customer nobody knows belongs to the visitor."""

    def mine(visit: Visit) -> bool:
        customer = directory.customer(visit.customer_no or "")
        if customer is None:
            return employee.role is Role.DIRECTOR or visit.employee_no == employee.employee_no
        if employee.role is Role.REP:
            return visit.employee_no == employee.employee_no
        return _answers_for(employee, customer)

    return mine


def _answers_for(employee: Employee, customer: Customer) -> bool:
    match employee.role:
        case Role.DIRECTOR:
            return True
        case Role.REGION_MANAGER:
            return customer.region == employee.region
        case Role.SUCCESS:
            return customer.success_no == employee.employee_no
        case Role.REP:
            return customer.owner_no == employee.employee_no
        case _:
            return False


def _reps(employee: Employee, directory: Directory) -> list[Employee]:
    """Those of whom this person wants to know who did not go out."""
    if employee.role not in (Role.DIRECTOR, Role.REGION_MANAGER):
        return []
    return [
        item
        for item in directory.employees()
        if item.active and item.role in _VISITORS and (employee.role is Role.DIRECTOR or item.region == employee.region)
    ]


def _promises(visits: Iterable[Visit], directory: Directory) -> list[PromiseLine]:
    """The newest of each person's promises to each customer, with who is reminded of it."""
    lines = []
    for number, promised in reminders(directory, visits).items():
        for visit in promised:
            customer = directory.customer(visit.customer_no or "")
            assert customer is not None  # reminders() leaves the others out
            lines.append(PromiseLine(visit=visit, customer=customer, who=_name(directory, number)))
    return lines


def _overdue(promises: Iterable[PromiseLine], today: date) -> list[PromiseLine]:
    return [line for line in promises if line.visit.next_follow_up and line.visit.next_follow_up < today]


def _longest_overdue(line: PromiseLine) -> tuple[date, str]:
    return line.visit.next_follow_up or date.max, line.visit.visit_no


def _regions(
    directory: Directory,
    reps: Sequence[Employee],
    visits: Iterable[Visit],
    promises: Sequence[PromiseLine],
    today: date,
) -> tuple[RegionLine, ...]:
    """One line per region that has people or customers with news, in the order of their numbers of visits."""
    visited = list(visits)
    counts = Counter(customer.region for visit in visited if (customer := directory.customer(visit.customer_no or "")))
    went = {visit.employee_no for visit in visited}
    late = Counter(line.customer.region for line in _overdue(promises, today))
    due = Counter(line.customer.region for line in promises if line.visit.next_follow_up == today)
    names = {rep.region for rep in reps} | counts.keys() | late.keys() | due.keys()
    lines = [
        RegionLine(
            region=name,
            visits=counts[name],
            reps=sum(rep.region == name for rep in reps),
            idle=sum(rep.region == name and rep.employee_no not in went for rep in reps),
            due=due[name],
            overdue=late[name],
        )
        for name in names
        if name
    ]
    return tuple(sorted(lines, key=lambda line: (-line.visits, line.region)))


def _notable(visits: Iterable[Visit], directory: Directory, *, every: bool) -> Iterable[NotableVisit]:
    for visit in visits:
        customer = directory.customer(visit.customer_no or "")
        note, competitor = _note(visit)
        if customer is not None and (every or note is not Note.VISIT):
            yield NotableVisit(
                note=note,
                visit=visit,
                customer=customer,
                who=_name(directory, visit.employee_no),
                competitor=competitor,
            )


def _note(visit: Visit) -> tuple[Note, str]:
    """The strongest reason. Visits that came by file carry no such facts: there their words are looked at."""
    words = fold(visit.summary) if visit.state is VisitState.LOADED else ""
    competitor = visit.competitor or (find_competitor(words) if words else None) or ""
    if visit.intent == "高" and visit.amount_yuan:
        return Note.WANTS, competitor
    if competitor:
        return Note.COMPETITOR, competitor
    return (Note.NOBODY if not visit.met or (words and nobody_met(words)) else Note.VISIT), ""


def _most_telling(item: NotableVisit) -> tuple[int, int, str]:
    return list(Note).index(item.note), -(item.visit.amount_yuan or 0), item.visit.visit_no


def _contract_ends(
    employee: Employee, ends: Iterable[ContractEnd], directory: Directory
) -> Iterable[tuple[Customer, ContractEnd]]:
    for end in sorted(ends, key=lambda item: (item.expires_on, item.contract_no)):
        customer = directory.customer(end.customer_no)
        if customer is not None and _answers_for(employee, customer):
            yield customer, end


def _name(directory: Directory, employee_no: str) -> str:
    employee = directory.employee(employee_no)
    return employee.name if employee else employee_no
