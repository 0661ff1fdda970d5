"""STUB."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ApproverKind(StrEnum):
    SUPERIOR = "superior"
    ROLE = "role"
    PERSON = "person"


class Mode(StrEnum):
    ANY = "any"
    ALL = "all"
    K = "k"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep:
    step_id: int = 0
    flow: str = "合同"
    position: int = 0
    name: str = ""
    approver_kind: ApproverKind = ApproverKind.SUPERIOR
    approver: str = ""
    mode: Mode = Mode.ANY
    need: int = 1
    condition: Any = None
    remind_minutes: int = 240
    escalate_minutes: int = 1440
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPlan:
    approver_no: str
    actor_nos: tuple[str, ...]


def steps_for(steps: Any, facts: Any) -> Any:
    return [s for s in steps if s.condition is None or s.condition(facts)]


def discount_floor(floors: Any, industry: str) -> Any:
    return floors.get(industry, floors[""])


def seats_for(
    kind: Any, approver: str, *, submitter: Any, directory: Any, absences: Any, at: Any
) -> tuple[SeatPlan, ...]:
    people = [e for e in directory.employees() if e.active]
    if kind is ApproverKind.SUPERIOR:
        nos = [submitter.superior_no] if submitter.superior_no else []
        if not nos:
            nos = [e.employee_no for e in people if e.role.value == "区域经理" and e.region == submitter.region]
    elif kind is ApproverKind.ROLE:
        nos = [e.employee_no for e in people if e.role.value == approver]
    else:
        nos = [approver]
    return tuple(SeatPlan(approver_no=n, actor_nos=(n,)) for n in nos if n != submitter.employee_no)
