"""Numbers of approvals, however they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.numbers import read_approval_no, short_number, split_number, split_serial


@pytest.mark.parametrize(
    "text",
    [
        "SP260212001",
        "ＳＰ２６０２１２００１",
        "sp 260212001",
        "SP-260212-001",
        "sp 260 212 001",
        "s p 260212001",
        "SP26-02-12-001",
        "同意SP260212001可以",
        "拒绝 sp260212001，折扣太低",
        pytest.param("SP260212001 3天内补齐", id="figures behind it are not its own"),
        pytest.param("SP260212001和SP260212002", id="the first of two"),
        pytest.param("sp 260212 001 和 SP260212002", id="the first, though the second is spelt better"),
        "\u200bSP260212001",
    ],
)
def test_one_number_in_many_spellings(text: str) -> None:
    assert read_approval_no(text) == "SP260212001"


@pytest.mark.parametrize("text", ["", "同意", "SP12", "260212001", "XS260200668", "wsp260212001", "SP一二三"])
def test_no_number(text: str) -> None:
    assert read_approval_no(text) is None


def test_other_prefixes() -> None:
    assert read_approval_no("接受 xs260200668", ("SP", "XS")) == "XS260200668"
    assert read_approval_no("SP260212001234") == "SP260212001234"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("001", "001"),
        ("260212001", "260212001"),
        ("260212001 可以", "260212001"),
        ("同意 ２６０２１２００１ 可以", "260212001"),
        ("同意001", "001"),
        ("编号：001", "001"),
        pytest.param("12", None, id="too short"),
        pytest.param("100万可以", None, id="a sum"),
        pytest.param("300元以内", None, id="a small sum"),
        pytest.param("2026年再说", None, id="a year"),
        pytest.param("2026-02-12 前", None, id="a day"),
        pytest.param("可以 001", None, id="not at the beginning"),
        ("", None),
    ],
)
def test_bare_digits(text: str, number: str | None) -> None:
    assert short_number(text) == number


@given(
    st.dates().map(lambda day: f"{day:%y%m%d}"),
    st.integers(1, 9_999).map("{:03}".format),
    st.sampled_from(["", " ", "-"]),
    st.sampled_from(["", " ", "-", "　"]),
    st.sampled_from(["", "同意", "麻烦看下 "]),
)
def test_every_number_reads_back(day: str, serial: str, gap: str, apart: str, before: str) -> None:
    assert read_approval_no(f"{before}sp{gap}{day}{apart}{serial} 可以") == f"SP{day}{serial}"


@given(st.text())
def test_any_text_has_a_number_or_none(text: str) -> None:
    assert (read_approval_no(text) or "SP").startswith("SP")
    assert (short_number(text) or "000").isdigit()


@pytest.mark.parametrize(
    ("text", "number", "rest"),
    [
        ("SP260212001 价格可以", "SP260212001", "价格可以"),
        ("ｓｐ２６０２１２００１：可以", "SP260212001", "可以"),
        pytest.param("孙若曦 SP260212001", "SP260212001", "孙若曦", id="the number behind the words"),
        ("价格可以", "", "价格可以"),
    ],
)
def test_a_number_and_what_is_said_beside_it(text: str, number: str, rest: str) -> None:
    assert split_number(text) == (number, rest)


@pytest.mark.parametrize(
    ("text", "serial", "rest"),
    [("001 可以", "001", "可以"), ("30天可以", "", "30天可以"), ("300万太高", "", "300万太高")],
)
def test_the_last_digits_alone(text: str, serial: str, rest: str) -> None:
    assert split_serial(text) == (serial, rest)
