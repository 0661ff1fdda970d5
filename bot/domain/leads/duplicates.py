"""Whether a lead is somebody the company knows: a customer, or an enquiry that came before.

The same person is known by the mobile number, or by company and contact; customers by company alone. A number that
comes with another company is no duplicate: people ask for several (`Why.NUMBER_ONLY`, shown and never merged).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.leads.company_names import Alike, CompanyName, akin, alike, owner_named, read_company
from bot.domain.leads.persons import same_person
from bot.domain.leads.records import LeadRecord

_LEAST_SHORT = 3  # characters: 穗多 is too short to know a customer by


class Kind(StrEnum):
    """What a lead is the same as."""

    CUSTOMER = "客户"
    LEAD = "线索"


class Why(StrEnum):
    """What they share."""

    MOBILE = "手机号"
    COMPANY = "公司名称"
    NUMBER_ONLY = "手机号相同，公司不同"  #: a look-alike


@dataclass(frozen=True, slots=True)
class Same:
    """Something that a lead is the same as, or looks like."""

    kind: Kind
    no: str
    why: Why
    same_person: bool = True  #: for a look-alike: the contact is, too

    @property
    def certain(self) -> bool:
        return self.why is not Why.NUMBER_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCustomer:
    """A customer as far as leads are compared with it."""

    customer_no: str
    name: str
    short_name: str = ""
    region: str = ""
    contacts: tuple[tuple[str, str], ...] = ()  #: name, mobile_key


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLead:
    """An earlier lead as far as later ones are compared with it."""

    lead_no: str
    company: str
    contact: str
    mobile_key: str
    region: str = ""


class Known:
    """Customers and earlier leads, indexed. Holds only those that share a key with a lead in question."""

    def __init__(self, customers: Iterable[KnownCustomer] = (), leads: Iterable[KnownLead] = ()) -> None:
        self._by_mobile: dict[str, list[tuple[KnownCustomer, str]]] = defaultdict(list)
        self._by_name: dict[str, list[KnownCustomer]] = defaultdict(list)
        self._by_short: dict[str, list[KnownCustomer]] = defaultdict(list)
        self._leads_by_mobile: dict[str, list[KnownLead]] = defaultdict(list)
        self._leads_by_name: dict[str, list[KnownLead]] = defaultdict(list)
        for customer in customers:
            self._add_customer(customer)
        for lead in leads:
            self.add(lead)

    def _add_customer(self, customer: KnownCustomer) -> None:
        self._by_name[read_company(customer.name).key].append(customer)
        if customer.short_name:
            self._by_short[read_company(customer.short_name).key].append(customer)
        for name, mobile in customer.contacts:
            if is_mobile(mobile):
                self._by_mobile[mobile].append((customer, name))

    def add(self, lead: KnownLead) -> None:
        """One more lead that later ones are compared with."""
        if is_mobile(lead.mobile_key):
            self._leads_by_mobile[lead.mobile_key].append(lead)
        if key := read_company(lead.company).key:
            self._leads_by_name[key].append(lead)

    def matches(self, lead: LeadRecord) -> list[Same]:
        """All that the lead is the same as, then all it looks like; customers first, then leads in their order."""
        found = [*self._customers(lead), *self._leads(lead)]
        once = {(same.kind, same.no): same for same in reversed(found)}
        return sorted(once.values(), key=lambda same: (not same.certain, found.index(same)))

    # -- customers ----------------------------------------------------------------------------------------------------
    def _customers(self, lead: LeadRecord) -> Iterator[Same]:
        by_mobile = self._by_mobile.get(lead.mobile_key, ()) if is_mobile(lead.mobile_key) else ()
        nearest = sorted(
            by_mobile, key=lambda each: (_likeness(lead, each[0]) is Alike.NO, each[0].region != lead.region)
        )
        for customer, name in nearest:
            yield _by_number(lead, Kind.CUSTOMER, customer.customer_no, (customer.name, customer.short_name), name)
        if customer_no := self._by_company(lead):
            yield Same(Kind.CUSTOMER, customer_no, Why.COMPANY)

    def _by_company(self, lead: LeadRecord) -> str:
        """The customer of that name: spelled so, else the only one that sounds so, else the only one called so."""
        name = read_company(lead.company)
        if not name.key:
            return ""
        near = [(customer, how) for customer in self._by_name.get(name.key, ()) if (how := _likeness(lead, customer))]
        spelled = [customer for customer, how in near if how is Alike.SPELLED]
        if spelled:
            here = [customer for customer in spelled if customer.region == lead.region]
            return min(customer.customer_no for customer in here or spelled)
        heard = {customer.customer_no for customer, _ in near if customer.region == lead.region or not lead.region}
        if not heard:
            heard = {customer.customer_no for customer in self._called(lead)}
        return heard.pop() if len(heard) == 1 else ""

    def _called(self, lead: LeadRecord) -> list[KnownCustomer]:
        name = read_company(lead.company)
        if len(name.core) < _LEAST_SHORT or name.branch:
            return []
        return [
            customer
            for customer in self._by_short.get(name.key, ())
            if read_company(customer.short_name).written == name.core
            and (customer.region == lead.region or (name.place and customer.region.startswith(name.place)))
        ]

    # -- leads --------------------------------------------------------------------------------------------------------
    def _leads(self, lead: LeadRecord) -> Iterator[Same]:
        if is_mobile(lead.mobile_key):
            for earlier in self._leads_by_mobile.get(lead.mobile_key, ()):
                yield _by_number(lead, Kind.LEAD, earlier.lead_no, (earlier.company,), earlier.contact)
        name = read_company(lead.company)
        for earlier in self._leads_by_name.get(name.key, ()) if name.key and lead.contact else ():
            theirs = read_company(earlier.company)
            if alike(name, theirs, regions=(lead.region, earlier.region)) and same_person(
                lead.contact, earlier.contact
            ):
                yield Same(Kind.LEAD, earlier.lead_no, Why.COMPANY)


def find_all(leads: Sequence[LeadRecord], customers: Iterable[KnownCustomer]) -> dict[str, Same]:
    """lead_no -> what it certainly is the same as, for a whole history in one pass; later leads point to earlier."""
    return {lead_no: found[0] for lead_no, found in find_every(leads, customers).items()}


def find_every(leads: Sequence[LeadRecord], customers: Iterable[KnownCustomer]) -> dict[str, list[Same]]:
    """As `find_all`, with all that each certainly is the same as: a customer, and the same person's earlier enquiry."""
    known = Known(customers)
    found: dict[str, list[Same]] = {}
    for lead in sorted(leads, key=lambda each: (each.received_at, each.lead_no)):
        if same := [each for each in known.matches(lead) if each.certain]:
            found[lead.lead_no] = same
        known.add(as_known(lead))
    return found


