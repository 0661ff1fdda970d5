"""Whoever is asked and says nothing: a reminder after four working hours, the superior after 24, each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import text

from bot.clock import SHANGHAI
from bot.domain.flow_changes import Flow
from bot.domain.flows import Absence, ApproverKind, FlowStep, Mode
from jobs.approval_reminder import approval_reminder
from tests.support.desk import DINGTALK, WECOM, Desk
from tests.support.firm import SECOND_MANAGER, open_firm

SMALL = "合同 绿源滨江 30万 9.2折 一年"
MANAGER, DIRECTOR = "dd_chenlei", "dd_sun"


@pytest.fixture
def firm(desk: Desk) -> Desk:
    return open_firm(desk)


def moment(said: str) -> datetime:
    return datetime.fromisoformat(f"2026-{said}").replace(tzinfo=SHANGHAI)


async def submitted(firm: Desk, said: str = "02-12 09:30", *, by: str = "LiLei") -> str:
    firm.clock.move_to(moment(said))
    channel = DINGTALK if by.startswith("dd_") else WECOM
    await firm.says(by, SMALL, channel=channel)
    await firm.taps(by, "提交", channel=channel)
    async with firm.unit_of_work() as uow:
        return str((await uow.approvals.running())[-1])


async def looks(firm: Desk, said: str) -> int:
    """The job at that moment, twice: what it has done it does not do again."""
    firm.clock.move_to(moment(said))
    moved = await approval_reminder(firm.job_context())
    assert await approval_reminder(firm.job_context()) == 0
    return moved


async def with_flow(firm: Desk, *rows: FlowStep) -> None:
    async with firm.unit_of_work() as uow:
        before = await uow.flows.flow()
        version = await uow.flows.propose("…", before, Flow(rows, before.floors), by="YG001", at=moment("02-12 09:00"))
        await uow.flows.apply(await uow.flows.version(version), by="YG001", at=moment("02-12 09:00"))


async def absent(firm: Desk, employee_no: str, *, delegate: str = "") -> None:
    async with firm.unit_of_work() as uow:
        away = Absence(
            employee_no=employee_no,
            starts_at=moment("02-12 00:00"),
            ends_at=moment("03-01 00:00"),
            delegate_no=delegate,
        )
        await uow.flows.add_absence(away, by=employee_no, at=moment("02-12 00:00"))


# -- the reminder -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("begins", "not_yet", "due"),
    [
        pytest.param("02-12 09:30", "02-12 14:29", "02-12 14:30", id="lunch does not count"),
        pytest.param("02-12 17:00", "02-13 11:59", "02-13 12:00", id="overnight"),
        pytest.param("03-06 17:00", "03-09 11:59", "03-09 12:00", id="over a weekend"),
        pytest.param("02-14 17:00", "02-24 11:59", "02-24 12:00", id="over the Spring Festival"),
        pytest.param("03-07 10:00", "03-09 13:59", "03-09 14:00", id="submitted on a Saturday"),
    ],
)
async def test_a_reminder_after_four_working_hours(firm: Desk, begins: str, not_yet: str, due: str) -> None:
    await submitted(firm, begins)
    assert await looks(firm, not_yet) == 0
    assert len(await firm.shown_to(MANAGER)) == 1
    assert await looks(firm, due) == 1
    first, second = await firm.shown_to(MANAGER)
    assert "合同待审批" in first
    assert "提醒：绿源滨江合同已等 4 小时" in second
    assert "[同意] [拒绝] [提问]" in second


async def test_the_reminder_decides_as_well_and_both_cards_are_settled(firm: Desk) -> None:
    await submitted(firm)
    await looks(firm, "02-12 14:30")
    await firm.taps(MANAGER, "同意", channel=DINGTALK)
    assert all("陈磊 2月12日 14:30 同意" in shown and "[" not in shown for shown in await firm.shown_to(MANAGER))


async def test_only_those_who_have_not_spoken_are_reminded(desk: Desk) -> None:
    firm = open_firm(desk, SECOND_MANAGER)
    row = FlowStep(position=1, name="会签", approver_kind=ApproverKind.ROLE, approver="区域经理", mode=Mode.ALL)
    await with_flow(firm, row)
    await submitted(firm)
    await firm.taps("dd_hong", "同意", channel=DINGTALK)
    await looks(firm, "02-12 14:30")
    assert len(await firm.shown_to("dd_hong")) == 1
    assert len(await firm.shown_to(MANAGER)) == 2


async def test_what_is_decided_or_withdrawn_reminds_nobody(firm: Desk) -> None:
    number = await submitted(firm)
    await firm.says("LiLei", f"撤回 {number}")
    assert await looks(firm, "02-24 10:00") == 0
    assert len(await firm.shown_to(MANAGER)) == 1


async def test_a_later_step_has_its_own_four_hours(firm: Desk) -> None:
    firm.clock.move_to(moment("02-12 09:30"))
    await firm.says("LiLei", "合同 绿源滨江 85万 9.2折 一年")
    await firm.taps("LiLei", "提交")
    firm.clock.move_to(moment("02-12 14:00"))
    await firm.taps(MANAGER, "同意", channel=DINGTALK)
    assert await looks(firm, "02-12 17:59") == 0
    assert await looks(firm, "02-12 18:00") == 1
    assert "提醒：绿源滨江合同已等 4 小时" in (await firm.shown_to(DIRECTOR))[-1]


async def test_by_night_it_waits_for_the_morning(firm: Desk) -> None:
    await submitted(firm)
    await looks(firm, "02-12 22:00")
    async with firm.unit_of_work() as uow:
        rows = await uow.connection.execute(
            text("SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'deliver' ORDER BY id DESC LIMIT 1")
        )
        assert rows.scalar_one() == moment("02-13 08:00")


# -- the superior -----------------------------------------------------------------------------------------------------
async def test_after_24_working_hours_the_superior_may_decide_as_well(firm: Desk) -> None:
    await submitted(firm)  # 7.5 hours that day, 8 on Friday, 8 on the Saturday that is worked on, then the festival
    await looks(firm, "02-12 14:30")
    assert await looks(firm, "02-24 09:29") == 0
    assert await firm.shown_to(DIRECTOR) == []
    assert await looks(firm, "02-24 09:30") == 1
    (card,) = await firm.shown_to(DIRECTOR)
    assert "升级：绿源滨江合同已等" in card
    assert "请处理" in card
    assert "等陈磊、孙若曦" in (await firm.shown_to("LiLei"))[-1]
    await firm.taps(DIRECTOR, "同意", channel=DINGTALK)
    for shown in (*await firm.shown_to(DIRECTOR), *await firm.shown_to(MANAGER)):
        assert "孙若曦（代陈磊） 2月24日 09:30 同意" in shown
        assert "[" not in shown


async def test_the_one_who_was_asked_first_may_still_decide(firm: Desk) -> None:
    await submitted(firm)
    await looks(firm, "02-24 09:30")
    await firm.taps(MANAGER, "同意", channel=DINGTALK)
    assert "陈磊 2月24日 09:30 同意" in (await firm.shown_to(DIRECTOR))[0]
    assert "[" not in (await firm.shown_to(DIRECTOR))[0]


async def test_it_never_rises_to_the_submitter(firm: Desk) -> None:
    """赵敏's superior is 陈磊, who wants the contract: the director is next."""
    await with_flow(firm, FlowStep(position=1, name="专人", approver_kind=ApproverKind.PERSON, approver="YG013"))
    await submitted(firm, by=MANAGER)
    before = len(await firm.shown_to(MANAGER))
    await looks(firm, "02-24 09:30")
    assert "升级：" in (await firm.shown_to(DIRECTOR))[0]
    assert len(await firm.shown_to(MANAGER)) == before
    assert "[同意]" not in "".join(await firm.shown_to(MANAGER))


