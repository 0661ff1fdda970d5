"""What the buttons around an approval carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.actions import Action


@dataclass(frozen=True)
class Agree(Action):
    """同意, in this step of this attempt."""

    name: ClassVar[str] = "approval.agree"
    approval_no: str
    attempt: str
    step: str


@dataclass(frozen=True)
class Reject(Action):
    """拒绝, with a reason."""

    name: ClassVar[str] = "approval.reject"
    approval_no: str
    attempt: str
    step: str


@dataclass(frozen=True)
class AskSubmitter(Action):
    """提问: to whoever submitted it."""

    name: ClassVar[str] = "approval.ask"
    approval_no: str
    attempt: str
    step: str


@dataclass(frozen=True)
class HandOver(Action):
    """转交: somebody else decides."""

    name: ClassVar[str] = "approval.transfer"
    approval_no: str
    attempt: str
    step: str


@dataclass(frozen=True)
class AddSigner(Action):
    """加签: somebody else has to agree as well."""

    name: ClassVar[str] = "approval.add"
    approval_no: str
    attempt: str
    step: str


@dataclass(frozen=True)
class ShowDetails(Action):
    """详情: everything about it, as a message."""

    name: ClassVar[str] = "approval.details"
    approval_no: str


@dataclass(frozen=True)
class AnswerQuestion(Action):
    """回复 a question."""

    name: ClassVar[str] = "approval.answer"
    talk_id: str


@dataclass(frozen=True)
class Urge(Action):
    """催办."""

    name: ClassVar[str] = "approval.urge"
    approval_no: str


@dataclass(frozen=True)
class Withdraw(Action):
    """撤回 what was submitted, or drop a draft."""

    name: ClassVar[str] = "approval.withdraw"
    approval_no: str


@dataclass(frozen=True)
class Revise(Action):
    """修改: back to a draft; what is pending is void."""

    name: ClassVar[str] = "approval.revise"
    approval_no: str
