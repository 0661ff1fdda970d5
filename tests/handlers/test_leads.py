"""A rep's lead from the card to the end, and what colleagues and the manager do with it, as people see it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from bot.cards.lead_actions import AcceptLead
from bot.domain.people import Employee, Role
from bot.messages import Kind, Tap
from jobs.lead_sla import lead_sla
from tests.support.desk import DINGTALK, WECOM, Desk
from tests.support.firm import open_firm
from tests.support.lead_desk import NUMBER, arrives, goes_out, open_lead_firm
from tests.support.lead_office import hire, set_rules
from tests.support.leads import enquiry


@pytest.fixture
async def firm(desk: Desk) -> Desk:
    return await open_lead_firm(desk)


async def state(firm: Desk, number: str = NUMBER) -> tuple[str, str]:
    async with firm.unit_of_work() as uow:
        case = await uow.leads.get(number)
        return case.state.value, case.holder_no


# -- entering ---------------------------------------------------------------------------------------------------------
async def test_a_number_alone_can_be_entered(firm: Desk) -> None:
    """Bug: 不知道 became the company's name."""
    assert "不知道就说「不知道」" in await firm.says("LiLei", "新线索 19900005501")
    shown = await firm.says("LiLei", "不知道。")
    assert "线索已登记：19900005501" in shown
    assert "不知道" not in shown


async def test_without_a_number_it_is_asked_on(firm: Desk) -> None:
    assert "不知道就说" not in await firm.says("LiLei", "新线索 要货架")
    assert "发手机号或微信号" in await firm.says("LiLei", "朴枢物流")
    assert "没看懂" in await firm.says("LiLei", "不知道")


# -- the card ---------------------------------------------------------------------------------------------------------
async def test_the_card_has_everything_for_the_first_call(firm: Desk) -> None:
    await arrives(firm, same_no="KH0117")
    (card,) = await firm.shown_to("LiLei")
    assert "你的客户来线索：杭州朴枢物流有限公司" in card
    assert "请在 10:00 前响应" in card
    for row in ("联系人：陈俊杰", "手机：19900005501", "需求：想进一批饮料做年货，求报价", "预算：3.9 万，意向高"):
        assert row in card
    assert "同一客户：手机号和客户 KH0117 相同" in card
    assert "[接受] [退回] [打电话了] [转给] [为什么]" in card


async def test_who_was_chosen_reads_the_three_best_reasons(firm: Desk) -> None:
    async with firm.unit_of_work() as uow:
        await uow.connection.execute(text("UPDATE employees SET industries = '{快消终端}'"))
    await arrives(firm, enquiry(NUMBER, at=firm.clock.now()), owner_no="")
    holder = (await state(firm))[1]
    (card,) = await firm.shown_to({"YG010": "LiLei", "YG013": "dd_zhaomin"}[holder])
    assert "新线索：" in card
    (line,) = [line for line in card.splitlines() if line.startswith("为什么给你：")]
    assert line.count("；") == 2
    user, channel = {"YG010": ("LiLei", WECOM), "YG013": ("dd_zhaomin", DINGTALK)}[holder]
    assert await firm.taps(user, "为什么", channel=channel) == await firm.says(
        user, f"为什么 {NUMBER}", channel=channel
    )
    assert "擅长快消终端" in await firm.last(user)


# -- answers ----------------------------------------------------------------------------------------------------------
async def test_accepted_called_and_won_on_the_card(firm: Desk) -> None:
    await arrives(firm)
    shown = await firm.taps("LiLei", "接受")
    assert "李雷 2月12日 09:30 接受" in shown
    assert "[打电话了] [成交] [关闭] [转给]" in shown
    firm.minutes_later(5)
    assert "2月12日 09:35 打了电话" in await firm.taps("LiLei", "打电话了")
    shown = await firm.taps("LiLei", "成交")
    assert "李雷 2月12日 09:35 成交" in shown
    assert "[" not in shown
    assert await state(firm) == ("已成交", "")


async def test_a_repeated_tap_changes_nothing_and_says_nothing(firm: Desk) -> None:
    await arrives(firm)
    await firm.taps("LiLei", "接受")
    before = await firm.shown_to("LiLei")
    async with firm.unit_of_work() as uow:
        card_id = (await uow.leads.get(NUMBER)).turn.card_id
    again = AcceptLead(lead_no=NUMBER, turn="1")
    for _ in range(3):
        tap = Tap(card_id=card_id, action=again.name, params=again.params())
        await firm.sends("LiLei", kind=Kind.TAP, tap=tap)
    assert await firm.shown_to("LiLei") == before
    assert (await firm.audit()).count("lead.accepted") == 1


