"""Platform-side tables: what came in, what goes out, and what several processes must share.

Times are timestamptz and real (platform) time; business time appears only in the business tables.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from store.metadata import metadata

Moment = DateTime(timezone=True)

accounts = Table(  # employee <-> login; one account per channel and employee
    "accounts",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("user_key", Text, primary_key=True),  # case-folded on WeCom, as spelled on DingTalk
    Column("user_id", Text, nullable=False),
    Column("employee_no", Text, nullable=False),
    Column("how", Text, nullable=False),  # roster, mobile, code
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("bound_at", Moment, nullable=False, server_default=func.now()),
    Index("accounts_employee_no_idx", "employee_no"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("inbox_id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("sender_key", Text, nullable=False),  # order holds per sender
    Column("message", JSONB, nullable=False),  # InboundMessage
    Column("state", Text, nullable=False, server_default="received"),  # received, handled, failed
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", Moment),
    Column("error", Text),
    Column("received_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    Column("handled_at", Moment),
    UniqueConstraint("channel", "app_id", "message_id"),
    Index("inbox_waiting_idx", "sender_key", "inbox_id", postgresql_where=text("state = 'received'")),
)

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("recipients", ARRAY(Text), nullable=False),
    Column("conversation_id", Text, nullable=False, server_default=""),
    Column("content", JSONB, nullable=False),
    Column("card_id", Text, nullable=False, server_default=""),
    Column("interactive", Boolean, nullable=False, server_default=text("false")),
    Column("dedup_key", Text),
    Column("state", Text, nullable=False, server_default="queued"),  # queued, sending, sent, failed, recalled, skipped
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("platform_id", Text, nullable=False, server_default=""),
    Column("error", Text),
    Column("inbox_id", BigInteger),  # the message this answers, when it answers one
    Column("created_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    Column("attempted_at", Moment),
    Column("sent_at", Moment),
    UniqueConstraint("dedup_key"),
    Index("outbox_open_idx", "state", postgresql_where=text("state not in ('sent', 'skipped')")),
    Index("outbox_card_id_idx", "card_id", postgresql_where=text("card_id <> ''")),
)

cards = Table(  # a card that hangs in somebody's chat
    "cards",
    metadata,
    Column("card_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("recipients", ARRAY(Text), nullable=False),
    Column("conversation_id", Text, nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default="1"),  # of the face last put into the outbox
    Column("shown_version", Integer, nullable=False, server_default="0"),  # of the face the platform took
    Column("settled", Boolean, nullable=False, server_default=text("false")),
    Column("as_text", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
)

card_codes = Table(  # WeCom: each code allows one update within 72 h
    "card_codes",
    metadata,
    Column("code", Text, primary_key=True),
    Column("card_id", Text, nullable=False),
    Column("received_at", Moment, nullable=False, server_default=func.now()),
    Column("used_at", Moment),
    Index("card_codes_card_id_idx", "card_id"),
)

conversations = Table(  # half-finished dialogues: one per account
    "conversations",
    metadata,
    Column("account_key", Text, primary_key=True),
    Column("dialogue", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("until", Moment, nullable=False),
)

attachments = Table(
    "attachments",
    metadata,
    Column("attachment_id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("mime", Text, nullable=False, server_default=""),
    Column("size", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Index("attachments_sha256_idx", "sha256"),
)

uploads = Table(  # platform media ids of files of ours
    "uploads",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("media_id", Text, nullable=False),
    Column("until", Moment, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("key", Text, primary_key=True),
    Column("token", Text, nullable=False, server_default=""),
    Column("until", Moment, nullable=False, server_default=text("'epoch'")),
    Column("lease_until", Moment, nullable=False, server_default=text("'epoch'")),
    Column("dropped_at", Moment, nullable=False, server_default=text("'epoch'")),
)

limits = Table(  # GCRA: the theoretical arrival time of the next call
    "limits",
    metadata,
    Column("key", Text, primary_key=True),
    Column("next_at", Double, nullable=False, server_default="0"),  # Unix seconds, database clock
    Column("seconds", Double, nullable=False, server_default="0"),  # the window
    Column("paused_until", Double, nullable=False, server_default="0"),
)

quotas = Table(
    "quotas",
    metadata,
    Column("key", Text, primary_key=True),
    Column("month", Date, primary_key=True),  # first day, Shanghai
    Column("used", BigInteger, nullable=False, server_default="0"),
)

schedules = Table(  # overrides of a job's default cron, changed from chat
    "schedules",
    metadata,
    Column("job", Text, primary_key=True),
    Column("cron", Text, nullable=False),  # empty: the job's own
    Column("workdays_only", Boolean),  # NULL: the job's own
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("changed_by", Text, nullable=False, server_default=""),
    Column("changed_at", Moment, nullable=False, server_default=func.now()),  # business time, as fire times are
)

job_runs = Table(  # one row per fire time: this is what makes a run happen once
    "job_runs",
    metadata,
    Column("job", Text, primary_key=True),
    Column("fire_at", Moment, primary_key=True),  # business time
    Column("state", Text, nullable=False, server_default="queued"),  # queued, done, failed, missed
    Column("result", Integer),
    Column("error", Text),
    Column("created_at", Moment, nullable=False, server_default=func.now()),
    Column("finished_at", Moment),
)

audit = Table(  # append-only; a trigger in the migration refuses update and delete
    "audit",
    metadata,
    Column("audit_id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("employee_no", Text, nullable=False, server_default=""),
    Column("channel", Text, nullable=False, server_default=""),
    Column("message_id", Text, nullable=False, server_default=""),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Index("audit_subject_idx", "subject"),
)

state = Table(  # single facts all processes share, such as the business clock's offset
    "state",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
)
