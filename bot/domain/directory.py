"""The company's customers, contacts, employees and products, ready to be recognised in running text.

Who is meant (fixtures/README.md, 拜访解析的约定): the whole name wins even if others sound alike; a slip that sounds
like one customer counts as it; of several with the name, the one that the sender alone is responsible for; else
nobody, and the candidates are listed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.domain.matching import ANYWHERE, BLURRED, HOMOPHONE, Hit, NameIndex
from bot.domain.names import plain, read_address
from bot.domain.people import Contact, Customer, Employee, Product, Role
from bot.domain.phonetics import readings
from bot.domain.text import fold

NEAR_RATIO = 80.0  # rapidfuzz ratio from which an unknown name is offered as "do you mean"
MAX_CANDIDATES = 12
_OF_A_REGION = frozenset({Role.REP, Role.REGION_MANAGER})  #: the others work with customers everywhere
_NUMBER = re.compile(r"(?<![a-z])kh\d{4,}")
_THAT_ONE = re.compile(r"\s?(?:的?(?:那家|那边|这边|那个|这家|他家|她家|家的?|那儿|店里|公司|那店)|的店)")
_CALLED = "总姐哥工董叔嫂"


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
    how: str  #: "full", "short", "branch", "homophone", "near", "contact", "address", "number"


class Directory:
    """Immutable snapshot with inverted indexes; a new one is built when the data change."""

    def __init__(
        self,
        customers: Iterable[Customer],
        contacts: Iterable[Contact],
        employees: Iterable[Employee],
        products: Iterable[Product],
    ) -> None:
        self._customers: Mapping[str, Customer] = {item.customer_no: item for item in customers}
        by_customer: dict[str, list[Contact]] = {}
        self._called: dict[str, list[str]] = {}
        for contact in contacts:
            by_customer.setdefault(contact.customer_no, []).append(contact)
            self._called.setdefault(contact.name, []).append(contact.customer_no)
        self._contacts = {number: tuple(items) for number, items in by_customer.items()}
        self._employees: Mapping[str, Employee] = {item.employee_no: item for item in employees}
        self._products: Mapping[str, Product] = {item.product_no: item for item in products}
        self._figures = frozenset(
            figure for item in self._products.values() for figure in re.findall(r"\d{3,}", fold(item.name))
        )
        self._accounts: dict[tuple[str, str], Employee] = {}
        for employee in self._employees.values():
            if employee.active and employee.wecom_user:
                self._accounts["wecom", employee.wecom_user.casefold()] = employee
            if employee.active and employee.dingtalk_user:
                self._accounts["dingtalk", employee.dingtalk_user] = employee
        self._names = NameIndex(self._customers.values())
        self._roads: dict[str, list[tuple[str, str]]] = {}
        for customer in self._customers.values():
            place = read_address(customer.address)
            if len(place.road) >= 3:
                self._roads.setdefault(place.road, []).append((customer.customer_no, place.district))

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

    @property
    def product_figures(self) -> frozenset[str]:
        """Figures that are part of products' names (6205, 30206): no sums of money."""
        return self._figures

    def employee_by_account(self, channel: str, user_id: str) -> Employee | None:
        """The active employee behind a verified account; WeCom ids compare case-folded (protocols/wecom.md)."""
        return self._accounts.get((channel, user_id.casefold() if channel == "wecom" else user_id))

    # -- who is named ----------------------------------------------------------------------------------------------
    def find(self, text: str, *, sender: Employee | None) -> list[Mention]:
        """Customers named in running text, in order; by a contact or an address only where no name stands."""
        folded = fold(text)
        named = self._by_number(text, folded) + self._by_name(text, folded, sender)
        return sorted(named or self._by_contact(text, folded, sender) or self._by_road(text, folded, sender),
                      key=lambda mention: mention.start)  # fmt: skip

    def look_up(self, name: str, *, sender: Employee | None) -> Mention | None:
        """The customer meant by a text that is nothing but a name (after "客户").

        A name that fits nobody gets the nearest ones as candidates, none of them certain.
        """
        mentions = self.find(name, sender=sender)
        if mentions:
            return max(mentions, key=lambda mention: (mention.end - mention.start, -mention.start))
        return self._by_letters(name) or self._nearest(name)

    def _by_number(self, text: str, folded: str) -> list[Mention]:
        found = []
        for match in _NUMBER.finditer(folded):
            number = match[0].upper()
            if number in self._customers:
                found.append(self._mention(text, match.start(), match.end(), (number,), "number", None))
        return found

    def _by_name(self, text: str, folded: str, sender: Employee | None) -> list[Mention]:
        hits = self._names.hits(
            folded,
            confirmed=lambda entry, end: self._contact_speaks_for(entry.customer_no, folded, end),
            sender_no=sender.employee_no if sender else "",
            region=sender.region if sender and sender.role in _OF_A_REGION else ANYWHERE,
        )
        people = self._people_in(folded)
        hits = [
            hit for hit in hits if hit.tail or hit.branch or not any(a < hit.end and hit.start < b for a, b in people)
        ]
        mentions: list[Mention] = []
        taken: list[Hit] = []
        for hit in sorted(hits, key=lambda hit: (-hit.score, -_after_with(folded, hit.start), hit.start)):
            if any(hit.start < other.end and other.start < hit.end for other in taken):
                continue
            taken.append(hit)
            best = [other for other in hits if (other.start, other.end, other.score) == (hit.start, hit.end, hit.score)]
            mentions.append(self._from_hits(text, hit, best, sender))
        return mentions

    def _from_hits(self, text: str, hit: Hit, best: list[Hit], sender: Employee | None) -> Mention:
        numbers = tuple(sorted({other.entry.customer_no for other in best}))
        how = {HOMOPHONE: "homophone", BLURRED: "near"}.get(hit.by, "branch" if hit.branch else "short")
        how = "full" if hit.full else how
        doubtful = all(other.doubtful for other in best)
        if hit.by == BLURRED and len(numbers) == 1:  # a colleague's customer by half its sound: rather asked than taken
            doubtful |= self._own(numbers, sender) is None and not self._contact_speaks_for(
                numbers[0], fold(text), hit.end
            )
        return self._mention(text, hit.start, hit.end, numbers, how, sender, certain=not doubtful)

    def _mention(
        self,
        text: str,
        start: int,
        end: int,
        numbers: tuple[str, ...],
        how: str,
        sender: Employee | None,
        *,
        certain: bool = True,
    ) -> Mention:
        meant = None
        if certain:
            meant = numbers[0] if len(numbers) == 1 else self._own(numbers, sender)
        return Mention(start=start, end=end, surface=text[start:end], customer_no=meant, candidates=numbers, how=how)

    def _own(self, numbers: Iterable[str], sender: Employee | None) -> str | None:
        """The one of several customers that the sender alone is responsible for."""
        if sender is None:
            return None
        own = [
            no for no in numbers if sender.employee_no in (self._customers[no].owner_no, self._customers[no].success_no)
        ]
        return own[0] if len(own) == 1 else None

    def _contact_speaks_for(self, customer_no: str, folded: str, end: int) -> int:
        """0: no contact is named; 1: one is; 2: one is, right behind `end`."""
        if any(folded.startswith(contact.name, end) for contact in self.contacts_of(customer_no)):
            return 2
        for contact in self.contacts_of(customer_no):
            surname = contact.name[:1]
            if surname not in folded:
                continue
            if contact.name in folded or re.search(
                f"[老小]{surname}(?!板)|{surname}(?:[{_CALLED}]|经理|老板|店长|会计|主[管任]|财务|老师|[院校厂]长|"
                f"师傅|阿姨|采购)",
                folded,
            ):
                return 1
        return 0

    def _people_in(self, folded: str) -> list[tuple[int, int]]:
        return [
            (start, start + size)
            for size in (2, 3, 4)
            for start in range(len(folded) - size + 1)
            if folded[start : start + size] in self._called
        ]

    def _by_contact(self, text: str, folded: str, sender: Employee | None) -> list[Mention]:
        """柴斌那家店: the customer behind a contact's whole name."""
        for start, end in sorted(self._people_in(folded), key=lambda span: span[0] - span[1]):
            numbers = tuple(sorted(set(self._called[folded[start:end]])))
            sure = bool(_THAT_ONE.match(folded, end)) or self._own(numbers, sender) is not None
            return [self._mention(text, start, end, numbers, "contact", sender, certain=sure)]
        return []

    def _by_road(self, text: str, folded: str, sender: Employee | None) -> list[Mention]:
        """江宁区白鹭街那家: the customer at an address."""
        for size in (6, 5, 4, 3):
            for start in range(len(folded) - size + 1):
                there = self._roads.get(folded[start : start + size])
                if not there:
                    continue
                before = folded[max(0, start - 8) : start]
                named = [(no, district) for no, district in there if district and district[:2] in before]
                end = start + size
                numbers = [no for no, _ in named or there]
                house = re.match(r"\s?(\d{1,4})号", folded[end:])
                if house:
                    here = [no for no in numbers if f"{house[1]}号" in fold(self._customers[no].address)]
                    numbers = [
                        no for no in here if re.search(rf"(?<!\d){house[1]}号", fold(self._customers[no].address))
                    ]
                sure = bool(named) or bool(house) or bool(_THAT_ONE.match(folded, end))
                if numbers:
                    return [
                        self._mention(text, start, end, tuple(sorted(set(numbers))), "address", sender, certain=sure)
                    ]
        return []

    def _by_letters(self, name: str) -> Mention | None:
        """wangtao jiefanglu, wtjfl: typed in pinyin, whole or initials of the short name."""
        typed = re.sub(r"[\s']", "", fold(name))
        if len(typed) < 3 or not (typed.isascii() and typed.isalpha()):
            return None
        found = []
        for customer in self._customers.values():
            syllables = [readings(char)[0] for char in plain(customer.short_name or customer.name)]
            if typed in ("".join(syllables), "".join(item[:1] for item in syllables)):
                found.append(customer.customer_no)
        numbers = tuple(sorted(found))[:MAX_CANDIDATES]
        return self._mention(name, 0, len(name), numbers, "homophone", None) if numbers else None

    def _nearest(self, name: str) -> Mention | None:
        wanted = plain(name)
        if len(wanted) < 2:
            return None
        names = {number: entry.name.full for number, entry in self._names.entries.items()}
        near = process.extract(wanted, names, scorer=fuzz.ratio, limit=MAX_CANDIDATES, score_cutoff=NEAR_RATIO)
        if not near:
            return None
        numbers = tuple(number for _, _, number in near)
        return Mention(start=0, end=len(name), surface=name, customer_no=None, candidates=numbers, how="near")


def _after_with(folded: str, start: int) -> bool:
    """和华裕聊: where 和华 and 华裕 are both names, the 和 is "with"."""
    return folded[max(0, start - 1) : start] in tuple("和跟去到在")
