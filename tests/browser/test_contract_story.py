"""A contract on four people's phones, against the whole bot: written, questioned, agreed to, turned down and mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import watch
from tests.browser.talking import ANSWER_MS, answers, open_page, save, say

LARGE = "合同 绿源滨江 85万 9.2折 一年"
TOO_CHEAP = "合同 旺淘学府路 30万 8折 两年"
QUESTION, ANSWER, REASON = "账期能改成 30 天吗", "客户同意 30 天，月底前付", "低于底线太多，最低 8.8 折"

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def page(browser: Browser, demo: str) -> Iterator[Page]:
    """Three phones: the rep's, the manager's, and the director's in place of finance."""
    page = open_page(browser, demo, 1200, 1000)
    complaints = watch(page)
    page.get_by_role("button", name="客户成功").click()
    page.locator("#who-finance").select_option(label="孙若曦 · 全国")
    yield page
    assert complaints == []
    page.close()


def phones(page: Page) -> tuple[Locator, Locator, Locator]:
    """(rep, manager, director)"""
    return page.locator("#phone-rep"), page.locator("#phone-manager"), page.locator("#phone-finance")


def draft_of(rep: Locator, line: str) -> Locator:
    """Type a contract; returns the draft's card."""
    seen = rep.locator(".template").count()
    say(rep, line)
    card = rep.locator(".template").nth(seen)
    expect(card).to_contain_text("合同草稿，确认后提交", timeout=ANSWER_MS)
    return card


def waiting_card(phone: Locator, customer: str) -> Locator:
    """The newest card on which this person may decide."""
    card = phone.locator(".ding-card").filter(has_text=f"合同待审批：{customer}").last
    expect(card.get_by_role("button", name="同意")).to_be_enabled(timeout=ANSWER_MS)
    return card


def tap(card: Locator, button: str, typed: str = "") -> None:
    """Tap a button of a DingTalk card, with words in its input."""
    if typed:
        card.locator(".card-input").fill(typed)
    card.get_by_role("button", name=button, exact=True).click()


def expect_shown(phone: Locator, *texts: str | re.Pattern[str]) -> None:
    for text in texts:
        expect(phone.locator(".log")).to_contain_text(text, timeout=ANSWER_MS)


def test_a_large_contract_from_the_line_to_the_number(page: Page, picture_folder: Path | None) -> None:
    rep, manager, director = phones(page)
    draft = draft_of(rep, LARGE)
    for text in ("绿源超市(滨江店)", "850,000 元", "9.2 折", "12 个月", "上级审批 陈磊 → 总监审批 孙若曦"):
        expect(draft).to_contain_text(text)
    expect(manager.locator(".ding-card")).to_have_count(0)  # nothing goes before it is submitted
    save(rep, picture_folder, "contract-draft")
    draft.get_by_role("button", name="提交").click()

    card = waiting_card(manager, "绿源滨江 85 万")
    for text in ("于丽娟", "现在是上级审批", "9.2 折（底线 8.5 折）", "逾期约", "比这家以往最低的"):
        expect(card).to_contain_text(text)
    expect_shown(rep, "● 上级审批：等陈磊", "○ 总监审批")
    expect(director.locator(".ding-card")).to_have_count(0)
    save(manager, picture_folder, "contract-approval")

    the_manager_asks_and_the_rep_answers(rep, manager, picture_folder)

    tap(waiting_card(manager, "绿源滨江"), "同意", "按 30 天账期签")
    expect_shown(manager, re.compile("陈磊 2月12日 .* 同意：按 30 天账期签"))
    card = waiting_card(director, "绿源滨江 85 万")  # from 500,000 on
    for text in ("现在是总监审批", f"陈磊问：{QUESTION}", f"于丽娟答：{ANSWER}"):
        expect(card).to_contain_text(text)
    tap(card, "同意")
    expect_shown(director, re.compile("孙若曦 2月12日 .* 同意；合同号 HT202602"))
    expect_shown(rep, re.compile(r"全部通过。合同号 HT202602\d+，状态待签署"))
    expect_shown(rep, "合同审批：已通过", re.compile("✓ 上级审批：陈磊"), re.compile("✓ 总监审批：孙若曦"))
    expect_shown(manager, re.compile(r"全部通过，合同号 HT202602\d+"))
    for phone in (manager, director):
        expect(phone.get_by_role("button", name="同意")).to_have_count(0)
    save(page, picture_folder, "contract-done")


