"""How well messages are read that nobody looked at while the reading was written.

`own_evaluation.jsonl` and the two files of notes speak about the sample company, `second_company/` about another one
with its own names of people, shops and goods. Lines have the shape of the truth files (fixtures/README.md); `open` in
an expectation lists the details that careful readers answer differently, they are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.domain.directory import Directory
from bot.domain.understanding import Understood, understand
from bot.domain.visits import VisitReading
from tests.domain.company import directory_of, sample_directory, sentences

SECOND = Path(__file__).resolve().parent.parent / "data" / "second_company"
SAMPLE = ("own_evaluation.jsonl", "own_field_notes.jsonl", "own_later_notes.jsonl")
COMPANIES = (*SAMPLE, "second_company/messages.jsonl")

#: share of the details that must be right in either company
FLOORS = {
    "customer_no": 0.97,
    "contact": 0.98,
    "amount": 0.98,
    "intent": 0.97,
    "next_follow_up": 0.98,
    "visit_kind": 0.98,
    "visit_date": 0.98,
    "summary": 0.99,
    "ambiguous_customers": 0.99,
}


@dataclass
class Score:
    """Right and wrong answers per detail, with the wrong ones in words."""

    asked: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def count(self, detail: str, right: bool, example: str) -> None:
        self.asked[detail] += 1
        if not right:
            self.missed[detail] += 1
            self.examples.setdefault(detail, []).append(example)

    def share(self, detail: str) -> float:
        return 1 - self.missed[detail] / self.asked[detail]


@cache
def directory(name: str) -> Directory:
    return sample_directory() if name in SAMPLE else directory_of(SECOND)


def understood(name: str, line: dict[str, Any]) -> Understood:
    company = directory(name)
    at = datetime.fromisoformat(line.get("sent_at") or line["asked_at"])
    return understand(line["text"], sender=company.employee(line["from_user"]), sent_at=at, directory=company)


def reports(name: str) -> list[dict[str, Any]]:
    return [line for line in sentences(name) if line["expected"] and "visit_date" in line["expected"]]


def answers(reading: VisitReading | None, expected: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    """(detail, answer, expectation) for all that is counted."""
    follow_up = reading.next_follow_up.isoformat() if reading and reading.next_follow_up else None
    found = {
        "customer_no": reading.customer_no if reading else None,
        "contact": reading.contact if reading else None,
        "amount": reading.amount_yuan if reading else None,
        "intent": reading.intent if reading else None,
        "next_follow_up": follow_up,
        "visit_kind": reading.visit_kind if reading else None,
        "visit_date": reading.visit_date.isoformat() if reading else None,
    }
    for detail, answer in found.items():
        if detail not in expected.get("open", ()):
            yield detail, answer, expected[detail]
    missing = [word for word in expected["summary_must_contain"] if not reading or word not in reading.summary]
    yield "summary", missing, []
    lost = set(expected["ambiguous_customers"]) - set(reading.ambiguous_customers if reading else ())
    yield "ambiguous_customers", lost, set()


@cache
def score_of(name: str) -> Score:
    score = Score()
    for line in reports(name):
        found = understood(name, line).visits
        wanted = [line["expected"], *line["expected_more"]]
        score.count("parts", len(found) == len(wanted), line["text"])
        for index, expected in enumerate(wanted):
            for detail, answer, right in answers(found[index] if index < len(found) else None, expected):
                score.count(detail, answer == right, f"{line['text']}: {answer!r} instead of {right!r}")
    return score


@pytest.mark.parametrize("name", COMPANIES)
@pytest.mark.parametrize("detail", FLOORS)
def test_reports_are_read_well(name: str, detail: str) -> None:
    score = score_of(name)
    assert score.share(detail) >= FLOORS[detail], score.examples[detail]


@pytest.mark.parametrize("name", COMPANIES)
def test_reports_are_taken_for_reports(name: str) -> None:
    missed = [line["text"] for line in reports(name) if understood(name, line).kind != "visit"]
    assert len(missed) <= len(reports(name)) // 100, missed


@pytest.mark.parametrize("name", SAMPLE)
def test_other_messages_are_no_reports(name: str) -> None:
    others = [line for line in sentences(name) if line["expected"] is None]
    assert len(others) >= 60
    assert [line["text"] for line in others if understood(name, line).kind == "visit"] == []


@pytest.mark.parametrize("name", COMPANIES)
def test_no_other_customer_is_taken_for_certain(name: str) -> None:
    wrong = []
    for line in reports(name):
        for reading, expected in zip(
            understood(name, line).visits, [line["expected"], *line["expected_more"]], strict=False
        ):
            if reading.customer_no not in (None, expected["customer_no"]):
                wrong.append(f"{line['text']}: {reading.customer_no}")
    assert wrong == []


@pytest.mark.parametrize("name", COMPANIES)
def test_questions_ask_for_the_right_fact_of_the_right_customer(name: str) -> None:
    wrong = []
    asked = [line for line in sentences(name) if line["expected"] and "metric" in line["expected"]]
    for line in asked:
        expected, query = line["expected"], understood(name, line).query
        if query is None:
            wrong.append(f"{line['text']}: no question")
        elif (query.customer_no, query.metric if expected["metric"] else None) != (
            expected["customer_no"],
            expected["metric"],
        ):
            wrong.append(f"{line['text']}: {query.metric} of {query.customer_no}")
        elif not set(expected["ambiguous_customers"]) <= set(query.ambiguous_customers):
            wrong.append(f"{line['text']}: {query.ambiguous_customers}")
        elif expected["metric"] == "stock" and expected["value"]["物料编码"] not in query.products:
            wrong.append(f"{line['text']}: {query.products}")
    assert len(wrong) <= len(asked) // 50, wrong
