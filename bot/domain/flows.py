"""The flow of a contract's approval as rows: which steps it takes, who is asked in each, and who may act for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.conditions import ALWAYS, Condition, ContractFacts, holds
from bot.domain.directory import Directory
from bot.domain.people import Employee, Role, may_stand_in

CONTRACT = "合同"
OTHERS = ""  # the discount floor of industries that have none of their own
STRICTEST_FLOOR = Decimal("0.9")  # where the row for all others is missing


class ApproverKind(StrEnum):
    SUPERIOR = "superior"  # the submitter's 上级
    ROLE = "role"
    PERSON = "person"


class Mode(StrEnum):
    """How many of those asked have to agree."""

    ANY = "any"
    ALL = "all"
    K = "k"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep:
    """One row. Times are minutes of working time since the step opened."""

    step_id: int = 0  #: 0: not stored yet
    flow: str = CONTRACT
    position: int  #: from 1
    name: str
    approver_kind: ApproverKind
    approver: str = ""  #: the role's name, or the person's 工号
    mode: Mode = Mode.ANY
    need: int = 1  #: for Mode.K
    condition: Condition = ALWAYS
    remind_minutes: int = 240
    escalate_minutes: int = 1440
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Somebody is away from `starts_at` until before `ends_at` (business time, aware)."""

    absence_id: int = 0  #: 0: not stored yet
    employee_no: str
    starts_at: datetime
    ends_at: datetime
    delegate_no: str = ""  #: who acts meanwhile; empty: nobody was named
    reason: str = ""

    def covers(self, at: datetime) -> bool:
        """Whether the person is away at that moment."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """Somebody who is asked, and who may act for them: themselves, or whoever stands in."""

    approver_no: str
    actor_nos: tuple[str, ...]


def steps_for(steps: Sequence[FlowStep], facts: ContractFacts) -> list[FlowStep]:
    """The steps that this contract takes, in order; a condition that is unknown does not fire."""
    taken = [step for step in steps if step.enabled and holds(step.condition, facts)]
    return sorted(taken, key=lambda step: (step.position, step.step_id))


def discount_floor(floors: Mapping[str, Decimal], industry: str) -> Decimal:
    """The lowest share of the list price that needs no 总监."""
    return floors.get(industry.strip(), floors.get(OTHERS, STRICTEST_FLOOR))


def needed(step: FlowStep, seats: int) -> int:
    """How many of that many seats have to agree; never more than there are."""
    return {Mode.ANY: 1, Mode.ALL: seats}.get(step.mode, min(step.need, seats))


def seats_for(
    step_kind: ApproverKind,
    approver: str,
    *,
    submitter: Employee,
    directory: Directory,
    absences: Sequence[Absence],
    at: datetime,
) -> tuple[SeatPlan, ...]:
    """Who is asked in a step. Empty when nobody is left who may be: then the contract cannot be submitted.

    Nobody approves their own. For somebody who has left, their next active superior is asked; for somebody who is
    absent, the delegate acts, else the next superior who is there; where there is none, the absent person keeps the
    seat. Whoever would act twice sits once, on their own seat where they have one.
    """
    house = _House(submitter, directory, [absence for absence in absences if absence.covers(at)])
    match step_kind:
        case ApproverKind.SUPERIOR:
            asked = house.superiors()
        case ApproverKind.ROLE:
            asked = house.holders(approver)
        case ApproverKind.PERSON:
            asked = house.person(approver)
    plans = {person.employee_no: SeatPlan(person.employee_no, house.actors(person)) for person in asked}
    own = {number for number, plan in plans.items() if plan.actor_nos == (number,)}
    seats: list[SeatPlan] = []
    acting = set(own)
    for number, plan in plans.items():
        if number in own or not acting.intersection(plan.actor_nos):
            seats.append(plan)
            acting.update(plan.actor_nos)
    return tuple(seats)


class _House:
    """Who is there, seen from one submitter at one moment."""

    def __init__(self, submitter: Employee, directory: Directory, absences: Sequence[Absence]) -> None:
        self._submitter = submitter
        self._directory = directory
        self._away: dict[str, list[Absence]] = {}
        for absence in absences:
            self._away.setdefault(absence.employee_no, []).append(absence)

    # -- who is asked ----------------------------------------------------------------------------------------------
    def superiors(self) -> list[Employee]:
        """The next active superior; of a region with several managers, all of them."""
        superior = self._first_above(self._submitter)
        if superior is None:
            return []
        if superior.role is not Role.REGION_MANAGER:
            return [superior]
        return [superior, *(person for person in self._managers() if person.employee_no != superior.employee_no)]

    def holders(self, role: str) -> list[Employee]:
        """Everybody active with the role, by number; the submitter's superior where only the submitter has it."""
        if role == Role.REGION_MANAGER:
            found = self._managers()
        else:
            found = [person for person in self._active() if person.role == role]
        others = [person for person in found if not self._is_submitter(person)]
        own = len(others) < len(found) or (role == self._submitter.role and not found)
        return others or (self._listed(self._first_above(self._submitter)) if own else [])

    def person(self, employee_no: str) -> list[Employee]:
        """That employee, or the next above who is active and not the submitter."""
        named = self._directory.employee(employee_no)
        if named is None:
            return []
        return [named] if named.active and not self._is_submitter(named) else self._listed(self._first_above(named))

    def _managers(self) -> list[Employee]:
        region = self._submitter.region
        return [
            person
            for person in self._active()
            if person.role is Role.REGION_MANAGER and person.region == region and not self._is_submitter(person)
        ]

    # -- who acts --------------------------------------------------------------------------------------------------
    def actors(self, person: Employee) -> tuple[str, ...]:
        """The person; while absent the delegate, else the next superior who is there, else the person after all."""
        away = self._away.get(person.employee_no)
        if not away:
            return (person.employee_no,)
        for absence in reversed(away):
            delegate = self._directory.employee(absence.delegate_no)
            if delegate and self._can_act(delegate) and may_stand_in(delegate, person):
                return (delegate.employee_no,)
        above = next((one for one in self._above(person) if self._can_act(one)), None)
        return ((above or person).employee_no,)

    def _can_act(self, person: Employee) -> bool:
        return person.active and not self._is_submitter(person) and person.employee_no not in self._away

    # -- the roster ------------------------------------------------------------------------------------------------
    def _first_above(self, person: Employee) -> Employee | None:
        return next((one for one in self._above(person) if one.active and not self._is_submitter(one)), None)

    def _above(self, person: Employee) -> Iterator[Employee]:
        """Superiors upwards, each once: a circle in the roster ends where it began."""
        seen = {person.employee_no}
        while person.superior_no not in seen:
            seen.add(person.superior_no)
            above = self._directory.employee(person.superior_no)
            if above is None:
                return
            yield above
            person = above

    def _active(self) -> list[Employee]:
        people = (person for person in self._directory.employees() if person.active)
        return sorted(people, key=lambda person: person.employee_no)

    def _is_submitter(self, person: Employee) -> bool:
        return person.employee_no == self._submitter.employee_no

    @staticmethod
    def _listed(person: Employee | None) -> list[Employee]:
        return [] if person is None else [person]
