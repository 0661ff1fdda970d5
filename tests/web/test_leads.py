"""Other programs hand leads in: each record has its own answer, a bad one keeps nobody else out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from bot.clock import FixedClock
from bot.domain.directory import Directory
from bot.errors import ChannelUnavailable
from bot.settings import ApiKey, ServerSettings, Settings
from bot.web.app import Probe, make_web
from bot.web.leads import MAX_BYTES
from store.database import Database
from store.lead_intake import LeadWriter, NewLead
from store.lead_listing import list_leads
from store.unit_of_work import unit_of_work

KEY, READER = "intake-0123456789", "reader-0123456789"
NOW = datetime(2026, 2, 12, 1, 0, tzinfo=UTC)
REGIONS = ("杭州大区", "宁波大区")


class House:
    """A web part over the test's own database; it can be cut off."""

    def __init__(self, database: Database) -> None:
        self.database, self.away = database, False
        everybody = Directory(customers=[], contacts=[], employees=[], products=[])
        make = unit_of_work(database.engine, queue=None)  # type: ignore[arg-type]  # nothing is sent here
        self.writer = LeadWriter(make, lambda: everybody, lambda *_, **__: None, lambda: NOW)

    async def take(self, records: Any, caller: str) -> list[tuple[bool, str]]:
        if self.away:
            raise ChannelUnavailable("away")
        written = await self.writer.submit([NewLead(record=each, origin="api", entered_by=caller) for each in records])
        return [(each.new, each.placing.same.no if each.placing.same else "") for each in written]

    async def none(self, **_: Any) -> Any:
        raise AssertionError("not asked here")

    @property
    def probe(self) -> Probe:
        return Probe(
            ready=self.none,
            waiting=self.none,
            list_visits=self.none,
            list_approvals=self.none,
            list_leads=lambda **filters: list_leads(self.database, **filters),
            take_leads=self.take,
            regions=lambda: REGIONS,
            clock=FixedClock(NOW),
            move_clock=self.none,
        )


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    keys = (
        ApiKey.model_validate({"name": "官网", "key": KEY, "scopes": ["intake", "read"]}),
        ApiKey.model_validate({"name": "bi", "key": READER, "scopes": ["read"]}),
    )
    web = make_web(Settings(server=ServerSettings(api_keys=keys)), house.probe)
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=web), base_url="http://bot", headers=headers
    ) as client:
        yield client


async def post(http: httpx.AsyncClient, *records: Any) -> list[tuple[str, str]]:
    """(status, reason) of each record."""
    answer = await http.post("/api/v1/leads", json=records[0] if len(records) == 1 else list(records))
    return [(each["status"], each["reason"]) for each in answer.json()["results"]]


FULL = {
    "external_id": "CRM-1",
    "company": "杭州朴枢物流有限公司",
    "contact": "陈俊杰",
    "mobile": "+86 199-0000-5501",
    "region": "杭州",
    "industry": "软件订阅",
    "amount": "3万",
    "intent": "high",
    "source": "官网",
    "note": "现在用表格管客户，想换",
    "received_at": "2026-02-12T08:59:30",
}


async def test_a_full_record_is_stored_as_the_files_are(http: httpx.AsyncClient, house: House) -> None:
    assert await post(http, FULL) == [("accepted", "")]
    async with house.database.engine.connect() as connection:
        row = (await connection.execute(text("SELECT * FROM leads"))).mappings().one()
        case = (await connection.execute(text("SELECT state, origin, entered_by FROM lead_cases"))).one()
    assert {name: row[name] for name in ("lead_no", "mobile_key", "region", "amount_fen", "intent")} == {
        "lead_no": "CRM-1",
        "mobile_key": "19900005501",
        "region": "杭州大区",
        "amount_fen": 3_000_000,
        "intent": "高",
    }
    assert row["received_at"] == datetime(2026, 2, 12, 0, 59, 30, tzinfo=UTC), "Shanghai where no zone is named"
    assert tuple(case) == ("待分配", "api", "官网")


async def test_a_record_is_applied_once_and_bad_ones_keep_nobody_out(http: httpx.AsyncClient) -> None:
    assert await post(http, FULL) == [("accepted", "")]
    assert await post(http, FULL, {"external_id": "CRM-2"}, {"external_id": "CRM-3", "mobile": "19900000003"}) == [
        ("duplicate", "这个 external_id 已经收过，没有改动"),
        ("rejected", "company、contact、mobile 都空着，至少填一项"),
        ("accepted", ""),
    ]
    assert await post(http, {"external_id": "X", "company": "甲"}, {"external_id": "X", "company": "甲"}) == [
        ("accepted", ""),
        ("duplicate", "这个 external_id 已经收过，没有改动"),
    ]


