"""What a customer still owes, roughly: until receipts are reconciled, set off by order numbers and payer names.

A receipt counts for the orders that its memo names; other money of the customer's own payers (the customer's name, its
short name, and payers that only ever named this customer's orders) is set off against the oldest orders. Headquarters
and payment platforms that pay for several customers are left out, so the result is an upper bound.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.history import Debt, PaymentTerms, pays_through_headquarters
from bot.domain.people import Customer


async def rough_debt(connection: AsyncConnection, customer: Customer, *, today: date) -> Debt:
    """Open and overdue amounts of one customer on a day of Shanghai. One statement, however many orders there are."""
    terms = PaymentTerms.of(customer.tags)
    values: dict[str, Any] = {
        "customer_no": customer.customer_no,
        "payers": [name for name in {customer.name, customer.short_name} if name],
        "today": today,
        "days": terms.days,
        "next_month_end": terms.next_month_end,
    }
    row = (await connection.execute(_ROUGH_DEBT, values)).one()
    own_money = int(row.own_fen)
    open_fen, overdue_fen = int(row.open_fen), int(row.overdue_fen)
    return Debt(
        open_fen=max(0, open_fen - own_money),
        overdue_fen=max(0, overdue_fen - own_money),
        paid_by_headquarters=pays_through_headquarters(customer.tags),
    )


_ROUGH_DEBT = text(r"""
WITH owed AS MATERIALIZED (
    SELECT order_no, receivable_fen, (delivered_at AT TIME ZONE 'Asia/Shanghai')::date AS delivered_on
    FROM orders WHERE customer_no = :customer_no AND status = '已签收' AND receivable_fen > 0
), named AS MATERIALIZED (
    SELECT DISTINCT r.account, r.receipt_no, r.payer, r.amount_fen, upper(r.memo) AS memo
    FROM owed JOIN receipts r ON substring(upper(r.memo) from 'SO[0-9]{10}') = owed.order_no
    WHERE r.amount_fen > 0
), shares AS (
    SELECT order_no, greatest(0, least(receivable_fen, amount_fen - coalesce(sum(receivable_fen) OVER (
        PARTITION BY account, receipt_no ORDER BY order_no
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))) AS fen
    FROM (
        SELECT DISTINCT n.account, n.receipt_no, n.amount_fen, o.order_no, o.receivable_fen
        FROM named n CROSS JOIN LATERAL regexp_matches(n.memo, 'SO[0-9]{10}', 'g') AS found(numbers)
        JOIN owed o ON o.order_no = found.numbers[1]
    ) AS pairs
), paid AS (
    SELECT order_no, sum(fen) AS fen FROM shares GROUP BY order_no
), remaining AS (
    SELECT greatest(0, o.receivable_fen - coalesce(p.fen, 0)) AS fen,
           CASE WHEN :next_month_end THEN (date_trunc('month', o.delivered_on) + interval '2 months - 1 day')::date
                ELSE o.delivered_on + CAST(:days AS integer) END AS due_on
    FROM owed o LEFT JOIN paid p USING (order_no)
), payers AS (
    SELECT payer FROM named UNION SELECT unnest(CAST(:payers AS text[]))
), own AS (
    SELECT sum(r.amount_fen) AS fen
    FROM payers p JOIN receipts r USING (payer)
    WHERE r.amount_fen > 0 AND substring(upper(r.memo) from 'SO[0-9]{10}') IS NULL
      AND NOT EXISTS (
        SELECT FROM receipts x JOIN orders y ON y.order_no = substring(upper(x.memo) from 'SO[0-9]{10}')
        WHERE x.payer = p.payer AND y.customer_no <> :customer_no)
)
SELECT coalesce(sum(fen), 0) AS open_fen, coalesce(sum(fen) FILTER (WHERE due_on < :today), 0) AS overdue_fen,
       coalesce((SELECT fen FROM own), 0) AS own_fen
FROM remaining
""")
