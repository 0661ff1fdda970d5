"""What a digest is made of, read for the whole company at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from bot.clock import SHANGHAI

THURSDAY = datetime(2026, 2, 12, 8, 30, tzinfo=SHANGHAI)
AFTER_THE_FESTIVAL = datetime(2026, 2, 24, 8, 30, tzinfo=SHANGHAI)


async def _visit(uow: Any, number: str, at: str, *, state: str = "已确认", customer: str | None = "KH1") -> None:
    await uow.connection.execute(
        text(
            "INSERT INTO visits (visit_no, customer_no, employee_no, visited_at, state) VALUES (:n, :c, 'YG1', :at, :s)"
        ),
        {"n": number, "c": customer, "at": datetime.fromisoformat(at).replace(tzinfo=SHANGHAI), "s": state},
    )


async def _contract(uow: Any, number: str, customer: str, expires: str, status: str = "履行中") -> None:
    await uow.connection.execute(
        text(
            "INSERT INTO contracts (contract_no, customer_no, kind, amount_fen, signed_on, expires_on, status) "
            "VALUES (:n, :c, '年度框架', 100, '2025-02-01', :e, :s)"
        ),
        {"n": number, "c": customer, "e": date.fromisoformat(expires), "s": status},
    )


@pytest.mark.parametrize(
    ("as_of", "since", "visits", "today"),
    [
        pytest.param(
            THURSDAY, date(2026, 2, 11), ["yesterday, midnight", "yesterday, late"], ["today"], id="a Thursday"
        ),
        pytest.param(
            AFTER_THE_FESTIVAL,
            date(2026, 2, 14),
            ["make-up Saturday", "in the festival"],
            [],
            id="after nine days off: since the make-up Saturday",
        ),
    ],
)
async def test_visits_since_the_beginning_of_the_workday_before(
    as_of: datetime, since: date, visits: list[str], today: list[str], make: Callable[[], Any]
) -> None:
    async with make() as uow:
        await _visit(uow, "the day before", "2026-02-10T23:59:59")
        await _visit(uow, "yesterday, midnight", "2026-02-11T00:00:00")
        await _visit(uow, "yesterday, late", "2026-02-11T23:59:00")
        await _visit(uow, "today", "2026-02-12T08:00:00")
        await _visit(uow, "later than asked", "2026-02-12T08:30:00")
        await _visit(uow, "make-up Saturday", "2026-02-14T10:00:00")
        await _visit(uow, "in the festival", "2026-02-20T10:00:00")
        facts = await uow.digests.facts(as_of)
    assert (facts.since, facts.today) == (since, as_of.date())
    assert [visit.visit_no for visit in facts.visits] == visits
    assert [visit.visit_no for visit in facts.visits_today] == today


async def test_what_was_taken_back_or_has_no_customer_yet_is_no_visit(make: Callable[[], Any]) -> None:
    async with make() as uow:
        await _visit(uow, "taken back", "2026-02-11T10:00:00", state="已撤销")
        await _visit(uow, "whose?", "2026-02-11T10:00:00", state="待选客户", customer=None)
        await _visit(uow, "waits for its tap", "2026-02-11T10:00:00", state="待确认")
        await _visit(uow, "by file", "2026-02-11T11:00:00", state="已载入")
        facts = await uow.digests.facts(THURSDAY)
    assert [visit.visit_no for visit in facts.visits] == ["waits for its tap", "by file"]


async def test_contracts_that_end_within_thirty_days_and_that_nothing_follows(make: Callable[[], Any]) -> None:
    async with make() as uow:
        await _contract(uow, "today", "KH1", "2026-02-12")
        await _contract(uow, "the thirtieth day", "KH2", "2026-03-14")
        await _contract(uow, "the day after it", "KH3", "2026-03-15")
        await _contract(uow, "over", "KH4", "2026-02-11")
        await _contract(uow, "a draft", "KH5", "2026-02-20", "草稿")
        await _contract(uow, "renewed", "KH6", "2026-02-20")
        await _contract(uow, "its successor", "KH6", "2027-02-20", "待归档")
        await _contract(uow, "ends before it was signed", "KH7", "2026-02-20")
        await uow.connection.execute(text("UPDATE contracts SET signed_on = '2026-02-21' WHERE customer_no = 'KH7'"))
        facts = await uow.digests.facts(THURSDAY)
    assert [end.contract_no for end in facts.contract_ends] == ["today", "the thirtieth day"]
