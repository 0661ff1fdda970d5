"""The reps as columns, so that one lead is scored against a thousand of them in a few numpy calls.

`Roster` is what changes by the day (people, facts), `Standing` what changes with each lead. Neither is ever changed in
place; both have the reps in order of their numbers, so that the order in which they came does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from bot.domain.leads.policy import Floats
from bot.domain.leads.values import DutyHours, Rep

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
_MISSING = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class LabelTable:
    """One fact for each label of a lead and each rep, nan where it is not known."""

    rows: Mapping[str, int]
    values: npt.NDArray[np.floating]  #: (labels + 1, reps); the last row, all nan, is for labels that nobody knows

    @classmethod
    def of(cls, per_rep: Sequence[Mapping[str, float]]) -> LabelTable:
        rows = {label: row for row, label in enumerate(sorted({label for table in per_rep for label in table}))}
        values = np.full((len(rows) + 1, len(per_rep)), _MISSING)
        for column, table in enumerate(per_rep):
            for label, number in table.items():
                values[rows[label], column] = number
        return cls(rows, values)

    def row(self, label: str) -> int:
        return self.rows.get(label, len(self.values) - 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Duty:
    """Duty hours that several reps share."""

    hours: DutyHours
    members: Ints


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Roster:
    employee_nos: tuple[str, ...]
    capacity: Floats
    facts: Mapping[str, Floats]  #: nan where a rep has none
    tables: Mapping[str, LabelTable]
    regions: Mapping[str, Bools]
    left: Bools
    away: Ints  #: (3, absences): the rep's column, start and end in seconds since 1970
    duties: tuple[_Duty, ...] = field(default=())

    @classmethod
    def of(cls, reps: Iterable[Rep], tables: Mapping[str, LabelTable] | None = None) -> Roster:
        """`tables` come on top of the reps' own, their columns in order of the employee numbers.

        Raises:
            ValueError: an employee number twice.
        """
        people = in_order(reps)
        names = {name for rep in people for name in rep.facts}
        tabled = {name for rep in people for name in rep.tables}
        regions = {name for rep in people for name in rep.regions}
        away = [
            (column, int(absence.starts_at.timestamp()), int(absence.ends_at.timestamp()))
            for column, rep in enumerate(people)
            for absence in rep.absences
        ]
        return cls(
            employee_nos=tuple(rep.employee_no for rep in people),
            capacity=np.array([rep.capacity for rep in people], dtype=np.float64),
            facts={name: np.array([rep.facts.get(name, _MISSING) for rep in people]) for name in names},
            tables={name: LabelTable.of([rep.tables.get(name, {}) for rep in people]) for name in tabled}
            | dict(tables or {}),
            regions={name: np.array([name in rep.regions for rep in people]) for name in regions},
            left=np.array([rep.left for rep in people], dtype=np.bool_),
            away=np.array(away, dtype=np.int64).reshape(-1, 3).T,
            duties=_duties(people),
        )

    def __len__(self) -> int:
        return len(self.employee_nos)

    def column(self, employee_no: str) -> int:
        """Raises ValueError for somebody who is not in it."""
        return self.employee_nos.index(employee_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What the nightly learner took from the leads of the last weeks. The defaults are for a company without any."""

    prices: Mapping[str, float] = field(default_factory=dict)  #: employee number -> points; absent is 0
    usual_load: float = 0.8  #: leads ÷ capacity, over all reps
    usual_high_intent: float = 0.2  #: high-intent leads ÷ capacity, over all reps
    high_intent_per_rep: float = 2.0  #: high-intent leads ÷ reps with capacity


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Standing:
    """Where everybody stands before a lead is given; columns as in the roster."""

    pending: Floats
    high_intent: Floats
    last_turn: Ints
    turn: int  #: number of the last decision
    price: Floats
    usual_load: float
    usual_high_intent: float
    high_intent_per_rep: float

    @classmethod
    def of(cls, reps: Iterable[Rep], learned: Learned | None = None) -> Standing:
        people, known = in_order(reps), learned or Learned()
        turns = np.array([rep.last_turn for rep in people], dtype=np.int64)
        return cls(
            pending=np.array([rep.pending for rep in people], dtype=np.float64),
            high_intent=np.array([rep.high_intent for rep in people], dtype=np.float64),
            last_turn=turns,
            turn=int(turns.max(initial=0)),
            price=np.array([known.prices.get(rep.employee_no, 0.0) for rep in people], dtype=np.float64),
            usual_load=known.usual_load,
            usual_high_intent=known.usual_high_intent,
            high_intent_per_rep=known.high_intent_per_rep,
        )

    def given(self, column: int, *, high_intent: bool) -> Standing:
        """After the rep in that column got one more lead."""
        pending, turns = self.pending.copy(), self.last_turn.copy()
        pending[column] += 1
        turns[column] = self.turn + 1
        counter = self.high_intent
        if high_intent:
            counter = counter.copy()
            counter[column] += 1
        return replace(self, pending=pending, high_intent=counter, last_turn=turns, turn=self.turn + 1)

    def freed(self, column: int) -> Standing:
        """After that rep closed or gave back a lead. The high-intent counter stays: it was given."""
        pending = self.pending.copy()
        pending[column] = max(0.0, pending[column] - 1)
        return replace(self, pending=pending)


def in_order(reps: Iterable[Rep]) -> list[Rep]:
    people = sorted(reps, key=lambda rep: rep.employee_no)
    if len({rep.employee_no for rep in people}) < len(people):
        raise ValueError("an employee number stands twice in the roster")
    return people


def _duties(people: Sequence[Rep]) -> tuple[_Duty, ...]:
    members: dict[DutyHours, list[int]] = {}
    for column, rep in enumerate(people):
        if rep.duty:
            members.setdefault(rep.duty, []).append(column)
    return tuple(_Duty(hours, np.array(columns, dtype=np.int64)) for hours, columns in members.items())
