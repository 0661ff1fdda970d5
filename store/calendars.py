"""Holidays that people gave: proposed, in force, taken back; and into the memory of each process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Row, text

from bot.domain import workdays
from bot.domain.workdays import YearCalendar
from bot.errors import NotFound
from store.connection import QuickConnection

CHANGED = "calendar"  # NOTIFY: every process reads them anew
PROPOSED, IN_FORCE, DROPPED, TAKEN_BACK = "待确认", "生效", "取消", "还原"


@dataclass(frozen=True, slots=True)
class GivenCalendar:
    """One version of a year."""

    calendar_no: int
    calendar: YearCalendar
    state: str
    entered_by: str  #: 工号
    entered_at: datetime


class CalendarRepository:
    """Inside one unit of work."""

    def __init__(self, connection: QuickConnection) -> None:
        self._connection = connection

    async def propose(self, calendar: YearCalendar, said: str, *, by: str, at: datetime) -> int:
        """Remember a year that waits for a tap; returns its number."""
        values = {
            "year": calendar.year,
            "free": _stored(calendar.free),
            "worked": _stored(calendar.worked),
            "said": said,
            "by": by,
            "at": at,
        }
        return int((await self._connection.execute(_PROPOSE, values)).scalar_one())

    async def get(self, calendar_no: int) -> GivenCalendar:
        """For deciding about it: nobody else can until this transaction ends.

        Raises:
            NotFound: there is none of that number.
        """
        row = (await self._connection.execute(_GET, {"calendar_no": calendar_no})).one_or_none()
        if row is None:
            raise NotFound("没有这次填报，请把通知重新发一遍：节假日 年份 通知全文。")
        return _given(row)

    async def settle(self, calendar_no: int, state: str) -> None:
        """Bring it into force, drop it or take it back; `notify(CHANGED)` tells the processes."""
        await self._connection.execute(_SETTLE, {"calendar_no": calendar_no, "state": state})

    async def in_force(self) -> Mapping[int, GivenCalendar]:
        """The version that counts, by year."""
        return {row.year: _given(row) for row in await self._connection.execute(_IN_FORCE)}


class SharedCalendars:
    """Keeps this process's working days equal to the rows."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def load(self) -> None:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_DAYS)).fetchall()
        workdays.learn(_calendar(*row) for row in rows)

    async def heard(self, _payload: str) -> None:
        await self.load()


def _given(row: Row[Any]) -> GivenCalendar:
    calendar = _calendar(row.year, row.free, row.worked)
    return GivenCalendar(row.calendar_no, calendar, row.state, row.entered_by, row.entered_at)


def _calendar(year: int, free: Mapping[str, str], worked: Mapping[str, str]) -> YearCalendar:
    return YearCalendar(year, free=_days(free), worked=_days(worked))


def _days(stored: Mapping[str, str]) -> dict[date, str]:
    return {date.fromisoformat(day): name for day, name in sorted(stored.items())}


def _stored(days: Mapping[date, str]) -> str:
    return orjson.dumps({day.isoformat(): name for day, name in days.items()}).decode()


_PROPOSE = text("""
INSERT INTO work_calendars (year, free, worked, said, entered_by, entered_at)
VALUES (:year, CAST(:free AS jsonb), CAST(:worked AS jsonb), :said, :by, :at) RETURNING calendar_no
""")
_GET = text("""
SELECT calendar_no, year, free, worked, state, entered_by, entered_at FROM work_calendars
WHERE calendar_no = :calendar_no FOR UPDATE
""")
_SETTLE = text("UPDATE work_calendars SET state = :state WHERE calendar_no = :calendar_no")
_IN_FORCE = text("""
SELECT DISTINCT ON (year) calendar_no, year, free, worked, state, entered_by, entered_at FROM work_calendars
WHERE state = '生效' ORDER BY year, calendar_no DESC
""")
_DAYS = """
SELECT DISTINCT ON (year) year, free, worked FROM work_calendars WHERE state = '生效' ORDER BY year, calendar_no DESC
"""
