"""What is in a bot's database, seen from outside its process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from bot.sandbox.app import Sandbox

_OPEN = """
SELECT (SELECT count(*) FROM inbox WHERE state = 'received')
     + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))
     + (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))
"""


async def looked_up(url: str, query: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return list(await (await connection.execute(query)).fetchall())


@asynccontextmanager
async def away(server_url: str, url: str) -> AsyncIterator[None]:
    """Within the block the database lets nobody in."""
    name = sql.Identifier(str(make_url(url).database))
    async with await psycopg.AsyncConnection.connect(server_url, autocommit=True) as admin:
        await admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [make_url(url).database]
        )
        try:
            yield
        finally:
            await admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


async def all_done(url: str) -> bool:
    """Whether nothing is left to be done."""
    return await looked_up(url, _OPEN) == [(0,)]


async def visits_told(url: str) -> list[str]:
    """The sentences of the visits that people told, sorted; one that was taken twice stands twice."""
    rows = await looked_up(url, "SELECT raw_text FROM visits WHERE state <> '已载入'")
    return sorted(str(row[0]) for row in rows)


def shown_cards(sandbox: Sandbox, wecom: Sequence[str], *dingtalk: str) -> list[int]:
    """How many cards hang on each phone."""
    return [
        *(len(sandbox.wecom.cards_of(user)) for user in wecom),
        *(len(sandbox.dingtalk.cards_of(user)) for user in dingtalk),
    ]
