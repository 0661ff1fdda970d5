"""What was kept of a scored turn, and its points so rounded that what is shown adds up to the score that is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.leads.replay import Snapshot
from bot.domain.leads.values import Explanation, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDecision:
    """One row of lead_decisions; the moment is business time, aware."""

    lead_no: str
    turn_no: int
    decided_at: datetime
    policy_version: int
    employee_no: str
    runner_up: str  #: empty: there was no other
    margin: float
    refused: Mapping[Reason, int]
    explanation: Explanation
    snapshot: Snapshot


def hundredths(explanation: Explanation) -> tuple[int, tuple[int, ...]]:
    """The score and its lines in hundredths of a point; the lines add up to the score (largest remainder)."""
    exact = [line.points * 100 for line in explanation.contributions]
    score, rounded = round(explanation.score * 100), [math.floor(points) for points in exact]
    last = sorted(range(len(exact)), key=lambda place: rounded[place] - exact[place])
    for place in last[: score - sum(rounded)]:
        rounded[place] += 1
    return score, tuple(rounded)
