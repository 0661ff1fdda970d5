"""Customers and employees as handlers get them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.domain.people import Contact, Customer, Employee, Product, Role
from bot.errors import NotFound
from store.customers import CustomerRepository, EmployeeRepository

PEOPLE = """
INSERT INTO employees (employee_no, name, role, region, mobile_key, wecom_user, dingtalk_user, superior_no, status)
VALUES
('YG001', '孙若曦', '总监', '全国', '19900007347', 'sunruoxi', '0619301103', '', '在职'),
('YG003', '陈磊', '区域经理', '杭州大区', '19900002968', 'chenlei', 'dd_chenlei', 'YG001', '在职'),
('YG012', '曹可心', '销售', '杭州大区', '19900006529', 'Caokexin', '', 'YG048', '在职'),
('YG048', '罗倩', '销售', '杭州大区', '19900009410', 'luoqian', '', 'YG003', '离职'),
('YG090', '甲', '销售', '杭州大区', '1', 'twice', '', 'YG091', '在职'),
('YG091', '乙', '销售', '杭州大区', '1', 'Twice', '', 'YG090', '在职')
"""
COMPANY = """
INSERT INTO customers (customer_no, name, short_name, region, owner_no, tags, external_user_id) VALUES
('KH0001', '鑫旺便利店', '鑫旺', '杭州大区', 'YG012', '{便利店,月结}', 'wm1'),
('KH0002', '绿源超市', '', '', '', '{}', 'wm1');
INSERT INTO contacts (customer_no, name, occurrence, title, mobile) VALUES
('KH0001', '陶老板', 1, '老板', '199-0000-1'), ('KH0001', '安店长', 1, '店长', ''), ('KH0002', '李', 1, '', '');
INSERT INTO products (product_no, name, price_fen) VALUES ('YL1001', '青屿饮用天然水', 2650), ('YL1002', '无价', NULL)
"""


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.begin() as opened:
        for statement in (PEOPLE, *COMPANY.split(";")):
            await opened.execute(text(statement))
        yield opened


async def test_directory(connection: AsyncConnection) -> None:
    customers, contacts, employees, products = await CustomerRepository(connection).directory()
    assert customers[0] == Customer(
        customer_no="KH0001",
        name="鑫旺便利店",
        short_name="鑫旺",
        region="杭州大区",
        owner_no="YG012",
        tags=("便利店", "月结"),
        external_user_id="wm1",
    )
    assert [contact.name for contact in contacts] == ["陶老板", "安店长", "李"]
    assert contacts[0] == Contact(customer_no="KH0001", name="陶老板", title="老板", mobile="199-0000-1")
    assert [(person.name, person.active) for person in employees][2:4] == [("曹可心", True), ("罗倩", False)]
    assert products == [
        Product(product_no="YL1001", name="青屿饮用天然水", price_fen=2650),
        Product(product_no="YL1002", name="无价"),
    ]


async def test_one_customer(connection: AsyncConnection) -> None:
    repository = CustomerRepository(connection)
    assert (await repository.get("KH0001")).tags == ("便利店", "月结")
    assert [contact.name for contact in await repository.contacts_of("KH0001")] == ["陶老板", "安店长"]
    assert [customer.customer_no for customer in await repository.by_external_user("wm1")] == ["KH0001", "KH0002"]
    assert await repository.by_external_user("") == []
    with pytest.raises(NotFound):
        await repository.get("KH9999")


@pytest.mark.parametrize(
    ("channel", "user_id", "employee_no"),
    [
        pytest.param("wecom", "cAOkexin", "YG012", id="WeCom compares without case"),
        pytest.param("dingtalk", "dd_chenlei", "YG003", id="DingTalk as spelled"),
        pytest.param("dingtalk", "DD_chenlei", None, id="DingTalk in another case is another"),
        pytest.param("wecom", "luoqian", None, id="who left has no access"),
        pytest.param("wecom", "twice", None, id="an account of two people is nobody's"),
        pytest.param("dingtalk", "", None, id="no account is nobody's"),
    ],
)
async def test_who_is_behind_an_account(
    channel: str, user_id: str, employee_no: str | None, connection: AsyncConnection
) -> None:
    found = await EmployeeRepository(connection).by_account(channel, user_id)
    assert (found.employee_no if found else None) == employee_no


async def test_who_is_above_whom(connection: AsyncConnection) -> None:
    repository = EmployeeRepository(connection)

    async def above(number: str) -> str | None:
        superior = await repository.superior_of(number)
        return superior.employee_no if superior else None

    assert await above("YG012") == "YG003", "the direct superior left: the next one up"
    assert await above("YG003") == "YG001"
    assert await above("YG001") is None
    assert await above("YG090") == "YG091", "a circle ends"


async def test_region_manager_and_mobile(connection: AsyncConnection) -> None:
    repository = EmployeeRepository(connection)
    manager = await repository.region_manager("杭州大区")
    assert isinstance(manager, Employee)
    assert (manager.employee_no, manager.role) == ("YG003", Role.REGION_MANAGER)
    assert await repository.region_manager("火星大区") is None
    assert [person.employee_no for person in await repository.by_mobile("1")] == ["YG090", "YG091"]
    assert await repository.by_mobile("19900009410") == [], "who left"
    with pytest.raises(NotFound):
        await repository.get("YG999")
