"""What a contract is compared with, as the database gives it, against the files it was loaded from."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.history import COMPANY as LARGE_COMPANY
from benchmarks.history import LARGE
from bot.domain.directory import Directory
from bot.domain.evidence import PastContract, Payment, Surroundings
from bot.domain.history import PaymentTerms
from bot.domain.people import Customer
from store import approval_facts
from store.approval_facts import surroundings
from store.database import Database, connect
from store.directory import DirectoryCache

FOLDER = Path(__file__).resolve().parents[2] / "bot" / "sandbox" / "sample_company"
TODAY = date(2026, 2, 12)
FLOOR = Decimal("0.85")
ORDER = re.compile("SO[0-9]{10}")
Row = dict[str, str]


@dataclass(frozen=True)
class Company:
    connection: AsyncConnection
    directory: Directory

    async def around(self, customer_no: str, kind: str = "年度订阅", today: date = TODAY) -> Surroundings:
        customer = self.directory.customer(customer_no)
        assert customer is not None
        return await surroundings(self.connection, customer, kind=kind, discount_floor=FLOOR, today=today)


@pytest.fixture
async def company(company_url: str) -> AsyncIterator[Company]:
    database = connect(company_url)
    directory = await DirectoryCache(database.engine).load()
    async with database.engine.connect() as connection:
        yield Company(connection, directory)
    await database.close()


# -- the files, read without the bot ----------------------------------------------------------------------------------
@cache
def rows(name: str) -> list[Row]:
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@cache
def of_customer(name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows(name):
        found[row["客户编号"]].append(row)
    return found


@cache
def receipts() -> list[tuple[datetime, str, str, int]]:
    """(when, payer, memo in capitals, fen) of money that came in, each receipt once."""
    once = {(row["收款账户"], row["流水号"]): row for row in rows("回款.csv")}
    return [
        (_moment(row["到账时间"]), row["付款方户名"].strip(), row["摘要"].upper(), _fen(row["金额"]))
        for row in once.values()
        if _fen(row["金额"]) > 0
    ]


def _moment(words: str) -> datetime:
    """Shanghai's, as in the file: four ways of writing it."""
    digits = re.findall(r"\d+", words)
    if len(digits) == 1:
        digits = re.findall(r"^\d{4}|\d\d", digits[0])
    year, month, day, hour, minute, second = map(int, digits)
    return datetime(year, month, day, hour, minute, second)


def _fen(words: str) -> int:
    return int(Decimal(words.replace(",", "")) * 100)


def _own_names(customer: Row) -> set[str]:
    return {name for name in (customer["客户名称"].strip(), customer["简称"].strip()) if name}


def payments_of(customer: Row) -> tuple[Payment, ...]:
    own = {row["订单号"] for row in of_customer("订单.csv")[customer["客户编号"]]}
    paid = [
        (when, fen)
        for when, payer, memo, fen in receipts()
        if when.date() <= TODAY
        and (payer in _own_names(customer) or ((first := ORDER.search(memo)) and first.group() in own))
    ]
    return tuple(Payment(on=when.date(), amount_fen=fen) for when, fen in sorted(paid, reverse=True)[:3])


def overdue_of(customer: Row) -> int:
    """Money of receipts that name an order pays it; other money of the customer's own pays the oldest."""
    owed = {
        row["订单号"]: (_fen(row["应收金额"]), row["签收时间"][:10])
        for row in of_customer("订单.csv")[customer["客户编号"]]
        if row["状态"] == "已签收" and _fen(row["应收金额"]) > 0
    }
    paid: dict[str, int] = defaultdict(int)
    named: dict[str, set[str]] = defaultdict(set)
    for _, payer, memo, fen in receipts():
        numbers = ORDER.findall(memo)
        if not numbers or numbers[0] not in owed:
            continue
        named[payer].add(numbers[0])
        left = fen
        for number in sorted(set(numbers) & owed.keys()) if len(numbers) > 1 else numbers:
            paid[number] += max(0, min(owed[number][0], left))
            left -= owed[number][0]
    before = PaymentTerms.of(customer["标签"].split(";")).overdue_before(TODAY).isoformat()
    late = sum(max(0, fen - paid[number]) for number, (fen, day) in owed.items() if day and day < before)
    payers = _payers(customer, named, owed)
    own = sum(fen for _, payer, memo, fen in receipts() if payer in payers and not ORDER.search(memo))
    return max(0, late - own)


def _payers(customer: Row, named: dict[str, set[str]], owed: dict[str, Any]) -> set[str]:
    """The customer's names, and whoever names its orders five times as often as others'."""
    payers = _own_names(customer)
    for payer in named:
        firsts = [found.group() for _, who, memo, _ in receipts() if who == payer and (found := ORDER.search(memo))]
        others = sum(_owners().get(number, customer["客户编号"]) != customer["客户编号"] for number in firsts)
        if others <= sum(number in owed for number in firsts) // 5:
            payers.add(payer)
    return payers


@cache
def _owners() -> dict[str, str]:
    return {row["订单号"]: row["客户编号"] for row in rows("订单.csv")}


def past_of(customer_no: str) -> list[PastContract]:
    signed = [row for row in of_customer("合同.csv")[customer_no] if _signed(row)]
    signed.sort(key=lambda row: (row["签订日期"], row["合同号"]), reverse=True)
    return [
        PastContract(
            contract_no=row["合同号"],
            kind=row["类型"],
            amount_fen=_fen(row["金额"]),
            discount=Decimal(row["折扣率"]) if row["折扣率"] else None,
            signed_on=date.fromisoformat(row["签订日期"]),
            months=_months(row),
        )
        for row in signed
    ]


