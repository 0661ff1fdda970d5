"""Ways to say one thing: each line of own_phrases.tsv is a report in which one detail matters.

All were sent on Tuesday 2026-01-20 by the rep in charge of the shop; an empty answer means that nothing is said.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.domain.visits import VisitReading, read_visits
from tests.domain.company import sample_directory

SENT_ON = date(2026, 1, 20)
SENDER = "YG008"
PHRASES = Path(__file__).resolve().parent.parent / "data" / "own_phrases.tsv"
LINES = [tuple(line.split("\t")) for line in PHRASES.read_text(encoding="utf-8").splitlines()]
DETAILS = sorted({detail for detail, _, _ in LINES})


def answer(visit: VisitReading, detail: str) -> str:
    value = visit.amount_yuan if detail == "amount" else getattr(visit, detail)
    return "" if value is None else str(value)


@pytest.mark.parametrize("detail", DETAILS)
def test_many_ways_to_say_one_thing(detail: str) -> None:
    directory = sample_directory()
    wrong = []
    asked = [(words, wanted) for about, words, wanted in LINES if about == detail]
    assert len(asked) > 40
    for words, wanted in asked:
        mentions = directory.find(words, sender=directory.employee(SENDER))
        first, *_ = read_visits(words, mentions, today=SENT_ON, directory=directory)
        if answer(first, detail) != wanted:
            wrong.append((words, answer(first, detail), wanted))
    assert not wrong
