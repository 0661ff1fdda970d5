"""A day of giving out leads as a manager wants to know it: what went where, was it fair, how quickly was it answered,
and what hindsight would have done. Values only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from statistics import median
from typing import Any

from bot.domain.leads.fairness import gini, gini_per_capacity
from bot.domain.leads.hindsight import Hindsight, Loss, Placement, look_back, of_region
from bot.domain.leads.values import Reason

WINDOW_DAYS = 30  # of high-intent leads that are compared, and of leads that prices are learned from
GINI_WORTH_A_LOOK = 0.3
REGRET_WORTH_A_LOOK = 5.0  # percent of the optimum
SLOW_MINUTES = 30  # a median above the time that a first response may take by default


@dataclass(frozen=True, slots=True, kw_only=True)
class RepDay:
    """One rep's day. Counts of the day are of what happened on it, `open` is how it ended."""

    employee_no: str
    name: str
    region: str = ""
    capacity: int = 0
    given: int = 0
    high_given: int = 0  #: of those, high-intent ones
    open: int = 0
    high_open: int = 0
    high_intent: int = 0  #: high-intent leads given in the last 30 days
    minutes: tuple[int, ...] = ()  #: of each first response of the day, in working time
    late: int = 0  #: of those, after their time
    lapsed: int = 0
    declined: int = 0
    won: int = 0

    @property
    def median_minutes(self) -> float | None:
        return float(median(self.minutes)) if self.minutes else None

    @property
    def full(self) -> bool:
        return 0 < self.capacity <= self.open


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLead:
    """A lead that nobody had at the end of the day."""

    lead_no: str
    region: str = ""
    waits_for: Reason = Reason.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadDay:
    """The whole company's day, read once for all reviews of it."""

    day: date
    arrived: Mapping[str, int] = field(default_factory=dict)  #: region -> leads that came in
    placements: Sequence[Placement] = ()  #: the first scored decision of the day about each lead
    places: Mapping[str, int] = field(default_factory=dict)  #: 工号 -> room when the day began
    reps: Sequence[RepDay] = ()
    waiting: Sequence[WaitingLead] = ()
    pool: Mapping[str, int] = field(default_factory=dict)  #: region -> leads in 公海

    @property
    def regions(self) -> list[str]:
        """Those with people or news, in order."""
        with_news = {each.region for each in self.reps} | {each.region for each in self.waiting}
        return sorted((with_news | self.arrived.keys() | self.pool.keys()) - {""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses:
    """First responses of a day, in working minutes. What lapsed counts as not in time."""

    answered: int = 0
    expected: int = 0  #: answered or lapsed
    median_minutes: float | None = None
    p90_minutes: int | None = None
    in_time: int = 0

    @property
    def share_in_time(self) -> float | None:
        return self.in_time / self.expected if self.expected else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One day of one region, or of the whole company."""

    day: date
    region: str = ""  #: empty: the whole company
    arrived: int = 0
    given: int = 0
    high_given: int = 0
    waiting: Mapping[Reason, int] = field(default_factory=dict)
    pool: int = 0
    load_gini: float = 0.0  #: of open leads
    load_gini_per_capacity: float = 0.0
    high_gini_per_capacity: float = 0.0  #: of the high-intent leads of 30 days
    responses: Responses = Responses()
    hindsight: Hindsight = field(default_factory=Hindsight)
    reps: tuple[RepDay, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing came and nothing went: not worth a message."""
        return not (self.arrived or self.given)

    @property
    def load_comparable(self) -> bool:
        """Whether everybody could hold at least one: with fewer leads than people no share can be even."""
        return sum(rep.open for rep in self.reps) >= self._able > 0

    @property
    def high_comparable(self) -> bool:
        """Likewise of the high-intent leads of 30 days."""
        return sum(rep.high_intent for rep in self.reps) >= self._able > 0

    @property
    def _able(self) -> int:
        return sum(rep.capacity > 0 for rep in self.reps)

    def name(self, employee_no: str) -> str:
        """Of somebody in it; else the number itself."""
        return next((rep.name for rep in self.reps if rep.employee_no == employee_no), employee_no)

    def to_json(self) -> dict[str, Any]:
        stored = asdict(self)
        return stored | {
            "day": self.day.isoformat(),
            "waiting": {reason.name: count for reason, count in self.waiting.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Review:
        looked_back = stored["hindsight"]
        return cls(
            **{
                **stored,
                "day": date.fromisoformat(stored["day"]),
                "waiting": {Reason[name]: count for name, count in stored["waiting"].items()},
                "responses": Responses(**stored["responses"]),
                "hindsight": Hindsight(
                    **{**looked_back, "losses": tuple(Loss(**each) for each in looked_back["losses"])}
                ),
                "reps": tuple(RepDay(**{**each, "minutes": tuple(each["minutes"])}) for each in stored["reps"]),
            }
        )


def review(day: LeadDay, region: str = "") -> Review:
    """The day of one region: its leads and its reps; everything for "". CPU-bound, see `look_back`."""
    reps = sorted((rep for rep in day.reps if not region or rep.region == region), key=lambda rep: rep.employee_no)
    able = [rep for rep in reps if rep.capacity > 0]
    capacities = [rep.capacity for rep in able]
    waiting = Counter(each.waits_for for each in day.waiting if not region or each.region == region)
    return Review(
        day=day.day,
        region=region,
        arrived=_counted(day.arrived, region),
        given=sum(rep.given for rep in reps),
        high_given=sum(rep.high_given for rep in reps),
        waiting={reason: waiting[reason] for reason in Reason if waiting[reason]},
        pool=_counted(day.pool, region),
        load_gini=gini([rep.open for rep in able]),
        load_gini_per_capacity=gini_per_capacity([rep.open for rep in able], capacities),
        high_gini_per_capacity=gini_per_capacity([rep.high_intent for rep in able], capacities),
        responses=_responses(reps),
        hindsight=look_back(of_region(day.placements, region), day.places),
        reps=tuple(reps),
    )


def reviews(day: LeadDay) -> list[Review]:
    """The whole company first, then each region."""
    return [review(day, region) for region in ("", *day.regions)]


class Worry(StrEnum):
    """Why a manager should speak to somebody."""

    LAPSED = "超时"
    DECLINED = "退回"
    SLOW = "回得慢"
    FULL = "满了"


MANY_DECLINED = 2


def whom_to_talk_to(review: Review) -> list[tuple[RepDay, Worry]]:
    """People with their main worry: most leads lapsed first, then most given back, slowest, full."""
    found = [(rep, worry) for rep in review.reps if (worry := _worry(rep))]
    order = list(Worry)
    return sorted(found, key=lambda each: (order.index(each[1]), -_how_much(*each), each[0].employee_no))


def _worry(rep: RepDay) -> Worry | None:
    if rep.lapsed:
        return Worry.LAPSED
    if rep.declined >= MANY_DECLINED:
        return Worry.DECLINED
    if rep.median_minutes is not None and rep.median_minutes > SLOW_MINUTES:
        return Worry.SLOW
    return Worry.FULL if rep.full else None


def _how_much(rep: RepDay, worry: Worry) -> float:
    return {
        Worry.LAPSED: rep.lapsed,
        Worry.DECLINED: rep.declined,
        Worry.SLOW: rep.median_minutes or 0.0,
        Worry.FULL: rep.open,
    }[worry]


def _responses(reps: Iterable[RepDay]) -> Responses:
    people = list(reps)
    minutes = sorted(each for rep in people for each in rep.minutes)
    expected = len(minutes) + sum(rep.lapsed for rep in people)
    if not minutes:
        return Responses(expected=expected)
    return Responses(
        answered=len(minutes),
        expected=expected,
        median_minutes=float(median(minutes)),
        p90_minutes=minutes[math.ceil(0.9 * len(minutes)) - 1],
        in_time=len(minutes) - sum(rep.late for rep in people),
    )


def _counted(by_region: Mapping[str, int], region: str) -> int:
    return by_region.get(region, 0) if region else sum(by_region.values())
