"""What of the company's day is whose: a region, all of them, the customers one answers for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.digests import ContractEnd, Digest, DigestFacts, Note, RegionLine, WaitingApproval, digest_for
from bot.domain.directory import Directory
from bot.domain.people import Customer, Employee, Role
from bot.domain.visit_records import Visit, VisitState

TODAY = date(2026, 2, 12)
YESTERDAY = datetime(2026, 2, 11, 2, 0, tzinfo=UTC)
DIRECTOR = Employee(employee_no="YG1", name="孙若曦", role=Role.DIRECTOR, region="全国")
MANAGER = Employee(employee_no="YG3", name="陈磊", role=Role.REGION_MANAGER, region="杭州大区")
REP = Employee(employee_no="YG10", name="李雷", role=Role.REP, region="杭州大区")
OTHER_REP = Employee(employee_no="YG11", name="韩梅", role=Role.REP, region="南京大区")
LEAVER = Employee(employee_no="YG12", name="王强", role=Role.REP, region="杭州大区", active=False)
SUCCESS = Employee(employee_no="YG50", name="崔晓燕", role=Role.SUCCESS, region="全国")
FINANCE = Employee(employee_no="YG60", name="钱进", role=Role.FINANCE, region="全国")
PEOPLE = (DIRECTOR, MANAGER, REP, OTHER_REP, LEAVER, SUCCESS, FINANCE)
HERE = Customer(customer_no="KH1", name="绿源超市", region="杭州大区", owner_no="YG10", success_no="YG50")
THERE = Customer(customer_no="KH2", name="云帆商贸", region="南京大区", owner_no="YG11")
DIRECTORY = Directory((HERE, THERE), (), PEOPLE, ())
VISIT = Visit(
    visit_no="BF1",
    employee_no="YG10",
    customer_no="KH1",
    at=YESTERDAY,
    said_at=YESTERDAY,
    summary="谈了陈列",
    state=VisitState.CONFIRMED,
)
ELSEWHERE = replace(VISIT, visit_no="BF2", employee_no="YG11", customer_no="KH2")
APPROVAL = WaitingApproval(
    approval_no="SP1",
    customer_name="绿源超市",
    amount_fen=1,
    step_name="区域经理",
    waiting_since=YESTERDAY,
    waited_minutes=60,
    submitter_name="李雷",
)


def _facts(
    *visits: Visit, promises: Sequence[Visit] = (), today: Sequence[Visit] = (), ends: Sequence[ContractEnd] = ()
) -> DigestFacts:
    return DigestFacts(
        since=TODAY - timedelta(days=1),
        today=TODAY,
        visits=visits,
        visits_today=today,
        promises=promises,
        contract_ends=ends,
    )


def _digest(employee: Employee, facts: DigestFacts, *approvals: WaitingApproval) -> Digest:
    return digest_for(employee, facts, approvals, directory=DIRECTORY)


@pytest.mark.parametrize(
    ("who", "visits", "idle"),
    [
        pytest.param(DIRECTOR, 3, (), id="the director: all"),
        pytest.param(MANAGER, 2, (), id="a region manager: the region, whoever went"),
        pytest.param(SUCCESS, 2, (), id="客户成功: the customers with their number"),
        pytest.param(REP, 1, (), id="a rep: their own"),
        pytest.param(OTHER_REP, 1, (), id="another rep: their own"),
        pytest.param(FINANCE, 0, (), id="finance: none"),
    ],
)
def test_whose_visits_one_sees(who: Employee, visits: int, idle: tuple[str, ...]) -> None:
    manager_went = replace(VISIT, visit_no="BF3", employee_no="YG3")
    digest = _digest(who, _facts(VISIT, manager_went, ELSEWHERE))
    assert (digest.visits, digest.idle) == (visits, idle)


def test_reps_without_a_visit_are_named_leavers_and_managers_are_not() -> None:
    assert _digest(MANAGER, _facts()).idle == ("李雷",)
    assert _digest(DIRECTOR, _facts(VISIT)).idle == ("韩梅",)
    assert _digest(SUCCESS, _facts()).idle == ()


def test_who_went_most_comes_first() -> None:
    again = replace(VISIT, visit_no="BF3")
    by_manager = replace(VISIT, visit_no="BF4", employee_no="YG3")
    assert _digest(MANAGER, _facts(by_manager, VISIT, again)).by_person == (("李雷", 2), ("陈磊", 1))


def test_a_customer_who_is_gone_from_the_list_still_counts_for_visitor_and_director() -> None:
    unknown = replace(VISIT, customer_no="KH9")
    assert [_digest(who, _facts(unknown)).visits for who in (REP, DIRECTOR, MANAGER, OTHER_REP)] == [1, 1, 0, 0]


def test_promises_due_and_overdue_the_longest_first() -> None:
    late = replace(VISIT, next_follow_up=TODAY - timedelta(days=1), visit_no="BF1")
    later = replace(ELSEWHERE, next_follow_up=TODAY - timedelta(days=9), visit_no="BF2")
    now = replace(VISIT, employee_no="YG3", next_follow_up=TODAY, visit_no="BF3")
    digest = _digest(DIRECTOR, _facts(promises=[late, later, now]))
    assert [(line.who, line.customer.name) for line in digest.due] == [("陈磊", "绿源超市")]
    assert [line.visit.visit_no for line in digest.overdue] == ["BF2", "BF1"]
    assert digest.overdue_by_person == (("李雷", 1), ("韩梅", 1))


def test_a_leavers_promise_is_the_managers() -> None:
    left = replace(VISIT, employee_no="YG12", next_follow_up=TODAY)
    assert [line.who for line in _digest(MANAGER, _facts(promises=[left])).due] == ["陈磊"]


def test_one_line_per_region_for_the_director_only() -> None:
    late = replace(VISIT, next_follow_up=TODAY - timedelta(days=1))
    facts = _facts(ELSEWHERE, promises=[late])
    assert _digest(DIRECTOR, facts).regions == (
        RegionLine(region="南京大区", visits=1, idle=0, reps=1, due=0, overdue=0),
        RegionLine(region="杭州大区", visits=0, idle=1, reps=1, due=0, overdue=1),
    )
    assert _digest(MANAGER, facts).regions == ()


@pytest.mark.parametrize(
    ("changes", "note", "competitor"),
    [
        pytest.param({"intent": "高", "amount_yuan": 3000}, Note.WANTS, "", id="wants it, with a sum"),
        pytest.param({"intent": "高", "amount_yuan": 3000, "competitor": "乐沁"}, Note.WANTS, "乐沁", id="a rival"),
        pytest.param({"intent": "高"}, None, "", id="wants it, no sum: nothing to see yet"),
        pytest.param({"competitor": "乐沁"}, Note.COMPETITOR, "乐沁", id="a competitor"),
        pytest.param({"met": False}, Note.NOBODY, "", id="nobody met"),
        pytest.param({"summary": "货架被乐沁占了"}, None, "", id="what was understood counts, not the words again"),
        pytest.param(
            {"summary": "货架被乐沁占了", "state": VisitState.LOADED}, Note.COMPETITOR, "乐沁",
            id="of a visit by file there are only the words",
        ),
        pytest.param(
            {"summary": "柴丽娟提到用得少", "state": VisitState.LOADED}, None, "", id="who speaks is no rival"
        ),
        pytest.param({"summary": "没见到人", "state": VisitState.LOADED}, Note.NOBODY, "", id="by file, not met"),
    ],
)  # fmt: skip
def test_what_is_worth_a_managers_minute(changes: dict[str, object], note: Note | None, competitor: str) -> None:
    found = _digest(MANAGER, _facts(replace(VISIT, **changes))).notable  # type: ignore[arg-type]
    assert [(item.note, item.competitor) for item in found] == ([(note, competitor)] if note else [])


def test_the_largest_deal_comes_first_then_competitors_then_those_not_met() -> None:
    visits = [
        replace(VISIT, visit_no="nobody", met=False),
        replace(VISIT, visit_no="competitor", competitor="乐沁"),
        replace(VISIT, visit_no="small", intent="高", amount_yuan=10),
        replace(VISIT, visit_no="large", intent="高", amount_yuan=99),
        replace(VISIT, visit_no="nothing"),
    ]
    shown = [item.visit.visit_no for item in _digest(MANAGER, _facts(*visits)).notable]
    assert shown == ["large", "small", "competitor", "nobody"]
    assert len(_digest(SUCCESS, _facts(*visits)).notable) == 5  # 客户成功 wants to know of every visit


def test_approvals_the_longest_waiting_first() -> None:
    newer = replace(APPROVAL, approval_no="SP2", waiting_since=YESTERDAY + timedelta(hours=1))
    assert [item.approval_no for item in _digest(FINANCE, _facts(), newer, APPROVAL).approvals] == ["SP1", "SP2"]


def test_contract_ends_of_the_customers_one_answers_for() -> None:
    ends = [
        ContractEnd(contract_no="HT2", customer_no="KH2", kind="年度订阅", amount_fen=1, expires_on=date(2026, 2, 20)),
        ContractEnd(contract_no="HT1", customer_no="KH1", kind="年度订阅", amount_fen=1, expires_on=date(2026, 3, 1)),
    ]
    of = {who.name: [end.contract_no for _, end in _digest(who, _facts(ends=ends)).contract_ends] for who in PEOPLE}
    assert of == {
        "孙若曦": ["HT2", "HT1"], "陈磊": ["HT1"], "李雷": ["HT1"], "韩梅": ["HT2"], "王强": [], "崔晓燕": ["HT1"],
        "钱进": [],
    }  # fmt: skip


def test_nothing_at_all_is_empty_anything_is_not() -> None:
    assert _digest(SUCCESS, _facts()).empty
    assert not _digest(MANAGER, _facts()).empty  # nobody went: that is news
    assert not _digest(SUCCESS, _facts(VISIT)).empty
    assert not _digest(FINANCE, _facts(), APPROVAL).empty
