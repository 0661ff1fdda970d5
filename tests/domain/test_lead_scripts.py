"""Which script and which competitor points a rep is shown with a lead: the knowledge base of the sample company."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bot.domain.leads.scripts import Entry, scripts_for
from tests.support.leads import enquiry


@pytest.fixture
def entries(sample_company: Path) -> list[Entry]:
    with (sample_company / "知识库.csv").open(encoding="utf-8-sig") as file:
        return [
            Entry(
                entry_no=row["条目编号"],
                title=row["标题"],
                tags=tuple(row["标签"].split(";")),
                body=row["内容"],
                stage=row["适用阶段"],
                industries=tuple(row["适用行业"].split(";")),
            )
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize(
    ("industry", "need", "numbers"),
    [
        pytest.param("快消终端", "想进一批饮料做年货，求报价", ["ZS020", "ZS007"], id="words of the need"),
        pytest.param("建材", "别墅地下室渗水，求防水方案", ["ZS025", "ZS035"], id="and of another industry"),
        pytest.param("软件订阅", "试用到期想谈折扣", ["ZS032", "ZS010"], id="a later stage that the need names"),
        pytest.param("软件订阅", "老系统太卡，想迁移", ["ZS014", "ZS010"], id="nothing fits: the first call's"),
        pytest.param("医疗", "社区诊所开业设备", ["ZS014"], id="no competitor of that industry is known"),
        pytest.param("", "", ["ZS014"], id="nothing is known"),
    ],
)
def test_the_best_of_each_kind(industry: str, need: str, numbers: list[str], entries: list[Entry]) -> None:
    found = scripts_for(enquiry(industry=industry, note=need, company=""), entries)
    assert [entry.entry_no for entry in found] == numbers


def test_lessons_of_the_timetable_are_no_scripts(entries: list[Entry]) -> None:
    lessons = [entry for entry in entries if "课表" in entry.tags]
    assert lessons
    assert scripts_for(enquiry(note="话术 太贵了"), lessons) == []
