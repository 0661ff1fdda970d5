"""A message becomes a visit, a query, a command, or nothing of the kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.domain.directory import Directory
from bot.domain.people import Employee
from bot.domain.visits import VisitReading

UnderstoodKind = Literal["visit", "query", "command", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What a message is, and what it says."""

    kind: UnderstoodKind
    visits: tuple[VisitReading, ...] = ()
    query: Any = None  #: bot.domain.queries.QueryReading
    command: str = ""  #: the chat word meant ("撤销", "同意"), for kind "command"
    text: str = ""


def understand(text: str, *, sender: Employee | None, sent_at: datetime, directory: Directory) -> Understood:
    """Decide what `text` is. `sent_at` is aware; relative dates count from its day in Shanghai."""
    return Understood(kind="other", text=text)
