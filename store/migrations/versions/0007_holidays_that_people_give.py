"""holidays that people give."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "work_calendars",
        sa.Column("calendar_no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("free", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("worked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="待确认", nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("calendar_no", name=op.f("work_calendars_pkey")),
    )
    op.create_index(
        "work_calendars_in_force_idx",
        "work_calendars",
        ["year", "calendar_no"],
        unique=False,
        postgresql_where=sa.text("state = '生效'"),
    )


def downgrade() -> None:
    op.drop_index(
        "work_calendars_in_force_idx", table_name="work_calendars", postgresql_where=sa.text("state = '生效'")
    )
    op.drop_table("work_calendars")
