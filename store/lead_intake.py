"""New leads into the tables: compared, placed and written in one transaction, each external id once.

`LeadIntake` works inside a unit of work. `LeadWriter` puts what arrives together into one such transaction, so that a
burst of single posts shares its commits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog
from sqlalchemy import text

from bot.cards.lead_entry import asked_again
from bot.channels.base import Channel
from bot.domain.directory import Directory
from bot.domain.followups import region_manager
from bot.domain.leads.cases import How, LeadState
from bot.domain.leads.company_names import company_key
from bot.domain.leads.duplicates import Kind, Known, Same, as_known
from bot.domain.leads.placing import NOWHERE, CaseNow, Placing, place
from bot.domain.leads.records import LeadRecord
from bot.domain.people import Employee
from bot.errors import ChannelUnavailable
from bot.messages import ChannelName, Content, Text
from bot.routing import push_account
from store.codec import for_jsonb
from store.lead_known import customers_like, leads_like
from store.leads import CHANGED
from store.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

MAX_BATCH = 256  # leads of one transaction
MAX_WAITING = 10_000
GATHER_SECONDS = 0.01  # one transaction right after another waits so long for company: each costs as much as ten posts
BUSY_SECONDS = 0.05
PATIENCE_SECONDS = 10.0  # a database silent for so long is away
_LOCK = 0x1EAD_0001  # one batch at a time, of all processes: or two halves of a pair would not see each other


class Send(Protocol):
    """Push to a person, once per key, at once."""

    def __call__(self, uow: UnitOfWork, employee: Employee, content: Content, *, dedup_key: str = "") -> object: ...


def pushing(channels: Mapping[ChannelName, Channel]) -> Send:
    """Push outside of handlers and jobs, by the same routing."""

    def send(uow: UnitOfWork, employee: Employee, content: Content, *, dedup_key: str = "") -> None:
        account = push_account(employee, enabled=frozenset(channels))
        if account is None:
            uow.audit.add("push.unreachable", actor=None, subject=employee.employee_no)
            return
        uow.outbox.put(content, channel=channels[account.channel], recipients=(account,), dedup_key=dedup_key)

    return send


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLead:
    """A lead to be written, and whom it belongs to where that is known already."""

    record: LeadRecord
    origin: str  #: api, chat, wecom
    entered_by: str = ""  #: 工号, or the name of the API key
    external_user_id: str = ""  #: WeCom's
    owner_no: str = ""
    owner_how: How = How.OWNER


@dataclass(frozen=True, slots=True)
class Written:
    """What became of it."""

    lead_no: str
    new: bool  #: False: this number was applied before, nothing was changed
    placing: Placing = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadIntake:
    """One unit of work's way to take leads in. `at` is business time, aware."""

    uow: UnitOfWork
    directory: Directory
    send: Send
    at: datetime

    async def take(self, leads: Sequence[NewLead]) -> list[Written]:
        """Write those that are new, in their order, tell whom it concerns, and wake the dispatcher after the commit."""
        connection = self.uow.connection
        await connection.execute(_TAKE_LOCK, {"lock": _LOCK})
        records = [lead.record for lead in leads]
        earlier = await leads_like(connection, records)
        known = Known(await customers_like(connection, records), earlier)
        cases = await self._cases([lead.lead_no for lead in earlier])
        owners = await self._customer_owners(known, records)
        applied = {lead.lead_no for lead in earlier}
        written: list[Written] = []
        fresh: list[tuple[NewLead, Placing]] = []
        for lead in leads:
            number = lead.record.lead_no
            if number in applied:
                written.append(Written(number, new=False))
                continue
            placing = self._place(lead, known.matches(lead.record), cases, owners)
            applied.add(number)
            known.add(as_known(lead.record))
            cases[number] = CaseNow(placing.state)
            fresh.append((lead, placing))
            written.append(Written(number, new=True, placing=placing))
        if fresh:
            await self._write(fresh)
            self._tell(fresh)
        return written

    def _place(
        self, lead: NewLead, matches: Sequence[Same], cases: dict[str, CaseNow], owners: dict[str, str]
    ) -> Placing:
        placing = place(matches, cases, lambda number: owners.get(number, ""), active=self._works_here)
        if placing.merged or placing.owner_no or not lead.owner_no:
            return placing
        return Placing(LeadState.WAITING, placing.same, lead.owner_no, lead.owner_how)

    def _works_here(self, employee_no: str) -> bool:
        employee = self.directory.employee(employee_no)
        return employee is not None and employee.active

    async def _cases(self, numbers: Sequence[str]) -> dict[str, CaseNow]:
        """Of earlier leads; they stay as they are until this commits, or one could be closed while we merge into it."""
        if not numbers:
            return {}
        rows = (await self.uow.connection.execute(_CASES, {"numbers": list(numbers)})).all()
        return {row.lead_no: CaseNow(LeadState(row.state), row.holder_no or row.won_by) for row in rows}

    async def _customer_owners(self, known: Known, records: Sequence[LeadRecord]) -> dict[str, str]:
        """Who looks after each customer that is met; the region's manager after the owner has left."""
        met = {same.no for record in records for same in known.matches(record) if same.kind is Kind.CUSTOMER}
        if not met:
            return {}
        rows = (await self.uow.connection.execute(_OWNERS, {"numbers": sorted(met)})).all()
        owners: dict[str, str] = {}
        for row in rows:
            manager = None if self._works_here(row.owner_no) else region_manager(self.directory, row.region)
            owners[row.customer_no] = manager.employee_no if manager else row.owner_no
        return owners

    async def _write(self, fresh: Sequence[tuple[NewLead, Placing]]) -> None:
        rows = for_jsonb([_row(lead, placing) for lead, placing in fresh]).decode()
        await self.uow.connection.execute(_INSERT, {"rows": rows, "at": self.at})
        await self.uow.notify(CHANGED)

    def _tell(self, fresh: Sequence[tuple[NewLead, Placing]]) -> None:
        """The holder of an open enquiry hears that it was made again."""
        for lead, placing in fresh:
            holder = self.directory.employee(placing.owner_no) if placing.merged else None
            if holder is not None and placing.same is not None:
                words = asked_again(lead.record, placing.same.no)
                self.send(self.uow, holder, Text(text=words), dedup_key=f"lead:{lead.record.lead_no}:merged")


