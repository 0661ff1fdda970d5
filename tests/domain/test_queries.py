"""A question is read as what it asks: whose fact, which fact, which days, which product."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SHANGHAI
from bot.domain.aspects import Aspect
from bot.domain.directory import Directory, Mention
from bot.domain.people import Contact, Customer, Product
from bot.domain.queries import QueryReading, read_query
from tests.domain.questions import QUESTIONS, REPORTS

WEDNESDAY = datetime(2026, 2, 11, 9, 0, tzinfo=SHANGHAI)
PRODUCTS = (
    Product(product_no="YL1002", name="青屿饮用天然水", spec="1.5L*12瓶", unit="箱"),
    Product(product_no="YL1003", name="青屿饮用天然水", spec="4L*6桶", unit="箱"),
    Product(product_no="YL1004", name="橙小满橙汁饮料", spec="450ml*15瓶", unit="箱"),
    Product(product_no="YL1005", name="橙小满橙汁饮料", spec="1.25L*6瓶", unit="箱"),
    Product(product_no="YL1006", name="茶语山房无糖乌龙茶", spec="500ml*15瓶", unit="箱"),
    Product(product_no="YL1007", name="茶语山房茉莉花茶", spec="500ml*15瓶", unit="箱"),
    Product(product_no="YL1008", name="茶语山房冰红茶", spec="1L*8瓶", unit="箱"),
    Product(product_no="YL1010", name="跃动能量饮料", spec="250ml*24罐", unit="箱"),
    Product(product_no="YL1011", name="泡泡屿白桃气泡水", spec="480ml*15瓶", unit="箱"),
    Product(product_no="YL1012", name="泡泡屿青柠气泡水", spec="330ml*24罐", unit="箱"),
    Product(product_no="YL1013", name="椰风里生榨椰汁", spec="245ml*24罐", unit="箱"),
    Product(product_no="YL1014", name="椰风里生榨椰汁", spec="1.25L*6瓶", unit="箱"),
    Product(product_no="YL1015", name="豆蔻核桃乳", spec="240ml*20罐", unit="箱"),
    Product(product_no="YL1016", name="豆蔻花生牛奶", spec="250ml*24盒", unit="箱"),
    Product(product_no="YL1017", name="牧云纯牛奶", spec="250ml*24盒", unit="箱"),
    Product(product_no="YL1018", name="牧云早餐奶", spec="250ml*24盒", unit="箱"),
    Product(product_no="YL1019", name="牧云酸奶礼盒", spec="200g*12盒", unit="提"),
    Product(product_no="YL1021", name="咖小灰拿铁咖啡", spec="268ml*15瓶", unit="箱"),
    Product(product_no="YL1022", name="酸梅汤", spec="1L*12瓶", unit="箱"),
    Product(product_no="RJ1049", name="简舟数据看板模块", spec="年", unit="套"),
)
NAME = "绿源滨江"
DIRECTORY = Directory(
    (Customer(customer_no="KH0117", name="绿源超市(滨江店)", short_name=NAME, region="杭州大区", owner_no="YG010"),),
    (
        Contact(customer_no="KH0117", name="王红", title="老板"),
        Contact(customer_no="KH0117", name="孙丽", title="店长"),
    ),
    (),
    PRODUCTS,
)


def read(text: str) -> QueryReading | None:
    """Read with the name where it stands."""
    start = text.find(NAME)
    mentions = [mention("KH0117", start, len(NAME))] if start >= 0 else []
    return read_query(text, mentions=mentions, sent_at=WEDNESDAY, directory=DIRECTORY)


def mention(customer_no: str | None, start: int, length: int, *candidates: str, how: str = "short") -> Mention:
    return Mention(
        start=start,
        end=start + length,
        surface="",
        customer_no=customer_no,
        candidates=candidates or ((customer_no,) if customer_no else ()),
        how=how,
    )


@pytest.mark.parametrize(
    ("aspect", "question"), [(aspect, words) for aspect, questions in QUESTIONS.items() for words in questions]
)
def test_a_question_is_read_as_what_it_asks(aspect: Aspect, question: str) -> None:
    reading = read(question.replace("◇", NAME))
    assert reading is not None, "not taken for a question"
    assert (reading.customer_no, reading.aspect) == ("KH0117", aspect)


@pytest.mark.parametrize("report", REPORTS)
def test_what_is_told_is_no_question(report: str) -> None:
    assert read(report.replace("◇", NAME)) is None


@pytest.mark.parametrize(
    "text", ["收到", "谢谢🙏", "1", "明天早会几点", "我下周三请假", "合同模板发我一份", "陈经理批了没", ""]
)
def test_small_talk_is_no_question(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("question", "products"),
    [
        pytest.param("◇还有多少YL1012", ("YL1012",), id="by number"),
        pytest.param("◇ 库存 青柠气泡", ("YL1012",), id="by a part of the name"),
        pytest.param("◇青宁气泡还剩几箱", ("YL1012",), id="misheard"),
        pytest.param("◇气泡水还有多少", ("YL1011", "YL1012"), id="several fit"),
        pytest.param("◇大瓶椰汁剩多少", ("YL1014",), id="the big one"),
        pytest.param("◇小瓶橙汁剩多少", ("YL1004",), id="the small one"),
        pytest.param("◇4升的天然水还有几箱", ("YL1003",), id="by size"),
        pytest.param("◇1.5L天然水还有几箱", ("YL1002",), id="by size in litres"),
        pytest.param("◇牛奶还有多少", ("YL1016", "YL1017"), id="two kinds of milk"),
        pytest.param("◇可乐还剩多少", (), id="not one of ours"),
    ],
)
def test_products_are_found_by_the_words_for_them(question: str, products: tuple[str, ...]) -> None:
    reading = read(question.replace("◇", NAME))
    assert reading is not None
    assert (reading.aspect, reading.products) == (Aspect.STOCK, products)


@pytest.mark.parametrize(
    ("question", "metric", "days"),
    [
        pytest.param("◇上个月签收多少", "jan_signed", "2026-01-01 2026-01-31", id="last month is January"),
        pytest.param("◇1月促销核销多少", "jan_promo", "2026-01-01 2026-01-31", id="named month"),
        pytest.param("◇12月签收多少", "signed", "2025-12-01 2025-12-31", id="the latest December"),
        pytest.param("◇这个月签收多少", "signed", "2026-02-01 2026-02-28", id="this month"),
        pytest.param("◇签收了多少货", "jan_signed", "2026-01-01 2026-01-31", id="no month said: the last full one"),
        pytest.param("◇去年11月促销核销多少", "promo", "2025-11-01 2025-11-30", id="last year's"),
        pytest.param("◇上周签收多少", "signed", "2026-02-02 2026-02-08", id="last week"),
        pytest.param("◇去年四季度拿了多少货", "signed", "2025-10-01 2025-12-31", id="a quarter"),
        pytest.param("看下◇的情况", "jan_signed", "2026-01-01 2026-01-31", id="an overview shows the last month"),
    ],
)
def test_days_count_from_when_it_was_asked(question: str, metric: str, days: str) -> None:
    reading = read(question.replace("◇", NAME))
    assert reading is not None
    assert reading.period is not None
    assert (reading.metric, f"{reading.period.start} {reading.period.end}") == (metric, days)


@pytest.mark.parametrize(
    ("question", "title", "name"),
    [
        ("◇老板电话", "老板", ""),
        ("◇老板娘电话多少", "老板", ""),
        ("◇店长电话是多少", "店长", ""),
        ("◇联系人电话", "", ""),
        ("◇怎么联系", "", ""),
        ("◇孙丽的手机号", "", "孙丽"),
    ],
)
def test_whose_phone(question: str, title: str, name: str) -> None:
    reading = read(question.replace("◇", NAME))
    assert reading is not None
    assert (reading.contact_title, reading.contact_name) == (title, name)


def test_several_fitting_customers_are_candidates() -> None:
    reading = read_query(
        "鑫旺中山路还欠多少",
        mentions=[mention(None, 0, 5, "KH0172", "KH0002", "KH0214")],
        sent_at=WEDNESDAY,
        directory=DIRECTORY,
    )
    assert reading is not None
    assert (reading.customer_no, reading.ambiguous_customers) == (None, ("KH0002", "KH0172", "KH0214"))


def test_a_name_outweighs_a_contact_of_somebody_else() -> None:
    reading = read_query(
        "绿源滨江上次许洁去是几号",
        mentions=[mention("KH0117", 0, 4), mention("KH0009", 6, 2, how="contact")],
        sent_at=WEDNESDAY,
        directory=DIRECTORY,
    )
    assert reading is not None
    assert (reading.customer_no, reading.more) == ("KH0117", ())


def test_two_customers_in_one_question() -> None:
    reading = read_query(
        "绿源滨江和利康老街各欠多少",
        mentions=[mention("KH0117", 0, 4), mention("KH0250", 5, 4)],
        sent_at=WEDNESDAY,
        directory=DIRECTORY,
    )
    assert reading is not None
    assert [reading.customer_no, *(item.customer_no for item in reading.more)] == ["KH0117", "KH0250"]


def test_a_question_without_a_customer_keeps_what_it_asks() -> None:
    reading = read("还欠多少")
    assert reading is not None
    assert (reading.customer_no, reading.ambiguous_customers, reading.aspect) == (None, (), Aspect.UNPAID)


@given(st.text(max_size=60))
def test_any_text_is_read_or_left(text: str) -> None:
    read_query(text, mentions=[], sent_at=WEDNESDAY, directory=DIRECTORY)
