"""The versions of the lead rules: immutable rows; the newest applied one counts, in every process at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.rules import LeadRules, rules_from_json
from bot.errors import NotFound


class LeadRuleRepository:
    """Rules inside one unit of work; moments are business time."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def current(self) -> LeadRules:
        """Read anew by each decision: what was applied a moment ago counts."""
        return _rules((await self._connection.execute(_CURRENT)).scalar_one())

    async def version(self, version: int) -> LeadRules:
        """The rules that a decision names.

        Raises:
            NotFound: there is no such version.
        """
        row = (await self._connection.execute(_VERSION, {"version": version})).one_or_none()
        if row is None:
            raise NotFound(f"没有第 {version} 版线索规则。")
        return _rules(row[0])


def _rules(stored: Any) -> LeadRules:
    return _parsed(stored if isinstance(stored, str) else orjson.dumps(stored).decode())


@lru_cache(maxsize=64)
def _parsed(stored: str) -> LeadRules:
    return rules_from_json(orjson.loads(stored))


_CURRENT = text("SELECT rules::text FROM lead_rule_changes WHERE version IS NOT NULL ORDER BY version DESC LIMIT 1")
_VERSION = text("SELECT rules::text FROM lead_rule_changes WHERE version = :version")
