"""A contract from a rep's line to the last signature, as the people on both platforms see it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.support.desk import DINGTALK, Desk
from tests.support.firm import SECOND_MANAGER, open_firm

SMALL = "合同 绿源滨江 30万 9.2折 一年"
LARGE = "合同 绿源滨江 85万 9.2折 一年"


@pytest.fixture
def firm(desk: Desk) -> Desk:
    return open_firm(desk)


async def submitted(firm: Desk, line: str = SMALL) -> str:
    """A rep's line, submitted; returns the number."""
    await firm.says("LiLei", line)
    await firm.taps("LiLei", "提交")
    async with firm.unit_of_work() as uow:
        return (await uow.approvals.running())[-1]


async def test_a_draft_is_shown_before_anything_goes(firm: Desk) -> None:
    shown = await firm.says("LiLei", LARGE)
    assert "合同草稿，确认后提交" in shown
    assert "客户：绿源超市(滨江店)" in shown
    assert "金额：850,000 元" in shown
    assert "折扣：9.2 折" in shown
    assert "期限：12 个月" in shown
    assert "审批：上级审批 陈磊 → 总监审批 孙若曦" in shown
    assert "[提交]" in shown
    assert await firm.shown_to("dd_chenlei") == []


async def test_submitted_it_reaches_the_superior_with_everything_to_decide_on(firm: Desk) -> None:
    number = await submitted(firm)
    (card,) = await firm.shown_to("dd_chenlei")
    assert number == "SP260212001"
    assert "合同待审批：绿源滨江 30 万" in card
    assert "李雷 2月12日 09:30 发起，现在是上级审批" in card
    assert "折扣：9.2 折（底线 8.5 折）" in card
    assert "和这家以前没有签过合同" in card
    assert "[同意] [拒绝] [提问] [转交] [加签] [详情]" in card


async def test_the_submitters_draft_turns_into_the_progress(firm: Desk) -> None:
    await submitted(firm)
    shown = (await firm.shown_to("LiLei"))[-1]
    assert "合同审批：审批中" in shown
    assert "● 上级审批：等陈磊" in shown
    assert "[催办] [修改] [撤回]" in shown


async def test_a_small_contract_ends_with_the_manager(firm: Desk) -> None:
    number = await submitted(firm)
    shown = await firm.taps("dd_chenlei", "同意", channel=DINGTALK)
    assert "陈磊 2月12日 09:30 同意" in shown
    assert "[" not in shown
    rep = await firm.shown_to("LiLei")
    assert f"绿源超市(滨江店)的合同 300,000 元（{number}）全部通过。合同号 HT2026020001，状态待签署。" in rep
    assert any("合同审批：已通过" in text and "待签署" in text for text in rep)
    async with firm.unit_of_work() as uow:
        rows = await uow.connection.execute(text("SELECT contract_no, status, owner_no, amount_fen FROM contracts"))
        assert [tuple(row) for row in rows] == [("HT2026020001", "待签署", "YG010", 30_000_000)]


async def test_from_500_000_the_director_follows(firm: Desk) -> None:
    await submitted(firm, LARGE)
    assert await firm.shown_to("dd_sun") == []
    await firm.taps("dd_chenlei", "同意", channel=DINGTALK)
    (card,) = await firm.shown_to("dd_sun")
    assert "现在是总监审批" in card
    await firm.taps("dd_sun", "同意", channel=DINGTALK, typed="可以签")
    assert "孙若曦 2月12日 09:30 同意：可以签" in (await firm.shown_to("dd_sun"))[0]
    assert "全部通过，合同号 HT2026020001" in (await firm.shown_to("dd_chenlei"))[0]


async def test_where_no_step_applies_it_passes_at_once_and_says_so(firm: Desk) -> None:
    """Bug: the rep was not told the contract's number."""
    async with firm.unit_of_work() as uow:
        await uow.connection.execute(text("DELETE FROM flow_steps"))
    assert "没有适用的审批步骤，提交后直接通过" in await firm.says("LiLei", SMALL)
    await firm.taps("LiLei", "提交")
    assert "全部通过。合同号 HT2026020001" in (await firm.shown_to("LiLei"))[-1]


