"""The leads of the last month and the boards before and after a change of the rules, for `bot.domain.leads.what_if`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads import Board, Learned, Roster
from bot.domain.leads.records import LeadRecord, to_lead
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.what_if import Arrived, WhatIf, what_if
from store import lead_facts
from store.leads import to_record

DAYS = 30


@dataclass(frozen=True, slots=True)
class MonthPlayed:
    """The comparison, and the leads that it names."""

    found: WhatIf
    records: dict[str, LeadRecord]


async def play_last_month(
    connection: AsyncConnection, before: LeadRules, after: LeadRules, *, at: datetime
) -> MonthPlayed:
    """What `after` would have made of the leads of the 30 days before `at` (business time), off the event loop.

    Leads that are the same as an earlier one, or come from a customer's contact or company, are not played: they go
    to their owner without any scoring.
    """
    records = [
        to_record(row) for row in await connection.execute(_LEADS, {"since": at - timedelta(days=DAYS), "at": at})
    ]
    boards = [
        Board.of(Roster.of(await lead_facts.reps(connection, rules, at=at)), rules.policy) for rules in (before, after)
    ]
    leads = [Arrived(to_lead(record), record.received_at) for record in records]
    found = await asyncio.to_thread(what_if, leads, *boards, learned=await _learned(connection, at))
    named = {item.lead_no for item in found.examples}
    return MonthPlayed(found, {record.lead_no: record for record in records if record.lead_no in named})


async def _learned(connection: AsyncConnection, at: datetime) -> Learned | None:
    stored = (await connection.execute(_LEARNED, {"at": at})).scalar_one_or_none()
    return None if stored is None else Learned(**orjson.loads(stored))


_LEADS = text("""
SELECT l.* FROM leads AS l LEFT JOIN lead_cases AS k USING (lead_no)
WHERE l.received_at > :since AND l.received_at <= :at
  AND coalesce(k.same_kind, '') = '' AND coalesce(k.state, '') <> '已合并'
  AND (l.mobile_key = '' OR NOT EXISTS (
      SELECT 1 FROM leads AS earlier
      WHERE earlier.mobile_key = l.mobile_key AND (earlier.received_at, earlier.lead_no) < (l.received_at, l.lead_no)))
  AND (l.mobile_key = '' OR NOT EXISTS (SELECT 1 FROM contacts WHERE contacts.mobile_key = l.mobile_key))
  AND (l.company = '' OR NOT EXISTS (SELECT 1 FROM customers WHERE customers.name = l.company))
ORDER BY l.received_at, l.lead_no
""")
_LEARNED = text("""
SELECT learned::text FROM lead_prices WHERE learned_at <= :at ORDER BY learned_at DESC LIMIT 1
""")
