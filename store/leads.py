"""Leads and their cases. A case is changed only under its row's lock; turns are added and ended, never removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.cases import Ending, How, LeadCase, LeadState, Response, Turn
from bot.domain.leads.records import Intent, LeadRecord
from bot.domain.leads.values import Reason
from bot.errors import NotFound
from store.codec import for_jsonb

CHANGED = "leads"  #: NOTIFY channel: something waits for a rep, or a place became free


class LeadRepository:
    """Leads inside one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    # -- one lead -----------------------------------------------------------------------------------------------------
    async def record(self, lead_no: str) -> LeadRecord:
        """The enquiry itself, live or history.

        Raises:
            NotFound: there is none of that number.
        """
        row = (await self._connection.execute(_RECORD, {"lead_no": lead_no})).one_or_none()
        if row is None:
            raise NotFound(f"没有编号为 {lead_no} 的线索，请发「线索」看编号。")
        return to_record(row)

    async def get(self, lead_no: str) -> LeadCase:
        """The case, locked until this transaction ends.

        Raises:
            NotFound: no such lead, or it is history.
        """
        row = (await self._connection.execute(_CASE, {"lead_no": lead_no})).one_or_none()
        if row is None:
            await self.record(lead_no)
            raise NotFound(f"{lead_no} 是历史线索，没有派发过。")
        turns = await self._connection.execute(_TURNS, {"lead_no": lead_no})
        return to_case(row, [to_turn(turn) for turn in turns])

    async def new_number(self, day: date) -> str:
        """XS + yymmdd + three digits or more; never one that came by another way."""
        while True:
            serial = (await self._connection.execute(_SERIAL)).scalar_one()
            number = f"XS{day:%y%m%d}{serial:03d}"
            if (await self._connection.execute(_RECORD, {"lead_no": number})).one_or_none() is None:
                return number

    async def last_entered(self, employee_no: str, *, since: datetime) -> tuple[str, datetime] | None:
        """(number, moment) of the last lead that this person typed and that still runs."""
        row = (await self._connection.execute(_ENTERED, {"employee_no": employee_no, "since": since})).one_or_none()
        return None if row is None else (row.lead_no, row.received_at)

    async def save(self, before: LeadCase, after: LeadCase, *, high_intent: bool) -> None:
        """Write what differs. `before` is what `get` gave in this transaction."""
        if after == before:
            return
        values = case_values(after)
        values["refused"] = for_jsonb(values["refused"]).decode()
        await self._connection.execute(_SAVE_CASE, values)
        known = {turn.turn_no: turn for turn in before.turns}
        changed = [turn for turn in after.turns if known.get(turn.turn_no) != turn]
        if changed:
            rows = for_jsonb([turn_values(after.lead_no, turn, high_intent=high_intent) for turn in changed]).decode()
            await self._connection.execute(_SAVE_TURNS, {"rows": rows})


def to_record(row: Row[Any]) -> LeadRecord:
    """From a row with the columns of `leads`."""
    return LeadRecord(
        lead_no=row.lead_no,
        received_at=row.received_at,
        source=row.source,
        company=row.company,
        contact=row.contact,
        mobile=row.mobile,
        mobile_key=row.mobile_key,
        region=row.region,
        industry=row.industry,
        amount_fen=row.amount_fen,
        amount_text=row.amount_text,
        intent=Intent(row.intent) if row.intent else None,
        note=row.note,
    )


def to_case(row: Row[Any], turns: Sequence[Turn]) -> LeadCase:
    """From a row with the columns of `lead_cases`."""
    return LeadCase(
        lead_no=row.lead_no,
        state=LeadState(row.state),
        queued_at=row.queued_at,
        waits_for=Reason(row.waits_for),
        refused={Reason[name]: count for name, count in _plain(row.refused).items()},
        origin=row.origin,
        entered_by=row.entered_by,
        owner_no=row.owner_no,
        owner_how=How(row.owner_how) if row.owner_how else How.OWNER,
        turns=tuple(turns),
        closed_at=row.closed_at,
        manager_told_at=row.manager_told_at,
    )


def to_turn(row: Row[Any]) -> Turn:
    """From a row of `lead_turns`."""
    return Turn(
        turn_no=row.turn_no,
        employee_no=row.employee_no,
        how=How(row.how),
        by_no=row.by_no,
        score=row.score,
        policy_version=row.policy_version,
        given_at=row.given_at,
        remind_at=row.remind_at,
        due_at=row.due_at,
        reminded_at=row.reminded_at,
        responded_at=row.responded_at,
        response=Response(row.response) if row.response else None,
        called_at=row.called_at,
        ended_at=row.ended_at,
        ending=Ending(row.ending) if row.ending else None,
        note=row.note,
        card_id=row.card_id,
    )


