"""Approvals as a table and as a page of the read API: who was asked, what they said, how long each step took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Executable, Row, text

from bot.cards.waiting import duration
from bot.clock import SHANGHAI
from bot.domain.worktime import working_minutes_between
from store.sheets import Value

COLUMNS = ("审批编号", "客户编号", "金额", "折扣率", "发起人", "状态", "当前审批人", "每步(人:结论:时间)", "每步用时")


def export_query(as_of: datetime | None, *, between: tuple[datetime, datetime] | None) -> Executable:
    """Everything that was submitted, by submission; `as_of` shows it as it stood then."""
    start, end = between or (None, None)
    return _ROWS.bindparams(
        as_of=as_of, start=start, end=end, customer_no="", submitter_no="", state="", limit=None, offset=0, newest=False
    ).columns()


def page_query(*, customer_no: str, submitter_no: str, state: str, limit: int, offset: int) -> Executable:
    """One page for the read API, newest first."""
    return _ROWS.bindparams(
        as_of=None, start=None, end=None, customer_no=customer_no, submitter_no=submitter_no, state=state, limit=limit,
        offset=offset, newest=True,
    ).columns()  # fmt: skip


def export_cells(row: Row[Any]) -> Sequence[Value]:
    steps = row.steps or []
    return (
        row.approval_no,
        row.customer_no,
        Decimal(row.amount_fen).scaleb(-2),
        Decimal(row.discount).normalize(),
        row.submitter,
        row.shown_state,
        ";".join(current(steps) if row.shown_state == "审批中" else ()),
        ";".join(decisions(steps)),
        ";".join(durations(steps)),
    )


def current(steps: Sequence[dict[str, Any]]) -> list[str]:
    """Who may decide now."""
    opened = [step for step in steps if step["opened"]]
    seats = (opened[-1]["seats"] or []) if opened else []
    return list(dict.fromkeys(actor for seat in seats if not seat["verdict"] for actor in seat["actors"] or ()))


def decisions(steps: Sequence[dict[str, Any]]) -> list[str]:
    """`陈磊(YG003):同意:2026-02-12 10:05`, in the order of the steps."""
    return [
        f"{seat['who']}:{seat['verdict']}:{_local(seat['at']):%Y-%m-%d %H:%M}"
        for step in steps
        for seat in step["seats"] or ()
        if seat["verdict"]
    ]


def durations(steps: Sequence[dict[str, Any]]) -> list[str]:
    """`上级 35 分钟`, in working time."""
    return [
        f"{step['name']} {duration(working_minutes_between(_local(step['opened']), _local(step['closed'])))}"
        for step in steps
        if step["opened"] and step["closed"]
    ]


def _local(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(SHANGHAI)


# People as `陈磊(YG003)`: numbers are unique, names are what people know.
_ROWS = text("""
WITH wanted AS (
    SELECT *, CASE WHEN decided_at > CAST(:as_of AS timestamptz) THEN '审批中' ELSE state END AS shown_state
    FROM approvals
    WHERE submitted_at IS NOT NULL
      AND (CAST(:as_of AS timestamptz) IS NULL OR submitted_at <= CAST(:as_of AS timestamptz))
      AND (CAST(:start AS timestamptz) IS NULL OR submitted_at >= CAST(:start AS timestamptz))
      AND (CAST(:end AS timestamptz) IS NULL OR submitted_at < CAST(:end AS timestamptz))
      AND (CAST(:customer_no AS text) = '' OR customer_no = CAST(:customer_no AS text))
      AND (CAST(:submitter_no AS text) = '' OR submitter_no = CAST(:submitter_no AS text))
      AND (CAST(:state AS text) = '' OR state = CAST(:state AS text))
), people AS (
    SELECT employee_no, name || '(' || employee_no || ')' AS person FROM employees
), seats AS (
    SELECT s.approval_no, s.step_no, json_agg(json_build_object(
        'who', CASE WHEN done.is THEN coalesce(p.person, s.decided_by) END,
        'verdict', CASE WHEN done.is THEN s.verdict END,
        'at', CASE WHEN done.is THEN s.decided_at END,
        'actors', (SELECT json_agg(coalesce(q.person, actor) ORDER BY place)
                   FROM unnest(s.actor_nos) WITH ORDINALITY AS a(actor, place)
                   LEFT JOIN people AS q ON q.employee_no = actor WHERE NOT done.is)) ORDER BY s.seat_no) AS seats
    FROM approval_seats AS s JOIN wanted AS w ON (w.approval_no, w.attempt) = (s.approval_no, s.attempt)
    CROSS JOIN LATERAL (SELECT s.verdict IS NOT NULL AND (
        CAST(:as_of AS timestamptz) IS NULL OR s.decided_at <= CAST(:as_of AS timestamptz)) AS is) AS done
    LEFT JOIN people AS p ON p.employee_no = s.decided_by
    GROUP BY s.approval_no, s.step_no
), steps AS (
    SELECT t.approval_no, json_agg(json_build_object('name', t.name,
        'opened', CASE WHEN t.opened_at <= coalesce(CAST(:as_of AS timestamptz), 'infinity') THEN t.opened_at END,
        'closed', CASE WHEN t.closed_at <= coalesce(CAST(:as_of AS timestamptz), 'infinity') THEN t.closed_at END,
        'seats', seats.seats) ORDER BY t.step_no) AS steps
    FROM approval_steps AS t JOIN wanted AS w ON (w.approval_no, w.attempt) = (t.approval_no, t.attempt)
    LEFT JOIN seats ON (seats.approval_no, seats.step_no) = (t.approval_no, t.step_no)
    GROUP BY t.approval_no
)
SELECT w.*, coalesce(p.person, w.submitter_no) AS submitter, steps.steps, count(*) OVER () AS total
FROM wanted AS w LEFT JOIN steps USING (approval_no) LEFT JOIN people AS p ON p.employee_no = w.submitter_no
ORDER BY CASE WHEN CAST(:newest AS boolean) THEN NULL ELSE w.submitted_at END, w.submitted_at DESC,
         w.approval_no
LIMIT CAST(:limit AS bigint) OFFSET CAST(:offset AS bigint)
""")
