"""What waits for whose decision, and where one's own contracts lie: lists of 待办 and of the digest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from bot.clock import SHANGHAI
from bot.domain.approval_values import Approval, ContractTerms, Place, Verdict
from bot.domain.approvals import decide, submit, withdraw
from bot.domain.flows import ApproverKind, FlowStep, Mode, SeatPlan
from store.todo import own_submissions, waiting_approvals


def at(moment: str) -> datetime:
    return datetime.fromisoformat(f"2026-02-{moment}").replace(tzinfo=SHANGHAI)


NOW = at("12T10:00")  # a Thursday
FLOW = [
    FlowStep(position=1, name="上级审批", approver_kind=ApproverKind.SUPERIOR, mode=Mode.ANY),
    FlowStep(position=2, name="总监审批", approver_kind=ApproverKind.ROLE, approver="总监", mode=Mode.ANY),
]
SEATS = {"上级审批": [SeatPlan("YG3", ("YG3",)), SeatPlan("YG4", ("YG9",))], "总监审批": [SeatPlan("YG1", ("YG1",))]}


def seats_for(step: Any) -> list[SeatPlan]:
    return SEATS[step.name]


async def submitted(uow: Any, when: str, *, customer: str = "KH1", by: str = "YG10", fen: int = 30_000_000) -> Approval:
    """A contract that lies with YG3, and with YG9 who stands in for YG4."""
    terms = ContractTerms(customer_no=customer, kind="年度框架", amount_fen=fen, discount=Decimal("0.92"), months=12)
    draft = await uow.approvals.add(Approval(submitter_no=by, terms=terms, created_at=at(when)))
    running = submit(draft, FLOW, seats_for=seats_for, at=at(when))
    await uow.approvals.save(running)
    return running


async def people(uow: Any) -> None:
    await uow.connection.execute(
        text("INSERT INTO employees (employee_no, name) VALUES ('YG10', '李雷'), ('YG3', '陈磊'), ('YG9', '洪雅琴')")
    )
    await uow.connection.execute(
        text(
            "INSERT INTO customers (customer_no, name, short_name) VALUES ('KH1', '绿源超市(滨江店)', '绿源滨江'),"
            " ('KH2', '利康便利店', '')"
        )
    )


async def agrees(uow: Any, approval: Approval, by: str, verdict: Verdict = Verdict.AGREE) -> Approval:
    after = decide(approval, verdict, place=Place.now(approval), by=by, at=NOW, seats_for=seats_for)
    await uow.approvals.save(after)
    return after


async def test_the_longest_waiting_first_with_what_one_needs_to_decide(make: Callable[[], Any]) -> None:
    async with make() as uow:
        await people(uow)
        newer = await submitted(uow, "12T09:30", customer="KH2", fen=50)
        older = await submitted(uow, "11T17:00")
        found = (await waiting_approvals(uow, ["YG3"], now=NOW))["YG3"]
    assert [item.approval_no for item in found] == [older.approval_no, newer.approval_no]
    first, second = found
    assert (first.customer_name, first.amount_fen, first.step_name) == ("绿源滨江", 30_000_000, "上级审批")
    assert (first.submitter_name, first.waiting_since, first.waited_minutes) == ("李雷", at("11T17:00"), 120)
    assert (second.customer_name, second.amount_fen, second.waited_minutes) == ("利康便利店", 50, 30)


async def test_it_waits_for_who_may_act_not_for_whoever_is_away(make: Callable[[], Any]) -> None:
    async with make() as uow:
        number = (await submitted(uow, "12T09:00")).approval_no
        found = await waiting_approvals(uow, ["YG4", "YG9", "YG1", "YG10"], now=NOW)
    assert {who: [item.approval_no for item in items] for who, items in found.items()} == {
        "YG4": [],
        "YG9": [number],
        "YG1": [],
        "YG10": [],
    }


async def test_whoever_acts_for_two_sees_it_once(make: Callable[[], Any]) -> None:
    async with make() as uow:
        running = await submitted(uow, "12T09:00")
        step = running.steps[0]
        both = tuple(replace(seat, actor_nos=("YG9",)) for seat in step.seats)
        await uow.approvals.save(replace(running, steps=(replace(step, seats=both), *running.steps[1:])))
        assert len((await waiting_approvals(uow, ["YG9"], now=NOW))["YG9"]) == 1


async def test_decided_it_waits_for_the_next_and_then_for_nobody(make: Callable[[], Any]) -> None:
    async with make() as uow:
        running = await submitted(uow, "11T09:00")
        running = await agrees(uow, running, "YG3")
        found = await waiting_approvals(uow, ["YG3", "YG9", "YG1"], now=NOW)
        assert {who: len(items) for who, items in found.items()} == {"YG3": 0, "YG9": 0, "YG1": 1}
        assert found["YG1"][0].waited_minutes == 0  # since it came to the director
        await agrees(uow, running, "YG1", Verdict.REJECT)
        assert await waiting_approvals(uow, ["YG1"], now=NOW) == {"YG1": []}


async def test_what_was_taken_back_waits_for_nobody(make: Callable[[], Any]) -> None:
    async with make() as uow:
        running = await submitted(uow, "12T09:00")
        await uow.approvals.save(withdraw(running, by="YG10", at=NOW))
        assert await waiting_approvals(uow, ["YG3", "YG9"], now=NOW) == {"YG3": [], "YG9": []}
        assert await own_submissions(uow, "YG10", now=NOW) == []


async def test_names_that_nobody_knows_are_numbers(make: Callable[[], Any]) -> None:
    async with make() as uow:
        await submitted(uow, "12T09:00", customer="KH9")
        (item,) = (await waiting_approvals(uow, ["YG3"], now=NOW))["YG3"]
        (own,) = await own_submissions(uow, "YG10", now=NOW)
    assert (item.customer_name, item.submitter_name) == ("KH9", "YG10")
    assert (own.customer_name, own.waits_for) == ("KH9", "YG3、YG9")


async def test_ones_own_oldest_first_with_whom_they_lie(make: Callable[[], Any]) -> None:
    async with make() as uow:
        await people(uow)
        older = await agrees(uow, await submitted(uow, "11T09:00"), "YG3")
        newer = await submitted(uow, "12T09:00", customer="KH2")
        await submitted(uow, "12T09:00", by="YG11")
        found = await own_submissions(uow, "YG10", now=NOW)
    assert [(item.approval_no, item.customer_name, item.step_name, item.waits_for) for item in found] == [
        (older.approval_no, "绿源滨江", "总监审批", "YG1"),
        (newer.approval_no, "利康便利店", "上级审批", "陈磊、洪雅琴"),
    ]
    assert [item.waited_minutes for item in found] == [0, 60]
