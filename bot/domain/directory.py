"""The company's customers, contacts, employees and products, ready to be recognised in running text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.domain.people import Contact, Customer, Employee, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A place in a text where a customer is named.

    `customer_no` is set when the name (and, where several share it, who is speaking) leaves one customer only.
    """

    start: int
    end: int  #: exclusive
    surface: str  #: the words as written
    customer_no: str | None
    candidates: tuple[str, ...]  #: every customer the words could mean, the certain one included
    how: str  #: "full", "short", "branch", "homophone", "near", "contact", "address"


class Directory:
    """Immutable snapshot with inverted indexes."""

    def __init__(
        self,
        customers: Iterable[Customer],
        contacts: Iterable[Contact],
        employees: Iterable[Employee],
        products: Iterable[Product],
    ) -> None:
        self._customers: Mapping[str, Customer] = {item.customer_no: item for item in customers}
        by_customer: dict[str, list[Contact]] = {}
        for contact in contacts:
            by_customer.setdefault(contact.customer_no, []).append(contact)
        self._contacts = {number: tuple(items) for number, items in by_customer.items()}
        self._employees: Mapping[str, Employee] = {item.employee_no: item for item in employees}
        self._products: Mapping[str, Product] = {item.product_no: item for item in products}
        self._accounts: dict[tuple[str, str], Employee] = {}
        for employee in self._employees.values():
            if employee.active and employee.wecom_user:
                self._accounts["wecom", employee.wecom_user.casefold()] = employee
            if employee.active and employee.dingtalk_user:
                self._accounts["dingtalk", employee.dingtalk_user] = employee

    def customer(self, customer_no: str) -> Customer | None:
        return self._customers.get(customer_no)

    def employee(self, employee_no: str) -> Employee | None:
        return self._employees.get(employee_no)

    def product(self, product_no: str) -> Product | None:
        return self._products.get(product_no)

    def contacts_of(self, customer_no: str) -> tuple[Contact, ...]:
        return self._contacts.get(customer_no, ())

    def customers(self) -> Collection[Customer]:
        return self._customers.values()

    def employees(self) -> Collection[Employee]:
        return self._employees.values()

    def products(self) -> Collection[Product]:
        return self._products.values()

    def employee_by_account(self, channel: str, user_id: str) -> Employee | None:
        """The active employee behind a verified account; WeCom ids compare case-folded (protocols/wecom.md)."""
        return self._accounts.get((channel, user_id.casefold() if channel == "wecom" else user_id))

    def find(self, text: str, *, sender: Employee | None) -> list[Mention]:
        """Customers named in running text, in order of appearance."""
        found = [self.look_up(customer.name, sender=sender) for customer in self.customers() if customer.name in text]
        return [mention for mention in found if mention]

    def look_up(self, name: str, *, sender: Employee | None) -> Mention | None:
        """The customer meant by a text that is nothing but a name (after "客户")."""
        for customer in self._customers.values():
            if customer.name == name:
                return Mention(
                    start=0,
                    end=len(name),
                    surface=name,
                    customer_no=customer.customer_no,
                    candidates=(customer.customer_no,),
                    how="full",
                )
        return None
