"""DingTalk's OA instances beside our approvals, one an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# states: wanted -> creating (a call may be on its way) -> open -> closed; left: not kept in step, `note` says why
OPEN_STATES = ("wanted", "creating", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class OaRecord:
    """What we know of one attempt's instance. Times are real."""

    approval_no: str
    attempt: int
    instance_id: str
    state: str
    originator: str
    created_at: datetime


class OaInstances:
    """Inside one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def want(self, approval_no: str, attempt: int) -> None:
        """An attempt has begun: its instance is to be made."""
        await self._connection.execute(_WANT, {"approval_no": approval_no, "attempt": attempt})

    async def of(self, approval_no: str, attempt: int) -> OaRecord | None:
        values = {"approval_no": approval_no, "attempt": attempt}
        row = (await self._connection.execute(_OF, values)).one_or_none()
        return None if row is None else OaRecord(**row._asdict())

    async def all_of(self, approval_no: str) -> list[OaRecord]:
        """Of all attempts that are not over, oldest first."""
        rows = await self._connection.execute(_ALL_OF, {"approval_no": approval_no})
        return [OaRecord(**row._asdict()) for row in rows]

    async def set(
        self, record: OaRecord, state: str, *, instance_id: str = "", originator: str = "", note: str = ""
    ) -> None:
        """Move on; empty strings leave what is there."""
        await self._connection.execute(
            _SET,
            {
                "approval_no": record.approval_no,
                "attempt": record.attempt,
                "state": state,
                "instance_id": instance_id,
                "originator": originator,
                "note": note,
            },
        )

    async def checked(self, record: OaRecord, *, moved: bool) -> None:
        """It was read just now; the less it moves, the more rarely it is looked at."""
        values = {"approval_no": record.approval_no, "attempt": record.attempt, "moved": moved}
        await self._connection.execute(_CHECKED, values)

    async def approval_of(self, instance_id: str) -> str | None:
        """Whose instance it is; None: none of ours, or not known yet."""
        row = (await self._connection.execute(_APPROVAL_OF, {"instance_id": instance_id})).one_or_none()
        return None if row is None else str(row.approval_no)

    async def to_check(self, limit: int) -> list[str]:
        """Approvals whose instance nobody looked at for a while: 5 minutes, and twice as long after each idle look."""
        return [row.approval_no for row in await self._connection.execute(_TO_CHECK, {"limit": limit})]


_COLUMNS = "approval_no, attempt, instance_id, state, originator, created_at"
_WANT = text("""
INSERT INTO oa_instances (approval_no, attempt, state) VALUES (:approval_no, :attempt, 'wanted') ON CONFLICT DO NOTHING
""")
# S608: only the constant column list is put into the statements below.
_OF = text(
    f"SELECT {_COLUMNS} FROM oa_instances WHERE approval_no = :approval_no AND attempt = :attempt"  # noqa: S608
)
_ALL_OF = text(f"""
SELECT {_COLUMNS} FROM oa_instances WHERE approval_no = :approval_no AND state IN ('wanted', 'creating', 'open')
ORDER BY attempt
""")  # noqa: S608
_SET = text("""
UPDATE oa_instances
SET state = :state, instance_id = coalesce(nullif(:instance_id, ''), instance_id),
    originator = coalesce(nullif(:originator, ''), originator), note = coalesce(nullif(:note, ''), note)
WHERE approval_no = :approval_no AND attempt = :attempt
""")
_CHECKED = text("""
UPDATE oa_instances
SET checked_at = clock_timestamp(), checks = CASE WHEN :moved THEN 0 ELSE checks + 1 END
WHERE approval_no = :approval_no AND attempt = :attempt
""")
_APPROVAL_OF = text("SELECT approval_no FROM oa_instances WHERE instance_id = :instance_id AND instance_id <> ''")
_TO_CHECK = text("""
SELECT DISTINCT approval_no FROM (
    SELECT approval_no FROM oa_instances
    WHERE state IN ('wanted', 'creating', 'open')
      AND coalesce(checked_at, created_at) < clock_timestamp() - interval '5 minutes' * (2 ^ least(checks, 5))
    ORDER BY coalesce(checked_at, created_at) LIMIT :limit
) AS stale
""")
