"""One day's leads seen from its end: what the best assignment would have been worth, and which leads cost most.

What is compared is fit, before any charge: charges spread leads over people, they say nothing about a single one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bot.domain.leads.optimum import NOBODY, best_assignment
from bot.domain.leads.policy import Floats, Policy, Reading
from bot.domain.leads.replay import Snapshot
from bot.domain.leads.scoring import weighted

MOST_LOSSES = 3
_ROUNDING = 1e-5  # fits are compared in millionths by the solver


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A scored lead: who got it, and how well it would have suited each rep who could have had it."""

    lead_no: str
    company: str = ""
    region: str = ""
    employee_no: str
    fits: Mapping[str, float]  #: 工号 -> fit, 0..1; the winner is among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A lead that hindsight would have given to somebody it suited better."""

    lead_no: str
    company: str
    employee_no: str
    fit: float
    better_no: str
    better_fit: float

    @property
    def lost(self) -> float:
        return self.better_fit - self.fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindsight:
    """What was done against the best that could have been done, in sums of fits."""

    leads: int = 0
    done: float = 0.0
    best: float = 0.0
    losses: tuple[Loss, ...] = field(default=())  #: the largest first, at most three

    @property
    def regret(self) -> float:
        """How much better hindsight is, in percent of the optimum; 0 without leads."""
        return 100 * (self.best - self.done) / self.best if self.best > 0 else 0.0


def look_back(placements: Iterable[Placement], places: Mapping[str, int]) -> Hindsight:
    """The optimum over all leads of the day at once. CPU-bound: about a second for 10,000 leads and 1,000 reps.

    Args:
        places: how many leads each rep had room for when the day began. Who got more (places were freed during the
            day) had room for those, so that what was done is always one of the possibilities and regret is never
            below zero.
    Returns:
        The same for the same leads, in whatever order they and the reps come.
    """
    leads = sorted(placements, key=lambda each: each.lead_no)
    people = sorted({number for lead in leads for number in lead.fits})
    if not leads:
        return Hindsight()
    column = {number: place for place, number in enumerate(people)}
    fit = np.full((len(leads), len(people)), -np.inf)
    for row, lead in enumerate(leads):
        for number, value in lead.fits.items():
            fit[row, column[number]] = value
    winners = np.array([column[lead.employee_no] for lead in leads])
    got = np.bincount(winners, minlength=len(people))
    room = np.array([max(places.get(number, 0), count) for number, count in zip(people, got, strict=True)], dtype=float)
    optimum = best_assignment(fit, room)
    done = float(fit[np.arange(len(leads)), winners].sum())
    return Hindsight(
        leads=len(leads),
        done=done,
        best=max(optimum.total, done),  # the solver counts in millionths
        losses=_losses(leads, fit, winners, optimum.winners, people),
    )


def _losses(
    leads: Sequence[Placement], fit: Floats, winners: Iterable[int], better: Iterable[int], people: Sequence[str]
) -> tuple[Loss, ...]:
    losses = [
        Loss(
            lead_no=lead.lead_no,
            company=lead.company,
            employee_no=lead.employee_no,
            fit=float(fit[row, had]),
            better_no=people[best],
            better_fit=float(fit[row, best]),
        )
        for row, (lead, had, best) in enumerate(zip(leads, winners, better, strict=True))
        if best not in (NOBODY, had) and fit[row, best] - fit[row, had] > _ROUNDING
    ]
    return tuple(sorted(losses, key=lambda loss: (-loss.lost, loss.lead_no))[:MOST_LOSSES])


class Morning:
    """Reads a day's decisions one after the other, and remembers how everybody stood before the first of them."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}  #: the room each rep had when they first could have had a lead
        self._loads: dict[str, float] = {}

    def fits(self, snapshot: Snapshot, policy: Policy) -> dict[str, float]:
        """How well the lead suited each candidate of its decision, by the facts of then and the loads of the morning:
        whom the day itself made busy must not count as ill suited for what hindsight would have given them.

        Snapshots come in order of their decisions; `policy` is the version that this one names.
        """
        people = snapshot.candidates
        if not people:
            return {}
        for each in people:
            self.places.setdefault(each.employee_no, max(0, int(each.capacity - each.pending)))
            self._loads.setdefault(each.employee_no, each.pending / max(each.capacity, 1.0))
        facts = np.array([each.facts for each in people], dtype=np.float64).T
        for row, dimension in enumerate(policy.dimensions):
            if dimension.reading is Reading.LOAD:
                facts[row] = [self._loads[each.employee_no] for each in people]
        return {each.employee_no: float(fit) for each, fit in zip(people, weighted(facts, policy), strict=True)}


def of_region(placements: Iterable[Placement], region: str) -> Collection[Placement]:
    """Those of one region; of all for ""."""
    return [each for each in placements if not region or each.region == region]
