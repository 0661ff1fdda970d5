"""The desk's company with everybody a contract needs: superiors, two managers of one region, legal, a director."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.directory import Directory
from bot.domain.people import Employee, Role
from tests.support.desk import CONTACTS, CUSTOMERS, EMPLOYEES, Desk

DIRECTOR = Employee(
    employee_no="YG001", name="孙若曦", role=Role.DIRECTOR, region="全国", dingtalk_user="dd_sun", wecom_user="sunruoxi"
)
ADMIN = Employee(
    employee_no="YG002", name="邹倩", role=Role.ADMIN, region="全国", dingtalk_user="dd_zou", superior_no="YG001"
)
SECOND_MANAGER = Employee(
    employee_no="YG005", name="洪雅琴", role=Role.REGION_MANAGER, region="杭州大区", dingtalk_user="dd_hong",
    superior_no="YG001",
)  # fmt: skip
LEGAL = Employee(
    employee_no="YG059", name="裘俊杰", role=Role.LEGAL, region="全国", dingtalk_user="dd_qiu", superior_no="YG001"
)
SECOND_LEGAL = Employee(
    employee_no="YG060", name="林鹏", role=Role.LEGAL, region="全国", dingtalk_user="dd_lin", superior_no="YG001"
)
FINANCE = Employee(
    employee_no="YG056", name="唐晓燕", role=Role.FINANCE, region="全国", dingtalk_user="dd_tang", superior_no="YG001"
)
_SUPERIORS = {
    "YG010": "YG003",
    "YG011": "YG004",
    "YG012": "YG003",
    "YG013": "YG003",
    "YG003": "YG001",
    "YG004": "YG001",
}
STAFF = tuple(replace(item, superior_no=_SUPERIORS.get(item.employee_no, "")) for item in EMPLOYEES)


def open_firm(desk: Desk, *extra: Employee) -> Desk:
    """Everybody above the reps is there as well; `extra` joins or replaces by number."""
    people = {item.employee_no: item for item in (*STAFF, DIRECTOR, ADMIN, LEGAL, SECOND_LEGAL, FINANCE, *extra)}
    desk.directory = Directory(CUSTOMERS, CONTACTS, tuple(people.values()), ())
    return desk
