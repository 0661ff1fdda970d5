"""The story on both phones, against the whole bot: a rep records a visit, her manager looks it up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.conftest import watch
from tests.browser.talking import ANSWER_MS, answers, ask, open_page, save, say

VISIT = "今天去绿源滨江见了曹老板，谈了元宵堆头，大概3万，意向挺高，下周三再去"
OWED = re.compile(r"绿源超市\(滨江店\).*?[\d,.]+ ?元", re.DOTALL)

pytestmark = pytest.mark.timeout(240)


def test_a_visit_in_wecom_and_its_history_in_dingtalk(browser: Browser, demo: str, picture_folder: Path | None) -> None:
    page = open_page(browser, demo, 1560, 1000)
    complaints = watch(page)
    rep, manager = page.locator("#phone-rep"), page.locator("#phone-manager")
    expect(rep.locator("option:checked")).to_contain_text("于丽娟")
    expect(manager.locator("option:checked")).to_contain_text("陈磊")

    expect(answers(rep).first).to_contain_text("于丽娟", timeout=ANSWER_MS)  # greeted for opening the app
    the_rep_records_a_visit(rep)
    save(rep, picture_folder, "visit")
    the_rep_confirms_and_adds_a_photo(rep)
    the_manager_asks(manager)
    save(manager, picture_folder, "history")
    ask(page.locator("#phone-success"), "客户 铭图物流", "杭州铭图物流有限公司")
    ask(page.locator("#phone-finance"), "绿源滨江 还欠多少", OWED)
    save(page, picture_folder, "phones")
    page.get_by_role("button", name="线上往来").click()
    expect(page.locator(".wire-row").filter(has_text="createAndDeliver").first).to_be_visible()
    save(page, picture_folder, "wire")
    assert complaints == []
    page.close()


def the_rep_records_a_visit(rep: Locator) -> None:
    say(rep, VISIT)
    card = rep.locator(".template").last
    expect(card).to_contain_text("绿源超市(滨江店)", timeout=ANSWER_MS)
    for text in ("曹", "30,000", "高", "2月18日", "元宵堆头"):
        expect(card).to_contain_text(text)


def the_rep_confirms_and_adds_a_photo(rep: Locator) -> None:
    card = rep.locator(".template").last
    card.get_by_role("button", name="确认").click()
    expect(card.get_by_role("button", name=re.compile("于丽娟.*确认"))).to_be_disabled(timeout=ANSWER_MS)
    rep.get_by_role("button", name="更多").click()
    rep.get_by_role("button", name="示例照片").click()
    expect(answers(rep).last).to_contain_text("照片已附到", timeout=ANSWER_MS)
    expect(answers(rep).last).to_contain_text("绿源超市(滨江店)")


def the_manager_asks(manager: Locator) -> None:
    ask(manager, "绿源滨江 还欠多少", OWED)
    ask(manager, "客户 绿源滨江", "元宵堆头")  # said a minute ago in the other app
    ask(manager, "客户 旺淘开发区", "旺淘便利店(开发区店)")
    expect(manager.locator(".ding-card").last).to_contain_text("旺淘便利店(开发区店)", timeout=ANSWER_MS)
    expect(manager.locator(".ding-card button").last).to_be_enabled()


def test_the_story_on_a_phone(browser: Browser, demo: str, picture_folder: Path | None) -> None:
    page = open_page(browser, demo, 390, 844)
    ask(page.locator("#phone-rep"), "客户 旺淘学府路", "旺淘便利店（学府路店）")
    expect(page.locator("#phone-rep .template").last).to_contain_text("旺淘便利店（学府路店）", timeout=ANSWER_MS)
    save(page, picture_folder, "phone-wecom")
    page.get_by_role("button", name="区域经理").click()
    ask(page.locator("#phone-manager"), "上次是谁去的绿源滨江", "于丽娟")
    save(page, picture_folder, "phone-dingtalk")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_a_promise_is_remembered_when_its_day_comes(browser: Browser, demo: str, picture_folder: Path | None) -> None:
    page = open_page(browser, demo, 1560, 1000)
    rep = page.locator("#phone-rep")
    ask(rep, "旺淘学府路，刚去看了排面，明天送海报", "记下了，请确认")
    page.get_by_role("button", name="业务时间").click()
    page.get_by_label("拨到（北京时间）").fill("2026-02-13T09:01")
    page.get_by_role("button", name="拨过去").click()
    expect(page.get_by_role("button", name="业务时间")).to_contain_text("2026-02-13", timeout=ANSWER_MS)
    reminder = answers(rep).filter(has_text="今天要跟进").last
    expect(reminder).to_contain_text("旺淘便利店（学府路店）", timeout=ANSWER_MS)
    save(rep, picture_folder, "reminder")
    page.close()
