"""A live lead on the desk: locked, moved by a pure function, saved, and told to everybody it concerns.

Taps, typed words, jobs and leave events all go through here, so that all of them tell the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text

from bot.cards import lead_words as words
from bot.cards.lead_reasons import About, top_reasons
from bot.cards.leads import LeadSheet, turn_card
from bot.domain.directory import Directory
from bot.domain.leads.cases import Ending, LeadCase, LeadState
from bot.domain.leads.giving import SameAs
from bot.domain.leads.moves import LeadRefused, Why, leave, manager_told, must_tell_manager, shown_late
from bot.domain.leads.replay import explanation_from_json
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.scripts import scripts_for
from bot.domain.people import Employee, managers_of
from bot.messages import Text
from store.approval_desk import Send, UpdateCard
from store.lead_giving import lock_places
from store.lead_knowledge import knowledge
from store.leads import CHANGED, to_record
from store.outbox import new_card_id
from store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadDesk:
    """One unit of work's view of live leads. `at` is business time, aware."""

    uow: UnitOfWork
    directory: Directory
    send: Send
    update_card: UpdateCard
    at: datetime
    rules: LeadRules

    # -- looking ------------------------------------------------------------------------------------------------------
    def name_of(self, employee_no: str) -> str:
        employee = self.directory.employee(employee_no)
        return employee.name if employee else employee_no

    async def sheet(self, case: LeadCase) -> LeadSheet:
        """Everything the lead's cards are made of."""
        row = (await self.uow.connection.execute(_SHEET, {"lead_no": case.lead_no})).one()
        record = to_record(row)
        return LeadSheet(
            record=record,
            case=case,
            same=SameAs(row.same_kind, row.same_no, row.same_why),
            reasons=_reasons(row),
            scripts=scripts_for(record, await knowledge(self.uow.connection)),
            name_of=self.name_of,
        )

    # -- changing -----------------------------------------------------------------------------------------------------
    async def free_place(self, employee: Employee) -> None:
        """Make sure that somebody can take one more; until this transaction ends nobody else takes their places.

        Raises:
            LeadRefused: FULL.
        """
        await lock_places(self.uow.connection)
        held = (await self.uow.connection.execute(_HELD, {"employee_no": employee.employee_no})).scalar_one()
        if held >= self.rules.capacity_of(employee.employee_no):
            raise LeadRefused(Why.FULL)

    async def as_seen(self, case: LeadCase) -> LeadCase:
        """With the time to answer counted from when the card came; saved where that changes it.

        The card keeps the time that stands on it: on WeCom a second card would hang beside it.
        """
        if case.turn is None:
            return case
        late = (await self.uow.connection.execute(_LATE, {"card_id": case.turn.card_id})).scalar_one_or_none()
        seen = shown_late(case, late or timedelta(0), self.rules)
        if seen != case:
            record = await self.uow.leads.record(case.lead_no)
            await self.uow.leads.save(case, seen, high_intent=record.high_intent)
        return seen

    async def put(self, before: LeadCase, after: LeadCase) -> LeadCase:
        """Save what has changed, tell everybody, and wake whoever gives leads out where that may help."""
        if after == before:
            return after
        after, tell_manager = self._told(before, _with_card(before, after))
        sheet = await self.sheet(after)
        await self.uow.leads.save(before, after, high_intent=sheet.record.high_intent)
        self._faces(before, sheet)
        self._ended(before, sheet)
        self._begun(before, sheet)
        if tell_manager:
            self._tell_manager(sheet)
        if after.state is LeadState.POOL and before.state is not LeadState.POOL:
            for manager in self.managers(sheet.record.region):
                key = f"lead:{after.lead_no}:pool:{len(after.turns)}:{manager.employee_no}"
                self._say(manager, words.in_pool(sheet), key)
        if before.holder_no != after.holder_no or after.state is LeadState.WAITING:
            await self.uow.notify(CHANGED)
        return after

    def _told(self, before: LeadCase, after: LeadCase) -> tuple[LeadCase, bool]:
        """What lies in 公海 is told with that."""
        if not must_tell_manager(after, self.rules):
            return after, False
        return manager_told(after, at=self.at), after.state is not LeadState.POOL

    def _faces(self, before: LeadCase, sheet: LeadSheet) -> None:
        """A card changes with its own turn only: WeCom lets each be changed once per tap."""
        then, known = replace(sheet, case=before), {turn.turn_no: turn for turn in before.turns}
        for turn in sheet.case.turns:
            old = known.get(turn.turn_no)
            if old is None or old == turn or not turn.card_id:
                continue
            if (card := turn_card(sheet, turn)) != turn_card(then, old):
                self.update_card(turn.card_id, card)

    def _begun(self, before: LeadCase, sheet: LeadSheet) -> None:
        for turn in sheet.case.turns[len(before.turns) :]:
            if (employee := self.directory.employee(turn.employee_no)) is not None:
                key = f"lead:{sheet.case.lead_no}:{turn.turn_no}"
                self.send(employee, turn_card(sheet, turn), dedup_key=key, card_id=turn.card_id)

    def _ended(self, before: LeadCase, sheet: LeadSheet) -> None:
        """A changed card makes no sound: who did not end it themselves is told."""
        old = before.turn
        turn = next((each for each in sheet.case.turns if old and each.turn_no == old.turn_no), None)
        if turn is None or turn.ended_at is None:
            return
        employee = self.directory.employee(turn.employee_no)
        if employee is None or turn.ending not in (Ending.LAPSED, Ending.TAKEN_AWAY, Ending.WITHDRAWN):
            return
        if turn.ending is Ending.LAPSED:
            said = words.lapsed(sheet, self.rules.respond_minutes)
        else:
            said = words.taken_away(sheet, turn)
        self._say(employee, said, f"lead:{sheet.case.lead_no}:{turn.turn_no}:ended")

    def _tell_manager(self, sheet: LeadSheet) -> None:
        last = next(turn for turn in reversed(sheet.case.turns) if turn.ending is Ending.LAPSED)
        for manager in self.managers(sheet.record.region, of=last.employee_no):
            key = f"lead:{sheet.case.lead_no}:told:{manager.employee_no}"
            self.send(manager, words.manager_card(sheet), dedup_key=key, card_id=new_card_id())

    def _say(self, employee: Employee, sentence: str, key: str) -> None:
        self.send(employee, Text(text=sentence), dedup_key=key)

    # -- people -------------------------------------------------------------------------------------------------------
    def managers(self, region: str, *, of: str = "") -> list[Employee]:
        """The superior of that person, else the region's managers, else the directors; active ones."""
        person = self.directory.employee(of) if of else None
        superior = self.directory.employee(person.superior_no) if person else None
        if superior is not None and superior.active:
            return [superior]
        return managers_of(self.directory.employees(), region or (person.region if person else ""))

    async def take_over(self, employee_no: str) -> int:
        """The open leads of somebody who left go to the next best; their manager gets one message. How many."""
        numbers = [row.lead_no for row in await self.uow.connection.execute(_HOLDS, {"employee_no": employee_no})]
        records, key = [], ""
        for number in numbers:
            before = await self.uow.leads.get(number)
            after = leave(before, employee_no, at=self.at)
            if after != before:
                await self.put(before, after)
                records.append(await self.uow.leads.record(number))
                key = key or f"lead:{number}:{len(after.turns)}:left"
                self.uow.audit.add("lead.left", actor=None, subject=number, employee_no=employee_no)
        if records:
            for manager in self.managers("", of=employee_no):
                said = words.taken_over(self.name_of(employee_no), records)
                self._say(manager, said, f"{key}:{manager.employee_no}")
        return len(records)