async def test_given_back_with_a_reason_the_next_gets_it(firm: Desk) -> None:
    await arrives(firm)
    assert f"为什么退回 {NUMBER}" in await firm.taps("LiLei", "退回")
    assert "会转给下一位" in await firm.says("LiLei", "不做物流")
    assert "李雷 2月12日 09:30 退回：不做物流" in (await firm.shown_to("LiLei"))[0]
    assert await goes_out(firm) == 1
    assert await state(firm) == ("待响应", "YG013")
    assert len(await firm.shown_to("dd_zhaomin")) == 1
    assert await firm.shown_to("dd_chenlei") == []


async def test_a_question_may_be_left_alone(firm: Desk) -> None:
    await arrives(firm)
    await firm.taps("LiLei", "退回")
    assert await firm.says("LiLei", "算了") == "好，不动它。"
    assert await state(firm) == ("待响应", "YG010")


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("接受 XS260212001", id="as it stands on the card"),
        pytest.param("接受 ｘｓ２６０２１２００１", id="full width and lower case"),
        pytest.param("接受 xs 260212 001", id="with blanks"),
        pytest.param("接受 001", id="its last digits"),
        pytest.param("接受", id="the only one that waits"),
        pytest.param("XS260212001 接受", id="number first"),
    ],
)
async def test_typed_in_many_ways(typed: str, firm: Desk) -> None:
    await arrives(firm)
    assert "已接受 XS260212001 杭州朴枢物流有限公司" in await firm.says("LiLei", typed)
    assert await state(firm) == ("跟进中", "YG010")


async def test_numbers_of_other_systems_are_typed_as_they_are(firm: Desk) -> None:
    await arrives(firm, enquiry("Crm-7/42", at=firm.clock.now()))
    assert "已接受 Crm-7/42" in await firm.says("LiLei", "接受 crm-7/42")
    assert "已关闭 Crm-7/42 杭州朴枢物流有限公司：空号" in await firm.says("LiLei", "关闭 CRM-7/42 空号")


async def test_two_systems_whose_numbers_differ_by_case_only(firm: Desk) -> None:
    await arrives(firm, enquiry("WEB-a", at=firm.clock.now()), enquiry("WEB-A", at=firm.clock.now()))
    assert "已接受 WEB-A " in await firm.says("LiLei", "接受 WEB-A")
    assert "已接受 WEB-a " in await firm.says("LiLei", "接受 WEB-a")


async def test_a_long_reason_is_kept_whole_and_shown_in_short(firm: Desk) -> None:
    await arrives(firm)
    why = "不是我的行业，也不在我的区域😀" * 200
    assert "会转给下一位" in await firm.says("LiLei", f"退回 {NUMBER} {why}")
    assert len(await firm.says("LiLei", f"接受 {NUMBER}")) < 200
    assert all(len(shown) < 400 for shown in await firm.shown_to("LiLei"))
    async with firm.unit_of_work() as uow:
        assert (await uow.leads.get(NUMBER)).turns[0].note == why


async def test_of_several_one_has_to_be_named(firm: Desk) -> None:
    await arrives(firm, *(enquiry(f"XS26021200{number}", at=firm.clock.now()) for number in (1, 2)))
    shown = await firm.says("LiLei", "接受")
    assert "哪一条？请带上编号，例：接受 XS260212001" in shown
    assert "· XS260212002 杭州朴枢物流有限公司" in shown


async def test_closed_with_a_reason_typed_or_asked(firm: Desk) -> None:
    await arrives(firm)
    await firm.says("LiLei", "打电话了")
    assert f"为什么关闭 {NUMBER}" in await firm.says("LiLei", "关闭")
    assert "已关闭 XS260212001" in await firm.says("LiLei", "号码打不通")
    assert await state(firm) == ("已关闭", "")
    assert "李雷 2月12日 09:30 已关闭，不能再改" in await firm.says("LiLei", f"接受 {NUMBER}")


async def test_a_visit_that_begins_with_such_a_word_is_a_visit(firm: Desk) -> None:
    await arrives(firm)
    shown = await firm.says("LiLei", "打电话了 绿源滨江王姐说要20件水，下周三送样")
    assert "绿源超市(滨江店)" in shown
    assert await state(firm) == ("待响应", "YG010")


