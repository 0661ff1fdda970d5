"""From the leads of the last weeks to the prices of the coming day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bot.domain.leads.board import Board
from bot.domain.leads.eligibility import in_region
from bot.domain.leads.policy import Policy
from bot.domain.leads.pricing import History, learn_prices
from bot.domain.leads.roster import Learned, Roster, Standing
from bot.domain.leads.values import Lead, Rep

_BLOCK = 256  # leads fitted at once


def learn_from(leads: Sequence[Lead], reps: Sequence[Rep], policy: Policy) -> Learned:
    """What reps' places are worth, had the leads come to the reps of today with nothing on their lists. CPU-bound:
    about a second for 1,000 reps and 10,000 leads."""
    if not leads or not reps:
        return Learned()
    idle = [replace(rep, pending=0) for rep in reps]
    roster, standing = Roster.of(idle), Standing.of(idle)
    board = Board.of(roster, policy)
    fit = np.concatenate([board.fit(leads[at : at + _BLOCK], standing) for at in range(0, len(leads), _BLOCK)])
    for row, lead in enumerate(leads):
        if policy.same_region and lead.region:
            fit[row, ~in_region(lead, roster)] = -np.inf
    fit[:, roster.left] = -np.inf
    learned = learn_prices(
        History(
            employee_nos=roster.employee_nos,
            capacity=np.where(roster.left, 0.0, roster.capacity),
            fit=fit,
            high_intent=np.array([lead.high_intent for lead in leads], dtype=np.bool_),
        )
    )
    # Lists that turn over more than once in the time: nobody is ever usually more than full.
    return replace(learned, usual_load=min(learned.usual_load, 1.0))
