"""A lead in one line: any order, any width, with labels or without; and what is no lead."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands import command_word
from bot.domain.leads.lead_line import (
    LeadField,
    LeadLine,
    Vocabulary,
    is_entry,
    merged,
    read_answer,
    read_lead_line,
    to_record,
)

WORDS = Vocabulary(("杭州大区", "宁波大区", "南京大区"), ("快消终端", "建材", "软件订阅"))
NOW = datetime(2026, 2, 12, 1, 0, tzinfo=UTC)


def parts(said: str) -> dict[str, str]:
    line = read_lead_line(said, WORDS)
    return {name: getattr(line, name) for name in LeadLine.__slots__ if getattr(line, name)}


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        pytest.param(
            "新线索 杭州朴枢物流 陈俊杰 19900005501 软件订阅 高 3万 想换掉表格",
            {
                "company": "杭州朴枢物流",
                "contact": "陈俊杰",
                "mobile": "19900005501",
                "industry": "软件订阅",
                "intent": "高",
                "amount": "3万",
                "note": "想换掉表格",
            },
            id="in the usual order",
        ),
        pytest.param(
            "新线索 １９９ ００００ ５５０１，高，陈总，杭州朴枢物流有限公司，想换掉表格",
            {
                "company": "杭州朴枢物流有限公司",
                "contact": "陈总",
                "mobile": "１９９ ００００ ５５０１",
                "intent": "高",
                "note": "想换掉表格",
            },
            id="another order, full width",
        ),
        pytest.param(
            "新线索\n公司：杭州朴枢物流\n联系人：陈俊杰\n电话：199-0000-5501\n需求：想换掉表格，\n最好年前",
            {
                "company": "杭州朴枢物流",
                "contact": "陈俊杰",
                "mobile": "199-0000-5501",
                "note": "想换掉表格，\n最好年前",
            },
            id="labelled lines",
        ),
        pytest.param(
            "公司：杭州朴枢物流 陈俊杰 19900005501 意向 高 区域：宁波",
            {
                "company": "杭州朴枢物流",
                "contact": "陈俊杰",
                "mobile": "19900005501",
                "intent": "高",
                "region": "宁波大区",
            },
            id="labels for some of it",
        ),
        pytest.param(
            "新线索杭州朴枢物流陈俊杰19900005501",
            {"company": "杭州朴枢物流", "contact": "陈俊杰", "mobile": "19900005501"},
            id="without any blank",
        ),
        pytest.param(
            "新线索 朴枢 陈俊杰 微信 chenjj_88 1-2万 展会",
            {"company": "朴枢", "contact": "陈俊杰", "wechat": "chenjj_88", "amount": "1-2万", "source": "展会"},
            id="a bare name, WeChat instead of a number",
        ),
        pytest.param(
            "新线索 高宁 19900005501 高 南京好邻便利店(师大店) 50,000元 要货架",
            {
                "company": "南京好邻便利店(师大店)",
                "contact": "高宁",
                "mobile": "19900005501",
                "intent": "高",
                "amount": "50,000元",
                "note": "要货架",
            },
            id="a surname that is an intent too",
        ),
        pytest.param(
            "新线索 陈俊杰 19900005501 想买软件",
            {"contact": "陈俊杰", "mobile": "19900005501", "note": "想买软件"},
            id="a need is no company",
        ),
        pytest.param(
            "新线索 旺淘超市 老板 19900001188 低 2万",
            {"company": "旺淘超市", "contact": "老板", "mobile": "19900001188", "intent": "低", "amount": "2万"},
            id="somebody known by the post only",
        ),
        pytest.param(
            "新线索 公司：杭州朴枢物流 联系人：陈俊杰 手机：199 0000 5501 中 想换掉表格",
            {
                "company": "杭州朴枢物流",
                "contact": "陈俊杰",
                "mobile": "199 0000 5501",
                "intent": "中",
                "note": "想换掉表格",
            },
            id="more behind a labelled number",
        ),
        pytest.param(
            "报一条线索：杭州朴枢物流，联系人陈俊杰，电话19900005501，想换掉表格",
            {"company": "杭州朴枢物流", "contact": "陈俊杰", "mobile": "19900005501", "note": "想换掉表格"},
            id="a label that the name follows at once",
        ),
    ],
)
def test_lines(said: str, understood: dict[str, str]) -> None:
    assert parts(said) == understood


_WHAT = {
    "company": "杭州朴枢物流有限公司",
    "contact": "陈俊杰",
    "mobile": "19900005501",
    "industry": "软件订阅",
    "intent": "高",
    "amount": "3万",
    "region": "宁波大区",
    "note": "想换掉表格",
}


@given(st.permutations(sorted(_WHAT)), st.sampled_from([" ", "，", "\n", "、", "\u3000", "； "]), st.booleans())
def test_order_separator_and_width_make_no_difference(order: list[str], separator: str, wide: bool) -> None:
    said = separator.join(_WHAT[name] for name in order)
    if wide:
        said = said.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    line = read_lead_line(f"新线索 {said}", WORDS)
    record = to_record(line, lead_no="XS1", received_at=NOW, own_region="", words=WORDS)
    assert (record.company, record.contact, record.mobile_key) == ("杭州朴枢物流有限公司", "陈俊杰", "19900005501")
    assert (record.region, record.industry, record.amount_fen) == ("宁波大区", "软件订阅", 3_000_000)
    assert (record.intent, record.note) == ("高", "想换掉表格")


@given(st.text(max_size=80))
def test_anything_can_be_read(said: str) -> None:
    line = read_lead_line(said, WORDS)
    to_record(line, lead_no="XS1", received_at=NOW, own_region="", words=WORDS)
    assert set(line.missing) <= set(LeadField)


def test_what_is_missing_is_asked_and_closes_the_gap() -> None:
    line = read_lead_line("新线索 想换掉表格", WORDS)
    assert line.missing == (LeadField.WHO, LeadField.HOW)
    line = merged(line, read_answer(LeadField.WHO, "朴枢物流", WORDS))
    assert (line.company, line.missing) == ("朴枢物流", (LeadField.HOW,))
    assert read_answer(LeadField.HOW, "不知道", WORDS).missing
    line = merged(line, read_answer(LeadField.HOW, "chenjj_88", WORDS))
    assert (line.wechat, line.note, line.missing) == ("chenjj_88", "想换掉表格", ())


def test_the_region_is_what_was_said_else_the_companys_place_else_ones_own() -> None:
    def region(said: str) -> str:
        line = read_lead_line(said, WORDS)
        return to_record(line, lead_no="X", received_at=NOW, own_region="杭州大区", words=WORDS).region

    assert region("南京朴枢物流 宁波 19900005501") == "宁波大区"
    assert region("南京朴枢物流 19900005501") == "南京大区"
    assert region("朴枢物流 19900005501") == "杭州大区"


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("新线索\n公司：朴枢物流\n电话：19900005501", "新线索"),
        ("登记一条线索，朴枢物流 陈总 199 0000 5501", "新线索"),
        ("线索 公司：朴枢物流 电话：19900005501", "新线索"),
        ("公司：朴枢物流 联系人：陈总 电话：19900005501 需求：换系统", "新线索"),
        ("联系人：陈俊杰\n手机号：199 0000 5501", "新线索"),
        ("客户：绿源滨江 电话：多少？", ""),
        ("客户：绿源滨江，王姐要20件水", ""),
        ("新线索", "新线索"),
        ("线索", "线索"),
        ("新线索怎么录？", ""),
        ("新线索那家我跑了，老板说再考虑", ""),
        ("今天上门朴枢物流，陈总说想换系统，电话19900005501", ""),
    ],
)
def test_which_messages_are_leads(said: str, word: str) -> None:
    assert command_word(said) == word


def test_what_follows_the_word_for_the_list() -> None:
    assert is_entry("朴枢物流 陈总 19900005501")
    assert is_entry("公司：朴枢物流")
    assert not is_entry("XS260212001")
    assert not is_entry("待分配")
