"""What a review of a day's leads is made of, what prices are learned from, and the reviews once they are made.

Moments are business time. What is counted is what stood in the store at the end of the day; only what waits and lies in
公海 has no history and is as of the reading.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import SHANGHAI
from bot.domain.leads.hindsight import Morning, Placement
from bot.domain.leads.policy import Policy
from bot.domain.leads.records import to_lead
from bot.domain.leads.replay import Snapshot
from bot.domain.leads.review import WINDOW_DAYS, LeadDay, RepDay, Review, WaitingLead
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.values import Lead, Reason
from bot.domain.worktime import working_minutes_between
from store.codec import for_jsonb
from store.lead_rules import LeadRuleRepository
from store.leads import to_record

_BLOCK = 100  # decisions read at once: each holds the facts of everybody who could have had the lead


@dataclass(frozen=True, slots=True)
class StoredReview:
    """A review with its picture among the attachments; a day without leads has none."""

    review: Review
    picture_id: int | None


class LeadReviewRepository:
    """Reviews inside one unit of work."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    # -- once made ----------------------------------------------------------------------------------------------------
    async def of_day(self, day: date) -> dict[str, StoredReview]:
        """By region, "" for the whole company; empty until the day is reviewed."""
        rows = await self._connection.execute(_OF_DAY, {"day": day})
        return {row.region: _stored(row) for row in rows}

    async def newest(self, region: str) -> StoredReview | None:
        """Of the region's last day that was reviewed."""
        row = (await self._connection.execute(_NEWEST, {"region": region})).one_or_none()
        return None if row is None else _stored(row)

    async def add(self, made: Iterable[StoredReview], *, at: datetime) -> None:
        """A day is reviewed once; what stands already stays as people have seen it."""
        for each in made:
            values = {"day": each.review.day, "region": each.review.region, "picture": each.picture_id, "at": at}
            review = for_jsonb(each.review.to_json()).decode()
            await self._connection.execute(_ADD, values | {"review": review})

    # -- what it is made of -------------------------------------------------------------------------------------------
    async def read_day(self, day: date, rules: LeadRules) -> LeadDay:
        """Everything about one day, in Shanghai; `rules` say who may hold how many leads."""
        begins = datetime.combine(day, time(), SHANGHAI)
        moments = {"begins": begins, "ends": begins + timedelta(days=1)}
        moments["window"] = moments["ends"] - timedelta(days=WINDOW_DAYS)
        placements, places = await self._placements(moments)
        execute = self._connection.execute
        arrived = {row.region: row.leads for row in await execute(_ARRIVED, moments)}
        waiting = [
            WaitingLead(lead_no=row.lead_no, region=row.region, waits_for=Reason(row.waits_for))
            for row in await execute(_WAITING, moments)
        ]
        return LeadDay(
            day=day,
            arrived=arrived,
            placements=placements,
            places=places,
            reps=await self._reps(moments, rules),
            waiting=waiting,
            pool={row.region: row.leads for row in await execute(_POOL)},
        )

    async def recent_leads(self, until: datetime) -> list[Lead]:
        """The leads of the last 30 days before `until`, whatever became of them; who asked twice is one."""
        values = {"since": until - timedelta(days=WINDOW_DAYS), "until": until}
        return [to_lead(to_record(row)) for row in await self._connection.execute(_RECENT, values)]

    async def _reps(self, moments: Mapping[str, datetime], rules: LeadRules) -> list[RepDay]:
        minutes: dict[str, list[int]] = defaultdict(list)
        late: dict[str, int] = defaultdict(int)
        for row in await self._connection.execute(_RESPONSES, moments):
            minutes[row.employee_no].append(working_minutes_between(row.given_at, row.responded_at))
            late[row.employee_no] += row.responded_at > row.due_at
        return [
            RepDay(
                employee_no=row.employee_no,
                name=row.name,
                region=row.region,
                capacity=rules.capacity_of(row.employee_no) if row.active else 0,
                given=row.given,
                high_given=row.high_given,
                open=row.open,
                high_open=row.high_open,
                high_intent=row.high_intent,
                minutes=tuple(sorted(minutes[row.employee_no])),
                late=late[row.employee_no],
                lapsed=row.lapsed,
                declined=row.declined,
                won=row.won,
            )
            for row in await self._connection.execute(_REPS, moments)
        ]

    async def _placements(self, moments: Mapping[str, datetime]) -> tuple[list[Placement], dict[str, int]]:
        """The day's decisions in blocks, each turned into fits as soon as it is read: all at once would not fit."""
        rules, versions = LeadRuleRepository(self._connection), dict[int, Policy]()
        for row in await self._connection.execute(_VERSIONS, moments):
            versions[row.policy_version] = (await rules.version(row.policy_version)).policy
        morning, placements = Morning(), list[Placement]()
        async with self._connection.stream(_DECISIONS, moments) as found:
            async for block in found.partitions(_BLOCK):
                placements += await asyncio.to_thread(_placed, block, versions, morning)
        return placements, morning.places


