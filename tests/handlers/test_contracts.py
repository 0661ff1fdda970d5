"""A contract before it is submitted: said in one line or asked bit by bit, changed, given up, with its papers."""

from __future__ import annotations

import pytest

from bot.domain.approval_values import ApprovalState
from bot.messages import Kind, Media, Picture
from tests.support.desk import DINGTALK, WECOM, Desk
from tests.support.firm import open_firm

LINE = "合同 绿源滨江 30万 9.2折 一年"
AMOUNT, DISCOUNT, TERM = "合同总金额是多少？", "打几折？", "签多久？"


@pytest.fixture
def firm(desk: Desk) -> Desk:
    return open_firm(desk)


async def drafts(firm: Desk) -> list[str]:
    """`KH0117 供货协议 300000.00 0.92 12 None` of each draft, oldest first."""
    async with firm.unit_of_work() as uow:
        own = await uow.approvals.of_submitter("YG010", [ApprovalState.DRAFT])
    terms = [item.terms for item in reversed(own)]
    return [
        f"{item.customer_no} {item.kind} {item.amount_fen // 100} {item.discount} {item.months} {item.nonstandard}"
        for item in terms
    ]


DRAFT = "KH0117 供货协议 300000 0.92 12 None"


# -- starting ---------------------------------------------------------------------------------------------------------
async def test_asked_bit_by_bit_with_wrong_answers_in_between(firm: Desk) -> None:
    for said, answer in (
        ("合同 绿源滨江", AMOUNT),
        ("不知道", "没看懂「不知道」。" + AMOUNT),
        ("30万", DISCOUNT),
        ("12折", "折扣「12折」不在0到10折之间。" + DISCOUNT),
        ("随便打", "没看懂「随便打」。" + DISCOUNT),
        ("九二折", TERM),
        ("很久", "没看懂「很久」。" + TERM),
    ):
        assert (await firm.says("LiLei", said)).startswith(answer), said
    assert "合同草稿，确认后提交" in await firm.says("LiLei", "一年")
    assert await drafts(firm) == [DRAFT]


async def test_an_answer_may_bring_the_rest_as_well(firm: Desk) -> None:
    await firm.says("LiLei", "合同 绿源滨江")
    await firm.says("LiLei", "30万，九二折，签一年")
    assert await drafts(firm) == [DRAFT]


async def test_the_customer_is_asked_for_as_well(firm: Desk) -> None:
    assert "和哪家客户签？" in await firm.says("LiLei", "合同 30万 9.2折 一年")
    assert "没找到「火星便利」这家客户" in await firm.says("LiLei", "火星便利")
    await firm.says("LiLei", "绿源滨江")
    assert await drafts(firm) == [DRAFT]


SAME = (
    LINE,
    "合同 绿源超市(滨江店) 300000元 九二折 12个月",
    "合同　绿源滨江　３０万　９．２折　１年",
    "合同 绿源滨江，三十万，打九二折，签一年",
    "合同 一年 9.2折 30万 绿源滨江",
    "contract 绿源滨江 30万 9.2折 一年",
)


async def test_the_same_contract_in_many_words(firm: Desk) -> None:
    for line in SAME:
        await firm.says("LiLei", line)
    assert await drafts(firm) == [DRAFT] * len(SAME)


async def test_given_up_nothing_is_left(firm: Desk) -> None:
    await firm.says("LiLei", "合同 绿源滨江")
    assert await firm.says("LiLei", "算了") == "好，这份合同先不办了。"
    assert await drafts(firm) == []
    assert AMOUNT not in await firm.says("LiLei", "30万")


async def test_the_bare_word_shows_how_to_say_it(firm: Desk) -> None:
    assert "绿源滨江 85万 9.2折 一年" in await firm.says("LiLei", "合同")


async def test_a_visit_told_in_between_is_a_visit_and_the_question_stays(firm: Desk) -> None:
    """Bug: 2万 of the visit was taken for the contract's amount, and the visit was lost."""
    await firm.says("LiLei", "合同 绿源滨江")
    assert "记下了，请确认" in await firm.says("LiLei", "刚去了绿源滨江，王姐定了2万的货，下周三送")
    (visit,) = await firm.visits()
    assert visit.amount_fen == 2_000_000
    assert DISCOUNT in await firm.says("LiLei", "30万")


async def test_a_question_about_a_customer_in_between_is_answered_and_the_other_stays(firm: Desk) -> None:
    await firm.says("LiLei", "合同 绿源滨江")
    assert AMOUNT not in await firm.says("LiLei", "绿源滨江还欠多少")
    assert DISCOUNT in await firm.says("LiLei", "30万")


