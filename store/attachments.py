"""Files: what people sent us and what we send them, with the platforms' ids for those already uploaded."""

from __future__ import annotations

import hashlib

from psycopg_pool import AsyncConnectionPool
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.base import StoredFile
from bot.errors import NotFound
from bot.messages import ChannelName


class Attachments:
    """Files inside one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, content: bytes, *, file_name: str, mime: str, kind: str) -> int:
        """Store a file; `kind` is image, voice, video, file. Returns its id."""
        row = await self._connection.execute(
            _INSERT,
            {
                "kind": kind,
                "file_name": file_name,
                "mime": mime,
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "content": content,
            },
        )
        return int(row.scalar_one())

    async def read(self, attachment_id: int) -> StoredFile:
        row = (await self._connection.execute(_READ, {"id": attachment_id})).one_or_none()
        if row is None:
            raise NotFound("这个文件已经不在了。")
        return StoredFile(
            attachment_id=attachment_id,
            file_name=row.file_name,
            mime=row.mime,
            content=bytes(row.content),
            sha256=row.sha256,
        )


class StoredFiles:
    """The `FileStore` that channels are given: own short transactions, outside any unit of work."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def read(self, attachment_id: int) -> StoredFile:
        async with self._pool.connection() as connection:
            row = await (
                await connection.execute(
                    "SELECT file_name, mime, content, sha256 FROM attachments WHERE attachment_id = %s",
                    (attachment_id,),
                    binary=True,
                )
            ).fetchone()
        if row is None:
            raise NotFound("这个文件已经不在了。")
        return StoredFile(
            attachment_id=attachment_id, file_name=row[0], mime=row[1], content=bytes(row[2]), sha256=row[3]
        )

    async def uploaded(self, channel: ChannelName, sha256: str) -> str | None:
        async with self._pool.connection() as connection:
            row = await (
                await connection.execute(
                    "SELECT media_id FROM uploads WHERE channel = %s AND sha256 = %s AND until > now()",
                    (channel.value, sha256),
                )
            ).fetchone()
        return None if row is None else str(row[0])

    async def remember_upload(self, channel: ChannelName, sha256: str, media_id: str, *, seconds: float) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                """INSERT INTO uploads (channel, sha256, media_id, until)
                   VALUES (%s, %s, %s, now() + make_interval(secs => %s))
                   ON CONFLICT (channel, sha256) DO UPDATE SET media_id = excluded.media_id, until = excluded.until""",
                (channel.value, sha256, media_id, seconds),
            )

    async def forget_upload(self, channel: ChannelName, sha256: str) -> None:
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM uploads WHERE channel = %s AND sha256 = %s", (channel.value, sha256))


_INSERT = text("""
INSERT INTO attachments (kind, file_name, mime, size, sha256, content)
VALUES (:kind, :file_name, :mime, :size, :sha256, :content) RETURNING attachment_id
""")
_READ = text("SELECT file_name, mime, content, sha256 FROM attachments WHERE attachment_id = :id")