async def test_where_nobody_stands_above_those_who_are_asked_hear_it_again(firm: Desk) -> None:
    await with_flow(firm, FlowStep(position=1, name="总监", approver_kind=ApproverKind.ROLE, approver="总监"))
    await submitted(firm)
    await looks(firm, "02-24 09:30")
    first, second = await firm.shown_to(DIRECTOR)
    assert "合同待审批" in first
    assert "合同已等" in second


async def test_it_does_not_rise_to_somebody_who_has_agreed_in_the_step(firm: Desk) -> None:
    """Bug: the director, who had agreed, was asked for the manager's word as well, and a tap changed nothing."""
    await with_flow(
        firm,
        FlowStep(position=1, name="会签", approver_kind=ApproverKind.PERSON, approver="YG003"),
    )
    number = await submitted(firm)
    await firm.says(MANAGER, f"加签 {number} 孙若曦", channel=DINGTALK)
    await firm.taps(DIRECTOR, "同意", channel=DINGTALK)
    cards = len(await firm.shown_to(DIRECTOR))
    await looks(firm, "02-24 09:30")
    assert len(await firm.shown_to(DIRECTOR)) == cards
    async with firm.unit_of_work() as uow:
        assert (await uow.approvals.read(number)).waiting_for == ("YG003",)


