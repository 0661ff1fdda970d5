"""Everything about giving out leads that business people may change from chat, as one immutable version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import time
from typing import Any

from bot.domain.leads.policy import Charge, Dimension, Policy, Reading, Scale, ScaleKind, default_policy
from bot.domain.leads.values import DutyHours, Reason

RESPOND_MINUTES, REMIND_MINUTES = 30, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRules:
    """One version of the rules; its number is the policy's. Minutes are working time (bot.domain.worktime)."""

    policy: Policy
    capacity: int = 20  #: open leads a rep may hold
    capacities: Mapping[str, int] = field(default_factory=dict)  #: 工号 -> another number; 0: gets none
    duty: DutyHours | None = None  #: None: leads are given out round the clock
    duties: Mapping[str, DutyHours | None] = field(default_factory=dict)  #: 工号 -> other hours
    respond_minutes: int = RESPOND_MINUTES  #: until the first response, else the next rep is asked
    remind_minutes: int = REMIND_MINUTES  #: until the rep is reminded
    tell_manager_after: int = 2  #: so many reps let it lapse: their manager is told
    pool_after: int = 3  #: so many reps let it lapse or gave it back: it goes to 公海

    @property
    def version(self) -> int:
        return self.policy.version

    def capacity_of(self, employee_no: str) -> int:
        return self.capacities.get(employee_no, self.capacity)

    def duty_of(self, employee_no: str) -> DutyHours | None:
        return self.duties.get(employee_no, self.duty)


def default_rules(version: int = 1) -> LeadRules:
    """What holds until somebody changes it (engines.md 2)."""
    return LeadRules(policy=default_policy(version))


def rules_to_json(rules: LeadRules) -> dict[str, Any]:
    """Plain values; floats keep all their digits in JSON."""
    policy = rules.policy
    return {
        "version": policy.version,
        "dimensions": [asdict(each) for each in policy.dimensions],
        "load": asdict(policy.load),
        "high_intent": asdict(policy.high_intent),
        "price_share": policy.price_share,
        "same_region": policy.same_region,
        "waived": sorted(reason.name for reason in policy.waived),
        "capacity": rules.capacity,
        "capacities": dict(rules.capacities),
        "duty": _duty_to_json(rules.duty),
        "duties": {number: _duty_to_json(duty) for number, duty in rules.duties.items()},
        "respond_minutes": rules.respond_minutes,
        "remind_minutes": rules.remind_minutes,
        "tell_manager_after": rules.tell_manager_after,
        "pool_after": rules.pool_after,
    }


def rules_from_json(stored: Mapping[str, Any]) -> LeadRules:
    policy = Policy(
        version=stored["version"],
        dimensions=tuple(_dimension(each) for each in stored["dimensions"]),
        load=Charge(**stored["load"]),
        high_intent=Charge(**stored["high_intent"]),
        price_share=stored["price_share"],
        same_region=stored["same_region"],
        waived=frozenset(Reason[name] for name in stored["waived"]),
    )
    return LeadRules(
        policy=policy,
        capacity=stored["capacity"],
        capacities=dict(stored["capacities"]),
        duty=_duty_from_json(stored["duty"]),
        duties={number: _duty_from_json(duty) for number, duty in stored["duties"].items()},
        respond_minutes=stored["respond_minutes"],
        remind_minutes=stored["remind_minutes"],
        tell_manager_after=stored["tell_manager_after"],
        pool_after=stored["pool_after"],
    )


def _dimension(stored: Mapping[str, Any]) -> Dimension:
    scale = stored["scale"]
    return Dimension(
        name=stored["name"],
        fact=stored["fact"],
        reading=Reading(stored["reading"]),
        of=stored["of"],
        scale=Scale(ScaleKind(scale["kind"]), scale["low"], scale["high"], scale["width"]),
        weight=stored["weight"],
    )


def _duty_to_json(duty: DutyHours | None) -> dict[str, Any] | None:
    if duty is None:
        return None
    return {"start": f"{duty.start:%H:%M}", "end": f"{duty.end:%H:%M}", "workdays_only": duty.workdays_only}


def _duty_from_json(stored: Mapping[str, Any] | None) -> DutyHours | None:
    if stored is None:
        return None
    return DutyHours(time.fromisoformat(stored["start"]), time.fromisoformat(stored["end"]), stored["workdays_only"])
