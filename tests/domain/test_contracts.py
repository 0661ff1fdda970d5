"""What reps type to start a contract, on Thursday 12 February 2026, and short answers to what was missing."""

from __future__ import annotations

import itertools
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.contract_parts import SEPARATOR, carries_only
from bot.domain.contracts import (
    CONTRACT_KINDS,
    ContractField,
    ContractReading,
    missing,
    read_contract,
    read_contract_amount,
    read_discount,
    read_kind,
    read_nonstandard,
    read_term,
    sort_words,
    usual_kind,
)
from bot.domain.corrections import Nothing
from bot.domain.people import Employee
from bot.domain.text import clean, fold
from tests.domain.company import sample_directory, sentences
from tests.domain.test_amounts import in_words

THURSDAY = date(2026, 2, 12)
LINES = sentences("own_contracts.jsonl")


def rep(number: str = "YG010") -> Employee:
    employee = sample_directory().employee(number)
    assert employee is not None
    return employee


def read(text: str, sender: str = "YG010") -> ContractReading:
    return read_contract(text, sender=rep(sender), today=THURSDAY, directory=sample_directory())


def details(reading: ContractReading) -> dict[str, Any]:
    """A reading in the words of own_contracts.jsonl."""
    yuan = None if reading.amount_fen is None else Decimal(reading.amount_fen) / 100
    return {
        "customer_no": reading.customer_no,
        "ambiguous_customers": list(reading.ambiguous_customers),
        "customer_words": reading.customer_words,
        "kind": reading.kind,
        "amount_yuan": yuan,
        "discount": reading.discount,
        "months": reading.months,
        "nonstandard": reading.nonstandard,
        "note": reading.note,
        "asked": [problem[:2] for problem in reading.problems],
    }


def wanted(line: dict[str, Any]) -> dict[str, Any]:
    exact = {name: line["expected"][name] for name in ("amount_yuan", "discount")}
    return line["expected"] | {name: value and Decimal(value) for name, value in exact.items()}


def test_there_are_many_ways_to_say_it() -> None:
    assert len({line["text"] for line in LINES}) >= 150


@pytest.mark.parametrize("line", LINES, ids=[line["id"] for line in LINES])
def test_a_contract_is_read_as_it_was_meant(line: dict[str, Any]) -> None:
    assert details(read(line["text"], line["from_user"])) == wanted(line)


# -- what is asked -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("绿源滨江 85万 9.2折 一年", []),
        ("", ["客户", "金额", "折扣", "期限"]),
        ("绿源滨江", ["金额", "折扣", "期限"]),
        ("85万 一年", ["客户", "折扣"]),
        pytest.param("绿源滨江 85万 9.2折 一年 非标", ["非标"], id="非标 alone does not say what"),
        pytest.param("旺淘便利店 85万 9.2折 一年", ["客户"], id="several shops have the name"),
        pytest.param("绿源滨江 大概85万 9.2折 一年", ["金额"], id="no exact sum"),
    ],
)
def test_what_is_missing_is_asked_in_order(text: str, asked: list[str]) -> None:
    assert missing(read(text)) == tuple(map(ContractField, asked))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("绿源滨江 85万 12折 一年", "折扣「12折」不在0到10折之间"),
        ("绿源滨江 85万 90万 9折 一年", "金额：写了「85万」和「90万」，合同总额是哪个"),
        ("绿源滨江 每月3万 9折 一年", "金额「每月3万」不是总价，合同总额是多少"),
        ("绿源滨江 五十多万 9折 一年", "金额「五十多万」要一个准数"),
        ("绿源滨江 85 9折 一年", "金额「85」是元还是万元"),
        ("绿源滨江 85万 0.92折 一年", "折扣「0.92折」是9.2折吗"),
        ("绿源滨江 85万 9折 长期", "期限「长期」要写明到哪天或几年"),
        ("绿源滨江 供货 陈列 85万 9折 一年", "类型：写了供货协议和陈列协议，是哪一种"),
        ("绿源滨江 原价100万 9.2折 合同价90万 一年", "金额：原价「100万」打折后不是合同价，以哪个为准"),
    ],
)
def test_what_cannot_be_taken_is_said(text: str, problem: str) -> None:
    assert read(text).problems == (problem,)


def test_a_name_nobody_knows_may_sound_like_a_customer() -> None:
    reading = read("给绿圆宾江超市走个合同 85万 9折 一年")
    assert reading.customer_no == "KH0117" or "KH0117" in reading.ambiguous_customers


def test_who_speaks_decides_which_shop_is_meant() -> None:
    assert read("旺淘便利店 3万 95折 一年", "YG009").customer_no == "KH0099"
    assert read("旺淘便利店 3万 95折 一年", "YG030").customer_no is None


