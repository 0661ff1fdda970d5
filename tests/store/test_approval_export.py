"""Approvals as a file and as pages of the read API: how they stood when, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from bot.clock import SHANGHAI
from bot.domain.approval_values import Approval, ContractTerms, Place, Verdict
from bot.domain.approvals import decide, edit, submit
from bot.domain.flows import ApproverKind, FlowStep, Mode, SeatPlan
from store.approval_listing import list_approvals
from store.database import Database
from store.exporting import export

Made = Callable[[], Any]
FLOW = [
    FlowStep(position=1, name="上级审批", approver_kind=ApproverKind.SUPERIOR, mode=Mode.ANY),
    FlowStep(position=2, name="总监审批", approver_kind=ApproverKind.ROLE, approver="总监", mode=Mode.ANY),
]
TERMS = ContractTerms(
    customer_no="KH1", kind="年度框架", amount_fen=85_000_050, discount=Decimal("0.92"), months=12, note="=cmd|calc"
)


def at(moment: str) -> datetime:
    return datetime.fromisoformat(f"2026-{moment}").replace(tzinfo=SHANGHAI)


def seats_for(step: Any) -> list[SeatPlan]:
    number = "YG3" if step.name == "上级审批" else "YG1"
    return [SeatPlan(number, (number,))]


async def submitted(uow: Any, when: str, **terms: Any) -> Approval:
    draft = Approval(submitter_no=terms.pop("by", "YG10"), terms=replace(TERMS, **terms), created_at=at(when))
    running = submit(await uow.approvals.add(draft), FLOW, seats_for=seats_for, at=at(when))
    await uow.approvals.save(running)
    return running


async def decided(uow: Any, approval: Approval, by: str, when: str, verdict: Verdict = Verdict.AGREE) -> Approval:
    after = decide(approval, verdict, place=Place.now(approval), by=by, at=at(when), note="-1", seats_for=seats_for)
    if after.decided_at and verdict is Verdict.AGREE:
        after = replace(after, contract_no=await uow.approvals.sign(after, at=at(when)))
    await uow.approvals.save(after)
    return after


async def company(make: Made) -> None:
    """One agreed by both in February, one rejected, one that lies with the superior, and a draft."""
    async with make() as uow:
        await uow.connection.execute(
            text(
                "INSERT INTO employees (employee_no, name) VALUES ('YG10', '=李雷'), ('YG3', '陈磊'), ('YG1', '孙若曦')"
            )
        )
        first = await submitted(uow, "01-31T23:59")
        first = await decided(uow, first, "YG3", "02-02T09:35")
        await decided(uow, first, "YG1", "02-02T10:00")
        await decided(uow, await submitted(uow, "02-01T00:00", customer_no="KH2"), "YG3", "02-03T09:00", Verdict.REJECT)
        await submitted(uow, "02-12T09:00", by="YG11", discount=Decimal("1"), amount_fen=1)
        await uow.approvals.add(Approval(submitter_no="YG10", terms=TERMS, created_at=at("02-12T09:00")))


def read(out: Path) -> dict[str, dict[str, str]]:
    with out.open(encoding="utf-8-sig", newline="") as file:
        return {row["审批编号"]: row for row in csv.DictReader(file)}


async def write(make: Made, out: Path, **asked: Any) -> dict[str, dict[str, str]]:
    async with make() as uow:
        count = await export(uow.connection, "approvals", out, **asked)
    found = read(out)
    assert count == len(found)
    return found


# -- the file ---------------------------------------------------------------------------------------------------------
async def test_who_was_asked_and_what_they_said(make: Made, tmp_path: Path) -> None:
    await company(make)
    found = await write(make, tmp_path / "审批.csv")
    assert list(found) == ["SP260131001", "SP260201001", "SP260212001"]  # by submission; drafts were never submitted
    assert list(found["SP260131001"].values()) == [
        "SP260131001",
        "KH1",
        "850000.50",
        "0.92",
        "'=李雷(YG10)",
        "已通过",
        "",
        "陈磊(YG3):同意:2026-02-02 09:35;孙若曦(YG1):同意:2026-02-02 10:00",
        "上级审批 35 分钟;总监审批 25 分钟",
    ]
    rejected, waiting = found["SP260201001"], found["SP260212001"]
    assert (rejected["状态"], rejected["当前审批人"], rejected["每步用时"]) == ("已拒绝", "", "上级审批 1 个工作日")
    assert rejected["每步(人:结论:时间)"] == "陈磊(YG3):拒绝:2026-02-03 09:00"
    assert list(waiting.values())[2:] == ["0.01", "1", "YG11", "审批中", "陈磊(YG3)", "", ""]


@pytest.mark.parametrize(
    ("moment", "state", "current", "said", "took"),
    [
        pytest.param("02-02T09:34", "审批中", "陈磊(YG3)", "", "", id="before anybody decided"),
        pytest.param(
            "02-02T09:59", "审批中", "孙若曦(YG1)", "陈磊(YG3):同意:2026-02-02 09:35", "上级审批 35 分钟",
            id="with the director",
        ),
        pytest.param(
            "02-02T10:00", "已通过", "", "陈磊(YG3):同意:2026-02-02 09:35;孙若曦(YG1):同意:2026-02-02 10:00",
            "上级审批 35 分钟;总监审批 25 分钟", id="the moment it passed",
        ),
    ],
)  # fmt: skip
async def test_as_it_stood_then(
    moment: str, state: str, current: str, said: str, took: str, make: Made, tmp_path: Path
) -> None:
    await company(make)
    row = (await write(make, tmp_path / "审批.csv", as_of=at(moment)))["SP260131001"]
    assert (row["状态"], row["当前审批人"], row["每步(人:结论:时间)"], row["每步用时"]) == (state, current, said, took)


async def test_what_was_submitted_later_is_not_in_it(make: Made, tmp_path: Path) -> None:
    await company(make)
    assert list(await write(make, tmp_path / "a.csv", as_of=at("01-31T23:58"))) == []
    assert list(await write(make, tmp_path / "a.csv", as_of=at("01-31T23:59"))) == ["SP260131001"]


async def test_a_month_is_the_shanghai_month_of_submission(make: Made, tmp_path: Path) -> None:
    await company(make)
    assert list(await write(make, tmp_path / "a.csv", period="2026-01")) == ["SP260131001"]
    assert list(await write(make, tmp_path / "a.csv", period="2026-02")) == ["SP260201001", "SP260212001"]
    assert list(await write(make, tmp_path / "a.csv", period="2025-12")) == []


async def test_a_spreadsheet_has_numbers_and_runs_nothing(make: Made, tmp_path: Path) -> None:
    await company(make)
    out = tmp_path / "审批.xlsx"
    async with make() as uow:
        assert await export(uow.connection, "approvals", out) == 3
    table = CalamineWorkbook.from_path(out).get_sheet_by_index(0).to_python()
    assert table[1][:6] == ["SP260131001", "KH1", 850000.5, 0.92, "=李雷(YG10)", "已通过"]
    raw = out.read_bytes()
    assert raw.startswith(b"PK")
    assert not _formulas(out)


def _formulas(out: Path) -> list[str]:
    from zipfile import ZipFile

    with ZipFile(out) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        return [name for name in sheets if b"<f>" in book.read(name) or b"<f " in book.read(name)]


async def test_submitted_again_only_the_present_attempt_is_shown(make: Made, tmp_path: Path) -> None:
    async with make() as uow:
        running = await decided(uow, await submitted(uow, "02-02T09:00"), "YG3", "02-02T10:00")
        again = edit(running, replace(TERMS, amount_fen=100), at=at("02-02T11:00"))
        again = submit(again, FLOW, seats_for=seats_for, at=at("02-02T11:30"))
        await uow.approvals.save(again)
    (row,) = (await write(make, tmp_path / "a.csv")).values()
    assert (row["金额"], row["状态"], row["当前审批人"], row["每步(人:结论:时间)"]) == ("1.00", "审批中", "YG3", "")


# -- the read API's pages ---------------------------------------------------------------------------------------------
async def test_newest_first_page_by_page_with_the_total(make: Made, database: Database) -> None:
    await company(make)
    page, total = await list_approvals(database, limit=2)
    assert ([item["approval_no"] for item in page], total) == (["SP260212001", "SP260201001"], 3)
    page, total = await list_approvals(database, limit=2, offset=2)
    assert ([item["approval_no"] for item in page], total) == (["SP260131001"], 3)


async def test_beyond_the_last_page_the_total_still_stands(make: Made, database: Database) -> None:
    await company(make)
    assert await list_approvals(database, offset=3) == ([], 3)
    assert await list_approvals(database, state="已拒绝", offset=1) == ([], 1)
    assert await list_approvals(database, customer_no="KH9", offset=7) == ([], 0)


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        pytest.param({"customer_no": "KH2"}, ["SP260201001"], id="customer"),
        pytest.param({"submitter_no": "YG11"}, ["SP260212001"], id="submitter"),
        pytest.param({"state": "已通过"}, ["SP260131001"], id="state"),
        pytest.param({"customer_no": "KH1", "state": "审批中"}, ["SP260212001"], id="two at once"),
        pytest.param({"customer_no": "KH1' OR true --"}, [], id="nobody's number"),
    ],
)
async def test_filters(asked: dict[str, str], numbers: list[str], make: Made, database: Database) -> None:
    await company(make)
    page, total = await list_approvals(database, **asked)
    assert ([item["approval_no"] for item in page], total) == (numbers, len(numbers))


async def test_an_item_says_what_the_file_says(make: Made, database: Database) -> None:
    await company(make)
    ((item,), _) = await list_approvals(database, state="已通过")
    assert item["amount"] == "850000.50"
    assert item["discount"] == "0.92"
    assert item["submitted_at"] == "2026-01-31T23:59:00+08:00"
    assert item["decided_at"] == "2026-02-02T10:00:00+08:00"
    assert item["contract_no"].startswith("HT202602")
    assert item["decisions"] == ["陈磊(YG3):同意:2026-02-02 09:35", "孙若曦(YG1):同意:2026-02-02 10:00"]
    ((item,), _) = await list_approvals(database, state="审批中")
    assert (item["amount"], item["discount"], item["waiting_for"]) == ("0.01", "1", ["陈磊(YG3)"])
    assert (item["decided_at"], item["contract_no"]) == (None, "")
