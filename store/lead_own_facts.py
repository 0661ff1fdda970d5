"""Facts about reps that the company typed or loaded itself (权重 数据), for dimensions of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.rule_known import OwnFact
from store.lead_gathering import Gathered


async def own_facts(connection: AsyncConnection) -> dict[str, OwnFact]:
    """Facts that the company typed or loaded, by name."""
    rows = await connection.execute(_OWN_NAMES)
    return {row.fact: OwnFact(frozenset(row.labels), row.least, row.most) for row in rows}


async def set_own_fact(
    connection: AsyncConnection, fact: str, employee_no: str, label: str, value: float, *, by: str, at: datetime
) -> None:
    """Put a number in place of the one before."""
    values = {"fact": fact, "employee_no": employee_no, "label": label, "value": value, "by": by, "at": at}
    await connection.execute(_SET_OWN, values)


async def read_own_facts(connection: AsyncConnection, gathered: Gathered) -> None:
    """What was set by the moment asked about."""
    for row in await connection.execute(_OWN_FACTS, {"at": gathered.at}):
        if row.label:
            gathered.labelled(row.employee_no, row.fact, row.label, row.value)
        else:
            gathered.own(row.employee_no, row.fact, row.value)


_OWN_FACTS = text("SELECT fact, employee_no, label, value FROM lead_facts WHERE set_at <= :at")
_OWN_NAMES = text("""
SELECT fact, array_agg(DISTINCT label) AS labels, min(value) AS least, max(value) AS most FROM lead_facts GROUP BY fact
""")
_SET_OWN = text("""
INSERT INTO lead_facts (fact, employee_no, label, value, set_by, set_at)
VALUES (:fact, :employee_no, :label, :value, :by, :at)
ON CONFLICT (fact, employee_no, label) DO UPDATE
SET value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at
""")
