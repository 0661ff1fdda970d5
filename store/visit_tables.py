"""Tables beside `visits`: what was done to them (for 撤销), what was sent with them, and codes of 绑定."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.metadata import metadata

Moment = DateTime(timezone=True)

visit_changes = Table(  # a person's own actions, newest last; 撤销 walks back
    "visit_changes",
    metadata,
    Column("change_id", BigInteger, Identity(always=True), primary_key=True),
    Column("visit_no", Text, nullable=False),
    Column("employee_no", Text, nullable=False),
    Column("what", Text, nullable=False),  # recorded, edited
    Column("former", JSONB, nullable=False, server_default=text("'{}'")),  # values before an edit
    Column("message_id", Text, nullable=False, server_default=""),
    Column("happened_at", Moment, nullable=False),  # business time
    Column("undone_at", Moment),
    Index("visit_changes_employee_no_idx", "employee_no", text("change_id DESC")),
    Index("visit_changes_visit_no_idx", "visit_no"),
)

visit_media = Table(  # photos, places and voice notes, with their visit or still waiting for it
    "visit_media",
    metadata,
    Column("visit_media_id", BigInteger, Identity(always=True), primary_key=True),
    Column("employee_no", Text, nullable=False),
    Column("visit_no", Text),  # NULL: waits for a visit until `until`
    Column("kind", Text, nullable=False),  # image, voice, video, file, location
    Column("channel", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("position", SmallInteger, nullable=False, server_default="0"),  # within one message
    Column("ref", Text, nullable=False, server_default=""),  # the platform's short-lived id
    Column("file_name", Text, nullable=False, server_default=""),
    Column("mime", Text, nullable=False, server_default=""),
    Column("duration_ms", Integer),
    Column("latitude", Double),
    Column("longitude", Double),
    Column("label", Text, nullable=False, server_default=""),
    Column("attachment_id", BigInteger),  # NULL until downloaded
    Column("said_at", Moment, nullable=False),  # business time
    Column("until", Moment, nullable=False),  # business time
    Column("created_at", Moment, nullable=False, server_default=func.now()),  # real time
    UniqueConstraint("channel", "message_id", "position"),
    Index("visit_media_employee_no_idx", "employee_no", text("said_at DESC")),
    Index("visit_media_visit_no_idx", "visit_no", postgresql_where=text("visit_no IS NOT NULL")),
)

bind_codes = Table(  # one pending code per login; real time
    "bind_codes",
    metadata,
    Column("account_key", Text, primary_key=True),
    Column("employee_no", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("until", Moment, nullable=False),
    Column("sent_at", Moment, nullable=False, server_default=func.now()),
)

seen = Table(  # things done at most so often: welcomes, small talk, codes sent; real time
    "seen",
    metadata,
    Column("key", Text, primary_key=True),
    Column("times", Integer, nullable=False, server_default="1"),
    Column("until", Moment, nullable=False),
)
