"""Leads for the read API: filtered, newest first, a page at a time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from bot.cards.lead_words import WAITS_FOR
from bot.clock import SHANGHAI
from bot.domain.leads.cases import LeadState
from bot.domain.leads.values import Reason
from store.database import Database
from store.lead_export import NO_FILTER, ROWS


async def list_leads(
    database: Database,
    *,
    state: str = "",
    employee_no: str = "",
    region: str = "",
    since: date | None = None,
    until: date | None = None,
    limit: int = 100,
    offset: int = 0,
) -> tuple[list[dict[str, Any]], int]:
    """One page of leads and how many there are in all. Days are inclusive, in Shanghai."""
    wanted = {
        **NO_FILTER,
        "state": state,
        "employee_no": employee_no,
        "region": region,
        "since": datetime.combine(since, time(), SHANGHAI) if since else None,
        "until": datetime.combine(until + timedelta(days=1), time(), SHANGHAI) if until else None,
        "newest": True,
    }
    async with database.engine.connect() as connection:
        rows = (await connection.execute(ROWS, wanted | {"limit": limit, "offset": offset})).all()
        if rows or not offset:
            return [_to_item(row) for row in rows], int(rows[0].total) if rows else 0
        first = (await connection.execute(ROWS, wanted | {"limit": 1, "offset": 0})).all()
        return [], int(first[0].total) if first else 0


def _to_item(row: Any) -> dict[str, Any]:
    return {
        "lead_no": row.lead_no,
        "received_at": _local(row.received_at),
        "source": row.source,
        "company": row.company,
        "contact": row.contact,
        "mobile": row.mobile,
        "region": row.region,
        "industry": row.industry,
        "amount": None if row.amount_fen is None else f"{row.amount_fen // 100}.{row.amount_fen % 100:02d}",
        "intent": row.intent,
        "note": row.note,
        "state": row.state,
        "waits_for": WAITS_FOR[Reason(row.waits_for)] if row.state == LeadState.WAITING else "",
        "employee_no": row.employee_no or "",
        "score": None if row.score is None else round(row.score, 4),
        "assigned_at": _local(row.given_at),
        "responded_at": _local(row.responded_at),
        "same_kind": row.same_kind or "",
        "same_no": row.same_no or "",
        "same_why": row.same_why or "",
    }


def _local(moment: datetime | None) -> str | None:
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds") if moment else None
