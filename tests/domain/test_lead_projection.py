"""Who would have got the leads of a file: in order, within capacity, a place free again after two weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.leads import Board, Rep, Roster, Standing, default_policy
from bot.domain.leads.duplicates import Kind, Same, Why
from bot.domain.leads.projection import HOLD, Projected, project
from bot.domain.leads.records import LeadRecord

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
REPS = [Rep(employee_no="R1", regions=frozenset({"杭州大区"}), capacity=2)]


def lead(number: str, hours: float = 0) -> LeadRecord:
    return LeadRecord(lead_no=number, received_at=START + timedelta(hours=hours), region="杭州大区")


def projected(*leads: LeadRecord, until: timedelta, same: dict[str, Same] | None = None) -> dict[str, Projected]:
    board = Board.of(Roster.of(REPS), default_policy())
    owners = {"K1": "R7"}
    return project(
        leads, same or {}, board, Standing.of(REPS), owner_of=lambda no: owners.get(no, ""), until=START + until
    )


def test_never_over_capacity_and_first_in_first_out_when_a_place_is_free() -> None:
    four = [lead(f"L{n}", n) for n in range(4)]
    assert sorted(projected(*four, until=timedelta(days=13))) == ["L0", "L1"], "the others wait"
    later = projected(*four, until=HOLD + timedelta(minutes=30))
    assert sorted(later) == ["L0", "L1", "L2"]
    assert later["L2"].at == START + HOLD, "when the first one's place became free"
    assert sorted(projected(*four, until=timedelta(days=30))) == ["L0", "L1", "L2", "L3"]


def test_customers_go_to_their_owner_and_repeats_to_whoever_has_the_first() -> None:
    same = {
        "L1": Same(Kind.CUSTOMER, "K1", Why.COMPANY),
        "L2": Same(Kind.LEAD, "L0", Why.MOBILE),
        "L3": Same(Kind.CUSTOMER, "K2", Why.MOBILE),
    }
    got = projected(*(lead(f"L{n}", n) for n in range(4)), until=timedelta(days=1), same=same)
    assert {number: each.employee_no for number, each in got.items()} == {
        "L0": "R1",
        "L1": "R7",
        "L2": "R1",
        "L3": "R1",
    }
    assert (got["L1"].score, got["L2"].score) == (None, None), "no scoring"
    assert got["L3"].score is not None, "nobody looks after K2 any more"
