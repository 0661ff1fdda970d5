"""What is known of everybody who takes leads, read from the company's records in a few bulk queries.

Only facts that the rules name are read. Nothing after the moment asked about counts; of things that carry no date (a
customer's owner, somebody's region, a contract's state) the present one does. Coordinates outside China are nonsense
and left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import SHANGHAI
from bot.domain.flows import Absence
from bot.domain.leads.fact_catalogue import BY_KEY
from bot.domain.leads.facts import (
    industry_fit,
    kilometres,
    region_heat,
    response_record,
    typical_deal_fen,
)
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.values import Rep
from store.lead_catalogue import CATALOGUE_READERS
from store.lead_gathering import Gathered, Reader
from store.lead_own_facts import read_own_facts

EVERYWHERE = "全国"  #: 区域 of a rep who takes leads of all regions
_BUILT_IN = ("region_heat", "industry_fit", "typical_deal_fen", "overdue_tasks", "deals_this_week", "response_record")
KNOWN_FACTS = frozenset({*_BUILT_IN, *BY_KEY})  #: keys that facts of one's own can not have


async def reps(connection: AsyncConnection, rules: LeadRules, *, at: datetime) -> list[Rep]:
    """Everybody with role 销售, with the facts that `rules` score by, as of `at` (business time, aware).

    Who left is among them if they ever had a live lead, so that reasons can say so; others who left are not. What
    somebody holds at the moment (`pending`, `high_intent`, `last_turn`) is not filled in.
    """
    people = await takers(connection)
    return await with_facts(connection, people, await gather(connection, people, rules, at=at), rules, at=at)


async def takers(connection: AsyncConnection) -> list[Any]:
    """Who they are, from the list of employees alone: a short query."""
    return list((await connection.execute(_PEOPLE)).all())


async def gather(connection: AsyncConnection, people: list[Any], rules: LeadRules, *, at: datetime) -> Gathered:
    """The facts that `rules` name, of these people as of `at`; what takes long (benchmarks/lead_facts.py)."""
    gathered, wanted = Gathered(at, people), wanted_by(rules)
    for keys, reader in _READERS:
        if wanted & keys:
            await reader(connection, gathered)
    if wanted - KNOWN_FACTS:
        await read_own_facts(connection, gathered)
    return gathered


async def with_facts(
    connection: AsyncConnection, people: list[Any], gathered: Gathered, rules: LeadRules, *, at: datetime
) -> list[Rep]:
    """Those people with what was gathered; regions, absences, capacity and duty are those of now."""
    regions = frozenset(person.region for person in people) - {"", EVERYWHERE}
    away = await _absences(connection, at)
    return [
        Rep(
            employee_no=person.employee_no,
            regions=regions if person.region == EVERYWHERE else frozenset({person.region} - {""}),
            capacity=rules.capacity_of(person.employee_no),
            left=person.left_company,
            absences=tuple(away.get(person.employee_no, ())),
            duty=rules.duty_of(person.employee_no),
            facts=dict(gathered.facts.get(person.employee_no, {})),
            tables={name: dict(table) for name, table in gathered.tables.get(person.employee_no, {}).items()},
        )
        for person in people
    ]


def wanted_by(rules: LeadRules) -> frozenset[str]:
    """The facts that the dimensions of `rules` read."""
    return frozenset(dimension.fact for dimension in rules.policy.dimensions) - {""}


async def _absences(connection: AsyncConnection, at: datetime) -> dict[str, list[Absence]]:
    away: dict[str, list[Absence]] = defaultdict(list)
    for row in await connection.execute(_ABSENCES, {"at": at}):
        away[row.employee_no].append(
            Absence(
                absence_id=row.absence_id,
                employee_no=row.employee_no,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                delegate_no=row.delegate_no,
                reason=row.reason,
            )
        )
    return away


# -- one reader for each kind of fact ---------------------------------------------------------------------------------
async def _customers(connection: AsyncConnection, gathered: Gathered) -> None:
    """Heat of each region in which a rep has customers or may have leads, and how many customers there are."""
    rows = (await connection.execute(_CUSTOMERS, {"day": gathered.day})).all()
    centres = _Centres(rows)
    owned: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        owned[row.owner_no][row.region] = row.customers
    for person in gathered.people:
        number, mine = person.employee_no, owned.get(person.employee_no, {})
        total = sum(mine.values())
        gathered.own(number, "own_customers", float(total))
        if not total:
            continue
        for region in ({*mine} | {person.region}) - {"", EVERYWHERE}:
            heat = region_heat(centres.distance(number, region), mine.get(region, 0) / total)
            gathered.labelled(number, "region_heat", region, heat)


class _Centres:
    """The middle of each rep's customers and of each region's."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._owners: dict[str, list[float]] = {}
        self._regions: dict[str, list[float]] = {}
        for row in rows:
            if row.placed:
                for sums, name in ((self._owners, row.owner_no), (self._regions, row.region)):
                    known = sums.setdefault(name, [0.0, 0.0, 0.0])
                    for place, more in enumerate((row.placed, row.north, row.east)):
                        known[place] += float(more)

    def distance(self, owner_no: str, region: str) -> float | None:
        owner, around = self._owners.get(owner_no), self._regions.get(region)
        if owner is None or around is None:
            return None
        return kilometres(*((north / placed, east / placed) for placed, north, east in (owner, around)))


