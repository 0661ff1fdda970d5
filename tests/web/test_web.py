"""HTTP for operators and other programs: health, metrics, the read API, its documentation without any CDN."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from bot.clock import FixedClock
from bot.domain.leads.records import LeadRecord
from bot.settings import ApiKey, DemoSettings, ServerSettings, Settings
from bot.web.app import Probe, make_web
from store.approval_listing import list_approvals
from store.business import visits
from store.database import Database
from store.lead_listing import list_leads
from store.listing import list_visits

READER, NO_READER = "reader-0123456789", "intake-0123456789"


class House:
    """What the web part asks the rest; parts can be broken."""

    def __init__(self, database: Database) -> None:
        self.parts: dict[str, str] = {"database": "ok", "dingtalk": "ok"}
        self.clock = FixedClock(datetime(2026, 2, 12, 0, 30, tzinfo=UTC))
        self.database = database

    async def ready(self) -> Mapping[str, str]:
        return self.parts

    async def waiting(self) -> Mapping[str, float]:
        return {"inbox": 2, "inbox_oldest": 1.5, "outbox": 0, "outbox_oldest": 0, "failed": 1}

    async def list_visits(self, **filters: Any) -> tuple[list[dict[str, Any]], int]:
        return await list_visits(self.database, **filters)

    async def list_approvals(self, **filters: Any) -> tuple[list[dict[str, Any]], int]:
        return await list_approvals(self.database, **filters)

    async def take_leads(self, records: Sequence[LeadRecord], caller: str) -> Sequence[tuple[bool, str]]:
        raise AssertionError("no leads here: tests/web/test_leads.py")

    async def move_clock(self, moment: datetime) -> None:
        self.clock.move_to(moment)

    @property
    def probe(self) -> Probe:
        return Probe(
            ready=self.ready,
            waiting=self.waiting,
            list_visits=self.list_visits,
            list_approvals=self.list_approvals,
            list_leads=lambda **filters: list_leads(self.database, **filters),
            take_leads=self.take_leads,
            regions=lambda: ("杭州大区",),
            clock=self.clock,
            move_clock=self.move_clock,
        )


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.fixture
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    keys = (
        ApiKey.model_validate({"name": "crm", "key": READER, "scopes": ["read"]}),
        ApiKey.model_validate({"name": "erp", "key": NO_READER, "scopes": ["intake"]}),
    )
    settings = Settings(server=ServerSettings(api_keys=keys), demo=DemoSettings(enabled=True))
    transport = httpx.ASGITransport(app=make_web(settings, house.probe))
    async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
        yield client


async def _visit(database: Database, number: str, **values: Any) -> None:
    row = {
        "visit_no": number,
        "customer_no": "KH1",
        "employee_no": "YG1",
        "visited_at": datetime(2026, 2, 12, 1, 0, tzinfo=UTC),
        "kind": "电话",
        "content": "谈了堆头",
        "state": "已确认",
    }
    async with database.engine.begin() as connection:
        await connection.execute(insert(visits).values(row | values))


async def test_ready_turns_red_with_the_part_that_is_not(http: httpx.AsyncClient, house: House) -> None:
    assert (await http.get("/readyz")).status_code == 200
    house.parts["dingtalk"] = "no Stream connection"
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["dingtalk"]) == (503, "no Stream connection")
    assert (await http.get("/healthz")).json() == {"status": "ok"}, "alive all the same"


async def test_metrics_show_depths_and_ages(http: httpx.AsyncClient) -> None:
    text = (await http.get("/metrics")).text
    for line in ("salesbot_inbox_waiting 2.0", "salesbot_inbox_oldest_seconds 1.5", "salesbot_outbox_failed 1.0"):
        assert line in text


@pytest.mark.parametrize(
    ("header", "status"),
    [
        pytest.param({}, 401, id="no key"),
        pytest.param({"Authorization": "Bearer guessed-0123456789"}, 401, id="unknown key"),
        pytest.param({"Authorization": f"Bearer {NO_READER}"}, 403, id="key without the scope"),
        pytest.param({"Authorization": f"Bearer {READER}"}, 200, id="the right key"),
    ],
)
async def test_the_api_opens_to_keys_with_the_scope(
    http: httpx.AsyncClient, header: dict[str, str], status: int
) -> None:
    assert (await http.get("/api/v1/visits", headers=header)).status_code == status


async def test_visits_come_filtered_paged_and_newest_first(http: httpx.AsyncClient, database: Database) -> None:
    await _visit(database, "BF1", amount_fen=2_500_050, next_follow_up=date(2026, 2, 18))
    await _visit(database, "BF2", visited_at=datetime(2026, 2, 12, 16, 30, tzinfo=UTC))  # already the 13th in Shanghai
    await _visit(database, "BF3", customer_no="KH2")
    await _visit(database, "BF4", state="已撤销")
    await _visit(database, "BF5", state="待选客户", customer_no=None)
    headers = {"Authorization": f"Bearer {READER}"}

    async def numbers(query: str) -> tuple[list[str], int]:
        page = (await http.get(f"/api/v1/visits?{query}", headers=headers)).json()
        return [item["visit_no"] for item in page["items"]], page["total"]

    assert await numbers("") == (["BF2", "BF3", "BF1"], 3)
    assert await numbers("limit=1&offset=1") == (["BF3"], 3)
    assert await numbers("customer=KH2") == (["BF3"], 1)
    assert await numbers("until=2026-02-12") == (["BF3", "BF1"], 2)
    item = (await http.get("/api/v1/visits?customer=KH1&until=2026-02-12", headers=headers)).json()["items"][0]
    assert (item["amount"], item["next_follow_up"], item["visited_at"]) == (
        "25000.50",
        "2026-02-18",
        "2026-02-12T09:00:00+08:00",
    )


async def test_the_demos_clock_is_read_and_moved_in_shanghai_time(http: httpx.AsyncClient) -> None:
    assert (await http.get("/demo/clock")).json()["now"] == "2026-02-12T08:30:00+08:00"
    assert (await http.post("/demo/clock", json={"plus_seconds": 3600})).json()["now"] == "2026-02-12T09:30:00+08:00"
    assert (
        (await http.post("/demo/clock", json={"to": "2026-02-13T08:30"})).json()["now"].startswith("2026-02-13T08:30")
    )
    assert (await http.post("/demo/clock", json={})).status_code == 422


async def test_the_documentation_needs_no_other_server(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    for address in re.findall(r'(?:src|href)="(/static[^"]+)"', page):
        assert (await http.get(address)).status_code == 200
