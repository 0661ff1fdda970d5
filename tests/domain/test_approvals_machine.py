"""Approvals against a plain model of their rules: any flow, anybody doing anything, everything ten times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.clock import SHANGHAI
from bot.domain.approval_values import Approval, ApprovalRefused, ContractTerms, Place, Step, Verdict
from bot.domain.approvals import add_signer, decide, edit, escalate, reminded, submit, transfer, urge, withdraw
from bot.domain.flows import ApproverKind, FlowStep, Mode, SeatPlan
from tests.domain.approval_model import Model, Refused, pictured
from tests.support.soak import soak

BEGIN = datetime(2026, 2, 9, 9, 0, tzinfo=SHANGHAI)
SUBMITTER = "S"
PEOPLE = ("A", "B", "C", "D", "E", "F")
TERMS = ContractTerms(customer_no="KH0117", kind="年框", amount_fen=30_000_000, discount=Decimal("0.92"), months=12)
people = st.sampled_from(PEOPLE)
anybody = st.sampled_from((*PEOPLE, SUBMITTER))


@st.composite
def flows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to four steps; some people are absent and somebody who sits nowhere in the step acts for them."""
    flow = []
    for number in range(draw(st.integers(0, 4))):
        order = draw(st.permutations(PEOPLE))
        count = draw(st.integers(1, 3))
        asked, free = order[:count], list(order[count:])
        away = draw(st.sets(st.sampled_from(asked)))
        seats = [(who, [free.pop()] if who in away else [who]) for who in asked]
        mode = draw(st.sampled_from(("any", "all", "k")))
        flow.append({"name": f"第{number + 1}步", "mode": mode, "need": draw(st.integers(1, 3)), "people": seats})
    return flow


