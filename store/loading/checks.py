"""What is odd about rows that were loaded all the same: references into nowhere, sums that do not add up."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from psycopg import sql

from store.loading.writing import Connection

_REFERENCES = (  # file, table, column, what it names, table and column it should be found in
    ("联系人", "contacts", "customer_no", "客户编号", "customers", "customer_no"),
    ("库存", "stock", "customer_no", "客户编号", "customers", "customer_no"),
    ("库存", "stock", "product_no", "物料编码", "products", "product_no"),
    ("订单", "orders", "customer_no", "客户编号", "customers", "customer_no"),
    ("发票", "invoices", "order_no", "订单号", "orders", "order_no"),
    ("促销核销", "promotion_claims", "customer_no", "客户编号", "customers", "customer_no"),
    ("促销核销", "promotion_claims", "order_no", "订单号", "orders", "order_no"),
    ("合同", "contracts", "customer_no", "客户编号", "customers", "customer_no"),
    ("工单", "tickets", "customer_no", "客户编号", "customers", "customer_no"),
    ("使用日志", "usage_events", "customer_no", "客户编号", "customers", "customer_no"),
    ("拜访", "visits", "customer_no", "客户编号", "customers", "customer_no"),
    ("拜访", "visits", "employee_no", "工号", "employees", "employee_no"),
    ("沟通", "communications", "customer_no", "客户编号", "customers", "customer_no"),
    ("客户", "customers", "owner_no", "负责人工号", "employees", "employee_no"),
    ("客户", "customers", "success_no", "客户成功工号", "employees", "employee_no"),
    ("员工", "employees", "superior_no", "上级工号", "employees", "employee_no"),
    ("合同", "contracts", "owner_no", "负责人工号", "employees", "employee_no"),
)
_ODD_ROWS = (  # file, table, key column, condition, sentence
    (
        "订单",
        "orders",
        "order_no",
        "receivable_fen <> amount_fen - coalesce(promotion_fen, 0)",
        "应收金额不等于订单金额减促销核销金额",
    ),
    ("合同", "contracts", "contract_no", "expires_on < signed_on", "到期日期早于签订日期"),
    ("工单", "tickets", "ticket_no", "closed_at < opened_at", "关闭时间早于创建时间"),
    ("订单", "orders", "order_no", "delivered_at < ordered_at", "签收时间早于下单时间"),
    ("返利政策", "rebate_policies", "policy_no", "ends_on < starts_on", "结束日期早于起始日期"),
)
_EXAMPLES = 3


async def findings(connection: Connection, stems: Collection[str]) -> list[tuple[str, str]]:
    """(file stem, sentence) for everything odd in the tables that these files fill, whenever it was loaded."""
    found = []
    for stem, statement, sentence in _questions():
        if stem not in stems:
            continue
        row = await (await connection.execute(statement)).fetchone()
        if row and row[0]:
            examples = row[1]
            assert isinstance(examples, list)
            found.append((stem, f"{row[0]} 行{sentence}，例如 {'、'.join(examples)}"))
    return found


def _questions() -> Iterator[tuple[str, sql.Composed, str]]:
    for stem, table, column, word, other, other_column in _REFERENCES:
        statement = sql.SQL(
            "WITH lost AS (SELECT {column} AS name, count(*) AS times FROM {table} AS t WHERE {column} <> '' "
            "AND NOT EXISTS (SELECT 1 FROM {other} AS o WHERE o.{other_column} = t.{column}) GROUP BY {column}) "
            "SELECT sum(times)::bigint, (array_agg(name ORDER BY name))[1:{examples}] FROM lost"
        ).format(
            column=sql.Identifier(column),
            table=sql.Identifier(table),
            other=sql.Identifier(other),
            other_column=sql.Identifier(other_column),
            examples=sql.Literal(_EXAMPLES),
        )
        yield stem, statement, f"的{word}找不到对应的记录"
    for stem, table, key, condition, sentence in _ODD_ROWS:
        statement = sql.SQL("SELECT count(*), (array_agg({} ORDER BY {}))[1:{}] FROM {} WHERE ").format(
            sql.Identifier(key), sql.Identifier(key), sql.Literal(_EXAMPLES), sql.Identifier(table)
        )
        yield stem, statement + sql.SQL(condition), f"的{sentence}"
