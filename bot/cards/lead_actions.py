"""What the buttons around a live lead carry. `turn` says whose card it is: an earlier rep's is out of date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.actions import Action


@dataclass(frozen=True)
class AcceptLead(Action):
    """接受."""

    name: ClassVar[str] = "lead.accept"
    lead_no: str
    turn: str


@dataclass(frozen=True)
class DeclineLead(Action):
    """退回, with a reason."""

    name: ClassVar[str] = "lead.decline"
    lead_no: str
    turn: str


@dataclass(frozen=True)
class CalledLead(Action):
    """打电话了."""

    name: ClassVar[str] = "lead.called"
    lead_no: str
    turn: str


@dataclass(frozen=True)
class HandLead(Action):
    """转给 a colleague."""

    name: ClassVar[str] = "lead.hand"
    lead_no: str
    turn: str


@dataclass(frozen=True)
class WinLead(Action):
    """成交."""

    name: ClassVar[str] = "lead.won"
    lead_no: str
    turn: str


@dataclass(frozen=True)
class CloseLead(Action):
    """关闭, with a reason."""

    name: ClassVar[str] = "lead.close"
    lead_no: str
    turn: str


@dataclass(frozen=True)
class WhyLead(Action):
    """为什么: how it came to this rep."""

    name: ClassVar[str] = "lead.why"
    lead_no: str


@dataclass(frozen=True)
class AssignLead(Action):
    """指派, on a manager's card."""

    name: ClassVar[str] = "lead.assign"
    lead_no: str


@dataclass(frozen=True)
class ShelveLead(Action):
    """放入公海, on a manager's card."""

    name: ClassVar[str] = "lead.shelve"
    lead_no: str


@dataclass(frozen=True)
class ClaimLead(Action):
    """领取 out of 公海."""

    name: ClassVar[str] = "lead.claim"
    lead_no: str
