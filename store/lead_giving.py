"""Giving out in batches: one lock, the longest waiting first, and one statement that writes what was decided."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.cases import LeadCase
from bot.domain.leads.giving import Choice, SameAs, Waiting
from bot.domain.leads.records import LeadRecord
from bot.domain.leads.replay import explanation_to_json
from bot.domain.leads.rules import LeadRules
from store.codec import for_jsonb
from store.leads import case_values, to_case, to_record, to_turn, turn_values

BATCH = 64


async def lock_places(connection: AsyncConnection) -> None:
    """Until this transaction ends nobody else fills a rep's place: whoever counts places does so under this lock.

    Whoever also locks a case locks the case first.
    """
    await connection.execute(_LOCK)


async def something_waits(connection: AsyncConnection) -> bool:
    """Whether a look at the queue is worth the lock."""
    return bool((await connection.execute(_ANY)).scalar_one())


async def waiting(connection: AsyncConnection) -> int:
    """How many leads nobody has."""
    return int((await connection.execute(_WAITING)).scalar_one())


async def take(connection: AsyncConnection, *, after: tuple[datetime, str] | None = None) -> list[Waiting]:
    """The next leads of the queue, locked; `after` is the place of the last one seen. Empty at the end.

    A lead that somebody has locked at this moment is left out; `waiting` counts it nevertheless.
    """
    at, number = after or (None, "")
    rows = (await connection.execute(_TAKE, {"after": at, "number": number, "limit": BATCH})).all()
    turns: dict[str, list[Any]] = {row.lead_no: [] for row in rows}
    if had := [row.lead_no for row in rows if row.turn_no]:
        for turn in await connection.execute(_TURNS, {"lead_nos": had}):
            turns[turn.lead_no].append(to_turn(turn))
    return [
        Waiting(to_case(row, turns[row.lead_no]), to_record(row), SameAs(row.same_kind, row.same_no, row.same_why))
        for row in rows
    ]


async def free_places(connection: AsyncConnection, employee_nos: Iterable[str], rules: LeadRules) -> dict[str, int]:
    """How many more leads each of these people may hold."""
    numbers = list(employee_nos)
    if not numbers:
        return {}
    held = {row.holder_no: int(row.leads) for row in await connection.execute(_HELD, {"employee_nos": numbers})}
    return {number: rules.capacity_of(number) - held.get(number, 0) for number in numbers}


async def write(
    connection: AsyncConnection, given: Sequence[tuple[LeadCase, LeadRecord, Choice]], queued: Sequence[LeadCase]
) -> None:
    """Cases with their new turns and what was decided on, in the order they were given; and reasons for waiting."""
    cases = [case_values(case) for case, _, _ in given] + [case_values(case) for case in queued]
    turns = [turn_values(case.lead_no, case.turns[-1], high_intent=record.high_intent) for case, record, _ in given]
    decisions = [_decision(case, choice) for case, _, choice in given if choice.decision is not None]
    values = {name: for_jsonb(rows).decode() for name, rows in (("cases", cases), ("turns", turns))}
    await connection.execute(_WRITE, {**values, "decisions": for_jsonb(decisions).decode()})


def _decision(case: LeadCase, choice: Choice) -> dict[str, Any]:
    decision, turn = choice.decision, case.turns[-1]
    assert decision is not None
    assert decision.explanation is not None
    return {
        "lead_no": case.lead_no,
        "turn_no": turn.turn_no,
        "decided_at": turn.given_at,
        "policy_version": decision.policy_version,
        "employee_no": decision.employee_no,
        "score": decision.explanation.score,
        "runner_up": decision.runner_up,
        "margin": decision.margin,
        "refused": {reason.name: count for reason, count in decision.refused.items()},
        "explanation": explanation_to_json(decision.explanation),
        "snapshot": b64encode(choice.snapshot).decode(),
    }


_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('salesbot places of leads'))")
_ANY = text("SELECT EXISTS (SELECT FROM lead_cases WHERE state = '待分配')")
_WAITING = text("SELECT count(*) FROM lead_cases WHERE state = '待分配'")
_TAKE = text("""
SELECT c.lead_no, c.state, c.queued_at, c.waits_for, c.refused, c.origin, c.entered_by, c.owner_no, c.owner_how,
       c.turn_no, c.closed_at, c.manager_told_at, c.same_kind, c.same_no, c.same_why, l.received_at, l.source,
       l.company, l.contact, l.mobile, l.mobile_key, l.region, l.industry, l.amount_fen, l.amount_text, l.intent, l.note
FROM lead_cases AS c JOIN leads AS l USING (lead_no)
WHERE c.state = '待分配'
  AND (CAST(:after AS timestamptz) IS NULL OR (c.queued_at, c.lead_no) > (CAST(:after AS timestamptz), :number))
ORDER BY c.queued_at, c.lead_no
LIMIT :limit
FOR UPDATE OF c SKIP LOCKED
""")
_HELD = text("""
SELECT holder_no, count(*) AS leads FROM lead_cases WHERE holder_no = ANY(:employee_nos) AND holder_no <> ''
GROUP BY holder_no
""")
_TURNS = text("SELECT * FROM lead_turns WHERE lead_no = ANY(:lead_nos) ORDER BY lead_no, turn_no")
_WRITE = text("""
WITH changed AS (
    UPDATE lead_cases AS c
    SET state = r.state, waits_for = r.waits_for, refused = r.refused, turn_no = r.turn_no, holder_no = r.holder_no
    FROM jsonb_to_recordset(CAST(:cases AS jsonb))
        AS r(lead_no text, state text, waits_for int, refused jsonb, turn_no int, holder_no text)
    WHERE c.lead_no = r.lead_no AND c.state = '待分配'
    RETURNING c.lead_no, c.holder_no
), decided AS (
    INSERT INTO lead_decisions (lead_no, turn_no, decided_at, policy_version, employee_no, score, runner_up, margin,
                                refused, explanation, snapshot)
    SELECT r.lead_no, turn_no, decided_at, policy_version, employee_no, score, runner_up, margin, refused, explanation,
           decode(snapshot, 'base64')
    FROM jsonb_to_recordset(CAST(:decisions AS jsonb))
        AS r(lead_no text, turn_no int, decided_at timestamptz, policy_version int, employee_no text,
             score double precision, runner_up text, margin double precision, refused jsonb, explanation jsonb,
             snapshot text)
    JOIN changed USING (lead_no)
)
INSERT INTO lead_turns (lead_no, turn_no, employee_no, how, by_no, score, policy_version, high_intent, given_at,
                        remind_at, due_at, card_id)
SELECT r.lead_no, turn_no, employee_no, how, by_no, score, policy_version, high_intent, given_at, remind_at, due_at,
       card_id
FROM ROWS FROM (jsonb_to_recordset(CAST(:turns AS jsonb))
    AS (lead_no text, turn_no int, employee_no text, how text, by_no text, score double precision,
        policy_version int, high_intent boolean, given_at timestamptz, remind_at timestamptz, due_at timestamptz,
        card_id text)) WITH ORDINALITY
    AS r(lead_no, turn_no, employee_no, how, by_no, score, policy_version, high_intent, given_at, remind_at, due_at,
         card_id, position)
JOIN changed USING (lead_no)
ORDER BY position
""")