# -- absence ----------------------------------------------------------------------------------------------------------
async def test_a_delegate_is_asked_instead_and_decides_in_the_others_name(firm: Desk) -> None:
    await absent(firm, "YG003", delegate="YG004")
    assert "审批：上级审批 周涛" in await firm.says("LiLei", SMALL)
    await firm.taps("LiLei", "提交")
    assert await firm.shown_to(MANAGER) == []
    (card,) = await firm.shown_to("dd_zhoutao")
    assert "陈磊不在，由周涛代为审批" in card
    await firm.taps("dd_zhoutao", "同意", channel=DINGTALK)
    assert "周涛（代陈磊） 2月12日 09:30 同意" in (await firm.shown_to("dd_zhoutao"))[0]
    assert any("上级审批：周涛（代陈磊） 2月12日 09:30 同意" in shown for shown in await firm.shown_to("LiLei"))


async def test_a_delegate_is_reminded_in_their_place(firm: Desk) -> None:
    await absent(firm, "YG003", delegate="YG004")
    await submitted(firm)
    await looks(firm, "02-12 14:30")
    assert "提醒：绿源滨江合同已等 4 小时" in (await firm.shown_to("dd_zhoutao"))[-1]
    assert await firm.shown_to(MANAGER) == []


async def test_without_a_delegate_the_next_superior_is_asked(firm: Desk) -> None:
    await absent(firm, "YG003")
    await submitted(firm)
    assert "陈磊不在，由孙若曦代为审批" in (await firm.shown_to(DIRECTOR))[0]


# -- a dry run --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "said", [pytest.param("02-12 14:30", id="reminder"), pytest.param("02-24 09:30", id="superior")]
)
async def test_a_dry_run_shows_the_cards_and_changes_nothing(firm: Desk, said: str) -> None:
    number = await submitted(firm)
    firm.clock.move_to(moment(said))
    async with firm.unit_of_work() as uow:
        before = await uow.approvals.read(number)
    audit = await firm.audit()
    ctx = replace(firm.job_context(), dry_run=True)
    assert await approval_reminder(ctx) == len(ctx.shown) == 1
    async with firm.unit_of_work() as uow:
        assert await uow.approvals.read(number) == before
    assert await firm.audit() == audit
    assert len(await firm.shown_to(MANAGER)) == 1
    assert await firm.shown_to(DIRECTOR) == []
    assert await looks(firm, said) == 1, "the real run still finds it"