def the_manager_asks_and_the_rep_answers(rep: Locator, manager: Locator, folder: Path | None) -> None:
    """From DingTalk to WeCom and back; the thread stays on the card."""
    tap(waiting_card(manager, "绿源滨江"), "提问", QUESTION)
    asked = rep.locator(".template").filter(has_text=f"陈磊问：{QUESTION}")
    expect(asked).to_contain_text("关于绿源超市(滨江店)的合同 85 万", timeout=ANSWER_MS)
    asked.get_by_role("button", name="回复").click()
    expect(answers(rep).last).to_contain_text("怎么回答？", timeout=ANSWER_MS)
    say(rep, ANSWER)
    expect(answers(rep).last).to_contain_text("已转给陈磊", timeout=ANSWER_MS)
    expect(asked).to_contain_text(f"你答：{ANSWER}", timeout=ANSWER_MS)
    save(rep, folder, "contract-question")
    expect_shown(manager, f"答：{ANSWER}")
    expect(waiting_card(manager, "绿源滨江")).to_contain_text(f"于丽娟答：{ANSWER}", timeout=ANSWER_MS)


def test_a_rejected_contract_comes_back_with_its_reason_and_is_mended(page: Page) -> None:
    rep, manager, director = phones(page)
    draft = draft_of(rep, TOO_CHEAP)
    expect(draft).to_contain_text("8 折（低于底线 8.5 折）")
    expect(draft).to_contain_text("总监审批 孙若曦")  # not for its amount: it is below what the policy allows
    draft.get_by_role("button", name="提交").click()
    tap(waiting_card(manager, "旺淘学府路"), "拒绝")
    expect(answers(manager).last).to_contain_text("为什么拒绝？", timeout=ANSWER_MS)
    say(manager, REASON)
    expect_shown(manager, re.compile(f"陈磊 2月12日 .* 拒绝：{REASON}"))
    expect_shown(rep, f"被陈磊拒绝：{REASON}。要改了再提交")
    turned_down = rep.locator(".template").filter(has_text="合同审批：已拒绝").last
    expect(turned_down).to_contain_text(f"拒绝：{REASON}")
    expect(director.locator(".ding-card").filter(has_text="旺淘学府路")).to_have_count(0)

    turned_down.get_by_role("button", name="修改").click()
    expect(answers(rep).last).to_contain_text("合同草稿，确认后提交", timeout=ANSWER_MS)
    draft = draft_of(rep, "改折扣 8.8折")
    expect(draft).not_to_contain_text("低于底线")
    draft.get_by_role("button", name="提交").click()
    tap(waiting_card(manager, "旺淘学府路 30 万"), "同意")
    expect_shown(rep, re.compile(r"旺淘便利店（学府路店）的合同 300,000 元（SP260212\d+）全部通过。合同号 HT202602\d+"))
    expect_shown(manager, "已失效：于丽娟改过内容，已重新提交")


def test_the_same_question_stands_in_dingtalks_own_approvals(page: Page, picture_folder: Path | None) -> None:
    rep, manager, _ = phones(page)
    draft_of(rep, "合同 云光 12万 9.5折 一年 非标 账期45天").get_by_role("button", name="提交").click()
    waiting_card(manager, "云光")
    entry = manager.get_by_role("button", name="审批，1 项待处理")
    entry.click(timeout=ANSWER_MS)
    sheet = manager.get_by_role("region", name="OA 审批")
    sheet.locator(".oa-row").filter(has_text="云光生鲜超市").click()
    expect(sheet).to_contain_text("120000.00")
    expect(sheet).to_contain_text("账期45天")
    save(manager, picture_folder, "contract-oa")
    sheet.get_by_role("button", name="同意").click()
    expect_shown(rep, re.compile("✓ 上级审批：陈磊"), "● 法务审核：等")  # decided there, seen here
    expect(manager.locator(".ding-card").filter(has_text="合同审批：云光")).to_contain_text("陈磊", timeout=ANSWER_MS)


def test_the_approvers_card_on_a_phone(browser: Browser, demo: str, picture_folder: Path | None) -> None:
    page = open_page(browser, demo, 390, 844)
    draft_of(page.locator("#phone-rep"), "合同 家淘 62万 9折 18个月").get_by_role("button", name="提交").click()
    page.get_by_role("button", name="区域经理").click()
    card = waiting_card(page.locator("#phone-manager"), "家淘 62 万")
    card.get_by_role("button", name="详情").click()
    expect_shown(page.locator("#phone-manager"), "付款记录", "进度")
    save(page, picture_folder, "phone-approval")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
