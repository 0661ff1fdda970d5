"""One transaction with every repository in it, committed at the edge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import procrastinate
from procrastinate.jobs import Job
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from store.accounts import Accounts
from store.attachments import Attachments
from store.audit import Audit
from store.claims import Claim, Claims
from store.closing import CLOSING
from store.codec import for_jsonb
from store.connection import QuickConnection, transaction
from store.conversations import Conversations
from store.inbox import Inbox
from store.outbox import Outbox

if TYPE_CHECKING:
    from store.approvals import ApprovalRepository
    from store.calendars import CalendarRepository
    from store.customers import CustomerRepository, EmployeeRepository
    from store.digests import DigestRepository
    from store.flows import FlowRepository
    from store.history import HistoryRepository
    from store.lead_prices import LeadPriceRepository
    from store.lead_reviews import LeadReviewRepository
    from store.lead_rules import LeadRuleRepository
    from store.leads import LeadRepository
    from store.schedules import ScheduleRepository
    from store.visits import VisitRepository

DELIVER = "deliver"  # the task in jobs/deliver.py


class UnitOfWork:
    """Repositories over one connection. Nobody below the edge commits; `flush` is the edge's last step before it.

    Repositories are made when first asked for; what was put, asked, deferred and audited is written by `flush`.
    """

    def __init__(self, connection: QuickConnection, queue: procrastinate.App, claims: Claims | None = None) -> None:
        self.connection = connection
        self.inbox = Inbox(connection)
        self.outbox = Outbox(connection, claims)
        self.conversations = Conversations(connection)
        self.audit = Audit(connection)
        self.accounts = Accounts(connection)
        self.attachments = Attachments(connection)
        self._queue = queue
        self._deferred: list[tuple[str, str, datetime | None, dict[str, Any]]] = []

    @cached_property
    def approvals(self) -> ApprovalRepository:
        from store.approvals import ApprovalRepository

        return ApprovalRepository(self.connection)

    @cached_property
    def flows(self) -> FlowRepository:
        from store.flows import FlowRepository

        return FlowRepository(self.connection)

    @cached_property
    def customers(self) -> CustomerRepository:
        from store.customers import CustomerRepository

        return CustomerRepository(self.connection)

    @cached_property
    def employees(self) -> EmployeeRepository:
        from store.customers import EmployeeRepository

        return EmployeeRepository(self.connection)

    @cached_property
    def visits(self) -> VisitRepository:
        from store.visits import VisitRepository

        return VisitRepository(self.connection)

    @cached_property
    def history(self) -> HistoryRepository:
        from store.history import HistoryRepository

        return HistoryRepository(self.connection)

    @cached_property
    def leads(self) -> LeadRepository:
        from store.leads import LeadRepository

        return LeadRepository(self.connection)

    @cached_property
    def lead_rules(self) -> LeadRuleRepository:
        from store.lead_rules import LeadRuleRepository

        return LeadRuleRepository(self.connection)

    @cached_property
    def lead_prices(self) -> LeadPriceRepository:
        from store.lead_prices import LeadPriceRepository

        return LeadPriceRepository(self.connection)

    @cached_property
    def lead_reviews(self) -> LeadReviewRepository:
        from store.lead_reviews import LeadReviewRepository

        return LeadReviewRepository(self.connection)

    @cached_property
    def calendars(self) -> CalendarRepository:
        from store.calendars import CalendarRepository

        return CalendarRepository(self.connection)

    @cached_property
    def schedules(self) -> ScheduleRepository:
        from store.schedules import ScheduleRepository

        return ScheduleRepository(self.connection)

    @cached_property
    def digests(self) -> DigestRepository:
        from store.digests import DigestRepository

        return DigestRepository(self.connection)

    def defer(self, task: str, *, lock: str = "", at: datetime | None = None, **arguments: Any) -> None:
        """A background job that exists if and only if this transaction commits. `at` is real time, aware."""
        self._deferred.append((task, lock, at, arguments))

    async def remember_code(self, card_id: str, code: str) -> None:
        """A WeCom card gave a code with a tap: one more update is possible for 72 h."""
        await self.connection.execute(_REMEMBER_CODE, {"card_id": card_id, "code": code})

    async def notify(self, channel: str, payload: str = "") -> None:
        """Tell all processes after the commit."""
        await self.connection.execute(_NOTIFY, {"channel": channel, "payload": payload})

    def clear(self) -> None:
        """Forget what has not been flushed."""
        self.inbox.take_handled()
        self.outbox.clear()
        self.conversations.clear()
        self.audit.clear()
        self._deferred.clear()

    async def flush(self) -> None:
        """Write what was collected, with a delivery job for each new outgoing row."""
        await self.conversations.flush()
        if self._deferred:
            jobs = [self._job(*wanted) for wanted in self._deferred]
            await self._queue.job_manager.batch_defer_jobs_async(jobs, connection=self.connection.raw)
            self._deferred.clear()
        rows = await self.outbox.rows()
        lines, handled = self.audit.take(), self.inbox.take_handled()
        if rows or lines or handled is not None:
            values = {"rows": _json(rows), "lines": _json(lines), "handled": handled, "worker": self.outbox.worker()}
            self.outbox.written(await self.connection.execute(CLOSING, values))

    def _job(self, task: str, lock: str, at: datetime | None, arguments: dict[str, Any]) -> Job:
        queue = DELIVER if task == DELIVER else "work"
        deferrer = self._queue.configure_task(task, lock=lock or None, schedule_at=at, queue=queue)
        return deferrer.make_new_job(**arguments)


def _json(rows: list[dict[str, Any]]) -> str:
    return for_jsonb(rows).decode()


UnitOfWorkFactory = Callable[[], Any]


def unit_of_work(engine: AsyncEngine, queue: procrastinate.App, claims: Claims | None = None) -> Callable[[], Any]:
    """A factory for `async with make() as uow:`; commits when the block ends well, rolls back when it raises.

    With `claims`, what is put out is delivered by this process right after the commit, where it may be.
    """

    @asynccontextmanager
    async def begin() -> AsyncIterator[UnitOfWork]:
        begun: list[Claim] = []
        try:
            async with transaction(engine) as connection:
                uow = UnitOfWork(connection, queue, claims)
                begun = uow.outbox.begun
                yield uow
                await uow.flush()
        except BaseException:
            if claims is not None:
                claims.let_go(begun)
            raise
        if claims is not None:
            claims.committed(begun)

    return begin


_REMEMBER_CODE = text("""
INSERT INTO card_codes (code, card_id) VALUES (:code, :card_id) ON CONFLICT (code) DO NOTHING
""")
_NOTIFY = text("SELECT pg_notify(:channel, :payload)")