# -- which customer ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "customer"),
    [
        pytest.param("[1 鑫旺中山路]", "KH0002", id="a tap"),
        pytest.param("2", "KH0172", id="the number in front"),
        pytest.param("人民路店", "KH0172", id="the part that tells them apart"),
        pytest.param("鑫旺便利店(中山路店)", "KH0002", id="the whole name"),
        pytest.param("绿源滨江", "KH0117", id="none of them after all"),
    ],
)
async def test_a_name_that_fits_two_is_asked(firm: Desk, answer: str, customer: str) -> None:
    shown = await firm.says("LiLei", "合同 鑫旺 30万 9.2折 一年")
    assert "和哪一家签？" in shown
    assert "1. 鑫旺便利店(中山路店)" in shown
    if answer.startswith("["):
        await firm.taps("LiLei", answer[1:-1])
    else:
        await firm.says("LiLei", answer)
    assert [draft.split()[0] for draft in await drafts(firm)] == [customer]


async def test_a_number_in_front_of_nobody_is_asked_again(firm: Desk) -> None:
    await firm.says("LiLei", "合同 鑫旺 30万 9.2折 一年")
    assert "没有第 9 家，请回复 1 到 2 的数字" in await firm.says("LiLei", "9")
    await firm.says("LiLei", "1")
    assert len(await drafts(firm)) == 1


async def test_a_choice_tapped_twice_or_too_late_makes_one_draft(firm: Desk) -> None:
    await firm.says("LiLei", "合同 鑫旺 30万 9.2折 一年")
    await firm.taps("LiLei", "1 鑫旺中山路")
    await firm.taps("LiLei", "2 鑫旺人民路")
    assert [draft.split()[0] for draft in await drafts(firm)] == ["KH0002"]


@pytest.mark.parametrize("line", ["合同 云帆商贸 30万 9.2折 一年", "合同 南京云帆商贸有限公司"])
async def test_somebody_elses_customer_names_whom_to_ask(firm: Desk, line: str) -> None:
    shown = await firm.says("LiLei", line)
    assert "南京云帆商贸有限公司 不在你负责的范围，不能发起合同。请联系负责人韩梅" in shown
    assert await drafts(firm) == []


async def test_who_may_start_one(firm: Desk) -> None:
    for user in ("dd_chenlei", "dd_sun"):
        assert "合同草稿，确认后提交" in await firm.says(user, LINE, channel=DINGTALK)
    for user in ("dd_qiu", "dd_tang", "dd_zou"):  # legal, finance, administrator
        assert "你可以请负责这家客户的同事来办" in await firm.says(user, LINE, channel=DINGTALK)


# -- from other cards -------------------------------------------------------------------------------------------------
async def test_from_the_customers_card_with_the_rest_typed_beside(firm: Desk) -> None:
    await firm.says("LiLei", "客户 绿源滨江")
    await firm.taps("LiLei", "发起合同", typed="30万 9.2折 一年")
    assert await drafts(firm) == [DRAFT]


async def test_from_the_customers_card_bit_by_bit(firm: Desk) -> None:
    await firm.says("LiLei", "客户 绿源滨江")
    assert AMOUNT in await firm.taps("LiLei", "发起合同")


@pytest.mark.parametrize(
    ("told", "offered"),
    [
        pytest.param("刚去了绿源滨江，王姐定了2万的货，马上打款", True, id="sure, 20,000"),
        pytest.param("刚去了绿源滨江，王姐定了1万的货，马上打款", True, id="sure, 10,000"),
        pytest.param("刚去了绿源滨江，王姐定了9999元的货，马上打款", False, id="sure, a yuan less"),
        pytest.param("刚去了绿源滨江，王姐说2万的货再考虑考虑", False, id="not sure"),
    ],
)
async def test_a_visit_that_promises_much_offers_a_contract(firm: Desk, told: str, offered: bool) -> None:
    assert ("[发起合同]" in await firm.says("LiLei", told)) is offered


async def test_from_a_visit_the_amount_is_known_and_the_visit_remembered(firm: Desk) -> None:
    await firm.says("LiLei", "刚去了绿源滨江，王姐定了2万的货，马上打款")
    assert DISCOUNT in await firm.taps("LiLei", "发起合同")
    await firm.says("LiLei", "九折，一年")
    assert await drafts(firm) == ["KH0117 供货协议 20000 0.9 12 None"]
    (visit,) = await firm.visits()
    async with firm.unit_of_work() as uow:
        (draft,) = await uow.approvals.of_submitter("YG010", [ApprovalState.DRAFT])
    assert draft.visit_no == visit.visit_no


# -- changing the draft -----------------------------------------------------------------------------------------------
CHANGES = (
    ("改金额", "28万", "KH0117 供货协议 280000 0.92 12 None"),
    ("改折扣", "八五折", "KH0117 供货协议 280000 0.85 12 None"),
    ("改期限", "18个月", "KH0117 供货协议 280000 0.85 18 None"),
    ("改条款", "账期90天", "KH0117 供货协议 280000 0.85 18 账期90天"),
)
TYPED = (
    *CHANGES,
    ("改类型", "补充协议", "KH0117 补充协议 280000 0.85 18 账期90天"),
    ("改客户", "利康老街", "KH0250 补充协议 280000 0.85 18 账期90天"),
    ("改条款", "标准", "KH0250 补充协议 280000 0.85 18 None"),
)