# -- other hands ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("word", ["转给", "转交"])
async def test_handed_to_a_colleague_who_answers_anew(word: str, firm: Desk) -> None:
    await arrives(firm)
    assert "已把 XS260212001 杭州朴枢物流有限公司 转给赵敏" in await firm.says("LiLei", f"{word} {NUMBER} 赵敏")
    assert "李雷 2月12日 09:30 转给赵敏" in (await firm.shown_to("LiLei"))[0]
    (card,) = await firm.shown_to("dd_zhaomin")
    assert "李雷 09:30 转给，请在 10:00 前响应" in card
    await firm.taps("dd_zhaomin", "接受", channel=DINGTALK)
    assert await state(firm) == ("跟进中", "YG013")


async def test_a_name_is_asked_until_it_is_one_person(firm: Desk) -> None:
    await arrives(firm)
    assert "转给谁" in await firm.taps("LiLei", "转给")
    assert "没有找到「张三丰」" in await firm.says("LiLei", "张三丰")
    assert "陈磊不接线索" in await firm.says("LiLei", f"转给 {NUMBER} 陈磊")
    assert "转给赵敏" in await firm.says("LiLei", f"转给 {NUMBER} yg013")


async def test_a_name_that_cannot_be_is_asked_for_again(firm: Desk) -> None:
    """Bug: after 陈磊不接线索 the next name was not understood."""
    await arrives(firm)
    await firm.taps("LiLei", "转给")
    assert "陈磊不接线索" in await firm.says("LiLei", "陈磊")
    assert "王强已离职，请换一位" in await firm.says("LiLei", "王强")
    assert "转给赵敏" in await firm.says("LiLei", "赵敏")
    assert await state(firm) == ("待响应", "YG013")


async def test_nobody_is_handed_more_than_they_may_hold(firm: Desk) -> None:
    await set_rules(firm.unit_of_work, capacities={"YG013": 0})
    await arrives(firm)
    assert "赵敏手上的线索已满，请换个人" in await firm.says("LiLei", f"转给 {NUMBER} 赵敏")
    assert await state(firm) == ("待响应", "YG010")


async def test_a_late_tap_is_answered_in_words_and_the_card_is_put_right(firm: Desk) -> None:
    await arrives(firm)
    card = (await firm.cards_of("LiLei"))[0]
    await firm.says("LiLei", f"转给 {NUMBER} 赵敏")
    action = card.buttons[0].action
    async with firm.unit_of_work() as uow:
        card_id = (await uow.leads.get(NUMBER)).turns[0].card_id
    tap = Tap(card_id=card_id, action=action.name, params=action.params())
    await firm.sends("LiLei", kind=Kind.TAP, tap=tap)
    said = await firm.last("LiLei")
    assert "已经不在你手上（李雷 2月12日 09:30 转给赵敏），现在在赵敏手上，等响应" in said


async def test_the_manager_assigns_and_whoever_had_it_is_told(firm: Desk) -> None:
    await arrives(firm)
    said = await firm.says("dd_chenlei", f"指派 {NUMBER} 赵敏", channel=DINGTALK)
    assert "指派给赵敏" in said
    assert (await firm.shown_to("LiLei"))[-1].endswith("陈磊 2月12日 09:30 改派给赵敏，你不用再跟了。")
    assert await state(firm) == ("待响应", "YG013")


async def test_only_those_concerned_may_look_or_act(firm: Desk) -> None:
    await arrives(firm)
    for words in (f"线索 {NUMBER}", f"接受 {NUMBER}", f"指派 {NUMBER} 赵敏"):
        assert "不在你的范围内" in await firm.says("dd_zhoutao", words, channel=DINGTALK)
    assert "指派要由区域经理" in await firm.says("LiLei", f"指派 {NUMBER} 赵敏")
    assert "没有找到「XS991231999」" in await firm.says("LiLei", "接受 XS991231999")
    assert "不在你手上，现在在李雷手上" in await firm.says("hanmei", f"接受 {NUMBER}")  # she entered it


async def test_a_number_typed_at_random_tells_nothing_of_a_colleagues_lead(firm: Desk) -> None:
    await arrives(firm)
    for typed in (f"领取 {NUMBER}", f"接受 {NUMBER}", f"线索 {NUMBER}", f"为什么 {NUMBER}"):
        said = await firm.says("dd_zhaomin", typed, channel=DINGTALK)
        assert "朴枢" not in said, said
        assert "李雷" not in said, said


# -- time -------------------------------------------------------------------------------------------------------------
async def later(firm: Desk, minutes: int) -> None:
    firm.minutes_later(minutes)
    await lead_sla(firm.job_context())
    await goes_out(firm)


