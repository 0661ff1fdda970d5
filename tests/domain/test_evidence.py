"""What stands out about a contract, where each line is drawn, and that it is shown later as it was found."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.approval_values import ContractTerms
from bot.domain.evidence import (
    Evidence,
    Finding,
    PastContract,
    Payment,
    Surroundings,
    What,
    evidence_from_json,
    evidence_to_json,
    weigh,
)

TODAY = date(2026, 2, 12)
YUAN = 100  # fen


def past(discount: str | None = "0.9", amount: int = 100_000 * YUAN, kind: str = "年度框架") -> PastContract:
    return PastContract(
        contract_no="HT2025010001",
        kind=kind,
        amount_fen=amount,
        discount=None if discount is None else Decimal(discount),
        signed_on=date(2025, 1, 6),
        months=12,
    )


TERMS = ContractTerms(
    customer_no="KH1", kind="年度框架", amount_fen=100_000 * YUAN, discount=Decimal("0.92"), months=12
)
ORDINARY = Surroundings(
    industry="快消终端",
    discount_floor=Decimal("0.85"),
    list_year_fen=200_000 * YUAN,
    open_fen=0,
    overdue_fen=0,
    provisional=True,
    payments=(),
    open_tickets=0,
    last_ticket="",
    past=(past(),),
    peer_discounts=(),
)


def found(terms: dict[str, Any] | None = None, **around: Any) -> list[Finding]:
    """What stands out once an ordinary contract differs in this."""
    changed = replace(TERMS, **(terms or {}))
    return list(weigh(changed, replace(ORDINARY, **around), today=TODAY).unusual)


def kinds(*arguments: Any, **around: Any) -> list[What]:
    return [finding.what for finding in found(*arguments, **around)]


def test_nothing_stands_out_about_an_ordinary_contract() -> None:
    assert found() == []


# -- where each line is drawn -----------------------------------------------------------------------------------------
PEERS = (Decimal("0.95"), Decimal("0.94"), Decimal("0.96"))  # 9.5折 as a rule


@pytest.mark.parametrize(
    ("discount", "around", "expected"),
    [
        pytest.param("0.85", {"past": (past("0.8"),)}, [], id="the floor itself is allowed"),
        pytest.param("0.8499", {"past": (past("0.8"),)}, [What.BELOW_FLOOR], id="a hair below it is not"),
        pytest.param("0.9", {}, [], id="as low as they ever had"),
        pytest.param("0.8999", {}, [What.BELOW_OWN], id="lower than they ever had"),
        pytest.param("0.84", {}, [What.BELOW_FLOOR], id="below both: the policy is what counts"),
        pytest.param("0.86", {"past": (past(None),)}, [], id="earlier contracts without a discount say nothing"),
        pytest.param("0.91", {"past": (past("0.95"), past("0.9"))}, [], id="the lowest of all earlier ones counts"),
        pytest.param(
            "0.92", {"past": (past(None),), "peer_discounts": PEERS}, [], id="three points below the peers are usual"
        ),
        pytest.param(
            "0.9199", {"past": (past(None),), "peer_discounts": PEERS}, [What.BELOW_PEERS], id="more than three are not"
        ),
        pytest.param(
            "0.86", {"past": (past(None),), "peer_discounts": PEERS[:2]}, [], id="two peers are too few to tell"
        ),
        pytest.param("0.9", {"peer_discounts": PEERS}, [], id="what they had themselves says more than peers"),
    ],
)
def test_discounts(discount: str, around: dict[str, Any], expected: list[What]) -> None:
    assert kinds({"discount": Decimal(discount)}, **around) == expected


@pytest.mark.parametrize(
    ("terms", "around", "expected"),
    [
        pytest.param({"amount_fen": 199_999_99}, {}, [], id="a fen less than twice the largest"),
        pytest.param({"amount_fen": 200_000_00}, {}, [What.OVER_PAST], id="twice the largest"),
        pytest.param(
            {"amount_fen": 200_000_00},
            {"past": (past(), past(amount=900_000_00, kind="补充协议"))},
            [What.OVER_PAST],
            id="contracts of the same kind are compared",
        ),
        pytest.param(
            {"amount_fen": 200_000_00},
            {"past": (past(amount=150_000_00, kind="补充协议"),)},
            [],
            id="others where there is none of that kind",
        ),
        pytest.param(
            {"amount_fen": 399_999_99}, {"past": (past(amount=300_000_00),)}, [], id="less than two years' purchases"
        ),
        pytest.param(
            {"amount_fen": 400_000_00},
            {"past": (past(amount=300_000_00),)},
            [What.OVER_YEAR],
            id="two years' purchases",
        ),
        pytest.param(
            {"amount_fen": 400_000_00, "months": 24},
            {"past": (past(amount=300_000_00),)},
            [],
            id="spread over two years it is one year's",
        ),
        pytest.param(
            {"amount_fen": 400_000_00},
            {"past": (past(amount=300_000_00),), "list_year_fen": None},
            [],
            id="without an estimate",
        ),
        pytest.param(
            {"amount_fen": 900_000_00}, {"past": (past(amount=0),), "list_year_fen": 0}, [], id="sums that nobody wrote"
        ),
        pytest.param({"months": 0}, {}, [What.OVER_YEAR], id="without a term it counts as one month"),
    ],
)
def test_amounts(terms: dict[str, Any], around: dict[str, Any], expected: list[What]) -> None:
    assert kinds(terms, **around) == expected


@pytest.mark.parametrize(
    ("around", "days", "words"),
    [
        pytest.param({"payments": (Payment(on=TODAY - timedelta(days=47), amount_fen=1),)}, 47, "约", id="last paid"),
        pytest.param(
            {
                "payments": (
                    Payment(on=TODAY, amount_fen=1),
                    Payment(on=TODAY - timedelta(days=9), amount_fen=1),
                ),
                "provisional": False,
            },
            0,
            "",
            id="the newest receipt counts; reconciled it is exact",
        ),
        pytest.param({}, -1, "约", id="no receipt was ever found"),
    ],
)
def test_overdue_money_comes_with_the_days_since_the_last_receipt(
    around: dict[str, Any], days: int, words: str
) -> None:
    assert found(overdue_fen=1, **around) == [Finding(what=What.OVERDUE, ours=Decimal(1), count=days, words=words)]


def test_money_that_is_owed_but_not_overdue_does_not_stand_out() -> None:
    assert found(open_fen=900_000_00) == []


@pytest.mark.parametrize(
    ("terms", "around", "expected"),
    [
        pytest.param({"months": 24}, {}, [], id="two years are the longest usual term"),
        pytest.param(
            {"months": 25}, {}, [Finding(what=What.LONG, ours=Decimal(25), theirs=Decimal(24))], id="a month more"
        ),
        pytest.param(
            {},
            {"open_tickets": 2, "last_ticket": "送货慢"},
            [Finding(what=What.TICKETS, count=2, words="送货慢")],
            id="complaints",
        ),
        pytest.param({}, {"past": ()}, [Finding(what=What.FIRST)], id="nothing was ever signed"),
    ],
)
def test_other_things(terms: dict[str, Any], around: dict[str, Any], expected: list[Finding]) -> None:
    assert found(terms, **around) == expected


def test_a_finding_says_what_it_was_compared_with() -> None:
    assert found({"discount": Decimal("0.8")}) == [
        Finding(what=What.BELOW_FLOOR, ours=Decimal("0.8"), theirs=Decimal("0.85"), best=Decimal("0.9"))
    ]
    assert found({"discount": Decimal("0.86")}, past=(past(None),), peer_discounts=(*PEERS, Decimal("0.97"))) == [
        Finding(what=What.BELOW_PEERS, ours=Decimal("0.86"), theirs=Decimal("0.955"), count=4, words="快消终端")
    ]
    assert found({"amount_fen": 250_000_00}) == [
        Finding(what=What.OVER_PAST, ours=Decimal(250_000_00), theirs=Decimal(100_000_00))
    ]


def test_the_weightiest_comes_first() -> None:
    """An approver reads three lines on the card: the discount, the debt, the amount."""
    everything = kinds(
        {"discount": Decimal("0.5"), "amount_fen": 9_000_000_00, "months": 36},
        past=(),
        overdue_fen=1,
        open_tickets=1,
        last_ticket="货损",
    )
    assert everything == [What.BELOW_FLOOR, What.OVERDUE, What.OVER_YEAR, What.TICKETS, What.LONG, What.FIRST]


# -- kept and read again ----------------------------------------------------------------------------------------------
shares = st.decimals(0, 2, places=4)
sums = st.integers(0, 10**13)
findings = st.builds(
    Finding,
    what=st.sampled_from(What),
    ours=shares | sums.map(Decimal),
    theirs=shares | sums.map(Decimal),
    best=st.none() | shares,
    count=st.integers(-1, 9999),
    words=st.text(max_size=40),
)
evidences = st.builds(
    Evidence,
    discount_floor=shares,
    open_fen=sums,
    overdue_fen=sums,
    provisional=st.booleans(),
    payments=st.lists(st.builds(Payment, on=st.dates(), amount_fen=sums), max_size=3).map(tuple),
    open_tickets=st.integers(0, 99),
    last_ticket=st.text(max_size=40),
    unusual=st.lists(findings, max_size=6).map(tuple),
)


@given(evidences)
def test_it_is_read_again_as_it_was_kept(evidence: Evidence) -> None:
    assert evidence_from_json(json.loads(json.dumps(evidence_to_json(evidence)))) == evidence
