"""The approval flow of contracts with its default rows, the discount floors, and who is away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "absences",
        sa.Column("absence_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("employee_no", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delegate_no", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("absence_id", name=op.f("absences_pkey")),
    )
    op.create_index("absences_ends_at_idx", "absences", ["ends_at"], unique=False)
    op.create_table(
        "discount_floors",
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("floor", sa.Numeric(precision=6, scale=4), nullable=False),
        sa.PrimaryKeyConstraint("industry", name=op.f("discount_floors_pkey")),
    )
    op.create_table(
        "flow_steps",
        sa.Column("step_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("flow", sa.Text(), server_default="合同", nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("approver_kind", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), server_default="", nullable=False),
        sa.Column("mode", sa.Text(), server_default="any", nullable=False),
        sa.Column("need", sa.Integer(), server_default="1", nullable=False),
        sa.Column("condition", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("remind_minutes", sa.Integer(), server_default="240", nullable=False),
        sa.Column("escalate_minutes", sa.Integer(), server_default="1440", nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("changed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("step_id", name=op.f("flow_steps_pkey")),
    )
    op.create_index("flow_steps_flow_position_idx", "flow_steps", ["flow", "position"], unique=False)
    op.create_table(
        "flow_versions",
        sa.Column("version_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("version_id", name=op.f("flow_versions_pkey")),
    )
    _seed()


def _seed() -> None:
    """The flow every company begins with: 上级, then 法务 where something is special, then 总监 where it is large."""
    steps = sa.table(
        "flow_steps",
        sa.column("position", sa.Integer()),
        sa.column("name", sa.Text()),
        sa.column("approver_kind", sa.Text()),
        sa.column("approver", sa.Text()),
        sa.column("condition", postgresql.JSONB()),
    )
    special = {"any": [{"flag": "nonstandard"}, {"fact": "kind", "op": "=", "value": "补充协议"}]}
    large = {
        "any": [
            {"fact": "amount_fen", "op": ">=", "value": 50_000_000},
            {"fact": "discount", "op": "<", "other": "discount_floor"},
        ]
    }
    op.bulk_insert(
        steps,
        [
            {"position": 1, "name": "上级审批", "approver_kind": "superior", "approver": "", "condition": sa.null()},
            {"position": 2, "name": "法务审核", "approver_kind": "role", "approver": "法务", "condition": special},
            {"position": 3, "name": "总监审批", "approver_kind": "role", "approver": "总监", "condition": large},
        ],
    )
    floors = sa.table("discount_floors", sa.column("industry", sa.Text()), sa.column("floor", sa.Numeric(6, 4)))
    op.bulk_insert(
        floors,
        [
            {"industry": "快消终端", "floor": "0.85"},
            {"industry": "建材", "floor": "0.85"},
            {"industry": "", "floor": "0.9"},
        ],
    )


def downgrade() -> None:
    op.drop_table("flow_versions")
    op.drop_index("flow_steps_flow_position_idx", table_name="flow_steps")
    op.drop_table("flow_steps")
    op.drop_table("discount_floors")
    op.drop_index("absences_ends_at_idx", table_name="absences")
    op.drop_table("absences")
