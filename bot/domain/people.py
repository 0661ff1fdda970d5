"""Employees, and what each may see: one table of scopes and duties, denied by default."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """角色 in 员工.csv."""

    REP = "销售"
    REGION_MANAGER = "区域经理"
    SUCCESS = "客户成功"
    FINANCE = "财务"
    LEGAL = "法务"
    DIRECTOR = "总监"
    ADMIN = "管理员"


@dataclass(frozen=True, slots=True, kw_only=True)
class Employee:
    """One person on the payroll; `active` is 状态 = 在职."""

    employee_no: str
    name: str
    role: Role
    region: str
    mobile: str = ""
    wecom_user: str = ""
    dingtalk_user: str = ""
    superior_no: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """客户.csv, names as people see them (outer blanks stripped)."""

    customer_no: str
    name: str
    short_name: str = ""
    industry: str = ""
    region: str = ""
    address: str = ""
    owner_no: str = ""
    success_no: str = ""
    tags: tuple[str, ...] = ()
    external_user_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """联系人.csv."""

    customer_no: str
    name: str
    title: str = ""
    mobile: str = ""
    preference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """物料.csv; price in fen per unit."""

    product_no: str
    name: str
    spec: str = ""
    unit: str = ""
    price_fen: int = 0


SEES_ALL: Collection[Role] = frozenset({Role.DIRECTOR, Role.FINANCE, Role.LEGAL, Role.ADMIN})


def may_see(employee: Employee, customer: Customer) -> bool:
    """Scope as decided: rep and region manager the own region, 客户成功 their own customers, the rest all."""
    if not employee.active:
        return False
    if employee.role in SEES_ALL:
        return True
    if employee.role is Role.SUCCESS:
        return customer.success_no == employee.employee_no
    return bool(employee.region) and customer.region == employee.region


NATIONWIDE = "全国"  # 区域 of whoever belongs to none


def known_regions(employees: Iterable[Employee]) -> frozenset[str]:
    """The regions in which somebody sells: those a lead can be of."""
    selling = (employee.region for employee in employees if employee.role in (Role.REP, Role.REGION_MANAGER))
    return frozenset(selling) - {"", NATIONWIDE}


def may_change_schedule(employee: Employee) -> bool:
    """When the bot's jobs run concerns everybody: the director and the administrators."""
    return employee.active and employee.role in (Role.DIRECTOR, Role.ADMIN)


def may_change_calendar(employee: Employee) -> bool:
    """Whose working days the bot counts by concerns everybody as well."""
    return may_change_schedule(employee)


def may_record_visit(employee: Employee, customer: Customer) -> bool:
    """Whoever may see a customer and works with customers."""
    return employee.role in (Role.REP, Role.REGION_MANAGER, Role.SUCCESS, Role.DIRECTOR) and may_see(employee, customer)


def may_start_contract(employee: Employee) -> bool:
    """Whoever works with customers; of which ones is `may_see`'s matter."""
    return employee.active and employee.role in (Role.REP, Role.REGION_MANAGER, Role.SUCCESS, Role.DIRECTOR)


def may_enter_lead(employee: Employee) -> bool:
    """Whoever meets customers, and those who look after the whole."""
    return employee.active and employee.role not in (Role.FINANCE, Role.LEGAL)


def own_region(employee: Employee) -> str:
    """The region somebody sells in; empty where that is none: no lead of 客户成功's 华东 would find a rep."""
    return next(iter(known_regions([employee])), "")


def may_decide(employee: Employee) -> bool:
    """Whom an approval may be handed to. The flow itself names whom it asks; amounts are conditions of its steps."""
    return employee.active and employee.role in (Role.REGION_MANAGER, Role.DIRECTOR, Role.LEGAL, Role.FINANCE)


def may_stand_in(delegate: Employee, absent: Employee) -> bool:
    """Whether somebody may decide for somebody absent: nobody passes a duty on to a person who could not have it."""
    return may_decide(delegate) or not may_decide(absent)


def may_change_flow(employee: Employee) -> bool:
    """Change who approves what: 总监 and 管理员."""
    return employee.active and employee.role in (Role.DIRECTOR, Role.ADMIN)


def may_change_lead_rules(employee: Employee) -> bool:
    """Change who gets which leads: 总监 and 管理员."""
    return employee.active and employee.role in (Role.DIRECTOR, Role.ADMIN)


def may_try_lead_rules(employee: Employee) -> bool:
    """See what a change would do to last month's leads, without making it: region managers too."""
    return may_change_lead_rules(employee) or (employee.active and employee.role is Role.REGION_MANAGER)


def may_enter_absence(employee: Employee, absent: Employee) -> bool:
    """One's own absence; 总监 and 管理员 also somebody else's."""
    return employee.active and (employee.employee_no == absent.employee_no or may_change_flow(employee))


def takes_leads(employee: Employee) -> bool:
    """Whom leads are given to."""
    return employee.active and employee.role is Role.REP


def managers_of(employees: Iterable[Employee], region: str) -> list[Employee]:
    """A region's managers, else the directors; active ones."""
    people = [item for item in employees if item.active]
    regional = [item for item in people if item.role is Role.REGION_MANAGER and item.region == region]
    return regional or [item for item in people if item.role is Role.DIRECTOR]


def may_manage_leads(employee: Employee, region: str) -> bool:
    """Assign a region's leads and see its queue; leads without a region are every manager's."""
    if not employee.active:
        return False
    if employee.role in (Role.DIRECTOR, Role.ADMIN):
        return True
    return employee.role is Role.REGION_MANAGER and (not region or region == employee.region)


def may_claim_lead(employee: Employee, region: str) -> bool:
    """领取 out of 公海: whoever takes leads, of the own region or of none."""
    return takes_leads(employee) and (employee.region == NATIONWIDE or region in ("", employee.region))


def lead_review_scope(employee: Employee) -> str | None:
    """The region whose leads are reviewed for this person, "" for all of them, None for who manages nobody."""
    if employee.active and employee.role is Role.DIRECTOR:
        return ""
    return employee.region if employee.active and employee.role is Role.REGION_MANAGER and employee.region else None
