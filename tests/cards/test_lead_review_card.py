"""The day's leads in a manager's words: every number with what it means, and nothing that is not so."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bot.cards.lead_review import WAITS_FOR, picture_name, review_message, review_title
from bot.domain.leads.hindsight import Placement
from bot.domain.leads.review import LeadDay, RepDay, WaitingLead, review
from bot.domain.leads.values import Reason

DAY = date(2026, 2, 11)


def rep(number: str, **values: Any) -> RepDay:
    return RepDay(**{"employee_no": number, "name": f"王{number}", "region": "杭州大区", "capacity": 20, **values})


def words(*people: RepDay, region: str = "", **values: Any) -> str:
    return review_message(review(LeadDay(day=DAY, reps=people, **values), region)).text


def test_a_whole_day_reads_like_this() -> None:
    text = words(
        rep("A", given=3, high_given=1, open=6, high_intent=2, minutes=(4, 12), lapsed=1),
        rep("B", given=1, open=2, high_intent=1, minutes=(21,), declined=2),
        region="杭州大区",
        arrived={"杭州大区": 3},
        placements=[
            Placement(
                lead_no="XS1", company="杭州*朴枢*物流", region="杭州大区", employee_no="B", fits={"A": 0.85, "B": 0.72}
            )
        ],
        places={"A": 5, "B": 5},
        waiting=[WaitingLead(lead_no="XS9", region="杭州大区", waits_for=Reason.FULL)],
        pool={"杭州大区": 2},
    )
    assert text == (
        "**线索日报 2月11日 周三 · 杭州大区**\n"
        "来了 3 条，派出 4 次，其中高意向 1 次。\n"
        "派给：王A 3、王B 1。\n"
        "还有 1 条没派出去：能派的人手上都满了 1 条。\n"
        "公海里有 2 条可以领。\n\n"
        "**派得公平吗**\n"
        "手上的线索占各人上限：公平度 Gini 0.25，比较平均。\n"
        "近 30 天拿到的高意向：Gini 0.17，比较平均。\n"
        "0 是完全平均，超过 0.3 要看看。\n\n"
        "**回得快吗**\n"
        "按时 3/4 条，1 条没按时。\n"
        "回了的 3 条里，一半在 12 分钟内，九成在 21 分钟内（只算工作时间）。\n\n"
        "**事后看**\n"
        "要是早知道当天所有线索，派法还能再好 15.3%：值得看看权重和各人上限。\n"
        "差得最多的：\n"
        "· XS1 杭州＊朴枢＊物流：给了王B（合适度 72），王A更合适（85）\n\n"
        "**找谁聊**\n"
        "· 王A：1 条超时没回，已改派\n"
        "· 王B：退回 2 条，问问原因\n\n"
        "再看一次：回复「线索日报」"
    )


def test_title_and_file_name_say_whose_day_it_is() -> None:
    company = review(LeadDay(day=DAY))
    assert review_title(company) == "线索日报 2月11日 周三 · 全公司"
    assert picture_name(company) == "线索日报-0211-全公司.png"


@pytest.mark.parametrize(
    ("held", "said"),
    [
        pytest.param((5, 5), "Gini 0.00，很平均", id="all alike"),
        pytest.param((1, 9), "Gini 0.40，要看看，有人太多有人太少", id="one has nearly all"),
        pytest.param((1, 0), "2 个人手上一共 1 条，不够每人一条", id="fewer leads than people can not be even"),
    ],
)
def test_what_the_gini_says(held: tuple[int, int], said: str) -> None:
    assert said in words(*(rep(no, open=count) for no, count in zip("AB", held, strict=True)), arrived={"": 1})


def test_a_different_capacity_shows_both_numbers() -> None:
    text = words(rep("A", capacity=10, open=5), rep("B", capacity=20, open=10), arrived={"": 1})
    assert "Gini 0.00，很平均；不看上限是 0.17。" in text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({}, "这一天没有要等回应的线索。", id="nothing was waited for"),
        pytest.param({"lapsed": 2}, "2 条都超时了，没有人回。", id="nobody answered"),
        pytest.param({"minutes": (5,)}, "按时 1/1 条，都按时。", id="all in time"),
        pytest.param({"minutes": (0,), "lapsed": 7}, "回了的 1 条最慢 1 分钟", id="who answers before work is not 0"),
    ],
)
def test_how_quickly(values: dict[str, Any], said: str) -> None:
    assert said in words(rep("A", **values), arrived={"": 1})


@pytest.mark.parametrize(
    ("better", "said"),
    [
        pytest.param(0.5, "也派不出更好的。", id="nothing lost"),
        pytest.param(0.51, "差得不多，不用调", id="two percent"),
        pytest.param(0.6, "值得看看权重和各人上限", id="a sixth"),
    ],
)
def test_whether_hindsight_matters(better: float, said: str) -> None:
    placed = Placement(lead_no="X", employee_no="A", fits={"A": 0.5, "B": better})
    assert said in words(rep("A", given=1), rep("B"), placements=[placed], places={"B": 1}, arrived={"": 1})


def test_a_day_without_scored_leads_compares_nothing_and_long_lists_are_counted() -> None:
    people = [rep(str(number), given=1, open=20) for number in range(8)]
    text = words(*people, arrived={"": 8})
    assert "没有按评分派的线索，没什么可比" in text
    assert "，另外 3 人共 3。" in text
    assert "另外还有 3 人，看图里的红字" in text


def test_every_reason_to_wait_has_words() -> None:
    assert {*Reason} == {*WAITS_FOR}
