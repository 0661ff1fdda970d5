"""Visits and what was done to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.visit_records import SHANGHAI, Visit, VisitState, difference
from bot.errors import NotFound
from store.visit_media import VisitMedia

RECORDED = "recorded"  # what a change that told a new visit is called


@dataclass(frozen=True, slots=True)
class Change:
    """One own action of a person on one visit. `former` is empty when the visit was recorded by it."""

    change_id: int
    visit_no: str
    what: str
    former: dict[str, Any]
    message_id: str
    happened_at: datetime  #: business time


class VisitRepository:
    """Visits inside one unit of work; moments are business time."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.media = VisitMedia(connection)

    # -- writing ----------------------------------------------------------------------------------------------------
    async def add(self, visit: Visit) -> Visit:
        """Store a new visit under a number of its own (`BF` + day + serial) and note it as its teller's action."""
        values = {**_columns(visit), "day": f"{visit.said_at.astimezone(SHANGHAI):%y%m%d}"}
        number = (await self._connection.execute(_INSERT, values)).scalar_one()
        return replace(visit, visit_no=number)

    async def save(
        self, before: Visit, after: Visit, *, at: datetime, message_id: str = "", undoable: bool = False
    ) -> None:
        """Write a visit's new values; an `undoable` change is what 撤销 takes back next."""
        await self._connection.execute(_UPDATE, {**_columns(after), "visit_no": after.visit_no})
        if undoable and (former := difference(before, after)):
            await self._note(after, "edited", former, at=at, message_id=message_id)

    async def hang(self, visit_no: str, card_id: str) -> None:
        """Remember which card shows the visit."""
        await self._connection.execute(_HANG, {"visit_no": visit_no, "card_id": card_id})

    async def _note(self, visit: Visit, what: str, former: dict[str, Any], *, at: datetime, message_id: str) -> None:
        await self._connection.execute(
            _NOTE,
            {
                "visit_no": visit.visit_no,
                "employee_no": visit.employee_no,
                "what": what,
                "former": orjson.dumps(former).decode(),
                "message_id": message_id,
                "happened_at": at,
            },
        )

    # -- reading ----------------------------------------------------------------------------------------------------
    async def find(self, visit_no: str) -> Visit | None:
        row = (await self._connection.execute(_FIND, {"visit_no": visit_no})).one_or_none()
        return None if row is None else _to_visit(row)

    async def get(self, visit_no: str) -> Visit:
        """For changing it: nobody else can until this transaction ends.

        Raises:
            NotFound: no visit has this number.
        """
        row = (await self._connection.execute(_GET, {"visit_no": visit_no})).one_or_none()
        if row is None:
            raise NotFound(f"没有编号为 {visit_no} 的拜访。")
        return _to_visit(row)

    async def same_sentence(self, employee_no: str, sentence: str, *, since: datetime, until: datetime) -> list[Visit]:
        """What this person's same words told in that time already recorded and did not take back."""
        rows = await self._connection.execute(
            _SAME, {"employee_no": employee_no, "sentence": sentence, "since": since, "until": until}
        )
        return [_to_visit(row) for row in rows]

    async def latest_told(self, employee_no: str, *, since: datetime, until: datetime) -> Visit | None:
        """The visit this person told last within that time, if it stands."""
        rows = await self._connection.execute(_LATEST, {"employee_no": employee_no, "since": since, "until": until})
        row = rows.first()
        return None if row is None else _to_visit(row)

    async def waiting(self, employee_no: str) -> list[Visit]:
        """待确认 and 待选客户 of one person, newest first, at most 20."""
        rows = await self._connection.execute(_WAITING, {"employee_no": employee_no})
        return [_to_visit(row) for row in rows]

    async def promises(
        self, day: date, *, as_of: datetime, employee_no: str = "", overdue: bool = False
    ) -> list[Visit]:
        """Visits whose follow-up falls on `day` (`overdue`: on it or in the 30 days before it) and has not happened.

        A promise is kept by any later visit of anybody to that customer, told by `as_of`.
        """
        rows = await self._connection.execute(
            _PROMISES,
            {
                "day": day,
                "since": date.fromordinal(day.toordinal() - 30) if overdue else day,
                "as_of": as_of,
                "employee_no": employee_no,
            },
        )
        return [_to_visit(row) for row in rows]

    async def between(self, since: datetime, until: datetime) -> list[Visit]:
        """Everybody's visits from `since` (inclusive) to `until` (exclusive) that stand and have their customer."""
        rows = await self._connection.execute(_BETWEEN, {"since": since, "until": until})
        return [_to_visit(row) for row in rows]

    # -- taking back ------------------------------------------------------------------------------------------------
    async def last_changes(self, employee_no: str, *, since: datetime) -> list[Change]:
        """The last own action that was not taken back: all changes made by its one message, newest first."""
        rows = await self._connection.execute(_LAST_CHANGES, {"employee_no": employee_no, "since": since})
        return [
            Change(row.change_id, row.visit_no, row.what, row.former, row.message_id, row.happened_at) for row in rows
        ]

    async def undone(self, changes: Sequence[Change], *, at: datetime) -> None:
        await self._connection.execute(_UNDONE, {"ids": [change.change_id for change in changes], "at": at})

    async def forget_changes(self, visit_no: str, *, at: datetime) -> None:
        """The whole visit was taken back: nothing of it can be undone any more."""
        await self._connection.execute(_FORGET, {"visit_no": visit_no, "at": at})


