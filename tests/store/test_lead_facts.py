"""What is known of reps, as of a moment, from records as dirty as real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import pytest
from sqlalchemy import text

from bot.clock import SHANGHAI
from bot.domain.leads.fact_catalogue import CATALOGUE, dimension_of
from bot.domain.leads.rule_known import OwnFact
from bot.domain.leads.rules import LeadRules, default_rules
from bot.domain.leads.values import DutyHours, Rep
from store.lead_facts import reps
from store.lead_own_facts import own_facts, set_own_fact

Make = Callable[[], Any]
AT = datetime(2026, 2, 12, 9, 30, tzinfo=SHANGHAI)  # a Thursday
RULES = default_rules()
HANGZHOU, NINGBO = (30.27, 120.15), (29.87, 121.55)  # 143 km apart


def moment(typed: str) -> datetime:
    return datetime.fromisoformat(typed).replace(tzinfo=SHANGHAI)


def with_everything(rules: LeadRules) -> LeadRules:
    """Also every fact of the catalogue, in each way it can be told apart."""
    more = [
        replace(dimension_of(fact, per, weight=0), name=key) for fact in CATALOGUE for per, key in fact.keys.items()
    ]
    return replace(rules, policy=replace(rules.policy, dimensions=(*rules.policy.dimensions, *more)))


@pytest.fixture
async def company(make: Make) -> Make:
    """Two reps of 杭州 and a manager; nothing else yet."""
    await run(
        make,
        """INSERT INTO employees (employee_no, name, role, region, status, industries, deal_min_fen, deal_max_fen,
                                  hired_on)
           VALUES ('YG010', '李雷', '销售', '杭州大区', '在职', '{建材,工业}', 500000, 10000000, '2024-02-12'),
                  ('YG011', '韩梅', '销售', '杭州大区', '在职', '{}', 0, 3000000, NULL),
                  ('YG012', '王强', '销售', '杭州大区', '离职', '{}', NULL, NULL, NULL),
                  ('YG003', '陈磊', '区域经理', '杭州大区', '在职', '{}', NULL, NULL, NULL)""",
    )
    return make


async def run(make: Make, *statements: str) -> None:
    async with make() as uow:
        for statement in statements:
            await uow.connection.execute(text(statement))


async def known(make: Make, number: str = "YG010", *, at: datetime = AT, rules: LeadRules = RULES) -> Rep:
    async with make() as uow:
        return next(rep for rep in await reps(uow.connection, rules, at=at) if rep.employee_no == number)


async def test_reps_take_leads_and_who_left_is_named_only_with_a_history(company: Make) -> None:
    async with company() as uow:
        assert [rep.employee_no for rep in await reps(uow.connection, RULES, at=AT)] == ["YG010", "YG011"]
    await run(
        company,
        "INSERT INTO lead_turns (lead_no, turn_no, employee_no, how, high_intent, given_at)"
        " VALUES ('XS1', 1, 'YG012', '评分', false, '2026-02-01')",
    )
    async with company() as uow:
        found = {rep.employee_no: rep.left for rep in await reps(uow.connection, RULES, at=AT)}
    assert found == {"YG010": False, "YG011": False, "YG012": True}


async def test_capacity_and_duty_come_from_the_rules_and_leave_from_what_was_entered(company: Make) -> None:
    hours = DutyHours(time(9), time(18))
    rules = replace(RULES, capacities={"YG010": 5}, duty=hours, duties={"YG011": None})
    await run(
        company,
        """INSERT INTO absences (employee_no, starts_at, ends_at, created_by, created_at, cancelled_at)
           VALUES ('YG010', '2026-02-12', '2026-02-14', 'YG010', '2026-02-10', NULL),
                  ('YG010', '2026-03-12', '2026-03-14', 'YG010', '2026-02-10', '2026-02-11'),
                  ('YG010', '2026-03-22', '2026-03-24', 'YG010', '2026-02-13', NULL)""",
    )
    rep, other = await known(company, rules=rules), await known(company, "YG011", rules=rules)
    assert (rep.capacity, rep.duty, rep.regions) == (5, hours, frozenset({"杭州大区"}))
    assert (other.capacity, other.duty) == (20, None)
    assert [absence.starts_at.day for absence in rep.absences] == [12]  # neither cancelled nor entered later


async def test_of_a_newcomer_only_their_own_word_is_known(company: Make) -> None:
    rep = await known(company, "YG011")
    assert rep.tables == {}  # no customers, nothing declared: 缺, not zero
    assert rep.facts == {
        "own_customers": 0,
        "typical_deal_fen": 1_500_000,  # of 0-30000 the middle
        "overdue_tasks": 0,
        "deals_this_week": 0,
    }
    declared = (await known(company)).tables["industry_fit"]
    assert declared == {"建材": pytest.approx(0.6), "工业": pytest.approx(0.6)}


PLACES = """
    INSERT INTO customers (customer_no, name, region, industry, owner_no, latitude, longitude, created_on) VALUES
    ('K1', '一', '杭州大区', '建材', 'YG010', 30.27, 120.15, '2025-01-01'),
    ('K2', '二', '宁波大区', '建材', 'YG010', 29.87, 121.55, NULL),
    ('K3', '三', '宁波大区', '建材', 'YG011', 29.87, 121.55, '2025-01-01')"""


async def test_heat_is_nearness_and_the_share_of_customers(company: Make) -> None:
    await run(company, PLACES)
    heat = (await known(company)).tables["region_heat"]
    # the middle of their two customers lies 71 km from either place: nearness 0.37, share one half
    assert heat == {"杭州大区": pytest.approx(0.435, abs=0.01), "宁波大区": pytest.approx(0.435, abs=0.01)}
    assert (await known(company, "YG011")).tables["region_heat"] == {
        "宁波大区": pytest.approx(1.0),
        "杭州大区": pytest.approx(0.07, abs=0.01),
    }


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        pytest.param("0", "0", id="zero"),
        pytest.param("NULL", "NULL", id="empty"),
        pytest.param("30.27", "NULL", id="half empty"),
        pytest.param("120.15", "30.27", id="the wrong way round: turned"),
        pytest.param("51.5", "-0.1", id="abroad"),
        pytest.param("'NaN'", "'NaN'", id="not a number"),
    ],
)
async def test_nonsense_coordinates_move_nobody(company: Make, latitude: str, longitude: str) -> None:
    await run(
        company,
        f"""INSERT INTO customers (customer_no, name, region, owner_no, latitude, longitude) VALUES
            ('K1', '一', '杭州大区', 'YG010', 30.27, 120.15),
            ('K2', '二', '杭州大区', 'YG010', {latitude}, {longitude})""",
    )
    assert (await known(company)).tables["region_heat"] == {"杭州大区": pytest.approx(1.0)}


async def test_without_any_place_the_share_stands_alone(company: Make) -> None:
    await run(
        company,
        """INSERT INTO customers (customer_no, name, region, owner_no) VALUES
           ('K1', '一', '杭州大区', 'YG010'), ('K2', '二', '杭州大区', 'YG010'), ('K3', '三', '宁波大区', 'YG010')""",
    )
    heat = (await known(company)).tables["region_heat"]
    assert heat == {"杭州大区": pytest.approx(2 / 3), "宁波大区": pytest.approx(1 / 3)}


async def test_deals_are_signed_contracts_first_orders_and_won_leads(company: Make) -> None:
    await run(
        company,
        PLACES,
        """INSERT INTO contracts (contract_no, customer_no, amount_fen, signed_on, status, owner_no) VALUES
           ('H1', 'K1', 1000000, '2026-01-10', '履行中', 'YG010'), ('H2', 'K1', 4000000, '2026-01-11', '已归档', ''),
           ('H3', 'K1', 9000000, NULL, '草稿', 'YG010'), ('H4', 'K1', 9000000, '2026-01-12', '审批中', 'YG010'),
           ('H5', 'K1', 9000000, '2026-02-13', '履行中', 'YG010')""",
        """INSERT INTO orders (order_no, customer_no, ordered_at, amount_fen, status) VALUES
           ('O1', 'K2', '2026-01-01', 90, '已取消'), ('O2', 'K2', '2026-01-02', 2000000, '已签收'),
           ('O3', 'K2', '2026-01-03', 7, '已签收'), ('O4', 'K1', '2026-01-03', 7, '已签收')""",
        """INSERT INTO leads (lead_no, industry, amount_fen) VALUES ('XS1', '软件订阅', 2000000), ('XS2', '建材', 5)""",
        """INSERT INTO lead_turns (lead_no, turn_no, employee_no, how, high_intent, given_at, ended_at, ending) VALUES
           ('XS1', 1, 'YG010', '评分', false, '2026-02-01', '2026-02-02', '成交'),
           ('XS2', 1, 'YG010', '评分', false, '2026-02-01', '2026-02-03', '关闭')""",
    )
    rep = await known(company)
    # 1, 4, 2 and 2 万: the middle is 2; 建材 3 won and 1 lost on top of their word, 软件订阅 1 won against it
    assert rep.facts["typical_deal_fen"] == pytest.approx(2_000_000)
    assert rep.tables["industry_fit"] == {
        "建材": pytest.approx((0.6 * 4 + 4) / 8),
        "工业": pytest.approx(0.6),
        "软件订阅": pytest.approx((0.2 * 4 + 1) / 5),
    }
    before = await known(company, at=moment("2026-01-10 23:00"))
    assert before.facts["typical_deal_fen"] == pytest.approx(2**0.5 * 1_000_000)  # the contract and the first order
    assert before.tables["industry_fit"]["建材"] == pytest.approx((0.6 * 4 + 2) / 6)  # nothing lost yet


async def test_promises_past_due_count_until_somebody_was_there(company: Make) -> None:
    await run(
        company,
        """INSERT INTO visits (visit_no, customer_no, employee_no, visited_at, next_follow_up, state) VALUES
           ('B1', 'K1', 'YG010', '2026-02-01', '2026-02-10', '已确认'),
           ('B2', 'K2', 'YG010', '2026-02-01', '2026-02-12', '已载入'),
           ('B3', 'K3', 'YG010', '2026-02-01', '2026-02-11', '已撤销'),
           ('B4', 'K4', 'YG010', '2026-02-01', '2026-02-11', '待确认'),
           ('B5', 'K4', 'YG011', '2026-02-12 08:00+08', NULL, '已确认')""",
    )
    assert (await known(company)).facts["overdue_tasks"] == 1  # B1: today is not over, taken back, done by another
    assert (await known(company, at=moment("2026-02-12 07:00"))).facts["overdue_tasks"] == 2
    assert (await known(company, at=moment("2026-02-13 07:00"))).facts["overdue_tasks"] == 2


async def test_this_week_begins_on_monday_in_shanghai(company: Make) -> None:
    await run(
        company,
        PLACES,
        """INSERT INTO contracts (contract_no, customer_no, amount_fen, signed_on, status, owner_no) VALUES
           ('H1', 'K1', 100, '2026-02-08', '履行中', 'YG010'), ('H2', 'K1', 100, '2026-02-09', '履行中', 'YG010'),
           ('H3', 'K1', 100, '2026-02-13', '履行中', 'YG010')""",
        """INSERT INTO orders (order_no, customer_no, ordered_at, amount_fen, status) VALUES
           ('O1', 'K1', '2026-02-08 16:30+00', 90, '已签收'), ('O2', 'K2', '2026-02-08 15:30+00', 90, '已签收'),
           ('O3', 'K2', '2026-02-10', 90, '已签收'), ('O4', 'K3', '2026-02-12 12:00+08', 90, '已签收')""",
    )
    assert (await known(company)).facts["deals_this_week"] == 2  # H2, and the first order of K1 on Monday 0:30
    assert (await known(company, "YG011")).facts["deals_this_week"] == 0
    assert (await known(company, "YG011", at=moment("2026-02-12 12:00"))).facts["deals_this_week"] == 1


async def test_the_response_record_counts_answers_in_time(company: Make) -> None:
    turns = [
        ("'2026-02-10 10:10+08'", "NULL", "", "in time"),
        ("NULL", "'2026-02-10 10:20+08'", "退回", "given back in time"),
        ("'2026-02-10 10:40+08'", "NULL", "", "late"),
        ("NULL", "'2026-02-10 10:30+08'", "超时", "lapsed"),
        ("NULL", "'2026-02-10 10:05+08'", "改派", "taken away before: says nothing"),
    ]
    for number, (responded, ended, ending, _) in enumerate(turns, 1):
        await run(
            company,
            f"""INSERT INTO lead_turns (lead_no, turn_no, employee_no, how, high_intent, given_at, due_at, responded_at,
                                        ended_at, ending)
                VALUES ('XS{number}', 1, 'YG010', '评分', false, '2026-02-10 10:00+08', '2026-02-10 10:30+08',
                        {responded}, {ended}, '{ending}')""",
        )
    assert (await known(company)).facts["response_record"] == pytest.approx((2 + 0.7 * 4) / 8)
    earlier = await known(company, at=moment("2026-02-10 10:15"))
    assert earlier.facts["response_record"] == pytest.approx((1 + 0.7 * 4) / 5)
    assert "response_record" not in (await known(company, "YG011")).facts


async def test_the_catalogue_is_read_only_where_the_rules_ask_for_it(company: Make) -> None:
    await run(
        company,
        PLACES,
        """INSERT INTO orders (order_no, customer_no, ordered_at, amount_fen, status) VALUES
           ('O1', 'K1', '2026-01-10', 90, '已签收'), ('O2', 'K1', '2026-02-05', 90, '已签收'),
           ('O3', 'K2', '2026-01-10', 90, '已签收'), ('O4', 'K2', '2026-02-05', 90, '已取消'),
           ('O5', 'K3', '2026-02-05', 90, '已签收')""",
        """INSERT INTO visits (visit_no, customer_no, employee_no, visited_at, state) VALUES
           ('B1', 'K1', 'YG010', '2026-02-01', '已确认'), ('B2', 'K2', 'YG010', '2026-01-01', '已载入')""",
    )
    assert "restart" not in (await known(company)).facts
    rep = await known(company, rules=with_everything(RULES))
    assert rep.tables["restart_by_industry"] == {"建材": 0.5}
    assert rep.tables["restart_by_region"] == {"杭州大区": 1.0, "宁波大区": 0.0}
    assert rep.facts["restart"] == 0.5
    assert (rep.facts["visits_in_30_days"], rep.facts["own_customers"]) == (1, 2)
    assert rep.facts["years_here"] == pytest.approx(2, abs=0.01)
    assert "restart" not in (await known(company, "YG011", rules=with_everything(RULES))).facts  # a new customer only


async def test_a_companys_own_facts_by_rep_and_by_label(company: Make) -> None:
    async with company() as uow:
        await set_own_fact(uow.connection, "讲粤语", "YG010", "", 0.4, by="YG001", at=AT)
        await set_own_fact(uow.connection, "讲粤语", "YG010", "", 0.8, by="YG001", at=AT)
        await set_own_fact(uow.connection, "口碑", "YG010", "工业", 0.9, by="YG001", at=AT)
        assert await own_facts(uow.connection) == {
            "讲粤语": OwnFact(frozenset({""}), 0.8, 0.8),
            "口碑": OwnFact(frozenset({"工业"}), 0.9, 0.9),
        }
    assert "讲粤语" not in (await known(company)).facts  # the rules do not ask for it
    policy = RULES.policy
    own = replace(policy.dimensions[0], name="讲粤语", fact="讲粤语", weight=0.0)
    rules = replace(RULES, policy=replace(policy, dimensions=(*policy.dimensions, own)))
    rep = await known(company, rules=rules)
    assert (rep.facts["讲粤语"], rep.tables["口碑"]) == (0.8, {"工业": 0.9})
    assert "讲粤语" not in (await known(company, rules=rules, at=moment("2026-02-12 09:00"))).facts
