"""What a decision about a lead is made of: the lead, the people it may go to, the answer and its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import IntEnum

from bot.domain.flows import Absence


class Reason(IntEnum):
    """Why a rep can not have a lead; the larger, the sooner it may pass. `NONE`: the rep can have it."""

    NONE = 0
    LEFT = 1
    OTHER_REGION = 2
    TRIED = 3  #: had this lead before and gave it back or let it lapse
    ON_LEAVE = 4
    OFF_DUTY = 5
    FULL = 6  #: pending leads have reached the capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """One enquiry, as far as a choice among reps depends on it."""

    lead_no: str
    region: str = ""  #: empty: reps of all regions may have it
    high_intent: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)  #: e.g. industry
    numbers: Mapping[str, float] = field(default_factory=dict)  #: e.g. amount, in fen
    tried: frozenset[str] = frozenset()  #: 工号 of reps who had it and are not asked again

    def label(self, name: str) -> str:
        """Empty when the lead does not say; `lead_no` and `region` are labels too."""
        if name == "region":
            return self.region
        return self.lead_no if name == "lead_no" else self.labels.get(name, "")


@dataclass(frozen=True, slots=True)
class DutyHours:
    """From `start` until before `end`, Shanghai time; an `end` not after the `start` lies on the next day."""

    start: time
    end: time
    workdays_only: bool = True  #: statutory holidays off, make-up days worked


@dataclass(frozen=True, slots=True, kw_only=True)
class Rep:
    """Somebody who takes leads, with what is known of them. What is not known is left out, never zero."""

    employee_no: str
    regions: frozenset[str] = frozenset()
    capacity: int = 20  #: pending leads they may hold
    pending: int = 0
    high_intent: int = 0  #: high-intent leads given in the current window (a month)
    last_turn: int = 0  #: serial number of the last decision that gave them a lead; 0: never
    left: bool = False
    absences: tuple[Absence, ...] = ()
    duty: DutyHours | None = None  #: None: always
    facts: Mapping[str, float] = field(default_factory=dict)  #: fact -> number
    tables: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  #: fact -> label of the lead -> number


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One line of a score. A factor's `weight` is what it counted after missing ones were left out."""

    name: str
    points: float  #: what it adds to the score; charges are negative
    value: float | None  #: the fact as it was; None: missing
    factor: float | None = None  #: the fact on its scale, 0..1; None: missing, or a charge
    weight: float = 0.0

    @property
    def missing(self) -> bool:
        return self.value is None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A score and what it came from: the points of the contributions add up to the score."""

    score: float
    contributions: tuple[Contribution, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of factors that were left out for lack of data."""
        return tuple(each.name for each in self.contributions if each.missing)

    def top(self, count: int = 3) -> tuple[Contribution, ...]:
        """The contributions that moved the score most, largest first; never a missing one."""
        known = [each for each in self.contributions if not each.missing]
        return tuple(sorted(known, key=lambda each: -abs(each.points))[:count])


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who gets a lead, or why it has to wait."""

    lead_no: str
    policy_version: int
    employee_no: str = ""  #: empty: nobody can have it now
    explanation: Explanation | None = None
    runner_up: str = ""  #: empty: there was no other
    margin: float = 0.0  #: score of the winner less that of the runner-up; 0 is a tie
    refused: Mapping[Reason, int] = field(default_factory=dict)  #: how many reps were out, for which reason

    @property
    def waits_for(self) -> Reason:
        """Of all reasons the one that may pass first; `NONE` when somebody got the lead."""
        return Reason.NONE if self.employee_no else max(self.refused, default=Reason.LEFT)
