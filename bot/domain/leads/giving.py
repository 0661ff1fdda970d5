"""A round through the queue: whoever waits longest chooses first, each choice changes where everybody stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.leads.board import Board
from bot.domain.leads.cases import How, LeadCase
from bot.domain.leads.eligibility import availability
from bot.domain.leads.engine import decide
from bot.domain.leads.records import LeadRecord, to_lead
from bot.domain.leads.replay import packed_snapshot
from bot.domain.leads.roster import Standing
from bot.domain.leads.values import Decision, Reason
from bot.errors import CalendarNotCovered

_THEIRS_LATER = (Reason.FULL, Reason.OFF_DUTY)  # an owner who can not have it now will soon


@dataclass(frozen=True, slots=True)
class SameAs:
    """What a lead resembles: `kind` 客户 or 线索, `why` 手机号 or 公司名称; all empty: nothing."""

    kind: str = ""
    number: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lead that nobody has, with all that a decision and a card need."""

    case: LeadCase
    record: LeadRecord
    same: SameAs


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who gets a lead, or why it waits."""

    employee_no: str = ""  #: empty: it waits
    how: How = How.SCORED
    decision: Decision | None = None  #: with `snapshot`: it was scored
    snapshot: bytes = b""  #: `Snapshot`, packed
    waits_for: Reason = Reason.NONE
    refused: Mapping[Reason, int] = field(default_factory=dict)


class Round:
    """Choices in the order they are asked for, at one moment (`now`, aware) and from one standing on."""

    def __init__(
        self, board: Board, standing: Standing, *, now: datetime, owners: Mapping[str, int] | None = None
    ) -> None:
        """`owners`: free places of owners who are on no roster of reps, a manager say, by 工号."""
        self._board = board
        self._standing = standing
        self._now = now
        self._owners = dict(owners or {})
        self._nobody: dict[tuple[str, frozenset[str]], Choice] = {}  # places only fill up during a round
        self.uncovered_year: int | None = None  #: whose holidays are not known: who is on duty?

    def choose(self, case: LeadCase, record: LeadRecord) -> Choice:
        """The owner where there is one, else whoever suits best."""
        key = record.region, case.tried
        try:
            if (owned := self._owner(case)) is not None:
                choice = owned
            elif key in self._nobody:
                return self._nobody[key]
            else:
                choice = self._scored(case, record)
        except CalendarNotCovered as error:
            self.uncovered_year = error.year
            return Choice(waits_for=Reason.OFF_DUTY, refused={Reason.OFF_DUTY: len(self._board.roster)})
        if choice.employee_no in self._owners:
            self._owners[choice.employee_no] -= 1
        elif choice.employee_no:
            column = self._board.roster.column(choice.employee_no)
            self._standing = self._standing.given(column, high_intent=record.high_intent)
        elif owned is None:
            self._nobody[key] = choice
        return choice

    def _owner(self, case: LeadCase) -> Choice | None:
        """None: it has no owner who could have it now or soon."""
        roster, owner = self._board.roster, case.owner_no
        if not owner or owner in case.tried:
            return None
        if owner in self._owners:
            free = self._owners[owner] > 0
            return Choice(employee_no=owner, how=case.owner_how) if free else _waits_for_owner(Reason.FULL)
        if owner not in roster.employee_nos:
            return None
        column = roster.column(owner)
        if roster.left[column]:
            return None
        reason = Reason(availability(roster, self._standing, self._board.policy, self._now)[column])
        if reason is Reason.NONE:
            return Choice(employee_no=owner, how=case.owner_how)
        return _waits_for_owner(reason) if reason in _THEIRS_LATER else None

    def _scored(self, case: LeadCase, record: LeadRecord) -> Choice:
        lead = to_lead(record, tried=case.tried)
        decision = decide(lead, self._board, self._standing, now=self._now)
        if not decision.employee_no:
            return Choice(waits_for=decision.waits_for, refused=decision.refused)
        stood_on = packed_snapshot(lead, self._board, self._standing, now=self._now)
        return Choice(employee_no=decision.employee_no, decision=decision, snapshot=stood_on)


def _waits_for_owner(reason: Reason) -> Choice:
    return Choice(waits_for=reason, refused={reason: 1})