async def test_the_same_number_with_other_content_changes_nothing(http: httpx.AsyncClient, house: House) -> None:
    assert await post(http, FULL) == [("accepted", "")]
    other = FULL | {"company": "别的公司", "mobile": "19900009999", "amount": 1}
    assert [status for status, _ in await post(http, other, FULL | {"external_id": "crm-1"})] == [
        "duplicate",
        "accepted",  # another spelling is another number of the sender's
    ]
    async with house.database.engine.connect() as connection:
        rows = await connection.execute(text("SELECT company FROM leads WHERE lead_no = 'CRM-1'"))
        assert rows.scalars().all() == ["杭州朴枢物流有限公司"]


async def test_a_repeated_enquiry_names_the_first(http: httpx.AsyncClient) -> None:
    await post(http, FULL)
    answer = await http.post("/api/v1/leads", json=FULL | {"external_id": "CRM-9"})
    assert answer.json() == {
        "results": [{"external_id": "CRM-9", "status": "accepted", "reason": "", "same_as": "CRM-1"}]
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"external_id": ""}, "缺 external_id", id="no number"),
        pytest.param({"external_id": "A 1"}, "空格", id="a number that can not be typed"),
        pytest.param({"external_id": "A\u200b1"}, "看不见的字符", id="a number with something invisible in it"),
        pytest.param({"external_id": True}, "应为文字", id="a number that is none"),
        pytest.param({"amount": 1e30}, "大得不可能", id="an amount that nobody has"),
        pytest.param({"received_at": 1770858000}, "应为文字", id="a time as seconds"),
        pytest.param({"received_at": "9999-12-31T23:59:59-12:00"}, "看不懂", id="a time beyond all years"),
        pytest.param({"company": " ", "contact": None, "mobile": ""}, "至少填一项", id="nobody"),
        pytest.param({"region": "火星"}, "请写 宁波大区、杭州大区 之一，或留空", id="no such region"),
        pytest.param({"region": "杭州市、宁波市"}, "请写 宁波大区、杭州大区 之一", id="two regions"),
        pytest.param({"region": "杭州湾新区"}, "请写 宁波大区、杭州大区 之一", id="another place of like name"),
        pytest.param({"intent": "maybe"}, "应为 high、medium、low", id="no such intent"),
        pytest.param({"amount": -3}, "负数", id="a negative amount"),
        pytest.param({"amount": [1]}, "应为数字", id="an amount that is a list"),
        pytest.param({"mobile": "微信同号"}, "不是号码", id="no number at all"),
        pytest.param({"received_at": "昨天"}, "看不懂", id="no time"),
        pytest.param({"received_at": "2026-02-14T09:00:00Z"}, "在将来", id="a time to come"),
        pytest.param({"note": "长" * 5001}, "超过 5000 个字", id="too long"),
        pytest.param({"company": {"name": "甲"}}, "应为文字", id="not a text"),
    ],
)
async def test_what_is_wrong_is_said(http: httpx.AsyncClient, change: dict[str, Any], reason: str) -> None:
    answer = await http.post("/api/v1/leads", json=FULL | change)
    [result] = answer.json()["results"]
    assert (answer.status_code, result["status"]) == (422, "rejected")
    assert reason in result["reason"]


