"""Leads that came by file are history until an operator lets them go out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def bring_history(connection: AsyncConnection, *, until: datetime) -> int:
    """A waiting case for each lead received by then that has none; how many. Made once, whatever runs again.

    Who asked before from the same mobile is left as history; a customer's contact goes to whoever has the customer.
    """
    return int((await connection.execute(_BRING, {"until": until})).scalar_one())


_BRING = text("""
WITH made AS (
    INSERT INTO lead_cases (lead_no, state, queued_at, origin, owner_no, owner_how)
    SELECT l.lead_no, '待分配', l.received_at, 'file', coalesce(owner.owner_no, ''),
           CASE WHEN owner.owner_no IS NULL THEN '' ELSE '归属' END
    FROM leads AS l
    LEFT JOIN LATERAL (
        SELECT c.owner_no FROM contacts AS k JOIN customers AS c USING (customer_no)
        WHERE k.mobile_key = l.mobile_key AND l.mobile_key <> '' AND c.owner_no <> ''
        ORDER BY c.customer_no LIMIT 1
    ) AS owner ON true
    WHERE l.received_at <= :until
      AND NOT EXISTS (
          SELECT FROM leads AS earlier
          WHERE earlier.mobile_key = l.mobile_key AND l.mobile_key <> ''
            AND (earlier.received_at, earlier.lead_no) < (l.received_at, l.lead_no))
    ON CONFLICT (lead_no) DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM made
""")