async def test_submitted_in_words_it_says_who_is_next(firm: Desk) -> None:
    await firm.says("LiLei", SMALL)
    assert await firm.says("LiLei", "提交") == "SP260212001 已提交，等陈磊审批。"


@pytest.mark.parametrize(
    ("line", "way"),
    [
        pytest.param(
            "合同 绿源滨江 50万 9.2折 一年", "上级审批 陈磊 → 总监审批 孙若曦", id="500,000 itself goes to the director"
        ),
        pytest.param("合同 绿源滨江 499999元 9.2折 一年", "上级审批 陈磊", id="a yuan less does not"),
        pytest.param("合同 绿源滨江 30万 8.4折 一年", "上级审批 陈磊 → 总监审批 孙若曦", id="below the policy"),
        pytest.param("合同 绿源滨江 30万 8.5折 一年", "上级审批 陈磊", id="the policy itself is allowed"),
        pytest.param(
            "合同 绿源滨江 30万 9.2折 一年 非标 账期90天", "上级审批 陈磊 → 法务审核 裘俊杰/林鹏", id="not standard"
        ),
        pytest.param("合同 绿源滨江 补充协议 30万 9.2折 一年", "上级审批 陈磊 → 法务审核 裘俊杰/林鹏", id="supplement"),
    ],
)
async def test_who_is_asked(line: str, way: str, firm: Desk) -> None:
    assert f"审批：{way}\n" in await firm.says("LiLei", line)


async def test_one_of_two_managers_is_enough_and_the_others_card_says_so(desk: Desk) -> None:
    firm = open_firm(desk, SECOND_MANAGER)
    await submitted(firm)
    await firm.taps("dd_hong", "同意", channel=DINGTALK)
    assert "洪雅琴 2月12日 09:30 同意" in (await firm.shown_to("dd_chenlei"))[0]
    assert "[" not in (await firm.shown_to("dd_chenlei"))[0]


async def test_a_rejection_needs_a_reason_and_ends_it(firm: Desk) -> None:
    number = await submitted(firm, LARGE)
    assert "为什么拒绝" in await firm.taps("dd_chenlei", "拒绝", channel=DINGTALK)
    await firm.says("dd_chenlei", "折扣太低", channel=DINGTALK)
    assert "陈磊 2月12日 09:30 拒绝：折扣太低" in (await firm.shown_to("dd_chenlei"))[0]
    told = (await firm.shown_to("LiLei"))[-1]
    assert "被陈磊拒绝：折扣太低" in told
    assert f"修改 {number}" in told
    assert await firm.shown_to("dd_sun") == []


async def test_what_was_rejected_can_be_mended_from_its_card(firm: Desk) -> None:
    await submitted(firm, "合同 绿源滨江 85万 9.2折 一年 非标 账期90天")
    await firm.taps("dd_chenlei", "拒绝", channel=DINGTALK, typed="账期太长")
    (card,) = [text for text in await firm.shown_to("LiLei") if "合同审批：已拒绝" in text]
    assert "✗ 上级审批：陈磊 2月12日 09:30 拒绝：账期太长" in card
    assert "法务审核" not in card  # nobody will be asked any more
    assert "[修改]" in card
    await firm.taps("LiLei", "修改")
    await firm.says("LiLei", "改条款 账期30天")
    asked = (await firm.shown_to("dd_chenlei"))[0]
    assert "拒绝：账期太长" in asked
    assert "账期30天" not in asked
    assert "合同草稿，确认后提交" in (await firm.shown_to("LiLei"))[-1]


async def test_typed_decisions_do_the_same_in_any_width(firm: Desk) -> None:
    await submitted(firm)
    shown = await firm.says("dd_chenlei", "同意 ｓｐ２６０２１２００１ 价格可以", channel=DINGTALK)
    assert "已同意：绿源超市(滨江店) 300,000 元（SP260212001）。全部通过，合同号 HT2026020001。" in shown
    assert "同意：价格可以" in (await firm.shown_to("dd_chenlei"))[0]


