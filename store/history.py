"""One customer's past, read in two statements: a screen, and what a question asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.history import (
    ContractLine,
    CustomerHistory,
    Logins,
    OrderLine,
    PeriodSums,
    StockLine,
    TicketLine,
    VisitLine,
)
from bot.domain.people import Customer
from bot.domain.periods import Period
from store.receivables import rough_debt

_SHANGHAI = ZoneInfo("Asia/Shanghai")


class HistoryRepository:
    """Reads only. Days are days of Shanghai; what was undone or still has no customer does not count as a visit."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, customer: Customer, *, period: Period, today: date) -> CustomerHistory:
        """Everything about one customer. `period` is what `CustomerHistory.period` sums up."""
        values = {
            "customer_no": customer.customer_no,
            "period_from": _midnight(period.start),
            "period_until": _midnight(period.end + timedelta(days=1)),
            "today": today,
        }
        facts = (await self._connection.execute(_SCREEN, values)).scalar_one()
        debt = await rough_debt(self._connection, customer, today=today)
        return CustomerHistory(
            orders=tuple(_to_order(item) for item in facts["orders"]),
            order_count=facts["order_count"],
            period=PeriodSums(**facts["period"]),
            debt=debt,
            stock=tuple(_to_stock(item) for item in facts["stock"]),
            last_rated=_to_ticket(facts["last_rated"]) if facts["last_rated"] else None,
            open_tickets=tuple(_to_ticket(item) for item in facts["open_tickets"]),
            open_ticket_count=facts["open_ticket_count"],
            contracts=tuple(_to_contract(item) for item in facts["contracts"]),
            contract_end=_date(facts["contract_end"]),
            visits=tuple(_to_visit(item) for item in facts["visits"]),
            visit_count=facts["visit_count"],
            next_follow_up=_to_visit(facts["next_follow_up"]) if facts["next_follow_up"] else None,
            logins=_to_logins(facts["logins"]),
        )

    async def all_orders(self, customer_no: str) -> AsyncIterator[OrderLine]:
        """Every order, newest first, read in portions."""
        async with self._connection.stream(_ALL_ORDERS, {"customer_no": customer_no}) as rows:
            async for row in rows.mappings():
                yield OrderLine(**row)

    async def all_visits(self, customer_no: str, *, limit: int) -> tuple[list[VisitLine], int]:
        """The newest visits, newest first, and how many there are."""
        rows = (await self._connection.execute(_ALL_VISITS, {"customer_no": customer_no, "limit": limit})).mappings()
        found = [dict(row) for row in rows]
        total = found[0]["total"] if found else 0
        return [VisitLine(**{name: row[name] for name in VisitLine.__slots__}) for row in found], total


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _SHANGHAI).astimezone(UTC)


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _to_order(item: dict[str, Any]) -> OrderLine:
    return OrderLine(
        **item
        | {
            "ordered_at": datetime.fromisoformat(item["ordered_at"]),
            "delivered_at": _moment(item["delivered_at"]),
        }
    )


def _to_stock(item: dict[str, Any]) -> StockLine:
    safety = item["safety_quantity"]
    return StockLine(
        product_no=item["product_no"],
        product_name=item["product_name"],
        quantity=Decimal(item["quantity"]),
        safety_quantity=None if safety is None else Decimal(safety),
        updated_at=_moment(item["updated_at"]),
    )


def _to_ticket(item: dict[str, Any]) -> TicketLine:
    return TicketLine(**item | {"opened_at": datetime.fromisoformat(item["opened_at"])})


def _to_contract(item: dict[str, Any]) -> ContractLine:
    return ContractLine(**item | {"signed_on": _date(item["signed_on"]), "expires_on": _date(item["expires_on"])})


def _to_visit(item: dict[str, Any]) -> VisitLine:
    return VisitLine(
        **item
        | {
            "visited_at": datetime.fromisoformat(item["visited_at"]),
            "next_follow_up": _date(item["next_follow_up"]),
        }
    )


def _to_logins(item: dict[str, Any]) -> Logins:
    return Logins(**item | {"last_day": _date(item["last_day"]), "last_login": _moment(item["last_login"])})


_REAL_VISIT = "customer_no = :customer_no AND state NOT IN ('已撤销', '待选客户') AND visited_at IS NOT NULL"
_VISIT_COLUMNS = "visit_no, employee_no, visited_at, kind, content, next_follow_up"
_ORDER_COLUMNS = """order_no, ordered_at, delivered_at, coalesce(amount_fen, 0) AS amount_fen,
    coalesce(promotion_fen, 0) AS promotion_fen, coalesce(receivable_fen, 0) AS receivable_fen, status"""
