"""The best that hindsight could have done: all leads known, nobody over capacity, the highest sum of fits.

For the manager's regret by night and for giving out a whole backlog anew; never for a single lead. OR-tools finds it,
on the best hundred reps of each lead; `gap_of` then proves from the full table how far it is from the true optimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.domain.leads.policy import Floats

Columns = npt.NDArray[np.int64]
BREADTH = 100  # reps looked at for each lead; more only where some lead found no place
NOBODY = -1
_UNIT = 1_000_000  # fit is counted in millionths: the solver wants whole numbers


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    total: float  #: sum of fits
    winners: Columns  #: the column of each lead's rep; `NOBODY` where there is no place
    gap: float  #: the true optimum is at most that much more; 0 up to rounding when it is proven


def best_assignment(fit: npt.NDArray[np.floating], capacity: Floats, *, breadth: int = BREADTH) -> Optimum:
    """As many leads as possible, as well placed as possible. `fit` is (leads, reps), 0..1, -inf: can not have it."""
    table = np.where(np.isfinite(fit), fit, -np.inf)
    winners = np.full(len(table), NOBODY, dtype=np.int64)
    while table.size:
        breadth = min(breadth, table.shape[1])
        winners = _flow(table, capacity, breadth)
        if breadth == table.shape[1] or (winners != NOBODY).all():
            break
        breadth *= 4
    placed = np.flatnonzero(winners != NOBODY)
    total = float(table[placed, winners[placed]].sum(dtype=np.float64))
    return Optimum(total, winners, gap_of(table, capacity, winners))


def _flow(table: npt.NDArray[np.floating], capacity: Floats, breadth: int) -> Columns:
    """Minimum-cost flow: source, leads, reps, sink; a lead without a place costs more than any fit is worth."""
    from ortools.graph.python import min_cost_flow  # heavy: only the nightly run needs it

    leads, reps = table.shape
    near = np.argpartition(-table, breadth - 1, axis=1)[:, :breadth]
    lead, column = np.repeat(np.arange(leads), breadth), near.ravel()
    values = table[lead, column]
    possible = np.isfinite(values)
    lead, column, values = lead[possible], column[possible], values[possible].astype(np.float64)
    sink, solver = leads + reps, min_cost_flow.SimpleMinCostFlow()
    costs = -np.rint(values * _UNIT).astype(np.int64)
    arcs = solver.add_arcs_with_capacity_and_unit_cost(lead, leads + column, np.ones(len(lead), np.int64), costs)
    rep = np.arange(reps)
    solver.add_arcs_with_capacity_and_unit_cost(
        leads + rep, np.full(reps, sink), np.floor(capacity).astype(np.int64), np.zeros(reps, np.int64)
    )
    every = np.arange(leads)
    solver.add_arcs_with_capacity_and_unit_cost(
        every, np.full(leads, sink), np.ones(leads, np.int64), np.full(leads, 10 * _UNIT)
    )
    supplies = np.concatenate([np.ones(leads), np.zeros(reps), [-leads]]).astype(np.int64)
    solver.set_nodes_supplies(np.arange(sink + 1), supplies)
    if solver.solve() != solver.OPTIMAL:
        raise AssertionError("a flow with a way out for each lead always has an optimum")
    used = solver.flows(arcs) > 0
    winners = np.full(leads, NOBODY, dtype=np.int64)
    winners[lead[used]] = column[used]
    return winners


def gap_of(table: npt.NDArray[np.floating], capacity: Floats, winners: Columns) -> float:
    """How much more than `winners` any assignment of the same leads could reach at most, by prices that prove it.

    Prices of full reps rise until nobody would rather have a lead of theirs; prices of others stay 0. Any prices give a
    bound (weak duality); those of an optimum give its own value.
    """
    placed = np.flatnonzero(winners != NOBODY)
    if not placed.size:
        return 0.0
    fits, holders = table[placed].astype(np.float64), winners[placed]
    own = fits[np.arange(len(placed)), holders]
    envy = np.full((table.shape[1],) * 2, -np.inf)  # [holder, other]: how much better the other is, for the best lead
    for holder in np.unique(holders):
        mine = holders == holder
        envy[holder] = (fits[mine] - own[mine, None]).max(axis=0)
    full = np.bincount(holders, minlength=table.shape[1]) >= np.floor(capacity)
    prices = np.zeros(table.shape[1])
    for _ in range(table.shape[1]):
        risen = np.where(full, np.maximum(prices, (prices[:, None] + envy).max(axis=0)), 0.0)
        if np.allclose(risen, prices, rtol=0, atol=1 / _UNIT):
            break
        prices = risen
    bound = (fits - prices).max(axis=1).sum() + float((prices * np.floor(capacity)).sum())
    return float(max(0.0, bound - own.sum()))
