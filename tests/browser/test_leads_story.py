"""A lead on three people's phones, against the whole bot: posted, pushed with reasons, answered, weighed, reviewed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bot.cli.demo import DEMO_KEY
from tests.browser.conftest import watch
from tests.browser.talking import ANSWER_MS, ask, open_page, save

LEAD = {
    "external_id": "WEB-1001", "company": "杭州望江机电有限公司", "contact": "沈女士", "mobile": "19900007788",
    "region": "杭州", "industry": "工业", "amount": "30万", "intent": "high", "source": "官网表单",
    "note": "换三台空压机，月底前定",
}  # fmt: skip

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def page(browser: Browser, demo: str) -> Iterator[Page]:
    """Three phones: a rep's, the manager's, and the director's in place of finance."""
    page = open_page(browser, demo, 1200, 1000)
    complaints = watch(page)
    page.get_by_role("button", name="客户成功").click()
    page.locator("#who-finance").select_option(label="孙若曦 · 全国")
    yield page
    assert complaints == []
    page.close()


def api(demo: str) -> httpx.Client:
    """The bot's own API, as a company's web site calls it: the port after the page's."""
    port = urlsplit(demo).port
    assert port is not None
    headers = {"authorization": f"Bearer {DEMO_KEY}"}
    return httpx.Client(base_url=f"http://127.0.0.1:{port + 1}/api/v1", headers=headers, trust_env=False, timeout=10)


def holder(web: httpx.Client) -> str:
    """工号 of whoever was given the lead."""
    for _ in range(100):
        items = web.get("/leads", params={"limit": 500}).json()["items"]
        numbers = [item["employee_no"] for item in items if item["lead_no"] == LEAD["external_id"]]
        if any(numbers):
            return str(numbers[0])
        time.sleep(0.1)
    raise AssertionError("nobody got it")


def expect_shown(phone: Locator, *texts: str | re.Pattern[str]) -> None:
    for text in texts:
        expect(phone.locator(".log")).to_contain_text(text, timeout=ANSWER_MS)


def test_a_lead_from_the_web_site_to_the_managers_morning(demo: str, page: Page, picture_folder: Path | None) -> None:
    rep, manager, director = (page.locator(f"#phone-{name}") for name in ("rep", "manager", "finance"))
    with api(demo) as web:
        assert web.post("/leads", json=LEAD).json()["results"][0]["status"] == "accepted"
        page.locator("#who-rep").select_option(holder(web))
    card = rep.locator(".template").filter(has_text="杭州望江机电有限公司").last
    for text in ("沈女士", "19900007788", "换三台空压机", "30 万，意向高", "为什么给你：", "话术 ZS", "09:30 前响应"):
        expect(card).to_contain_text(text, timeout=ANSWER_MS)
    save(card, picture_folder, "lead-card")

    ask(rep, "为什么 WEB-1001", "按第 1 版规则打分")
    expect_shown(rep, "复核：用当时的数据和规则重算，结果一样")
    card.get_by_role("button", name="接受").click()
    expect_shown(rep, "跟进中")
    ask(manager, "线索", "1/20")

    ask(director, "权重 行业 0.3", "行业")
    proposal = director.locator(".ding-card").last
    expect(proposal).to_contain_text("会换人", timeout=ANSWER_MS)
    save(proposal, picture_folder, "lead-weights")
    proposal.get_by_role("button", name="确认权重").click()
    expect_shown(director, re.compile("孙若曦 .*已确认|已生效|第 2 版"))

    httpx.post(f"{demo}/sandbox/clock", json={"to": "2026-02-13T08:30:00+08:00"}, timeout=30, trust_env=False)
    expect_shown(manager, "线索日报 2月12日", "派给：")
    expect(manager.locator(".log img[alt^='线索日报']").last).to_be_visible(timeout=ANSWER_MS)
    save(manager, picture_folder, "lead-review")