# -- answers to single questions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("85万", 85_000_000),
        ("是85万", 85_000_000),
        ("八十五万", 85_000_000),
        ("８５ｗ", 85_000_000),
        ("¥850,000.00", 85_000_000),
        ("12345.67元", 1_234_567),
        ("捌拾伍万元整", 85_000_000),
        ("0.29元", 29),
        ("1.15元", 115),
        pytest.param("85", None, id="yuan or ten thousands"),
        pytest.param("五十多万", None, id="not exact"),
        pytest.param("50万左右", None, id="nearly is not exact"),
        pytest.param("80-90万", None, id="a range"),
        pytest.param("每月3万", None, id="not the whole"),
        pytest.param("3万或者5万", None, id="two sums"),
        pytest.param("-5万", None, id="negative"),
        pytest.param("0元", None, id="nothing"),
        pytest.param("1.005元", None, id="finer than a fen"),
        pytest.param("9" * 30 + "元", None, id="a slip of the finger"),
        ("不知道", None),
    ],
)
def test_an_amount(text: str, fen: int | None) -> None:
    assert read_contract_amount(text) == fen


@pytest.mark.parametrize(
    ("text", "share"),
    [
        *((said, "0.92") for said in ("9.2折", "九二折", "92折", "９．２折", "92%", "0.92", "92", "9.2", "九二",
            "打九二折吧",
                                     "优惠8%", "让利8个点", "降8%", "下浮8%", "九点二折", "折扣92", "百分之九十二")),
        *((said, "0.9") for said in ("九折", "9折", "打九折", "90折", "9", "90%", "优惠10%")),
        *((said, "0.85") for said in ("八五折", "8折5", "85%", "85折", "八折五")),
        *((said, "1") for said in ("不打折", "原价", "全价", "无折扣", "没有折扣", "10折", "十折", "1.00",
            "100", "没有", "无")),
        ("985折", "0.985"),
        ("半价", "0.5"),
    ],
)  # fmt: skip
def test_a_discount(text: str, share: str) -> None:
    assert read_discount(text) == Decimal(share)


@pytest.mark.parametrize(
    "text", ["12折", "0折", "-9折", "9折左右", "9到9.5折", "5%", "折扣8%", "几折", "9折或者95折", "", "不知道", "涨5%"]
)
def test_no_discount_to_take(text: str) -> None:
    assert read_discount(text) is None


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("一年", 12), ("1年", 12), ("１年", 12), ("两年吧", 24), ("半年", 6), ("一年半", 18), ("18个月", 18),
        ("十八个月", 18),
        ("一季度", 3), ("三个月", 3), ("1.5年", 18), ("一年零三个月", 15), ("12", 12), ("俩月", 2), ("整年", 12),
        ("到2026年12月31日", 11), ("到年底", 11), ("至明年2月底", 13), ("2026-03-01至2027-02-28", 12),
        ("到2月底", 1), ("2026年3月到2027年2月", 12), ("期限365天", 12),
    ],
)  # fmt: skip
def test_a_term(text: str, months: int) -> None:
    assert read_term(text, today=THURSDAY) == months


@pytest.mark.parametrize(
    "text",
    [
        "长期",
        "0年",
        "几年",
        "两三年",
        "一年或者两年",
        "质保一年",
        "账期90天",
        "2",
        "到2025年年底",
        "到2026年2月30日",
        "看情况",
        "50年",
    ],
)
def test_no_term_to_take(text: str) -> None:
    assert read_term(text, today=THURSDAY) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("年框", "年度框架"), ("框架协议", "年度框架"), ("续费", "年度订阅"), ("续订", "年度订阅"), ("采购",
        "采购合同"),
        ("补充", "补充协议"), ("供货", "供货协议"), ("陈列", "陈列协议"), ("年框补充协议", "补充协议"),
        ("采购框架", "年度框架"),
        ("随便", None), ("供货或者陈列", None), *((kind, kind) for kind in CONTRACT_KINDS),
    ],
)  # fmt: skip
def test_a_kind(text: str, kind: str | None) -> None:
    assert read_kind(text) == kind


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("账期90天", "账期90天"),
        ("非标：账期90天", "账期90天"),
        ("违约金按日万分之三，账期90天", "违约金按日万分之三，账期90天"),
        *((said, Nothing()) for said in ("无", "没有", "标准", "标准合同", "不是非标", "没有非标", "按标准条款走")),
        *((said, None) for said in ("", "是", "有", "非标")),
    ],
)
def test_what_is_not_standard(text: str, told: object) -> None:
    assert read_nonstandard(text) == told


def test_the_usual_kind_is_what_most_contracts_of_the_industry_are() -> None:
    industries = ("快消终端", "软件订阅", "建材", "工业", "教育", "医疗", "")
    assert [usual_kind(item) for item in industries] == ["供货协议", "年度订阅", *["采购合同"] * 5]


# -- what always holds -------------------------------------------------------------------------------------------------

PARTS = ["绿源滨江", "85万", "九二折", "一年", "供货协议", "[非标 账期90天]"]


