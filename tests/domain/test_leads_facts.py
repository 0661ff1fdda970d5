"""Each factor by itself, and who can have a lead at all."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.domain.flows import Absence
from bot.domain.leads import (
    Board,
    DutyHours,
    Lead,
    Policy,
    Reason,
    Rep,
    Roster,
    Standing,
    decide,
    default_policy,
    explain,
    gini,
    gini_per_capacity,
)
from bot.domain.leads.facts import industry_fit, region_heat, response_record, typical_deal_fen
from bot.errors import CalendarNotCovered

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAY = datetime(2026, 3, 2, 2, tzinfo=UTC)
LEAD = Lead(lead_no="XS260302001", region="杭州大区", labels={"industry": "建材"}, numbers={"amount_fen": 10_000_000})
HOME = frozenset({"杭州大区"})
OFFICE = DutyHours(time(9), time(18))
NIGHT = DutyHours(time(22), time(6))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("facts", "tables", "pending", "name", "factor"),
    [
        pytest.param({}, {"region_heat": {"杭州大区": 0.8}}, 0, "region_heat", 0.8, id="heat of the lead's region"),
        pytest.param({}, {"region_heat": {"宁波大区": 0.8}}, 0, "region_heat", None, id="heat of another region: 缺"),
        pytest.param({}, {"industry_fit": {"建材": 0.3}}, 0, "industry_fit", 0.3, id="fit for the industry"),
        pytest.param({"typical_deal_fen": 10_000_000}, {}, 0, "deal_band", 1.0, id="a deal of the usual size"),
        pytest.param({"typical_deal_fen": 27_182_818}, {}, 0, "deal_band", 0.6065, id="e times smaller than usual"),
        pytest.param({"typical_deal_fen": 3_678_794}, {}, 0, "deal_band", 0.6065, id="e times larger than usual"),
        pytest.param({"typical_deal_fen": 0}, {}, 0, "deal_band", None, id="never won anything: 缺"),
        pytest.param({}, {}, 5, "pending_load", 0.75, id="a quarter full"),
        pytest.param({}, {}, 0, "pending_load", 1.0, id="free"),
        pytest.param({"overdue_tasks": 0}, {}, 0, "overdue_tasks", 1.0, id="nothing overdue"),
        pytest.param({"overdue_tasks": 3}, {}, 0, "overdue_tasks", 0.5, id="three overdue"),
        pytest.param({"deals_this_week": 0}, {}, 0, "deals_this_week", 0.0, id="known to have no deal: zero, not 缺"),
        pytest.param({"deals_this_week": 9}, {}, 0, "deals_this_week", 1.0, id="three deals are enough"),
        pytest.param({}, {}, 0, "deals_this_week", None, id="deals not known: 缺"),
        pytest.param({"response_record": 0.9}, {}, 0, "response_record", 0.9, id="answers in time"),
    ],
)
def test_each_factor_on_its_scale(
    facts: dict[str, float], tables: dict[str, dict[str, float]], pending: int, name: str, factor: float | None
) -> None:
    people = [Rep(employee_no="E1", regions=HOME, pending=pending, facts=facts, tables=tables)]
    explanation = explain(LEAD, "E1", Board.of(Roster.of(people), default_policy()), Standing.of(people))
    line = next(line for line in explanation.contributions if line.name == name)
    assert line.factor == (None if factor is None else pytest.approx(factor, abs=1e-4))
    assert (name in explanation.missing) == (factor is None)


@pytest.mark.parametrize(
    ("kilometres", "share", "heat"),
    [
        pytest.param(0, 1, 1.0, id="all business next door"),
        pytest.param(50, 1, 0.75, id="an hour away"),
        pytest.param(0, 0, 0.5, id="next door, no business there yet"),
        pytest.param(None, 0.4, 0.4, id="distance not known"),
        pytest.param(50, None, 0.5, id="business not known"),
        pytest.param(None, None, None, id="neither"),
    ],
)
def test_region_heat(kilometres: float | None, share: float | None, heat: float | None) -> None:
    assert region_heat(kilometres, share) == (None if heat is None else pytest.approx(heat))


@pytest.mark.parametrize(
    ("declared", "won", "lost", "fit"),
    [
        pytest.param(None, 0, 0, None, id="nothing known"),
        pytest.param(True, 0, 0, 0.6, id="declared, never tried"),
        pytest.param(False, 0, 0, 0.2, id="declared not theirs"),
        pytest.param(None, 4, 0, 0.6, id="four won, undeclared"),
        pytest.param(True, 40, 60, 0.9846, id="the record outweighs the word"),
        pytest.param(True, 0, 96, 0.024, id="declared, and lost them all"),
    ],
)
def test_industry_fit(declared: bool | None, won: int, lost: int, fit: float | None) -> None:
    assert industry_fit(declared, won, lost) == (None if fit is None else pytest.approx(fit, abs=1e-4))


def test_typical_deal_is_the_middle_and_needs_a_deal() -> None:
    assert typical_deal_fen([100, 10_000]) == pytest.approx(1_000)
    assert typical_deal_fen([0]) is None


def test_response_record_is_careful_with_few_answers() -> None:
    assert response_record(0, 0) is None
    assert response_record(1, 0) == pytest.approx(0.76)
    assert response_record(0, 1) == pytest.approx(0.56)
    assert response_record(996, 0) == pytest.approx(0.9988)


# -- who can have it --------------------------------------------------------------------------------------------------
AWAY = Absence(employee_no="E1", starts_at=at("2026-03-02 00:00"), ends_at=at("2026-03-03 00:00"))


@pytest.mark.parametrize(
    ("rep", "now", "reason"),
    [
        pytest.param({}, "2026-03-02 03:00", Reason.NONE, id="no duty hours: any time"),
        pytest.param({"left": True}, "2026-03-02 10:00", Reason.LEFT, id="left"),
        pytest.param({"regions": frozenset({"宁波大区"})}, "2026-03-02 10:00", Reason.OTHER_REGION, id="other region"),
        pytest.param({"pending": 20}, "2026-03-02 10:00", Reason.FULL, id="twenty pending"),
        pytest.param({"pending": 19}, "2026-03-02 10:00", Reason.NONE, id="one slot left"),
        pytest.param({"capacity": 0}, "2026-03-02 10:00", Reason.FULL, id="takes none"),
        pytest.param({"absences": (AWAY,)}, "2026-03-02 23:59", Reason.ON_LEAVE, id="on leave"),
        pytest.param({"absences": (AWAY,)}, "2026-03-03 00:00", Reason.NONE, id="back at midnight"),
        pytest.param({"absences": (AWAY,), "pending": 20}, "2026-03-02 10:00", Reason.ON_LEAVE, id="leave before full"),
        pytest.param({"duty": OFFICE}, "2026-03-02 09:00", Reason.NONE, id="the hours begin"),
        pytest.param({"duty": OFFICE}, "2026-03-02 18:00", Reason.OFF_DUTY, id="the hours are over"),
        pytest.param({"duty": OFFICE}, "2026-03-01 10:00", Reason.OFF_DUTY, id="Sunday"),
        pytest.param({"duty": OFFICE}, "2026-02-18 10:00", Reason.OFF_DUTY, id="Spring Festival"),
        pytest.param({"duty": OFFICE}, "2026-02-28 10:00", Reason.NONE, id="a Saturday that is worked"),
        pytest.param({"duty": NIGHT}, "2026-03-02 23:00", Reason.NONE, id="night shift"),
        pytest.param({"duty": NIGHT}, "2026-03-07 05:00", Reason.NONE, id="Friday's shift ends on Saturday"),
        pytest.param({"duty": NIGHT}, "2026-03-09 05:00", Reason.OFF_DUTY, id="there was no shift on Sunday"),
        pytest.param({"duty": NIGHT}, "2026-03-02 12:00", Reason.OFF_DUTY, id="noon is not night"),
        pytest.param(
            {"duty": DutyHours(time(9), time(18), workdays_only=False)}, "2051-02-18 10:00", Reason.NONE,
            id="who works every day needs no calendar",
        ),
    ],
)  # fmt: skip
def test_who_can_not_have_a_lead_and_why(rep: dict[str, object], now: str, reason: Reason) -> None:
    people = [Rep(**{"employee_no": "E1", "regions": HOME, **rep})]
    decision = decide(LEAD, Board.of(Roster.of(people), default_policy()), Standing.of(people), now=at(now))
    assert decision.waits_for is reason
    assert decision.refused == ({reason: 1} if reason else {})


def test_a_year_without_a_calendar_is_refused_not_guessed() -> None:
    people = [Rep(employee_no="E1", regions=HOME, duty=OFFICE)]
    with pytest.raises(CalendarNotCovered) as refused:
        decide(LEAD, Board.of(Roster.of(people), default_policy()), Standing.of(people), now=at("2051-02-20 10:00"))
    assert refused.value.year == 2051


@pytest.mark.parametrize("waived", [Reason.ON_LEAVE, Reason.OFF_DUTY])
def test_a_rule_may_waive_leave_or_duty_hours(waived: Reason) -> None:
    people = [
        Rep(employee_no="E1", regions=HOME, absences=(AWAY,))
        if waived is Reason.ON_LEAVE
        else Rep(employee_no="E1", regions=HOME, duty=OFFICE)
    ]
    policy = Policy(version=2, dimensions=default_policy().dimensions, waived=frozenset({waived}))
    board = Board.of(Roster.of(people), policy)
    assert decide(LEAD, board, Standing.of(people), now=at("2026-03-02 20:00")).employee_no == "E1"


def test_a_lead_without_a_region_is_for_all_and_one_of_nobodys_region_waits() -> None:
    people = [Rep(employee_no="E1", regions=HOME), Rep(employee_no="E2")]
    board, standing = Board.of(Roster.of(people), default_policy()), Standing.of(people)
    assert decide(Lead(lead_no="XS1"), board, standing, now=WORKDAY).refused == {}
    waiting = decide(Lead(lead_no="XS2", region="成都大区"), board, standing, now=WORKDAY)
    assert waiting.waits_for is Reason.OTHER_REGION


def test_the_reason_that_passes_first_is_named() -> None:
    people = [Rep(employee_no="E1", left=True), Rep(employee_no="E2", regions=HOME, pending=20), Rep(employee_no="E3")]
    decision = decide(LEAD, Board.of(Roster.of(people), default_policy()), Standing.of(people), now=WORKDAY)
    assert decision.refused == {Reason.LEFT: 1, Reason.OTHER_REGION: 1, Reason.FULL: 1}
    assert decision.waits_for is Reason.FULL


def test_the_same_number_twice_is_no_roster() -> None:
    with pytest.raises(ValueError, match="twice"):
        Roster.of([Rep(employee_no="E1"), Rep(employee_no="E1")])


# -- how even it is ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        pytest.param([], 0.0, id="nobody"),
        pytest.param([0, 0, 0], 0.0, id="nobody has anything"),
        pytest.param([2, 2, 2], 0.0, id="all the same"),
        pytest.param([0, 0, 0, 8], 0.75, id="one has all"),
        pytest.param([3, 1], 0.25, id="order does not matter"),
    ],
)
def test_gini(shares: list[float], expected: float) -> None:
    assert gini(shares) == pytest.approx(expected)


def test_gini_per_capacity_compares_shares_not_counts() -> None:
    assert gini_per_capacity([2, 4, 0], [10, 20, 0]) == 0.0
    assert gini_per_capacity([4, 4], [10, 30]) == pytest.approx(0.25)
    with pytest.raises(ValueError, match="negative"):
        gini([-1, 2])
