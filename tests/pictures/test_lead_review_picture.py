"""The picture of a day's leads: its size, the same bytes for the same day, and nobody's name in boxes."""

from __future__ import annotations

import csv
import io
from datetime import date
from importlib.resources import files

import pytest
from PIL import Image

from bot.domain.leads.review import LeadDay, RepDay, Review, review
from bot.pictures.canvas import fitting, font, printable, width
from bot.pictures.lead_review import lead_review_picture
from tests.conftest import COMPANY

TITLE = "线索日报 2月11日 周三 · 全公司"
BLUE, ORANGE, PALE, RED = (0x3B, 0x7D, 0xDD), (0xF0, 0x8C, 0x2E), (0xE8, 0xEC, 0xF1), (0xD6, 0x45, 0x3D)


def reps(count: int, **values: object) -> list[RepDay]:
    given = {"capacity": 20, "given": 2, "open": 10, "high_open": 4, "minutes": (12,)} | values
    return [RepDay(employee_no=f"YG{number:03}", name="李雷", **given) for number in range(count)]  # type: ignore[arg-type]


def day(people: list[RepDay]) -> Review:
    return review(LeadDay(day=date(2026, 2, 11), arrived={"": 3}, reps=people))


def drawn(people: list[RepDay]) -> Image.Image:
    image = Image.open(io.BytesIO(lead_review_picture(day(people), title=TITLE)))
    assert image.format == "PNG"
    return image.convert("RGB")


@pytest.mark.parametrize(
    ("people", "high"),
    [
        pytest.param(0, 422, id="nobody: a sentence instead of bars"),
        pytest.param(1, 422, id="one rep"),
        pytest.param(25, 1430, id="as many as fit one by one"),
        pytest.param(60, 1430, id="of more the middle is one bar"),
        pytest.param(1000, 1430, id="a thousand"),
    ],
)
def test_it_fits_a_phone_whatever_the_number_of_people(people: int, high: int) -> None:
    assert drawn(reps(people)).size == (1000, high)


def test_the_same_day_gives_the_same_bytes() -> None:
    first, again = (lead_review_picture(day(reps(30)), title=TITLE) for _ in range(2))
    assert first == again
    assert len(first) < 100_000


def test_a_bar_shows_what_is_held_of_the_capacity_and_how_much_is_high_intent() -> None:
    """Twenty places on 400 pixels from 210 on: four high-intent leads, six others, ten places free."""
    image = drawn(reps(1))
    middle = 330 + 21
    assert [_near(image.getpixel((210 + 20 * place + 10, middle))) for place in (0, 3, 4, 9, 10, 19)] == [
        ORANGE, ORANGE, BLUE, BLUE, PALE, PALE,
    ]  # fmt: skip


def _near(pixel: object) -> tuple[int, int, int]:
    """The palette may be off by a little."""
    assert isinstance(pixel, tuple)
    return min((BLUE, ORANGE, PALE), key=lambda ours: sum(abs(a - b) for a, b in zip(ours, pixel, strict=True)))


@pytest.mark.parametrize(
    ("changes", "red"),
    [
        pytest.param({}, False, id="all well"),
        pytest.param({"minutes": (31,)}, True, id="slow"),
        pytest.param({"lapsed": 1}, True, id="a lead lapsed"),
        pytest.param({"open": 20}, True, id="full"),
    ],
)
def test_what_needs_a_look_is_red(changes: dict[str, object], red: bool) -> None:
    row = drawn(reps(1, **changes)).crop((600, 330, 1000, 372))
    assert any(_is_red(pixel) for _, pixel in row.getcolors(100_000) or []) == red


def _is_red(pixel: object) -> bool:
    assert isinstance(pixel, tuple)
    return sum(abs(a - b) for a, b in zip(RED, pixel, strict=True)) < 60


# -- words ------------------------------------------------------------------------------------------------------------
def shape(sign: str) -> bytes:
    return bytes(font(24).getmask(sign))


BOX = shape("\ufffe")  # no font has it


def test_every_sign_of_the_companys_names_is_in_the_font() -> None:
    with (COMPANY / "员工.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    signs = {sign for row in rows for sign in row["姓名"] + row["区域"]}
    assert len(signs) > 50
    assert [sign for sign in sorted(signs) if shape(sign) == BOX] == []


def test_the_font_has_what_its_list_says() -> None:
    """The list is what the font was made from (docs/decisions/pictures.md): GB 2312 and names like 玥, 喆, 镕."""
    listed = (files("bot.pictures") / "SalesbotSansSC-characters.txt").read_text(encoding="utf-8")
    assert {*"玥喆镕堃珺昇赟·＋－…（）"} < {*listed}
    assert len(listed) > 9000
    boxes = [sign for sign in listed.strip("\n") if sign.strip() and shape(sign) == BOX]
    assert boxes == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("李雷", "李雷", id="as it is"),
        pytest.param(" 李\n雷\t", "李 雷", id="on one line"),
        pytest.param("赵\u200b敏\u0301\x07", "赵敏", id="without signs that have no width"),
        pytest.param("买买提·阿不都热合曼江", "买买提·阿…", id="cut, and it shows"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_names_fit_their_column(name: str, shown: str) -> None:
    assert fitting(name, 24, 158) == shown
    assert width(fitting(name, 24, 158), 24) <= 158


def test_a_sign_the_font_has_not_is_a_box_as_wide_as_a_character() -> None:
    assert shape("龘") == BOX
    assert width("龘", 24) == width("李", 24)
    assert printable("赵😀敏") == "赵😀敏"
    assert drawn([RepDay(employee_no="YG001", name="赵😀敏", capacity=20)]).size == (1000, 422)
