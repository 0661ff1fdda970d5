"""知识库 as a lead's card needs it."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.scripts import Entry


async def knowledge(connection: AsyncConnection) -> list[Entry]:
    """All entries, in order of their numbers."""
    return [
        Entry(
            entry_no=row.entry_no,
            title=row.title,
            tags=tuple(row.tags),
            body=row.body,
            stage=row.stage,
            industries=tuple(row.industries),
        )
        for row in await connection.execute(_ENTRIES)
    ]


_ENTRIES = text("SELECT entry_no, title, tags, body, stage, industries FROM knowledge ORDER BY entry_no")