@pytest.mark.parametrize("apart", [" ", "，", "、", "；", "\n", "　", "-", "/", "+"])
def test_the_order_of_the_parts_does_not_matter(apart: str) -> None:
    expected = read(" ".join(PARTS))
    assert expected.problems == ()
    assert missing(expected) == ()
    for order in itertools.permutations(PARTS):
        assert read(apart.join(order)) == expected, order


@pytest.mark.parametrize("full", ["绿源滨江 原价 3.5万 半年", "绿源滨江 3.5w 不打折 6个月"])
def test_full_price_in_any_order(full: str) -> None:
    for order in itertools.permutations(full.split()):
        reading = read(" ".join(order))
        assert (reading.amount_fen, reading.discount, reading.months) == (3_500_000, 1, 6), order


@given(st.integers(1_000, 99_999_999))
def test_every_sum_of_yuan_reads_back(yuan: int) -> None:
    for written in (str(yuan), f"{yuan:,}", f"¥{yuan:,}.00", f"{yuan}元", f"{in_words(yuan)}元", f"{yuan}块"):
        assert read_contract_amount(written) == yuan * 100, written


@given(st.integers(1, 10**13 - 1))
def test_every_sum_reads_back_to_the_fen(fen: int) -> None:
    yuan = Decimal(fen) / 100
    for written in (f"{yuan:.2f}元", f"¥{yuan:,.2f}", f"{yuan / 10_000:.6f}万", f"RMB{yuan:.2f}"):
        assert read_contract_amount(written) == fen, written


@settings(deadline=None)  # nine readings each, on machines that are shared
@given(st.integers(51, 99))
def test_every_discount_reads_back(percent: int) -> None:
    tens, ones = divmod(percent, 10)
    words = "零一二三四五六七八九"
    spoken = words[tens] + (words[ones] if ones else "")
    spellings = [
        f"{percent}折",
        f"{percent}%",
        f"0.{percent}",
        f"折扣{percent}",
        f"优惠{100 - percent}%",
        f"{spoken}折",
    ]
    spellings += [f"{tens}.{ones}折", f"{tens}折{ones}", f"让利{100 - percent}个点"] if ones else [f"{tens}折"]
    for written in spellings:
        assert read_discount(written) == Decimal(percent) / 100, written
        reading = read(f"绿源滨江 85万 {written} 一年")
        assert (reading.discount, reading.amount_fen, reading.months) == (Decimal(percent) / 100, 85_000_000, 12)


@given(st.integers(1, 120))
def test_every_term_reads_back(months: int) -> None:
    spellings = [f"{months}个月", f"{months} 个月", f"签{months}个月"]
    spellings += [f"{months // 12}年"] if months % 12 == 0 else []
    spellings += [f"{months // 12}年半"] if months % 12 == 6 and months > 12 else []
    for written in spellings:
        assert read_term(written, today=THURSDAY) == months


_WORDS = st.lists(
    st.sampled_from(
        [
            *PARTS,
            *"折万元年月到至一九.,，、-%() \n",
            "合同",
            "给",
            "非标",
            "备注",
            "原价",
            "优惠",
            "5个点",
            "每月",
            "2026-03-01",
            "2月底",
        ]
    ),
    max_size=30,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(_WORDS, st.text(max_size=120)))
def test_any_text_is_taken_apart_without_a_gap(text: str) -> None:
    reading = read(text)
    spans = sort_words(text, sender=rep(), today=THURSDAY, directory=sample_directory())
    assert "".join(clean(text)[span.start : span.end] for span in spans) == clean(text)
    assert all(one.end == other.start for one, other in itertools.pairwise(spans))
    for span in spans:
        said = clean(text)[span.start : span.end]
        if span.field is ContractField.NOTE:
            assert said.strip() in reading.note
    assert reading.discount is None or 0 < reading.discount <= 1
    assert reading.amount_fen is None or reading.amount_fen > 0
    assert reading.months is None or reading.months > 0


@settings(max_examples=300, deadline=None)
@given(_WORDS)
def test_no_word_is_lost(text: str) -> None:
    """What no part, note or problem has is a word that says nothing."""
    for span in sort_words(text, sender=rep(), today=THURSDAY, directory=sample_directory()):
        if span.field is None:
            said = fold(clean(text))[span.start : span.end]
            assert all(
                carries_only(word) or re.search("不对|是|错", word) for word in re.split(f"{SEPARATOR}+", said) if word
            )


#: words that are no part of any contract and in no list of ours
_ODD = st.text(alphabet="鼋鼍饕餮魑魅魍魉囍鱻麤龘靐", min_size=2, max_size=6)


@settings(deadline=None)
@given(_ODD, st.integers(0, 5))
def test_words_that_are_no_part_end_in_the_note(odd: str, place: int) -> None:
    words = [*PARTS[:5]]
    words.insert(place, odd)
    reading = read(" ".join(words))
    assert reading.note == odd
    assert details(reading) | {"note": ""} == details(read(" ".join(PARTS[:5])))