def _row(lead: NewLead, placing: Placing) -> dict[str, Any]:
    record, same = lead.record, placing.same
    return {
        "lead_no": record.lead_no,
        "received_at": record.received_at.isoformat(),
        "source": record.source,
        "company": record.company,
        "company_key": company_key(record.company),
        "contact": record.contact,
        "mobile": record.mobile,
        "mobile_key": record.mobile_key,
        "region": record.region,
        "industry": record.industry,
        "amount_fen": record.amount_fen,
        "amount_text": record.amount_text,
        "intent": record.intent.value if record.intent else "",
        "note": record.note,
        "state": placing.state.value,
        "origin": lead.origin,
        "entered_by": lead.entered_by,
        "external_user_id": lead.external_user_id,
        "same_kind": same.kind.value if same else "",
        "same_no": same.no if same else "",
        "same_why": same.why.value if same else "",
        "owner_no": placing.owner_no,
        "owner_how": placing.owner_how.value if placing.owner_no else "",
        "merged": placing.merged,
    }


@dataclass(slots=True)
class _Waiting:
    leads: Sequence[NewLead]
    answer: asyncio.Future[list[Written]]


class LeadWriter:
    """`await submit(leads)` returns after the commit that holds them. One per process.

    What comes in while one transaction is under way goes with the next.
    """

    def __init__(
        self,
        unit_of_work: Callable[[], AbstractAsyncContextManager[UnitOfWork]],
        directory: Callable[[], Directory],
        send: Send,
        now: Callable[[], datetime],
    ) -> None:
        self._unit_of_work = unit_of_work
        self._directory = directory
        self._send = send
        self._now = now
        self._waiting: list[_Waiting] = []
        self._running: asyncio.Task[None] | None = None
        self._ended = 0.0  # when the last transaction did

    async def submit(self, leads: Sequence[NewLead]) -> list[Written]:
        """Write them, in their order and in one transaction.

        Raises:
            ChannelUnavailable: the database did not take them; nothing of them is stored, unless a commit's answer was
                lost: sending them again is safe.
        """
        if sum(len(each.leads) for each in self._waiting) + len(leads) > MAX_WAITING:
            raise ChannelUnavailable("leads: too many waiting")
        entry = _Waiting(leads, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run(), name="leads are written")
        return await entry.answer

    async def close(self) -> None:
        """Write what is waiting, then stop."""
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        while self._waiting:
            if time.monotonic() - self._ended < BUSY_SECONDS:
                await asyncio.sleep(GATHER_SECONDS)
            batch = self._next()
            try:
                written = await asyncio.wait_for(
                    self._write([lead for each in batch for lead in each.leads]), PATIENCE_SECONDS
                )
            except Exception as error:  # noqa: BLE001 - whatever it was, those who wait must hear of it
                log.warning("leads.not_written", error=type(error).__name__, leads=len(batch))
                for each in batch:
                    _answer(each, ChannelUnavailable(f"leads: {type(error).__name__}"))
                continue
            finally:
                self._ended = time.monotonic()
            for each in batch:
                _answer(each, written[: len(each.leads)])
                written = written[len(each.leads) :]

    def _next(self) -> list[_Waiting]:
        """As many as go together; one that is larger goes alone."""
        count, taken = 0, 0
        for each in self._waiting:
            if taken and count + len(each.leads) > MAX_BATCH:
                break
            count, taken = count + len(each.leads), taken + 1
        batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return batch

    async def _write(self, leads: Sequence[NewLead]) -> list[Written]:
        async with self._unit_of_work() as uow:
            intake = LeadIntake(uow=uow, directory=self._directory(), send=self._send, at=self._now())
            return await intake.take(leads)


