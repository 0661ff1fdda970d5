"""What a rep is asked while a contract is being written, and what becomes of answers that are none."""

from __future__ import annotations

import pytest

from tests.support.desk import DINGTALK, Desk
from tests.support.firm import open_firm


@pytest.fixture
def firm(desk: Desk) -> Desk:
    return open_firm(desk)


async def test_what_is_missing_is_asked_one_after_the_other(firm: Desk) -> None:
    assert "合同总金额是多少" in await firm.says("LiLei", "合同 绿源滨江")
    assert "打几折" in await firm.says("LiLei", "八十五万")
    assert "签多久" in await firm.says("LiLei", "9.2折")
    assert "合同草稿，确认后提交" in await firm.says("LiLei", "一年")


async def test_a_vague_answer_is_told_what_is_wrong_with_it_and_asked_again(firm: Desk) -> None:
    await firm.says("LiLei", "合同 绿源滨江 85万 9.2折")
    assert await firm.says("LiLei", "好几年") == (
        "期限「几年」要一个准数。签多久？例如 一年、18个月、到2026年12月31日。不办了就说「算了」。"
    )


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        pytest.param("合同", "可以一行写完", id="nothing but the word begins the dialogue with an example"),
        pytest.param("合同 火星超市 85万 9.2折 一年", "没找到「火星超市」这家客户", id="nobody knows that customer"),
        pytest.param("合同 乱七八糟的东西", "没找到「乱七八糟的东西」这家客户", id="nonsense"),
    ],
)
async def test_lines_that_are_no_contract(line: str, answer: str, firm: Desk) -> None:
    assert answer in await firm.says("LiLei", line)
    assert await firm.shown_to("dd_chenlei") == []


async def test_a_name_of_several_customers_is_asked_about_and_answered_with_a_number(firm: Desk) -> None:
    shown = await firm.says("dd_chenlei", "合同 鑫旺 20万 9.2折 一年", channel=DINGTALK)
    assert "和哪一家签？" in shown
    assert "1. 鑫旺便利店(中山路店)（拱墅区听松街10号）\n2. 鑫旺便利店(人民路店)（上城区人民路3号）" in shown
    assert "客户：鑫旺便利店(人民路店)" in await firm.says("dd_chenlei", "2", channel=DINGTALK)
