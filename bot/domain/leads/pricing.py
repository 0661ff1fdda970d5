"""What an hour of a sought-after rep is worth, learned by night from the leads of the last weeks.

Whoever suits many leads would be full by the middle of the month, and leads that only they suit would come too late.
A price per rep prevents that: it is what a lead must be better with them than elsewhere. The prices are the multipliers
of "nobody gets more than a tenth above their share", found by subgradient steps over the leads in random order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.domain.leads.policy import Floats
from bot.domain.leads.roster import Bools, Learned

ABOVE_SHARE = 0.1  # how much more than their share of the leads a rep may get before they have a price
PASSES = 3
_STEP, _LAST_STEP = 0.02, 0.0004  # in points of score, falling in a straight line


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class History:
    """The leads of one past window (a month), whoever got them, as they would suit the reps of today."""

    employee_nos: tuple[str, ...]
    capacity: Floats
    fit: Floats  #: (leads, reps); -inf where a rep could not have had the lead
    high_intent: Bools  #: (leads,)


def learn_prices(history: History, *, seed: int = 0, passes: int = PASSES) -> Learned:
    """Prices of the reps and the usual shares; the same history and seed give the same.

    About a second for 1,000 reps and 10,000 leads. Without leads or capacity everything is as if never learned.
    """
    fit = np.where((history.capacity > 0) & np.isfinite(history.fit), history.fit, -np.inf)
    suited = fit[np.isfinite(fit).any(axis=1)]
    if not suited.size:
        return Learned()
    capacity = float(history.capacity.sum())
    prices = _multipliers(suited, history.capacity / capacity, seed, passes)
    leads, high = len(history.high_intent), float(np.count_nonzero(history.high_intent))
    return Learned(
        prices={no: float(price) for no, price in zip(history.employee_nos, prices, strict=True) if price > 0},
        usual_load=leads / capacity,
        usual_high_intent=high / capacity,
        high_intent_per_rep=high / float(np.count_nonzero(history.capacity > 0)),
    )


def _multipliers(fit: Floats, share: Floats, seed: int, passes: int) -> Floats:
    """The average of the prices over the second half of the steps."""
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(fit)) for _ in range(passes)])
    steps = np.linspace(_STEP, _LAST_STEP, len(order))
    allowed = share * (1 + ABOVE_SHARE)
    prices, total, half = np.zeros(len(share)), np.zeros(len(share)), len(order) // 2
    for number, (lead, step) in enumerate(zip(order, steps, strict=True)):
        wins = int((fit[lead] - prices).argmax())
        prices -= step * allowed
        prices[wins] += step
        np.maximum(prices, 0.0, out=prices)
        if number >= half:
            total += prices
    return total / (len(order) - half)