def _answer(waiting: _Waiting, result: list[Written] | Exception) -> None:
    if waiting.answer.done():
        return
    if isinstance(result, Exception):
        waiting.answer.set_exception(result)
    else:
        waiting.answer.set_result(result)


_TAKE_LOCK = text("SELECT pg_advisory_xact_lock(CAST(:lock AS bigint))")
_CASES = text("""
SELECT c.lead_no, c.state, c.holder_no,
       coalesce((SELECT t.employee_no FROM lead_turns AS t WHERE t.lead_no = c.lead_no AND t.ending = '成交'
                 ORDER BY t.turn_no DESC LIMIT 1), '') AS won_by
FROM lead_cases AS c WHERE c.lead_no = ANY(CAST(:numbers AS text[])) ORDER BY c.lead_no FOR SHARE OF c
""")
_OWNERS = text("""
SELECT customer_no, owner_no, region FROM customers WHERE customer_no = ANY(CAST(:numbers AS text[]))
""")
_INSERT = text("""
WITH given AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
        lead_no text, received_at timestamptz, source text, company text, company_key text, contact text, mobile text,
        mobile_key text, region text, industry text, amount_fen bigint, amount_text text, intent text, note text,
        state text, origin text, entered_by text, external_user_id text, same_kind text, same_no text, same_why text,
        owner_no text, owner_how text, merged boolean)
), enquiries AS (
    INSERT INTO leads (lead_no, received_at, source, company, company_key, contact, mobile, mobile_key, region,
                       industry, amount_fen, amount_text, intent, note)
    SELECT lead_no, received_at, source, company, company_key, contact, mobile, mobile_key, region,
           industry, amount_fen, amount_text, intent, note FROM given
    ON CONFLICT (lead_no) DO NOTHING
    RETURNING lead_no
)
INSERT INTO lead_cases (lead_no, state, queued_at, origin, entered_by, external_user_id, same_kind, same_no, same_why,
                        owner_no, owner_how, closed_at)
SELECT lead_no, state, CAST(:at AS timestamptz), origin, entered_by, external_user_id, same_kind, same_no, same_why,
       owner_no, owner_how, CASE WHEN merged THEN CAST(:at AS timestamptz) END
FROM given JOIN enquiries USING (lead_no)
""")
