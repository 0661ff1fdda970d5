"""How the page draws every kind of message and card, and that hostile text stays text."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.company import VISIT_FACE, button, call, dingtalk, history_card, wecom, wecom_card
from tests.browser.phones import show


def test_a_visit_card_is_tapped_once_and_then_greyed(browser: Browser) -> None:
    message = wecom("card", card=wecom_card(VISIT_FACE))
    with show(browser, message) as shown:
        card = shown.rep.locator(".template")
        expect(card.locator(".main-title")).to_have_text("绿源超市(滨江店)")
        expect(card.locator("dl > div").nth(2)).to_have_text("联系人曹老板（曹婷）")
        card.get_by_role("button", name="确认").click()
        asked = shown.server.wait_for("tap")
        assert (asked["message_id"], asked["key"]) == (message["id"], VISIT_FACE["button_list"][0]["key"])
        shown.server.push("update", {**message, "card": wecom_card(VISIT_FACE, disabled=True, replace_text="已确认")})
        expect(card.get_by_role("button")).to_have_count(1)
        expect(card.get_by_role("button", name="已确认")).to_be_disabled()


def test_a_wecom_card_replaced_as_a_whole(browser: Browser) -> None:
    message = wecom("card", card=wecom_card(VISIT_FACE))
    with show(browser, message) as shown:
        face = {"card_type": "text_notice", "main_title": {"title": "已撤销"}, "card_action": {"type": 0}}
        shown.server.push("update", {**message, "card": wecom_card(face)})
        expect(shown.rep.locator(".main-title")).to_have_text("已撤销")
        expect(shown.rep.locator(".template button")).to_have_count(0)


VOTE = {
    "card_type": "vote_interaction",
    "task_id": "v-1",
    "main_title": {"title": "你说的是哪一家？"},
    "checkbox": {
        "question_key": "customer",
        "mode": 0,
        "option_list": [
            {"id": "KH0107", "text": "旺淘学府路"},
            {"id": "KH0126", "text": "旺淘南站", "is_checked": True},
        ],
    },
    "submit_button": {"text": "就是这家", "key": "visit.choose"},
}
MULTIPLE = {
    "card_type": "multiple_interaction",
    "task_id": "m-1",
    "main_title": {"title": "改一下"},
    "select_list": [
        {"question_key": "kind", "title": "方式", "selected_id": "b",
         "option_list": [{"id": "a", "text": "电话"}, {"id": "b", "text": "上门"}]},
        {"question_key": "intent", "title": "意向",
         "option_list": [{"id": "h", "text": "高"}, {"id": "l", "text": "低"}]},
    ],
    "submit_button": {"text": "保存", "key": "visit.save"},
}  # fmt: skip
REASONED = {
    "card_type": "button_interaction",
    "task_id": "b-1",
    "main_title": {"title": "退回线索"},
    "button_selection": {
        "question_key": "why", "title": "原因", "selected_id": "r1",
        "option_list": [{"id": "r1", "text": "不在本区"}],
    },
    "button_list": [{"text": "退回", "style": 3, "key": "lead.return"},
                    {"type": 1, "text": "详情", "style": 4, "url": "https://crm.example.com/1"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("face", "press", "key", "selected"),
    [
        pytest.param(VOTE, "就是这家", "visit.choose", {"customer": ["KH0126"]}, id="vote"),
        pytest.param(MULTIPLE, "保存", "visit.save", {"kind": ["b"], "intent": ["h"]}, id="lists to choose from"),
        pytest.param(REASONED, "退回", "lead.return", {"why": ["r1"]}, id="buttons with a reason"),
    ],
)
def test_what_was_chosen_on_a_card_goes_with_the_tap(
    browser: Browser, face: dict[str, Any], press: str, key: str, selected: dict[str, list[str]]
) -> None:
    with show(browser, wecom("card", card=wecom_card(face))) as shown:
        shown.rep.locator(".template").get_by_role("button", name=press).click()
        asked = shown.server.wait_for("tap")
        assert (asked["key"], asked["selected"]) == (key, selected)


def test_notices_show_all_their_blocks(browser: Browser) -> None:
    notice = {
        "card_type": "text_notice",
        "source": {"desc": "回款提醒", "desc_color": 2},
        "action_menu": {"desc": "更多", "action_list": [{"text": "不再提醒", "key": "mute:42"}]},
        "task_id": "n-1",
        "main_title": {"title": "绿源滨江逾期", "desc": "已经 17 天"},
        "quote_area": {"type": 1, "url": "https://crm.example.com", "title": "1月28日订单", "quote_text": "椰汁 50 箱"},
        "emphasis_content": {"title": "3,200.00", "desc": "逾期金额（元）"},
        "sub_title_text": "曹老板说月底付",
        "horizontal_content_list": [
            {"keyname": "合同", "value": "打开", "type": 1, "url": "https://crm.example.com/2"}
        ],
        "jump_list": [{"type": 1, "title": "看全部订单", "url": "https://crm.example.com/3"}],
        "card_action": {"type": 1, "url": "https://crm.example.com/4"},
    }
    news = {
        "card_type": "news_notice",
        "main_title": {"title": "新品上架"},
        "card_image": {"url": "/files/new.svg", "aspect_ratio": 2.25},
        "vertical_content_list": [{"title": "大瓶椰汁", "desc": "一箱 12 瓶"}],
        "card_action": {"type": 1, "url": "https://crm.example.com/5"},
    }
    with show(browser, wecom("card", card=wecom_card(notice)), wecom("card", card=wecom_card(news))) as shown:
        first, second = shown.rep.locator(".template").all()
        for text in (
            "回款提醒",
            "绿源滨江逾期",
            "已经 17 天",
            "椰汁 50 箱",
            "3,200.00",
            "曹老板说月底付",
            "看全部订单",
        ):
            expect(first).to_contain_text(text)
        expect(first.locator("dd a")).to_have_attribute("href", "https://crm.example.com/2")
        expect(second).to_contain_text("一箱 12 瓶")
        expect(second.locator(".card-image")).to_be_visible()
        first.locator("summary").click()
        first.get_by_role("button", name="不再提醒").click()
        assert shown.server.wait_for("tap")["key"] == "mute:42"


def test_a_dingtalk_card_takes_a_word_with_its_button_and_settles(browser: Browser) -> None:
    message = dingtalk("card", card=history_card())
    with show(browser, message) as shown:
        card = shown.manager.locator(".ding-card")
        expect(card.locator(".ding-title")).to_have_text("旺淘便利店(开发区店)")
        expect(card.locator("li")).to_have_count(5)
        expect(card.locator(".font-warning")).to_have_text("偏低")
        card.get_by_label("随按钮一起提交的文字").fill("为什么压了货款")
        card.get_by_role("button", name="全部订单").click()
        asked = shown.server.wait_for("tap")
        assert (asked["action"], asked["params"], asked["text"]) == (
            "history.orders",
            {"customer": "KH0248"},
            "为什么压了货款",
        )
        settled = {
            "title": "旺淘便利店(开发区店)",
            "status": "陈磊 08:42 已同意",
            "btns": [button("已同意", "x", "gray", "disabled")],
        }
        shown.server.push("update", {**message, "card": history_card(vars=settled)})
        expect(card.locator(".ding-status")).to_have_text("陈磊 08:42 已同意")
        expect(card.get_by_role("button", name="已同意")).to_be_disabled()
        expect(card.get_by_role("textbox")).to_have_count(0)


def test_every_other_kind_of_message(browser: Browser) -> None:
    place = {"lat": 30.185338, "lng": 120.082049, "label": "绿源超市(滨江店) 杭州市滨江区水杉路22号"}
    textcard = {
        "title": "日报",
        "description": '<div class="gray">2月12日</div>今天 3 家<br>逾期 1 家',
        "url": "https://x.example.com",
        "btntxt": "详情",
    }
    messages = [
        wecom("image", sender="user", file={"url": "/files/shelf.svg", "name": "排面.jpg", "size": 1000}),
        wecom("voice", sender="user", voice={"seconds": 9, "text": "椰汁卖得不错"}),
        wecom("location", sender="user", location=place),
        wecom("textcard", card=textcard),
        wecom("text", text='看<a href="https://crm.example.com/7">这里</a>'),
        dingtalk("file", file={"url": "/files/orders.xlsx", "name": "全部订单.xlsx", "size": 18233}),
        dingtalk("text", sender="user", text="没发出去", state="failed"),
        dingtalk("text", text="说错了", state="recalled"),
        dingtalk("system", text="机器人已加入会话"),
        dingtalk("link", card={"title": "知识库", "description": "返利怎么算", "url": "https://x.example.com/kb"}),
    ]  # fmt: skip
    with show(browser, *messages) as shown:
        rep, manager = shown.rep.locator(".log"), shown.manager.locator(".log")
        for text in ("9″", "椰汁卖得不错", "杭州市滨江区水杉路22号", "逾期 1 家"):
            expect(rep).to_contain_text(text)
        expect(rep.get_by_role("link", name="这里")).to_have_attribute("href", "https://crm.example.com/7")
        expect(manager.get_by_role("link", name="下载 全部订单.xlsx")).to_contain_text("17.8 KB")
        expect(manager.locator(".failed")).to_be_visible()
        expect(manager).to_contain_text("撤回了一条消息")
        expect(manager).not_to_contain_text("说错了")
        expect(manager).to_contain_text("返利怎么算")
        rep.get_by_role("button", name="查看大图：排面.jpg").click()
        expect(shown.page.locator("dialog img")).to_be_visible()
        shown.page.keyboard.press("Escape")
        expect(shown.page.locator("dialog")).to_have_count(0)


BAD_URL = "javascript:window.hacked=1"
HOSTILE = f'<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>[点我]({BAD_URL})'


def test_hostile_text_stays_text_everywhere(browser: Browser) -> None:
    face = {
        **VISIT_FACE,
        "main_title": {"title": HOSTILE, "desc": HOSTILE},
        "sub_title_text": HOSTILE,
        "source": {"desc": HOSTILE, "icon_url": BAD_URL},
        "card_action": {"type": 1, "url": BAD_URL},
        "jump_list": [{"type": 1, "title": HOSTILE, "url": BAD_URL}],
        "button_list": [
            {"text": HOSTILE, "key": HOSTILE},
            {"type": 1, "text": "开", "url": BAD_URL},
        ],
    }
    settled = {"title": HOSTILE, "body": HOSTILE, "status": HOSTILE, "btns": [button(HOSTILE, "x")]}
    messages = [
        wecom("text", text=HOSTILE + '<a href=BAD_URL>开</a>'),
        wecom("markdown", text=f"# {HOSTILE}\n> {HOSTILE}\n- {HOSTILE}"),
        wecom("card", card=wecom_card(face)),
        wecom("textcard", card={"title": HOSTILE, "description": f'<div class="gray">{HOSTILE}</div>', "url": BAD_URL}),
        wecom("file", file={"url": BAD_URL, "name": HOSTILE, "size": 1}),
        wecom("location", location={"lat": 1, "lng": 2, "label": HOSTILE}),
        dingtalk("card", card=history_card(vars=settled)),
        dingtalk("system", text=HOSTILE),
    ]  # fmt: skip
    with show(browser, *messages, wire=[call(1, HOSTILE, status=HOSTILE, note=HOSTILE)]) as shown:
        shown.page.get_by_role("button", name="线上往来").click()
        expect(shown.manager.locator(".ding-title")).to_have_text(HOSTILE)
        assert shown.page.evaluate("window.hacked") is None
        assert shown.page.locator("[onerror], main script").count() == 0
        schemes = shown.page.locator("a[href], img[src]").evaluate_all(
            "all => all.map(e => new URL(e.href || e.src).protocol)"
        )
        assert set(schemes) <= {"http:", "https:"}


def test_dingtalk_markdown(browser: Browser) -> None:
    cases = {
        "一行  \n另一行": "一行\n另一行",  # two blanks break the line
        "一行\n另一行": "一行 另一行",  # without them DingTalk joins the lines
        "# 标题\n正文": "标题\n正文",
        "**粗**和*斜*和`码`": "粗和斜和码",
        "3*4*5 和 2 * 3": "3*4*5 和 2 * 3",  # stars in sums stay
    }
    with show(browser, *[dingtalk("markdown", text=text) for text in cases]) as shown:
        bubbles = shown.manager.locator(".markdown").all_inner_texts()
        assert [text.replace("\n\n", "\n") for text in bubbles] == list(cases.values())


def test_wecom_markdown_is_the_smaller_subset(browser: Browser) -> None:
    text = '# 日报\n**3 家**\n- 不是列表\n*不斜* <font color="warning">逾期</font>'
    with show(browser, wecom("markdown", text=text)) as shown:
        bubble = shown.rep.locator(".markdown")
        assert [line for line in bubble.inner_text().split("\n") if line] == [
            "日报",
            "3 家",
            "- 不是列表",
            "*不斜* 逾期",
        ]
        expect(bubble.locator("li, em")).to_have_count(0)
        expect(bubble.locator(".font-warning")).to_have_text("逾期")
