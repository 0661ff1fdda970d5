"""Contracts on their way through approval: what was asked, of whom, what they said, and where the cards hang.

Moments are business time unless a comment says real.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from store.metadata import metadata

Moment = DateTime(timezone=True)

approvals = Table(
    "approvals",
    metadata,
    Column("approval_no", Text, primary_key=True),  # SP + yymmdd + three digits or more
    Column("submitter_no", Text, nullable=False),
    Column("customer_no", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("discount", Numeric(6, 4), nullable=False),
    Column("months", Integer, nullable=False),
    Column("nonstandard", Text),  # NULL: standard terms
    Column("note", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False),  # 草稿, 审批中, 已通过, 已拒绝, 已撤回, 已取消
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("evidence", JSONB),  # what the approvers were shown beside the terms, as it was at submission
    Column("created_at", Moment, nullable=False),
    Column("touched_at", Moment),
    Column("submitted_at", Moment),
    Column("decided_at", Moment),
    Column("urged_at", Moment),
    Column("contract_no", Text, nullable=False, server_default=""),
    Column("visit_no", Text, nullable=False, server_default=""),
    Column("card_id", Text, nullable=False, server_default=""),  # the submitter's: draft, then progress
    Index("approvals_submitter_no_idx", "submitter_no", text("created_at DESC")),
    Index("approvals_customer_no_idx", "customer_no"),
    Index("approvals_running_idx", "submitted_at", postgresql_where=text("state = '审批中'")),
)

approval_steps = Table(
    "approval_steps",
    metadata,
    Column("approval_no", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("step_no", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("approver_kind", Text, nullable=False),
    Column("approver", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("need", Integer, nullable=False),
    Column("remind_minutes", Integer, nullable=False),
    Column("escalate_minutes", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", Moment),
    Column("closed_at", Moment),
    Column("reminded_at", Moment),
    Column("escalated_at", Moment),
    Index("approval_steps_open_idx", "opened_at", postgresql_where=text("state = '审批中'")),
)

approval_seats = Table(
    "approval_seats",
    metadata,
    Column("approval_no", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("step_no", Integer, primary_key=True),
    Column("seat_no", Integer, primary_key=True),
    Column("approver_no", Text, nullable=False),
    Column("actor_nos", ARRAY(Text), nullable=False),
    Column("origin", Text, nullable=False),
    Column("required", Boolean, nullable=False, server_default=text("false")),
    Column("verdict", Text),  # NULL: open
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("decided_at", Moment),
    Column("note", Text, nullable=False, server_default=""),
    Column("handed_to", Text, nullable=False, server_default=""),
    Column("via", Text, nullable=False, server_default=""),
    Index("approval_seats_open_idx", "actor_nos", postgresql_using="gin", postgresql_where=text("verdict IS NULL")),
    Index("approval_seats_decided_by_idx", "decided_by", text("decided_at DESC")),
)

approval_cards = Table(  # every copy of an approver's card, to be settled with the others
    "approval_cards",
    metadata,
    Column("card_id", Text, primary_key=True),
    Column("approval_no", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("step_no", Integer, nullable=False),
    Column("employee_no", Text, nullable=False),
    Column("why", Text, nullable=False),  # asked, or what made a further copy: reminded, urged, answered, shown
    Column("hung_at", Moment, nullable=False, server_default=func.now()),  # real
    Index("approval_cards_approval_no_idx", "approval_no"),
)

approval_talk = Table(  # questions and answers, across the platforms
    "approval_talk",
    metadata,
    Column("talk_id", BigInteger, Identity(always=True), primary_key=True),
    Column("approval_no", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("about_id", BigInteger),  # NULL: a question; else the question it answers
    Column("employee_no", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("said_at", Moment, nullable=False),
    Column("message_id", Text, nullable=False, server_default=""),
    Column("card_id", Text, nullable=False, server_default=""),  # of the card that carries a question
    Index("approval_talk_approval_no_idx", "approval_no"),
)

approval_files = Table(  # what was sent along with a draft, a question or an answer
    "approval_files",
    metadata,
    Column("file_id", BigInteger, Identity(always=True), primary_key=True),
    Column("approval_no", Text, nullable=False),
    Column("talk_id", BigInteger),  # NULL: hangs on the contract itself
    Column("visit_media_id", BigInteger, nullable=False, unique=True),
    Column("employee_no", Text, nullable=False),
    Index("approval_files_approval_no_idx", "approval_no"),
)

approval_wishes = Table(  # decisions on their way through DingTalk's OA, which decides what comes first
    "approval_wishes",
    metadata,
    Column("approval_no", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("step_no", Integer, primary_key=True),
    Column("employee_no", Text, primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("via", Text, nullable=False, server_default=""),
    Column("said_at", Moment, nullable=False),
    Column("wished_at", Moment, nullable=False, server_default=func.clock_timestamp()),  # real
)

oa_instances = Table(  # DingTalk's OA beside an attempt
    "oa_instances",
    metadata,
    Column("approval_no", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("instance_id", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False),  # wanted, creating, open, closed, left (not kept in step any more)
    Column("originator", Text, nullable=False, server_default=""),  # DingTalk userId
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", Moment, nullable=False, server_default=func.clock_timestamp()),  # real
    Column("checked_at", Moment),  # real
    Column("checks", Integer, nullable=False, server_default="0"),  # since it last moved
    Index("oa_instances_instance_id_idx", "instance_id"),
    Index("oa_instances_open_idx", "checked_at", postgresql_where=text("state in ('wanted', 'creating', 'open')")),
)

serials = Table(  # the last number given within a prefix and day
    "serials",
    metadata,
    Column("prefix", Text, primary_key=True),  # SP260212, HT202602
    Column("last", Integer, nullable=False),
)