class ApprovalMachine(RuleBasedStateMachine):
    """Every rule does the same to both; what one refuses the other refuses for the same reason."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.approval = Approval(submitter_no=SUBMITTER, terms=TERMS, created_at=BEGIN)
        self.minute = 0
        self.flow: list[dict[str, Any]] = []

    # -- both sides ---------------------------------------------------------------------------------------------------
    @property
    def at(self) -> datetime:
        return BEGIN + timedelta(minutes=self.minute)

    def both(self, ours: Callable[[Approval], Approval], theirs: Callable[[], None]) -> None:
        """Once, compared; then nine times more, which changes nothing."""
        before, why, expected = self.approval, "", ""
        try:
            theirs()
        except Refused as error:
            expected = str(error)
        try:
            self.approval = ours(before)
        except ApprovalRefused as error:
            why = error.why.value
        assert why == expected
        for _ in range(9):
            try:
                again = ours(self.approval)
            except ApprovalRefused:
                continue
            assert again == self.approval

    def seats_for(self, step: Step) -> list[SeatPlan]:
        if step.name in self.model.vacant:
            return []
        return [SeatPlan(who, tuple(actors)) for who, actors in self.flow[step.step_no - 1]["people"]]

    def where(self, back: int, step: int) -> Place:
        """Mostly here; an earlier attempt or another step where a card is old."""
        number = step or (self.approval.step.step_no if self.approval.step else 1)
        return Place(attempt=self.approval.attempt - back, step_no=number)

    # -- what people do -----------------------------------------------------------------------------------------------
    @initialize(flow=flows())
    def first(self, flow: list[dict[str, Any]]) -> None:
        self.flow = flow
        self.send()

    @rule(flow=flows())
    def send_again(self, flow: list[dict[str, Any]]) -> None:
        if self.approval.state.value == "草稿":
            self.flow = flow
        self.send()

    def send(self) -> None:
        steps = [
            FlowStep(
                position=number,
                name=step["name"],
                approver_kind=ApproverKind.PERSON,
                mode=Mode(step["mode"]),
                need=step["need"],
            )
            for number, step in enumerate(self.flow, 1)
        ]
        self.both(
            lambda approval: submit(approval, steps, seats_for=self.seats_for, at=self.at),
            lambda: self.model.submit(self.flow),
        )

    def say(self, by: str, verdict: Verdict, place: Place) -> None:
        self.both(
            lambda approval: decide(
                approval, verdict, place=place, by=by, note="好", at=self.at, via="wecom", seats_for=self.seats_for
            ),
            lambda: self.model.decide(by, verdict.value, place.attempt, place.step_no),
        )

    @rule(pick=st.integers(0, 5))
    def somebody_who_may_agrees(self, pick: int) -> None:
        if waiting := self.approval.waiting_for:
            self.say(waiting[pick % len(waiting)], Verdict.AGREE, Place.now(self.approval))

    @rule(by=anybody, back=st.sampled_from((0, 0, 0, 1)), step=st.sampled_from((0, 0, 0, 1, 2, 3, 4)))
    def anybody_agrees(self, by: str, back: int, step: int) -> None:
        self.say(by, Verdict.AGREE, self.where(back, step))

    @rule(by=anybody, back=st.sampled_from((0, 0, 1)), step=st.sampled_from((0, 0, 1, 2)), really=st.integers(0, 2))
    def anybody_rejects(self, by: str, back: int, step: int, really: int) -> None:
        if by not in self.approval.waiting_for or not really:  # else most flows would end at once
            self.say(by, Verdict.REJECT, self.where(back, step))

    @rule(pick=st.integers(0, 5), to=anybody, by=anybody, stranger=st.booleans(), back=st.sampled_from((0, 0, 0, 1)))
    def hand_over(self, pick: int, to: str, by: str, stranger: bool, back: int) -> None:
        waiting = self.approval.waiting_for
        by = by if stranger or not waiting else waiting[pick % len(waiting)]
        place = self.where(back, 0)
        self.both(
            lambda approval: transfer(approval, place=place, by=by, to=to, at=self.at),
            lambda: self.model.transfer(by, to, place.attempt, place.step_no),
        )

    @rule(pick=st.integers(0, 5), who=anybody, by=anybody, stranger=st.booleans(), back=st.sampled_from((0, 0, 0, 1)))
    def add_somebody(self, pick: int, who: str, by: str, stranger: bool, back: int) -> None:
        waiting = self.approval.waiting_for
        by = by if stranger or not waiting else waiting[pick % len(waiting)]
        place = self.where(back, 0)
        self.both(
            lambda approval: add_signer(approval, place=place, by=by, who=who),
            lambda: self.model.add(by, who, place.attempt, place.step_no),
        )

    @rule(by=st.sampled_from((SUBMITTER, SUBMITTER, "A")))
    def take_back(self, by: str) -> None:
        self.both(lambda approval: withdraw(approval, by=by, at=self.at), lambda: self.model.withdraw(by))

    @rule(amount=st.integers(1, 3))
    def change(self, amount: int) -> None:
        terms = ContractTerms(
            customer_no="KH0117", kind="年框", amount_fen=amount * 10_000_000, discount=Decimal("0.9"), months=12
        )
        self.both(lambda approval: edit(approval, terms, at=self.at), self.model.edit)

    @rule(by=st.sampled_from((SUBMITTER, SUBMITTER, "A")))
    def urge(self, by: str) -> None:
        self.both(lambda approval: urge(approval, by=by, at=self.at), lambda: self.model.urge(by, self.minute))

    @rule(above=st.dictionaries(people, people, max_size=3))
    def ask_those_above(self, above: dict[str, str]) -> None:
        self.both(
            lambda approval: escalate(approval, list(above.items()), at=self.at), lambda: self.model.escalate(above)
        )

    @rule()
    def remind(self) -> None:
        self.both(lambda approval: reminded(approval, at=self.at), lambda: None)

    @rule(minutes=st.sampled_from((1, 29, 30, 300)))
    def wait(self, minutes: int) -> None:
        self.minute += minutes

    @rule(step=st.integers(1, 4))
    def nobody_is_left_for_a_step_or_somebody_is_back(self, step: int) -> None:
        self.model.vacant ^= {f"第{step}步"}

    # -- what always holds --------------------------------------------------------------------------------------------
    @invariant()
    def both_show_the_same(self) -> None:
        assert pictured(self.approval) == self.model.picture()

    @invariant()
    def the_submitter_decides_nothing(self) -> None:
        assert SUBMITTER not in self.approval.waiting_for
        assert all(seat.decided_by != SUBMITTER for step in self.approval.steps for seat in step.seats)

    @invariant()
    def while_it_runs_somebody_is_asked(self) -> None:
        assert bool(self.approval.waiting_for) == self.approval.running


@pytest.mark.parametrize(
    "examples",
    [pytest.param(30, id="a few"), pytest.param(3_000, id="many", marks=soak)],
)
@pytest.mark.timeout(1800)
def test_every_approval_goes_as_the_plain_model_says(examples: int) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        ApprovalMachine,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
