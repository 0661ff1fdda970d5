"""One tap to correct a field, one answer in any wording, the card changes in place."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.desk import Desk

LV = "刚去了绿源滨江，王姐要20件矿泉水，大概3000块，下周三送样"


async def _the_visit(desk: Desk) -> Any:
    (visit,) = await desk.visits()
    return visit


@pytest.mark.parametrize(
    ("button", "answer", "column", "value"),
    [
        pytest.param("改金额", "3万5", "amount_fen", 35_000_00, id="colloquial number"),
        pytest.param("改金额", "是12500块吧", "amount_fen", 12_500_00, id="number in a sentence"),
        pytest.param("改金额", "没有", "amount_fen", None, id="no amount after all"),
        pytest.param("改日期", "下周五", "next_follow_up", date(2026, 2, 20), id="weekday"),
        pytest.param("改日期", "改到2月26号吧", "next_follow_up", date(2026, 2, 26), id="day in a sentence"),
        pytest.param("改日期", "不用了", "next_follow_up", None, id="no follow-up after all"),
        pytest.param("改内容", "要20件水，另外谈了冰柜", "content", "要20件水，另外谈了冰柜", id="content as typed"),
        pytest.param("改客户", "利康便利店(老街店)", "customer_no", "KH0250", id="another customer by name"),
    ],
)
async def test_a_tap_a_question_an_answer(desk: Desk, button: str, answer: str, column: str, value: object) -> None:
    await desk.says("LiLei", LV)
    assert "？" in await desk.taps("LiLei", button)
    await desk.says("LiLei", answer)
    assert getattr(await _the_visit(desk), column) == value
    assert len(await desk.cards_of("LiLei")) == 1


async def test_the_card_itself_changes(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "改金额")
    await desk.says("LiLei", "3万5")
    (card,) = await desk.cards_of("LiLei")
    assert "35,000 元" in [field.value for field in card.fields]


async def test_a_typed_answer_says_what_stands_now_for_the_card_may_have_scrolled_away(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "改日期")
    assert await desk.says("LiLei", "下周五") == "改好了：绿源超市(滨江店)，下次跟进是 2月20日 周五。"


async def test_what_was_typed_into_the_card_is_taken_at_once(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "改金额", typed="5000")
    assert (await _the_visit(desk)).amount_fen == 5000_00


async def test_a_correction_after_confirming_has_to_be_confirmed_again(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "确认")
    await desk.says("LiLei", "改金额 5000")
    assert (await _the_visit(desk)).state == "已确认"  # nothing waits: the number is needed
    await desk.says("LiLei", f"改金额 {(await _the_visit(desk)).visit_no} 5000")
    visit = await _the_visit(desk)
    assert (visit.amount_fen, visit.state) == (5000_00, "待确认")


async def test_an_answer_that_is_none_is_asked_again(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "改日期")
    assert "没看懂「看情况」是哪天" in await desk.says("LiLei", "看情况")
    await desk.says("LiLei", "后天")
    assert (await _the_visit(desk)).next_follow_up == date(2026, 2, 14)


async def test_never_mind(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "改金额")
    assert await desk.says("LiLei", "算了") == "好，不改了。"
    assert (await _the_visit(desk)).amount_fen == 3000_00


async def test_a_whole_new_report_is_not_taken_for_the_answer(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "改日期")
    await desk.says("LiLei", "又去了利康便利店(老街店)，老板要500块的货，后天送")
    first, second = await desk.visits()
    assert (first.customer_no, first.next_follow_up) == ("KH0117", date(2026, 2, 18))
    assert second.customer_no == "KH0250"


async def test_undo_brings_the_former_value_back_first(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "改金额")
    await desk.says("LiLei", "9000")
    shown = await desk.says("LiLei", "撤销")
    assert "金额是 3,000 元" in shown
    assert "再发一次「撤销」" in shown
    assert (await _the_visit(desk)).amount_fen == 3000_00
    assert "已撤销" in await desk.says("LiLei", "撤销")
    assert (await _the_visit(desk)).state == "已撤销"


async def test_changing_to_somebody_elses_customer_is_refused(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "改客户")
    assert "不在你负责的范围" in await desk.says("LiLei", "南京云帆商贸有限公司")
    assert (await _the_visit(desk)).customer_no == "KH0117"
    await desk.says("LiLei", "利康便利店(老街店)")  # the question is still open
    assert (await _the_visit(desk)).customer_no == "KH0250"


async def test_changing_to_a_name_that_several_have_asks_which(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "改客户")
    assert "是哪一家？" in await desk.says("LiLei", "鑫旺")
    await desk.taps("LiLei", "1 鑫旺中山路")
    assert (await _the_visit(desk)).customer_no == "KH0002"


async def test_what_it_is_not_is_no_answer(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "改客户")
    await desk.says("LiLei", "不是绿源滨江，是利康便利店(老街店)")
    assert (await _the_visit(desk)).customer_no == "KH0250"


async def test_a_visit_taken_back_cannot_be_corrected(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    number = (await _the_visit(desk)).visit_no
    await desk.says("LiLei", "撤销")
    assert "已经撤销" in await desk.says("LiLei", f"改金额 {number} 5000")


async def test_a_photo_in_between_leaves_the_question_open(desk: Desk) -> None:
    await desk.says("LiLei", LV)
    await desk.taps("LiLei", "改金额")
    assert "照片已附到 绿源超市(滨江店)" in await desk.photo("LiLei")
    await desk.says("LiLei", "4500")
    assert (await _the_visit(desk)).amount_fen == 4500_00
