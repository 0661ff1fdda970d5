"""A schedule changed from chat may also say whether it rests on days off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedules", sa.Column("workdays_only", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("schedules", "workdays_only")
