"""One live lead's way from rep to rep. Pure: every move takes a `LeadCase` and gives the next one.

            ┌──────── decline, lapse, leave ────────┐
            ▼                                       │
          待分配 ──give, assign──> 待响应 ──accept, called──> 跟进中 ──close──> 已成交, 已关闭
            │                       │  ▲              ▲ │
            └─withdraw─> 已关闭      │  └──hand_over, assign──┘
                                    ▼                 │
          enough turns without success: 公海 ──claim────┘      (公海 ──assign──> 待响应)

A move that has been made already gives the very same case back, so that a repeated tap changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from bot.domain.leads.cases import FAILED, OPEN, OVER, Ending, How, LeadCase, LeadState, Response, Turn
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.values import Reason
from bot.domain.worktime import add_working_minutes
from bot.errors import SalesBotError


class Why(StrEnum):
    """Why a move cannot be made; the words people read are in bot.cards.lead_words."""

    OVER = "over"  #: won, closed or merged
    NOT_HOLDER = "not holder"  #: somebody else's, or nobody's
    PASSED_ON = "passed on"  #: was this person's, and is no more
    HELD = "held"  #: somebody has it, so it can be given to nobody
    NOT_POOL = "not pool"  #: it does not lie in 公海
    SELF = "self"  #: handed over to oneself
    ANSWERED = "answered"  #: a rep has accepted it, so it can not be withdrawn
    FULL = "full"  #: that person's places are taken
    NO_DUTY = "no duty"  #: that person takes no leads


class LeadRefused(SalesBotError):
    """A move that the lead, as it stands, does not allow."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


# -- giving out -------------------------------------------------------------------------------------------------------
def give(
    case: LeadCase,
    employee_no: str,
    *,
    how: How,
    at: datetime,
    rules: LeadRules,
    score: float | None = None,
    card_id: str = "",
) -> LeadCase:
    """A waiting lead to a rep, whose response is due after `rules.respond_minutes` of working time.

    Raises:
        LeadRefused: OVER, HELD.
    """
    if case.state is not LeadState.WAITING:
        raise LeadRefused(Why.OVER if case.state in OVER else Why.HELD)
    return _given(case, employee_no, how=how, at=at, rules=rules, score=score, card_id=card_id)


def queue(case: LeadCase, *, waits_for: Reason, refused: Mapping[Reason, int]) -> LeadCase:
    """Nobody can have it now: it keeps its place, with the reason of this look."""
    return replace(case, waits_for=waits_for, refused=dict(refused))


def assign(case: LeadCase, employee_no: str, *, by: str, at: datetime, rules: LeadRules) -> LeadCase:
    """A manager names somebody, wherever the lead is; whoever has it already keeps it as it is.

    Raises:
        LeadRefused: OVER.
    """
    if case.state in OVER:
        raise LeadRefused(Why.OVER)
    if case.holder_no == employee_no:
        return case
    freed = _ended(case, Ending.TAKEN_AWAY, at=at)
    return _given(freed, employee_no, how=How.ASSIGNED, at=at, rules=rules, by_no=by)


def hand_over(case: LeadCase, to: str, *, by: str, at: datetime, rules: LeadRules) -> LeadCase:
    """转给: to a colleague, who has to answer anew.

    Raises:
        LeadRefused: OVER, NOT_HOLDER, PASSED_ON, SELF.
    """
    last = case.turns[-1] if case.turns else None
    if last and last.how is How.HANDED and (last.by_no, last.employee_no) == (by, to) and case.turn:
        return case
    must_hold(case, by)
    if to == by:
        raise LeadRefused(Why.SELF)
    freed = _ended(case, Ending.HANDED_ON, at=at)
    return _given(freed, to, how=How.HANDED, at=at, rules=rules, by_no=by)