_TICKET_COLUMNS = "ticket_no, opened_at, subject, rating"

_SCREEN = text(f"""
WITH newest AS (
    SELECT ((SELECT max(occurred_at) FROM usage_events) AT TIME ZONE 'Asia/Shanghai')::date AS last_day
), logins AS (
    SELECT count(*) AS count, count(DISTINCT user_name) AS users, max(occurred_at) AS last_login
    FROM usage_events, newest
    WHERE customer_no = :customer_no AND event = '登录'
      AND occurred_at >= (last_day - 29)::timestamp AT TIME ZONE 'Asia/Shanghai'
)
SELECT json_build_object(
'orders', (SELECT coalesce(json_agg(x), '[]') FROM (
    SELECT {_ORDER_COLUMNS} FROM orders
    WHERE customer_no = :customer_no AND ordered_at IS NOT NULL AND status <> '已取消'
    ORDER BY orders.ordered_at DESC, order_no DESC LIMIT 3) AS x),
'order_count', (SELECT count(*) FROM orders WHERE customer_no = :customer_no),
'period', (SELECT json_build_object('receivable_fen', coalesce(sum(receivable_fen), 0),
    'promotion_fen', coalesce(sum(promotion_fen), 0), 'orders', count(*)) FROM orders
    WHERE customer_no = :customer_no AND status = '已签收'
      AND delivered_at >= :period_from AND delivered_at < :period_until),
'stock', (SELECT coalesce(json_agg(x), '[]') FROM (
    SELECT product_no, trim(product_name) AS product_name, coalesce(quantity, 0)::text AS quantity,
           safety_quantity::text AS safety_quantity, updated_at
    FROM stock WHERE customer_no = :customer_no ORDER BY product_no) AS x),
'last_rated', (SELECT row_to_json(x) FROM (
    SELECT {_TICKET_COLUMNS} FROM tickets WHERE customer_no = :customer_no AND rating IS NOT NULL
    ORDER BY opened_at DESC NULLS LAST, ticket_no DESC LIMIT 1) AS x),
'open_tickets', (SELECT coalesce(json_agg(x), '[]') FROM (
    SELECT {_TICKET_COLUMNS} FROM tickets WHERE customer_no = :customer_no AND closed_at IS NULL
    ORDER BY opened_at DESC NULLS LAST LIMIT 3) AS x),
'open_ticket_count', (SELECT count(*) FROM tickets WHERE customer_no = :customer_no AND closed_at IS NULL),
'contracts', (SELECT coalesce(json_agg(x), '[]') FROM (
    SELECT contract_no, kind, coalesce(amount_fen, 0) AS amount_fen, signed_on, expires_on, status FROM contracts
    WHERE customer_no = :customer_no AND status IN ('履行中', '审批中', '待签署', '待归档')
    ORDER BY expires_on DESC NULLS LAST LIMIT 5) AS x),
'contract_end', (SELECT max(expires_on) FROM contracts WHERE customer_no = :customer_no AND status = '履行中'
    AND (signed_on IS NULL OR expires_on >= signed_on)),
'visits', (SELECT coalesce(json_agg(x), '[]') FROM (
    SELECT {_VISIT_COLUMNS} FROM visits WHERE {_REAL_VISIT} ORDER BY visited_at DESC, visit_no DESC LIMIT 3) AS x),
'visit_count', (SELECT count(*) FROM visits WHERE {_REAL_VISIT}),
'next_follow_up', (SELECT row_to_json(x) FROM (
    SELECT {_VISIT_COLUMNS} FROM visits WHERE {_REAL_VISIT} AND next_follow_up >= :today
    ORDER BY next_follow_up, visited_at DESC LIMIT 1) AS x),
'logins', (SELECT json_build_object('count', count, 'users', users, 'last_day', last_day, 'last_login', last_login,
    'subscribed', EXISTS (SELECT FROM usage_events WHERE customer_no = :customer_no)) FROM logins, newest)
)
""")  # noqa: S608 - only the constants above are put in
_ALL_ORDERS = text(f"""
SELECT {_ORDER_COLUMNS} FROM orders WHERE customer_no = :customer_no AND ordered_at IS NOT NULL
ORDER BY orders.ordered_at DESC, order_no DESC
""")  # noqa: S608 - as above
_ALL_VISITS = text(f"""
SELECT {_VISIT_COLUMNS}, count(*) OVER () AS total FROM visits WHERE {_REAL_VISIT}
ORDER BY visited_at DESC, visit_no DESC LIMIT :limit
""")  # noqa: S608 - as above