def _signed(row: Row) -> bool:
    started = row["状态"] not in ("草稿", "审批中")
    return started and bool(row["签订日期"]) and row["签订日期"] <= TODAY.isoformat()


def _months(row: Row) -> int | None:
    days = (date.fromisoformat(row["到期日期"]) - date.fromisoformat(row["签订日期"])).days
    return int((Decimal(days) / Decimal("30.44")).quantize(Decimal(1), ROUND_HALF_UP)) if days >= 0 else None


# -- against the files ------------------------------------------------------------------------------------------------
SOME = rows("客户.csv")[::12]  # of every industry and region


async def test_the_newest_receipts(company: Company) -> None:
    expected = {row["客户编号"]: payments_of(row) for row in SOME}
    assert {number: (await company.around(number)).payments for number in expected} == expected
    assert sum(len(found) == 3 for found in expected.values()) > 5


async def test_overdue_money(company: Company) -> None:
    expected = {row["客户编号"]: overdue_of(row) for row in SOME}
    assert {number: (await company.around(number)).overdue_fen for number in expected} == expected
    assert sum(fen > 0 for fen in expected.values()) > 5


async def test_open_complaints_and_the_newest_of_them(company: Company) -> None:
    tickets = of_customer("工单.csv")
    found = {row["客户编号"]: await company.around(row["客户编号"]) for row in rows("客户.csv")[::4]}
    for number, around in found.items():
        still_open = [row for row in tickets[number] if not row["关闭时间"]]
        newest = max(still_open, key=lambda row: (row["创建时间"], row["工单号"]), default=None)
        subject = newest["主题"].strip() if newest else ""
        assert (around.open_tickets, around.last_ticket) == (len(still_open), subject), number
    assert any(around.open_tickets for around in found.values())


async def test_earlier_contracts_newest_first(company: Company) -> None:
    expected = {row["客户编号"]: past_of(row["客户编号"]) for row in rows("客户.csv")[::4]}
    assert {number: list((await company.around(number)).past) for number in expected} == expected
    assert sum(len(found) > 1 for found in expected.values()) > 3


async def test_a_contract_that_still_waits_for_its_approval_is_no_earlier_one(company: Company) -> None:
    """It carries the day on which it is hoped to be signed: HT2026020267 of KH0004, 8 折, 审批中."""
    assert any(row["状态"] == "审批中" and row["签订日期"] for row in of_customer("合同.csv")["KH0004"])
    assert "HT2026020267" not in [item.contract_no for item in (await company.around("KH0004")).past]


@pytest.mark.parametrize("customer_no", ["KH0001", "KH0002", "KH0111"])
@pytest.mark.parametrize("kind", ["年度订阅", "供货协议", "补充协议"])
async def test_what_others_of_the_industry_got_for_such_a_contract(
    customer_no: str, kind: str, company: Company
) -> None:
    industries = {row["客户编号"]: row["行业"] for row in rows("客户.csv")}
    since = (TODAY - timedelta(days=365)).isoformat()
    expected = [
        Decimal(row["折扣率"])
        for row in rows("合同.csv")
        if row["客户编号"] != customer_no and industries.get(row["客户编号"]) == industries[customer_no]
        and row["类型"] == kind and row["折扣率"] and _signed(row) and row["签订日期"] >= since
    ]  # fmt: skip
    assert sorted((await company.around(customer_no, kind)).peer_discounts) == sorted(expected)


async def test_nothing_from_after_the_day_is_seen(company: Company) -> None:
    around = await company.around("KH0002", today=date(2025, 11, 30))
    assert all(item.on <= date(2025, 11, 30) for item in around.payments)
    assert all(item.signed_on and item.signed_on <= date(2025, 11, 30) for item in around.past)


async def test_a_customer_of_whom_nothing_is_known(company: Company) -> None:
    stranger = Customer(customer_no="KH9999", name="新店")
    around = await surroundings(company.connection, stranger, kind="年度框架", discount_floor=FLOOR, today=TODAY)
    assert (around.payments, around.past, around.overdue_fen) == ((), (), 0)
    assert (around.open_tickets, around.last_ticket, around.list_year_fen) == (0, "", None)


# -- a large company --------------------------------------------------------------------------------------------------
CUSTOMERS, ORDERS = 20_000, 10_000


async def test_one_of_many_customers_with_many_orders_is_not_looked_for_in_whole_tables(database: Database) -> None:
    async with database.engine.begin() as connection:
        for statement in LARGE_COMPANY:
            wanted = {"customers": CUSTOMERS, "orders": ORDERS}
            await connection.execute(text(statement), {k: v for k, v in wanted.items() if f":{k}" in statement})
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE"))
    async with database.engine.connect() as connection:
        around = await surroundings(connection, LARGE, kind="供货协议", discount_floor=FLOOR, today=TODAY)
        assert len(around.payments) == 3
        plan = await _plan(connection)
    # contracts are read whole for the peers of the industry, once a submission: they are few beside orders
    whole = re.findall(r"Seq Scan on (\w+)", plan)
    assert not {"orders", "receipts", "tickets", "customers"} & set(whole), plan


async def _plan(connection: AsyncConnection) -> str:
    values = {
        "customer_no": LARGE.customer_no, "industry": LARGE.industry, "kind": "供货协议",
        "payers": [LARGE.name, LARGE.short_name], "today": TODAY, "since": TODAY - timedelta(days=365),
        "payments": 3, "unsigned": list(approval_facts.UNSIGNED),
    }  # fmt: skip
    explained = await connection.execute(text(f"EXPLAIN {approval_facts._FACTS}"), values)
    return "\n".join(explained.scalars())
