"""An invented company for the lead benchmarks: reps in five regions, a manager each, and customers around them."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

from bot.sandbox.config import Person

REGIONS = ("杭州大区", "宁波大区", "合肥大区", "南京大区", "苏州大区")
INDUSTRIES = ("快消终端", "建材", "工业", "教育", "医疗", "软件订阅")
_PEOPLE = "工号,姓名,角色,区域,手机号,企业微信账号,钉钉账号,上级工号,入职日期,状态,擅长行业,成交带宽"
_CUSTOMERS = (
    "客户编号,客户名称,简称,行业,区域,地址,纬度,经度,负责人工号,客户成功工号,外部联系人ID,标签,年采购额预估,建档日期"
)


def company(folder: Path, reps: int, customers: int, chance: random.Random) -> list[Person]:
    """Files as an office exports them; returns the people."""
    people = [_person(number) for number in range(reps + len(REGIONS))]
    with (folder / "员工.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_PEOPLE.split(","))
        writer.writerows(_employee(person, number, chance) for number, person in enumerate(people))
    with (folder / "客户.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_CUSTOMERS.split(","))
        writer.writerows(_customer(number, people[len(REGIONS) + number % reps], chance) for number in range(customers))
    return people


def _person(number: int) -> Person:
    return Person(
        employee_no=f"YG{number:04d}",
        name=f"{'王李张刘陈'[number % 5]}{chr(0x4E00 + number)}",
        role="区域经理" if number < len(REGIONS) else "销售",
        region=REGIONS[number % len(REGIONS)],
        wecom=f"user{number:04d}",
        mobile=f"1990001{number:04d}",
    )


def _employee(person: Person, number: int, chance: random.Random) -> list[str]:
    band = f"{chance.choice((5, 20, 80))}000-{chance.choice((200, 800))}000"
    superior = "" if person.role == "区域经理" else f"YG{number % len(REGIONS):04d}"
    skills = ";".join(chance.sample(INDUSTRIES, 2))
    account = (person.mobile, person.wecom, "", superior)
    return [person.employee_no, person.name, person.role, person.region, *account, "2024-01-01", "在职", skills, band]


def _customer(number: int, owner: Person, chance: random.Random) -> list[str]:
    place = (f"{30 + chance.random():.6f}", f"{120 + chance.random():.6f}")
    name = f"老客户{number}号"
    kind = (chance.choice(INDUSTRIES), owner.region)
    return [
        f"KH{number:06d}",
        f"{name}商行",
        name,
        *kind,
        "",
        *place,
        owner.employee_no,
        "",
        "",
        "",
        "50000",
        "2024-05-01",
    ]


def enquiry(number: int, turn: int, regionless: float = 0.0) -> dict[str, Any]:
    """A lead as another system posts it; each (number, turn) is somebody else. `regionless`: chance of no region."""
    chance = random.Random(turn * 100_000 + number)
    return {
        "external_id": f"XS-{turn:02d}-{number:05d}",
        "company": f"新来{turn}第{number}号贸易有限公司",
        "contact": "周女士",
        "mobile": f"188{turn:02d}{number:06d}",
        "region": chance.choice(REGIONS) if chance.random() >= regionless else "",
        "industry": chance.choice(INDUSTRIES),
        "amount": chance.choice((8_000, 30_000, 120_000, 500_000)),
        "intent": chance.choice(("high", "medium", "medium", "low")),
        "source": "官网",
        "note": "想了解价格和交货期",
    }
