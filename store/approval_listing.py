"""Approvals for the read API: filtered, newest first, a page at a time."""

from __future__ import annotations

from typing import Any

from bot.clock import SHANGHAI
from store.approval_export import current, decisions, page_query
from store.database import Database


async def list_approvals(
    database: Database,
    *,
    customer_no: str = "",
    submitter_no: str = "",
    state: str = "",
    limit: int = 100,
    offset: int = 0,
) -> tuple[list[dict[str, Any]], int]:
    """One page of what was ever submitted, and how many there are in all."""
    page = page_query(customer_no=customer_no, submitter_no=submitter_no, state=state, limit=limit, offset=offset)
    async with database.engine.connect() as connection:
        rows = (await connection.execute(page)).all()
        if rows or not offset:
            return [_to_item(row) for row in rows], int(rows[0].total) if rows else 0
        first = page_query(customer_no=customer_no, submitter_no=submitter_no, state=state, limit=1, offset=0)
        return [], sum(int(row.total) for row in (await connection.execute(first)).all())


def _to_item(row: Any) -> dict[str, Any]:
    steps = row.steps or []
    return {
        "approval_no": row.approval_no,
        "customer_no": row.customer_no,
        "kind": row.kind,
        "amount": f"{row.amount_fen // 100}.{row.amount_fen % 100:02d}",
        "discount": f"{row.discount.normalize():f}",
        "months": row.months,
        "submitter_no": row.submitter_no,
        "state": row.state,
        "waiting_for": current(steps) if row.state == "审批中" else [],
        "decisions": decisions(steps),
        "submitted_at": row.submitted_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "decided_at": row.decided_at.astimezone(SHANGHAI).isoformat(timespec="seconds") if row.decided_at else None,
        "contract_no": row.contract_no,
    }
