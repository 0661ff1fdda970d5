"""What each nightly run learned about the reps' time: rows that are only added; the newest counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.roster import Learned
from store.codec import for_jsonb


class LeadPriceRepository:
    """Learned prices inside one unit of work; moments are business time, aware."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def newest(self) -> Learned:
        """Of the latest night; a company that has not learned anything yet gets the defaults."""
        stored = (await self._connection.execute(_NEWEST)).scalar_one_or_none()
        return Learned() if stored is None else _to_learned(orjson.loads(stored))

    async def add(self, learned: Learned, at: datetime) -> None:
        """What was learned as of `at`; learned again as of the same moment it replaces the former."""
        values = {"at": at, "learned": for_jsonb(_to_json(learned)).decode()}
        await self._connection.execute(_ADD, values)


def _to_json(learned: Learned) -> dict[str, Any]:
    return {
        "prices": dict(learned.prices),
        "usual_load": learned.usual_load,
        "usual_high_intent": learned.usual_high_intent,
        "high_intent_per_rep": learned.high_intent_per_rep,
    }


def _to_learned(stored: dict[str, Any]) -> Learned:
    return Learned(**stored)


_NEWEST = text("SELECT learned::text FROM lead_prices ORDER BY learned_at DESC LIMIT 1")
_ADD = text("""
INSERT INTO lead_prices (learned_at, learned) VALUES (:at, CAST(:learned AS jsonb))
ON CONFLICT (learned_at) DO UPDATE SET learned = EXCLUDED.learned
""")