async def test_changed_by_a_tap_with_the_value_beside_it(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    for word, value, after in CHANGES:
        await firm.taps("LiLei", word, typed=value)
        assert await drafts(firm) == [after]
    assert len(await firm.shown_to("LiLei")) == 1  # the card itself changes


async def test_changed_by_a_tap_and_an_answer(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    for word, value, after in CHANGES:
        await firm.taps("LiLei", word)
        await firm.says("LiLei", value)
        assert await drafts(firm) == [after]


async def test_changed_by_a_typed_word(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    for word, value, after in TYPED:
        assert "合同草稿，确认后提交" in await firm.says("LiLei", f"{word} {value}")
        assert await drafts(firm) == [after]


async def test_a_note_stands_on_the_card(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    assert "备注：老板催得急" in await firm.says("LiLei", "改备注 老板催得急")


async def test_a_wrong_value_is_asked_again_and_may_be_given_up(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    assert "没看懂「租赁」。哪一种合同？" in await firm.says("LiLei", "改类型 租赁")
    assert await firm.says("LiLei", "算了") == "好，不改了。"
    assert await drafts(firm) == [DRAFT]


async def test_the_draft_of_somebody_else_cannot_be_changed(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    await firm.says("dd_zhaomin", "改金额 SP260212001 1万", channel=DINGTALK)
    assert await drafts(firm) == [DRAFT]
    assert "没有可以" in await firm.last("dd_zhaomin")


# -- taking it back ---------------------------------------------------------------------------------------------------
async def test_undo_right_after_submitting_withdraws(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    await firm.taps("LiLei", "提交")
    assert "SP260212001 已撤回" in await firm.says("LiLei", "撤销")
    assert "已失效：李雷撤回了" in (await firm.shown_to("dd_chenlei"))[0]


async def test_a_draft_taken_back_is_gone(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    assert await firm.taps("LiLei", "撤回") == "草稿 SP260212001 已取消。"
    assert await drafts(firm) == []
    assert "没有可以提交的" in await firm.says("LiLei", "提交")


async def test_submitted_twice_is_submitted_once(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    await firm.taps("LiLei", "提交")
    for _ in range(3):
        await firm.says("LiLei", "提交 SP260212001")
    assert (await firm.audit()).count("approval.submitted") == 1
    assert len(await firm.shown_to("dd_chenlei")) == 1


# -- papers -----------------------------------------------------------------------------------------------------------
async def pictures(firm: Desk, user: str) -> int:
    return sum(isinstance(content, Picture) for content, _ in await firm._chat(user))


async def test_a_photo_sent_with_the_draft_reaches_the_approver(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    assert await firm.photo("LiLei") == "1 个文件已附到 SP260212001。"
    assert any("附件 1 个" in shown for shown in await firm.shown_to("LiLei"))
    await firm.taps("LiLei", "提交")
    assert "附件 1 个，点「详情」看" in (await firm.shown_to("dd_chenlei"))[0]
    await firm.taps("dd_chenlei", "详情", channel=DINGTALK)
    assert "还有 1 个附件没收完，过一会儿再点「详情」。" in (await firm.shown_to("dd_chenlei"))[-1]
    await firm.work()
    await firm.taps("dd_chenlei", "详情", channel=DINGTALK)
    assert await pictures(firm, "dd_chenlei") == 1


async def test_a_photo_as_the_answer_goes_on_to_the_other_platform(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    await firm.taps("LiLei", "提交")
    await firm.taps("dd_chenlei", "提问", channel=DINGTALK, typed="营业执照有吗")
    await firm.taps("LiLei", "回复")
    assert "已转给陈磊" in await firm.photo("LiLei")
    for _ in range(3):  # fetched first, then passed on
        await firm.work()
    assert await pictures(firm, "dd_chenlei") == 1
    assert "李雷发来的文件（SP260212001）：" in await firm.shown_to("dd_chenlei")


async def test_an_old_draft_takes_no_photo(firm: Desk) -> None:
    await firm.says("LiLei", LINE)
    firm.minutes_later(31)
    assert "已附到" not in await firm.photo("LiLei")


async def test_a_file_is_an_attachment_too(firm: Desk) -> None:
    await firm.says("dd_lilei", LINE, channel=DINGTALK)
    media = (Media(ref="f", file_name="合同.pdf"),)
    await firm.sends("dd_lilei", kind=Kind.FILE, media=media, channel=DINGTALK)
    assert "已附到" in await firm.last("dd_lilei")
    assert WECOM in firm.channels
