"""Tables of the approval flow: its steps, the discount floors, what was changed, and who is away."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Identity, Index, Integer, Numeric, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from store.metadata import metadata

Moment = DateTime(timezone=True)

flow_steps = Table(
    "flow_steps",
    metadata,
    Column("step_id", BigInteger, Identity(always=True), primary_key=True),
    Column("flow", Text, nullable=False, server_default="合同"),
    Column("position", Integer, nullable=False),  # from 1
    Column("name", Text, nullable=False),
    Column("approver_kind", Text, nullable=False),  # superior, role, person
    Column("approver", Text, nullable=False, server_default=""),  # role or employee number
    Column("mode", Text, nullable=False, server_default="any"),  # any, all, k
    Column("need", Integer, nullable=False, server_default="1"),  # of mode k
    Column("condition", JSONB),  # NULL: always
    Column("remind_minutes", Integer, nullable=False, server_default="240"),  # of working time
    Column("escalate_minutes", Integer, nullable=False, server_default="1440"),  # of working time
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("changed_by", Text, nullable=False, server_default=""),
    Column("changed_at", Moment, nullable=False, server_default=func.now()),  # business time
    Index("flow_steps_flow_position_idx", "flow", "position"),
)

discount_floors = Table(
    "discount_floors",
    metadata,
    Column("industry", Text, primary_key=True),  # empty: all that have no row of their own
    Column("floor", Numeric(6, 4), nullable=False),
)

flow_versions = Table(  # a change as proposed; applied by its proposer's tap, taken back by 流程 还原
    "flow_versions",
    metadata,
    Column("version_id", BigInteger, Identity(always=True), primary_key=True),
    Column("flow", Text, nullable=False),
    Column("words", Text, nullable=False),  # as typed
    Column("before", JSONB, nullable=False),  # steps and floors
    Column("after", JSONB, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", Moment, nullable=False),  # business time, as all below
    Column("dropped_at", Moment),
    Column("applied_at", Moment),
    Column("restored_at", Moment),
)

absences = Table(
    "absences",
    metadata,
    Column("absence_id", BigInteger, Identity(always=True), primary_key=True),
    Column("employee_no", Text, nullable=False),
    Column("starts_at", Moment, nullable=False),  # business time
    Column("ends_at", Moment, nullable=False),  # exclusive
    Column("delegate_no", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("cancelled_at", Moment),
    Index("absences_ends_at_idx", "ends_at"),
)
