"""What people type into cells, and what becomes of it."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import cells
from bot.domain.cells import BadCell
from bot.domain.compound_cells import deal_band, rebate_tiers

FEN = st.integers(min_value=-(10**13), max_value=10**13)


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("5079.68", 507968),
        ("2,848.00", 284800),
        ("4500", 450000),
        ("-5,874.46", -587446),
        ("1,850.00元", 185000),
        ("￥1，２００．５０", 120050),
        ("¥ 12 345.6", 1234560),
        ("RMB 300", 30000),
        ("（500.00）", -50000),
        ("(1,200.00)", -120000),
        ("500-", -50000),
        ("−12.5", -1250),
        ("85万", 85000000),
        ("2.65万元", 2650000),
        ("3k", 300000),
        ("1.2亿", 12000000000),
        ("5千万", 5000000000),
        ("12.5万元(含税)", 12500000),
        ("捌拾伍万元整", 85000000),
        ("人民币壹万贰仟元整", 1200000),
        ("壹仟贰佰叁拾元伍角", 123050),
        ("玖角捌分", 98),
        ("八十五万", 85000000),
        ("一百零五元", 10500),
        (1850.0, 185000),
        (0.1 + 0.2, 30),
        (0, 0),
        ("", None),
        (" — ", None),
        ("无", None),
        ("#N/A", None),
        (None, None),
    ],
)
def test_amounts_in_every_spelling(typed: cells.Cell, fen: int | None) -> None:
    assert cells.fen(typed) == fen


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("1.2345e3", id="scientific"),
        pytest.param("1.850,00", id="European"),
        pytest.param("1,85", id="decimal comma"),
        pytest.param("12,34,567", id="groups of two"),
        pytest.param("12.345", id="less than a fen"),
        pytest.param("1.2.3", id="two points"),
        pytest.param("两万五", id="colloquial: 25,000 or 20,005"),
        pytest.param("1万2", id="colloquial in digits"),
        pytest.param("面议", id="words"),
        pytest.param("亿", id="a unit of nothing"),
        pytest.param("--5", id="two signs"),
        pytest.param("99999999999999", id="a serial number in the wrong column"),
        pytest.param(float("nan"), id="not a number"),
        pytest.param(True, id="a truth value"),
        pytest.param(date(2026, 2, 12), id="a date"),
    ],
)
def test_amounts_that_are_refused(typed: cells.Cell) -> None:
    with pytest.raises(BadCell):
        cells.fen(typed)


@given(FEN)
def test_an_amount_survives_being_written_in_any_usual_way(fen: int) -> None:
    yuan = Decimal(fen).scaleb(-2)
    size = abs(yuan)
    spellings = [f"{yuan}", f"{yuan:,}", f"¥{yuan:,}", f"{yuan}元", f" {yuan:,} 元 ", float(yuan)]
    spellings += [f"({size:,})", f"（{size}）", f"{size}-", f"-¥{size}"] if fen < 0 else [f"+{yuan}", f"{yuan}(含税)"]
    for typed in spellings:
        assert cells.fen(typed) == fen, typed


@given(st.text(alphabet="0123456789.,-+()eE%元万kx ", max_size=12))
def test_an_amount_is_read_exactly_or_refused(typed: str) -> None:
    with contextlib.suppress(BadCell):
        if cells.fen(typed) is not None:
            assert not set("eE%x") & set(typed)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.datetimes(), st.dates(), st.none()))
def test_no_cell_breaks_the_reader(value: cells.Cell) -> None:
    for read in (cells.fen, cells.number, cells.ratio, cells.day, cells.moment, cells.code):
        with contextlib.suppress(BadCell):
            read(value)
    cells.rough_fen(value)
    assert cells.text(value) == cells.text(value).strip()
    assert set(cells.mobile_key(value)) <= set("0123456789")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("2025-11-01 10:29:22", "2025-11-01 10:29:22"),
        ("2025/11/1 09:42:17", "2025-11-01 09:42:17"),
        ("20251102081847", "2025-11-02 08:18:47"),
        ("2026-02-12", "2026-02-12 00:00:00"),
        ("2026.2.12", "2026-02-12 00:00:00"),
        ("20260212", "2026-02-12 00:00:00"),
        ("2026年2月12日", "2026-02-12 00:00:00"),
        ("2026年2月12日 9时30分", "2026-02-12 09:30:00"),
        ("2026/2/12 下午3:05", "2026-02-12 15:05:00"),
        ("2026/2/12 12:05 AM", "2026-02-12 00:05:00"),
        ("２０２６－０２－１２", "2026-02-12 00:00:00"),
        ("2026-02-12T01:30:00Z", "2026-02-12 09:30:00"),
        ("46065", "2026-02-12 00:00:00"),
        (46065.5, "2026-02-12 12:00:00"),
        (20260212.0, "2026-02-12 00:00:00"),
        (date(2026, 2, 12), "2026-02-12 00:00:00"),
        (datetime(2026, 2, 12, 9, 30), "2026-02-12 09:30:00"),
    ],
)
def test_moments_are_shanghai_clocks(typed: cells.Cell, shown: str) -> None:
    found = cells.moment(typed)
    assert found is not None
    assert f"{found:%Y-%m-%d %H:%M:%S}" == shown
    assert f"{found:%z}" == "+0800"


def test_a_moment_is_the_same_instant_in_utc() -> None:
    assert cells.moment("2026-02-12 08:30:00") == datetime(2026, 2, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("2026-02-30", "不存在"),
        ("2026-13-01", "不存在"),
        ("2026-02-12 25:00", "不存在"),
        ("2月12日", "没有年份"),
        ("0206-02-12", "年份不对"),
        ("9999-12-31", "年份不对"),
        ("12/2/2026", "看不懂"),
        ("昨天", "看不懂"),
        ("123", "看不懂"),
        (3.0, "看不懂"),
    ],
)
def test_dates_that_are_refused(typed: cells.Cell, word: str) -> None:
    with pytest.raises(BadCell, match=word):
        cells.day(typed)


def test_a_zero_date_is_none() -> None:
    assert cells.day("0000-00-00 00:00:00") is None


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("0.13", "0.13"),
        ("13%", "0.13"),
        ("１３％", "0.13"),
        ("八五折", "0.85"),
        ("85折", "0.85"),
        ("8.5折", "0.85"),
        (0.9, "0.9"),
    ],
)
def test_shares(typed: cells.Cell, value: str) -> None:
    assert cells.ratio(typed) == Decimal(value)


@pytest.mark.parametrize("typed", ["85", "1.2", "-0.1", "1e-1", "一半"])
def test_shares_that_are_refused(typed: str) -> None:
    with pytest.raises(BadCell):
        cells.ratio(typed)


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("约24万", 24000000),
        pytest.param("18-36万", 18000000, id="of a range the lower end, in its unit"),
        ("131,000", 13100000),
        ("十来万", 10000000),
        pytest.param("几十万", None, id="twenty or ninety: no telling"),
        ("十几万", 10000000),
        ("看情况", None),
        ("", None),
    ],
)
def test_guessed_amounts(typed: str, fen: int | None) -> None:
    assert cells.rough_fen(typed) == fen


def test_codes_are_never_numbers() -> None:
    assert cells.code(20260212.0) == "20260212"
    assert cells.code(" ＫＨ0001\u3000") == "KH0001"
    assert cells.code("00123") == "00123"
    with pytest.raises(BadCell, match="15 位"):
        cells.code(6.222021234567891e18)


@pytest.mark.parametrize(
    "typed",
    [
        "199-0000-1234",
        "199 0000 1234",
        "+86 199-0000-1234",
        "0086 19900001234",
        "１９９００００１２３４",
        19900001234.0,
    ],
)
def test_one_mobile_in_many_spellings(typed: cells.Cell) -> None:
    assert cells.mobile_key(typed) == "19900001234"


def test_places_typed_the_wrong_way_round_are_turned() -> None:
    assert cells.degrees("30.318", "120.239") == cells.degrees("120.239", "30.318") == (30.318, 120.239)
    assert cells.degrees("", "120.2") is None
    with pytest.raises(BadCell):
        cells.degrees("200", "300")


def test_lists_keep_their_order() -> None:
    assert cells.texts("便利店； 月结;B类;;月结") == ("便利店", "月结", "B类")


def test_rebate_tiers() -> None:
    assert rebate_tiers("0-60000:0.5%;60000-150000:1.2%;150000-:2%") == [
        (0, 6000000, "0.005"),
        (6000000, 15000000, "0.012"),
        (15000000, None, "0.02"),
    ]


@pytest.mark.parametrize("typed", ["", "0-60000", "0-60000:1%;70000-:2%", "0-60000:1%", "60000-0:1%;0-:2%", "a-b:c"])
def test_tiers_with_gaps_are_refused(typed: str) -> None:
    with pytest.raises(BadCell):
        rebate_tiers(typed)


def test_deal_band() -> None:
    assert deal_band("5000-100000") == (500000, 10000000)
    assert deal_band("") == (None, None)
    with pytest.raises(BadCell):
        deal_band("9-1")
