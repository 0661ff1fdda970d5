"""One live lead on its way: who has it, who had it, how it ended. Values only; what may happen to it is in `moves.py`.

A lead that only came by file is history and has no case. A case is 待分配 until somebody gets it, and again whenever
nobody has it; every rep who gets it has a turn of their own, numbered from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.leads.values import Reason


class LeadState(StrEnum):
    """状态 of a case."""

    WAITING = "待分配"
    OFFERED = "待响应"  # a rep has it and has not answered yet
    WORKING = "跟进中"  # the rep accepted it or has called
    POOL = "公海"  # nobody took it; whoever may see it can
    WON = "已成交"
    CLOSED = "已关闭"
    MERGED = "已合并"  # the same enquiry as an open one, which goes on


OPEN = (LeadState.OFFERED, LeadState.WORKING)  # it fills a place of its holder
OVER = (LeadState.WON, LeadState.CLOSED, LeadState.MERGED)


class How(StrEnum):
    """How a rep came to a lead."""

    SCORED = "评分"
    OWNER = "归属"  # the same person or company has an owner
    ADDED = "好友"  # the customer added the rep on WeCom
    HANDED = "转给"  # by a colleague
    ASSIGNED = "指派"  # by a manager
    CLAIMED = "领取"  # out of 公海


class Response(StrEnum):
    """The first thing a rep did about it."""

    ACCEPTED = "接受"
    CALLED = "打电话"


class Ending(StrEnum):
    """How a rep's turn ended."""

    DECLINED = "退回"
    LAPSED = "超时"
    HANDED_ON = "转出"
    TAKEN_AWAY = "改派"  # by a manager
    LEFT = "离职"
    WON = "成交"
    CLOSED = "关闭"
    WITHDRAWN = "撤销"


FAILED = (Ending.DECLINED, Ending.LAPSED)  # so many of them and the lead goes to 公海
TRIED = (Ending.DECLINED, Ending.LAPSED, Ending.HANDED_ON, Ending.TAKEN_AWAY, Ending.LEFT)  # not asked again


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One rep's time with a lead; moments are business time, aware UTC."""

    turn_no: int
    employee_no: str
    how: How
    by_no: str = ""  #: who handed it over or assigned it
    score: float | None = None  #: None: not scored
    policy_version: int = 0
    given_at: datetime
    remind_at: datetime | None = None
    due_at: datetime | None = None  #: None: no response is waited for
    reminded_at: datetime | None = None
    responded_at: datetime | None = None
    response: Response | None = None
    called_at: datetime | None = None  #: the first call they reported
    ended_at: datetime | None = None
    ending: Ending | None = None
    note: str = ""  #: why it was given back or closed
    card_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadCase:
    """A lead that is being dealt with, or was."""

    lead_no: str
    state: LeadState = LeadState.WAITING
    queued_at: datetime  #: since when it has waited; the order of the queue
    waits_for: Reason = Reason.NONE  #: what kept it waiting at the last look
    refused: Mapping[Reason, int] = field(default_factory=dict)  #: how many reps were out at the last look, and why
    origin: str = ""  #: api, chat, wecom, file
    entered_by: str = ""  #: 工号, or the name of the API key
    owner_no: str = ""  #: whose it is without any scoring; empty: it is scored
    owner_how: How = How.OWNER
    turns: tuple[Turn, ...] = ()
    closed_at: datetime | None = None
    manager_told_at: datetime | None = None

    @property
    def turn(self) -> Turn | None:
        """Of whoever has it now."""
        return self.turns[-1] if self.turns and self.turns[-1].ended_at is None else None

    @property
    def holder_no(self) -> str:
        return self.turn.employee_no if self.turn else ""

    @property
    def tried(self) -> frozenset[str]:
        """Who had it and is not asked again."""
        return frozenset(turn.employee_no for turn in self.turns if turn.ending in TRIED)