def as_known(lead: LeadRecord) -> KnownLead:
    return KnownLead(
        lead_no=lead.lead_no,
        company=lead.company,
        contact=lead.contact,
        mobile_key=lead.mobile_key,
        region=lead.region,
    )


def is_mobile(key: str) -> bool:
    """Eleven digits that begin with 1; a switchboard's number is shared by strangers."""
    return len(key) == 11 and key.isdecimal() and key[0] == "1"


def _by_number(lead: LeadRecord, kind: Kind, no: str, companies: Sequence[str], contact: str) -> Same:
    """Who has the same mobile number: the same, unless it is clearly about another company."""
    mine = read_company(lead.company)
    same = same_person(lead.contact, contact)
    theirs = [read_company(company) for company in companies if company]
    people = (lead.contact, contact)
    vague = _says_nothing(mine, people) or all(_says_nothing(each, people) for each in theirs)
    if any(akin(mine, each) for each in theirs) or (vague and same is not False):
        return Same(kind, no, Why.MOBILE)
    return Same(kind, no, Why.NUMBER_ONLY, same_person=same is not False)


def _says_nothing(company: CompanyName, people: Sequence[str]) -> bool:
    """No name, or only its owner's: 曾庆丰的店."""
    owner = owner_named(company)
    return not company.key or bool(owner and any(same_person(owner, person) for person in people))


def _likeness(lead: LeadRecord, customer: KnownCustomer) -> Alike:
    regions = (lead.region, customer.region)
    return alike(read_company(lead.company), read_company(customer.name), regions=regions)
