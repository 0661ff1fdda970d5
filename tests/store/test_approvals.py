"""Approvals as rows: numbers nobody gets twice, everything comes back as it was, a person's list found quickly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bot.cards.approvals import Copy
from bot.clock import SHANGHAI
from bot.domain.approval_values import Approval, ApprovalState, ContractTerms, Place, Step, Verdict
from bot.domain.approvals import add_signer, decide, edit, escalate, reminded, submit, transfer, urge
from bot.domain.flows import ApproverKind, FlowStep, Mode, SeatPlan
from bot.domain.numbers import split_number
from bot.errors import NotFound
from store import approvals as repository
from store.database import Database

AT = datetime(2026, 2, 12, 9, 30, tzinfo=SHANGHAI)
TERMS = ContractTerms(
    customer_no="KH0117",
    kind="年框",
    amount_fen=30_000_050,
    discount=Decimal("0.925"),
    months=18,
    nonstandard="账期90天",
    note="先签一年",
)
DRAFT = Approval(submitter_no="YG010", terms=TERMS, created_at=AT, visit_no="BF26021200001")
FLOW = [
    FlowStep(position=1, name="上级审批", approver_kind=ApproverKind.SUPERIOR, mode=Mode.ALL, remind_minutes=60),
    FlowStep(position=2, name="财务", approver_kind=ApproverKind.ROLE, approver="财务", mode=Mode.K, need=2),
]
Make = Callable[[], Any]


def seats(step: Step) -> list[SeatPlan]:
    return [SeatPlan("YG003", ("YG003",)), SeatPlan("YG005", ("YG090",))]


async def _added(make: Make, draft: Approval = DRAFT) -> Approval:
    async with make() as uow:
        added: Approval = await uow.approvals.add(draft)
    return added


# -- numbers ----------------------------------------------------------------------------------------------------------
async def test_many_at_once_get_numbers_without_gap_or_double(make: Make) -> None:
    added = await asyncio.gather(*(_added(make) for _ in range(30)))
    assert sorted(item.approval_no for item in added) == [f"SP260212{number:03d}" for number in range(1, 31)]


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        pytest.param("2026-02-12 23:59", "SP260212001", id="the last minute of the day in Shanghai"),
        pytest.param("2026-02-13 00:00", "SP260213001", id="the first of the next, yesterday in Greenwich"),
    ],
)
async def test_the_day_is_that_of_shanghai(make: Make, moment: str, number: str) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
    assert (await _added(make, replace(DRAFT, created_at=at))).approval_no == number


async def test_the_thousandth_of_a_day_has_four_digits_and_can_be_typed(make: Make) -> None:
    async with make() as uow:
        await uow.connection.execute(text("INSERT INTO serials (prefix, last) VALUES ('SP260212', 998)"))
    numbers = [(await _added(make)).approval_no for _ in range(3)]
    assert numbers == ["SP260212999", "SP2602121000", "SP2602121001"]
    assert split_number("ｓｐ２６０２１２１０００ 可以") == ("SP2602121000", "可以")


async def test_contract_numbers_go_on_after_those_of_the_month_that_were_loaded(make: Make) -> None:
    async with make() as uow:
        for number in ("HT2026020041", "HT2026020007", "HT2026010999", "HT202602草案"):
            await uow.connection.execute(
                text("INSERT INTO contracts (contract_no, customer_no) VALUES (:number, 'KH0117')"), {"number": number}
            )
    signed = []
    for moment in (AT, AT, AT + timedelta(days=20)):
        async with make() as uow:
            signed.append(await uow.approvals.sign(DRAFT, at=moment))
    assert signed == ["HT2026020042", "HT2026020043", "HT2026030001"]
    async with make() as uow:  # a file that is loaded later may bring higher ones
        await uow.connection.execute(
            text("INSERT INTO contracts (contract_no, customer_no) VALUES ('HT2026020100', 'KH0117')")
        )
    async with make() as uow:
        assert await uow.approvals.sign(DRAFT, at=AT) == "HT2026020101"


async def test_contracts_signed_at_once_have_numbers_of_their_own(make: Make) -> None:
    async def sign() -> str:
        async with make() as uow:
            return str(await uow.approvals.sign(DRAFT, at=AT))

    assert sorted(await asyncio.gather(*(sign() for _ in range(20)))) == [f"HT202602{no:04d}" for no in range(1, 21)]


# -- round trip -------------------------------------------------------------------------------------------------------
def _lived(approval: Approval) -> list[Approval]:
    """An approval through everything that can happen to it, as it stands after each."""
    later = AT + timedelta(hours=3)
    run = submit(approval, FLOW, seats_for=seats, at=AT)
    here = Place.now(run)
    handed = transfer(run, place=here, by="YG003", to="YG001", at=later, note="出差")
    signed = add_signer(handed, place=here, by="YG001", who="YG059")
    pressed = reminded(urge(signed, by="YG010", at=later), at=later)
    raised = escalate(pressed, [("YG001", "YG002")], at=later)
    said = decide(raised, Verdict.AGREE, place=here, by="YG002", note="可以", at=later, via="dingtalk", seats_for=seats)
    no = decide(said, Verdict.REJECT, place=here, by="YG059", note="不行", at=later, via="oa", seats_for=seats)
    draft = edit(no, replace(TERMS, nonstandard=None, amount_fen=1), at=later)
    again = submit(draft, FLOW[:1], seats_for=seats, at=later)
    return [approval, run, handed, signed, pressed, raised, said, no, draft, again]


async def test_everything_comes_back_as_it_was(make: Make) -> None:
    for stage in _lived(await _added(make)):
        async with make() as uow:
            await uow.approvals.save(stage)
        async with make() as uow:
            assert await uow.approvals.get(stage.approval_no) == stage
            assert await uow.approvals.read(stage.approval_no) == stage


@given(
    amount=st.integers(1, 10**12),
    discount=st.decimals(Decimal("0.01"), Decimal(1), places=4),
    months=st.integers(1, 600),
    nonstandard=st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=50),
    note=st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=50),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_terms_come_back(database: Database, **terms: Any) -> None:
    amount = terms.pop("amount")
    draft = replace(DRAFT, terms=replace(TERMS, amount_fen=amount, **terms))

    async def there_and_back() -> tuple[Approval, Approval]:
        async with database.engine.connect() as connection:
            approvals = repository.ApprovalRepository(connection)
            added = await approvals.add(draft)
            return added, await approvals.read(added.approval_no)

    added, read = _run(there_and_back())
    assert read == added


def _run(work: Any) -> Any:
    with asyncio.Runner() as runner:
        return runner.run(work)


async def test_earlier_attempts_stay_in_the_books(make: Make) -> None:
    *_, last = stages = _lived(await _added(make))
    for stage in stages:
        async with make() as uow:
            await uow.approvals.save(stage)
    async with make() as uow:
        rows = await uow.connection.execute(
            text("SELECT attempt, step_no, state FROM approval_steps ORDER BY attempt, step_no")
        )
        assert [tuple(row) for row in rows] == [(1, 1, "已拒绝"), (1, 2, "已作废"), (2, 1, "审批中")]
        assert (await uow.approvals.get(last.approval_no)).attempt == 2


async def test_a_number_nobody_has(make: Make) -> None:
    async with make() as uow:
        with pytest.raises(NotFound, match="没有编号为 SP260212009 的审批"):
            await uow.approvals.get("SP260212009")


async def test_a_card_is_known_by_its_id_and_an_unknown_one_is_not(make: Make) -> None:
    copy = Copy(card_id="c-1", attempt=1, step_no=1, employee_no="YG003", why="asked")
    async with make() as uow:
        await uow.approvals.remember_copy("SP260212001", copy)
    async with make() as uow:
        assert await uow.approvals.copy_of("c-1") == ("SP260212001", copy)
        assert await uow.approvals.copy_of("c-2") is None
        assert await uow.approvals.copies("SP260212001", 1) == [copy]
        assert await uow.approvals.copies("SP260212001", 2) == []


async def test_what_is_being_decided_waits_for_the_one_before(make: Make) -> None:
    number = (await _added(make)).approval_no
    order: list[str] = []

    async def second() -> None:
        async with make() as uow:
            await uow.approvals.get(number)
            order.append("second")

    async with make() as uow:
        await uow.approvals.get(number)
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.2)
        order.append("first")
    await waiting
    assert order == ["first", "second"]


# -- what waits for whom ----------------------------------------------------------------------------------------------
async def test_who_is_waited_for_sees_it_longest_waiting_first(make: Make) -> None:
    for hours in (2, 0, 1):
        at = AT + timedelta(hours=hours)
        run = submit(await _added(make), FLOW, seats_for=seats, at=at)
        async with make() as uow:
            await uow.approvals.save(run)
    async with make() as uow:
        assert [item.approval_no for item in await uow.approvals.waiting_for("YG090")] == [
            "SP260212002",
            "SP260212003",
            "SP260212001",
        ]
        assert await uow.approvals.waiting_for("YG005") == [], "who is absent is not waited for"
        assert await uow.approvals.waiting_for("YG010") == []
        assert len(await uow.approvals.of_submitter("YG010", [ApprovalState.RUNNING])) == 3
        assert await uow.approvals.of_submitter("YG010", [ApprovalState.DRAFT]) == []


async def test_a_persons_list_is_found_by_index_among_many(make: Make) -> None:
    async with make() as uow:
        for statement in _MANY:
            await uow.connection.execute(text(statement))
    async with make() as uow:
        plan = await uow.connection.execute(
            text(f"EXPLAIN (ANALYZE, FORMAT JSON) {repository._WAITING_FOR.text}"), {"employee_no": "YG003"}
        )
        (tree,) = plan.scalar_one()
        assert "Seq Scan" not in str(tree["Plan"])
        assert tree["Plan"]["Actual Rows"] == 20
        assert tree["Execution Time"] < 50, tree


# 20,000 that are over and 400 that run, twenty of them waiting for YG003
_MANY = (
    """INSERT INTO approvals (approval_no, submitter_no, customer_no, kind, amount_fen, discount, months, state,
                              attempt, created_at, submitted_at)
       SELECT 'SP' || n, 'YG010', 'KH0117', '年框', n, 0.9, 12,
              CASE WHEN mod(n, 50) = 0 THEN '审批中' ELSE '已通过' END, 1, now(), now()
       FROM generate_series(1, 20000) AS n""",
    """INSERT INTO approval_steps (approval_no, attempt, step_no, name, approver_kind, approver, mode, need,
                                   remind_minutes, escalate_minutes, state, opened_at)
       SELECT approval_no, 1, 1, '上级审批', 'superior', '', 'any', 1, 240, 1440, state, now() FROM approvals""",
    """INSERT INTO approval_seats (approval_no, attempt, step_no, seat_no, approver_no, actor_nos, origin, verdict)
       SELECT approval_no, 1, 1, 1, who, ARRAY[who], '流程', CASE WHEN state = '已通过' THEN '同意' END
       FROM (SELECT approval_no, state,
                    CASE WHEN mod(amount_fen, 1000) = 0 THEN 'YG003' ELSE 'X' || mod(amount_fen, 97) END AS who
             FROM approvals) AS x""",
    "ANALYZE approvals, approval_steps, approval_seats",
)
