"""Years whose holidays people gave, each version a row; the newest that is in force counts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from store.metadata import metadata

work_calendars = Table(
    "work_calendars",
    metadata,
    Column("calendar_no", BigInteger, Identity(), primary_key=True),
    Column("year", Integer, nullable=False),
    Column("free", JSONB, nullable=False),  # day -> festival
    Column("worked", JSONB, nullable=False),  # day -> the festival it makes up for
    Column("said", Text, nullable=False),  # the notice as it was sent
    Column("state", Text, nullable=False, server_default="待确认"),  # 待确认, 生效, 取消, 还原
    Column("entered_by", Text, nullable=False),
    Column("entered_at", DateTime(timezone=True), nullable=False),  # business time
    Index("work_calendars_in_force_idx", "year", "calendar_no", postgresql_where=text("state = '生效'")),
)
