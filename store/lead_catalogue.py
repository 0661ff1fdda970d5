"""The facts of the catalogue beyond those of the seven factors (bot/domain/leads/fact_catalogue.py), from the records.

As of a moment: nothing after it counts.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.facts import win_rate
from store.lead_gathering import Gathered, Reader


async def _restart(connection: AsyncConnection, gathered: Gathered) -> None:
    values = {
        "at": gathered.at,
        "recent": gathered.at - timedelta(days=14),
        "since": gathered.at - timedelta(days=74),
        "day": gathered.day,
    }
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in await connection.execute(_RESTART, values):
        for key, label in (
            ("restart", ""),
            ("restart_by_industry", row.industry),
            ("restart_by_region", row.region),
        ):
            known = counts[row.owner_no, key, label]
            known[0] += row.again
            known[1] += row.before
    for (number, key, label), (again, before) in counts.items():
        if key == "restart":
            gathered.own(number, key, again / before)
        elif label:
            gathered.labelled(number, key, label, again / before)


async def _visits(connection: AsyncConnection, gathered: Gathered) -> None:
    rows = await connection.execute(_VISITS, {"at": gathered.at, "since": gathered.at - timedelta(days=30)})
    counts = {row.employee_no: row.visits for row in rows}
    for person in gathered.people:
        gathered.own(person.employee_no, "visits_in_30_days", float(counts.get(person.employee_no, 0)))


async def _win_rates(connection: AsyncConnection, gathered: Gathered) -> None:
    for row in await connection.execute(_ENDED, {"at": gathered.at}):
        gathered.own(row.employee_no, "win_rate", win_rate(row.won, row.lost))


async def _years(connection: AsyncConnection, gathered: Gathered) -> None:
    for person in gathered.people:
        if person.hired_on and person.hired_on <= gathered.day:
            gathered.own(person.employee_no, "years_here", (gathered.day - person.hired_on).days / 365.25)


CATALOGUE_READERS: tuple[tuple[frozenset[str], Reader], ...] = (
    (frozenset({"restart", "restart_by_industry", "restart_by_region"}), _restart),
    (frozenset({"visits_in_30_days"}), _visits),
    (frozenset({"win_rate"}), _win_rates),
    (frozenset({"years_here"}), _years),
)

_RESTART = text("""
SELECT c.owner_no, c.industry, c.region, count(*) AS before, count(*) FILTER (WHERE o.again) AS again
FROM (
    SELECT customer_no, bool_or(ordered_at > :recent) AS again
    FROM orders WHERE ordered_at > :since AND ordered_at <= :at AND status <> '已取消'
    GROUP BY customer_no HAVING bool_or(ordered_at <= :recent)
) AS o JOIN customers AS c USING (customer_no)
WHERE c.created_on IS NULL OR c.created_on <= :day
GROUP BY c.owner_no, c.industry, c.region
""")
_VISITS = text("""
SELECT employee_no, count(*) AS visits FROM visits
WHERE visited_at > :since AND visited_at <= :at AND state IN ('待确认', '已确认', '已载入')
GROUP BY employee_no
""")
_ENDED = text("""
SELECT employee_no, count(*) FILTER (WHERE ending = '成交') AS won, count(*) FILTER (WHERE ending = '关闭') AS lost
FROM lead_turns WHERE ending IN ('成交', '关闭') AND ended_at <= :at GROUP BY employee_no
""")