@pytest.mark.parametrize(
    ("change", "stored"),
    [
        pytest.param({"amount": 39000.5}, {"amount_fen": 3_900_050}, id="a number"),
        pytest.param({"amount": "面议"}, {"amount_fen": None, "amount_text": "面议"}, id="no number, kept as said"),
        pytest.param({"amount": "约5000"}, {"amount_fen": 500_000, "amount_text": "约5000"}, id="about"),
        pytest.param({"amount": "-"}, {"amount_fen": None, "amount_text": "-"}, id="a dash"),
        pytest.param({"amount": 1e9}, {"amount_fen": 100_000_000_000}, id="very much"),
        pytest.param(
            {"amount": "NaN"}, {"amount_fen": None, "amount_text": "NaN"}, id="what a program makes of nothing"
        ),
        pytest.param({"mobile": 13800000000}, {"mobile_key": "13800000000"}, id="a mobile as a number"),
        pytest.param({"mobile": "１３８００００００００"}, {"mobile_key": "13800000000"}, id="full width"),
        pytest.param({"company": "乐购😀超市\0"}, {"company": "乐购😀超市"}, id="signs that are no letters"),
        pytest.param({"external_id": 4711}, {"lead_no": "4711"}, id="a number as a number"),
        pytest.param({"external_id": "ＷＥＢ－１"}, {"lead_no": "WEB-1"}, id="a number in full width"),
        pytest.param({"region": "浙江省杭州市西湖区"}, {"region": "杭州大区"}, id="a whole address"),
        pytest.param({"region": "浙江/宁波"}, {"region": "宁波大区"}, id="what a form's picker gives"),
        pytest.param({"intent": "中"}, {"intent": "中"}, id="in Chinese"),
        pytest.param({"intent": "LOW"}, {"intent": "低"}, id="in capitals"),
        pytest.param({"mobile": "0571-8888 9999"}, {"mobile": "0571-8888 9999", "mobile_key": ""}, id="a switchboard"),
        pytest.param({"region": None, "intent": None, "amount": None}, {"region": "", "intent": ""}, id="nulls"),
        pytest.param({"received_at": "2026-02-12T01:00:00Z"}, {"received_at": NOW}, id="a zone of its own"),
        pytest.param({"received_at": ""}, {"received_at": NOW}, id="now"),
        pytest.param({"utm": "x"}, {"lead_no": "CRM-1"}, id="a field nobody knows"),
    ],
)
async def test_what_is_understood(
    http: httpx.AsyncClient, house: House, change: dict[str, Any], stored: dict[str, Any]
) -> None:
    assert await post(http, FULL | change) == [("accepted", "")]
    async with house.database.engine.connect() as connection:
        row = (await connection.execute(text("SELECT * FROM leads"))).mappings().one()
    assert {name: row[name] for name in stored} == stored


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b'{"external_id": ', 400, id="cut off"),
        pytest.param("[{'external_id': 1}]".encode("utf-16"), 400, id="not UTF-8"),
        pytest.param(b'"lead"', 422, id="neither object nor array"),
        pytest.param(b"[]", 422, id="nothing in it"),
        pytest.param(json.dumps([{"external_id": "1"}] * 1001).encode(), 413, id="too many"),
        pytest.param(b" " * (MAX_BYTES + 1), 413, id="too big"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, 400, id="too deep"),
        pytest.param(b" " * (10 << 20), 413, id="ten megabytes"),
        pytest.param(b'{"external_id": "1", "amount": NaN}', 400, id="no JSON number"),
        pytest.param(b'{"external_id": "1", "company": "a\\ud800b"}', 400, id="half a sign"),
        pytest.param(b"[1]", 422, id="no record in it"),
    ],
)
async def test_bodies_that_are_no_records(http: httpx.AsyncClient, body: bytes, status: int) -> None:
    assert (await http.post("/api/v1/leads", content=body)).status_code == status


async def test_keys_and_a_database_that_is_away(http: httpx.AsyncClient, house: House) -> None:
    for key, status in (("guessed-0123456789", 401), (READER, 403)):
        answer = await http.post("/api/v1/leads", json=FULL, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status
    house.away = True
    answer = await http.post("/api/v1/leads", json=FULL)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_leads_come_filtered_and_newest_first(http: httpx.AsyncClient, house: House) -> None:
    days = ("2026-02-10T09:00:00", "2026-02-12T08:00:00", "2026-02-11T09:00:00")
    same = [FULL | {"external_id": f"A{n}", "mobile": f"1990000000{n}", "contact": f"王{n}"} for n in range(3)]
    await post(http, *(each | {"received_at": day} for each, day in zip(same, days, strict=True)))
    async with house.database.engine.begin() as connection:
        await connection.execute(text("INSERT INTO leads (lead_no, received_at) VALUES ('H1', '2026-02-01')"))

    async def numbers(**query: Any) -> tuple[list[str], int]:
        page = (await http.get("/api/v1/leads", params=query)).json()
        return [item["lead_no"] for item in page["items"]], page["total"]

    assert await numbers() == (["A1", "A2", "A0", "H1"], 4)
    assert await numbers(limit=1, offset=1) == (["A2"], 4)
    assert await numbers(offset=9) == ([], 4)
    assert await numbers(state="历史") == (["H1"], 1)
    assert await numbers(region="杭州大区", since="2026-02-11", until="2026-02-11") == (["A2"], 1)
    assert await numbers(region="杭州", limit=1) == (["A1"], 3), "as it may be posted"
    assert await numbers(region="撤掉的大区") == ([], 0)
    answer = await http.get("/api/v1/leads", params={"state": "分配中"})
    assert (answer.status_code, answer.json()["detail"][:11]) == (422, "没有「分配中」这个状态")
    assert (await http.get("/api/v1/leads", params={"limit": 1})).json()["items"][0] | {"note": ""} == {
        "lead_no": "A1", "received_at": "2026-02-12T08:00:00+08:00", "source": "官网", "contact": "王1",
        "company": "杭州朴枢物流有限公司", "mobile": "19900000001", "region": "杭州大区", "industry": "软件订阅",
        "amount": "30000.00",
        "intent": "高", "note": "", "state": "待分配", "waits_for": "马上分配",
        "employee_no": "", "score": None, "assigned_at": None,
        "responded_at": None, "same_kind": "", "same_no": "", "same_why": "",
    }  # fmt: skip


async def test_the_description_names_every_column(http: httpx.AsyncClient) -> None:
    described = (await http.get("/openapi.json")).json()["paths"]["/api/v1/leads"]["post"]["description"]
    for line in ("| external_id | 线索编号 |", "| amount | 预估金额 |", "| received_at | 到达时间 |"):
        assert line in described
