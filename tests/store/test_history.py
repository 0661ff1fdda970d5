"""A customer's past as the database gives it, against the files it was loaded from and the answers known for them."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import SHANGHAI
from bot.domain.answers import Facts, value_of
from bot.domain.aspects import Aspect
from bot.domain.directory import Directory
from bot.domain.periods import JANUARY_2026
from bot.domain.queries import QueryReading
from handlers.asking import Asked, Asking
from store.database import connect
from store.directory import DirectoryCache
from store.history import HistoryRepository

FOLDER = Path(__file__).resolve().parents[2] / "bot" / "sandbox" / "sample_company"
QUESTIONS = Path(__file__).resolve().parents[1] / "data" / "查询.jsonl"
TODAY = date(2026, 2, 12)
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Company:
    connection: AsyncConnection
    directory: Directory

    async def value(self, customer_no: str, aspect: Aspect, **asked: Any) -> Any:
        customer = self.directory.customer(customer_no)
        assert customer is not None
        reading = QueryReading(customer_no=customer_no, aspect=aspect, period=JANUARY_2026, **asked)
        history = await HistoryRepository(self.connection).of(customer, period=JANUARY_2026, today=TODAY)
        contacts = self.directory.contacts_of(customer_no)
        return value_of(reading, Facts(customer=customer, contacts=contacts, history=history))


@pytest.fixture
async def company(company_url: str) -> AsyncIterator[Company]:
    database = connect(company_url)
    directory = await DirectoryCache(database.engine).load()
    async with database.engine.connect() as connection:
        yield Company(connection, directory)
    await database.close()


# -- the answers that are known ---------------------------------------------------------------------------------------
async def test_known_questions_get_their_known_answers(company: Company) -> None:
    """Customer right in at least 95 %, answer in at least 90 %, open amounts excepted until receipts are reconciled."""
    asking = Asking(company.directory, HistoryRepository(company.connection))
    wrong_customer, wrong_answer, answers = [], [], 0
    lines = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        sender = company.directory.employee(line["from_user"])
        assert sender is not None
        asked = Asked(text=line["text"], sender=sender, said_at=datetime.fromisoformat(line["asked_at"]))
        understood, known = (await asking.answer(asked))["understood"], line["expected"]
        assert understood["kind"] == "query", line["text"]
        if any(understood[name] != known[name] for name in ("customer_no", "ambiguous_customers")):
            wrong_customer.append(line["text"])
        if known["metric"] != "unpaid":
            answers += 1
            if (understood["metric"], understood["value"]) != (known["metric"], known["value"]):
                wrong_answer.append(line["text"])
    assert len(wrong_customer) <= 0.05 * len(lines), wrong_customer
    assert len(wrong_answer) <= 0.10 * answers, wrong_answer


# -- every customer against the files ---------------------------------------------------------------------------------
async def test_facts_of_every_customer_agree_with_the_files(company: Company) -> None:
    expected = _from_files()
    for customer_no in sorted(expected)[::4]:
        customer = company.directory.customer(customer_no)
        assert customer is not None
        history = await HistoryRepository(company.connection).of(customer, period=JANUARY_2026, today=TODAY)
        facts = Facts(customer=customer, contacts=company.directory.contacts_of(customer_no), history=history)
        found = {
            aspect: value_of(QueryReading(customer_no=customer_no, aspect=aspect, period=JANUARY_2026), facts)
            for aspect in expected[customer_no]
        }
        assert found == expected[customer_no], customer_no


def _read(name: str) -> Rows:
    path = FOLDER / name
    content = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    return list(csv.DictReader(content.decode("utf-8").splitlines()))


def _by_customer(name: str) -> dict[str, Rows]:
    groups: dict[str, Rows] = defaultdict(list)
    for row in _read(name):
        groups[row["客户编号"]].append(row)
    return groups


def _from_files() -> dict[str, dict[Aspect, Any]]:
    """The metrics of fixtures/README.md, worked out row by row."""
    orders, stock, contracts = _by_customer("订单.csv"), _by_customer("库存.csv"), _by_customer("合同.csv")
    tickets, visits, contacts = _by_customer("工单.csv"), _by_customer("拜访.csv"), _by_customer("联系人.csv")
    return {
        row["客户编号"]: {
            **_orders(orders[row["客户编号"]]),
            **_tickets(tickets[row["客户编号"]]),
            Aspect.LOW_STOCK: _low_stock(stock[row["客户编号"]]),
            Aspect.CONTRACT_END: max(
                (
                    item["到期日期"]
                    for item in contracts[row["客户编号"]]
                    if item["状态"] == "履行中" and item["到期日期"] >= item["签订日期"]
                ),
                default=None,
            ),
            Aspect.LAST_VISIT: max((item["时间"] for item in visits[row["客户编号"]]), default=None),
            Aspect.PREFS: [
                {"姓名": item["姓名"], "偏好备注": item["偏好备注"]}
                for item in contacts[row["客户编号"]]
                if item["偏好备注"]
            ],
            Aspect.REP: row["负责人工号"],
        }
        for row in _read("客户.csv")
    }


def _orders(rows: Rows) -> dict[Aspect, Any]:
    january = [row for row in rows if row["状态"] == "已签收" and row["签收时间"].startswith("2026-01")]
    last = max((row for row in rows if row["状态"] != "已取消"), key=lambda row: row["下单时间"], default=None)
    return {
        Aspect.SIGNED: f"{sum((Decimal(row['应收金额']) for row in january), Decimal()):.2f}",
        Aspect.PROMO: f"{sum((Decimal(row['促销核销金额']) for row in january), Decimal()):.2f}",
        Aspect.LAST_ORDER: {name: last[name] for name in ("订单号", "下单时间", "应收金额")} if last else None,
    }


def _tickets(rows: Rows) -> dict[Aspect, Any]:
    rated = max((row for row in rows if row["满意度"]), key=lambda row: row["创建时间"], default=None)
    return {
        Aspect.OPEN_TICKETS: sum(not row["关闭时间"] for row in rows),
        Aspect.LAST_RATING: int(rated["满意度"]) if rated else None,
    }


def _low_stock(rows: Rows) -> list[str] | None:
    low = [row["物料编码"] for row in rows if int(row["库存数量"]) < int(row["安全库存"])]
    return sorted(low) if rows else None


async def test_logins_are_counted_over_the_thirty_days_that_end_with_the_newest_usage(company: Company) -> None:
    counted: dict[str, int] = defaultdict(int)
    for row in _read("使用日志.csv.gz"):
        if row["事件"] == "登录" and "2026-01-13" <= row["时间"][:10] <= "2026-02-11":
            counted[row["客户编号"]] += 1
    found = {customer_no: await company.value(customer_no, Aspect.LOGINS) for customer_no in sorted(counted)[::8]}
    assert found == {customer_no: counted[customer_no] for customer_no in found}


@pytest.mark.parametrize(
    ("aspect", "asked", "value"),
    [
        pytest.param(Aspect.STOCK, {"products": ("YL1012",)}, {"物料编码": "YL1012", "库存数量": 49}, id="one product"),
        pytest.param(
            Aspect.STOCK,
            {"products": ("YL1013", "YL1014")},
            [{"物料编码": "YL1013", "库存数量": 12}, {"物料编码": "YL1014", "库存数量": 23}],
            id="two that fit",
        ),
        pytest.param(Aspect.STOCK, {"products": ("JC1031",)}, None, id="not there"),
        pytest.param(Aspect.BOSS_PHONE, {"contact_title": "会计"}, None, id="no such contact"),
        pytest.param(Aspect.LOGINS, {}, None, id="a shop has no logins"),
    ],
)
async def test_values_have_the_shape_that_checks_expect(
    company: Company, aspect: Aspect, asked: dict[str, Any], value: Any
) -> None:
    assert await company.value("KH0144", aspect, **asked) == value


# -- what only a fresh database shows ---------------------------------------------------------------------------------
async def test_a_customer_without_any_past(company: Company) -> None:
    customer = company.directory.customer("KH0144")
    assert customer is not None
    unknown = replace(customer, customer_no="KH9999", name="新店", short_name="")
    history = await HistoryRepository(company.connection).of(unknown, period=JANUARY_2026, today=TODAY)
    assert (history.orders, history.stock, history.visits, history.debt.open_fen) == ((), (), (), 0)
    assert (history.contract_end, history.last_rated, history.next_follow_up) == (None, None, None)


async def test_all_orders_come_newest_first(company: Company) -> None:
    orders = [order async for order in HistoryRepository(company.connection).all_orders("KH0137")]
    moments = [order.ordered_at for order in orders]
    assert moments == sorted(moments, reverse=True)
    assert len(orders) == len(_by_customer("订单.csv")["KH0137"])


async def test_visits_are_counted_beside_the_newest(company: Company) -> None:
    visits, total = await HistoryRepository(company.connection).all_visits("KH0137", limit=2)
    rows = sorted(_by_customer("拜访.csv")["KH0137"], key=lambda row: row["时间"], reverse=True)
    assert total == len(rows)
    assert [f"{visit.visited_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" for visit in visits] == [
        row["时间"] for row in rows[:2]
    ]
