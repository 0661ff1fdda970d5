"""为什么: where a lead went and why, from what was kept; every kept decision replays to its winner."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from bot.domain.leads import Board, Roster, Standing, decide, default_policy, snapshot
from bot.domain.leads.reasons import hundredths
from bot.domain.leads.replay import explanation_to_json
from bot.domain.leads.values import Lead, Rep
from store.lead_decisions import replays
from tests.domain.lead_market import market
from tests.support.desk import DINGTALK, Desk

HOME = frozenset({"杭州大区"})
PEOPLE = [
    Rep(employee_no="YG010", regions=HOME, facts={"overdue_tasks": 0}, tables={"industry_fit": {"建材": 0.82}}),
    Rep(employee_no="YG013", regions=HOME, facts={"overdue_tasks": 3}, tables={"industry_fit": {"建材": 0.2}}),
    Rep(employee_no="YG011", regions=frozenset({"南京大区"})),
]
LEAD = Lead(lead_no="XS260212001", region="杭州大区", labels={"industry": "建材"})


async def run(desk: Desk, statement: str, **values: Any) -> None:
    async with desk.unit_of_work() as uow:
        await uow.connection.execute(text(statement), values)


async def entered(desk: Desk, *, state: str = "待响应", **case: Any) -> None:
    await run(desk, "INSERT INTO leads (lead_no, received_at, company, region, industry)"
              " VALUES ('XS260212001', :at, '铭图物流', '杭州大区', '建材')", at=desk.clock.now())  # fmt: skip
    await run(
        desk,
        "INSERT INTO lead_cases (lead_no, state, queued_at, waits_for, refused, turn_no, holder_no)"
        " VALUES ('XS260212001', :state, :at, :waits, CAST(:refused AS jsonb), :turn, :holder)",
        state=state, at=desk.clock.now(), waits=case.get("waits", 0), refused=json.dumps(case.get("refused", {})),
        turn=case.get("turn", 1), holder=case.get("holder", "YG010"),
    )  # fmt: skip


async def turn(desk: Desk, employee_no: str = "YG010", how: str = "评分", by_no: str = "") -> None:
    await run(desk, "INSERT INTO lead_turns (lead_no, turn_no, employee_no, how, by_no, high_intent, given_at)"
              " VALUES ('XS260212001', 1, :who, :how, :by, false, :at)",
              who=employee_no, how=how, by=by_no, at=desk.clock.now())  # fmt: skip


async def decided(desk: Desk, lead: Lead, people: list[Rep], winner: str = "") -> None:
    board, standing = Board.of(Roster.of(people), default_policy()), Standing.of(people)
    found = decide(lead, board, standing, now=desk.clock.now())
    assert found.explanation is not None
    await run(
        desk,
        "INSERT INTO lead_decisions (lead_no, turn_no, decided_at, policy_version, employee_no, score, runner_up,"
        " margin, refused, explanation, snapshot) VALUES (:no, 1, :at, 1, :who, :score, :second, :margin,"
        " CAST(:refused AS jsonb), CAST(:explanation AS jsonb), :snapshot)",
        no=lead.lead_no, at=desk.clock.now(), who=winner or found.employee_no, score=found.explanation.score,
        second=found.runner_up, margin=found.margin,
        refused=orjson.dumps({reason.name: count for reason, count in found.refused.items()}).decode(),
        explanation=orjson.dumps(explanation_to_json(found.explanation)).decode(),
        snapshot=snapshot(lead, board, standing, now=desk.clock.now()).pack(),
    )  # fmt: skip


async def test_a_scored_lead_says_what_each_factor_was_worth(desk: Desk) -> None:
    await entered(desk)
    await turn(desk)
    await decided(desk, LEAD, PEOPLE)
    shown = await desk.says("LiLei", "为什么 ｘｓ260212001")
    assert "XS260212001 铭图物流（待响应）" in shown
    assert "按第 1 版规则打分，你得 0.92 分，最高：" in shown
    assert "行业：你在建材行业成单多，匹配 82%，权重 44%，得 0.37 分" in shown
    assert "扣" not in shown
    assert "区域：缺，没有数据，权重分给了其他项" in shown
    assert "第二名是赵敏，差 0.39 分。" in shown
    assert "没参与的 1 人不在这个区域" in shown
    assert "结果一样" in shown
    assert await desk.says("LiLei", "XS260212001为什么给我") == shown
    assert "李雷得 0.92 分" in await desk.says("dd_chenlei", "为什么 XS260212001", channel=DINGTALK)


async def test_others_do_not_see_it(desk: Desk) -> None:
    await entered(desk)
    await turn(desk)
    assert "不在你能看的范围里" in await desk.says("hanmei", "为什么 XS260212001")
    assert "不在你能看的范围里" in await desk.says("dd_zhoutao", "为什么 XS260212001", channel=DINGTALK)
    assert "没有编号为 XS260212009 的线索" in await desk.says("LiLei", "为什么 XS260212009")
    assert "没有编号为 WEB-9 的线索" in await desk.says("LiLei", "为什么 WEB-9")
    assert "请带上编号" in await desk.says("LiLei", "为什么")


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("归属", "本来就是你负责的"),
        ("好友", "客户加的是你的企业微信"),
        ("转给", "由赵敏转给你"),
        ("指派", "由赵敏指派给你"),
        ("领取", "你从公海领取的"),
    ],
)
async def test_a_lead_that_was_not_scored_says_how_it_came(desk: Desk, how: str, says: str) -> None:
    await entered(desk)
    await turn(desk, how=how, by_no="YG013")
    assert says in await desk.says("LiLei", "为什么 XS260212001")


@pytest.mark.parametrize(
    ("why", "says"),
    [
        ("手机号", "直接给了你：手机号和客户 KH0117 相同，那边本来就是你负责的"),
        ("手机号相同，公司不同", "直接给了你：手机号和客户 KH0117 相同，公司不同，那边本来就是你负责的"),
    ],
)
async def test_what_went_to_an_owner_says_by_what(desk: Desk, why: str, says: str) -> None:
    await entered(desk)
    await turn(desk, how="归属")
    await run(desk, "UPDATE lead_cases SET same_kind = '客户', same_no = 'KH0117', same_why = :why", why=why)
    assert says in await desk.says("LiLei", "为什么 XS260212001")


async def test_a_waiting_lead_says_what_it_waits_for(desk: Desk) -> None:
    await entered(desk, state="待分配", waits=6, refused={"FULL": 3, "OTHER_REGION": 2}, turn=0, holder="")
    shown = await desk.says("dd_chenlei", "为什么 XS260212001", channel=DINGTALK)
    assert "能接的人名额都满了，有人空出来就派" in shown
    assert "接不了的 5 人：3 人名额满了，2 人不在这个区域" in shown


async def test_a_decision_that_does_not_come_out_the_same_is_told(desk: Desk) -> None:
    await entered(desk)
    await turn(desk, "YG013")
    await decided(desk, LEAD, PEOPLE, winner="YG013")
    assert "结果不一样" in await desk.says("dd_chenlei", "为什么 XS260212001", channel=DINGTALK)
    assert "lead.replay_differs" in await desk.audit()


async def test_kept_decisions_replay_to_their_winners(desk: Desk) -> None:
    kept = 0
    for seed in range(120):
        drawn = market(seed)
        lead = replace(drawn.leads[0], lead_no=f"XS{seed}")
        board = Board.of(Roster.of(drawn.people), default_policy())
        found = decide(lead, board, Standing.of(drawn.people), now=desk.clock.now())
        if found.explanation is None:
            continue
        score, points = hundredths(found.explanation)
        assert sum(points) == score
        await decided(desk, lead, drawn.people)
        async with desk.unit_of_work() as uow:
            assert await replays(uow.connection, lead.lead_no, 1)
        kept += 1
    assert kept > 50