def claim(case: LeadCase, *, by: str, at: datetime, rules: LeadRules) -> LeadCase:
    """领取 out of 公海: whoever takes it has answered.

    Raises:
        LeadRefused: OVER, NOT_POOL.
    """
    if case.turn and case.turn.employee_no == by and case.turn.how is How.CLAIMED:
        return case
    if case.state is not LeadState.POOL:
        raise LeadRefused(Why.OVER if case.state in OVER else Why.NOT_POOL)
    taken = _given(case, by, how=How.CLAIMED, at=at, rules=rules)
    return accept(taken, by=by, at=at)


def _given(
    case: LeadCase,
    employee_no: str,
    *,
    how: How,
    at: datetime,
    rules: LeadRules,
    by_no: str = "",
    score: float | None = None,
    card_id: str = "",
) -> LeadCase:
    turn = Turn(
        turn_no=len(case.turns) + 1,
        employee_no=employee_no,
        how=how,
        by_no=by_no,
        score=score,
        policy_version=rules.version,
        given_at=at,
        remind_at=add_working_minutes(at, rules.remind_minutes),
        due_at=add_working_minutes(at, rules.respond_minutes),
        card_id=card_id,
    )
    return replace(
        case, state=LeadState.OFFERED, turns=(*case.turns, turn), waits_for=Reason.NONE, refused={}, closed_at=None
    )


# -- the rep's answers ------------------------------------------------------------------------------------------------
def accept(case: LeadCase, *, by: str, at: datetime) -> LeadCase:
    """接受. Who has answered before keeps that answer.

    Raises:
        LeadRefused: OVER, NOT_HOLDER, PASSED_ON.
    """
    turn = must_hold(case, by)
    return _responded(case, turn, Response.ACCEPTED, at=at)


def called(case: LeadCase, *, by: str, at: datetime) -> LeadCase:
    """打电话了, a first response too; only the first call is kept. Raises as `accept` does."""
    turn = must_hold(case, by)
    if turn.called_at is not None:
        return case
    return _responded(case, replace(turn, called_at=at), Response.CALLED, at=at)


def decline(case: LeadCase, reason: str, *, by: str, at: datetime, rules: LeadRules) -> LeadCase:
    """退回: it waits for somebody else at its old place in the queue, or lies in 公海 after too many tries.

    Raises:
        LeadRefused: OVER, NOT_HOLDER, PASSED_ON.
    """
    if case.turn is None and case.turns and case.state not in OVER:
        last = case.turns[-1]
        if last.employee_no == by and last.ending is Ending.DECLINED:
            return case
    must_hold(case, by)
    return _back(case, Ending.DECLINED, at=at, note=reason, rules=rules)


def close(case: LeadCase, *, won: bool, reason: str, by: str, at: datetime) -> LeadCase:
    """成交, or 关闭 with a reason.

    Raises:
        LeadRefused: OVER, NOT_HOLDER, PASSED_ON.
    """
    state, ending = (LeadState.WON, Ending.WON) if won else (LeadState.CLOSED, Ending.CLOSED)
    if case.state is state and case.turns and (case.turns[-1].employee_no, case.turns[-1].ending) == (by, ending):
        return case
    must_hold(case, by)
    return replace(_ended(case, ending, at=at, note=reason), state=state, closed_at=at)


def withdraw(case: LeadCase, *, by: str, at: datetime) -> LeadCase:
    """撤销 by whoever entered it, as long as nobody has answered.

    Raises:
        LeadRefused: OVER, NOT_HOLDER (somebody else entered it), ANSWERED.
    """
    if case.entered_by != by:
        raise LeadRefused(Why.NOT_HOLDER)
    if case.state is LeadState.CLOSED and (not case.turns or case.turns[-1].ending is not Ending.CLOSED):
        return case
    if case.state in OVER:
        raise LeadRefused(Why.OVER)
    if case.turn is not None and case.turn.responded_at is not None:
        raise LeadRefused(Why.ANSWERED)
    return replace(_ended(case, Ending.WITHDRAWN, at=at), state=LeadState.CLOSED, closed_at=at)


# -- time and leavers -------------------------------------------------------------------------------------------------
def must_remind(case: LeadCase, *, at: datetime) -> bool:
    """Whether the rep has to be reminded now: once a turn, before the response is due."""
    turn = case.turn
    if case.state is not LeadState.OFFERED or turn is None or turn.remind_at is None or turn.due_at is None:
        return False
    return turn.reminded_at is None and turn.remind_at <= at < turn.due_at


