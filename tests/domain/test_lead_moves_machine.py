"""A lead against a plain model of its rules: anybody doing anything at any time, everything twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.clock import SHANGHAI
from bot.domain.leads.cases import OPEN, How, LeadCase, LeadState
from bot.domain.leads.moves import (
    LeadRefused,
    accept,
    assign,
    called,
    claim,
    close,
    decline,
    give,
    hand_over,
    lapse,
    leave,
    shelve,
    withdraw,
)
from bot.domain.leads.rules import default_rules
from tests.support.soak import soak

RULES = default_rules()
BEGIN = datetime(2026, 2, 9, 9, 0, tzinfo=SHANGHAI)
PEOPLE = ("A", "B", "C", "D", "E")
people = st.sampled_from(PEOPLE)


class Model:
    """Who has it, whether they answered, and how everybody before them fared: [[who, ending]], "" while it runs."""

    def __init__(self) -> None:
        self.state = "待分配"
        self.turns: list[list[str]] = []
        self.due: datetime | None = None
        self.answered = False  # the present turn

    @property
    def holder(self) -> str:
        return self.turns[-1][0] if self.turns and not self.turns[-1][1] else ""

    def begin(self, who: str, at: datetime) -> None:
        self.turns.append([who, ""])
        self.state, self.answered = "待响应", False
        self.due = at + timedelta(minutes=30)

    def end(self, ending: str) -> None:
        if self.holder:
            self.turns[-1][1] = ending

    def answer(self, by: str) -> None:
        if self.holder == by:
            self.state, self.answered = "跟进中", True

    def fail(self, ending: str) -> None:
        self.end(ending)
        failed = sum(turn[1] in ("退回", "超时") for turn in self.turns)
        self.state = "公海" if failed >= 3 else "待分配"

    @property
    def over(self) -> bool:
        return self.state in ("已成交", "已关闭")


class LeadMachine(RuleBasedStateMachine):
    """What the model says happens, and nothing else; a refusal changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.case = LeadCase(lead_no="XS1", queued_at=BEGIN, entered_by="A")
        self.minute = 0

    @property
    def at(self) -> datetime:
        """Within one morning and afternoon of work, so that working minutes are minutes."""
        return BEGIN + timedelta(minutes=self.minute)

    def play(self, move: Callable[[LeadCase], LeadCase], allowed: bool, then: Callable[[], None]) -> None:
        try:
            after = move(self.case)
        except LeadRefused:
            assert not allowed
            return
        if after != self.case:
            assert allowed
            then()
            assert self.repeated(move, after) == after
        self.case = after

    @staticmethod
    def repeated(move: Callable[[LeadCase], LeadCase], after: LeadCase) -> LeadCase:
        try:
            return move(after)
        except LeadRefused:
            return after

    @rule(minutes=st.sampled_from((1, 5, 19, 29, 30, 31)))
    def time_passes(self, minutes: int) -> None:
        if self.minute + minutes < 150:
            self.minute += minutes

    @rule(who=people)
    def it_is_given(self, who: str) -> None:
        if who not in self.case.tried:
            self.play(
                lambda case: give(case, who, how=How.SCORED, at=self.at, rules=RULES),
                self.model.state == "待分配",
                lambda: self.model.begin(who, self.at),
            )

    @rule(by=people, calls=st.booleans())
    def somebody_answers(self, by: str, calls: bool) -> None:
        self.play(
            lambda case: called(case, by=by, at=self.at) if calls else accept(case, by=by, at=self.at),
            self.model.holder == by,
            lambda: self.model.answer(by),
        )

    @rule()
    def the_holder_answers(self) -> None:
        if self.model.holder:
            self.somebody_answers(self.model.holder, False)

    @rule(by=people)
    def somebody_gives_it_back(self, by: str) -> None:
        self.play(
            lambda case: decline(case, "忙", by=by, at=self.at, rules=RULES),
            self.model.holder == by,
            lambda: self.model.fail("退回"),
        )

    @rule(by=people, to=people)
    def somebody_hands_it_over(self, by: str, to: str) -> None:
        def then() -> None:
            self.model.end("转出")
            self.model.begin(to, self.at)

        allowed = self.model.holder == by and by != to
        self.play(lambda case: hand_over(case, to, by=by, at=self.at, rules=RULES), allowed, then)

    @rule(to=people)
    def a_manager_names_somebody(self, to: str) -> None:
        def then() -> None:
            self.model.end("改派")
            self.model.begin(to, self.at)

        self.play(lambda case: assign(case, to, by="M", at=self.at, rules=RULES), not self.model.over, then)

    @rule(by=people)
    def somebody_claims_it(self, by: str) -> None:
        def then() -> None:
            self.model.begin(by, self.at)
            self.model.answer(by)

        self.play(lambda case: claim(case, by=by, at=self.at, rules=RULES), self.model.state == "公海", then)

    @rule()
    def time_is_up(self) -> None:
        due = self.model.state == "待响应" and self.model.due is not None and self.at >= self.model.due
        before = self.case
        self.play(lambda case: lapse(case, at=self.at, rules=RULES), due, lambda: self.model.fail("超时"))
        assert (self.case != before) == due

    @rule(who=people)
    def somebody_leaves(self, who: str) -> None:
        def then() -> None:
            self.model.end("离职")
            self.model.state = "待分配"

        self.play(lambda case: leave(case, who, at=self.at), self.model.holder == who, then)

    @rule(by=people, won=st.booleans(), really=st.integers(0, 4))
    def somebody_closes_it(self, by: str, won: bool, really: int) -> None:
        def then() -> None:
            self.model.end("成交" if won else "关闭")
            self.model.state = "已成交" if won else "已关闭"

        if not really or self.model.holder != by:  # else most stories would end at once
            self.play(
                lambda case: close(case, won=won, reason="空号", by=by, at=self.at), self.model.holder == by, then
            )

    @rule(really=st.integers(0, 4))
    def it_is_withdrawn_or_shelved(self, really: int) -> None:
        def then() -> None:
            self.model.end("改派")
            self.model.state = "公海"

        def gone() -> None:
            self.model.end("撤销")
            self.model.state = "已关闭"

        if really:
            allowed = not self.model.over and self.model.state != "跟进中"
            self.play(lambda case: shelve(case, at=self.at), allowed, then)
        else:
            allowed = not self.model.over and not (self.model.holder and self.model.answered)
            self.play(lambda case: withdraw(case, by="A", at=self.at), allowed, gone)

    # -- what always holds --------------------------------------------------------------------------------------------
    @invariant()
    def both_show_the_same(self) -> None:
        assert self.case.state.value == self.model.state
        pictured = [[turn.employee_no, turn.ending.value if turn.ending else ""] for turn in self.case.turns]
        assert pictured == self.model.turns

    @invariant()
    def nobody_or_one_person_has_it(self) -> None:
        running = [turn for turn in self.case.turns if turn.ended_at is None]
        assert len(running) == (1 if self.case.state in OPEN else 0)
        assert [turn.turn_no for turn in self.case.turns] == list(range(1, len(self.case.turns) + 1))

    @invariant()
    def it_keeps_its_place_in_the_queue(self) -> None:
        assert self.case.queued_at == BEGIN

    @invariant()
    def what_is_answered_does_not_lapse(self) -> None:
        if self.case.state is LeadState.WORKING:
            assert self.case.turn is not None
            assert self.case.turn.responded_at is not None


@pytest.mark.parametrize("examples", [pytest.param(60, id="a few"), pytest.param(3_000, id="many", marks=soak)])
@pytest.mark.timeout(1800)
def test_every_lead_goes_as_the_plain_model_says(examples: int) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        LeadMachine,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
