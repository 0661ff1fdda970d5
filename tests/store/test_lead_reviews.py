"""What the store knows of a day of leads, counted once and on the right day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.clock import SHANGHAI
from bot.domain.leads import Rep, default_policy
from bot.domain.leads.records import Intent
from bot.domain.leads.review import LeadDay, RepDay, review
from bot.domain.leads.rules import default_rules
from bot.domain.leads.values import Reason
from store.lead_reviews import StoredReview
from tests.support.lead_history import busier, decided, give, set_state
from tests.support.leads import enquiry, put_leads

DAY = date(2026, 2, 11)
TEN = datetime(2026, 2, 11, 10, 0, tzinfo=SHANGHAI)
Make = Callable[[], Any]


@pytest.fixture
async def staffed(make: Make) -> Make:
    """Two reps in Hangzhou, one in Nanjing, one who left, a manager."""
    people = [
        ("E1", "李雷", "销售", "杭州大区", "在职"),
        ("E2", "韩梅", "销售", "杭州大区", "在职"),
        ("E3", "王芳", "销售", "南京大区", "在职"),
        ("E4", "赵敏", "销售", "杭州大区", "离职"),
        ("M1", "陈磊", "区域经理", "杭州大区", "在职"),
    ]
    async with make() as uow:
        for number, name, role, region, status in people:
            await uow.connection.execute(
                text("INSERT INTO employees (employee_no, name, role, region, status) VALUES (:n, :a, :r, :g, :s)"),
                {"n": number, "a": name, "r": role, "g": region, "s": status},
            )
    return make


async def read(make: Make, day: date = DAY) -> LeadDay:
    async with make() as uow:
        return await uow.lead_reviews.read_day(day, default_rules())  # type: ignore[no-any-return]


def of(day: LeadDay, employee_no: str) -> RepDay:
    return next(rep for rep in day.reps if rep.employee_no == employee_no)


async def test_each_count_on_the_day_on_which_it_happened(staffed: Make) -> None:
    async with staffed() as uow:
        records = [enquiry(f"X{number}", at=TEN, mobile_key=str(number)) for number in range(6)]
        await put_leads(uow, records)
        await give(uow, records[0], "E1", TEN, responded_in=12)
        await give(uow, records[1], "E1", TEN, responded_in=40)
        await give(uow, records[2], "E1", TEN, ended_in=30, ending="超时")
        await give(uow, records[2], "E2", TEN + timedelta(minutes=30), turn_no=2, ended_in=5, ending="退回")
        await give(uow, records[3], "E2", TEN - timedelta(days=1), responded_in=5, ended_in=1440, ending="成交")
        await give(uow, records[4], "E2", TEN - timedelta(days=40), responded_in=5)
        await give(uow, records[5], "E1", TEN, ended_in=1, ending="撤销")
    day = await read(staffed)
    first, second = of(day, "E1"), of(day, "E2")
    assert (first.given, first.high_given, first.open, first.high_open, first.high_intent) == (3, 3, 2, 2, 3)
    assert (first.minutes, first.late, first.lapsed, first.declined) == ((12, 40), 1, 1, 0)
    assert (second.given, second.open, second.declined, second.won, second.minutes) == (1, 1, 1, 1, ())
    assert second.high_intent == 2  # the one of 40 days ago is out of the window, though still open
    assert of(await read(staffed, DAY - timedelta(days=1)), "E2").minutes == (5,)


async def test_people_are_those_who_take_leads_and_whoever_had_some(staffed: Make) -> None:
    assert [rep.employee_no for rep in (await read(staffed)).reps] == ["E1", "E2", "E3"]
    async with staffed() as uow:
        await put_leads(uow, [enquiry("X1", at=TEN)])
        await give(uow, enquiry("X1"), "E4", TEN)
    left = of(await read(staffed), "E4")
    assert (left.given, left.capacity) == (1, 0)


async def test_what_came_what_waits_and_what_lies_in_the_pool(staffed: Make) -> None:
    async with staffed() as uow:
        leads = [enquiry(f"X{number}", at=TEN) for number in range(4)]
        await put_leads(
            uow, [*leads, enquiry("N1", at=TEN, region="南京大区"), enquiry("Y1", at=TEN - timedelta(days=1))]
        )
        await set_state(uow, "X1", "待分配", waits_for=Reason.FULL)
        await set_state(uow, "X2", "公海")
        await set_state(uow, "X3", "已合并")
        await set_state(uow, "Y1", "已关闭")
        await set_state(uow, "N1", "公海")
        await set_state(uow, "X0", "跟进中", holder_no="E1")
    day = await read(staffed)
    assert day.arrived == {"杭州大区": 3, "南京大区": 1}
    assert [(each.lead_no, each.waits_for) for each in day.waiting] == [("X1", Reason.FULL)]
    assert day.pool == {"杭州大区": 1, "南京大区": 1}


async def test_hindsight_stands_on_the_facts_of_the_decisions(staffed: Make) -> None:
    """E1 knows the trade and gets both; the second time they already hold one, which the morning did not know."""
    people = [
        Rep(employee_no="E1", regions=frozenset({"杭州大区"}), tables={"industry_fit": {"快消终端": 1.0}}),
        Rep(employee_no="E2", regions=frozenset({"杭州大区"}), tables={"industry_fit": {"快消终端": 0.1}}),
    ]
    policy, records = default_policy(), [enquiry("X1", at=TEN), enquiry("X2", at=TEN)]
    async with staffed() as uow:
        await put_leads(uow, records)
        first = await decided(uow, records[0], people, policy, TEN)
        await decided(uow, records[1], busier(people, first.employee_no), policy, TEN + timedelta(minutes=1))
        await decided(uow, records[0], people[1:], policy, TEN + timedelta(minutes=40), turn_no=2)
    day = await read(staffed)
    assert [(each.lead_no, each.employee_no, each.company) for each in day.placements] == [
        ("X1", "E1", "杭州朴枢物流有限公司"), ("X2", "E1", "杭州朴枢物流有限公司"),
    ]  # fmt: skip
    assert day.placements[0].fits == day.placements[1].fits
    assert day.places == {"E1": 20, "E2": 20}
    assert review(day).hindsight.regret == 0


async def test_decisions_of_another_day_are_not_this_days(staffed: Make) -> None:
    async with staffed() as uow:
        await put_leads(uow, [enquiry("X1", at=TEN)])
        await decided(
            uow, enquiry("X1"), [Rep(employee_no="E1", regions=frozenset({"杭州大区"}))], default_policy(), TEN
        )
    assert (await read(staffed, DAY + timedelta(days=1))).placements == []


async def test_a_day_is_reviewed_once(staffed: Make) -> None:
    seen = review(await read(staffed))
    other = review(LeadDay(day=DAY, arrived={"杭州大区": 9}))
    async with staffed() as uow:
        assert await uow.lead_reviews.of_day(DAY) == {}
        assert await uow.lead_reviews.newest("") is None
        await uow.lead_reviews.add([StoredReview(seen, 7)], at=TEN)
        await uow.lead_reviews.add([StoredReview(other, 8)], at=TEN)
        assert await uow.lead_reviews.of_day(DAY) == {"": StoredReview(seen, 7)}
        assert await uow.lead_reviews.newest("") == StoredReview(seen, 7)
        assert await uow.lead_reviews.newest("杭州大区") is None


async def test_prices_are_learned_from_leads_of_thirty_days_each_enquirer_once(staffed: Make) -> None:
    async with staffed() as uow:
        await put_leads(
            uow,
            [
                enquiry("OLD", at=TEN - timedelta(days=31), mobile_key="1"),
                enquiry("A", at=TEN - timedelta(days=3), mobile_key="2", intent=None),
                enquiry("A2", at=TEN - timedelta(days=2), mobile_key="2"),
                enquiry("B", at=TEN - timedelta(days=1), mobile_key="", intent=Intent.LOW),
                enquiry("C", at=TEN - timedelta(days=1), mobile_key=""),
                enquiry("MERGED", at=TEN - timedelta(days=1), mobile_key="3"),
                enquiry("NOW", at=TEN, mobile_key="4"),
            ],
        )
        await set_state(uow, "MERGED", "已合并")
        leads = await uow.lead_reviews.recent_leads(TEN)
    assert [(lead.lead_no, lead.high_intent) for lead in leads] == [("A", False), ("B", False), ("C", True)]
