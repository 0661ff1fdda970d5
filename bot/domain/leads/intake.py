"""A lead as other programs hand it over -> a `LeadRecord`, or the sentence that says what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain import cells
from bot.domain.cells import CHINA, BadCell
from bot.domain.leads.records import Intent, LeadRecord
from bot.errors import BadInput

#: field of a record -> column of 线索.csv
FIELDS = {
    "external_id": "线索编号",
    "company": "公司名称",
    "contact": "联系人",
    "mobile": "手机号",
    "region": "区域",
    "industry": "行业",
    "amount": "预估金额",
    "intent": "意向",
    "source": "来源",
    "note": "需求描述",
    "received_at": "到达时间",
}
_LONGEST = {"external_id": 64, "company": 200, "contact": 50, "mobile": 50, "region": 50, "industry": 50,
            "source": 50, "note": 5000, "intent": 10, "amount": 50, "received_at": 40}  # fmt: skip
_INTENTS = {"high": Intent.HIGH, "medium": Intent.MEDIUM, "low": Intent.LOW, "hot": Intent.HIGH, "mid": Intent.MEDIUM,
            **{each.value: each for each in Intent}}  # fmt: skip
_AHEAD = timedelta(days=1)  # clocks differ, and so do ideas of a time zone
_ADDRESS_PARTS = re.compile(r"[省市区县\s/,，、·-]+")
_REGION_END = re.compile(r"(?:大区|区域|片区|地区|市|区)$")


def to_record(given: Mapping[str, Any], *, regions: Collection[str], now: datetime) -> LeadRecord:
    """One record of `POST /api/v1/leads`; fields nobody knows are left alone.

    Args:
        regions: as the roster spells them; empty: any.
        now: business time, aware; when the record does not say when it came.
    Raises:
        BadInput: with a Chinese sentence for the sender.
    """
    values = {name: _text(name, given.get(name)) for name in FIELDS if name not in ("amount", "received_at")}
    values["external_id"] = cells.code(values["external_id"])  # as in a file: full width is no other number
    if not values["external_id"]:
        raise BadInput("缺 external_id（线索编号），请填你方系统里这条线索的唯一编号")
    if " " in values["external_id"] or not values["external_id"].isprintable():  # nobody could type it
        raise BadInput("external_id 里有空格或看不见的字符，请去掉")
    if not (values["company"] or values["contact"] or values["mobile"]):
        raise BadInput("company、contact、mobile 都空着，至少填一项")
    amount_fen, amount_text = _amount(given.get("amount"))
    return LeadRecord(
        lead_no=values["external_id"],
        received_at=_moment(given.get("received_at"), now),
        source=values["source"],
        company=values["company"],
        contact=values["contact"],
        mobile=values["mobile"],
        mobile_key=_mobile_key(values["mobile"]),
        region=known_region(values["region"], regions),
        industry=values["industry"],
        amount_fen=amount_fen,
        amount_text=amount_text,
        intent=_intent(values["intent"]),
        note=values["note"],
    )


def known_region(typed: str, regions: Collection[str]) -> str:
    """A region as the roster spells it: 杭州, 杭州市, 浙江省杭州市西湖区 and 杭州大区 are one.

    Raises:
        BadInput: there is no such region.
    """
    if not typed or not regions or typed in regions:
        return typed
    named = {bare_region(typed), *_ADDRESS_PARTS.split(typed)}
    found = [region for region in regions if bare_region(region) in named]
    if len(found) != 1:
        raise BadInput(f"没有「{typed}」这个区域，请写 {'、'.join(sorted(regions))} 之一，或留空")
    return found[0]


def bare_region(region: str) -> str:
    """杭州大区, 杭州市 -> 杭州."""
    return _REGION_END.sub("", region)


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadInput(f"{name}（{FIELDS[name]}）应为文字")
    typed = cells.text(value).replace("\0", "")
    if len(typed) > _LONGEST[name]:
        raise BadInput(f"{name}（{FIELDS[name]}）超过 {_LONGEST[name]} 个字，请缩短")
    return typed


def _mobile_key(typed: str) -> str:
    """The digits, where it is a mobile number; something that is no number at all is refused."""
    key = cells.mobile_key(typed)
    if typed and len(key) < 5:
        raise BadInput(f"mobile（手机号）「{typed}」不是号码，请写 11 位手机号，没有就留空")
    return key if re.fullmatch(r"1\d{10}", key) else ""


def _intent(typed: str) -> Intent | None:
    if not typed:
        return None
    if (found := _INTENTS.get(typed.lower())) is None:
        raise BadInput(f"intent（意向）「{typed}」应为 high、medium、low（或 高、中、低），不清楚就留空")
    return found


def _amount(value: Any) -> tuple[int | None, str]:
    """Yuan as a number or in words (3万); what can't be reckoned with is kept as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise BadInput("amount（预估金额）应为数字（元）或「3万」这样的文字")
    if value is None or value == "":
        return None, ""
    typed = _text("amount", value)
    try:
        fen = cells.rough_fen(value) if isinstance(value, str) else cells.fen(value)
    except BadCell as error:
        raise BadInput(f"amount（预估金额）{error}") from error
    if fen is not None and fen < 0:
        raise BadInput("amount（预估金额）是负数，请填预计成交的金额（元）")
    return fen, typed


def _moment(value: Any, now: datetime) -> datetime:
    """ISO 8601; Shanghai where it names no zone."""
    if value is None or value == "":
        return now.astimezone(UTC)
    if not isinstance(value, str):
        raise BadInput("received_at（到达时间）应为文字，例如 2026-02-12T09:30:00+08:00")
    try:
        found = datetime.fromisoformat(value.strip())
        found = (found.replace(tzinfo=CHINA) if found.tzinfo is None else found).astimezone(UTC)
        bad = not cells.FIRST_YEAR <= found.year <= cells.LAST_YEAR
    except (ValueError, OverflowError):
        bad = True
    if bad:
        raise BadInput(f"received_at（到达时间）「{value[:40]}」看不懂，请写 2026-02-12T09:30:00+08:00")
    if found > now + _AHEAD:
        raise BadInput(f"received_at（到达时间）「{value[:40]}」在将来，请核对，或留空（按收到的时刻算）")
    return found
