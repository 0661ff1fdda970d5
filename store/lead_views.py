"""What waits, who has what and what lies in 公海: read for lists, nothing is locked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.cards.lead_lists import Declined, OpenLead, PoolLead, QueuedLead
from bot.domain.leads.cases import LeadState
from bot.domain.leads.records import LeadRecord
from bot.domain.leads.values import Reason
from store.leads import to_record


class LeadViews:
    """Lists for people; `regions` None: of the whole company, else those and leads without a region."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def held_by(self, employee_no: str, states: Collection[LeadState]) -> list[LeadRecord]:
        """The leads somebody has in one of those states, longest first."""
        values = {"employee_no": employee_no, "states": [state.value for state in states]}
        return [to_record(row) for row in await self._connection.execute(_HELD, values)]

    async def open_of(self, employee_nos: Sequence[str]) -> list[OpenLead]:
        """What these people have, the soonest due first."""
        rows = await self._connection.execute(_OPEN, {"employee_nos": list(employee_nos)})
        return [_open(row) for row in rows]

    async def queue(self, regions: Collection[str] | None) -> list[QueuedLead]:
        """Leads that nobody has, in the order of the queue."""
        rows = await self._connection.execute(_QUEUE, _regions(regions))
        return [
            QueuedLead(record=to_record(row), queued_at=row.queued_at, waits_for=Reason(row.waits_for)) for row in rows
        ]

    async def pool(self, regions: Collection[str] | None) -> list[PoolLead]:
        rows = await self._connection.execute(_POOL, _regions(regions))
        return [PoolLead(record=to_record(row), tries=row.tries) for row in rows]

    async def declined(self, regions: Collection[str] | None, *, since: datetime) -> list[Declined]:
        """Given back since that moment, newest first."""
        rows = await self._connection.execute(_DECLINED, _regions(regions) | {"since": since})
        return [Declined(record=to_record(row), employee_no=row.employee_no, reason=row.reason) for row in rows]

    async def find(self, words: Sequence[str]) -> list[str]:
        """Numbers of leads that are one of those words, in whatever width or case; in order of the words."""
        rows = await self._connection.execute(_FIND, {"words": list(words)})
        return [row.lead_no for row in rows]


def _regions(regions: Collection[str] | None) -> dict[str, Any]:
    return {"regions": None if regions is None else ["", *sorted(regions)]}


def _open(row: Any) -> OpenLead:
    return OpenLead(
        record=to_record(row),
        employee_no=row.employee_no,
        state=LeadState(row.state),
        given_at=row.given_at,
        due_at=row.due_at if row.responded_at is None else None,
        called=row.called_at is not None,
    )


_IN = "(CAST(:regions AS text[]) IS NULL OR l.region = ANY(CAST(:regions AS text[])))"
_HELD = text("""
SELECT l.* FROM lead_cases AS c JOIN leads AS l USING (lead_no)
JOIN lead_turns AS t ON t.lead_no = c.lead_no AND t.turn_no = c.turn_no
WHERE c.holder_no = :employee_no AND c.holder_no <> '' AND c.state = ANY(:states)
ORDER BY t.given_at, c.lead_no
""")
_OPEN = text("""
SELECT l.*, c.state, t.employee_no, t.given_at, t.due_at, t.responded_at, t.called_at
FROM lead_cases AS c JOIN leads AS l USING (lead_no)
JOIN lead_turns AS t ON t.lead_no = c.lead_no AND t.turn_no = c.turn_no
WHERE c.holder_no = ANY(:employee_nos) AND c.holder_no <> ''
ORDER BY t.responded_at IS NOT NULL, t.due_at, c.lead_no
""")
_QUEUE = text(f"""
SELECT l.*, c.queued_at, c.waits_for FROM lead_cases AS c JOIN leads AS l USING (lead_no)
WHERE c.state = '待分配' AND {_IN} ORDER BY c.queued_at, c.lead_no LIMIT 200
""")  # noqa: S608 - constants only
_POOL = text(f"""
SELECT l.*, (
    SELECT count(DISTINCT t.employee_no) FROM lead_turns AS t
    WHERE t.lead_no = c.lead_no AND t.ending IN ('退回', '超时')
) AS tries FROM lead_cases AS c JOIN leads AS l USING (lead_no)
WHERE c.state = '公海' AND {_IN} ORDER BY c.queued_at, c.lead_no LIMIT 200
""")  # noqa: S608
_DECLINED = text(f"""
SELECT l.*, t.employee_no, t.note AS reason FROM lead_turns AS t JOIN leads AS l USING (lead_no)
WHERE t.ending = '退回' AND t.ended_at > :since AND {_IN} ORDER BY t.ended_at DESC LIMIT 20
""")  # noqa: S608
_FIND = text("""
SELECT lead_no FROM (
    SELECT c.lead_no, position FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS said(word, position)
    JOIN lead_cases AS c ON lower(c.lead_no) = lower(word)
    UNION
    SELECT l.lead_no, position FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS said(word, position)
    JOIN leads AS l ON l.lead_no IN (word, upper(word), lower(word))
) AS found GROUP BY lead_no ORDER BY min(position)
""")
