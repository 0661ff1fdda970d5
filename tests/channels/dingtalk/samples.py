"""A card with two buttons, as a handler would make one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.actions import Action
from bot.messages import Button, Card, Field, Style


@dataclass(frozen=True)
class Confirm(Action):
    name: ClassVar[str] = "visit.confirm"
    visit_no: str


@dataclass(frozen=True)
class Reject(Action):
    name: ClassVar[str] = "visit.reject"
    visit_no: str


def card() -> Card:
    return Card(
        title="拜访已记录",
        subtitle="绿源食品",
        fields=(Field(label="金额", value="¥12,000.00"), Field(label="意向", value="高")),
        body="谈了**春节**促销",
        buttons=(
            Button(text="确认", action=Confirm(visit_no="BF1"), style=Style.PRIMARY),
            Button(text="拒绝", action=Reject(visit_no="BF1"), style=Style.DANGER, wants_text="请写理由"),
        ),
        number="BF1",
    )