async def test_the_same_tap_ten_times_is_one_decision(firm: Desk) -> None:
    await submitted(firm)
    card_id, card = await firm._card_with("dd_chenlei", "同意")
    from bot.messages import Kind, Tap

    action = card.buttons[0].action
    for _ in range(10):
        tap = Tap(card_id=card_id, action=action.name, params=action.params())
        await firm.sends("dd_chenlei", kind=Kind.TAP, tap=tap, channel=DINGTALK)
    assert (await firm.audit()).count("approval.decided") == 1
    assert len(await firm.shown_to("LiLei")) == 2  # the card, and how it ended


async def test_nobody_approves_their_own(firm: Desk) -> None:
    number = await submitted(firm)
    shown = await firm.says("LiLei", f"同意 {number}")
    assert "现在不在你这里审批，在等陈磊" in shown


async def test_somebody_elses_approval_is_none_of_ones_business(firm: Desk) -> None:
    number = await submitted(firm)
    assert f"{number} 不是你发起的，也没有请你审批，不能看。" in await firm.says("hanmei", f"详情 {number}")


async def test_a_question_crosses_the_platforms_and_its_answer_comes_back(firm: Desk) -> None:
    number = await submitted(firm, LARGE)
    await firm.taps("dd_chenlei", "提问", channel=DINGTALK, typed="账期能改成30天吗")
    asked = (await firm.shown_to("LiLei"))[-1]
    assert "陈磊问：账期能改成30天吗" in asked
    await firm.taps("LiLei", "回复", typed="客户同意30天")
    assert (await firm.shown_to("dd_chenlei"))[-1] == (
        f"李雷回复（{number} 绿源滨江）：\n问：账期能改成30天吗\n答：客户同意30天\n"
        f"等你审批：点卡片，或回复「同意 {number}」「拒绝 {number} 理由」。"
    )
    await firm.taps("dd_chenlei", "同意", channel=DINGTALK)
    director = (await firm.shown_to("dd_sun"))[0]
    assert "陈磊问：账期能改成30天吗" in director
    assert "李雷答：客户同意30天" in director


async def test_the_details_are_a_paragraph_each(firm: Desk) -> None:
    number = await submitted(firm, LARGE)
    shown = await firm.says("dd_chenlei", f"详情 {number}", channel=DINGTALK)
    headings = [part.splitlines()[0] for part in shown.split("\n\n")]
    assert headings == [f"**合同审批 {number}** 审批中", "**付款记录**", "**异常**", "**进度**"]


async def test_an_edit_voids_what_is_pending_and_old_cards_say_so(firm: Desk) -> None:
    await submitted(firm)
    await firm.taps("LiLei", "修改")
    assert "已失效：李雷正在修改内容" in (await firm.shown_to("dd_chenlei"))[0]
    await firm.says("LiLei", "改金额 28万")
    assert "28 万" not in (await firm.shown_to("dd_chenlei"))[0]
    await firm.taps("LiLei", "提交")
    cards = await firm.shown_to("dd_chenlei")
    assert "28" not in cards[0].partition("SP260212001")[2]
    assert "已失效：李雷改过内容，已重新提交" in cards[0]
    assert "合同待审批：绿源滨江 28 万" in cards[1]


async def test_withdrawn_it_can_be_decided_by_nobody(firm: Desk) -> None:
    number = await submitted(firm)
    assert f"{number} 已撤回" in await firm.says("LiLei", f"撤回 {number}")
    assert "已失效：李雷撤回了" in (await firm.shown_to("dd_chenlei"))[0]
    shown = await firm.says("dd_chenlei", f"同意 {number}", channel=DINGTALK)
    assert f"已失效：{number} 李雷已撤回。" in shown


