"""The card that previews a change of the leads' rules fits on a DingTalk card, whatever it has to say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.cards.lead_rules import Played, change_card, played_text
from bot.channels.dingtalk.render import split
from bot.domain.leads.records import Intent, LeadRecord
from bot.domain.leads.rule_words import read_change
from bot.domain.leads.rules import LeadRules, default_rules
from bot.domain.leads.what_if import Moved, Share, Side, WhatIf
from tests.domain.test_lead_rule_words import KNOWN

SIDE = Side(match=0.744, load_gini=0.32, high_intent_gini=0.41, waiting=12)
NAMES = {f"YG{number}": f"欧阳娜{number}（杭州大区）" for number in range(10, 20)}
RECORDS = {
    f"XS26010{number}": LeadRecord(
        lead_no=f"XS26010{number}",
        received_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        company=f"杭州天满餐饮管理有限公司滨江第{number}分公司",
        contact="王红",
        intent=Intent.HIGH,
    )
    for number in range(10, 13)
}
PLAYED = Played(
    WhatIf(
        leads=242,
        moved=216,
        examples=tuple(Moved(number, "YG10", "YG11") for number in RECORDS),
        before=SIDE,
        after=replace(SIDE, load_gini=0.39, waiting=0),
        gains=tuple(Share(f"YG1{number}", 3, 13) for number in range(3)),
        loses=tuple(Share(f"YG1{number}", 14, 3) for number in range(3, 6)),
    ),
    RECORDS,
)
RULES = default_rules()


@pytest.mark.parametrize(
    "words",
    [
        "行业 0.3",
        "新增 客户复工进度 0.1",
        "删除 区域",
        "区域 1 行业 0 成交带宽 0 待跟进 0 逾期任务 0 本周成单 0 响应记录 0",
        "上限 于丽娟 5",
        "值班 9:00-18:00 工作日",
    ],
)
def test_a_preview_and_the_way_back_are_each_one_card(words: str) -> None:
    after = changed(words)
    there = change_card(1, words, RULES, after, NAMES, PLAYED, restoring=False)
    back = change_card(2, f"还原（上一次改的是：{words}）", after, RULES, NAMES, PLAYED, restoring=True)
    for card in (there, back):
        assert len(split(card, has_template=True)) == 1, card.body
        assert "216 条（89%）会换人" in card.body
        assert "确认后马上生效，已经派出的线索不变。" in card.body


def test_weights_that_only_share_what_is_left_stand_in_one_line() -> None:
    card = change_card(1, "行业 30%", RULES, changed("行业 0.3"), NAMES, PLAYED, restoring=False)
    assert card.body.splitlines()[:3] == [
        "改动：行业 30%",
        "行业 20% → 30%",
        "其余按比例改为：区域 17.5%，成交带宽 13.1%，待跟进 13.1%，逾期任务 8.8%，本周成单 8.8%，响应记录 8.8%",
    ]


def test_a_row_that_comes_back_says_how_it_counts() -> None:
    without = changed("删除 区域")
    card = change_card(1, "还原（上一次改的是：删除 区域）", without, RULES, NAMES, PLAYED, restoring=True)
    assert "新增 区域 20%：客户离线索所在区域近、在那里占比高" in card.body


def test_where_there_is_room_three_leads_are_named() -> None:
    assert played_text(PLAYED, NAMES).count("\n· ") == 3


def changed(words: str) -> LeadRules:
    return read_change(words, RULES, KNOWN)[1]
