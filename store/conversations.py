"""Half-finished dialogues: at most one open question per account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.messages import Account


class Conversations:
    """Dialogues inside one unit of work; `open` and `close` are written by `flush`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._open: dict[str, tuple[str, Mapping[str, str], datetime]] = {}
        self._close: set[str] = set()

    async def current(self, account: Account, *, now: datetime) -> tuple[str, Mapping[str, str]] | None:
        """The question this account was asked last and has not answered, if it is still fresh."""
        row = (await self._connection.execute(_CURRENT, {"account": account.key, "now": now})).one_or_none()
        return None if row is None else (row.dialogue, row.data)

    def open(self, account: Account, dialogue: str, data: Mapping[str, str], *, until: datetime) -> None:
        self._open[account.key] = (dialogue, data, until)
        self._close.discard(account.key)

    def close(self, account: Account) -> None:
        self._open.pop(account.key, None)
        self._close.add(account.key)

    def clear(self) -> None:
        self._open.clear()
        self._close.clear()

    async def flush(self) -> None:
        for account in self._close:
            await self._connection.execute(_CLOSE, {"account": account})
        for account, (dialogue, data, until) in self._open.items():
            await self._connection.execute(
                _OPEN,
                {"account": account, "dialogue": dialogue, "data": orjson.dumps(dict(data)).decode(), "until": until},
            )
        self.clear()


_CURRENT = text("SELECT dialogue, data FROM conversations WHERE account_key = :account AND until > :now")
_CLOSE = text("DELETE FROM conversations WHERE account_key = :account")
_OPEN = text("""
INSERT INTO conversations (account_key, dialogue, data, until)
VALUES (:account, :dialogue, CAST(:data AS jsonb), :until)
ON CONFLICT (account_key) DO UPDATE SET dialogue = excluded.dialogue, data = excluded.data, until = excluded.until
""")
