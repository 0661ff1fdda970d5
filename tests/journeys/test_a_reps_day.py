"""A rep's day in WeCom: say what happened, tap once; ask before a visit. Read this first."""

from __future__ import annotations

from tests.support.office import Office

REP, MANAGER = "yulijuan", "dd_chenlei"  # 于丽娟 in WeCom, 陈磊 in DingTalk, both 杭州大区


async def test_a_sentence_becomes_a_visit_and_one_tap_confirms_it(office: Office) -> None:
    await office.wecom.says(REP, "绿源超市滨江店曹姐定了两万五，下周三送货我跟车")
    await office.settle()
    card = "\n".join(office.wecom.shown_to(REP))
    for part in ("绿源超市", "曹婷", "25,000", "2月18日"):
        assert part in card
    await office.wecom.taps(REP, "确认")
    await office.settle()
    rows = await office.rows(
        "SELECT customer_no, contact, amount_fen, intent, state FROM visits WHERE state <> '已载入'"
    )
    assert rows == [("KH0117", "曹婷", 2_500_000, "高", "已确认")]


async def test_a_name_that_fits_two_shops_is_asked_not_guessed(office: Office) -> None:
    await office.wecom.says("shenshuisheng", "绿源超市的堆头费谈好了，定了进货1万5")
    await office.settle()
    assert await office.rows("SELECT customer_no FROM visits WHERE state <> '已载入'") == [(None,)]
    shown = "\n".join(office.wecom.shown_to("shenshuisheng"))
    assert "滨江" in shown


async def test_before_a_visit_the_rep_asks_what_is_owed(office: Office) -> None:
    await office.wecom.says(REP, "绿源滨江还欠多少")
    await office.settle()
    assert "元" in "\n".join(office.wecom.shown_to(REP))


async def test_the_manager_sees_a_customer_on_one_screen_in_dingtalk(office: Office) -> None:
    await office.dingtalk.says(MANAGER, "客户 旺淘开发区")
    await office.settle()
    screen = "\n".join(office.dingtalk.shown_to(MANAGER))
    assert "旺淘便利店(开发区店)" in screen


async def test_a_stranger_gets_a_polite_sentence_and_no_data(office: Office) -> None:
    await office.dingtalk.says("visitor01", "客户 旺淘开发区")
    await office.settle()
    screen = "\n".join(office.dingtalk.shown_to("visitor01"))
    assert "绑定" in screen
    assert "旺淘便利店" not in screen
