"""DingTalk's own approvals on the phones: the entry with its badge, the lists, and what its buttons ask for."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Locator, expect

from tests.browser.company import approval, button, dingtalk, history_card
from tests.browser.phones import PHONE, show

MANAGER, SUCCESS, FINANCE = "dd_chenlei", "dd_xugang", "dd_cuiaizhen"


def waiting(number: int, **changes: Any) -> dict[str, Any]:
    return approval(number, (MANAGER, "RUNNING", ""), (FINANCE, "RUNNING", ""), **changes)


def agreed(number: int) -> dict[str, Any]:
    return approval(number, (MANAGER, "COMPLETED", "AGREE"), status="COMPLETED", result="agree")


def opened(phone: Locator) -> Locator:
    phone.get_by_role("button", name=re.compile("^审批")).click()
    return phone.get_by_role("region", name="OA 审批")


def test_the_badge_counts_what_waits_and_moves_at_once(browser: Browser) -> None:
    with show(browser, oa=[waiting(1), waiting(2), agreed(3)]) as shown:
        badge = shown.manager.locator(".oa-badge")
        expect(badge).to_have_text("2")
        expect(shown.manager.get_by_role("button", name="审批，2 项待处理")).to_be_visible()
        shown.server.push("oa", agreed(1))
        expect(badge).to_have_text("1")
        shown.server.push("oa", agreed(2))
        expect(badge).to_be_hidden()
        expect(shown.rep.get_by_role("button", name="审批")).to_have_count(0)  # WeCom has none


def test_the_lists_of_one_person(browser: Browser) -> None:
    with show(browser, oa=[waiting(1), agreed(2)]) as shown:
        sheet = opened(shown.manager)
        rows = sheet.locator(".oa-row")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("徐刚提交的合同审批")
        expect(rows).to_contain_text("客户：绿源超市(滨江店)")
        expect(rows.locator(".oa-state")).to_have_text("等待我处理")
        sheet.get_by_role("tab", name="已处理").click()
        expect(rows.locator(".oa-state")).to_have_text("审批通过")
        sheet.get_by_role("tab", name="我发起的").click()
        expect(sheet).to_contain_text("没有发起过审批")
        sheet.get_by_role("button", name="返回会话").click()
        expect(sheet).to_be_hidden()
        mine = opened(shown.page.locator("#phone-success"))
        mine.get_by_role("tab", name="我发起的").click()
        expect(mine.locator(".oa-state").last).to_have_text("等待陈磊、崔爱珍处理")


def test_a_manager_agrees_with_an_opinion(browser: Browser) -> None:
    with show(browser, oa=[waiting(1)]) as shown:
        sheet = opened(shown.manager)
        sheet.locator(".oa-row").click()
        expect(sheet.locator(".oa-form")).to_contain_text("近半年逾期 1 次")
        expect(sheet.locator(".oa-flow li")).to_have_count(4)
        expect(sheet.locator(".oa-flow li").nth(1)).to_contain_text("处理中 · 或签")
        sheet.get_by_label("审批意见").fill("同意，请按账期收款")
        sheet.get_by_role("button", name="同意").click()
        assert shown.server.wait_for("decide") == {
            "user": MANAGER,
            "instance_id": "oa-1",
            "agree": True,
            "remark": "同意，请按账期收款",
        }
        shown.server.push("oa", agreed(1))
        expect(sheet.locator(".oa-top .oa-state")).to_have_text("审批通过")
        expect(sheet.locator(".oa-flow q")).to_have_text("同意，请按账期收款")
        expect(sheet.get_by_role("button", name="同意")).to_have_count(0)
        sheet.get_by_role("button", name="返回列表").click()
        expect(sheet).to_contain_text("没有待处理的审批")


def test_refusing_and_transferring(browser: Browser) -> None:
    with show(browser, oa=[waiting(1)]) as shown:
        sheet = opened(shown.manager)
        sheet.locator(".oa-row").click()
        sheet.get_by_role("button", name="拒绝").click()
        assert shown.server.wait_for("decide")["agree"] is False
        sheet.get_by_text("转交给别人").click()
        sheet.get_by_label("转交给").select_option(SUCCESS)
        sheet.get_by_role("button", name="转交").click()
        assert shown.server.wait_for("transfer")["to_user"] == SUCCESS


def test_the_originator_revokes(browser: Browser) -> None:
    with show(browser, oa=[waiting(1)]) as shown:
        sheet = opened(shown.page.locator("#phone-success"))
        sheet.get_by_role("tab", name="我发起的").click()
        sheet.locator(".oa-row").click()
        sheet.get_by_role("button", name="撤销").click()
        assert shown.server.wait_for("revoke") == {"user": SUCCESS, "instance_id": "oa-1"}
        shown.server.push("oa", approval(1, (MANAGER, "TERMINATED", ""), status="TERMINATED"))
        expect(sheet.locator(".oa-top .oa-state")).to_have_text("已撤销")


def test_an_opinion_being_typed_survives_what_others_do(browser: Browser) -> None:
    with show(browser, oa=[waiting(1)]) as shown:
        sheet = opened(shown.manager)
        sheet.locator(".oa-row").click()
        opinion = sheet.get_by_label("审批意见")
        opinion.press_sequentially("折扣")
        comment = {"user": FINANCE, "text": "上次 92 折", "at": "2026-02-12T00:40:00+00:00"}
        shown.server.push("oa", waiting(1, comments=[comment]))
        expect(sheet.locator(".oa-flow q")).to_have_text("上次 92 折")
        shown.page.keyboard.type("可以")
        expect(opinion).to_have_value("折扣可以")


def test_what_the_sandbox_refuses_keeps_the_opinion(browser: Browser) -> None:
    with show(browser, oa=[waiting(1)]) as shown:
        sheet = opened(shown.manager)
        sheet.locator(".oa-row").click()
        sheet.get_by_label("审批意见").fill("同意")
        shown.server.refuse = "陈磊在“徐刚提交的合同审批”里没有待处理的任务"
        sheet.get_by_role("button", name="同意").click()
        expect(shown.page.locator(".toast")).to_contain_text("没有待处理的任务")
        expect(sheet.get_by_label("审批意见")).to_have_value("同意")
        expect(sheet.get_by_role("button", name="同意")).to_be_enabled()
        shown.complaints.clear()  # the browser itself logs the 409


def test_hostile_words_of_a_form_stay_words(browser: Browser) -> None:
    evil = "<img src=x onerror=alert(1)>"
    with show(browser, oa=[waiting(1, title=evil, form={evil: evil})]) as shown:
        sheet = opened(shown.manager)
        sheet.locator(".oa-row").click()
        expect(sheet.locator(".oa-form dd")).to_have_text(evil)
        expect(sheet.locator("img")).to_have_count(0)


def test_approvals_fit_a_phone_sized_window(browser: Browser) -> None:
    with show(browser, oa=[waiting(1)], window=PHONE) as shown:
        shown.page.get_by_role("button", name="区域经理").click()
        opened(shown.manager).locator(".oa-row").click()
        expect(shown.manager.get_by_role("button", name="同意")).to_be_in_viewport()
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_words_typed_on_a_card_survive_its_update_and_go_with_the_tap(browser: Browser) -> None:
    message = dingtalk("card", card=history_card())
    with show(browser, message) as shown:
        card = shown.manager.locator(".ding-card")
        words = card.get_by_label("随按钮一起提交的文字")
        words.press_sequentially("为什么")
        changed = history_card(vars={**history_card()["vars"], "status": "崔爱珍 已同意"})
        shown.server.push("update", {**message, "card": changed})
        expect(card.locator(".ding-status")).to_have_text("崔爱珍 已同意")
        shown.page.keyboard.type("压货")
        expect(words).to_have_value("为什么压货")
        card.get_by_role("button", name="问业务员").click()
        assert shown.server.wait_for("tap")["text"] == "为什么压货"
        shown.server.push("update", {**message, "card": {**changed, "pending": True}})
        expect(card.get_by_role("button", name="问业务员")).to_be_disabled()
        failed = {**changed, "error": "操作失败，请稍后再试"}
        shown.server.push("update", {**message, "card": failed})
        expect(card.get_by_role("alert")).to_be_visible()
        expect(words).to_have_value("为什么压货")  # nobody wants to type it again
        shown.server.push("update", {**message, "card": {**changed, "pending": True}})
        expect(card.get_by_role("button", name="问业务员")).to_be_disabled()
        asked = {**changed, "vars": {**changed["vars"], "btns": [button("再问一句", "ask")]}}
        shown.server.push("update", {**message, "card": asked})
        expect(card.get_by_role("button", name="再问一句")).to_be_enabled()
        expect(words).to_have_value("")
