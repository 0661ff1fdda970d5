"""One approval at a time: who has to agree, what ends it, what is refused and why, and when somebody waits too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from bot.clock import SHANGHAI
from bot.domain.approval_values import (
    Approval,
    ApprovalRefused,
    ApprovalState,
    ContractTerms,
    Place,
    SeatsFor,
    Step,
    StepState,
    Verdict,
    Why,
)
from bot.domain.approvals import (
    Overdue,
    add_signer,
    decide,
    edit,
    escalate,
    overdue,
    reminded,
    submit,
    transfer,
    urge,
    withdraw,
)
from bot.domain.flows import ApproverKind, FlowStep, Mode, SeatPlan

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
TERMS = ContractTerms(customer_no="KH0117", kind="年框", amount_fen=30_000_000, discount=Decimal("0.92"), months=12)
DRAFT = Approval(submitter_no="S", terms=TERMS, created_at=MONDAY)
Row = tuple[Mode, int, str]  # mode, need, who is asked: "AB"; "A/D": D acts for A


def flow(*rows: Row) -> list[FlowStep]:
    return [
        FlowStep(position=no, name=f"第{no}步", approver_kind=ApproverKind.PERSON, mode=mode, need=need)
        for no, (mode, need, _) in enumerate(rows, 1)
    ]


def seated(*rows: Row) -> SeatsFor:
    def who(step: Step) -> Sequence[SeatPlan]:
        words = rows[step.step_no - 1][2].split()
        return [SeatPlan(word[0], (word[-1],)) for word in words]

    return who


class Story:
    """An approval that is played with; `now` is the approval as it stands."""

    def __init__(self, *rows: Row) -> None:
        self.seats = seated(*rows)
        self.flow = flow(*rows)
        self.at = MONDAY
        self.now = submit(DRAFT, self.flow, seats_for=self.seats, at=self.at)

    @property
    def here(self) -> Place:
        return Place.now(self.now)

    def says(self, by: str, verdict: Verdict = Verdict.AGREE, *, place: Place | None = None, note: str = "") -> Story:
        self.now = decide(
            self.now, verdict, place=place or self.here, by=by, note=note, at=self.at, seats_for=self.seats
        )
        return self

    def agree(self, people: str) -> Story:
        for by in people:
            self.says(by)
        return self

    def again(self) -> Story:
        self.now = submit(
            edit(self.now, replace(TERMS, amount_fen=1), at=self.at), self.flow, seats_for=self.seats, at=self.at
        )
        return self

    def refused(self, act: Callable[[], object]) -> Why:
        """Why that is refused; nothing has changed."""
        before = self.now
        with pytest.raises(ApprovalRefused) as error:
            act()
        assert self.now == before
        return error.value.why


ANY, ALL, K = Mode.ANY, Mode.ALL, Mode.K


@pytest.mark.parametrize(
    ("row", "agreeing", "passes"),
    [
        pytest.param((ANY, 1, "A B C"), "C", True, id="any: one is enough"),
        pytest.param((ALL, 1, "A B C"), "AB", False, id="all: two of three are not"),
        pytest.param((ALL, 1, "A B C"), "CAB", True, id="all: in whatever order"),
        pytest.param((K, 2, "A B C"), "A", False, id="two of three: one is not"),
        pytest.param((K, 2, "A B C"), "AC", True, id="two of three: any two"),
        pytest.param((K, 2, "A B C"), "AAAA", False, id="two of three: the same one again and again is one"),
        pytest.param((K, 5, "A B"), "AB", True, id="more than there are means all of them"),
        pytest.param((K, 0, "A B"), "A", True, id="none at all is no approval: one"),
        pytest.param((ALL, 1, "A B/D"), "AD", True, id="a delegate's word is the absent one's"),
    ],
)
def test_how_many_have_to_agree(row: Row, agreeing: str, passes: bool) -> None:
    story = Story(row).agree(agreeing)
    assert (story.now.state is ApprovalState.APPROVED) is passes


def test_a_delegates_word_stands_under_both_names() -> None:
    (seat,) = Story((ANY, 1, "A/D")).says("D", note="可以").now.steps[0].seats
    assert (seat.approver_no, seat.decided_by, seat.note) == ("A", "D", "可以")


def test_the_absent_person_is_not_asked_beside_the_delegate() -> None:
    story = Story((ANY, 1, "A/D"))
    assert story.now.waiting_for == ("D",)
    assert story.refused(lambda: story.says("A")) is Why.NOT_YOURS


def test_steps_come_one_after_the_other() -> None:
    story = Story((ANY, 1, "A"), (ANY, 1, "B"))
    assert story.refused(lambda: story.says("B")) is Why.NOT_YOURS
    assert story.refused(lambda: story.says("B", place=Place(attempt=1, step_no=2))) is Why.VOID
    story.says("A")
    assert story.now.waiting_for == ("B",)
    assert [step.state for step in story.now.steps] == [StepState.PASSED, StepState.OPEN]


@pytest.mark.parametrize(
    ("rows", "agreeing", "waits_for"),
    [
        pytest.param([(ANY, 1, "A"), (ANY, 1, "A B")], "A", (), id="any: that is enough"),
        pytest.param([(ANY, 1, "A"), (ALL, 1, "A B")], "A", ("B",), id="all: only the others are asked"),
        pytest.param([(ANY, 1, "A"), (K, 2, "A B C")], "A", ("B", "C"), id="two of three: it counts as one"),
        pytest.param([(ANY, 1, "A B"), (ALL, 1, "A B")], "A", ("B",), id="only who has really spoken"),
        pytest.param([(ANY, 1, "A/D"), (ANY, 1, "D")], "D", (), id="spoken for somebody else counts as well"),
        pytest.param([(ANY, 1, "A"), (ANY, 1, "B"), (ANY, 1, "A")], "AB", (), id="two steps later"),
    ],
)
def test_who_has_agreed_is_not_asked_again_in_a_later_step(
    rows: list[Row], agreeing: str, waits_for: tuple[str, ...]
) -> None:
    story = Story(*rows).agree(agreeing)
    assert story.now.waiting_for == waits_for
    assert story.now.running is bool(waits_for)


def test_a_new_attempt_asks_everybody_again() -> None:
    story = Story((ANY, 1, "A"), (ANY, 1, "B")).agree("A").again()
    assert (story.now.attempt, story.now.waiting_for) == (2, ("A",))


def test_one_rejection_ends_it() -> None:
    story = Story((K, 2, "A B C"), (ANY, 1, "D")).agree("A").says("B", Verdict.REJECT, note="折扣太低")
    assert story.now.state is ApprovalState.REJECTED
    assert [step.state for step in story.now.steps] == [StepState.REJECTED, StepState.WAITING]
    assert story.refused(lambda: story.says("C", place=Place(attempt=1, step_no=1))) is Why.NOT_RUNNING


def test_the_same_word_again_changes_nothing_and_another_is_refused() -> None:
    story = Story((ALL, 1, "A B")).agree("A")
    once = story.now
    assert story.says("A").now == once
    assert story.refused(lambda: story.says("A", Verdict.REJECT)) is Why.DECIDED
    done = story.says("B").now
    assert story.says("A", place=Place(attempt=1, step_no=1)).now == done


@pytest.mark.parametrize("who", [pytest.param("S", id="the submitter"), pytest.param("X", id="somebody else")])
def test_nobody_else_decides(who: str) -> None:
    story = Story((ANY, 1, "A"))
    assert story.refused(lambda: story.says(who)) is Why.NOT_YOURS


def test_a_change_makes_everything_pending_void() -> None:
    story = Story((ANY, 1, "A"), (ANY, 1, "B")).agree("A")
    story.now = edit(story.now, replace(TERMS, amount_fen=28_000_000), at=story.at)
    assert story.now.state is ApprovalState.DRAFT
    assert [step.state for step in story.now.steps] == [StepState.PASSED, StepState.VOID]
    assert story.refused(lambda: story.says("B", place=Place(attempt=1, step_no=2))) is Why.NOT_RUNNING
    story.again()
    assert story.refused(lambda: story.says("A", place=Place(attempt=1, step_no=1))) is Why.VOID


@pytest.mark.parametrize(
    ("end", "why"),
    [
        pytest.param(lambda story: story.agree("A").now, Why.NOT_RUNNING, id="approved"),
        pytest.param(lambda story: withdraw(DRAFT, by="S", at=MONDAY), Why.NOT_RUNNING, id="a cancelled draft"),
    ],
)
def test_what_cannot_be_changed_any_more(end: Callable[[Story], Approval], why: Why) -> None:
    story = Story((ANY, 1, "A"))
    story.now = end(story)
    assert story.refused(lambda: edit(story.now, TERMS, at=MONDAY)) is why


def test_a_step_without_people_stops_the_submission_and_names_itself() -> None:
    with pytest.raises(ApprovalRefused) as error:
        submit(DRAFT, flow((ANY, 1, "A"), (ANY, 1, "")), seats_for=seated((ANY, 1, "A"), (ANY, 1, "")), at=MONDAY)
    assert (error.value.why, error.value.step) == (Why.NOBODY, "第2步")


def test_a_flow_without_steps_is_approved_at_once() -> None:
    assert submit(DRAFT, [], seats_for=seated(), at=MONDAY).state is ApprovalState.APPROVED


def test_what_runs_is_not_submitted_again() -> None:
    story = Story((ANY, 1, "A"))
    assert story.refused(lambda: submit(story.now, [], seats_for=story.seats, at=MONDAY)) is Why.NOT_RUNNING


# -- withdrawing ------------------------------------------------------------------------------------------------------
def test_withdrawn_once_or_ten_times() -> None:
    story = Story((ANY, 1, "A"))
    once = withdraw(story.now, by="S", at=MONDAY)
    assert (once.state, once.steps[0].state, once.waiting_for) == (ApprovalState.WITHDRAWN, StepState.VOID, ())
    assert withdraw(once, by="S", at=MONDAY + timedelta(hours=1)) == once


@pytest.mark.parametrize(
    ("approval", "by", "why"),
    [
        pytest.param(Story((ANY, 1, "A")).now, "A", Why.NOT_SUBMITTER, id="by an approver"),
        pytest.param(Story((ANY, 1, "A")).agree("A").now, "S", Why.NOT_RUNNING, id="approved already"),
        pytest.param(Story((ANY, 1, "A")).says("A", Verdict.REJECT).now, "S", Why.NOT_RUNNING, id="rejected already"),
    ],
)
def test_what_cannot_be_withdrawn(approval: Approval, by: str, why: Why) -> None:
    with pytest.raises(ApprovalRefused) as error:
        withdraw(approval, by=by, at=MONDAY)
    assert error.value.why is why


def test_a_draft_is_cancelled_and_one_that_had_been_submitted_withdrawn() -> None:
    assert withdraw(DRAFT, by="S", at=MONDAY).state is ApprovalState.CANCELLED
    reopened = edit(Story((ANY, 1, "A")).now, TERMS, at=MONDAY)
    assert withdraw(reopened, by="S", at=MONDAY).state is ApprovalState.WITHDRAWN


# -- other hands ------------------------------------------------------------------------------------------------------
def test_handed_over_only_the_other_decides() -> None:
    story = Story((ANY, 1, "A"))
    story.now = transfer(story.now, place=story.here, by="A", to="T", at=MONDAY)
    assert story.now.waiting_for == ("T",)
    assert transfer(story.now, place=story.here, by="A", to="T", at=MONDAY) == story.now
    assert story.refused(lambda: story.says("A")) is Why.NOT_YOURS
    assert story.says("T").now.state is ApprovalState.APPROVED


def test_what_was_handed_over_may_come_back() -> None:
    story = Story((ANY, 1, "A"))
    for by, to in ("AT", "TA"):
        story.now = transfer(story.now, place=story.here, by=by, to=to, at=MONDAY)
    assert story.now.waiting_for == ("A",)
    assert story.says("A").now.state is ApprovalState.APPROVED


@pytest.mark.parametrize("act", [pytest.param("transfer", id="转交"), pytest.param("add", id="加签")])
@pytest.mark.parametrize(
    ("by", "who", "why"),
    [
        pytest.param("X", "T", Why.NOT_YOURS, id="by somebody who is not asked"),
        pytest.param("A", "S", Why.SUBMITTER, id="to the submitter"),
        pytest.param("A", "B", Why.SEATED, id="to somebody who is asked anyway"),
        pytest.param("A", "A", Why.SEATED, id="to oneself"),
        pytest.param("A", "D", Why.SEATED, id="to somebody's delegate"),
    ],
)
def test_whom_it_cannot_be_given_to(act: str, by: str, who: str, why: Why) -> None:
    story = Story((ALL, 1, "A B C/D"))

    def give() -> Approval:
        if act == "add":
            return add_signer(story.now, place=story.here, by=by, who=who)
        return transfer(story.now, place=story.here, by=by, to=who, at=MONDAY)

    assert story.refused(give) is why


def test_somebody_added_has_to_agree_whatever_the_mode() -> None:
    story = Story((ANY, 1, "A B"))
    story.now = add_signer(story.now, place=story.here, by="A", who="T")
    assert add_signer(story.now, place=story.here, by="B", who="T") == story.now
    assert story.agree("A").now.waiting_for == ("B", "T")
    assert story.agree("T").now.state is ApprovalState.APPROVED


def test_the_added_one_alone_does_not_pass_it() -> None:
    story = Story((ANY, 1, "A B"))
    story.now = add_signer(story.now, place=story.here, by="A", who="T")
    assert story.agree("T").now.running


def test_an_added_consent_handed_over_is_still_needed() -> None:
    story = Story((ANY, 1, "A B"))
    story.now = add_signer(story.now, place=story.here, by="A", who="T")
    story.now = transfer(story.now, place=story.here, by="T", to="U", at=MONDAY)
    assert story.agree("A").now.waiting_for == ("B", "U")


def test_both_duties_of_one_person_are_handed_over_as_what_they_are() -> None:
    """Bug: the consent asked by 加签 was lost when its holder acted for somebody else as well."""
    story = Story((ANY, 1, "A B"))
    story.now = add_signer(story.now, place=story.here, by="A", who="T")
    story.now = escalate(story.now, [("A", "T")], at=MONDAY)
    story.now = transfer(story.now, place=story.here, by="T", to="U", at=MONDAY)
    assert story.agree("B").now.running
    assert story.agree("U").now.state is ApprovalState.APPROVED


# -- time -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("minutes", "why"),
    [
        pytest.param(0, Why.TOO_SOON, id="at once"),
        pytest.param(29, Why.TOO_SOON, id="29 minutes"),
        pytest.param(30, None, id="30 minutes"),
    ],
)
def test_urging_every_half_hour(minutes: int, why: Why | None) -> None:
    story = Story((ANY, 1, "A"))
    story.now = urge(story.now, by="S", at=MONDAY)
    later = MONDAY + timedelta(minutes=minutes)
    if why is None:
        assert urge(story.now, by="S", at=later).urged_at == later
    else:
        assert story.refused(lambda: urge(story.now, by="S", at=later)) is why


def test_only_the_submitter_urges_and_only_while_it_runs() -> None:
    story = Story((ANY, 1, "A"))
    assert story.refused(lambda: urge(story.now, by="A", at=MONDAY)) is Why.NOT_SUBMITTER
    story.agree("A")
    assert story.refused(lambda: urge(story.now, by="S", at=MONDAY)) is Why.NOT_RUNNING


@pytest.mark.parametrize(
    ("opened", "looked", "due"),
    [
        pytest.param("2026-03-02 09:00", "2026-03-02 13:59", None, id="lunch is no working time"),
        pytest.param("2026-03-02 09:00", "2026-03-02 14:00", Overdue.REMIND, id="four working hours"),
        pytest.param("2026-03-06 17:00", "2026-03-09 11:59", None, id="the weekend does not count"),
        pytest.param("2026-03-06 17:00", "2026-03-09 13:00", Overdue.REMIND, id="Friday's hour and Monday's three"),
        pytest.param("2026-03-02 09:00", "2026-03-04 17:59", Overdue.REMIND, id="not yet 24 working hours"),
        pytest.param("2026-03-02 09:00", "2026-03-04 18:00", Overdue.ESCALATE, id="three working days"),
        pytest.param("2026-02-14 17:00", "2026-02-24 11:59", None, id="the Spring Festival does not count"),
        pytest.param("2026-02-14 17:00", "2026-02-24 12:00", Overdue.REMIND, id="after the Spring Festival"),
        pytest.param("2026-02-27 17:00", "2026-02-28 12:00", Overdue.REMIND, id="a Saturday that is worked on counts"),
    ],
)
def test_when_somebody_waits_too_long(opened: str, looked: str, due: Overdue | None) -> None:
    began, at = (datetime.fromisoformat(text).replace(tzinfo=SHANGHAI) for text in (opened, looked))
    running = submit(DRAFT, flow((ANY, 1, "A")), seats_for=seated((ANY, 1, "A")), at=began)
    assert overdue(running, at=at) is due
    assert overdue(withdraw(running, by="S", at=at), at=at) is None


def test_each_step_is_reminded_once_and_escalated_once() -> None:
    story, late = Story((ANY, 1, "A")), MONDAY + timedelta(days=7)
    tomorrow = MONDAY + timedelta(days=1)
    story.now = reminded(story.now, at=tomorrow)
    assert overdue(story.now, at=tomorrow) is None
    assert overdue(story.now, at=late) is Overdue.ESCALATE
    story.now = escalate(story.now, [("A", "Z")], at=late)
    assert overdue(story.now, at=late + timedelta(days=7)) is None


def test_escalated_either_of_the_two_decides() -> None:
    story = Story((ANY, 1, "A"))
    story.now = escalate(story.now, [("A", "Z")], at=MONDAY)
    assert story.now.waiting_for == ("A", "Z")
    (seat,) = story.says("Z").now.steps[0].seats
    assert (seat.approver_no, seat.decided_by) == ("A", "Z")
    assert story.now.state is ApprovalState.APPROVED


def test_whoever_has_agreed_in_the_step_is_not_asked_for_a_colleague_as_well() -> None:
    """Bug: they were waited for, and their tap changed nothing."""
    story = Story((ALL, 1, "A B")).agree("A")
    story.now = escalate(story.now, [("B", "A")], at=MONDAY)
    assert story.now.waiting_for == ("B",)
    assert story.now.step is not None
    assert story.now.step.escalated_at == MONDAY
