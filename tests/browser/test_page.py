"""The page of phones: who holds what, what can be said and asked, a phone-sized window, live updates."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.company import call, dingtalk, wecom
from tests.browser.phones import PHONE, show


def test_everyone_is_listed_on_the_phone_they_can_hold(browser: Browser) -> None:
    with show(browser) as shown:
        expect(shown.page.locator(".slot")).to_have_count(4)
        expect(shown.rep.locator("option:checked")).to_have_text("于丽娟 · 杭州大区")
        expect(shown.manager.locator("option:checked")).to_have_text("陈磊 · 杭州大区")
        assert "崔爱珍 · 全国" not in shown.rep.locator("option").all_inner_texts()  # has no WeCom account
        assert "应蓉 · 杭州大区" not in shown.manager.locator("option").all_inner_texts()  # has no DingTalk account


def test_changing_person_shows_their_chat_and_tells_wecom_that_it_was_opened(browser: Browser) -> None:
    other = wecom("text", text="应蓉，早上好")
    other["user"] = "YingRong"  # WeCom ids have no case
    with show(browser, wecom("text", text="于丽娟，早上好"), other) as shown:
        expect(shown.rep.locator(".log")).to_contain_text("于丽娟，早上好")
        shown.rep.get_by_label("销售", exact=True).select_option("YG008")
        expect(shown.rep.locator(".log")).to_contain_text("应蓉，早上好")
        expect(shown.rep.locator(".log")).not_to_contain_text("于丽娟，早上好")
        assert shown.server.wait_for("enter") == {"platform": "wecom", "user": "yingrong"}


def test_a_message_for_somebody_on_no_phone_is_marked_in_the_list(browser: Browser) -> None:
    with show(browser) as shown:
        other = wecom("text", text="绿源滨江该跟进了")
        other["user"] = "yingrong"
        shown.server.push("message", other)
        expect(shown.rep.locator("option.unseen")).to_have_text("应蓉 · 杭州大区")
        shown.rep.get_by_label("销售", exact=True).select_option("YG008")
        expect(shown.rep.locator(".log")).to_contain_text("绿源滨江该跟进了")
        expect(shown.rep.locator(".unseen")).to_have_count(0)


def test_what_was_said_keeps_its_time_when_the_clock_is_moved(browser: Browser) -> None:
    with show(browser, wecom("text", text="早上好")) as shown:
        said = shown.rep.locator(".log time").inner_text()
        shown.server.state["clock"] = {"now": "2026-02-13T08:30:00+08:00", "offset_seconds": 86_000}
        shown.page.reload()
        expect(shown.rep.locator(".log time")).to_have_text(f"昨天 {said}")


def test_a_sentence_is_sent_with_enter_and_the_bot_seems_to_type(browser: Browser) -> None:
    with show(browser) as shown:
        field = shown.manager.get_by_label("输入消息")
        field.fill("绿源滨江 还欠多少")
        field.press("Enter")
        expected = {"platform": "dingtalk", "user": "dd_chenlei", "text": "绿源滨江 还欠多少"}
        assert shown.server.wait_for("say") == expected
        expect(shown.manager.locator(".typing")).to_be_visible()
        shown.server.push("message", dingtalk("markdown", text="未付 **12,480.00 元**"))
        expect(shown.manager.locator(".typing")).to_have_count(0)
        expect(shown.manager.locator(".log strong")).to_have_text("12,480.00 元")


def test_what_the_sandbox_refuses_is_said(browser: Browser) -> None:
    with show(browser) as shown:
        shown.server.refuse = "没有这个人"
        shown.manager.locator(".prompts button").first.click()
        expect(shown.page.get_by_text("没有这个人").first).to_be_visible()  # opening the phone may be refused, too
        shown.complaints.clear()  # the browser itself logs the 409


def test_the_wecom_menu_and_the_keyboard_take_turns(browser: Browser) -> None:
    with show(browser) as shown:
        menu = shown.rep.get_by_role("group", name="应用菜单")
        menu.get_by_role("button", name="拜访").click()
        assert shown.server.wait_for("menu") == {"user": "yulijuan", "key": "menu.visit"}
        menu.get_by_role("button", name="更多").click()
        menu.get_by_role("group", name="更多").get_by_role("button", name="帮助").click()
        assert shown.server.wait_for("menu", times=2)["key"] == "menu.help"
        expect(menu.get_by_role("group", name="更多")).to_be_hidden()
        shown.rep.get_by_role("button", name="切换到键盘").click()
        expect(shown.rep.get_by_label("输入消息")).to_be_visible()
        expect(menu).to_be_hidden()
        shown.server.push("menu", {"wecom": []})
        expect(shown.rep.get_by_role("button", name="切换到菜单")).to_be_hidden()


def test_photo_place_and_voice_note(browser: Browser) -> None:
    with show(browser) as shown:
        shown.rep.get_by_role("button", name="切换到键盘").click()
        shown.rep.get_by_role("button", name="更多").click()
        shown.rep.get_by_role("button", name="示例照片").click()
        photo = shown.server.wait_for("photo")
        assert (photo["user"], photo["name"]) == ("yulijuan", "排面照片.jpg")
        assert photo["size"] > 10_000
        shown.rep.get_by_role("button", name="更多").click()
        shown.rep.get_by_role("button", name="位置").click()
        shown.page.get_by_label("旺淘便利店(学府路店)").check()
        shown.page.get_by_role("button", name="发送").click()
        assert shown.server.wait_for("location")["lat"] == 30.321627
        shown.rep.get_by_role("button", name="发语音").click()
        shown.page.get_by_label("说了什么").fill("椰汁卖得不错")
        shown.page.get_by_role("button", name="发送").click()
        assert shown.server.wait_for("voice") == {
            "platform": "wecom",
            "user": "yulijuan",
            "seconds": 9,
            "text": "椰汁卖得不错",
        }


def test_the_clock_is_shown_and_moved(browser: Browser) -> None:
    with show(browser) as shown:
        face = shown.page.get_by_role("button", name="业务时间")
        expect(face).to_contain_text("2026-02-12 周四 08:41")
        shown.page.get_by_role("button", name="+1 小时").click()
        assert shown.server.wait_for("clock") == {"plus_seconds": 3600}
        shown.page.get_by_role("button", name="明早 8:30").click()
        assert shown.server.wait_for("clock", times=2) == {"to": "2026-02-13T08:30:00+08:00"}
        shown.server.push("clock", {"now": "2026-02-13T08:30:00+08:00", "offset_seconds": 86000})
        expect(face).to_contain_text("2026-02-13 周五 08:30")
        face.click()
        shown.page.get_by_label("拨到（北京时间）").fill("2026-02-24T09:00")
        shown.page.get_by_role("button", name="拨过去").click()
        assert shown.server.wait_for("clock", times=3) == {"to": "2026-02-24T09:00:00+08:00"}


def test_the_wire_shows_retries_and_opens_an_exchange(browser: Browser) -> None:
    first = call(
        1,
        "POST /cgi-bin/message/send",
        status="-1",
        detail={"request": {"touser": "yulijuan"}, "response": {"errcode": -1}},
    )
    with show(browser, wire=[first]) as shown:
        shown.page.get_by_role("button", name="线上往来").click()
        shown.server.push("wire", call(2, "POST /cgi-bin/message/send", attempt=2, status="0"))
        rows = shown.page.locator(".wire-row")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("第 2 次")
        rows.last.click()
        expect(shown.page.locator("dialog pre").first).to_contain_text('"touser": "yulijuan"')


def test_on_a_phone_sized_window_one_phone_shows_and_the_others_count_unread(browser: Browser) -> None:
    with show(browser, wecom("text", text="早上好"), window=PHONE) as shown:
        expect(shown.rep).to_be_visible()
        expect(shown.manager).to_be_hidden()
        shown.server.push("message", dingtalk("text", text="绿源滨江的折扣要你看一眼"))
        tab = shown.page.get_by_role("button", name="区域经理")
        expect(tab.locator(".unread")).to_have_text("1")
        tab.click()
        expect(shown.manager).to_be_visible()
        expect(shown.rep).to_be_hidden()
        expect(tab.locator(".unread")).to_have_count(0)
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        box = shown.manager.locator(".composer").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= PHONE["height"]
        shown.page.get_by_role("button", name="线路").click()
        expect(shown.page.locator("#wire")).to_be_visible()
        expect(shown.manager).to_be_hidden()


def test_the_chat_follows_new_messages_unless_somebody_reads_back(browser: Browser) -> None:
    with show(browser, *[wecom("text", text=f"第 {number} 条") for number in range(40)]) as shown:
        log = shown.rep.locator(".log")
        distance = "e => e.scrollHeight - e.scrollTop - e.clientHeight"
        assert log.evaluate(distance) < 2
        shown.server.push("message", wecom("text", text="新的"))
        expect(log).to_contain_text("新的")
        assert log.evaluate(distance) < 2
        log.evaluate("e => { e.scrollTop = 0 }")
        shown.server.push("message", wecom("text", text="更新的"))
        shown.rep.get_by_role("button", name="新消息").click()
        assert log.evaluate(distance) < 2