def case_values(case: LeadCase) -> dict[str, Any]:
    """The columns of `lead_cases` that moves change."""
    return {
        "lead_no": case.lead_no,
        "state": case.state.value,
        "queued_at": case.queued_at,
        "waits_for": int(case.waits_for),
        "refused": {reason.name: count for reason, count in case.refused.items()},
        "turn_no": case.turns[-1].turn_no if case.turns else 0,
        "holder_no": case.holder_no,
        "owner_no": case.owner_no,
        "owner_how": case.owner_how.value,
        "closed_at": case.closed_at,
        "manager_told_at": case.manager_told_at,
    }


def turn_values(lead_no: str, turn: Turn, *, high_intent: bool) -> dict[str, Any]:
    """The columns of `lead_turns`, as JSON takes them."""
    return {
        "lead_no": lead_no,
        "turn_no": turn.turn_no,
        "employee_no": turn.employee_no,
        "how": turn.how.value,
        "by_no": turn.by_no,
        "score": turn.score,
        "policy_version": turn.policy_version,
        "high_intent": high_intent,
        "given_at": turn.given_at.isoformat(),
        "remind_at": turn.remind_at.isoformat() if turn.remind_at else None,
        "due_at": turn.due_at.isoformat() if turn.due_at else None,
        "reminded_at": turn.reminded_at.isoformat() if turn.reminded_at else None,
        "responded_at": turn.responded_at.isoformat() if turn.responded_at else None,
        "response": turn.response.value if turn.response else "",
        "called_at": turn.called_at.isoformat() if turn.called_at else None,
        "ended_at": turn.ended_at.isoformat() if turn.ended_at else None,
        "ending": turn.ending.value if turn.ending else "",
        "note": turn.note,
        "card_id": turn.card_id,
    }


def _plain(stored: Any) -> dict[str, int]:
    return dict(orjson.loads(stored) if isinstance(stored, str) else stored)


_SERIAL = text("SELECT nextval('lead_serial')")
_ENTERED = text("""
SELECT l.lead_no, l.received_at FROM lead_cases AS c JOIN leads AS l USING (lead_no)
WHERE c.entered_by = :employee_no AND c.origin = 'chat' AND c.closed_at IS NULL AND l.received_at >= :since
ORDER BY l.received_at DESC, l.lead_no DESC LIMIT 1
""")
_RECORD = text("SELECT * FROM leads WHERE lead_no = :lead_no")
_CASE = text("SELECT * FROM lead_cases WHERE lead_no = :lead_no FOR UPDATE")
_TURNS = text("SELECT * FROM lead_turns WHERE lead_no = :lead_no ORDER BY turn_no")
_SAVE_CASE = text("""
UPDATE lead_cases
SET state = :state, queued_at = :queued_at, waits_for = :waits_for, refused = CAST(:refused AS jsonb),
    turn_no = :turn_no, holder_no = :holder_no, owner_no = :owner_no, owner_how = :owner_how, closed_at = :closed_at,
    manager_told_at = :manager_told_at
WHERE lead_no = :lead_no
""")
_SAVE_TURNS = text("""
INSERT INTO lead_turns (lead_no, turn_no, employee_no, how, by_no, score, policy_version, high_intent, given_at,
                        remind_at, due_at, reminded_at, responded_at, response, called_at, ended_at, ending, note,
                        card_id)
SELECT lead_no, turn_no, employee_no, how, by_no, score, policy_version, high_intent, given_at,
       remind_at, due_at, reminded_at, responded_at, response, called_at, ended_at, ending, note, card_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
     AS r(lead_no text, turn_no int, employee_no text, how text, by_no text, score double precision,
          policy_version int, high_intent boolean, given_at timestamptz, remind_at timestamptz, due_at timestamptz,
          reminded_at timestamptz, responded_at timestamptz, response text, called_at timestamptz,
          ended_at timestamptz, ending text, note text, card_id text)
ORDER BY lead_no, turn_no
ON CONFLICT (lead_no, turn_no) DO UPDATE
SET reminded_at = EXCLUDED.reminded_at, responded_at = EXCLUDED.responded_at, response = EXCLUDED.response,
    called_at = EXCLUDED.called_at,
    ended_at = EXCLUDED.ended_at, ending = EXCLUDED.ending, note = EXCLUDED.note, card_id = EXCLUDED.card_id,
    remind_at = EXCLUDED.remind_at, due_at = EXCLUDED.due_at
""")