async def _deals(connection: AsyncConnection, gathered: Gathered) -> None:
    """Fit for each industry, and the usual size of a deal."""
    won: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    middle: dict[str, list[int]] = {}
    for row in await connection.execute(_WON, {"at": gathered.at, "day": gathered.day}):
        if row.middle is None:
            won[row.owner_no][row.industry] += row.deals
        else:
            middle[row.owner_no] = row.middle
    lost: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in await connection.execute(_LOST, {"at": gathered.at}):
        lost[row.owner_no][row.industry] += row.leads
    industries = {name for person in gathered.people for name in person.industries}
    industries |= {name for table in (won, lost) for owner in table.values() for name in owner}
    for person in gathered.people:
        number = person.employee_no
        gathered.own(number, "typical_deal_fen", typical_deal_fen(middle.get(number, ())) or _band_middle(person))
        mine, gone = won.get(number, {}), lost.get(number, {})
        for industry in industries - {""}:
            declared = industry in person.industries if person.industries else None
            fit = industry_fit(declared, mine.get(industry, 0), gone.get(industry, 0))
            gathered.labelled(number, "industry_fit", industry, fit)


def _band_middle(person: Any) -> float | None:
    """The middle of 成交带宽: of `5000-100000` the geometric one, of `0-30000` half the upper end."""
    least, most = person.deal_min_fen or 0, person.deal_max_fen or 0
    if least and most:
        return float((least * most) ** 0.5)
    return most / 2 or float(least) or None


async def _overdue(connection: AsyncConnection, gathered: Gathered) -> None:
    rows = await connection.execute(
        _OVERDUE, {"at": gathered.at, "since": gathered.day - timedelta(days=30), "day": gathered.day}
    )
    counts = {row.employee_no: row.promises for row in rows}
    for person in gathered.people:
        gathered.own(person.employee_no, "overdue_tasks", float(counts.get(person.employee_no, 0)))


async def _this_week(connection: AsyncConnection, gathered: Gathered) -> None:
    monday = gathered.day - timedelta(days=gathered.day.weekday())
    begins = datetime(monday.year, monday.month, monday.day, tzinfo=SHANGHAI)
    rows = await connection.execute(
        _THIS_WEEK, {"at": gathered.at, "monday": monday, "day": gathered.day, "begins": begins}
    )
    counts = {row.owner_no: row.deals for row in rows}
    for person in gathered.people:
        gathered.own(person.employee_no, "deals_this_week", float(counts.get(person.employee_no, 0)))


async def _responses(connection: AsyncConnection, gathered: Gathered) -> None:
    rows = await connection.execute(_RESPONSES, {"at": gathered.at, "since": gathered.at - timedelta(days=90)})
    for row in rows:
        gathered.own(row.employee_no, "response_record", response_record(row.in_time, row.late))
        gathered.own(row.employee_no, "response_minutes", None if row.minutes is None else float(row.minutes))


_READERS: tuple[tuple[frozenset[str], Reader], ...] = (
    (frozenset({"region_heat", "own_customers"}), _customers),
    (frozenset({"industry_fit", "typical_deal_fen"}), _deals),
    (frozenset({"overdue_tasks"}), _overdue),
    (frozenset({"deals_this_week"}), _this_week),
    (frozenset({"response_record", "response_minutes"}), _responses),
    *CATALOGUE_READERS,
)