async def test_reminded_then_passed_on_then_the_manager_then_the_pool(firm: Desk) -> None:
    third = Employee(employee_no="YG014", name="钱进", role=Role.REP, region="杭州大区", wecom_user="qianjin",
                     superior_no="YG003")  # fmt: skip
    open_firm(firm, third)
    await hire(firm.unit_of_work, [third])
    await arrives(firm)
    await later(firm, 20)
    await lead_sla(firm.job_context())
    reminders = [said for said in await firm.shown_to("LiLei") if "还剩 10 分钟" in said]
    assert len(reminders) == 1
    assert f"「退回 {NUMBER} 原因」，超时会转给下一位" in reminders[0]
    await later(firm, 10)
    assert "XS260212001 杭州朴枢物流有限公司 30 分钟没有响应，已转给下一位。" in await firm.shown_to("LiLei")
    assert "2月12日 10:00 已超时，转给下一位" in (await firm.shown_to("LiLei"))[0]
    assert await firm.shown_to("dd_chenlei") == []
    await later(firm, 30)
    (card,) = await firm.shown_to("dd_chenlei")
    assert "2 人没有接：杭州朴枢物流有限公司" in card
    assert "[指派] [放入公海]" in card
    await later(firm, 30)
    assert "进了公海，3 人没有接下" in (await firm.shown_to("dd_chenlei"))[-1]
    assert await state(firm) == ("公海", "")
    shown = await firm.says("LiLei", "公海")
    assert "公海（1）\n· XS260212001" in shown
    assert "3 人没接\n回复「领取 XS260212001」就归你。" in shown
    shown = await firm.says("dd_chenlei", "公海", channel=DINGTALK)  # who takes no leads is told what to do instead
    assert shown.endswith("3 人没接\n发「指派 XS260212001 某人」派给谁。")
    assert await firm.says("LiLei", "领取") == "请带上线索编号：领取 编号。发「公海」看编号。"
    assert "归你了" in await firm.says("LiLei", f"领取 {NUMBER}")
    assert "李雷 2月12日 11:00 领取" in (await firm.shown_to("LiLei"))[-2]
    assert "不在公海，现在由李雷跟进" in await firm.says("qianjin", f"领取 {NUMBER}")


async def test_the_manager_puts_it_into_the_pool_or_names_somebody_on_the_card(firm: Desk) -> None:
    await arrives(firm)
    await later(firm, 30)
    await later(firm, 30)
    await firm.taps("dd_chenlei", "放入公海", channel=DINGTALK)
    assert "陈磊 2月12日 10:30 放入公海" in (await firm.shown_to("dd_chenlei"))[0]
    assert await state(firm) == ("公海", "")
    assert "指派给李雷" in await firm.says("dd_chenlei", f"指派 {NUMBER} 李雷", channel=DINGTALK)
    assert await state(firm) == ("待响应", "YG010")


async def test_an_answer_stops_the_clock(firm: Desk) -> None:
    await arrives(firm)
    await firm.says("LiLei", "打电话了")
    await later(firm, 60)
    assert await state(firm) == ("跟进中", "YG010")


async def on_its_way(firm: Desk, minutes: int, *, arrived: bool) -> None:
    """The platform was away so long: the cards put out before came late, or have not come yet."""
    async with firm.unit_of_work() as uow:
        state, sent = ("sent", "clock_timestamp()") if arrived else ("queued", "NULL")
        await uow.connection.execute(
            text(f"UPDATE outbox SET created_at = clock_timestamp() - make_interval(mins => {minutes}), "
                 f"state = '{state}', sent_at = {sent}")
        )  # fmt: skip


@pytest.mark.parametrize("arrived", [False, True])
async def test_after_hours_without_service_nobody_is_blamed_for_what_they_did_not_see(
    arrived: bool, firm: Desk
) -> None:
    await arrives(firm)
    await on_its_way(firm, 180, arrived=arrived)
    await later(firm, 181)
    assert await state(firm) == ("待响应", "YG010")
    assert len(await firm.shown_to("LiLei")) == 1, "the card: neither reminder nor lapse"
    assert "13:30 前响应" in await firm.says("LiLei", "线索"), "30 minutes, the noon break between"
    await later(firm, 50)
    assert "还剩 9 分钟" in await firm.last("LiLei")
    await firm.says("LiLei", f"接受 {NUMBER}")
    assert await state(firm) == ("跟进中", "YG010")


