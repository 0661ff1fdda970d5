"""Sums as people write them, and which of several is the deal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.amounts import deal_amount, read_amount
from bot.domain.dates import find_dates
from bot.domain.numerals import read_numeral
from bot.domain.text import fold
from tests.domain.test_dates import TODAY


def deal(text: str) -> int | None:
    folded = fold(text)
    return deal_amount(folded, skip=[(item.start, item.end) for item in find_dates(folded, today=TODAY)])


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("85万", 850_000),
        ("８５Ｗ", 850_000),
        ("8.5w", 85_000),
        ("八十五万", 850_000),
        ("850,000", 850_000),
        ("¥12,000", 12_000),
        ("两万五", 25_000),
        ("一千八", 1_800),
        ("八百六", 860),
        ("1万5", 15_000),
        ("7千5", 7_500),
        ("28万8", 288_000),
        ("1w8", 18_000),
        ("1万5000", 15_000),
        ("三万零五百", 30_500),
        ("十五万", 150_000),
        ("860块", 860),
        ("1.5k", 1_500),
        ("三点二万", 32_000),
        ("十来万", 100_000),
        ("二十多万", 200_000),
        ("万把块", 10_000),
        ("壹万伍仟元整", 15_000),
        ("15个w", 150_000),
        ("85万左右", 850_000),
        ("120元", 120),
        ("12000.00元", 12_000),
        ("1百万", 1_000_000),
        ("一亿二", 120_000_000),
    ],
)
def test_a_sum(text: str, yuan: int) -> None:
    assert read_amount(text) == yuan


@pytest.mark.parametrize("text", ["8到10万", "八九万", "80-90万", "三五千", "", "随便", "几万块"])
def test_a_range_names_no_sum(text: str) -> None:
    assert read_amount(text) is None


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        pytest.param("定了860块的酸奶礼盒", 860, id="plain"),
        pytest.param("单子从1.25W加到一千八了", 1_800, id="from A to B"),
        pytest.param("量从320000提到85W", 850_000, id="bare figures too"),
        pytest.param("原来4.8万现在最多四十八万块", 480_000, id="formerly and now"),
        pytest.param("报价36万，不对，是63万", 630_000, id="corrected"),
        pytest.param("每季560000 全年980000", 980_000, id="the year, not the quarter"),
        pytest.param("每个1680 一共3360", 3_360, id="the total, not the unit price"),
        pytest.param("二期一百五十万，一期尾款15w还压着", 1_500_000, id="not the balance due"),
        pytest.param("去年做了320万今年签个100万的框架", 1_000_000, id="not last year's"),
        pytest.param("要一万五的货，先付八千定金", 15_000, id="not the deposit"),
        pytest.param("伺服电机750W要二十台，一共22400", 22_400, id="750 W is power"),
        pytest.param("要两万一的货先发一半", 21_000, id="the last digit is the sum's"),
        pytest.param("两万一共三家", 20_000, id="the last digit is the next word's"),
        pytest.param("进货九千六定下了", 9_600, id="定 borrows nothing"),
        pytest.param("定了临时加48000三个月", 48_000, id="figures and words touch"),
        pytest.param("拍板了！3w2！", 32_000, id="between exclamation marks"),
        pytest.param("我盯着签，860基本定了", 860, id="a bare small figure"),
        pytest.param("加账号20个，一共168000", 168_000, id="twenty what? accounts"),
        pytest.param("二十三箱要退", None, id="boxes"),
        pytest.param("催了21万的回款", None, id="a receipt"),
        pytest.param("跟葛凯对了下账，未付7.3万", None, id="not yet paid"),
        pytest.param("20万月底到账", None, id="money that is to come"),
        pytest.param("上笔9.8万已安排付款，新单22.4万", 224_000, id="the last one is another's"),
        pytest.param("按老价格215一卷签500卷，107500", 107_500, id="a price apiece"),
        pytest.param("138一只的非要130，三百只，三万九", 39_000, id="so many times the price"),
        pytest.param("看板模块9800先不买，接口包15000要的", 15_000, id="not bought"),
        pytest.param("进货不过三千，这次2900", 2_900, id="a limit is no sum"),
        pytest.param("说一百五十万那笔流程在走，还没打", None, id="a payment under way"),
        pytest.param("还欠4万3", None, id="a debt"),
        pytest.param("跟她对了下账，差三百二", None, id="a difference"),
        pytest.param("12.8万的发票下周一要", None, id="an invoice"),
        pytest.param("保证金5万已退", None, id="a security"),
        pytest.param("陈列费要每月600", None, id="a fee"),
        pytest.param("进价比对手高两块", None, id="a price difference"),
        pytest.param("电话199-0000-1234", None, id="a phone number"),
        pytest.param("账期60天，电话聊了28分钟", None, id="days and minutes"),
        pytest.param("不用记金额，大概5万", None, id="asked not to"),
        pytest.param("订单SO2601310224还没发", None, id="an order's number"),
    ],
)
def test_the_deal(text: str, yuan: int | None) -> None:
    assert deal(text) == yuan


_DIGITS = "零一二三四五六七八九"


def in_words(number: int) -> str:
    """A whole number below a hundred million in Chinese."""
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        return in_words(high) + "万" + (("零" if low < 1_000 else "") + in_words(low) if low else "")
    words, gap = "", False
    for power, unit in ((1_000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // power % 10
        if digit:
            words += ("零" if gap and words else "") + _DIGITS[digit] + unit
            gap = False
        else:
            gap = True
    return words


@given(st.integers(100, 99_999_999))
def test_every_number_reads_back_from_words_and_figures(number: int) -> None:
    for written in (in_words(number), str(number), f"{number:,}", f"¥{number}", f"{number}元"):
        assert read_amount(written) == number


@given(st.integers(1, 99_999), st.sampled_from(["万", "w", "W", "千", "k", "百万"]))
def test_figures_with_a_unit(tenths: int, unit: str) -> None:
    scale = {"万": 10_000, "w": 10_000, "W": 10_000, "千": 1_000, "k": 1_000, "百万": 1_000_000}[unit]
    written = f"{tenths // 10}.{tenths % 10}{unit}"
    assert read_numeral(fold(written)) == tenths * scale // 10


@given(st.integers(1, 99), st.integers(1, 9))
def test_the_digit_behind_the_unit_counts_tenths(high: int, low: int) -> None:
    number = high * 10_000 + low * 1_000
    for written in (f"{high}万{low}", f"{high}w{low}", in_words(high) + "万" + _DIGITS[low]):
        assert read_amount(written) == number


@given(
    st.integers(100, 9_999_999), st.sampled_from(["定了{}的货", "预算大概{}左右", "一共{}，下周三签", "说{}能做就做"])
)
def test_a_deal_inside_a_sentence(number: int, sentence: str) -> None:
    assert deal(sentence.format(f"{number}元")) == number
