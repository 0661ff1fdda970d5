"""A rep's card is one message on either platform, however long the words that came in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.leads import LeadSheet, budget, cut_words, turn_card
from bot.channels.wecom.render import split
from bot.clock import SHANGHAI
from bot.domain.leads.cases import Ending, How, LeadCase, LeadState
from bot.domain.leads.giving import SameAs
from bot.domain.leads.moves import accept, give
from bot.domain.leads.rules import default_rules
from bot.domain.leads.scripts import Entry
from tests.support.leads import enquiry

NINE = datetime(2026, 2, 12, 9, 0, tzinfo=SHANGHAI)
CASE = give(
    LeadCase(lead_no="XS260212001", queued_at=NINE), "YG010", how=How.SCORED, at=NINE, rules=default_rules(), score=0.8
)
words = st.text(alphabet=st.sampled_from("想进一批饮料*[]<>#_`Aa1 ，。"), max_size=400)


def sheet_of(case: LeadCase, said: str = "想进一批饮料", *, same: str = "") -> LeadSheet:
    return LeadSheet(
        record=enquiry(company=said, contact=said, mobile=said, note=said, source=said, amount_fen=None,
                       amount_text=said),
        case=case,
        same=SameAs("客户", same, "手机号") if same else SameAs(),
        reasons=[said] * 3,
        scripts=[Entry(entry_no=f"ZS00{number}", title="", tags=("话术",), body=said) for number in (1, 2)],
        name_of=lambda number: {"YG010": "李雷", "YG013": "赵敏"}.get(number, number),
    )  # fmt: skip


@given(words, st.sampled_from(["", "KH0117"]))
def test_the_offer_and_the_work_on_it_fit_on_one_card(said: str, same: str) -> None:
    working = accept(CASE, by="YG010", at=NINE + timedelta(minutes=3))
    for case in (CASE, working):
        card = turn_card(sheet_of(case, said, same=same), case.turns[0])
        assert len(split(card)) == 1
        assert 0 < len(card.buttons) <= 6
        assert len(card.fields) == 6


def test_a_look_alike_is_not_called_the_same() -> None:
    """Bug: 同一客户：手机号相同，公司不同和客户 KH0117 相同."""
    sheet = replace(sheet_of(CASE), same=SameAs("客户", "KH0117", "手机号相同，公司不同"))
    assert turn_card(sheet, CASE.turns[0]).body.startswith("请核实：手机号和客户 KH0117 相同，公司不同\n")


@pytest.mark.parametrize(
    ("typed", "fen", "shown"),
    [
        ("39000", 3_900_000, "3.9 万"),
        ("3万", 3_000_000, "3 万"),
        ("五十多万", 50_000_000, "五十多万"),
        ("18-36万", 18_000_000, "18-36万"),
        ("", None, ""),
    ],
)
def test_a_budget_that_is_no_one_number_is_shown_as_it_stands(typed: str, fen: int | None, shown: str) -> None:
    assert budget(enquiry(amount_fen=fen, amount_text=typed)) == shown


def test_the_scripts_are_cut_before_the_reasons() -> None:
    body = turn_card(sheet_of(CASE, "很长的话" * 50, same="KH0117"), CASE.turns[0]).body
    assert [line[:4] for line in body.splitlines()] == ["同一客户", "为什么给", "话术 Z", "竞品 Z"]


def test_what_is_shortened_ends_with_a_sentence_or_a_clause() -> None:
    assert cut_words("要铺货，想要冷柜，最好下周能送，另外问月结", 18) == "要铺货，想要冷柜，最好下周能送…"
    assert cut_words("先报姓名和来意。再复述对方留言", 12) == "先报姓名和来意。"
    assert cut_words("够短，不动", 10) == "够短，不动"


def test_a_lapsed_card_says_where_the_lead_went() -> None:
    ended = replace(CASE.turns[0], ended_at=NINE + timedelta(minutes=30), ending=Ending.LAPSED)
    for state, end in ((LeadState.WAITING, "转给下一位"), (LeadState.POOL, "放入公海")):
        case = replace(CASE, state=state, turns=(ended,))
        card = turn_card(sheet_of(case), ended)
        assert card.settled
        assert card.status == f"2月12日 09:30 已超时，{end}"
