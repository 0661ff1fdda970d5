"""What the company knows that a contract is compared with: one statement, and the rough debt."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.evidence import PastContract, Payment, Surroundings
from bot.domain.people import Customer
from store.receivables import rough_debt

PAYMENTS = 3  # the newest ones on the card
PEERS_DAYS = 365


async def surroundings(
    connection: AsyncConnection, customer: Customer, *, kind: str, discount_floor: Decimal, today: date
) -> Surroundings:
    """Everything about one customer that an approver compares a contract of that 类型 with; `today` in Shanghai."""
    values: dict[str, Any] = {
        "customer_no": customer.customer_no,
        "industry": customer.industry,
        "kind": kind,
        "payers": [name for name in {customer.name, customer.short_name} if name],
        "today": today,
        "since": today - timedelta(days=PEERS_DAYS),
        "payments": PAYMENTS,
    }
    facts = (await connection.execute(_FACTS, values)).scalar_one()
    debt = await rough_debt(connection, customer, today=today)
    return Surroundings(
        industry=customer.industry,
        discount_floor=discount_floor,
        list_year_fen=facts["year_fen"],
        open_fen=debt.open_fen,
        overdue_fen=debt.overdue_fen,
        provisional=debt.provisional,
        payments=tuple(
            Payment(on=date.fromisoformat(item["paid_on"]), amount_fen=item["amount_fen"]) for item in facts["payments"]
        ),
        open_tickets=facts["open_tickets"],
        last_ticket=facts["last_ticket"] or "",
        past=tuple(_to_past(item) for item in facts["past"]),
        peer_discounts=tuple(Decimal(value) for value in facts["peers"]),
    )


def _to_past(item: dict[str, Any]) -> PastContract:
    signed_on = date.fromisoformat(item["signed_on"]) if item["signed_on"] else None
    return PastContract(
        contract_no=item["contract_no"],
        kind=item["kind"],
        amount_fen=item["amount_fen"] or 0,
        discount=None if item["discount"] is None else Decimal(item["discount"]).normalize(),
        signed_on=signed_on,
        months=item["months"],
    )


# A receipt is this customer's when its memo names an order of theirs or they paid in their own name; headquarters that
# pay for many shops without naming orders are not seen until receipts are reconciled.
_FACTS = text("""
WITH own_orders AS MATERIALIZED (SELECT order_no FROM orders WHERE customer_no = :customer_no),
paid AS (
    SELECT r.account, r.receipt_no, r.received_at, r.amount_fen
    FROM own_orders AS o CROSS JOIN LATERAL (
        SELECT account, receipt_no, received_at, amount_fen FROM receipts
        WHERE substring(upper(memo) from 'SO[0-9]{10}') = o.order_no AND amount_fen > 0 OFFSET 0) AS r
    UNION
    SELECT account, receipt_no, received_at, amount_fen FROM receipts
    WHERE payer = ANY(CAST(:payers AS text[])) AND amount_fen > 0
)
SELECT json_build_object(
'year_fen', (SELECT annual_purchase_fen FROM customers WHERE customer_no = :customer_no),
'payments', (SELECT coalesce(json_agg(x), '[]') FROM (
    SELECT (received_at AT TIME ZONE 'Asia/Shanghai')::date AS paid_on, amount_fen FROM paid
    WHERE received_at IS NOT NULL AND (received_at AT TIME ZONE 'Asia/Shanghai')::date <= :today
    ORDER BY received_at DESC LIMIT :payments) AS x),
'open_tickets', (SELECT count(*) FROM tickets WHERE customer_no = :customer_no AND closed_at IS NULL),
'last_ticket', (SELECT trim(subject) FROM tickets WHERE customer_no = :customer_no AND closed_at IS NULL
    ORDER BY opened_at DESC NULLS LAST, ticket_no DESC LIMIT 1),
'past', (SELECT coalesce(json_agg(x), '[]') FROM (
    SELECT contract_no, kind, amount_fen, discount::text AS discount, signed_on,
           CASE WHEN expires_on >= signed_on THEN round((expires_on - signed_on) / 30.44)::integer END AS months
    FROM contracts WHERE customer_no = :customer_no AND signed_on IS NOT NULL AND signed_on <= :today
    ORDER BY signed_on DESC, contract_no DESC LIMIT 50) AS x),
'peers', (SELECT coalesce(json_agg(c.discount::text), '[]') FROM contracts AS c JOIN customers AS k USING (customer_no)
    WHERE k.industry = :industry AND c.kind = :kind AND c.customer_no <> :customer_no
      AND c.discount IS NOT NULL AND c.signed_on BETWEEN :since AND :today)
)
""")
