"""The arithmetic of a score, on arrays over the reps: shared by what is scored by day and what is replayed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.domain.leads.policy import Charge, Dimension, Floats, Policy
from bot.domain.leads.roster import Bools, Ints, Standing

UNKNOWN_FIT = 0.5  # of a rep of whom nothing at all is known: neither liked nor disliked
TIE = 1e-9  # scores closer than that are the same


def split(dimension: Dimension, facts: npt.NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Points of the facts under their dimension, and the weight that counts: both 0 where a fact is missing."""
    factors = dimension.scale.apply(np.asarray(facts, dtype=np.float64))
    missing = np.isnan(factors)
    return np.where(missing, 0.0, factors * dimension.weight), np.where(missing, 0.0, dimension.weight)


def weighted(facts: Floats, policy: Policy) -> Floats:
    """The fit of each rep from the raw facts (dimensions, reps): Σ weight · factor, missing weights shared out."""
    parts = [split(dimension, row) for dimension, row in zip(policy.dimensions, facts, strict=True)]
    points, counted = (np.sum(part, axis=0) for part in zip(*parts, strict=True))
    return np.where(counted > 0, points / np.where(counted > 0, counted, 1.0), UNKNOWN_FIT)


def load(pending: Floats, capacity: Floats) -> Floats:
    """Pending ÷ capacity. Who has no capacity never gets a lead, whatever this says of them."""
    return np.asarray(pending / np.maximum(capacity, 1.0))


def charges(capacity: Floats, standing: Standing, policy: Policy, *, high_intent: bool) -> tuple[Floats, ...]:
    """What is taken off each rep's score: learned price, load and, for a high-intent lead, the leads of that kind.

    The more of those everybody has, the less one of them makes shares uneven, so the less it is charged.
    """
    price = standing.price * policy.price_share
    pending = _charge(policy.load, load(standing.pending, capacity), standing.usual_load)
    if not high_intent:
        return price, pending
    share = load(standing.high_intent, capacity)
    high = _charge(policy.high_intent, share, standing.usual_high_intent) / max(standing.high_intent_per_rep, 1.0)
    return price, pending, high


def _charge(charge: Charge, share: Floats, usual: float) -> Floats:
    """weight · (share ÷ usual share) ** power; where nothing is usual nothing is charged."""
    return charge.weight * (share / usual) ** charge.power if usual > 0 else np.zeros_like(share)


def best(scores: Floats, eligible: Bools, last_turn: Ints) -> int | None:
    """The column of the highest score; of equal ones who was given a lead least recently, then the first."""
    columns = np.flatnonzero(eligible)
    if not columns.size:
        return None
    candidates = scores[columns]
    ties = columns[candidates >= candidates.max() - TIE]
    return int(ties[last_turn[ties].argmin()])


def total(charged: Sequence[Floats]) -> Floats:
    """The charges of each rep together."""
    return sum(charged[1:], start=charged[0])
