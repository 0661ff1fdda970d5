"""All orders of a customer as a spreadsheet for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

import xlsxwriter

from bot.clock import SHANGHAI
from bot.domain.history import OrderLine

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEADER = ("订单号", "下单时间", "签收时间", "订单金额", "促销核销金额", "应收金额", "状态")
_WIDTHS = (16, 18, 18, 12, 14, 12, 10)


def orders_xlsx(orders: Sequence[OrderLine]) -> bytes:
    """One sheet, newest order first, money in yuan. Texts are written as texts: a spreadsheet never runs them."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("订单")
    head = book.add_format({"bold": True, "bottom": 1})
    money, moment = book.add_format({"num_format": "#,##0.00"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for column, (title, width) in enumerate(zip(_HEADER, _WIDTHS, strict=True)):
        sheet.write_string(0, column, title, head)
        sheet.set_column(column, column, width)
    for row, order in enumerate(orders, 1):
        sheet.write_string(row, 0, order.order_no)
        for column, when in ((1, order.ordered_at), (2, order.delivered_at)):
            if when is not None:
                sheet.write_datetime(row, column, _local(when), moment)
        for column, fen in ((3, order.amount_fen), (4, order.promotion_fen), (5, order.receivable_fen)):
            sheet.write_number(row, column, fen / 100, money)
        sheet.write_string(row, 6, order.status)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(orders), 1), len(_HEADER) - 1)
    book.close()
    return buffer.getvalue()


def _local(moment: datetime) -> datetime:
    """Shanghai's wall time without a zone, which is all that a spreadsheet knows."""
    return moment.astimezone(SHANGHAI).replace(tzinfo=None)
