"""`python -m store.migrations "what changes"`: write a new version from what the tables say and the versions do not.

Sequences, triggers and data are not seen: write those into the new file by hand.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from store import embedded
from store.database import connect
from store.migrations import configuration, head, migrate


async def _write(url: str, message: str) -> None:
    database = connect(url)
    async with database.engine.begin() as transaction:
        await migrate(transaction)
        await transaction.run_sync(_revise, message)
    await database.close()


def _revise(connection: Connection, message: str) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    command.revision(config, message, autogenerate=True, rev_id=f"{int(head() or 0) + 1:04d}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "postgres"
        asyncio.run(_write(embedded.start(folder), sys.argv[1]))
        embedded.leave(folder)
