"""Leads as a table: what each is the same as, who got it, how well it fits, when they were told and answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads import Board, Roster, Standing
from bot.domain.leads.duplicates import Same, Why, find_all
from bot.domain.leads.projection import Projected, project
from store.lead_facts import reps
from store.lead_known import customer_owners, customers_like
from store.lead_rules import LeadRuleRepository
from store.leads import to_record
from store.sheets import Value

COLUMNS = ("线索编号", "重复于", "分配工号", "匹配分", "分配时间", "通知时间", "首次响应时间", "状态")
HISTORY = "历史"
GIVEN, WAITING = "已分配（推算）", "待分配（推算）"  # what a history lead would have come to; nobody did it
_SCORE = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class _History:
    """What is computed of leads that came by file; nothing of it is stored."""

    same: Mapping[str, Same]
    projected: Mapping[str, Projected] | None  #: None: no moment was asked about


async def export_rows(
    connection: AsyncConnection, *, as_of: datetime | None, between: tuple[datetime, datetime] | None
) -> list[Sequence[Value]]:
    """A row for each lead, in the order they came; `as_of` leaves out what happened later.

    Leads that came by file have no assignment; with `as_of` it is shown who would have got them by then.
    """
    rows = (await connection.execute(ROWS, {**NO_FILTER, "as_of": as_of})).all()
    history = await _history(connection, rows, as_of)
    return [_cells(row, history) for row in rows if between is None or between[0] <= row.received_at < between[1]]


async def _history(connection: AsyncConnection, rows: Sequence[Any], as_of: datetime | None) -> _History:
    leads = [to_record(row) for row in rows]
    same = find_all(leads, await customers_like(connection, leads))
    if as_of is None:
        return _History(same, None)
    files = [lead for lead, row in zip(leads, rows, strict=True) if not row.live]
    rules = await LeadRuleRepository(connection).current()
    people = await reps(connection, rules, at=as_of)
    board, standing = Board.of(Roster.of(people), rules.policy), Standing.of(people)
    owners = await customer_owners(connection)
    projected = project(files, same, board, standing, owner_of=lambda number: owners.get(number, ""), until=as_of)
    return _History(same, projected)


def _cells(row: Any, history: _History) -> Sequence[Value]:
    if row.live:
        certain = row.same_no and row.same_why != Why.NUMBER_ONLY
        return (
            row.lead_no,
            row.same_no if certain else "",
            row.employee_no or "",
            _score(row.score),
            row.given_at,
            row.told_at,
            row.responded_at,
            row.state,
        )
    same = history.same.get(row.lead_no)
    same_no = same.no if same is not None else ""
    if history.projected is None:
        return row.lead_no, same_no, "", None, None, None, None, HISTORY
    got = history.projected.get(row.lead_no)
    if got is None:
        return row.lead_no, same_no, "", None, None, None, None, WAITING
    return row.lead_no, same_no, got.employee_no, _score(got.score), got.at, None, None, GIVEN


def _score(score: float | None) -> Decimal | None:
    return None if score is None else Decimal(score).quantize(_SCORE)


NO_FILTER: Mapping[str, Any] = {
    "as_of": None, "state": "", "employee_no": "", "region": "", "since": None, "until": None,
    "newest": False, "limit": None, "offset": 0,
}  # fmt: skip
# When the platform took a card: the moment it was given, by business time, and what sending took, by real time.
ROWS = text("""
WITH known AS (
    SELECT l.*, c.lead_no IS NOT NULL AS live, c.same_kind, c.same_no, c.same_why, c.owner_no, c.waits_for,
           t.employee_no AS turn_employee, t.score AS turn_score, t.given_at AS turn_given_at,
           t.given_at + card.took AS turn_told_at, answer.responded_at,
           CASE WHEN c.lead_no IS NULL THEN '历史'
                WHEN CAST(:as_of AS timestamptz) IS NULL OR c.closed_at <= CAST(:as_of AS timestamptz) THEN c.state
                WHEN t.turn_no IS NULL THEN '待分配'
                WHEN t.ended_at IS NULL OR t.ended_at > CAST(:as_of AS timestamptz)
                    THEN CASE WHEN t.responded_at <= CAST(:as_of AS timestamptz) THEN '跟进中' ELSE '待响应' END
                WHEN t.turn_no = c.turn_no AND c.state = '公海' THEN '公海'
                ELSE '待分配' END AS state
    FROM leads AS l LEFT JOIN lead_cases AS c USING (lead_no)
    LEFT JOIN LATERAL (
        SELECT * FROM lead_turns AS turn WHERE turn.lead_no = c.lead_no
        AND (CAST(:as_of AS timestamptz) IS NULL OR turn.given_at <= CAST(:as_of AS timestamptz))
        ORDER BY turn.turn_no DESC LIMIT 1
    ) AS t ON true
    LEFT JOIN LATERAL (
        SELECT min(turn.responded_at) AS responded_at FROM lead_turns AS turn WHERE turn.lead_no = c.lead_no
        AND (CAST(:as_of AS timestamptz) IS NULL OR turn.responded_at <= CAST(:as_of AS timestamptz))
    ) AS answer ON true
    LEFT JOIN LATERAL (
        SELECT sent.sent_at - sent.created_at AS took FROM outbox AS sent
        WHERE sent.card_id = t.card_id AND t.card_id <> '' AND sent.sent_at IS NOT NULL
          AND sent.content ->> 'type' <> 'card_update'
        ORDER BY sent.outbox_id LIMIT 1
    ) AS card ON true
    WHERE l.received_at IS NOT NULL
      AND (CAST(:as_of AS timestamptz) IS NULL OR l.received_at <= CAST(:as_of AS timestamptz))
      AND (CAST(:region AS text) = '' OR l.region = CAST(:region AS text))
      AND (CAST(:since AS timestamptz) IS NULL OR l.received_at >= CAST(:since AS timestamptz))
      AND (CAST(:until AS timestamptz) IS NULL OR l.received_at < CAST(:until AS timestamptz))
), shown AS (
    SELECT *, CASE WHEN state IN ('待响应', '跟进中', '已成交', '已关闭') THEN turn_employee
                   WHEN state = '已合并' THEN owner_no ELSE '' END AS employee_no,
           CASE WHEN state IN ('待响应', '跟进中', '已成交', '已关闭') THEN turn_score END AS score,
           CASE WHEN state IN ('待响应', '跟进中', '已成交', '已关闭') THEN turn_given_at END AS given_at,
           CASE WHEN state IN ('待响应', '跟进中', '已成交', '已关闭') THEN turn_told_at END AS told_at
    FROM known
)
SELECT *, count(*) OVER () AS total FROM shown
WHERE (CAST(:state AS text) = '' OR state = CAST(:state AS text))
  AND (CAST(:employee_no AS text) = '' OR employee_no = CAST(:employee_no AS text))
ORDER BY CASE WHEN CAST(:newest AS boolean) THEN NULL ELSE received_at END, received_at DESC, lead_no
LIMIT CAST(:limit AS bigint) OFFSET CAST(:offset AS bigint)
""")
