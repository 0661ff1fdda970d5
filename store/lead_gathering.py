"""What the queries about reps have brought so far, by 工号."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import SHANGHAI


@dataclass(slots=True)
class Gathered:
    """What the queries have brought so far."""

    at: datetime
    people: list[Any]
    facts: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))  #: 工号 -> fact -> number
    tables: dict[str, dict[str, dict[str, float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )  #: 工号 -> fact -> label -> number

    @property
    def day(self) -> date:
        return self.at.astimezone(SHANGHAI).date()

    def own(self, employee_no: str, fact: str, number: float | None) -> None:
        if number is not None:
            self.facts[employee_no][fact] = number

    def labelled(self, employee_no: str, fact: str, label: str, number: float | None) -> None:
        if number is not None:
            self.tables[employee_no][fact][label] = number


#: Puts some facts of everybody into what was gathered.
Reader = Callable[[AsyncConnection, Gathered], Awaitable[None]]
