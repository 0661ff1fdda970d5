"""Who did what, when, from which message: append-only (a trigger refuses update and delete)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Employee
from bot.messages import InboundMessage


class Audit:
    """The log inside one unit of work; lines are written by its last statement."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._lines: list[dict[str, Any]] = []

    def add(
        self,
        what: str,
        *,
        actor: Employee | None,
        subject: str = "",
        message: InboundMessage | None = None,
        **details: Any,
    ) -> None:
        """`what` is dotted ("visit.recorded"), `subject` the number of the thing; details are JSON values."""
        self._lines.append(
            {
                "what": what,
                "subject": subject,
                "employee_no": actor.employee_no if actor else "",
                "channel": message.channel.value if message else "",
                "message_id": message.message_id if message else "",
                "details": details,
            }
        )

    def clear(self) -> None:
        self._lines.clear()

    def take(self) -> list[dict[str, Any]]:
        """The lines since the last time, for `CLOSING` to write."""
        lines, self._lines = self._lines, []
        return lines

    async def since(self, moment: datetime) -> AsyncIterator[dict[str, Any]]:
        """All lines from a moment on, oldest first."""
        async with self._connection.stream(_SINCE, {"since": moment}) as rows:
            async for row in rows:
                yield dict(row._mapping)


_SINCE = text("""
SELECT at, what, subject, employee_no, channel, message_id, details FROM audit WHERE at >= :since ORDER BY audit_id
""")
