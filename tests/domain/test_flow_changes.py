"""Changes of a flow keep it in order, whatever is typed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.directory import Directory
from bot.domain.flow_changes import Flow, read_change
from bot.domain.flows import ApproverKind, FlowStep
from bot.errors import UserError

FLOW = Flow(
    tuple(
        FlowStep(step_id=number, position=number, name=f"第{number}步", approver_kind=ApproverKind.SUPERIOR)
        for number in (1, 2, 3)
    ),
    {"建材": Decimal("0.85"), "": Decimal("0.9")},
)
NOBODY = Directory((), (), (), ())
_verbs = st.sampled_from(["新增", "停用", "启用", "条件", "提醒", "升级", "人数", "移动", "底线"])
_scraps = st.sampled_from(
    ["1", "2", "3", "4", "第2步", "财务", "法务", "上级", "审核", "在 1 之后", "在最前", "条件", "非标", "总是",
     "金额50万以上", "2小时", "半天", "全部", "2人", "到 1", "建材", "9折"]
)  # fmt: skip


@given(_verbs, st.lists(st.one_of(_scraps, st.text(max_size=2)), max_size=6).map(" ".join))
def test_any_words_change_the_flow_or_get_a_sentence(verb: str, rest: str) -> None:
    try:
        after = read_change(f"{verb} {rest}", FLOW, NOBODY)
    except UserError:
        return
    assert after != FLOW
    assert [step.position for step in after.steps] == list(range(1, len(after.steps) + 1))
    assert {1, 2, 3} <= {step.step_id for step in after.steps}, "no step is lost, only switched off"
    assert all(0 < step.remind_minutes < step.escalate_minutes for step in after.steps)
    assert all(0 < floor <= 1 for floor in after.floors.values())


def test_a_step_moves_and_the_others_close_up() -> None:
    after = read_change("移动 3 到 1", FLOW, NOBODY)
    assert [(step.step_id, step.position) for step in after.steps] == [(3, 1), (1, 2), (2, 3)]


def test_a_step_of_the_role_that_was_named() -> None:
    after = read_change("新增 财务 信用审核 在 1 之后", FLOW, NOBODY)
    assert replace(after.steps[1], step_id=0) == FlowStep(
        position=2, name="信用审核", approver_kind=ApproverKind.ROLE, approver="财务"
    )