def _with_card(before: LeadCase, after: LeadCase) -> LeadCase:
    """A turn that begins gets the card that will hang for it."""
    turns = tuple(
        replace(turn, card_id=new_card_id()) if turn.turn_no > len(before.turns) and not turn.card_id else turn
        for turn in after.turns
    )
    return replace(after, turns=turns)


def _reasons(row: Any) -> list[str]:
    if row.explanation is None:
        return []
    stored = orjson.loads(row.explanation) if isinstance(row.explanation, str) else row.explanation
    return top_reasons(explanation_from_json(stored), About(region=row.region, industry=row.industry))


_SHEET = text("""
SELECT l.*, c.same_kind, c.same_no, c.same_why, d.explanation
FROM leads AS l JOIN lead_cases AS c USING (lead_no)
LEFT JOIN lead_decisions AS d ON d.lead_no = c.lead_no AND d.turn_no = c.turn_no
WHERE l.lead_no = :lead_no
""")
# For how long (real time) a card was on its way, or still is; nothing for one that never comes.
_LATE = text("""
SELECT CASE state WHEN 'sent' THEN sent_at - created_at
                  WHEN 'queued' THEN clock_timestamp() - created_at
                  WHEN 'sending' THEN clock_timestamp() - created_at END
FROM outbox WHERE card_id = :card_id AND card_id <> '' ORDER BY outbox_id LIMIT 1
""")
_HELD = text("SELECT count(*) FROM lead_cases WHERE holder_no = :employee_no AND holder_no <> ''")
_HOLDS = text("SELECT lead_no FROM lead_cases WHERE holder_no = :employee_no AND holder_no <> '' ORDER BY lead_no")
