"""The flow as rows: what a new company begins with, changes that can be taken back, and who is away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.clock import SHANGHAI
from bot.domain.conditions import ALWAYS, parse_condition
from bot.domain.flow_changes import added, changed, floor_set, moved
from bot.domain.flows import Absence, ApproverKind, FlowStep, Mode
from bot.errors import NotFound, OutOfDate

AT = datetime(2026, 2, 12, 9, 30, tzinfo=SHANGHAI)
CREDIT = FlowStep(
    position=0,
    name="信用审核",
    approver_kind=ApproverKind.ROLE,
    approver="财务",
    mode=Mode.K,
    need=2,
    condition=parse_condition("行业不是教育"),
    remind_minutes=60,
)
Make = Callable[[], Any]


async def test_what_a_new_company_begins_with(make: Make) -> None:
    async with make() as uow:
        first, second, third = await uow.flows.steps()
        floors = await uow.flows.floors()
    assert (first.position, first.approver_kind, first.mode, first.condition) == (1, "superior", Mode.ANY, ALWAYS)
    assert (second.approver, second.condition) == ("法务", parse_condition("非标 或 类型是补充协议"))
    assert (third.approver, third.condition) == ("总监", parse_condition("金额50万以上 或 折扣低于底线"))
    assert {(step.remind_minutes, step.escalate_minutes, step.enabled) for step in (first, second, third)} == {
        (240, 1440, True)
    }
    assert floors == {"快消终端": Decimal("0.85"), "建材": Decimal("0.85"), "": Decimal("0.9")}


async def _change(make: Make, how: Any) -> int:
    async with make() as uow:
        before = await uow.flows.flow()
        version = int(await uow.flows.propose("…", before, how(before), by="YG001", at=AT))
    async with make() as uow:
        await uow.flows.apply(await uow.flows.version(version), by="YG001", at=AT)
    return version


async def test_a_change_applies_and_can_be_taken_back_one_by_one(make: Make) -> None:
    async with make() as uow:
        original = await uow.flows.flow()
    await _change(make, lambda flow: added(flow, CREDIT, after=1))
    await _change(make, lambda flow: floor_set(flow, "教育", Decimal("0.88")))
    async with make() as uow:
        flow = await uow.flows.flow()
        assert [step.name for step in flow.steps] == ["上级审批", "信用审核", "法务审核", "总监审批"]
        assert replace(flow.steps[1], step_id=0) == replace(CREDIT, position=2)
        assert flow.floors["教育"] == Decimal("0.88")
        assert [step.step_id for step in flow.steps if step.name != "信用审核"] == [
            step.step_id for step in original.steps
        ]
    for left in (4, 3):
        async with make() as uow:
            version = await uow.flows.last_applied()
            assert len((await uow.flows.restore(version, by="YG001", at=AT)).steps) == left
    async with make() as uow:
        assert await uow.flows.flow() == original
        assert await uow.flows.last_applied() is None


async def test_two_changes_of_one_flow_the_second_is_told(make: Make) -> None:
    async with make() as uow:
        before = await uow.flows.flow()
        off = changed(before, replace(before.steps[1], enabled=False))
        one = await uow.flows.propose("停用 2", before, off, by="YG001", at=AT)
        other = await uow.flows.propose("移动 3 到 1", before, moved(before, 3, to=1), by="YG002", at=AT)
    async with make() as uow:
        await uow.flows.apply(await uow.flows.version(one), by="YG001", at=AT)
    async with make() as uow:
        with pytest.raises(OutOfDate, match="改过了"):
            await uow.flows.apply(await uow.flows.version(other), by="YG002", at=AT)
    async with make() as uow:
        assert await uow.flows.flow() == off


async def test_a_change_that_does_not_exist(make: Make) -> None:
    async with make() as uow:
        with pytest.raises(NotFound):
            await uow.flows.version(99)


async def test_who_is_away(make: Make) -> None:
    async with make() as uow:
        absence = await uow.flows.add_absence(
            Absence(
                employee_no="YG003", starts_at=AT, ends_at=AT + timedelta(days=1), delegate_no="YG004", reason="婚假"
            ),
            by="YG003",
            at=AT,
        )
    async with make() as uow:
        assert await uow.flows.absences(AT) == [absence]
        assert await uow.flows.absences(AT - timedelta(seconds=1)) == []
        assert await uow.flows.absences(AT + timedelta(days=1)) == [], "the end is not included"
        assert await uow.flows.absences_of("YG003", since=AT) == [absence]
        assert await uow.flows.absences_of("YG004", since=AT) == []
        await uow.flows.cancel_absence(absence.absence_id, at=AT)
    async with make() as uow:
        assert await uow.flows.absences(AT) == await uow.flows.absences_of("YG003", since=AT) == []
