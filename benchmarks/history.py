"""The customer screen: a customer with 10,000 orders among 100,000 customers.

    python -m benchmarks.history [--customers 100000] [--orders 10000] [--rounds 30]

Baseline: what a screen usually costs, one plain query for each section over the same connection and indexes, all rows
fetched and added up in Python. Rounds alternate. The company is made by the database itself in a scratch server.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Customer
from bot.domain.periods import JANUARY_2026
from store import embedded
from store.database import connect, upgrade
from store.history import HistoryRepository

LARGE = Customer(customer_no="KH1", name="客户1号店", short_name="客户1", tags=("社区超市", "月结"))
TODAY = date(2026, 2, 12)
_DAY = "timestamptz '2026-02-11 20:00+08' - interval '1 minute' *"
COMPANY = (
    "INSERT INTO customers (customer_no, name, short_name, region, owner_no)"
    " SELECT 'KH' || n, '客户' || n || '号店', '客户' || n, '杭州大区', 'YG010' FROM generate_series(1, :customers) n",
    "INSERT INTO orders (order_no, customer_no, ordered_at, delivered_at, amount_fen, promotion_fen, receivable_fen,"
    " status) SELECT 'SO' || lpad(n::text, 10, '0'),"
    " 'KH' || CASE WHEN n <= :orders THEN 1 ELSE 2 + n % (:customers - 1) END,"
    f" {_DAY} (n % 130000 + 2880), {_DAY} (n % 130000), 100000 + n % 977, n % 7 * 100, 100000 + n % 977 - n % 7 * 100,"
    " CASE WHEN n % 50 = 0 THEN '已取消' ELSE '已签收' END FROM generate_series(1, :orders + 8 * :customers) n",
    "INSERT INTO receipts (account, receipt_no, received_at, payer, amount_fen, memo)"
    " SELECT '基本户', 'LS' || right(order_no, 10), delivered_at,"
    " '客户' || right(customer_no, -2) || CASE WHEN receivable_fen % 3 = 0 THEN '' ELSE '的老板' END, receivable_fen,"
    " CASE WHEN receivable_fen % 2 = 0 THEN '付' || order_no || '货款' ELSE '货款' END"
    " FROM orders WHERE receivable_fen % 10 < 8",
    "INSERT INTO visits (visit_no, customer_no, employee_no, visited_at, kind, content, next_follow_up)"
    f" SELECT 'BF' || n, 'KH' || 1 + n % :customers, 'YG010', {_DAY} (n % 130000), '上门拜访', '谈了元宵堆头',"
    " date '2026-02-20' FROM generate_series(1, 3 * :customers) n",
    "INSERT INTO visits (visit_no, customer_no, employee_no, visited_at, kind, content)"
    f" SELECT 'BFX' || n, 'KH1', 'YG010', {_DAY} n, '电话', '补货' FROM generate_series(1, :orders / 10) n",
    "INSERT INTO tickets (ticket_no, customer_no, opened_at, closed_at, subject, rating)"
    f" SELECT 'GD' || n, 'KH' || 1 + n % :customers, {_DAY} n, CASE WHEN n % 9 > 0 THEN now() END, '送货慢', 1 + n % 5"
    " FROM generate_series(1, :customers) n",
    "INSERT INTO stock (customer_no, product_no, product_name, quantity, safety_quantity)"
    " SELECT 'KH' || n, 'YL' || p, '饮料' || p, n * p % 50, 20"
    " FROM generate_series(1, :customers) n, generate_series(1001, 1008) p",
    "INSERT INTO contracts (contract_no, customer_no, kind, amount_fen, signed_on, expires_on, status)"
    " SELECT 'HT' || n, 'KH' || n, '供货协议', 100000, date '2025-06-01', date '2026-05-31', '履行中'"
    " FROM generate_series(1, :customers) n",
    "INSERT INTO usage_events (customer_no, occurred_at, user_name, event, object, occurrence)"
    f" SELECT 'KH' || 1 + n % :customers, {_DAY} (n % 130000), 'u' || n % 3, '登录', '移动端', 1 + n / 100000"
    " FROM generate_series(1, 5 * :customers) n",
)
SECTIONS = {
    "orders": "SELECT * FROM orders WHERE customer_no = :c ORDER BY ordered_at DESC",
    "receipts": "SELECT r.* FROM receipts r WHERE payer = ANY(:payers) OR substring(upper(memo) from 'SO[0-9]{10}')"
    " IN (SELECT order_no FROM orders WHERE customer_no = :c)",
    "stock": "SELECT * FROM stock WHERE customer_no = :c",
    "tickets": "SELECT * FROM tickets WHERE customer_no = :c ORDER BY opened_at DESC",
    "contracts": "SELECT * FROM contracts WHERE customer_no = :c",
    "visits": "SELECT * FROM visits WHERE customer_no = :c ORDER BY visited_at DESC",
    "newest": "SELECT max(occurred_at) FROM usage_events",
    "logins": "SELECT * FROM usage_events WHERE customer_no = :c AND event = '登录'",
}


async def section_by_section(connection: AsyncConnection) -> None:
    """The baseline: every row of every section, sums in Python."""
    rows: dict[str, list[dict[str, Any]]] = {}
    values = {"c": LARGE.customer_no, "payers": [LARGE.name, LARGE.short_name]}
    for name, statement in SECTIONS.items():
        wanted = {key: value for key, value in values.items() if f":{key}" in statement}
        rows[name] = [dict(row) for row in (await connection.execute(text(statement), wanted)).mappings()]
    start, end = datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 1, 31, 16, tzinfo=UTC)
    signed = [row for row in rows["orders"] if row["status"] == "已签收" and row["delivered_at"]]
    sum(row["receivable_fen"] for row in signed if start <= row["delivered_at"] < end)
    sum(row["receivable_fen"] for row in signed) - sum(row["amount_fen"] for row in rows["receipts"])


async def ours(connection: AsyncConnection) -> None:
    await HistoryRepository(connection).of(LARGE, period=JANUARY_2026, today=TODAY)


async def milliseconds(work: Callable[[AsyncConnection], Awaitable[None]], connection: AsyncConnection) -> float:
    started = time.perf_counter()
    await work(connection)
    return (time.perf_counter() - started) * 1000


async def measure(customers: int, orders: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="salesbot-bench-") as folder:
        data = Path(folder) / "postgres"
        database = connect(embedded.start(data, options={"fsync": "off"}), leave=lambda: embedded.leave(data))
        try:
            await upgrade(database)
            started = time.perf_counter()
            async with database.engine.begin() as connection:
                for statement in COMPANY:
                    wanted = {"customers": customers, "orders": orders}
                    used = {key: value for key, value in wanted.items() if f":{key}" in statement}
                    await connection.execute(text(statement), used)
            async with database.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.execute(text("VACUUM ANALYZE"))
            print(f"{customers:,} customers, one with {orders:,} orders: made in {time.perf_counter() - started:.0f} s")
            async with database.engine.connect() as connection:
                first = await milliseconds(ours, connection)
                pairs = [
                    (await milliseconds(section_by_section, connection), await milliseconds(ours, connection))
                    for _ in range(rounds)
                ]
        finally:
            await database.close()
    theirs, own = statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)
    slowest = max(pair[1] for pair in pairs)
    print(
        f"history screen: {own / theirs:.2f} x a query per section with sums in Python ({own:.0f} ms against"
        f" {theirs:.0f} ms; first {first:.0f} ms, slowest {slowest:.0f} ms; aim under 1000 ms)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    asyncio.run(measure(given.customers, given.orders, given.rounds))


if __name__ == "__main__":
    main()
