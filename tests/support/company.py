"""What is in a bot's database, seen from outside its process."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from bot.sandbox.app import Sandbox

_OPEN = """
SELECT (SELECT count(*) FROM inbox WHERE state = 'received')
     + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))
     + (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))
"""


async def looked_up(url: str, query: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return list(await (await connection.execute(query)).fetchall())


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
