"""Photos, places and voice notes: with their visit, or waiting for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import ChannelName, Location, Media


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMedia:
    """One thing a person sent along. `visit_no` is None while it waits."""

    visit_media_id: int
    employee_no: str
    visit_no: str | None
    kind: str
    channel: ChannelName
    message_id: str
    media: Media
    attachment_id: int | None
    label: str
    created_at: datetime  #: real time


class VisitMedia:
    """Media inside one unit of work; moments are business time."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(
        self,
        employee_no: str,
        *,
        kind: str,
        channel: ChannelName,
        message_id: str,
        position: int,
        media: Media | None,
        location: Location | None,
        said_at: datetime,
        until: datetime,
    ) -> int:
        """Keep one file or place; the same one of the same message is kept once. Returns its id."""
        row = await self._connection.execute(
            _KEEP,
            {
                "employee_no": employee_no,
                "kind": kind,
                "channel": channel.value,
                "message_id": message_id,
                "position": position,
                "ref": media.ref if media else "",
                "file_name": media.file_name if media else "",
                "mime": media.mime if media else "",
                "duration_ms": media.duration_ms if media else None,
                "latitude": location.latitude if location else None,
                "longitude": location.longitude if location else None,
                "label": location.label if location else "",
                "said_at": said_at,
                "until": until,
            },
        )
        return int(row.scalar_one())

    async def attach(self, ids: Sequence[int], visit_no: str) -> None:
        """These belong to that visit; what is stored already hangs on it at once."""
        await self._connection.execute(_ATTACH, {"ids": list(ids), "visit_no": visit_no})
        await self._connection.execute(_HANG, {"ids": list(ids)})

    async def waiting(self, employee_no: str, *, told_at: datetime, since: datetime) -> list[KeptMedia]:
        """What this person sent since then that still waits for a visit told at `told_at`."""
        rows = await self._connection.execute(
            _WAITING, {"employee_no": employee_no, "told_at": told_at, "since": since}
        )
        return [_to_kept(row) for row in rows]

    async def settle(self, channel: ChannelName, message_id: str, visit_no: str) -> None:
        """What came with that message waits no longer: it belongs to the visit, or ("") to none."""
        values = {"channel": channel.value, "message_id": message_id, "visit_no": visit_no}
        ids = (await self._connection.execute(_SETTLE, values)).scalars().all()
        if ids and visit_no:
            await self._connection.execute(_HANG, {"ids": list(ids)})

    async def of_visit(self, visit_no: str) -> list[KeptMedia]:
        rows = await self._connection.execute(_OF_VISIT, {"visit_no": visit_no})
        return [_to_kept(row) for row in rows]

    async def find(self, visit_media_id: int) -> KeptMedia | None:
        row = (await self._connection.execute(_FIND, {"id": visit_media_id})).one_or_none()
        return None if row is None else _to_kept(row)

    async def stored(self, visit_media_id: int, attachment_id: int) -> None:
        """Its file lies with us now."""
        await self._connection.execute(_STORED, {"id": visit_media_id, "attachment_id": attachment_id})
        await self._connection.execute(_HANG, {"ids": [visit_media_id]})


def _to_kept(row: Row[Any]) -> KeptMedia:
    return KeptMedia(
        visit_media_id=row.visit_media_id,
        employee_no=row.employee_no,
        visit_no=row.visit_no,
        kind=row.kind,
        channel=ChannelName(row.channel),
        message_id=row.message_id,
        media=Media(ref=row.ref, file_name=row.file_name, mime=row.mime, duration_ms=row.duration_ms),
        attachment_id=row.attachment_id,
        label=row.label,
        created_at=row.created_at,
    )


_ALL = """visit_media_id, employee_no, visit_no, kind, channel, message_id, ref, file_name, mime, duration_ms,
attachment_id, label, created_at"""
_KEEP = text("""
INSERT INTO visit_media (employee_no, kind, channel, message_id, position, ref, file_name, mime, duration_ms, latitude,
                         longitude, label, said_at, until)
VALUES (:employee_no, :kind, :channel, :message_id, :position, :ref, :file_name, :mime, :duration_ms, :latitude,
        :longitude, :label, :said_at, :until)
ON CONFLICT (channel, message_id, position) DO UPDATE SET until = excluded.until
RETURNING visit_media_id
""")
_ATTACH = text("UPDATE visit_media SET visit_no = :visit_no WHERE visit_media_id = ANY(:ids)")
_SETTLE = text("""
UPDATE visit_media SET visit_no = nullif(:visit_no, ''), until = said_at - interval '1 second'
WHERE channel = :channel AND message_id = :message_id AND visit_no IS NULL RETURNING visit_media_id
""")
_HANG = text("""
INSERT INTO visit_attachments (visit_no, attachment_id)
SELECT visit_no, attachment_id FROM visit_media
WHERE visit_media_id = ANY(:ids) AND visit_no IS NOT NULL AND attachment_id IS NOT NULL
ON CONFLICT DO NOTHING
""")
# S608: only the constant column list is put into the statements below.
_WAITING = text(f"""
SELECT {_ALL} FROM visit_media
WHERE employee_no = :employee_no AND visit_no IS NULL AND until >= :told_at AND said_at >= :since
ORDER BY visit_media_id
""")  # noqa: S608
_OF_VISIT = text(f"SELECT {_ALL} FROM visit_media WHERE visit_no = :visit_no ORDER BY visit_media_id")  # noqa: S608
_FIND = text(f"SELECT {_ALL} FROM visit_media WHERE visit_media_id = :id")  # noqa: S608
_STORED = text("UPDATE visit_media SET attachment_id = :attachment_id WHERE visit_media_id = :id")
