"""The roster under one policy, scaled and weighted beforehand: each lead then takes a few sums over the reps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.domain.leads.policy import Dimension, Floats, Policy, Reading
from bot.domain.leads.roster import Ints, LabelTable, Roster, Standing
from bot.domain.leads.scoring import UNKNOWN_FIT, load, split
from bot.domain.leads.values import Lead

_MISSING = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """A dimension read by label: the points of each label and rep, and the weight that counts (None: all of it)."""

    of: str
    rows: LabelTable
    points: Floats
    counted: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class _Ratio:
    """A dimension that compares a number of the lead with one of the rep."""

    dimension: Dimension
    typical: Floats  #: natural logarithm of the rep's number, 0 where it is missing
    counted: Floats  #: the weight, 0 where it is missing

    def logarithm(self, lead: Lead) -> float:
        return logarithm(lead.numbers.get(self.dimension.of, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """Made once for a roster and a policy version; it holds neither who is pending what nor whose turn it is."""

    roster: Roster
    policy: Policy
    _points: Floats  #: of the reps' own facts
    _counted: Floats  #: weight of the reps' own facts that are known, and of what is never missing
    _tables: tuple[_Table, ...]
    _ratios: tuple[_Ratio, ...]
    _loads: tuple[Dimension, ...]

    @classmethod
    def of(cls, roster: Roster, policy: Policy) -> Board:
        points, counted = np.zeros(len(roster)), np.zeros(len(roster))
        tables, ratios, loads = [], [], []
        for dimension in policy.dimensions:
            own = roster.facts.get(dimension.fact)
            if dimension.reading is Reading.LOAD:
                loads.append(dimension)
                counted += dimension.weight
            elif dimension.reading is Reading.BY_LABEL and dimension.fact in roster.tables:
                table = _table(dimension, roster.tables[dimension.fact])
                tables.append(table)
                counted += dimension.weight if table.counted is None else 0.0
            elif dimension.reading is Reading.RATIO and own is not None:
                ratios.append(_ratio(dimension, own))
            elif dimension.reading is Reading.OWN and own is not None:
                more, known = split(dimension, own)
                points += more
                counted += known
        return cls(roster, policy, points, counted, tuple(tables), tuple(ratios), tuple(loads))

    def fit(self, leads: Sequence[Lead], standing: Standing) -> Floats:
        """How well each rep suits each lead, 0..1, before any charge: (leads, reps)."""
        own = self._points
        for dimension in self._loads:
            own = own + dimension.scale.apply(load(standing.pending, self.roster.capacity)) * dimension.weight
        points = np.repeat(own[None, :], len(leads), axis=0)
        counted: Floats = self._counted[None, :]
        for table in self._tables:
            rows = [table.rows.row(lead.label(table.of)) for lead in leads]
            points += table.points[rows]
            if table.counted is not None:
                counted = counted + table.counted[rows]
        for ratio in self._ratios:
            more, known = _compared(ratio, leads)
            points += more
            counted = counted + known
        if counted.min(initial=1.0) > 0:
            points /= counted
            return points
        return np.where(counted > 0, points / np.where(counted > 0, counted, 1.0), UNKNOWN_FIT)

    def facts(self, lead: Lead, column: int, standing: Standing) -> list[float]:
        """The facts of one rep for a lead, one for each dimension, nan where missing."""
        return [self._fact(dimension, lead, column, standing) for dimension in self.policy.dimensions]

    def facts_of(self, lead: Lead, columns: Ints, standing: Standing) -> list[Floats]:
        """`facts` of many reps at once: for each dimension those of the reps in `columns`, nan where missing."""
        return [self._column_facts(dimension, lead, columns, standing) for dimension in self.policy.dimensions]

    def _column_facts(self, dimension: Dimension, lead: Lead, columns: Ints, standing: Standing) -> Floats:
        roster, missing = self.roster, np.full(len(columns), _MISSING)
        if dimension.reading is Reading.LOAD:
            return load(standing.pending[columns], roster.capacity[columns])
        if dimension.reading is Reading.BY_LABEL:
            table = roster.tables.get(dimension.fact)
            return missing if table is None else np.asarray(table.values[table.row(lead.label(dimension.of)), columns])
        own = roster.facts[dimension.fact][columns] if dimension.fact in roster.facts else missing
        if dimension.reading is Reading.OWN:
            return own
        known = own > 0
        typical = np.where(known, np.log(np.where(known, own, 1.0)), _MISSING)
        return np.abs(logarithm(lead.numbers.get(dimension.of, 0.0)) - typical)

    def _fact(self, dimension: Dimension, lead: Lead, column: int, standing: Standing) -> float:
        roster = self.roster
        if dimension.reading is Reading.LOAD:
            return float(load(standing.pending[column], roster.capacity[column]))
        if dimension.reading is Reading.BY_LABEL:
            table = roster.tables.get(dimension.fact)
            return _MISSING if table is None else float(table.values[table.row(lead.label(dimension.of)), column])
        own = float(roster.facts[dimension.fact][column]) if dimension.fact in roster.facts else _MISSING
        if dimension.reading is Reading.OWN:
            return own
        return abs(logarithm(lead.numbers.get(dimension.of, 0.0)) - logarithm(own))


def logarithm(number: float) -> float:
    """nan for what has none."""
    return math.log(number) if number > 0 else _MISSING


def _table(dimension: Dimension, table: LabelTable) -> _Table:
    points, counted = split(dimension, table.values)
    whole = bool((counted[:-1] > 0).all()) and len(counted) > 1
    # The last row stands for labels that nobody knows: it may only be left out where such a label can not come.
    return _Table(dimension.of, table, points, None if whole and not np.isnan(table.values[-1]).any() else counted)


def _ratio(dimension: Dimension, own: Floats) -> _Ratio:
    known = own > 0
    typical = np.log(np.where(known, own, 1.0))
    return _Ratio(dimension, typical, np.where(known, dimension.weight, 0.0))


def _compared(ratio: _Ratio, leads: Sequence[Lead]) -> tuple[Floats, Floats]:
    numbers = np.array([[ratio.logarithm(lead)] for lead in leads])
    has = ~np.isnan(numbers)
    counted = ratio.counted * has
    apart = np.where(has, numbers, 0.0) - ratio.typical
    return ratio.dimension.scale.apply(np.abs(apart, out=apart)) * counted, counted
