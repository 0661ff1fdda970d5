"""The versions of the lead rules: immutable rows; the newest applied one counts, in every process at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.rules import LeadRules, rules_from_json, rules_to_json
from bot.errors import NotFound, OutOfDate


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """A change as somebody typed it: proposed, and at most one of dropped and applied."""

    change_id: int
    version: int | None  #: None until it is applied
    base_version: int  #: the version that it was proposed against
    words: str
    rules: LeadRules  #: all of them, after the change
    proposed_by: str
    applied_at: datetime | None = None
    dropped_at: datetime | None = None
    restores: int | None = None  #: the version that it takes back


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

    # -- changing ---------------------------------------------------------------------------------------------------
    async def propose(
        self, words: str, before: LeadRules, after: LeadRules, *, by: str, at: datetime, restores: int | None = None
    ) -> int:
        """Remember a change that waits for its proposer's tap; returns its number."""
        values = {
            "base": before.version,
            "words": words,
            "rules": _stored(replace_version(after, before.version + 1)),
            "by": by,
            "at": at,
            "restores": restores,
        }
        return int((await self._connection.execute(_PROPOSE, values)).scalar_one())

    async def change(self, change_id: int) -> RuleChange:
        """For deciding about it: nobody else can until this transaction ends.

        Raises:
            NotFound: there is none of that number.
        """
        row = (await self._connection.execute(_CHANGE, {"change_id": change_id})).one_or_none()
        if row is None:
            raise NotFound("没有这次规则变更，请发「权重」重新发起。")
        return _to_change(row)

    async def drop(self, change: RuleChange, *, at: datetime) -> None:
        await self._connection.execute(_DROP, {"change_id": change.change_id, "at": at})

    async def apply(self, change: RuleChange, *, at: datetime) -> LeadRules:
        """Make it the newest version: decisions made from the commit on go by it, in every process.

        Raises:
            OutOfDate: somebody changed the rules after this was proposed.
        """
        await self._connection.execute(_LOCK)
        current = await self.current()
        if current.version != change.base_version:
            raise OutOfDate("线索规则在这期间被改过了，这次变更没有生效。请发「权重」看一下现在的规则，再改一次。")
        rules = replace_version(change.rules, current.version + 1)
        values = {"change_id": change.change_id, "version": rules.version, "rules": _stored(rules), "at": at}
        await self._connection.execute(_APPLY, values)
        return rules

    async def last_applied(self) -> RuleChange | None:
        """The change that 权重 还原 takes back next; what was taken back already is passed over."""
        row = (await self._connection.execute(_LAST)).one_or_none()
        return None if row is None else _to_change(row)


def replace_version(rules: LeadRules, version: int) -> LeadRules:
    return replace(rules, policy=replace(rules.policy, version=version))


def _to_change(row: Row[Any]) -> RuleChange:
    return RuleChange(
        change_id=row.change_id,
        version=row.version,
        base_version=row.base_version,
        words=row.words,
        rules=_rules(row.rules),
        proposed_by=row.proposed_by,
        applied_at=row.applied_at,
        dropped_at=row.dropped_at,
        restores=row.restores,
    )


def _stored(rules: LeadRules) -> str:
    return orjson.dumps(rules_to_json(rules)).decode()


def _rules(stored: Any) -> LeadRules:
    return _parsed(stored if isinstance(stored, str) else orjson.dumps(stored).decode())


@lru_cache(maxsize=64)
def _parsed(stored: str) -> LeadRules:
    return rules_from_json(orjson.loads(stored))


_CURRENT = text("SELECT rules::text FROM lead_rule_changes WHERE version IS NOT NULL ORDER BY version DESC LIMIT 1")
_VERSION = text("SELECT rules::text FROM lead_rule_changes WHERE version = :version")
# one change at a time: whoever comes second sees what the first made of the rules; readers are not held up
_LOCK = text("LOCK TABLE lead_rule_changes IN SHARE ROW EXCLUSIVE MODE")
_ALL = "change_id, version, base_version, words, rules::text AS rules, proposed_by, applied_at, dropped_at, restores"
_PROPOSE = text("""
INSERT INTO lead_rule_changes (base_version, words, rules, proposed_by, proposed_at, restores)
VALUES (:base, :words, CAST(:rules AS jsonb), :by, :at, :restores) RETURNING change_id
""")
_CHANGE = text(f"SELECT {_ALL} FROM lead_rule_changes WHERE change_id = :change_id FOR UPDATE")  # noqa: S608
_DROP = text("UPDATE lead_rule_changes SET dropped_at = :at WHERE change_id = :change_id")
_APPLY = text("""
UPDATE lead_rule_changes SET version = :version, rules = CAST(:rules AS jsonb), applied_at = :at
WHERE change_id = :change_id
""")
_LAST = text(f"""
SELECT {_ALL} FROM lead_rule_changes
WHERE base_version > 0 AND version IS NOT NULL AND restores IS NULL
  AND version NOT IN (SELECT restores FROM lead_rule_changes WHERE version IS NOT NULL AND restores IS NOT NULL)
ORDER BY version DESC LIMIT 1
""")  # noqa: S608
