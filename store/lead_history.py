"""Leads that came by file are history until an operator lets them go out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.cases import How
from bot.domain.leads.duplicates import Kind, Same, find_every
from bot.domain.leads.records import LeadRecord
from store.codec import for_jsonb
from store.lead_known import customer_owners, customers_like
from store.leads import to_record


async def bring_history(connection: AsyncConnection, *, until: datetime) -> int:
    """A waiting case for each lead received by then that has none; how many. Made once, whatever runs again.

    Compared as the export compares them: who asked before is left as history, a customer's lead goes to whoever has
    the customer.
    """
    rows = (await connection.execute(_LEADS, {"until": until})).all()
    leads = [to_record(row) for row in rows]
    same = find_every(leads, await customers_like(connection, leads))
    owners = await customer_owners(connection)
    cases = [
        _case(lead, same.get(lead.lead_no, []), owners)
        for lead, row in zip(leads, rows, strict=True)
        if not row.live and all(each.kind is not Kind.LEAD for each in same.get(lead.lead_no, []))
    ]
    return int((await connection.execute(_BRING, {"cases": for_jsonb(cases).decode()})).scalar_one())


def _case(lead: LeadRecord, known: list[Same], owners: dict[str, str]) -> dict[str, Any]:
    first = known[0] if known else None
    owner_no = owners.get(first.no, "") if first is not None else ""
    return {
        "lead_no": lead.lead_no,
        "queued_at": lead.received_at,
        "same_kind": first.kind.value if first else "",
        "same_no": first.no if first else "",
        "same_why": first.why.value if first else "",
        "owner_no": owner_no,
        "owner_how": How.OWNER.value if owner_no else "",
    }


_LEADS = text("""
SELECT l.*, c.lead_no IS NOT NULL AS live FROM leads AS l LEFT JOIN lead_cases AS c USING (lead_no)
WHERE l.received_at <= :until ORDER BY l.received_at, l.lead_no
""")
_BRING = text("""
WITH made AS (
    INSERT INTO lead_cases (lead_no, state, queued_at, origin, same_kind, same_no, same_why, owner_no, owner_how)
    SELECT lead_no, '待分配', queued_at, 'file', same_kind, same_no, same_why, owner_no, owner_how
    FROM jsonb_to_recordset(CAST(:cases AS jsonb))
        AS r(lead_no text, queued_at timestamptz, same_kind text, same_no text, same_why text, owner_no text,
             owner_how text)
    ON CONFLICT (lead_no) DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM made
""")