_PEOPLE = text("""
SELECT employee_no, region, industries, deal_min_fen, deal_max_fen, hired_on, status <> '在职' AS left_company
FROM employees AS e
WHERE role = '销售'
  AND (status = '在职' OR EXISTS (SELECT 1 FROM lead_turns AS t WHERE t.employee_no = e.employee_no))
ORDER BY employee_no
""")
_ABSENCES = text("""
SELECT absence_id, employee_no, starts_at, ends_at, delegate_no, reason FROM absences
WHERE ends_at > :at AND created_at <= :at AND (cancelled_at IS NULL OR cancelled_at > :at) ORDER BY absence_id
""")
# Typed the wrong way round is turned; 0, 0 and places abroad are nobody's.
_CUSTOMERS = text("""
SELECT owner_no, region, count(*) AS customers, count(north) AS placed, sum(north) AS north, sum(east) AS east
FROM (
    SELECT owner_no, region,
           CASE WHEN latitude BETWEEN 18 AND 54 AND longitude BETWEEN 73 AND 136 THEN latitude
                WHEN longitude BETWEEN 18 AND 54 AND latitude BETWEEN 73 AND 136 THEN longitude END AS north,
           CASE WHEN latitude BETWEEN 18 AND 54 AND longitude BETWEEN 73 AND 136 THEN longitude
                WHEN longitude BETWEEN 18 AND 54 AND latitude BETWEEN 73 AND 136 THEN latitude END AS east
    FROM customers WHERE created_on IS NULL OR created_on <= :day
) AS known
GROUP BY owner_no, region
""")
# A deal: a contract that was signed, the first order of a customer without one, a lead that was won. One row for each
# owner and industry; and one for each owner (`middle`), with the amounts in the middle of all of theirs: one twice, or
# the two that an even number has. Orders come from an index alone, in its order (orders_deals_idx).
_WON = text("""
WITH signed AS (
    SELECT customer_no, owner_no, amount_fen FROM contracts
    WHERE signed_on <= :day AND status NOT IN ('草稿', '审批中')
), deals AS (
    SELECT customer_no, owner_no, amount_fen FROM signed
    UNION ALL
    SELECT customer_no, '', amount_fen
    FROM (
        SELECT DISTINCT ON (customer_no) customer_no, amount_fen FROM orders
        WHERE ordered_at <= :at AND status NOT IN ('已取消', '已退货')
        ORDER BY customer_no, ordered_at
    ) AS first
    WHERE NOT EXISTS (SELECT FROM signed WHERE signed.customer_no = first.customer_no)
), won AS MATERIALIZED (
    SELECT coalesce(nullif(d.owner_no, ''), c.owner_no) AS owner_no, c.industry, d.amount_fen
    FROM deals AS d JOIN customers AS c USING (customer_no)
    UNION ALL
    SELECT t.employee_no, l.industry, l.amount_fen
    FROM lead_turns AS t JOIN leads AS l USING (lead_no)
    WHERE t.ending = '成交' AND t.ended_at <= :at
)
SELECT owner_no, industry, count(*) AS deals, NULL::bigint[] AS middle FROM won WHERE owner_no <> ''
GROUP BY owner_no, industry
UNION ALL
SELECT owner_no, '', 0, percentile_disc(ARRAY[0.5, 0.5 + 1e-9]) WITHIN GROUP (ORDER BY amount_fen)
FROM won WHERE owner_no <> '' AND amount_fen > 0
GROUP BY owner_no
""")
_LOST = text("""
SELECT t.employee_no AS owner_no, l.industry, count(*) AS leads
FROM lead_turns AS t JOIN leads AS l USING (lead_no)
WHERE t.ending = '关闭' AND t.ended_at <= :at
GROUP BY t.employee_no, l.industry
""")
# As 待办 counts them (store/visits.py): promised, the day is over, and nobody has been there since.
_OVERDUE = text("""
SELECT employee_no, count(*) AS promises FROM visits AS told
WHERE next_follow_up >= :since AND next_follow_up < :day AND customer_no IS NOT NULL AND visited_at <= :at
  AND state IN ('待确认', '已确认', '已载入')
  AND NOT EXISTS (
      SELECT 1 FROM visits AS later
      WHERE later.customer_no = told.customer_no AND later.visited_at > told.visited_at AND later.visited_at <= :at
        AND later.state <> '已撤销')
GROUP BY employee_no
""")
_THIS_WEEK = text("""
SELECT owner_no, count(*) AS deals
FROM (
    SELECT coalesce(nullif(k.owner_no, ''), c.owner_no) AS owner_no
    FROM contracts AS k LEFT JOIN customers AS c USING (customer_no)
    WHERE k.signed_on BETWEEN :monday AND :day AND k.status NOT IN ('草稿', '审批中')
    UNION ALL
    SELECT c.owner_no
    FROM (
        SELECT DISTINCT customer_no FROM orders
        WHERE ordered_at >= :begins AND ordered_at <= :at AND status NOT IN ('已取消', '已退货')
    ) AS week JOIN customers AS c USING (customer_no)
    WHERE NOT EXISTS (
        SELECT 1 FROM orders AS before WHERE before.customer_no = c.customer_no AND before.ordered_at < :begins
          AND before.status NOT IN ('已取消', '已退货'))
) AS won
WHERE owner_no <> ''
GROUP BY owner_no
""")
# In time: answered, or given back or on, by the time asked. Taken away before that: says nothing about the rep.
_RESPONSES = text("""
SELECT employee_no,
       count(*) FILTER (WHERE first_at <= due_at) AS in_time,
       count(*) FILTER (WHERE due_at < :at AND (first_at IS NULL OR first_at > due_at)
                          AND (ended_at IS NULL OR ended_at >= due_at OR ending = '超时')) AS late,
       avg(extract(epoch FROM responded_at - given_at) / 60) FILTER (WHERE responded_at <= :at) AS minutes
FROM (
    SELECT employee_no, given_at, due_at, responded_at, ended_at, ending,
           least(CASE WHEN responded_at <= :at THEN responded_at END,
                 CASE WHEN ending IN ('退回', '转出', '成交', '关闭') AND ended_at <= :at THEN ended_at END) AS first_at
    FROM lead_turns WHERE given_at BETWEEN :since AND :at AND due_at IS NOT NULL
) AS asked
GROUP BY employee_no
""")
