"""What a customer owes before receipts are reconciled: order numbers first, then money of the customer's own payers."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.clock import SHANGHAI
from bot.domain.history import Debt, PaymentTerms
from bot.domain.people import Customer
from store.receivables import rough_debt

SHOP = Customer(customer_no="KH1", name="绿源超市(滨江店)", short_name="绿源滨江", tags=("社区超市", "现结"))
TODAY = date(2026, 2, 12)
Paid = tuple[str, int, str]  # payer, yuan, memo


async def debt(engine: AsyncEngine, *receipts: Paid, customer: Customer = SHOP) -> Debt:
    """Two orders delivered to the shop on 5 January and 10 February, 100 and 50 yuan; one to somebody else."""
    async with engine.connect() as connection:
        for number, (owner, day, yuan) in enumerate(
            [("KH1", (2026, 1, 5), 100), ("KH1", (2026, 2, 10), 50), ("KH2", (2026, 1, 5), 70)], 1
        ):
            await connection.execute(
                text("INSERT INTO orders (order_no, customer_no, delivered_at, receivable_fen, status)"
                     " VALUES (:no, :owner, :at, :fen, '已签收')"),
                {"no": f"SO260101000{number}", "owner": owner, "at": datetime(*day, 9, tzinfo=SHANGHAI),
                 "fen": yuan * 100},
            )  # fmt: skip
        for number, (payer, yuan, memo) in enumerate(receipts, 1):
            await connection.execute(
                text("INSERT INTO receipts (account, receipt_no, payer, amount_fen, memo)"
                     " VALUES ('基本户', :no, :payer, :fen, :memo)"),
                {"no": f"LS{number}", "payer": payer, "fen": yuan * 100, "memo": memo},
            )  # fmt: skip
        return await rough_debt(connection, customer, today=TODAY)


@pytest.mark.parametrize(
    ("receipts", "open_yuan", "overdue_yuan"),
    [
        pytest.param((), 150, 150, id="nothing paid"),
        pytest.param((("王红", 100, "付SO2601010001货款"),), 50, 50, id="named in the memo, whoever pays"),
        pytest.param((("王红", 100, "so2601010001"),), 50, 50, id="small letters"),
        pytest.param((("王红", 120, "SO2601010001和SO2601010002"),), 30, 30, id="one receipt for two orders"),
        pytest.param((("王红", 500, "SO2601010001"),), 50, 50, id="more than the order is not set off elsewhere"),
        pytest.param((("绿源滨江", 60, "货款"),), 90, 90, id="the shop itself without a number"),
        pytest.param((("王红", 100, "SO2601010001"), ("王红", 50, "货款")), 0, 0, id="a payer known by an order"),
        pytest.param(
            (("总部", 100, "SO2601010001"), ("总部", 70, "SO2601010003"), ("总部", 50, "货款")),
            50,
            50,
            id="who pays for several shops cannot be split",
        ),
        pytest.param(
            (("绿源滨江", 70, "SO2601010003"), ("绿源滨江", 60, "货款")), 90, 90, id="the shop itself, once mistyped"
        ),
        pytest.param((("绿源滨江", -30, "退款"),), 150, 150, id="refunds are left out"),
        pytest.param((("别人", 50, "货款"),), 150, 150, id="a stranger's money"),
    ],
)
async def test_money_is_set_off(
    engine: AsyncEngine, receipts: tuple[Paid, ...], open_yuan: int, overdue_yuan: int
) -> None:
    owed = await debt(engine, *receipts)
    assert (owed.open_fen, owed.overdue_fen) == (open_yuan * 100, overdue_yuan * 100)


@pytest.mark.parametrize(
    ("tags", "overdue_yuan"),
    [
        pytest.param(("现结",), 150, id="cash on delivery"),
        pytest.param(("周结",), 100, id="a week: 17 February is not over"),
        pytest.param(("月结",), 0, id="end of the next month: 28 February"),
        pytest.param(("货到30天",), 100, id="30 days: 4 February is over"),
        pytest.param((), 100, id="nothing said: 30 days"),
    ],
)
async def test_overdue_counts_from_the_customers_terms(
    engine: AsyncEngine, tags: tuple[str, ...], overdue_yuan: int
) -> None:
    owed = await debt(engine, customer=Customer(customer_no="KH1", name="绿源超市(滨江店)", tags=tags))
    assert owed.overdue_fen == overdue_yuan * 100


def test_terms_are_found_among_the_tags() -> None:
    assert PaymentTerms.of(("A类", "社区超市", "月结")) == PaymentTerms("月结", 0, next_month_end=True)


async def test_headquarters_payment_is_marked(engine: AsyncEngine) -> None:
    shop = Customer(customer_no="KH1", name="宝信", tags=("连锁", "总部付款:宁波宝信连锁商业有限公司"))
    assert (await debt(engine, customer=shop)).paid_by_headquarters
