"""The rows a score is made from. A new dimension is a row: which fact, how it is read and scaled, its weight.

Versions are immutable: a change is a new version, and each decision names its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from bot.domain.leads.values import Reason

Floats = npt.NDArray[np.float64]
_ROUNDING = 1e-9
_CAN_BE_ALLOWED = frozenset({Reason.ON_LEAVE, Reason.OFF_DUTY})


class Reading(StrEnum):
    """Where a dimension's number comes from."""

    OWN = "own"  # the rep's fact
    BY_LABEL = "by_label"  # the rep's table of that fact, at the lead's label `of`
    RATIO = "ratio"  # |ln(the lead's number `of` ÷ the rep's fact)|: 0 is the same, 0.69 twice or half
    LOAD = "load"  # pending ÷ capacity, 1 is full


class ScaleKind(StrEnum):
    SPAN = "span"  # straight from `low` (0) to `high` (1), flat outside; low > high falls
    HALVING = "halving"  # 1 at 0 and below, half at `width`, a quarter at twice that
    BELL = "bell"  # 1 at 0, 0.61 at `width`, 0.14 at twice that, either side


@dataclass(frozen=True, slots=True)
class Scale:
    """How a fact becomes a factor in 0..1. What is missing (nan) stays missing."""

    kind: ScaleKind = ScaleKind.SPAN
    low: float = 0.0
    high: float = 1.0
    width: float = 1.0

    def __post_init__(self) -> None:
        if self.width <= 0 or self.low == self.high:
            raise ValueError("a scale needs a width above zero and two different ends")

    def apply(self, facts: Floats) -> Floats:
        if self.kind is ScaleKind.HALVING:
            return np.exp2(np.maximum(facts, 0) / -self.width)
        if self.kind is ScaleKind.BELL:
            return np.exp(np.square(facts / self.width) * -0.5)
        along = (facts - self.low) / (self.high - self.low)
        return np.minimum(np.maximum(along, 0.0, out=along), 1.0, out=along)

    def of(self, fact: float) -> float:
        """`apply` for one number, which must not be missing."""
        if self.kind is ScaleKind.HALVING:
            return math.exp2(max(fact, 0.0) / -self.width)
        if self.kind is ScaleKind.BELL:
            return math.exp((fact / self.width) ** 2 * -0.5)
        return min(max((fact - self.low) / (self.high - self.low), 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    name: str
    fact: str = ""  #: not needed for `LOAD`
    reading: Reading = Reading.OWN
    of: str = ""  #: the lead's label or number, for `BY_LABEL` and `RATIO`
    scale: Scale = Scale()
    weight: float


@dataclass(frozen=True, slots=True)
class Charge:
    """What is taken off a score: weight · (share ÷ usual share) ** power."""

    weight: float
    power: float

    def __post_init__(self) -> None:
        if self.weight < 0 or self.power <= 0:
            raise ValueError("a charge has a weight of at least zero and a power above zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of how leads are given out.

    The charges and `price_share` were found by measuring (`docs/decisions/lead-assignment.md`).

    Raises:
        ValueError: weights that are negative or do not sum to 1, a name twice, or a reason that no rule can waive.
    """

    version: int
    dimensions: tuple[Dimension, ...]
    load: Charge = Charge(0.1, 2.0)
    high_intent: Charge = Charge(0.56, 3.0)  #: divided by the usual number of such leads per rep, if that is above 1
    price_share: float = 0.85  #: how much of a learned price is charged: last month's leads are not this month's
    same_region: bool = True
    waived: frozenset[Reason] = frozenset()  #: `ON_LEAVE`, `OFF_DUTY`: such reps get leads all the same
    _weights: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [each.name for each in self.dimensions]
        weights = [each.weight for each in self.dimensions]
        if len(set(names)) < len(names):
            raise ValueError(f"a dimension is named twice: {names}")
        if min(weights, default=-1.0) < 0 or not math.isclose(math.fsum(weights), 1.0, abs_tol=_ROUNDING):
            raise ValueError(f"weights are at least 0 and sum to 1: {dict(zip(names, weights, strict=True))}")
        if not self.waived <= _CAN_BE_ALLOWED:
            raise ValueError("only leave and duty hours can be waived")
        object.__setattr__(self, "_weights", np.array(weights))

    @property
    def weights(self) -> Floats:
        return self._weights

    def reweighted(self, version: int, changes: Mapping[str, float]) -> Policy:
        """The next version: the named weights as given, the others share the rest in their old proportion.

        Raises:
            KeyError: no dimension of that name.
            ValueError: what is given lies outside 0..1, or nothing is left that could take up the rest.
        """
        if unknown := changes.keys() - {each.name for each in self.dimensions}:
            raise KeyError(*sorted(unknown))
        rest = 1.0 - math.fsum(changes.values())
        old = math.fsum(each.weight for each in self.dimensions if each.name not in changes)
        if rest < -_ROUNDING or (rest > _ROUNDING and old <= 0):
            raise ValueError(f"the other weights can not make {changes} sum to 1")
        factor = max(rest, 0.0) / old if old > 0 else 0.0
        rows = (replace(each, weight=changes.get(each.name, each.weight * factor)) for each in self.dimensions)
        return replace(self, version=version, dimensions=tuple(rows))


def default_policy(version: int = 1) -> Policy:
    """The seven factors until somebody changes them; how their facts are made is in `facts.py`."""
    by_label, falling = Reading.BY_LABEL, Scale(low=1.0, high=0.0)
    return Policy(
        version=version,
        dimensions=(
            Dimension(name="region_heat", fact="region_heat", reading=by_label, of="region", weight=0.20),
            Dimension(name="industry_fit", fact="industry_fit", reading=by_label, of="industry", weight=0.20),
            Dimension(
                name="deal_band",
                fact="typical_deal_fen",
                reading=Reading.RATIO,
                of="amount_fen",
                scale=Scale(ScaleKind.BELL, width=1.0),  # a deal 2.7 times as large still fits to 0.61
                weight=0.15,
            ),
            Dimension(name="pending_load", reading=Reading.LOAD, scale=falling, weight=0.15),
            Dimension(name="overdue_tasks", fact="overdue_tasks", scale=Scale(ScaleKind.HALVING, width=3), weight=0.10),
            Dimension(name="deals_this_week", fact="deals_this_week", scale=Scale(low=0, high=3), weight=0.10),
            Dimension(name="response_record", fact="response_record", weight=0.10),
        ),
    )
