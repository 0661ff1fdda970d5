"""What a change of an approval makes people see: pure, so that a tap, a typed word, a job and OA tell the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.cards import approval_words as words
from bot.cards.approvals import Copy, Sheet, approver_card, face, progress_card
from bot.domain.approval_values import Approval, ApprovalState, Origin, Step
from bot.messages import Card

ASKED = "asked"
BACK = "back"  # handed over, and handed back


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCard:
    """A card for somebody who is asked now. The same key is put out once, whatever runs again."""

    employee_no: str
    card: Card
    step_no: int
    why: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFace:
    """The new face of a card that hangs."""

    card_id: str
    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A line for somebody, once per key."""

    employee_no: str
    text: str
    key: str


News = NewCard | NewFace | Told


def news(before: Approval, sheet: Sheet, copies: Sequence[Copy]) -> list[News]:
    """From how it stood (`before`) to how it stands (`sheet.approval`).

    Args:
        copies: approvers' cards of the attempt that `before` was in, and of the present one.
    """
    then = replace(sheet, approval=before)
    return [*_faces(then, sheet, copies), *_asked(then, sheet, copies), *_submitter(then, sheet)]


def _faces(then: Sheet, now: Sheet, copies: Sequence[Copy]) -> Iterator[News]:
    for copy in copies:
        if (card := face(now, copy)) != face(then, copy):
            yield NewFace(card_id=copy.card_id, card=card)


def _asked(then: Sheet, now: Sheet, copies: Sequence[Copy]) -> Iterator[News]:
    """A card for everybody who may decide and has none of this step yet, or has it handed back: faces make no sound."""
    approval, step = now.approval, now.approval.step
    if step is None:
        return
    have = {item.employee_no for item in copies if (item.attempt, item.step_no) == (approval.attempt, step.step_no)}
    for employee_no in approval.waiting_for:
        back = employee_no in have
        if back and (employee_no in then.approval.waiting_for or not _handed_back(step, employee_no)):
            continue
        key = f"approval:{approval.approval_no}:{approval.attempt}:{step.step_no}:{employee_no}"
        yield NewCard(
            employee_no=employee_no,
            card=approver_card(now, step),
            step_no=step.step_no,
            why=BACK if back else ASKED,
            key=f"{key}:{BACK}{len(step.seats)}" if back else key,
        )


def _handed_back(step: Step, employee_no: str) -> bool:
    """Whether the newest seat is this person's by a hand-over."""
    newest = step.seats[-1]
    return newest.origin is Origin.TRANSFER and newest.approver_no == employee_no and newest.open


def _submitter(then: Sheet, now: Sheet) -> Iterator[News]:
    """The one card that shows where it stands; the end is a line of its own, since a changed card makes no sound."""
    approval = now.approval
    if approval.card_id and approval.state is not ApprovalState.DRAFT and progress_card(then) != progress_card(now):
        yield NewFace(card_id=approval.card_id, card=progress_card(now))
    if then.approval.state is not approval.state and (text := words.ended(now)):
        key = f"approval:{approval.approval_no}:{approval.attempt}:ended"
        yield Told(employee_no=approval.submitter_no, text=text, key=key)
