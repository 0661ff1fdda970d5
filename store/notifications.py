"""LISTEN: what other processes changed, heard within a second, over one connection that comes back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import psycopg
import structlog
from psycopg import sql

log = structlog.get_logger()

RECONNECT_SECONDS = 1.0
LOOK_SECONDS = 30.0  # a silent connection is tried that often: a cut network tells nobody

Hear = Callable[[str], Awaitable[None]]


class Listener:
    """Calls a function per channel with the payload; after a reconnect each once, for what may have been missed."""

    def __init__(self, dsn: str, hear: Mapping[str, Hear]) -> None:
        self._dsn = dsn
        self._hear = hear

    async def run(self) -> None:
        """Until cancelled."""
        first = True
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as connection:
                    for channel in self._hear:
                        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                    if not first:
                        for hear in self._hear.values():
                            await hear("")
                    first = False
                    while True:
                        async for notice in connection.notifies(timeout=LOOK_SECONDS):
                            await self._hear[notice.channel](notice.payload)
                        await connection.execute("SELECT 1")
            except Exception as error:  # noqa: BLE001 - this loop must survive a database that is away, whoever noticed it
                log.warning("listen.lost", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_SECONDS)
