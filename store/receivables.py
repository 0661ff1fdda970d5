"""What a customer still owes, roughly: until receipts are reconciled, set off by order numbers and payer names.

A receipt counts for the orders that its memo names. Other money of the customer's own payers is set off against the
oldest orders: the customer's name, its short name, and payers that name this customer's orders at least five times as
often as anybody else's. Headquarters and payment platforms that pay for several customers are left out, so the result
is mostly too high; money paid ahead makes it too low. On the sample company it is right to 5 % for one in four.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.history import Debt, PaymentTerms, pays_through_headquarters
from bot.domain.people import Customer

_SHANGHAI = ZoneInfo("Asia/Shanghai")


async def rough_debt(connection: AsyncConnection, customer: Customer, *, today: date) -> Debt:
    """Open and overdue amounts of one customer on a day of Shanghai. One statement, however many orders there are."""
    values: dict[str, Any] = {
        "customer_no": customer.customer_no,
        "payers": [name for name in {customer.name, customer.short_name} if name],
        "overdue_before": datetime.combine(PaymentTerms.of(customer.tags).overdue_before(today), time(), _SHANGHAI),
    }
    row = (await connection.execute(_ROUGH_DEBT, values)).one()
    own_money = int(row.own_fen)
    open_fen, overdue_fen = int(row.open_fen), int(row.overdue_fen)
    return Debt(
        open_fen=max(0, open_fen - own_money),
        overdue_fen=max(0, overdue_fen - own_money),
        paid_by_headquarters=pays_through_headquarters(customer.tags),
    )


# LATERAL with OFFSET 0 or LIMIT keeps the planner from reading all receipts of the company: it would not know that the
# few orders and payers of one customer are all that matters.
_ROUGH_DEBT = text(r"""
WITH owed AS MATERIALIZED (
    SELECT order_no, receivable_fen, delivered_at < :overdue_before AS overdue
    FROM orders WHERE customer_no = :customer_no AND status = '已签收' AND receivable_fen > 0
), named AS MATERIALIZED (
    SELECT owed.order_no, owed.receivable_fen, r.account, r.receipt_no, r.payer, r.amount_fen, r.memo,
           strpos(substr(r.memo, strpos(r.memo, owed.order_no) + 12), 'SO') > 0 AS several
    FROM owed CROSS JOIN LATERAL (
        SELECT account, receipt_no, payer, amount_fen, upper(memo) AS memo FROM receipts
        WHERE substring(upper(memo) from 'SO[0-9]{10}') = owed.order_no AND amount_fen > 0 OFFSET 0) AS r
), in_turn AS (
    SELECT order_no, greatest(0, least(receivable_fen, amount_fen - coalesce(sum(receivable_fen) OVER (
        PARTITION BY account, receipt_no ORDER BY order_no
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))) AS fen
    FROM (
        SELECT DISTINCT n.account, n.receipt_no, n.amount_fen, o.order_no, o.receivable_fen
        FROM named n CROSS JOIN LATERAL regexp_matches(n.memo, 'SO[0-9]{10}', 'g') AS found(numbers)
        JOIN owed o ON o.order_no = found.numbers[1] WHERE n.several
    ) AS pairs
), paid AS (
    SELECT order_no, sum(fen) AS fen FROM (
        SELECT order_no, least(receivable_fen, amount_fen) AS fen FROM named WHERE NOT several
        UNION ALL SELECT order_no, fen FROM in_turn
    ) AS shares GROUP BY order_no
), remaining AS (
    SELECT greatest(0, o.receivable_fen - coalesce(p.fen, 0)) AS fen, overdue
    FROM owed o LEFT JOIN paid p USING (order_no)
), own_payers AS MATERIALIZED (
    SELECT unnest(CAST(:payers AS text[])) AS payer
    UNION SELECT known.payer
    FROM (SELECT payer, count(*) AS times FROM named GROUP BY payer) AS known
    LEFT JOIN LATERAL (
        SELECT true AS found FROM receipts x
        WHERE x.payer = known.payer AND substring(upper(x.memo) from 'SO[0-9]{10}') NOT IN (SELECT order_no FROM owed)
          AND EXISTS (SELECT FROM orders y WHERE y.order_no = substring(upper(x.memo) from 'SO[0-9]{10}')
                      AND y.customer_no <> :customer_no)
        LIMIT 1 OFFSET known.times / 5
    ) AS somebody_elses ON true
    WHERE found IS NULL
), own AS (
    SELECT sum(money.fen) AS fen FROM own_payers CROSS JOIN LATERAL (
        SELECT sum(amount_fen) AS fen FROM receipts r WHERE r.payer = own_payers.payer AND amount_fen > 0
          AND substring(upper(memo) from 'SO[0-9]{10}') IS NULL) AS money
)
SELECT coalesce(sum(fen), 0) AS open_fen, coalesce(sum(fen) FILTER (WHERE overdue), 0) AS overdue_fen,
       coalesce((SELECT fen FROM own), 0) AS own_fen
FROM remaining
""")