def _placed(rows: Sequence[Row[Any]], versions: Mapping[int, Policy], morning: Morning) -> list[Placement]:
    return [
        Placement(
            lead_no=row.lead_no,
            company=row.company,
            region=row.region,
            employee_no=row.employee_no,
            fits=morning.fits(Snapshot.unpack(row.snapshot), versions[row.policy_version]),
        )
        for row in rows
    ]


def _stored(row: Row[Any]) -> StoredReview:
    return StoredReview(Review.from_json(orjson.loads(row.review)), row.picture_id)


_OF_DAY = text("SELECT region, review::text, picture_id FROM lead_reviews WHERE day = :day")
_NEWEST = text("SELECT review::text, picture_id FROM lead_reviews WHERE region = :region ORDER BY day DESC LIMIT 1")
_ADD = text("""
INSERT INTO lead_reviews (day, region, review, picture_id, made_at)
VALUES (:day, :region, CAST(:review AS jsonb), :picture, :at) ON CONFLICT (day, region) DO NOTHING
""")
_ARRIVED = text("""
SELECT region, count(*) AS leads FROM leads JOIN lead_cases USING (lead_no)
WHERE received_at >= :begins AND received_at < :ends AND state <> '已合并' GROUP BY region
""")
_WAITING = text("""
SELECT lead_no, region, waits_for FROM lead_cases JOIN leads USING (lead_no)
WHERE state = '待分配' AND queued_at < :ends ORDER BY queued_at, lead_no
""")
_POOL = text("""
SELECT region, count(*) AS leads FROM lead_cases JOIN leads USING (lead_no) WHERE state = '公海' GROUP BY region
""")
_REPS = text("""
SELECT e.employee_no, e.name, e.region, e.status = '在职' AND e.role = '销售' AS active,
       coalesce(given, 0) AS given, coalesce(high_given, 0) AS high_given, coalesce(open, 0) AS open,
       coalesce(high_open, 0) AS high_open, coalesce(high_intent, 0) AS high_intent, coalesce(lapsed, 0) AS lapsed,
       coalesce(declined, 0) AS declined, coalesce(won, 0) AS won
FROM employees AS e LEFT JOIN (
    SELECT employee_no,
           count(*) FILTER (WHERE given_at >= :begins) AS given,
           count(*) FILTER (WHERE given_at >= :begins AND high_intent) AS high_given,
           count(*) FILTER (WHERE ended_at IS NULL OR ended_at >= :ends) AS open,
           count(*) FILTER (WHERE (ended_at IS NULL OR ended_at >= :ends) AND high_intent) AS high_open,
           count(*) FILTER (WHERE given_at >= :window AND high_intent) AS high_intent,
           count(*) FILTER (WHERE ended_today AND ending = '超时') AS lapsed,
           count(*) FILTER (WHERE ended_today AND ending = '退回') AS declined,
           count(*) FILTER (WHERE ended_today AND ending = '成交') AS won
    FROM (
        SELECT *, ended_at >= :begins AND ended_at < :ends AS ended_today FROM lead_turns
        WHERE given_at < :ends AND (given_at >= :window OR ended_at IS NULL OR ended_at >= :begins)
          AND ending <> '撤销'
    ) AS known
    GROUP BY employee_no
) AS turns USING (employee_no)
WHERE (e.role = '销售' AND e.status = '在职') OR given > 0 OR open > 0 OR lapsed > 0 OR declined > 0 OR won > 0
ORDER BY e.employee_no
""")
_RESPONSES = text("""
SELECT employee_no, given_at, responded_at, due_at FROM lead_turns
WHERE responded_at >= :begins AND responded_at < :ends AND due_at IS NOT NULL AND ending <> '撤销'
""")
_FIRST = """
    SELECT DISTINCT ON (lead_no) * FROM lead_decisions
    WHERE decided_at >= :begins AND decided_at < :ends ORDER BY lead_no, turn_no
"""
# S608: only the constant above is put into the two statements below.
_VERSIONS = text(f"SELECT DISTINCT policy_version FROM ({_FIRST}) AS first")  # noqa: S608
_DECISIONS = text(f"""
SELECT lead_no, first.employee_no, first.policy_version, first.snapshot, l.company, l.region
FROM ({_FIRST}) AS first JOIN leads AS l USING (lead_no)
ORDER BY first.decided_at, lead_no
""")  # noqa: S608
_RECENT = text("""
SELECT * FROM (
    SELECT DISTINCT ON (coalesce(nullif(l.mobile_key, ''), l.lead_no), l.company) l.*
    FROM leads AS l LEFT JOIN lead_cases AS c USING (lead_no)
    WHERE l.received_at >= :since AND l.received_at < :until AND c.state IS DISTINCT FROM '已合并'
    ORDER BY coalesce(nullif(l.mobile_key, ''), l.lead_no), l.company, l.received_at, l.lead_no
) AS known
ORDER BY received_at, lead_no
""")