async def test_after_hours_without_service_what_was_seen_lapses_once_without_a_reminder(firm: Desk) -> None:
    await arrives(firm, *(enquiry(f"XS26021200{number}", at=firm.clock.now()) for number in (1, 2)))
    await on_its_way(firm, 0, arrived=True)
    await later(firm, 200)
    await lead_sla(firm.job_context())
    said = [words for words in await firm.shown_to("LiLei") if "\n" not in words]
    assert said == [f"XS26021200{number} 杭州朴枢物流有限公司 30 分钟没有响应，已转给下一位。" for number in (1, 2)]
    assert await state(firm) == ("待响应", "YG013")


# -- leavers ----------------------------------------------------------------------------------------------------------
async def test_with_the_last_login_the_leads_go_on_and_the_manager_reads_of_it(firm: Desk) -> None:
    await arrives(firm, *(enquiry(f"XS26021200{number}", at=firm.clock.now()) for number in (1, 2)))
    await firm.sends("LiLei", kind=Kind.EVENT, event="unsubscribe")
    assert await state(firm) == ("待响应", "YG010")  # DingTalk still reaches him
    await firm.sends(
        "dd_chenlei", kind=Kind.EVENT, event="user_leave_org", fields={"userId": ["dd_lilei"]}, channel=DINGTALK
    )
    assert await state(firm) == ("待分配", "")
    (said,) = await firm.shown_to("dd_chenlei")
    assert "李雷已离开，手上 2 条线索转给下一位" in said
    firm.with_employee(employee_no="YG010", wecom_user="", dingtalk_user="")
    assert await goes_out(firm) == 2
    assert await state(firm) == ("待响应", "YG013")


async def test_who_is_marked_as_gone_in_the_roster_is_found_by_the_job(firm: Desk) -> None:
    await arrives(firm)
    people = {item.employee_no: item for item in firm.directory.employees()}
    open_firm(firm, replace(people["YG010"], active=False))
    await later(firm, 1)
    await lead_sla(firm.job_context())
    assert await state(firm) == ("待响应", "YG013")
    assert len([said for said in await firm.shown_to("dd_chenlei") if "已离开" in said]) == 1


# -- looking ----------------------------------------------------------------------------------------------------------
async def test_a_rep_sees_the_own_leads_with_the_minutes_left(firm: Desk) -> None:
    await arrives(firm, *(enquiry(f"XS26021200{number}", at=firm.clock.now()) for number in (1, 2)))
    await firm.says("LiLei", "接受 XS260212002")
    firm.minutes_later(12)
    shown = await firm.says("LiLei", "线索")
    assert "等你响应（1）\n· XS260212001 杭州朴枢物流有限公司，3.9 万，意向高，还剩 18 分钟" in shown
    assert "你在跟进（1）\n· XS260212002" in shown


async def test_over_a_break_the_moment_is_said_for_working_minutes_would_mislead(firm: Desk) -> None:
    firm.minutes_later(140)  # 11:50
    await arrives(firm)
    assert "意向高，13:20 前响应" in await firm.says("LiLei", "线索")


async def test_a_manager_sees_the_regions_queue_and_loads(firm: Desk) -> None:
    await set_rules(firm.unit_of_work, capacity=1)
    await arrives(firm, *(enquiry(f"XS26021200{number}", at=firm.clock.now()) for number in (1, 2)))
    assert "杭州朴枢物流有限公司，刚派给李雷" in await firm.says("dd_chenlei", "线索", channel=DINGTALK)
    firm.minutes_later(10)
    shown = await firm.says("dd_chenlei", "线索", channel=DINGTALK)
    assert "杭州大区线索：排队 1，等响应 1，公海 0" in shown
    assert "XS260212002 杭州朴枢物流有限公司，已等 10 分钟，能接的人手上都满了" in shown
    assert "XS260212001 杭州朴枢物流有限公司，李雷 10 分钟没响应" in shown
    assert "李雷 1/1，赵敏 0/1" in shown
    assert "全公司线索：排队 1" in await firm.says("dd_sun", "线索", channel=DINGTALK)


async def test_one_lead_with_its_history(firm: Desk) -> None:
    await arrives(firm)
    await firm.says("LiLei", f"退回 {NUMBER} 太远")
    shown = await firm.says("dd_chenlei", f"线索 {NUMBER}", channel=DINGTALK)
    assert "XS260212001 杭州朴枢物流有限公司：在排队，马上分配" in shown
    assert "1. 2月12日 09:30 归属 → 李雷；李雷 2月12日 09:30 退回：太远" in shown