async def test_handed_over_it_is_decided_by_the_other(firm: Desk) -> None:
    await submitted(firm)
    await firm.taps("dd_chenlei", "转交", channel=DINGTALK, typed="孙若曦")
    assert "陈磊 2月12日 09:30 转交给孙若曦" in (await firm.shown_to("dd_chenlei"))[0]
    await firm.taps("dd_sun", "同意", channel=DINGTALK)
    assert "全部通过" in (await firm.shown_to("LiLei"))[-1]


async def test_a_name_that_cannot_be_is_asked_for_again(firm: Desk) -> None:
    """Bug: after 没有审批合同的职责 the next name was not understood."""
    await submitted(firm)
    await firm.taps("dd_chenlei", "转交", channel=DINGTALK)
    assert "赵敏没有审批合同的职责" in await firm.says("dd_chenlei", "赵敏", channel=DINGTALK)
    assert "王强已离职，请换一位" in await firm.says("dd_chenlei", "王强", channel=DINGTALK)
    await firm.says("dd_chenlei", "孙若曦", channel=DINGTALK)
    await firm.taps("dd_sun", "同意", channel=DINGTALK)
    assert "全部通过" in (await firm.shown_to("LiLei"))[-1]


async def test_handed_back_it_is_a_new_card_at_the_bottom_of_the_chat(firm: Desk) -> None:
    """Bug: the first card became live again without a sound."""
    await submitted(firm)
    await firm.taps("dd_chenlei", "转交", channel=DINGTALK, typed="孙若曦")
    await firm.taps("dd_sun", "转交", channel=DINGTALK, typed="陈磊")
    assert sum("[同意]" in shown for shown in await firm.shown_to("dd_chenlei")) == 2
    assert "合同待审批" in (await firm.shown_to("dd_chenlei"))[-1]
    await firm.taps("dd_chenlei", "同意", channel=DINGTALK)
    assert all("[" not in shown for shown in await firm.shown_to("dd_chenlei"))


async def test_added_signers_have_to_agree_as_well(firm: Desk) -> None:
    await submitted(firm)
    await firm.taps("dd_chenlei", "加签", channel=DINGTALK, typed="唐晓燕")
    await firm.taps("dd_chenlei", "同意", channel=DINGTALK)
    assert "还在等唐晓燕" in (await firm.shown_to("dd_chenlei"))[0]
    await firm.taps("dd_tang", "同意", channel=DINGTALK)
    assert "全部通过" in (await firm.shown_to("LiLei"))[-1]


async def test_urging_is_heard_once_in_half_an_hour(firm: Desk) -> None:
    await submitted(firm)
    firm.minutes_later(60)
    assert "已提醒陈磊" in await firm.taps("LiLei", "催办")
    assert "李雷催办：绿源滨江合同已等 1 小时" in (await firm.shown_to("dd_chenlei"))[1]
    assert "刚催过" in await firm.taps("LiLei", "催办")
    assert len(await firm.shown_to("dd_chenlei")) == 2
    await firm.taps("dd_chenlei", "同意", channel=DINGTALK)
    assert all("[" not in card for card in (await firm.shown_to("dd_chenlei"))[:2])


async def test_the_export_says_who_was_asked_and_how_long_it_took(firm: Desk, tmp_path: object) -> None:
    from pathlib import Path

    from store.exporting import export

    await submitted(firm, LARGE)
    firm.minutes_later(35)
    await firm.taps("dd_chenlei", "同意", channel=DINGTALK)
    out = Path(str(tmp_path)) / "审批.csv"
    async with firm.unit_of_work() as uow:
        await uow.connection.execute(
            text(
                "INSERT INTO employees (employee_no, name) "
                "VALUES ('YG010', '李雷'), ('YG003', '陈磊'), ('YG001', '孙若曦')"
            )
        )
        assert await export(uow.connection, "approvals", out) == 1
    lines = out.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "审批编号,客户编号,金额,折扣率,发起人,状态,当前审批人,每步(人:结论:时间),每步用时"
    assert lines[1] == (
        "SP260212001,KH0117,850000.00,0.92,李雷(YG010),审批中,孙若曦(YG001),"
        "陈磊(YG003):同意:2026-02-12 10:05,上级审批 35 分钟"
    )
