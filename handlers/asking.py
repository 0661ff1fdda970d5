"""What the bot would understand and answer if somebody said this now; nothing is recorded or sent (`salesbot ask`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.cards import history as words
from bot.cards import smalltalk
from bot.cards import visits as visit_words
from bot.cards.answers import answer_to
from bot.clock import SHANGHAI
from bot.domain.answers import Facts, value_of
from bot.domain.aspects import Aspect
from bot.domain.directory import Directory
from bot.domain.people import Employee, may_record_visit, may_see
from bot.domain.periods import previous_month
from bot.domain.queries import QueryReading
from bot.domain.understanding import Understood, understand
from bot.domain.visit_records import record
from bot.domain.visits import VisitReading
from bot.plain import as_text
from handlers.recording import whom_to_ask
from handlers.smalltalk import named
from store.history import HistoryRepository

_UNKNOWN: dict[str, Any] = {
    "kind": "other",
    "customer_no": None,
    "contact": None,
    "amount": None,
    "intent": None,
    "next_follow_up": None,
    "visit_kind": None,
    "visit_date": None,
    "summary": None,
    "ambiguous_customers": [],
    "more": [],
    "metric": None,
    "value": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One thing said by one employee. `said_at` is aware and only resolves relative dates."""

    text: str
    sender: Employee
    said_at: datetime


@dataclass(frozen=True, slots=True)
class Asking:
    """Answers from all loaded data, with the eyes of whoever asks: what is out of scope has no value and a refusal."""

    directory: Directory
    history: HistoryRepository

    async def answer(self, asked: Asked) -> dict[str, Any]:
        """`{"understood": …, "reply": …}` with the fields of interface.md."""
        understood = understand(asked.text, sender=asked.sender, sent_at=asked.said_at, directory=self.directory)
        match understood.kind:
            case "visit":
                return self._visit(asked, understood)
            case "query":
                return await self._query(asked, understood.query)
            case "command":
                return _answer({"kind": "command"}, words.would_do(understood.command))
            case _:
                return _answer({}, self._small_talk(asked))

    def _small_talk(self, asked: Asked) -> str:
        if (short := smalltalk.short_answer(asked.text)) is not None:
            return short
        customer = named(asked.text, sender=asked.sender, directory=self.directory)
        return smalltalk.not_understood() if customer is None else smalltalk.nothing_happened(customer)

    # -- visits -------------------------------------------------------------------------------------------------------
    def _visit(self, asked: Asked, understood: Understood) -> dict[str, Any]:
        read = [_visit_fields(reading) for reading in understood.visits]
        first, more = (read[0], read[1:]) if read else ({}, [])
        replies = [self._visit_reply(asked, reading) for reading in understood.visits]
        return _answer({"kind": "visit", **first, "more": more}, "\n\n".join(replies))

    def _visit_reply(self, asked: Asked, reading: VisitReading) -> str:
        named = (reading.customer_no,) if reading.customer_no else reading.ambiguous_customers
        customers = [item for number in named if (item := self.directory.customer(number))]
        allowed = [item for item in customers if may_record_visit(asked.sender, item)]
        if customers and not allowed:
            return visit_words.out_of_scope(customers[0], whom_to_ask(self.directory, customers[0]))
        visit = record(
            reading,
            employee_no=asked.sender.employee_no,
            said_at=asked.said_at,
            text=asked.text,
            channel="",
            message_id="",
            heard=False,
        )
        if reading.customer_no and allowed:
            return as_text(visit_words.visit_card(visit, allowed[0], sent_along={}))
        return as_text(visit_words.choice_card(visit, allowed)) if allowed else visit_words.ask_customer(asked.text)

    # -- questions ----------------------------------------------------------------------------------------------------
    async def _query(self, asked: Asked, reading: QueryReading | None) -> dict[str, Any]:
        if reading is None:
            return _answer({"kind": "query"}, words.which_customer())
        fields, reply = await self._one(asked, reading)
        more, replies = [], [reply]
        for other in reading.more:
            further, reply = await self._one(asked, other)
            more.append({name: further.get(name) for name in ("customer_no", "ambiguous_customers", "metric", "value")})
            replies.append(reply)
        return _answer({"kind": "query", **fields, "more": more}, "\n\n".join(replies))

    async def _one(self, asked: Asked, reading: QueryReading) -> tuple[dict[str, Any], str]:
        customer = self.directory.customer(reading.customer_no or "")
        if customer is None:
            return {"ambiguous_customers": list(reading.ambiguous_customers)}, self._ask_which(asked, reading)
        fields: dict[str, Any] = {"customer_no": customer.customer_no, "ambiguous_customers": []}
        fields["metric"] = reading.metric
        if not may_see(asked.sender, customer):
            return fields, words.not_yours(customer, whom_to_ask(self.directory, customer))
        today = asked.said_at.astimezone(SHANGHAI).date()
        reading = replace(reading, period=reading.period or previous_month(today))
        assert reading.period is not None
        history = await self.history.of(customer, period=reading.period, today=today)
        facts = Facts(customer=customer, contacts=self.directory.contacts_of(customer.customer_no), history=history)
        if reading.aspect is Aspect.OVERVIEW:
            reply = as_text(words.screen(facts, self.directory, period=reading.period, today=today))
        else:
            reply = f"{customer.name}\n{answer_to(reading, facts, self.directory, today=today).text}"
        return {**fields, "value": value_of(reading, facts)}, reply

    def _ask_which(self, asked: Asked, reading: QueryReading) -> str:
        if not reading.ambiguous_customers:
            return words.which_customer()
        customers = [item for number in reading.ambiguous_customers if (item := self.directory.customer(number))]
        seen = [item for item in customers if may_see(asked.sender, item)]
        return words.choice_text(seen, self.directory) if seen else words.none_yours(len(customers))


def _answer(fields: dict[str, Any], reply: str) -> dict[str, Any]:
    return {"understood": {**_UNKNOWN, **fields}, "reply": reply}


def _visit_fields(reading: VisitReading) -> dict[str, Any]:
    return {
        "customer_no": reading.customer_no,
        "contact": reading.contact,
        "amount": reading.amount_yuan,
        "intent": reading.intent,
        "next_follow_up": reading.next_follow_up.isoformat() if reading.next_follow_up else None,
        "visit_kind": reading.visit_kind,
        "visit_date": reading.visit_date.isoformat(),
        "summary": reading.summary,
        "ambiguous_customers": list(reading.ambiguous_customers),
    }
