"""Where every rep stands before leads are given out: one query, whatever the number of reps."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.roster import Learned, Roster, Standing

HIGH_INTENT_WINDOW = timedelta(days=30)


async def standing(connection: AsyncConnection, roster: Roster, learned: Learned, *, at: datetime) -> Standing:
    """Open leads, high-intent leads of the last 30 days before `at` (business time), and the last turn of each rep."""
    values = {"employee_nos": list(roster.employee_nos), "since": at - HIGH_INTENT_WINDOW, "at": at}
    row = (await connection.execute(_STANDING, values)).one()
    turns = np.array(row.last_turn or (), dtype=np.int64)
    return Standing(
        pending=np.array(row.pending or (), dtype=np.float64),
        high_intent=np.array(row.high_intent or (), dtype=np.float64),
        last_turn=turns,
        turn=int(turns.max(initial=0)),
        price=np.array([learned.prices.get(number, 0.0) for number in roster.employee_nos], dtype=np.float64),
        usual_load=learned.usual_load,
        usual_high_intent=learned.usual_high_intent,
        high_intent_per_rep=learned.high_intent_per_rep,
    )


_STANDING = text("""
WITH held AS (
    SELECT holder_no, count(*) AS leads FROM lead_cases WHERE holder_no <> '' GROUP BY holder_no
), high AS (
    SELECT employee_no, count(*) AS leads FROM lead_turns
    WHERE high_intent AND given_at > :since AND given_at <= :at GROUP BY employee_no
)
SELECT array_agg(coalesce(held.leads, 0) ORDER BY position) AS pending,
       array_agg(coalesce(high.leads, 0) ORDER BY position) AS high_intent,
       array_agg(coalesce(newest.serial, 0) ORDER BY position) AS last_turn
FROM unnest(CAST(:employee_nos AS text[])) WITH ORDINALITY AS rep(number, position)
LEFT JOIN held ON held.holder_no = rep.number
LEFT JOIN high ON high.employee_no = rep.number
LEFT JOIN LATERAL (
    SELECT serial FROM lead_turns WHERE lead_turns.employee_no = rep.number ORDER BY serial DESC LIMIT 1
) AS newest ON true
""")
