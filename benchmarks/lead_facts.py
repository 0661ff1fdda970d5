"""What is known of 1,000 reps, read from the records of 100,000 customers: the price of a new roster.

    python -m benchmarks.lead_facts [--reps 1000] [--customers 100000] [--rounds 15]

Baseline: one sequential `count(*)` over the table of orders on the same connection; rounds alternate. The company is
made by the database itself in a scratch server: three orders a customer, every fifth with a contract, a visit for every
second, 20 leads a rep given out before.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.leads.rules import LeadRules
from store import embedded
from store.database import connect, upgrade
from store.lead_facts import reps as read_reps
from store.lead_rules import LeadRuleRepository

NOW = datetime(2026, 2, 11, 12, tzinfo=UTC)
_NOW = "timestamptz '2026-02-11 20:00+08'"
_REGION = "(ARRAY['杭州大区', '宁波大区', '合肥大区', '南京大区', '苏州大区'])[1 + {n} % 5]"
_INDUSTRY = "(ARRAY['快消终端', '建材', '工业', '教育', '医疗', '软件订阅'])[1 + {n} / 7 % 6]"
COMPANY = (
    "INSERT INTO employees (employee_no, name, role, region, status, industries, deal_min_fen, deal_max_fen, hired_on)"
    f" SELECT 'YG' || lpad(n::text, 5, '0'), '员工' || n, '销售', {_REGION.format(n='n')}, '在职', ARRAY['建材'],"
    " 500000, 20000000, date '2024-01-01' FROM generate_series(0, :reps - 1) n",
    "INSERT INTO customers (customer_no, name, short_name, region, industry, owner_no, latitude, longitude, created_on)"
    f" SELECT 'KH' || n, '客户' || n || '号店', '客户' || n, {_REGION.format(n='n')}, {_INDUSTRY.format(n='n')},"
    " 'YG' || lpad((n % :reps)::text, 5, '0'), 30 + n % 997 / 997.0, 120 + n % 991 / 991.0, date '2024-05-01'"
    " FROM generate_series(1, :customers) n",
    "INSERT INTO orders (order_no, customer_no, ordered_at, amount_fen, receivable_fen, status)"
    f" SELECT 'SO' || lpad(n::text, 10, '0'), 'KH' || 1 + n % :customers, {_NOW} - interval '1 minute' * (n % 260000),"
    " 100000 + n % 977, 100000, CASE WHEN n % 50 = 0 THEN '已取消' ELSE '已签收' END"
    " FROM generate_series(1, 3 * :customers) n",
    "INSERT INTO contracts (contract_no, customer_no, kind, amount_fen, signed_on, expires_on, status, owner_no)"
    " SELECT 'HT' || n, 'KH' || 5 * n, '供货协议', 100000 + n, date '2026-02-11' - n % 400, date '2026-12-31', '履行中'"
    ", '' FROM generate_series(1, :customers / 5) n",
    "INSERT INTO visits (visit_no, customer_no, employee_no, visited_at, kind, content, next_follow_up, state)"
    " SELECT 'BF' || n, 'KH' || 2 * n, 'YG' || lpad((2 * n % :reps)::text, 5, '0'),"
    f" {_NOW} - interval '1 minute' * (n % 130000), '上门拜访', '谈了元宵堆头', date '2026-02-20' - n % 60, '已确认'"
    " FROM generate_series(1, :customers / 2) n",
    "INSERT INTO leads (lead_no, received_at, company, region, industry, amount_fen, intent)"
    f" SELECT 'XS' || n, {_NOW} - interval '5 minute' * n, '来客' || n, {_REGION.format(n='n')},"
    f" {_INDUSTRY.format(n='n')}, 5000000, 'medium' FROM generate_series(1, 20 * :reps) n",
    "INSERT INTO lead_turns (lead_no, turn_no, employee_no, how, high_intent, given_at, due_at, responded_at, ended_at,"
    " ending) SELECT 'XS' || n, 1, 'YG' || lpad((n % :reps)::text, 5, '0'), '打分', n % 5 = 0, at,"
    " at + interval '30 minute', at + interval '1 minute' * (n % 40), at + interval '3 day',"
    " CASE WHEN n % 5 = 0 THEN '成交' ELSE '关闭' END"
    f" FROM (SELECT n, {_NOW} - interval '5 minute' * n AS at FROM generate_series(1, 20 * :reps) n) AS given",
)


async def count_orders(connection: AsyncConnection, _rules: LeadRules) -> None:
    """The baseline: the table once from end to end."""
    await connection.execute(text("SELECT count(amount_fen) FROM orders"))


async def ours(connection: AsyncConnection, rules: LeadRules) -> None:
    await read_reps(connection, rules, at=NOW)


async def milliseconds(
    work: Callable[[AsyncConnection, LeadRules], Awaitable[None]], connection: AsyncConnection, rules: LeadRules
) -> float:
    started = time.perf_counter()
    await work(connection, rules)
    return (time.perf_counter() - started) * 1000


async def measure(reps: int, customers: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="salesbot-bench-") as folder:
        data = Path(folder) / "postgres"
        database = connect(embedded.start(data, options={"fsync": "off"}), leave=lambda: embedded.leave(data))
        try:
            await upgrade(database)
            async with database.engine.begin() as connection:
                for statement in COMPANY:
                    wanted = {"reps": reps, "customers": customers}
                    used = {key: value for key, value in wanted.items() if f":{key}" in statement}
                    await connection.execute(text(statement), used)
            async with database.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.execute(text("VACUUM ANALYZE"))
            async with database.engine.connect() as connection:
                rules = await LeadRuleRepository(connection).current()
                first = await milliseconds(ours, connection, rules)
                pairs = [
                    (
                        await milliseconds(count_orders, connection, rules),
                        await milliseconds(ours, connection, rules),
                    )
                    for _ in range(rounds)
                ]
        finally:
            await database.close()
    counted, own = statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)
    print(
        f"facts of {reps:,} reps from {customers:,} customers and {3 * customers:,} orders: {own / counted:.1f} x"
        f" a count over the orders ({own:.0f} ms against {counted:.0f} ms; first {first:.0f} ms, slowest"
        f" {max(pair[1] for pair in pairs):.0f} ms; aim under 150 ms)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=1_000)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    asyncio.run(measure(given.reps, given.customers, given.rounds))


if __name__ == "__main__":
    main()
