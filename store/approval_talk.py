"""What was asked and answered about an approval, and what was sent along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.approval_talk import Said, SentAlong


class ApprovalTalk:
    """The thread of each approval inside one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self,
        approval_no: str,
        attempt: int,
        *,
        employee_no: str,
        words: str,
        said_at: datetime,
        about_id: int | None = None,
        message_id: str = "",
    ) -> tuple[int, bool]:
        """(talk_id, whether it is new): the same words of the same person on the same matter are kept once."""
        row = (
            await self._connection.execute(
                _ADD,
                {
                    "approval_no": approval_no,
                    "attempt": attempt,
                    "employee_no": employee_no,
                    "words": words,
                    "said_at": said_at,
                    "about_id": about_id,
                    "message_id": message_id,
                },
            )
        ).one()
        return int(row.talk_id), bool(row.fresh)

    async def hang(self, talk_id: int, card_id: str) -> None:
        """Remember the card that carries a question."""
        await self._connection.execute(_HANG, {"talk_id": talk_id, "card_id": card_id})

    async def of(self, approval_no: str) -> list[Said]:
        """Everything said about it, in order."""
        return [Said(**row._asdict()) for row in await self._connection.execute(_OF, {"approval_no": approval_no})]

    async def find(self, talk_id: int) -> tuple[str, Said] | None:
        """(approval_no, what was said) under that id."""
        row = (await self._connection.execute(_FIND, {"talk_id": talk_id})).one_or_none()
        if row is None:
            return None
        return row.approval_no, Said(**{name: getattr(row, name) for name in Said.__slots__})

    async def open_to(self, submitter_no: str) -> list[tuple[str, Said]]:
        """Questions about this person's running approvals that nobody has answered yet, newest first."""
        rows = await self._connection.execute(_OPEN_TO, {"submitter_no": submitter_no})
        return [(row.approval_no, Said(**{name: getattr(row, name) for name in Said.__slots__})) for row in rows]

    # -- files --------------------------------------------------------------------------------------------------------
    async def attach(
        self, ids: Sequence[int], approval_no: str, *, employee_no: str, talk_id: int | None = None
    ) -> None:
        """These kept media belong to the contract, or to a question or answer, and wait for no visit any more."""
        values = {"ids": list(ids), "approval_no": approval_no, "talk_id": talk_id, "employee_no": employee_no}
        await self._connection.execute(_ATTACH, values)

    async def files(self, approval_no: str) -> list[SentAlong]:
        """Files and pictures, oldest first; places are not among them."""
        rows = await self._connection.execute(_FILES, {"approval_no": approval_no})
        return [SentAlong(**row._asdict()) for row in rows]

    async def file(self, visit_media_id: int) -> tuple[str, SentAlong] | None:
        """(approval_no, file) where that medium was sent along with an approval."""
        row = (await self._connection.execute(_FILE, {"id": visit_media_id})).one_or_none()
        if row is None:
            return None
        return row.approval_no, SentAlong(**{name: getattr(row, name) for name in SentAlong.__slots__})


_ADD = text("""
WITH before AS (
    SELECT talk_id FROM approval_talk
    WHERE approval_no = :approval_no AND attempt = :attempt AND employee_no = :employee_no AND words = :words
      AND about_id IS NOT DISTINCT FROM CAST(:about_id AS bigint) LIMIT 1
), added AS (
    INSERT INTO approval_talk (approval_no, attempt, about_id, employee_no, words, said_at, message_id)
    SELECT :approval_no, :attempt, CAST(:about_id AS bigint), :employee_no, :words, :said_at, :message_id
    WHERE NOT EXISTS (SELECT FROM before) RETURNING talk_id
)
SELECT talk_id, true AS fresh FROM added UNION ALL SELECT talk_id, false FROM before
""")
_SAID = """talk_id, attempt, about_id, employee_no, words, said_at, card_id,
(SELECT count(*) FROM approval_files AS f WHERE f.talk_id = t.talk_id)::integer AS files"""
_HANG = text("UPDATE approval_talk SET card_id = :card_id WHERE talk_id = :talk_id")
# S608: only constant column lists are put into the statements below.
_OF = text(f"SELECT {_SAID} FROM approval_talk AS t WHERE approval_no = :approval_no ORDER BY talk_id")  # noqa: S608
_FIND = text(f"SELECT approval_no, {_SAID} FROM approval_talk AS t WHERE talk_id = :talk_id")  # noqa: S608
_OPEN_TO = text(f"""
SELECT approval_no, {_SAID} FROM approval_talk AS t
WHERE about_id IS NULL
  AND EXISTS (SELECT FROM approvals AS a WHERE a.approval_no = t.approval_no AND a.attempt = t.attempt
              AND a.submitter_no = :submitter_no AND a.state = '审批中')
  AND NOT EXISTS (SELECT FROM approval_talk AS answer WHERE answer.about_id = t.talk_id)
ORDER BY talk_id DESC
""")  # noqa: S608
_ATTACH = text("""
WITH taken AS (
    UPDATE visit_media SET until = said_at - interval '1 second'
    WHERE visit_media_id = ANY(:ids) AND visit_no IS NULL RETURNING visit_media_id
)
INSERT INTO approval_files (approval_no, talk_id, visit_media_id, employee_no)
SELECT :approval_no, CAST(:talk_id AS bigint), visit_media_id, :employee_no FROM taken
ON CONFLICT (visit_media_id) DO NOTHING
""")
_COLUMNS = "f.visit_media_id, f.talk_id, m.kind, m.file_name, m.attachment_id, f.employee_no"
_FILES = text(f"""
SELECT {_COLUMNS} FROM approval_files AS f JOIN visit_media AS m USING (visit_media_id)
WHERE f.approval_no = :approval_no AND m.kind <> 'location' ORDER BY f.file_id
""")  # noqa: S608
_FILE = text(f"""
SELECT f.approval_no, {_COLUMNS} FROM approval_files AS f JOIN visit_media AS m USING (visit_media_id)
WHERE f.visit_media_id = :id
""")  # noqa: S608