def _columns(visit: Visit) -> dict[str, Any]:
    return {
        "customer_no": visit.customer_no,
        "employee_no": visit.employee_no,
        "visited_at": visit.at,
        "kind": visit.kind or "",
        "content": visit.summary,
        "next_follow_up": visit.next_follow_up,
        "contact": visit.contact or "",
        "amount_fen": None if visit.amount_yuan is None else visit.amount_yuan * 100,
        "intent": visit.intent or "",
        "competitor": visit.competitor or "",
        "met": visit.met,
        "candidates": list(visit.candidates),
        "state": visit.state.value,
        "source_channel": visit.channel,
        "raw_text": visit.text,
        "heard": visit.heard,
        "message_id": visit.message_id,
        "card_id": visit.card_id,
        "said_at": visit.said_at,
    }


def _to_visit(row: Row[Any]) -> Visit:
    at = row.visited_at or row.said_at or row.created_at
    return Visit(
        visit_no=row.visit_no,
        employee_no=row.employee_no,
        customer_no=row.customer_no,
        candidates=tuple(row.candidates),
        at=at,
        said_at=row.said_at or at,
        kind=row.kind or None,
        summary=row.content,
        contact=row.contact or None,
        amount_yuan=None if row.amount_fen is None else int(row.amount_fen) // 100,
        intent=row.intent or None,
        next_follow_up=row.next_follow_up,
        competitor=row.competitor or None,
        met=row.met,
        state=VisitState(row.state),
        text=row.raw_text,
        heard=row.heard,
        card_id=row.card_id,
        channel=row.source_channel,
        message_id=row.message_id,
    )


