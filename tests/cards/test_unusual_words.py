"""What is unusual about a contract, as approvers read it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.cards.unusual import unusual_words
from bot.domain.evidence import Finding, What


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        pytest.param(
            Finding(what=What.BELOW_OWN, ours=Decimal("0.92"), theirs=Decimal("0.98")),
            "折扣 9.2 折，比这家以往最低的 9.8 折还低",
            id="a discount nobody gave them before",
        ),
        pytest.param(
            Finding(what=What.OVER_PAST, ours=Decimal(30_000_000), theirs=Decimal(18_750_000)),
            "金额 30 万，是以往最大一份（18.8 万）的 1.6 倍",
            id="tenths matter below ten",
        ),
        pytest.param(
            Finding(what=What.OVER_PAST, ours=Decimal(85_000_000), theirs=Decimal(600_000)),
            "金额 85 万，是以往最大一份（6,000 元）的 142 倍",
            id="from ten times on whole",
        ),
    ],
)
def test_a_finding_in_words(finding: Finding, words: str) -> None:
    assert unusual_words(finding) == words
