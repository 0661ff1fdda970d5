"""`POST` and `GET /api/v1/leads`: leads from other programs, and how they stand.

Records are read by hand, not by pydantic: a burst of five hundred posts has to be taken within a second.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import orjson
import structlog
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel

from bot.domain.leads.cases import LeadState
from bot.domain.leads.intake import FIELDS, known_region, to_record
from bot.domain.leads.records import LeadRecord
from bot.errors import BadInput, ChannelUnavailable
from bot.settings import ApiKey
from bot.web.access import MAX_PAGE, may

log = structlog.get_logger(__name__)

MAX_RECORDS = 1000
MAX_BYTES = 2 << 20
_STATES = (*(state.value for state in LeadState), "历史")
ACCEPTED, DUPLICATE, REJECTED = "accepted", "duplicate", "rejected"

#: (records, the key's name) -> for each whether it is new and what it is the same as
TakeLeads = Callable[[Sequence[LeadRecord], str], Awaitable[Sequence[tuple[bool, str]]]]
Result = dict[str, str]
ListLeads = Callable[..., Awaitable[tuple[list[dict[str, Any]], int]]]


class LeadItem(BaseModel):
    """One lead as `export leads` shows it, with the enquiry. Amounts in yuan with two decimals, times in Shanghai."""

    lead_no: str
    received_at: str | None
    source: str
    company: str
    contact: str
    mobile: str
    region: str
    industry: str
    amount: str | None
    intent: str
    note: str
    state: str  #: 历史 for leads that came by file
    waits_for: str  #: why nobody has a lead that is 待分配
    employee_no: str
    score: float | None
    assigned_at: str | None
    responded_at: str | None
    same_kind: str
    same_no: str
    same_why: str


class LeadPage(BaseModel):
    """One page of a list."""

    items: list[LeadItem]
    total: int


_HINTS = {
    "external_id": "必填，你方系统里的唯一编号；同一编号只收一次",
    "mobile": "写法不限：199-0000-1234、+86 …",
    "region": "大区名，带不带“大区”都行；空着表示全国可派",
    "amount": "元，数字或“3万”这样的文字",
    "intent": "high / medium / low，也可写 高 / 中 / 低",
    "received_at": "ISO 8601；不带时区按北京时间；空着按收到的时刻",
}
_DESCRIPTION = (
    "One object or an array of at most 1,000. The answer lists each record in its order: `accepted`, `duplicate` "
    "(this external_id was applied before; nothing was changed) or `rejected` with the reason. One bad record does not "
    "keep the others out. Of company, contact and mobile at least one is needed.\n\n| field | 列 | |\n|---|---|---|\n"
    + "\n".join(f"| {name} | {column} | {_HINTS.get(name, '')} |" for name, column in FIELDS.items())
)


class LeadRecordFields(BaseModel):
    """What may be in a record; the route reads it by hand."""

    external_id: str
    company: str = ""
    contact: str = ""
    mobile: str = ""
    region: str = ""
    industry: str = ""
    amount: float | str | None = None
    intent: str = ""
    source: str = ""
    note: str = ""
    received_at: str | None = None


_RECORD = LeadRecordFields.model_json_schema()
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_RECORD, {"type": "array", "maxItems": MAX_RECORDS, "items": _RECORD}]}
            }
        },
    }
}


def lead_api(
    keys: Sequence[ApiKey],
    *,
    take: TakeLeads,
    list_leads: ListLeads,
    surroundings: Callable[[], Mapping[str, Any]],
) -> APIRouter:
    """Routes of leads. `surroundings` gives what `to_record` needs beside the record: regions and now."""
    router = APIRouter(prefix="/api/v1", tags=["leads"])
    let_in = Depends(may(keys, "intake"))

    @router.post("/leads", description=_DESCRIPTION, openapi_extra=_BODY, responses=_ANSWERS)
    async def post_leads(request: Request, caller: str = let_in) -> Response:
        results, good = _read(await _records(request), surroundings())
        await _write(good, take, caller)
        _log_rejected(results, caller)
        status = 422 if all(each["status"] == REJECTED for each in results) else 200
        return Response(orjson.dumps({"results": results}), status, media_type="application/json")

    @router.get("/leads", dependencies=[Depends(may(keys, "read"))])
    async def leads(
        state: Annotated[str, Query(description="待分配, 待响应, 跟进中, 公海, 已成交, 已关闭, 已合并, 历史")] = "",
        employee: Annotated[str, Query(description="工号 of whoever has it, or had it last")] = "",
        region: Annotated[str, Query(description="区域, with or without 大区")] = "",
        since: Annotated[date | None, Query(description="came on or after, Shanghai")] = None,
        until: Annotated[date | None, Query(description="came on or before, Shanghai")] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> LeadPage:
        """Leads, newest first, those that came by file (历史) among them."""
        if state and state not in _STATES:
            raise HTTPException(422, f"没有「{state[:20]}」这个状态，state 可写 {'、'.join(_STATES)}")
        with contextlib.suppress(BadInput):  # an older lead may be of a region that is no more
            region = known_region(region, surroundings()["regions"])
        items, total = await list_leads(
            state=state, employee_no=employee, region=region, since=since, until=until, limit=limit, offset=offset
        )
        return LeadPage(items=[LeadItem.model_validate(item) for item in items], total=total)

    return router


def _read(given: Sequence[Any], around: Mapping[str, Any]) -> tuple[list[Result], list[tuple[Result, LeadRecord]]]:
    """An answer for each record, rejected until it is taken; and those that can be."""
    results: list[Result] = []
    good: list[tuple[Result, LeadRecord]] = []
    for each in given:
        result: Result = {"external_id": "", "status": REJECTED, "reason": ""}
        results.append(result)
        if not isinstance(each, dict):
            result["reason"] = "每条线索应是一个 JSON 对象"
            continue
        result["external_id"] = str(each.get("external_id") or "")[:64]
        try:
            record = to_record(each, **around)
        except BadInput as error:
            result["reason"] = str(error)
            continue
        result["external_id"] = record.lead_no
        good.append((result, record))
    return results, good


def _log_rejected(results: Sequence[Result], caller: str) -> None:
    """For the operators: a web site may not look at the answer, and then nobody else hears of these leads."""
    reasons = [f"{each['external_id']}: {each['reason']}" for each in results if each["status"] == REJECTED]
    if reasons:
        log.warning("lead.rejected", caller=caller, count=len(reasons), first=reasons[0])


async def _write(good: Sequence[tuple[Result, LeadRecord]], take: TakeLeads, caller: str) -> None:
    if not good:
        return
    try:
        taken = await take([record for _, record in good], caller)
    except ChannelUnavailable as error:
        raise HTTPException(503, "暂时存不进去，请稍后原样重发；重发不会重复", {"retry-after": "5"}) from error
    for (result, _), (new, same) in zip(good, taken, strict=True):
        result["status"] = ACCEPTED if new else DUPLICATE
        result["reason"] = "" if new else "这个 external_id 已经收过，没有改动"
        if same:
            result["same_as"] = same


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "each record in its order",
        "content": {
            "application/json": {
                "example": {
                    "results": [
                        {"external_id": "CRM-1", "status": ACCEPTED, "reason": ""},
                        {
                            "external_id": "CRM-2",
                            "status": REJECTED,
                            "reason": "company、contact、mobile 都空着，至少填一项",
                        },
                    ]
                }
            }
        },
    },
    400: {"description": "not JSON"},
    413: {"description": f"over {MAX_BYTES >> 20} MB or {MAX_RECORDS} records"},
    422: {"description": "neither an object nor an array, or every record was rejected"},
    503: {"description": "the database is away; send the same again"},
}


async def _records(request: Request) -> list[Any]:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            raise HTTPException(413, f"请求超过 {MAX_BYTES >> 20} MB，请分几次发，每次最多 {MAX_RECORDS} 条")
    try:
        given = orjson.loads(bytes(body))
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"不是有效的 JSON（UTF-8）：{error}") from error
    if not isinstance(given, dict | list):
        raise HTTPException(422, "应是一个对象，或由对象组成的数组")
    records = given if isinstance(given, list) else [given]
    if not records:
        raise HTTPException(422, "数组是空的，没有可收的线索")
    if len(records) > MAX_RECORDS:
        raise HTTPException(413, f"一次最多 {MAX_RECORDS} 条，这次有 {len(records)} 条，请分几次发")
    return records
