"""What can be exported: one entry a WHAT, a query and the columns of interface.md."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import SHANGHAI
from bot.errors import BadInput
from store import approval_export, lead_export
from store.business import visits
from store.sheets import Value, write_csv, write_xlsx

CHANNEL_NAMES = {"wecom": "企业微信", "dingtalk": "钉钉"}
PLANNED = ("reconciliation", "rebates", "churn")  # interface.md; not built yet


@dataclass(frozen=True, slots=True)
class Export:
    """Columns, the query for a period and an as-of, and how a row of it becomes cells."""

    columns: tuple[str, ...]
    query: Callable[[str, datetime | None], Executable]
    cells: Callable[[Row[Any]], Sequence[Value]]

    async def rows(self, connection: AsyncConnection, period: str, as_of: datetime | None) -> list[Sequence[Value]]:
        return [self.cells(row) for row in (await connection.execute(self.query(period, as_of))).all()]


@dataclass(frozen=True, slots=True)
class ComputedExport:
    """Columns, and a function that reads and computes the cells."""

    columns: tuple[str, ...]
    rows: Callable[[AsyncConnection, str, datetime | None], Awaitable[list[Sequence[Value]]]]


def _visits(period: str, as_of: datetime | None) -> Select[Any]:
    """All that stand and have a customer, as of when they took place."""
    query = select(visits).where(visits.c.state != "已撤销", visits.c.customer_no.is_not(None))
    if as_of is not None:
        query = query.where(visits.c.visited_at <= as_of)
    if period:
        start, end = month(period)
        query = query.where(visits.c.visited_at >= start, visits.c.visited_at < end)
    return query.order_by(visits.c.visited_at, visits.c.visit_no)


def _visit_cells(row: Row[Any]) -> Sequence[Value]:
    return (
        row.visit_no,
        row.customer_no,
        row.employee_no,
        row.visited_at,
        row.kind,
        row.content,
        row.contact,
        None if row.amount_fen is None else Decimal(row.amount_fen).scaleb(-2),
        row.intent,
        row.next_follow_up,
        CHANNEL_NAMES.get(row.source_channel, row.source_channel),
    )


def _approvals(period: str, as_of: datetime | None) -> Executable:
    return approval_export.export_query(as_of, between=month(period) if period else None)


async def _leads(connection: AsyncConnection, period: str, as_of: datetime | None) -> list[Sequence[Value]]:
    return await lead_export.export_rows(connection, as_of=as_of, between=month(period) if period else None)


EXPORTS: Mapping[str, Export | ComputedExport] = {
    "visits": Export(
        (
            "拜访编号",
            "客户编号",
            "工号",
            "时间",
            "方式",
            "内容",
            "联系人",
            "金额",
            "意向",
            "下次跟进日期",
            "来源渠道",
        ),
        _visits,
        _visit_cells,
    ),
    "approvals": Export(approval_export.COLUMNS, _approvals, approval_export.export_cells),
    "leads": ComputedExport(lead_export.COLUMNS, _leads),
}


def month(period: str) -> tuple[datetime, datetime]:
    """`2026-01` -> its first moment and the next month's, in Shanghai.

    Raises:
        BadInput: not a month.
    """
    try:
        start = datetime.strptime(period, "%Y-%m").replace(tzinfo=SHANGHAI)
    except ValueError as error:
        raise BadInput(f"看不懂月份「{period}」，请写成 2026-01") from error
    following = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)
    return start, start.replace(year=following[0], month=following[1])


def check_export(what: str, out: Path) -> Export | ComputedExport:
    """The export of that name, for a file of a kind that can be written.

    Raises:
        BadInput: a name or an ending nobody knows, or an export that is not built yet.
    """
    if what in PLANNED:
        raise BadInput(f"「{what}」还不能导出；现在可以导出：{'、'.join(EXPORTS)}")
    if what not in EXPORTS:
        raise BadInput(f"不认识「{what}」；现在可以导出：{'、'.join(EXPORTS)}")
    if out.suffix.lower() not in (".csv", ".xlsx"):
        raise BadInput(f"文件名应以 .csv 或 .xlsx 结尾：{out.name}")
    return EXPORTS[what]


async def export(
    connection: AsyncConnection, what: str, out: Path, *, period: str = "", as_of: datetime | None = None
) -> int:
    """Write the file; returns how many rows.

    Args:
        period: a month, `2026-01`; all without it.
        as_of: aware; leaves out what took place later.
    Raises:
        BadInput: see `check_export` and `month`.
    """
    wanted = check_export(what, out)
    rows = await wanted.rows(connection, period, as_of)
    writer = write_csv if out.suffix.lower() == ".csv" else write_xlsx
    return writer(out, wanted.columns, rows)
