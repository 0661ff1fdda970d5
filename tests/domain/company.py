"""The sample company as a Directory, and the sentences with known answers."""

from __future__ import annotations

import csv
import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from bot.domain.directory import Directory
from bot.domain.people import Contact, Customer, Employee, Product, Role

_SAMPLE = files("bot.sandbox") / "sample_company"
_DATA = Path(__file__).resolve().parent.parent / "data"


def _rows(file: Traversable) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def sample_directory() -> Directory:
    """Everybody and everything of the sample company."""
    return directory_of(_SAMPLE)


def directory_of(folder: Traversable) -> Directory:
    """Everybody and everything of the company whose files lie in `folder`."""
    customers = [
        Customer(
            customer_no=row["客户编号"],
            name=row["客户名称"].strip(),
            short_name=row["简称"],
            industry=row["行业"],
            region=row["区域"],
            address=row["地址"],
            owner_no=row["负责人工号"],
            success_no=row["客户成功工号"],
        )
        for row in _rows(folder / "客户.csv")
    ]
    contacts = [
        Contact(customer_no=row["客户编号"], name=row["姓名"], title=row["职务"])
        for row in _rows(folder / "联系人.csv")
    ]
    employees = [
        Employee(
            employee_no=row["工号"],
            name=row["姓名"],
            role=Role(row["角色"]),
            region=row["区域"],
            wecom_user=row["企业微信账号"],
            dingtalk_user=row["钉钉账号"],
            active=row["状态"] == "在职",
        )
        for row in _rows(folder / "员工.csv")
    ]
    products = [
        Product(product_no=row["物料编码"], name=row["名称"], spec=row["规格"], unit=row["单位"])
        for row in _rows(folder / "物料.csv")
    ]
    return Directory(customers, contacts, employees, products)


def sentences(name: str) -> list[dict[str, Any]]:
    """The lines of a file of sentences under tests/data."""
    return [json.loads(line) for line in (_DATA / name).read_text(encoding="utf-8").splitlines() if line]