def remind(case: LeadCase, *, at: datetime) -> LeadCase:
    """The rep has been reminded, once."""
    turn = case.turn
    if turn is None or turn.reminded_at is not None:
        return case
    return _with_turn(case, replace(turn, reminded_at=at))


def must_lapse(case: LeadCase, *, at: datetime) -> bool:
    """Whether the response is overdue."""
    turn = case.turn
    return case.state is LeadState.OFFERED and turn is not None and turn.due_at is not None and turn.due_at <= at


def lapse(case: LeadCase, *, at: datetime, rules: LeadRules) -> LeadCase:
    """超时: the next best is asked, or it lies in 公海 after too many tries. What is not overdue stays as it is."""
    return _back(case, Ending.LAPSED, at=at, rules=rules) if must_lapse(case, at=at) else case


def must_tell_manager(case: LeadCase, rules: LeadRules) -> bool:
    """Whether so many reps let it lapse that their manager has to know; once a lead."""
    lapsed = sum(turn.ending is Ending.LAPSED for turn in case.turns)
    return case.manager_told_at is None and case.state not in OVER and lapsed >= rules.tell_manager_after


def manager_told(case: LeadCase, *, at: datetime) -> LeadCase:
    return case if case.manager_told_at else replace(case, manager_told_at=at)


def leave(case: LeadCase, employee_no: str, *, at: datetime) -> LeadCase:
    """Its holder has left: the next best takes over. A lead that is not theirs stays as it is."""
    if case.holder_no != employee_no:
        return case
    return replace(_ended(case, Ending.LEFT, at=at), state=LeadState.WAITING)


def shelve(case: LeadCase, *, at: datetime) -> LeadCase:
    """放入公海 by a manager.

    Raises:
        LeadRefused: OVER, ANSWERED (a rep works on it).
    """
    if case.state is LeadState.POOL:
        return case
    if case.state in OVER:
        raise LeadRefused(Why.OVER)
    if case.state is LeadState.WORKING:
        raise LeadRefused(Why.ANSWERED)
    return replace(_ended(case, Ending.TAKEN_AWAY, at=at), state=LeadState.POOL, waits_for=Reason.NONE, refused={})


# -- parts ------------------------------------------------------------------------------------------------------------
def must_hold(case: LeadCase, by: str) -> Turn:
    """The turn of whoever has it.

    Raises:
        LeadRefused: OVER, NOT_HOLDER, PASSED_ON.
    """
    if case.state in OVER:
        raise LeadRefused(Why.OVER)
    if case.state not in OPEN or case.turn is None or case.turn.employee_no != by:
        had = any(turn.employee_no == by for turn in case.turns)
        raise LeadRefused(Why.PASSED_ON if had else Why.NOT_HOLDER)
    return case.turn


def _responded(case: LeadCase, turn: Turn, response: Response, *, at: datetime) -> LeadCase:
    if turn.responded_at is None:
        turn = replace(turn, responded_at=at, response=response)
    return replace(_with_turn(case, turn), state=LeadState.WORKING)


def _back(case: LeadCase, ending: Ending, *, at: datetime, rules: LeadRules, note: str = "") -> LeadCase:
    """`queued_at` stays: it has waited since then."""
    freed = _ended(case, ending, at=at, note=note)
    tries = sum(turn.ending in FAILED for turn in freed.turns)
    return replace(freed, state=LeadState.POOL if tries >= rules.pool_after else LeadState.WAITING)


def _ended(case: LeadCase, ending: Ending, *, at: datetime, note: str = "") -> LeadCase:
    turn = case.turn
    return case if turn is None else _with_turn(case, replace(turn, ended_at=at, ending=ending, note=note))


def _with_turn(case: LeadCase, changed: Turn) -> LeadCase:
    turns = tuple(changed if turn.turn_no == changed.turn_no else turn for turn in case.turns)
    return replace(case, turns=turns)
