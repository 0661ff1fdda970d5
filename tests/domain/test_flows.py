"""Which steps a contract takes, and who sits where: superiors, absences, leavers, circles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.conditions import ContractFacts, parse_condition
from bot.domain.directory import Directory
from bot.domain.flows import (
    Absence,
    ApproverKind,
    FlowStep,
    Mode,
    SeatPlan,
    discount_floor,
    needed,
    seats_for,
    steps_for,
)
from bot.domain.people import Employee, Role

NOON = datetime(2026, 2, 12, 4, tzinfo=UTC)
FACTS = ContractFacts(
    amount_fen=1_000_000,
    discount=Decimal("0.95"),
    discount_floor=Decimal("0.85"),
    months=12,
    kind="新签",
    industry="建材",
    region="杭州大区",
    nonstandard=False,
    overdue_fen=None,
)


def step(position: int, condition: str = "", **parts: Any) -> FlowStep:
    return FlowStep(
        position=position, name=f"第{position}步", approver_kind=ApproverKind.SUPERIOR,
        condition=parse_condition(condition), **parts,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "taken"),
    [
        pytest.param({}, [1], id="an ordinary contract goes to the superior only"),
        pytest.param({"nonstandard": True}, [1, 2], id="非标 goes to 法务"),
        pytest.param({"kind": "补充协议"}, [1, 2], id="so does a 补充协议"),
        pytest.param({"amount_fen": 50_000_000}, [1, 3], id="50万 goes to the 总监"),
        pytest.param({"amount_fen": 49_999_999}, [1], id="a fen less does not"),
        pytest.param({"discount": Decimal("0.84")}, [1, 3], id="so does a discount below the floor"),
        pytest.param({"nonstandard": True, "amount_fen": 60_000_000}, [1, 2, 3], id="all three, in order"),
        pytest.param({"overdue_fen": 100_000_000}, [1, 5], id="a debt that is known"),
    ],
)
def test_steps_of_a_contract(facts: dict[str, Any], taken: list[int]) -> None:
    flow = [
        step(5, "逾期超过1万"),
        step(3, "金额50万以上 或 折扣低于底线"),
        step(1),
        step(2, "非标 或 类型是补充协议"),
        step(4, enabled=False),
    ]
    assert [taken.position for taken in steps_for(flow, replace(FACTS, **facts))] == taken


def test_an_industry_without_a_floor_of_its_own_has_the_others() -> None:
    floors = {"建材": Decimal("0.85"), "": Decimal("0.9")}
    assert discount_floor(floors, "建材") == Decimal("0.85")
    assert discount_floor(floors, "教育") == discount_floor({}, "教育") == Decimal("0.9")


@pytest.mark.parametrize(
    ("mode", "need", "count"), [(Mode.ANY, 1, 1), (Mode.ALL, 1, 3), (Mode.K, 2, 2), (Mode.K, 9, 3)]
)
def test_how_many_have_to_agree(mode: Mode, need: int, count: int) -> None:
    assert needed(step(1, mode=mode, need=need), 3) == count


# 小李 -> 陈经理 -> 总监; 周经理 and 吴经理 manage 南京 together; 财务 has two people
def person(number: str, role: Role, superior: str = "", *, region: str = "全国", active: bool = True) -> Employee:
    return Employee(employee_no=number, name=number, role=role, region=region, superior_no=superior, active=active)


REP = person("rep", Role.REP, "chen", region="杭州大区")
PEOPLE = [
    REP,
    person("chen", Role.REGION_MANAGER, "boss", region="杭州大区"),
    person("rep2", Role.REP, "zhou", region="南京大区"),
    person("zhou", Role.REGION_MANAGER, "boss", region="南京大区"),
    person("wu", Role.REGION_MANAGER, "boss", region="南京大区"),
    person("boss", Role.DIRECTOR),
    person("money1", Role.FINANCE, "boss"),
    person("money2", Role.FINANCE, "boss"),
    person("law", Role.LEGAL, "boss"),
    person("gone", Role.LEGAL, "boss", active=False),
]
SUPERIOR, ROLE, PERSON = ApproverKind.SUPERIOR, ApproverKind.ROLE, ApproverKind.PERSON


def away(number: str, delegate: str = "", *, days: int = 1) -> Absence:
    return Absence(
        employee_no=number,
        starts_at=NOON - timedelta(days=1),
        ends_at=NOON + timedelta(days=days),
        delegate_no=delegate,
    )


def seated(
    kind: ApproverKind, approver: str = "", *absences: Absence, by: str = "rep", people: list[Employee] = PEOPLE
) -> dict[str, str]:
    """approver -> who acts."""
    directory = Directory((), (), people, ())
    submitter = directory.employee(by)
    assert submitter
    plans = seats_for(kind, approver, submitter=submitter, directory=directory, absences=absences, at=NOON)
    return {plan.approver_no: ",".join(plan.actor_nos) for plan in plans}


def changed(number: str, **values: Any) -> list[Employee]:
    return [replace(item, **values) if item.employee_no == number else item for item in PEOPLE]


@pytest.mark.parametrize(
    ("kind", "approver", "by", "seats"),
    [
        pytest.param(SUPERIOR, "", "rep", {"chen": "chen"}, id="the superior"),
        pytest.param(SUPERIOR, "", "rep2", {"zhou": "zhou", "wu": "wu"}, id="two managers of the region: both"),
        pytest.param(SUPERIOR, "", "zhou", {"boss": "boss"}, id="a manager's superior is one"),
        pytest.param(SUPERIOR, "", "boss", {}, id="nobody is above the director"),
        pytest.param(ROLE, "财务", "rep", {"money1": "money1", "money2": "money2"}, id="all of a role"),
        pytest.param(ROLE, "财务", "money1", {"money2": "money2"}, id="but not the submitter"),
        pytest.param(ROLE, "法务", "rep", {"law": "law"}, id="nor who has left"),
        pytest.param(ROLE, "法务", "law", {"boss": "boss"}, id="the only one of a role submits: the superior"),
        pytest.param(ROLE, "总监", "boss", {}, id="the only director submits: nobody"),
        pytest.param(ROLE, "区域经理", "rep", {"chen": "chen"}, id="managers of the submitter's region"),
        pytest.param(ROLE, "客户成功", "rep", {}, id="a role that nobody has"),
        pytest.param(PERSON, "law", "rep", {"law": "law"}, id="a person"),
        pytest.param(PERSON, "law", "law", {"boss": "boss"}, id="a person who submits: the superior"),
        pytest.param(PERSON, "gone", "rep", {"boss": "boss"}, id="a person who has left: the superior"),
        pytest.param(PERSON, "nobody", "rep", {}, id="a person who never was"),
    ],
)
def test_who_is_asked(kind: ApproverKind, approver: str, by: str, seats: dict[str, str]) -> None:
    assert seated(kind, approver, by=by) == seats


@pytest.mark.parametrize(
    ("absences", "actor"),
    [
        pytest.param([away("chen", "law")], "law", id="the delegate"),
        pytest.param([away("chen")], "boss", id="nobody named: the superior"),
        pytest.param([away("chen", "rep")], "boss", id="never the submitter"),
        pytest.param([away("chen", "gone")], "boss", id="nor who has left"),
        pytest.param([away("chen", "law"), away("law")], "boss", id="nor who is absent too"),
        pytest.param([away("chen", "law"), away("law", "money1")], "boss", id="no delegate of a delegate"),
        pytest.param([away("chen", "chen")], "boss", id="nor themselves"),
        pytest.param([away("chen"), away("boss")], "chen", id="nobody is there: the absent keeps the seat"),
        pytest.param([away("chen", "law", days=0)], "chen", id="back at the very moment"),
        pytest.param([away("chen", "law"), away("chen", "money1")], "money1", id="the delegate named last"),
        pytest.param([away("chen", "law"), away("chen")], "law", id="of two absences the one with a delegate"),
    ],
)
def test_who_acts_for_somebody_absent(absences: list[Absence], actor: str) -> None:
    assert seated(SUPERIOR, "", *absences) == {"chen": actor}


def test_whoever_acts_twice_sits_once() -> None:
    assert seated(ROLE, "财务", away("money1", "money2")) == {"money2": "money2"}
    assert seated(ROLE, "财务", away("money2", "money1")) == {"money1": "money1"}
    assert seated(ROLE, "财务", away("money1"), away("money2")) == {"money1": "boss"}


@pytest.mark.parametrize(
    ("people", "seats"),
    [
        pytest.param(changed("chen", active=False), {"boss": "boss"}, id="the superior has left"),
        pytest.param(changed("rep", superior_no=""), {}, id="no superior on the roster"),
        pytest.param(changed("rep", superior_no="nobody"), {}, id="a superior who is not on the roster"),
        pytest.param(changed("rep", superior_no="rep"), {}, id="their own superior"),
        pytest.param(
            [replace(item, superior_no="rep", active=False) if item.employee_no == "chen" else item for item in PEOPLE],
            {},
            id="a circle back to the submitter",
        ),
    ],
)
def test_gaps_in_the_roster(people: list[Employee], seats: dict[str, str]) -> None:
    assert seated(SUPERIOR, people=people) == seats


_numbers = st.sampled_from(["a", "b", "c", "d", "e"])
_roster = st.lists(
    st.builds(
        Employee,
        employee_no=_numbers,
        name=_numbers,
        role=st.sampled_from([Role.REP, Role.REGION_MANAGER, Role.DIRECTOR]),
        region=st.sampled_from(["东", "西"]),
        superior_no=st.one_of(_numbers, st.just("")),
        active=st.booleans(),
    ),
    min_size=1,
    unique_by=lambda item: item.employee_no,
)
_absences = st.lists(st.builds(away, _numbers, st.one_of(_numbers, st.just(""))), max_size=4)


@given(_roster, _absences, st.sampled_from(list(ApproverKind)), st.one_of(_numbers, st.sampled_from(list(Role))))
def test_whatever_the_roster(
    people: list[Employee], absences: list[Absence], kind: ApproverKind, approver: str
) -> None:
    """Circles end, nobody decides about their own, nobody acts twice, nobody who has left sits or acts."""
    directory = Directory((), (), people, ())
    submitter = people[0]
    plans = seats_for(kind, approver, submitter=submitter, directory=directory, absences=absences, at=NOON)
    assert all(isinstance(plan, SeatPlan) and len(plan.actor_nos) == 1 for plan in plans)
    seats, actors = [plan.approver_no for plan in plans], [plan.actor_nos[0] for plan in plans]
    assert submitter.employee_no not in {*seats, *actors}
    assert len(set(seats)) == len(seats)
    assert len(set(actors)) == len(actors)
    everybody = [directory.employee(number) for number in (*seats, *actors)]
    assert all(one and one.active for one in everybody)
