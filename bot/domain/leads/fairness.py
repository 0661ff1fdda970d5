"""How evenly leads lie on people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def gini(shares: Sequence[float]) -> float:
    """0 when all have the same (also when all have nothing), towards 1 when one has everything.

    Raises:
        ValueError: a share below zero.
    """
    ordered = np.sort(np.asarray(shares, dtype=np.float64))
    total, count = float(ordered.sum()), len(ordered)
    if count and ordered[0] < 0:
        raise ValueError("shares are not negative")
    if not total:
        return 0.0
    return float((2 * np.arange(1, count + 1) - count - 1) @ ordered / (count * total))


def gini_per_capacity(counts: Sequence[float], capacities: Sequence[int]) -> float:
    """`gini` of count ÷ capacity; who has no capacity is not compared."""
    able = np.asarray(capacities, dtype=np.float64) > 0
    return gini((np.asarray(counts, dtype=np.float64)[able] / np.asarray(capacities)[able]).tolist())
