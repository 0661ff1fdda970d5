"""A rep says what happened; one card comes back; one tap confirms it. The story in the rep's own words."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.directory import Directory
from bot.messages import Kind
from tests.support.desk import CONTACTS, CUSTOMERS, DINGTALK, EMPLOYEES, Desk

LV = "刚去了绿源滨江，王姐要20件矿泉水，大概3000块，下周三送样"


async def test_one_sentence_becomes_a_visit_and_a_card(desk: Desk) -> None:
    shown = await desk.says("LiLei", LV)
    assert "记下了，请确认" in shown
    assert "客户：绿源超市(滨江店)" in shown
    assert "联系人：王红" in shown
    assert "金额：3,000 元" in shown
    assert "[确认] [改客户] [改金额] [改日期] [改内容] [撤销]" in shown
    (visit,) = await desk.visits()
    assert (visit.customer_no, visit.employee_no, visit.amount_fen) == ("KH0117", "YG010", 300000)
    assert (visit.state, visit.source_channel, visit.raw_text) == ("待确认", "wecom", LV)
    assert visit.visit_no == "BF260212000001"


async def test_a_follow_up_on_a_holiday_is_kept_and_remarked(desk: Desk) -> None:
    """18 February 2026, next Wednesday, lies in the Spring Festival."""
    shown = await desk.says("LiLei", LV)
    assert "下次跟进：2月18日 周三" in shown
    assert "注意：2月18日是春节假期，先按这天记着。" in shown


async def test_one_tap_confirms_and_settles_the_card(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    shown = await desk.taps("LiLei", "确认")
    assert "拜访已确认" in shown
    assert "李雷 2月12日 09:30 确认" in shown
    assert "[" not in shown
    assert [visit.state for visit in await desk.visits()] == ["已确认"]


async def test_confirming_twice_changes_nothing(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    action = (await desk.cards_of("LiLei"))[0].buttons[0].action
    await desk.taps("LiLei", "确认")
    before = await desk.visits()
    from bot.messages import Tap

    await desk.sends("LiLei", kind=Kind.TAP, tap=Tap(card_id="c", action=action.name, params=action.params()))
    assert await desk.visits() == before
    assert (await desk.audit()).count("visit.confirmed") == 1


async def test_confirming_by_typing_works_where_there_are_no_buttons(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    number = (await desk.visits())[0].visit_no
    assert "拜访已确认" in await desk.says("LiLei", f"确认 {number}")


async def test_two_customers_in_one_message_become_two_visits(desk: Desk) -> None:
    await desk.says("LiLei", "今天去了绿源滨江，王姐要2000块的货；又去了利康便利店(老街店)，没见到人")
    assert sorted(visit.customer_no for visit in await desk.visits()) == ["KH0117", "KH0250"]
    assert len(await desk.cards_of("LiLei")) == 2


async def test_nobody_met_is_recorded_as_such(desk: Desk) -> None:
    shown = await desk.says("LiLei", "去了利康便利店(老街店)，老板不在，没见到人，改天再去")
    assert "联系人：没见到人" in shown
    assert (await desk.visits())[0].met is False


# -- which customer -------------------------------------------------------------------------------------------------
async def test_an_ambiguous_name_asks_with_the_candidates_and_accepts_none_of_them(desk: Desk) -> None:
    shown = await desk.says("LiLei", "去鑫旺看了下，乐沁又来铺货了，下周二补排面")
    assert "是哪一家？" in shown
    assert "1. 鑫旺便利店(中山路店)（杭州大区，杭州市拱墅区听松街10号）" in shown
    assert "[1 鑫旺中山路] [2 鑫旺人民路] [都不是]" in shown
    (visit,) = await desk.visits()
    assert (visit.customer_no, visit.state) == (None, "待选客户")


async def test_a_tapped_candidate_turns_the_question_into_the_visit_card(desk: Desk) -> None:
    await desk.says("LiLei", "去鑫旺看了下，乐沁又来铺货了，下周二补排面")
    await desk.taps("LiLei", "2 鑫旺人民路")
    (card,) = await desk.cards_of("LiLei")
    assert card.title == "记下了，请确认"
    (visit,) = await desk.visits()
    assert (visit.customer_no, visit.state, list(visit.candidates)) == ("KH0172", "待确认", [])


async def test_a_candidate_can_be_named_or_numbered_instead(desk: Desk) -> None:
    await desk.says("LiLei", "去鑫旺看了下，乐沁又来铺货了")
    assert "记下了" in await desk.says("LiLei", "1")
    assert (await desk.visits())[0].customer_no == "KH0002"


async def test_what_tells_them_apart_is_enough(desk: Desk) -> None:
    await desk.says("LiLei", "去鑫旺看了下，乐沁又来铺货了")
    await desk.says("LiLei", "人民路那家")
    assert (await desk.visits())[0].customer_no == "KH0172"


async def test_something_else_in_between_is_no_answer_and_the_card_still_asks(desk: Desk) -> None:
    await desk.says("LiLei", "去鑫旺看了下，乐沁又来铺货了")
    assert "没找到" not in await desk.says("LiLei", "我下周三请假")
    await desk.says("LiLei", "2")
    assert (await desk.visits())[0].customer_no == "KH0172"


async def test_without_buttons_their_words_and_the_number_do(desk: Desk) -> None:
    """A robot without card template shows 回复「2 鑫旺人民路 BF…」; it may be typed much later."""
    await desk.says("LiLei", "去鑫旺看了下，乐沁又来铺货了")
    number = (await desk.visits())[0].visit_no
    await desk.says("LiLei", LV)
    assert "记下了" in await desk.says("LiLei", f"2 鑫旺人民路 {number}")
    assert (await desk.visits())[0].customer_no == "KH0172"


async def test_none_of_them_asks_for_the_name(desk: Desk) -> None:
    await desk.says("LiLei", "去鑫旺看了下，乐沁又来铺货了")
    assert "是哪家客户" in await desk.taps("LiLei", "都不是")
    await desk.says("LiLei", "绿源超市(滨江店)")
    assert (await desk.visits())[0].customer_no == "KH0117"


async def test_a_new_report_while_a_question_is_open_is_a_visit_of_its_own(desk: Desk) -> None:
    """The open question must not swallow it and take its customer for the answer."""
    await desk.says("LiLei", "去鑫旺看了下，乐沁又来铺货了")
    await desk.says("LiLei", LV)
    assert [(visit.customer_no, visit.state) for visit in await desk.visits()] == [
        (None, "待选客户"),
        ("KH0117", "待确认"),
    ]


async def test_an_unknown_customer_is_asked_for_and_what_was_said_is_kept(desk: Desk) -> None:
    said = "刚拜访了星海百货，老板说年后再订"
    assert "这次是哪家客户？" in await desk.says("LiLei", said)
    await desk.says("LiLei", "绿源超市(滨江店)")
    (visit,) = await desk.visits()
    assert (visit.customer_no, visit.raw_text, visit.state) == ("KH0117", said, "待确认")


async def test_somebody_elses_customer_is_refused_with_whom_to_ask(desk: Desk) -> None:
    shown = await desk.says("LiLei", "去了南京云帆商贸有限公司，老板要5000块的货")
    assert "不在你负责的范围" in shown
    assert "负责人韩梅、南京大区经理周涛" in shown
    assert await desk.visits() == []
    assert "visit.refused" in await desk.audit()


# -- once -----------------------------------------------------------------------------------------------------------
async def test_the_same_sentence_sent_again_is_not_a_second_visit(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    number = (await desk.visits())[0].visit_no
    desk.minutes_later(1)
    assert f"这条已经记过了（{number}）" in await desk.says("LiLei", LV)
    assert len(await desk.visits()) == 1


async def test_the_same_sentence_later_is_meant(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    desk.minutes_later(3)
    await desk.says("LiLei", LV)
    assert len(await desk.visits()) == 2


async def test_after_taking_it_back_the_same_sentence_is_recorded_again(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.says("LiLei", "撤销")
    await desk.says("LiLei", LV)
    assert [visit.state for visit in await desk.visits()] == ["已撤销", "待确认"]


async def test_a_repeated_callback_changes_nothing(desk: Desk) -> None:
    await desk.says("LiLei", LV, message_id="same")
    await desk.says("LiLei", LV, message_id="same")
    assert len(await desk.visits()) == 1
    assert len(await desk.cards_of("LiLei")) == 1


# -- taking back ----------------------------------------------------------------------------------------------------
async def test_undo_takes_back_the_visit_and_says_which(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    number = (await desk.visits())[0].visit_no
    assert await desk.says("LiLei", "撤销") == f"已撤销：绿源超市(滨江店) 2月12日 周四 的拜访（{number}）。"
    assert "李雷 2月12日 09:30 撤销" in (await desk.shown_to("LiLei"))[0]
    assert "没有可以撤销的操作" in await desk.says("LiLei", "撤销")


async def test_undo_in_a_sentence(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    assert "已撤销" in await desk.says("LiLei", "刚才那条删掉，不算")


async def test_a_confirmed_visit_can_be_taken_back_for_a_day(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "确认")
    desk.minutes_later(23 * 60)
    assert "已撤销" in await desk.says("LiLei", "撤销")


async def test_after_a_day_it_stays(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    desk.minutes_later(24 * 60 + 1)
    assert "没有可以撤销的操作" in await desk.says("LiLei", "撤销")
    assert (await desk.visits())[0].state == "待确认"


async def test_nobody_undoes_what_others_did(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    number = (await desk.visits())[0].visit_no
    assert "没有可以撤销的操作" in await desk.says("hanmei", "撤销")
    assert "只有本人能改" in await desk.says("hanmei", f"撤销 {number}")
    assert (await desk.visits())[0].state == "待确认"


async def test_the_button_takes_it_back_too(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    assert "拜访已撤销" in await desk.taps("LiLei", "撤销")
    assert "没有可以撤销的操作" in await desk.says("LiLei", "撤销")


async def test_one_undo_takes_back_both_visits_of_one_message(desk: Desk) -> None:
    await desk.says("LiLei", "今天去了绿源滨江，王姐要2000块的货；又去了利康便利店(老街店)，没见到人")
    await desk.says("LiLei", "撤销")
    assert {visit.state for visit in await desk.visits()} == {"已撤销"}


# -- other words ----------------------------------------------------------------------------------------------------
async def test_the_command_word_does_the_same(desk: Desk) -> None:
    assert "记下了" in await desk.says("LiLei", "拜访 绿源滨江 王姐要20件水，3000块")
    assert "例如" in await desk.says("LiLei", "拜访")
    assert len(await desk.visits()) == 1


async def test_english_words_do_too(desk: Desk) -> None:
    assert "记下了" in await desk.says("LiLei", "visit 绿源滨江 王姐要20件水，3000块")
    assert "待确认的拜访（1）" in await desk.says("LiLei", "todo")
    assert "已撤销" in await desk.says("LiLei", "undo")


async def test_a_nod_gets_no_lecture(desk: Desk) -> None:
    assert await desk.says("LiLei", "收到") == "👌"
    assert await desk.says("LiLei", "算了") == "👌"
    assert await desk.says("LiLei", "谢谢🙏") == "不客气。"
    assert await desk.visits() == []


async def test_something_else_gets_examples_once(desk: Desk) -> None:
    assert "可以这样说" in await desk.says("LiLei", "公司食堂今天吃什么呢")
    assert "可以这样说" not in await desk.says("LiLei", "那明天吃什么呢")


async def test_the_same_on_dingtalk(desk: Desk) -> None:
    assert "记下了" in await desk.says("dd_zhaomin", "去了鑫旺便利店(中山路店)，谈了陈列", channel=DINGTALK)
    assert (await desk.visits())[0].source_channel == "dingtalk"


async def test_todo_lists_what_waits(desk: Desk) -> None:
    assert "没有待办" in await desk.says("LiLei", "待办")
    await desk.says("LiLei", LV)
    number = (await desk.visits())[0].visit_no
    shown = await desk.says("LiLei", "待办")
    assert "待确认的拜访（1）" in shown
    assert number in shown


async def test_a_managers_todo_has_the_promises_of_people_who_left(desk: Desk) -> None:
    await desk.says("LiLei", "绿源滨江，刚去看了排面，明天送海报")
    await desk.taps("LiLei", "确认")
    desk.minutes_later(24 * 60)
    assert "到期要跟进（1）" in await desk.says("LiLei", "待办")
    assert "没有待办" in await desk.says("dd_chenlei", "待办", channel=DINGTALK)
    people = (replace(item, active=item.name != "李雷") for item in EMPLOYEES)
    desk.directory = Directory(CUSTOMERS, CONTACTS, tuple(people), ())
    shown = await desk.says("dd_chenlei", "待办", channel=DINGTALK)
    assert "到期要跟进（1）" in shown
    assert "绿源超市(滨江店)" in shown


async def test_a_plan_is_not_written_down_and_the_answer_says_so(desk: Desk) -> None:
    shown = await desk.says("LiLei", "明天去绿源滨江")
    assert "没看出在绿源" in shown
    assert "发「客户 绿源" in shown
    assert await desk.visits() == []
