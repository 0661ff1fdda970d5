"""Values typed into the cells of a table, as people and other programs type them (protocols/backoffice.md 7.1, 7.4).

A cell is what a CSV or a spreadsheet reader hands over: text, or a number, date or time that was stored as one. Every
function returns None (or an empty text) for an empty cell and raises `BadCell`, with a Chinese sentence, for nonsense.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

from bot.domain.chinese_amounts import chinese_number
from bot.errors import BadInput

Cell = str | float | int | bool | date | datetime | time | timedelta | None

CHINA = timezone(timedelta(hours=8))  # what a clock in a file shows; China has had no summer time since 1991
EMPTY = frozenset({"", "-", "--", "—", "——", "/", "无", "N/A", "#N/A", "NA", "NULL", "null", "None", "n/a"})
MAX_YUAN = Decimal(10) ** 12  # more than any company's turnover: a shifted column, not an amount
_UNITS = {"千": 1000, "k": 1000, "K": 1000, "万": 10_000, "w": 10_000, "W": 10_000, "亿": 100_000_000}
_PLAIN = re.compile(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,2}))?")
_AMOUNT = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?|\.\d+")
_CURRENCY = re.compile(r"人民币|RMB|CNY|[¥元圆]", re.IGNORECASE)
_DATE = re.compile(
    r"(\d{4})\s*([-/.年])\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T\s]*(上午|下午|AM|PM)?\s*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?|分)?\s*(AM|PM)?)?",
    re.IGNORECASE,
)
_PACKED = re.compile(r"(\d{4})(\d\d)(\d\d)(?:\s?(\d\d):?(\d\d)(?::?(\d\d))?)?")
_SERIAL = re.compile(r"[2-7]\d{4}(?:\.\d+)?")  # Excel's days since 1899-12-30, believed from 20000 to 79999
_SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a wall clock, made aware by the caller
_ZERO_DATE = ("0000-00-00", "0000/00/00")  # how MySQL writes "none" (protocols/backoffice.md 6.1)
FIRST_YEAR, LAST_YEAR = 1900, 2100


class BadCell(BadInput):
    """A cell nobody can read; the message is a Chinese sentence without place, the reader of the file adds that."""


def normalized(value: str) -> str:
    """NFKC (full-width forms become ASCII) without outer blanks."""
    return value.strip() if value.isascii() else unicodedata.normalize("NFKC", value).strip("\ufeff\u200b").strip()


def is_empty(value: Cell) -> bool:
    """Nothing in it, or one of the signs people put for nothing."""
    return value is None or (isinstance(value, str) and normalized(value) in EMPTY)


def text(value: Cell) -> str:
    """Running text or a name: as typed, without outer blanks (also ideographic ones)."""
    if isinstance(value, str):
        stripped = value.strip()
        return stripped if stripped.isprintable() else stripped.strip("\ufeff\u200b").strip()
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds").removesuffix(" 00:00:00")
    return _plain_number(value) if isinstance(value, int | float) else str(value)


def code(value: Cell) -> str:
    """A number that names something: never calculated with, 20260212.0 is 20260212."""
    if isinstance(value, float) and value.is_integer() and abs(value) >= 1e15:
        raise BadCell("超过 15 位的编号存成了数字，末尾几位已经丢失，请把这一列设为文本后重新填写")
    typed = normalized(text(value))
    return "" if typed in EMPTY else typed


def texts(value: Cell) -> tuple[str, ...]:
    """A list separated by semicolons, in its order, without empty and repeated parts."""
    parts = (part.strip() for part in re.split("[;；]", text(value)))
    return tuple(dict.fromkeys(part for part in parts if part and part not in EMPTY))


def fen(value: Cell) -> int | None:
    """Money in yuan -> whole fen, half up where a stored number has more places; negative by sign or in brackets."""
    if isinstance(value, str) and (plain := _PLAIN.fullmatch(value)):  # by far the most usual one, and fast
        cents = int(plain[2]) * 100 + int((plain[3] or "0").ljust(2, "0"))
        return -cents if plain[1] else cents
    if is_empty(value):
        return None
    amount = _typed_amount(value) if isinstance(value, str) else _stored_number(value)
    if abs(amount) > MAX_YUAN:
        raise BadCell(f"金额「{text(value)}」大得不可能，请检查是否串列")
    exact = amount * 100 if isinstance(value, str) else (amount * 100).to_integral_value(ROUND_HALF_UP)
    if exact != exact.to_integral_value():
        raise BadCell(f"金额「{text(value)}」不到分，最多两位小数")
    return int(exact)


def is_amount(value: Cell) -> bool:
    """Whether that is one exact amount, or empty."""
    try:
        fen(value)
    except BadCell:
        return False
    return True


def rough_fen(value: Cell) -> int | None:
    """An amount somebody guessed: 约24万, 18-36万 (the lower end), 十来万; None when there is no telling: 几十万."""
    if re.search(r"(?<!十)几[十百千万]", text(value)):
        return None
    typed = re.sub(r"大约|大概|差不多|约|左右|上下|多|来|几", "", normalized(text(value)))
    if found := re.fullmatch(r"([\d.,]+)\s*([千万亿kKwW元]*)\s*[-~至到]\s*([\d.,]+)\s*([千万亿kKwW]?)元?", typed):
        typed = found[1] + (found[2] or found[4])
    try:
        return fen(typed)
    except BadCell:
        return None


def number(value: Cell, *, places: int = 3) -> Decimal | None:
    """A quantity: thousands separators allowed, no units."""
    if is_empty(value):
        return None
    typed = normalized(value).replace(" ", "").replace("−", "-") if isinstance(value, str) else ""
    if isinstance(value, str) and not re.fullmatch(rf"[+-]?(?:{_AMOUNT.pattern})", typed):
        raise BadCell(f"「{value.strip()}」不是数字")
    result = Decimal(typed.replace(",", "")) if isinstance(value, str) else _stored_number(value)
    if abs(result) > MAX_YUAN or result != round(result, places):
        raise BadCell(f"数字「{text(value)}」过大或小数位过多")
    return result


def whole(value: Cell, *, least: int, most: int) -> int | None:
    """A whole number within bounds, both inclusive."""
    result = number(value)
    if result is None:
        return None
    if result != int(result) or not least <= result <= most:
        raise BadCell(f"「{text(value)}」应为 {least} 到 {most} 的整数")
    return int(result)


def ratio(value: Cell) -> Decimal | None:
    """A share between 0 and 1: 0.13, 13%, 八五折, 85折, 8.5折."""
    if is_empty(value):
        return None
    typed = normalized(value).replace(" ", "") if isinstance(value, str) else ""
    found = re.fullmatch(r"([+-]?\d*\.?\d+)(%?)", typed)
    if found:
        result = Decimal(found[1]) / (100 if found[2] else 1)
    elif typed:
        result = _discount(typed)
    else:
        result = _stored_number(value)
    if not 0 <= result <= 1:
        raise BadCell(f"比例「{text(value)}」应在 0 到 1 之间，例如 0.85 或 85%")
    return result


def day(value: Cell) -> date | None:
    """A date in any usual spelling; a time of day beside it is dropped."""
    found = _wall_clock(value)
    return found.date() if found else None


def moment(value: Cell) -> datetime | None:
    """A point in time as a clock in China shows it, aware; midnight when only the day is there."""
    found = _wall_clock(value)
    if found is None:
        return None
    return found.replace(tzinfo=CHINA) if found.tzinfo is None else found.astimezone(CHINA)


def mobile_key(value: Cell) -> str:
    """Digits only and without the country code, to compare by: "+86 199-0000-1234" -> "19900001234"."""
    digits = re.sub(r"[^0-9]", "", normalized(text(value)))
    return re.sub(r"^(?:00)?86(?=1\d{10}$)", "", digits)


def degrees(latitude: Cell, longitude: Cell) -> tuple[float, float] | None:
    """A place in China; the two typed the wrong way round are turned (73 to 136 east never is a latitude of ours)."""
    north, east = number(latitude, places=12), number(longitude, places=12)
    if north is None or east is None:
        return None
    if north > 54 and east < 60:
        north, east = east, north
    if not (-90 <= north <= 90 and -180 <= east <= 180):
        raise BadCell(f"坐标「{text(latitude)}, {text(longitude)}」不在地球上")
    return float(north), float(east)


def _plain_number(value: float) -> str:
    return str(int(value)) if isinstance(value, bool) or (math.isfinite(value) and value == int(value)) else repr(value)


def _stored_number(value: Cell) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadCell(f"「{text(value)}」不是数字")
    return Decimal(repr(value))


def _typed_amount(value: str) -> Decimal:
    """See `fen`. Scientific notation, decimal commas and wrong groups of thousands are refused, not guessed."""
    typed = re.sub(r"\s+", "", normalized(value)).replace("−", "-")
    typed = re.sub(r"\((?:含税|不含税)\)$", "", typed)
    sign, bare = _signed(_CURRENCY.sub("", typed))
    bare = re.sub(r"[整正]$", "", bare)
    unit = 1
    while bare[-1:] in _UNITS and bare[:1] in "0123456789.":
        unit, bare = unit * _UNITS[bare[-1]], bare[:-1]
    if _AMOUNT.fullmatch(bare):
        return sign * unit * Decimal(bare.replace(",", ""))
    in_words = chinese_number(_signed(typed)[1]) if unit == 1 else None
    if in_words is None:
        raise BadCell(f"金额「{value.strip()}」看不懂，请写成 1234.50 这样")
    return sign * in_words


def _signed(typed: str) -> tuple[int, str]:
    if found := re.fullmatch(r"\((.+)\)", typed) or re.fullmatch(r"[-负](.+)", typed) or re.fullmatch(r"(.+)-", typed):
        return -1, found[1]
    return 1, typed.removeprefix("+")


def _discount(typed: str) -> Decimal:
    digits = typed.removesuffix("折").translate(str.maketrans("一二三四五六七八九", "123456789"))
    if typed.endswith("折") and re.fullmatch(r"\d\.\d+|\d", digits):
        return Decimal(digits) / 10
    if typed.endswith("折") and re.fullmatch(r"\d\d", digits):
        return Decimal(digits) / 100
    raise BadCell(f"比例「{typed}」看不懂，请写成 0.85、85% 或八五折")


def _wall_clock(value: Cell) -> datetime | None:
    if isinstance(value, str):
        if len(value) == 19 and value[4] == "-" and value[10] == " ":  # by far the most usual one, and fast
            try:
                return _in_range(datetime.fromisoformat(value), value)
            except ValueError:
                pass
        return (
            None
            if is_empty(value) or value.startswith(_ZERO_DATE)
            else _in_range(_typed_moment(normalized(value)), value)
        )
    if isinstance(value, datetime):
        return _in_range(value, value)
    if isinstance(value, date):
        return _in_range(datetime.combine(value, time()), value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _in_range(_typed_moment(_plain_number(value)), value)
    if value is None:
        return None
    raise BadCell(f"「{value}」不是日期")


def _in_range(found: datetime, typed: Cell) -> datetime:
    if not FIRST_YEAR <= found.year < LAST_YEAR:
        raise BadCell(f"日期「{text(typed)}」的年份不对")
    return found


def _typed_moment(typed: str) -> datetime:
    try:
        if _SERIAL.fullmatch(typed):
            seconds = round(Decimal(typed) * 86400)
            return _SERIAL_ZERO + timedelta(seconds=seconds)
        if found := _DATE.fullmatch(typed):
            year, month, dom, hour, minute, second = (int(found[group] or 0) for group in (1, 3, 4, 6, 7, 8))
            half = (found[5] or found[9] or "").upper()
            return datetime(year, month, dom, _hours(hour, half), minute, second)  # noqa: DTZ001
        if packed := _PACKED.fullmatch(typed):
            year, month, dom, hour, minute, second = (int(part) for part in packed.groups(default="0"))
            return datetime(year, month, dom, hour, minute, second)  # noqa: DTZ001
        if re.fullmatch(r"\d{4}-\d\d-\d\dT.+", typed):
            return datetime.fromisoformat(typed)
    except ValueError as error:
        raise BadCell(f"日期「{typed}」不存在") from error
    if re.fullmatch(r"\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?", typed):
        raise BadCell(f"日期「{typed}」没有年份，请写成 2026-02-12 这样")
    raise BadCell(f"日期「{typed}」看不懂，请写成 2026-02-12 或 2026-02-12 09:30:00")


def _hours(hour: int, half: str) -> int:
    if half in ("下午", "PM"):
        return hour + 12 if hour < 12 else hour
    return 0 if half in ("上午", "AM") and hour == 12 else hour
