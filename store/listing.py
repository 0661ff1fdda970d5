"""Lists for the read API: filtered, newest first, a page at a time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from bot.clock import SHANGHAI
from store.business import visits
from store.database import Database

HIDDEN = ("已撤销", "待选客户")  # undone, or the customer not yet chosen


async def list_visits(
    database: Database,
    *,
    customer_no: str = "",
    employee_no: str = "",
    since: date | None = None,
    until: date | None = None,
    limit: int = 100,
    offset: int = 0,
) -> tuple[list[dict[str, Any]], int]:
    """One page of visits and how many there are in all. Days are inclusive, in Shanghai."""
    wanted: list[ColumnElement[bool]] = [visits.c.state.not_in(HIDDEN), visits.c.customer_no.is_not(None)]
    if customer_no:
        wanted.append(visits.c.customer_no == customer_no)
    if employee_no:
        wanted.append(visits.c.employee_no == employee_no)
    if since is not None:
        wanted.append(visits.c.visited_at >= datetime.combine(since, time(), SHANGHAI))
    if until is not None:
        wanted.append(visits.c.visited_at < datetime.combine(until + timedelta(days=1), time(), SHANGHAI))
    page = (
        select(visits)
        .where(*wanted)
        .order_by(visits.c.visited_at.desc(), visits.c.visit_no.desc())
        .limit(limit)
        .offset(offset)
    )
    async with database.engine.connect() as connection:
        total = (await connection.execute(select(func.count()).select_from(visits).where(*wanted))).scalar_one()
        rows = (await connection.execute(page)).all()
    return [_to_item(row) for row in rows], int(total)


def _to_item(row: Any) -> dict[str, Any]:
    return {
        "visit_no": row.visit_no,
        "customer_no": row.customer_no,
        "employee_no": row.employee_no,
        "visited_at": row.visited_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "kind": row.kind or "",
        "content": row.content or "",
        "contact": row.contact or "",
        "amount": None if row.amount_fen is None else f"{row.amount_fen // 100}.{row.amount_fen % 100:02d}",
        "intent": row.intent or "",
        "next_follow_up": row.next_follow_up,
        "state": row.state,
    }
