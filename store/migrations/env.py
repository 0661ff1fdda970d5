"""What Alembic runs: always inside the connection and transaction that `store.migrations` hands over."""

from __future__ import annotations

from alembic import context

import store.approval_tables
import store.business
import store.calendar_tables
import store.flow_tables
import store.lead_tables
import store.tables
import store.visit_tables  # noqa: F401 - these fill the metadata
from store.metadata import metadata
from store.migrations import is_ours

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=is_ours,
)
with context.begin_transaction():
    context.run_migrations()
