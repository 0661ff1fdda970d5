"""History that is let out: who asked before is not given out a second time, a customer's lead goes to who has them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bot.clock import SHANGHAI
from store.database import connect
from store.lead_history import bring_history
from tests.support.leads import enquiry, put_leads

Make = Callable[[], Any]
_TRUTH = Path(__file__).parents[1] / "data" / "线索重复.csv"
NINE = datetime(2026, 2, 12, 9, 0, tzinfo=SHANGHAI)


async def test_the_sample_companys_repeats_are_all_recognised(company_url: str) -> None:
    with _TRUTH.open(encoding="utf-8", newline="") as lines:
        truth = {row["线索编号"]: (row["对象类型"], row["对象编号"]) for row in csv.DictReader(lines)}
    database = connect(company_url)
    async with database.engine.connect() as connection:  # nothing is committed: other tests read this company
        leads = (await connection.execute(text("SELECT count(*) FROM leads"))).scalar_one()
        made = await bring_history(connection, until=datetime(2026, 3, 1, tzinfo=SHANGHAI))
        assert await bring_history(connection, until=datetime(2026, 3, 1, tzinfo=SHANGHAI)) == 0
        cases = {row.lead_no: row for row in await connection.execute(text("SELECT * FROM lead_cases"))}
        working = set(
            (await connection.execute(text("SELECT employee_no FROM employees WHERE status = '在职'"))).scalars()
        )
    await database.close()
    repeats = {number for number, (kind, _) in truth.items() if kind == "线索"}
    assert repeats
    assert not repeats & cases.keys()
    assert made == len(cases)
    customers = {number: what for number, what in truth.items() if number in cases}
    assert {number: (row.same_kind, row.same_no) for number, row in cases.items() if row.same_no} == customers
    assert {row.owner_no for row in cases.values() if row.same_no} <= working, "nobody who has left"
    left_out = leads - made
    assert len(repeats) <= left_out <= len(truth), "a customer's second enquiry may be left out, too"


async def test_the_same_person_under_another_number_is_not_pushed_twice(make: Make) -> None:
    first = enquiry("XS001", at=NINE, company="杭州云帆科技有限公司", contact="周敏", mobile_key="19900000001")
    again = enquiry(
        "XS002", at=NINE + timedelta(days=1), company="云帆科技（杭州）", contact="周敏", mobile_key="19900000002"
    )
    async with make() as uow:
        await put_leads(uow, [first, again])
        await uow.connection.execute(text("DELETE FROM lead_cases"))  # as a file leaves them
        assert await bring_history(uow.connection, until=NINE + timedelta(days=2)) == 1
        cases = (await uow.connection.execute(text("SELECT lead_no FROM lead_cases"))).scalars().all()
    assert cases == ["XS001"]