_ALL = """visit_no, employee_no, customer_no, candidates, visited_at, said_at, created_at, kind, content, contact,
amount_fen, intent, next_follow_up, competitor, met, state, raw_text, heard, card_id, source_channel, message_id"""
# keeps look-ups by `said_at` on the index (employee_no, visited_at): nobody tells of visits two months back
_LATELY = "visited_at >= CAST(:since AS timestamptz) - interval '62 days'"
# S608: only the constant column list is put into the statements below.
_INSERT = text("""
WITH told AS (
    INSERT INTO visits (visit_no, customer_no, employee_no, visited_at, kind, content, next_follow_up, contact,
                        amount_fen, intent, competitor, met, candidates, state, source_channel, raw_text, heard,
                        message_id, card_id, said_at)
    VALUES ('BF' || :day || to_char(nextval('visit_serial'), 'FM999999999000000'), :customer_no, :employee_no,
            :visited_at, :kind, :content, :next_follow_up, :contact, :amount_fen, :intent, :competitor, :met,
            :candidates, :state, :source_channel, :raw_text, :heard, :message_id, :card_id, :said_at)
    RETURNING visit_no, employee_no, message_id, said_at
)
INSERT INTO visit_changes (visit_no, employee_no, what, message_id, happened_at)
SELECT visit_no, employee_no, 'recorded', message_id, said_at FROM told
RETURNING visit_no
""")
_UPDATE = text("""
UPDATE visits
SET customer_no = :customer_no, visited_at = :visited_at, kind = :kind, content = :content,
    next_follow_up = :next_follow_up, contact = :contact, amount_fen = :amount_fen, intent = :intent,
    competitor = :competitor, met = :met, candidates = :candidates, state = :state,
    confirmed_at = CASE WHEN :state = '已确认' THEN coalesce(confirmed_at, now()) END,
    undone_at = CASE WHEN :state = '已撤销' THEN coalesce(undone_at, now()) END
WHERE visit_no = :visit_no
""")
_HANG = text("UPDATE visits SET card_id = :card_id WHERE visit_no = :visit_no")
_NOTE = text("""
INSERT INTO visit_changes (visit_no, employee_no, what, former, message_id, happened_at)
VALUES (:visit_no, :employee_no, :what, CAST(:former AS jsonb), :message_id, :happened_at)
""")
_FIND = text(f"SELECT {_ALL} FROM visits WHERE visit_no = :visit_no")  # noqa: S608
_GET = text(f"SELECT {_ALL} FROM visits WHERE visit_no = :visit_no FOR UPDATE")  # noqa: S608
_SAME = text(f"""
SELECT {_ALL} FROM visits
WHERE employee_no = :employee_no AND {_LATELY} AND said_at BETWEEN :since AND :until
  AND raw_text = :sentence AND state <> '已撤销'
ORDER BY visit_no
""")  # noqa: S608
_LATEST = text(f"""
SELECT {_ALL} FROM visits
WHERE employee_no = :employee_no AND {_LATELY} AND said_at BETWEEN :since AND :until
  AND state IN ('待选客户', '待确认', '已确认')
ORDER BY said_at DESC, visit_no DESC LIMIT 1
""")  # noqa: S608
_WAITING = text(f"""
SELECT {_ALL} FROM visits WHERE employee_no = :employee_no AND state IN ('待确认', '待选客户')
ORDER BY said_at DESC, visit_no DESC LIMIT 20
""")  # noqa: S608
_BETWEEN = text(f"""
SELECT {_ALL} FROM visits
WHERE visited_at >= :since AND visited_at < :until AND customer_no IS NOT NULL
  AND state IN ('待确认', '已确认', '已载入')
ORDER BY visited_at, visit_no
""")  # noqa: S608
_PROMISES = text(f"""
SELECT {_ALL} FROM visits AS told
WHERE next_follow_up BETWEEN :since AND :day AND customer_no IS NOT NULL AND visited_at <= :as_of
  AND state IN ('待确认', '已确认', '已载入') AND (:employee_no = '' OR employee_no = :employee_no)
  AND NOT EXISTS (
      SELECT 1 FROM visits AS later
      WHERE later.customer_no = told.customer_no AND later.visited_at > told.visited_at AND later.visited_at <= :as_of
        AND later.state <> '已撤销')
ORDER BY employee_no, next_follow_up DESC, visited_at, visit_no
""")  # noqa: S608
_LAST_CHANGES = text("""
WITH last AS (
    SELECT change_id, message_id FROM visit_changes
    WHERE employee_no = :employee_no AND undone_at IS NULL AND happened_at >= :since
    ORDER BY change_id DESC LIMIT 1)
SELECT c.change_id, c.visit_no, c.what, c.former, c.message_id, c.happened_at
FROM visit_changes AS c JOIN last ON c.change_id = last.change_id
  OR (c.message_id = last.message_id AND last.message_id <> '' AND c.employee_no = :employee_no)
WHERE c.undone_at IS NULL
ORDER BY c.change_id DESC
""")
_UNDONE = text("UPDATE visit_changes SET undone_at = :at WHERE change_id = ANY(:ids)")
_FORGET = text("UPDATE visit_changes SET undone_at = :at WHERE visit_no = :visit_no AND undone_at IS NULL")
