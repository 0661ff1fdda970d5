"""Leads that have been through something, as the desk leaves them: turns, and decisions that were really made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import text

from bot.domain.leads import Board, Decision, Rep, Roster, Standing, decide, explanation_to_json, snapshot
from bot.domain.leads.policy import Policy
from bot.domain.leads.records import LeadRecord, to_lead
from store.codec import for_jsonb
from store.unit_of_work import UnitOfWork


async def give(
    uow: UnitOfWork,
    record: LeadRecord,
    employee_no: str,
    at: datetime,
    *,
    turn_no: int = 1,
    due_in: int | None = 30,
    responded_in: int | None = None,
    ended_in: int | None = None,
    ending: str = "",
) -> None:
    """One rep's turn; what is `_in` is in minutes from `at`. The case has the state that follows."""

    def after(minutes: int | None) -> datetime | None:
        return None if minutes is None else at + timedelta(minutes=minutes)

    await uow.connection.execute(
        _TURN,
        {
            "lead_no": record.lead_no,
            "turn_no": turn_no,
            "employee_no": employee_no,
            "high_intent": record.high_intent,
            "given_at": at,
            "due_at": after(due_in),
            "responded_at": after(responded_in),
            "response": "" if responded_in is None else "接受",
            "ended_at": after(ended_in),
            "ending": ending,
        },
    )
    over = {"成交": "已成交", "关闭": "已关闭"}
    state = over.get(ending, "待分配") if ending else "跟进中" if responded_in is not None else "待响应"
    await set_state(uow, record.lead_no, state, holder_no="" if ending else employee_no)


async def set_state(uow: UnitOfWork, lead_no: str, state: str, *, holder_no: str = "", waits_for: int = 0) -> None:
    values = {"lead_no": lead_no, "state": state, "holder_no": holder_no, "waits_for": waits_for}
    await uow.connection.execute(_STATE, values)


async def decided(
    uow: UnitOfWork, record: LeadRecord, people: Sequence[Rep], policy: Policy, at: datetime, *, turn_no: int = 1
) -> Decision:
    """Decide about the lead among these people and keep the decision with all that it stood on."""
    board, standing, lead = Board.of(Roster.of(people), policy), Standing.of(people), to_lead(record)
    decision = decide(lead, board, standing, now=at)
    assert decision.explanation is not None
    await uow.connection.execute(
        _DECISION,
        {
            "lead_no": record.lead_no,
            "turn_no": turn_no,
            "decided_at": at,
            "policy_version": policy.version,
            "employee_no": decision.employee_no,
            "score": decision.explanation.score,
            "runner_up": decision.runner_up,
            "margin": decision.margin,
            "explanation": for_jsonb(explanation_to_json(decision.explanation)).decode(),
            "snapshot": snapshot(lead, board, standing, now=at).pack(),
        },
    )
    return decision


def busier(people: Sequence[Rep], employee_no: str) -> list[Rep]:
    """After that rep got one lead more."""
    return [replace(rep, pending=rep.pending + (rep.employee_no == employee_no)) for rep in people]


_TURN = text("""
INSERT INTO lead_turns (lead_no, turn_no, employee_no, how, high_intent, given_at, due_at, responded_at, response,
                        ended_at, ending)
VALUES (:lead_no, :turn_no, :employee_no, '评分', :high_intent, :given_at, :due_at, :responded_at, :response,
        :ended_at, :ending)
""")
_STATE = text("""
UPDATE lead_cases SET state = :state, holder_no = :holder_no, waits_for = :waits_for WHERE lead_no = :lead_no
""")
_DECISION = text("""
INSERT INTO lead_decisions (lead_no, turn_no, decided_at, policy_version, employee_no, score, runner_up, margin,
                            refused, explanation, snapshot)
VALUES (:lead_no, :turn_no, :decided_at, :policy_version, :employee_no, :score, :runner_up, :margin, '{}',
        CAST(:explanation AS jsonb), :snapshot)
""")
