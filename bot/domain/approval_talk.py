"""What was asked and answered about an approval, and what was sent along: values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One question or answer. `said_at` is business time."""

    talk_id: int
    attempt: int
    about_id: int | None  #: the question it answers; None: it is a question
    employee_no: str
    words: str
    said_at: datetime
    files: int  #: how many were sent along
    card_id: str = ""  #: of the card that carries a question


@dataclass(frozen=True, slots=True, kw_only=True)
class SentAlong:
    """One file of an approval. `attachment_id` is None until it lies with us."""

    visit_media_id: int
    talk_id: int | None
    kind: str
    file_name: str
    attachment_id: int | None
    employee_no: str
