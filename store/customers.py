"""Customers and the people around them, as the directory and the handlers want them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Contact, Customer, Employee, Product, Role
from bot.errors import NotFound
from bot.messages import ChannelName
from store.business import contacts, customers, employees, products

_CUSTOMER = (
    customers.c.customer_no,
    customers.c.name,
    customers.c.short_name,
    customers.c.industry,
    customers.c.region,
    customers.c.address,
    customers.c.owner_no,
    customers.c.success_no,
    customers.c.tags,
    customers.c.external_user_id,
)
_CONTACT = (contacts.c.customer_no, contacts.c.name, contacts.c.title, contacts.c.mobile, contacts.c.preference)
_PRODUCT = (products.c.product_no, products.c.name, products.c.spec, products.c.unit, products.c.price_fen)
_EMPLOYEE = (
    employees.c.employee_no,
    employees.c.name,
    employees.c.role,
    employees.c.region,
    employees.c.mobile,
    employees.c.wecom_user,
    employees.c.dingtalk_user,
    employees.c.superior_no,
    employees.c.status,
)
ACTIVE = "在职"


class CustomerRepository:
    """Customers, read only: they are the company's, the bot never changes them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def directory(self) -> tuple[list[Customer], list[Contact], list[Employee], list[Product]]:
        """Everybody and everything that can be named in a sentence, in bulk: 100,000 customers in a second or so."""
        everyone = await self._connection.execute(select(*_CUSTOMER).order_by(customers.c.customer_no))
        found = [
            Customer(
                customer_no=number,
                name=name,
                short_name=short,
                industry=industry,
                region=region,
                address=address,
                owner_no=owner,
                success_no=success,
                tags=tuple(tags),
                external_user_id=external,
            )
            for number, name, short, industry, region, address, owner, success, tags, external in everyone
        ]
        people = await self._contacts()
        goods = await self._connection.execute(select(*_PRODUCT).order_by(products.c.product_no))
        return (
            found,
            people,
            await EmployeeRepository(self._connection).all(),
            [
                Product(product_no=number, name=name, spec=spec, unit=unit, price_fen=price or 0)
                for number, name, spec, unit, price in goods
            ],
        )

    async def find(self, customer_no: str) -> Customer | None:
        """The customer, or None."""
        rows = await self._connection.execute(select(*_CUSTOMER).where(customers.c.customer_no == customer_no))
        row = rows.mappings().one_or_none()
        return Customer(**{**row, "tags": tuple(row["tags"])}) if row else None

    async def get(self, customer_no: str) -> Customer:
        """The customer.

        Raises:
            NotFound: there is none of that number.
        """
        if (customer := await self.find(customer_no)) is None:
            raise NotFound(f"没有编号为 {customer_no} 的客户。")
        return customer

    async def contacts_of(self, customer_no: str) -> list[Contact]:
        """The customer's people, by name."""
        return await self._contacts(contacts.c.customer_no == customer_no)

    async def by_external_user(self, external_user_id: str) -> list[Customer]:
        """Customers behind a WeCom external contact: usually one, sometimes two shops of one owner."""
        rows = await self._connection.execute(
            select(*_CUSTOMER)
            .where(customers.c.external_user_id == external_user_id, customers.c.external_user_id != "")
            .order_by(customers.c.customer_no)
        )
        return [Customer(**{**row, "tags": tuple(row["tags"])}) for row in rows.mappings()]

    async def _contacts(self, *conditions: Any) -> list[Contact]:
        rows = await self._connection.execute(
            select(*_CONTACT).where(*conditions).order_by(contacts.c.customer_no, contacts.c.position)
        )
        return [
            Contact(customer_no=number, name=name, title=title, mobile=mobile, preference=preference)
            for number, name, title, mobile, preference in rows
        ]


class EmployeeRepository:
    """The roster. People who left are in it; `active` tells."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self) -> list[Employee]:
        """Everybody on the roster, by number."""
        return await self._select()

    async def find(self, employee_no: str) -> Employee | None:
        """The employee, or None."""
        return next(iter(await self._select(employees.c.employee_no == employee_no)), None)

    async def get(self, employee_no: str) -> Employee:
        """The employee.

        Raises:
            NotFound: there is none of that number.
        """
        if (employee := await self.find(employee_no)) is None:
            raise NotFound(f"没有工号为 {employee_no} 的员工。")
        return employee

    async def by_account(self, channel: ChannelName | str, user_id: str) -> Employee | None:
        """The active employee whose roster entry carries this login; WeCom logins compare without case.

        None as well when two active employees carry the same one: nobody is taken for somebody else.
        """
        if not user_id:
            return None
        if channel == ChannelName.WECOM:
            condition = func.lower(employees.c.wecom_user) == user_id.lower()
        else:
            condition = employees.c.dingtalk_user == user_id
        found = await self._select(condition, employees.c.status == ACTIVE)
        return found[0] if len(found) == 1 else None

    async def by_mobile(self, mobile_key: str) -> list[Employee]:
        """Active employees with this mobile (digits only, see cells.mobile_key)."""
        if not mobile_key:
            return []
        return await self._select(employees.c.mobile_key == mobile_key, employees.c.status == ACTIVE)

    async def superior_of(self, employee_no: str) -> Employee | None:
        """The next active person above; who left is passed over. None at the top."""
        seen = {employee_no}
        person = await self.find(employee_no)
        while person and person.superior_no and person.superior_no not in seen:
            seen.add(person.superior_no)
            person = await self.find(person.superior_no)
            if person and person.active:
                return person
        return None

    async def region_manager(self, region: str) -> Employee | None:
        """The region's active 区域经理; of several the first by number."""
        found = await self._select(
            employees.c.region == region,
            employees.c.role == Role.REGION_MANAGER.value,
            employees.c.status == ACTIVE,
        )
        return found[0] if found else None

    async def _select(self, *conditions: Any) -> list[Employee]:
        statement = select(*_EMPLOYEE).where(*conditions).order_by(employees.c.employee_no)
        return _employees((await self._connection.execute(statement)).mappings().all())


def _employees(rows: Sequence[RowMapping]) -> list[Employee]:
    return [
        Employee(
            employee_no=row["employee_no"],
            name=row["name"],
            role=Role(row["role"]),
            region=row["region"],
            mobile=row["mobile"],
            wecom_user=row["wecom_user"],
            dingtalk_user=row["dingtalk_user"],
            superior_no=row["superior_no"],
            active=row["status"] == ACTIVE,
        )
        for row in rows
    ]
