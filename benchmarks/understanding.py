"""How fast and how surely a sentence finds its customer: the sample's size, and a hundred thousand customers.

    python -m benchmarks.understanding [--customers 100000] [--sentences 2000] [--seed 1]

Prints CPU time of the build and per sentence (median, 95th percentile), and how often the customer was right, left
open, or wrong. The names are invented: two or three characters of a stem, a trade, sometimes a place, sometimes a
branch. With a hundred thousand of them many stems are shared; "left open" is then a right answer too.
"""

from __future__ import annotations

import argparse
import random
import time
from datetime import UTC, datetime

from bot.domain.directory import Directory
from bot.domain.people import Contact, Customer, Employee, Role
from bot.domain.understanding import understand

_STEM = (
    "安邦宝博昌辰诚驰达德鼎东方丰福富冠广贵国海汉浩恒弘宏华汇惠吉佳嘉建江金锦景聚君俊康科朗乐利力联龙隆美明铭宁鹏普启强勤庆荣瑞润"
    "三森晟盛世舒顺泰天通同万旺伟文祥新鑫信兴旭雅阳一亿益银盈永优友裕源远云泽展正志智中众卓"
)
_TRADES = (
    "便利店",
    "超市",
    "生活超市",
    "烟酒店",
    "食品商行",
    "饭店",
    "建筑材料有限公司",
    "精密机械有限公司",
    "物流有限公司",
    "贸易有限公司",
    "教育科技有限公司",
    "医疗器械有限公司",
    "电子科技有限公司",
    "五金制品有限公司",
    "餐饮管理有限公司",
)
_CITIES = ("", "", "杭州", "宁波", "苏州", "南京", "合肥", "上海", "武汉")
_BRANCHES = ("", "", "", "中山路", "建设路", "北门", "大学城", "人民路", "开发区")
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_FRAMES = (
    "今天去了{name}，{contact}说要考虑，预算3万，下周三再去",
    "{name}{contact}定了8000块的货，月底送",
    "跟{name}的{contact}通了电话，嫌贵，不进了",
    "{name}没见到人，后天再跑一趟",
    "{name}还欠多少",
)


def company(count: int, rng: random.Random) -> tuple[list[Customer], list[Contact], Employee]:
    """`count` customers with a contact each, a tenth of them the sender's."""
    sender = Employee(employee_no="E1", name="测试员", role=Role.REP, region="杭州大区")
    customers, contacts, seen = [], [], set()
    while len(customers) < count:
        stem = "".join(rng.choices(_STEM, k=rng.choice((2, 2, 3))))
        trade, city, branch = rng.choice(_TRADES), rng.choice(_CITIES), rng.choice(_BRANCHES)
        name = f"{city}{stem}{trade}" + (f"({branch}店)" if branch and "公司" not in trade else "")
        if name in seen:
            continue
        seen.add(name)
        number = f"C{len(customers):06d}"
        owner = "E1" if rng.random() < 0.1 else "E2"
        short = stem + (branch if branch and "公司" not in trade else "")
        customers.append(
            Customer(
                customer_no=number,
                name=name,
                short_name=short,
                region="杭州大区",
                owner_no=owner,
                address=f"杭州市拱墅区{rng.choice(_STEM)}{rng.choice(_STEM)}路{rng.randint(1, 999)}号",
            )
        )
        contacts.append(
            Contact(customer_no=number, name=rng.choice(_SURNAMES) + "".join(rng.choices(_STEM, k=2)), title="老板")
        )
    return customers, contacts, sender


def measure(count: int, sentences: int, seed: int) -> None:
    """Build, then read `sentences` sentences, and print what came of it."""
    rng = random.Random(seed)
    customers, contacts, sender = company(count, rng)
    begun = time.process_time()
    directory = Directory(customers, contacts, [sender], [])
    built = time.process_time() - begun
    sent_at = datetime(2026, 3, 11, 10, tzinfo=UTC)
    took, right, open_, wrong = [], 0, 0, 0
    for _ in range(sentences):
        index = rng.randrange(count)
        text = rng.choice(_FRAMES).format(name=customers[index].name, contact=contacts[index].name)
        begun = time.process_time()
        found = understand(text, sender=sender, sent_at=sent_at, directory=directory)
        took.append(time.process_time() - begun)
        meant = found.query.customer_no if found.query else found.visits[0].customer_no if found.visits else None
        right += meant == customers[index].customer_no
        open_ += meant is None
        wrong += meant not in (None, customers[index].customer_no)
    took.sort()
    print(
        f"{count:>7} customers: built in {built:.2f} s; understood in {took[len(took) // 2] * 1000:.2f} ms (median), "
        f"{took[len(took) * 95 // 100] * 1000:.2f} ms (95 %); right {right}, left open {open_}, wrong {wrong} of "
        f"{sentences}"
    )


def main() -> None:
    """Both sizes in one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--sentences", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for count in (267, chosen.customers):
        measure(count, chosen.sentences, chosen.seed)


if __name__ == "__main__":
    main()
