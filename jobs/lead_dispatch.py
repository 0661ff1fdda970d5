"""Leads go out: whoever waits longest first, in batches under one lock, woken by whatever may help one of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.cards import lead_words as words
from bot.cards.lead_reasons import About, top_reasons
from bot.cards.leads import LeadSheet, turn_card
from bot.domain.leads.cases import LeadCase
from bot.domain.leads.giving import Choice, Round, Waiting
from bot.domain.leads.moves import give, queue
from bot.domain.leads.records import LeadRecord
from bot.domain.leads.scripts import scripts_for
from bot.domain.leads.values import Reason
from bot.domain.people import Role, managers_of
from bot.routing import push_account
from bot.schedule import Schedule
from jobs.context import JobContext
from store import lead_giving
from store.lead_history import bring_history
from store.lead_roster import LeadRoster, Rosters
from store.lead_standing import standing
from store.outbox import new_card_id
from store.unit_of_work import UnitOfWork

log = structlog.get_logger()

schedule: Schedule[JobContext] = Schedule()

LOOK_SECONDS = 30.0  # between looks that nothing asked for: duty hours begin, an absence ends
RETRY_SECONDS = 2.0  # after a failure: the database may be away
AGAIN_SECONDS = 0.1  # after a pass that had to leave leads out because somebody had them locked


class _OnlyShown(Exception):
    """Rolls a dry run back."""


@dataclass(frozen=True, slots=True)
class _Batch:
    seen: int
    placed: int
    last: tuple[datetime, str] | None


@dataclass(frozen=True, slots=True)
class _Pass:
    placed: int
    left_out: bool  #: leads wait that were not looked at: locked by somebody who may change nothing and say nothing


async def give_out(ctx: JobContext, rosters: Rosters) -> int:
    """Once through the queue. Returns how many leads found a rep."""
    return (await _through_the_queue(ctx, rosters)).placed


async def _through_the_queue(ctx: JobContext, rosters: Rosters) -> _Pass:
    placed = seen = 0
    if ctx.dry_run:  # in one transaction, so that each choice changes where everybody stands for the next
        with contextlib.suppress(_OnlyShown):
            async with ctx.unit_of_work() as uow:
                await _bring_history(ctx, uow)
                batch = _Batch(0, 0, None)
                while (batch := await _batch(ctx, uow, rosters, batch.last)).seen:
                    placed += batch.placed
                raise _OnlyShown
        return _Pass(placed, left_out=False)
    if ctx.asked:
        async with ctx.unit_of_work() as uow:
            await _bring_history(ctx, uow)
    batch = _Batch(lead_giving.BATCH, 0, None)
    while batch.seen == lead_giving.BATCH:
        now = ctx if ctx.asked else replace(ctx, as_of=ctx.clock.now())  # a long queue takes its time
        async with ctx.unit_of_work() as uow:
            batch = await _batch(now, uow, rosters, batch.last)
        seen, placed = seen + batch.seen, placed + batch.placed
    async with ctx.unit_of_work() as uow:
        return _Pass(placed, left_out=await lead_giving.waiting(uow.connection) > seen - placed)


async def _bring_history(ctx: JobContext, uow: UnitOfWork) -> None:
    """Leads that came by file go out only where an operator asks for it, as of a moment."""
    if ctx.asked:
        count = await bring_history(uow.connection, until=ctx.as_of)
        uow.audit.add("lead.history", actor=None, leads=count, as_of=ctx.as_of.isoformat())


async def _batch(ctx: JobContext, uow: UnitOfWork, rosters: Rosters, after: tuple[datetime, str] | None) -> _Batch:
    connection, at = uow.connection, ctx.as_of
    if after is None and not await lead_giving.something_waits(connection):
        return _Batch(0, 0, None)
    await rosters.current(connection, at=at, reachable=_reachable(ctx))  # what takes long, before the lock
    await lead_giving.lock_places(connection)
    waiting = await lead_giving.take(connection, after=after)
    if not waiting:
        return _Batch(0, 0, None)
    roster = await rosters.current(connection, at=at, reachable=_reachable(ctx))
    stands = await standing(connection, roster.reps, roster.learned, at=at)
    others = {item.case.owner_no for item in waiting} - {"", *roster.reps.employee_nos}
    owners = await lead_giving.free_places(connection, filter(_reachable(ctx), sorted(others)), roster.rules)
    given, queued = _decide(ctx, uow, waiting, roster, Round(roster.board, stands, now=at, owners=owners))
    if given or queued:
        await lead_giving.write(connection, given, queued)
    last = waiting[-1].case
    return _Batch(len(waiting), len(given), (last.queued_at, last.lead_no))


def _reachable(ctx: JobContext) -> Callable[[str], bool]:
    directory, enabled = ctx.directory(), frozenset(ctx.channels)

    def reachable(employee_no: str) -> bool:
        employee = directory.employee(employee_no)
        return employee is not None and employee.active and push_account(employee, enabled=enabled) is not None

    return reachable


def _decide(
    ctx: JobContext, uow: UnitOfWork, waiting: list[Waiting], roster: LeadRoster, chooser: Round
) -> tuple[list[tuple[LeadCase, LeadRecord, Choice]], list[LeadCase]]:
    """What is written for each: given with its card put out, or queued where the reason is another than before."""
    given, queued = [], []
    for item in waiting:
        choice = chooser.choose(item.case, item.record)
        if not choice.employee_no:
            after = queue(item.case, waits_for=choice.waits_for, refused=choice.refused)
            if after != item.case:
                queued.append(after)
                _tell_manager(ctx, uow, item.record, choice.waits_for)
            continue
        after = give(
            item.case,
            choice.employee_no,
            how=choice.how,
            at=ctx.as_of,
            rules=roster.rules,
            score=_score(choice),
            card_id=new_card_id(),
        )
        given.append((after, item.record, choice))
        _put_card(ctx, uow, replace(item, case=after), choice, roster)
        uow.audit.add(
            "lead.given", actor=None, subject=after.lead_no, to=choice.employee_no, how=choice.how.value,
            rules=roster.rules.version,
        )  # fmt: skip
    if chooser.uncovered_year is not None:
        _tell_operators(ctx, uow, chooser.uncovered_year)
    return given, queued


def _score(choice: Choice) -> float | None:
    explained = choice.decision.explanation if choice.decision else None
    return explained.score if explained else None


def _put_card(ctx: JobContext, uow: UnitOfWork, item: Waiting, choice: Choice, roster: LeadRoster) -> None:
    directory, turn = ctx.directory(), item.case.turns[-1]
    employee = directory.employee(choice.employee_no)
    if employee is None:
        return

    def name_of(employee_no: str) -> str:
        known = directory.employee(employee_no)
        return known.name if known else employee_no

    explained = choice.decision.explanation if choice.decision else None
    about = About(region=item.record.region, industry=item.record.industry)
    sheet = LeadSheet(
        record=item.record,
        case=item.case,
        same=item.same,
        reasons=top_reasons(explained, about) if explained else (),
        scripts=scripts_for(item.record, roster.entries),
        name_of=name_of,
    )
    key = f"lead:{item.case.lead_no}:{turn.turn_no}"
    ctx.send(uow, employee, turn_card(sheet, turn), dedup_key=key, card_id=turn.card_id, quiet=False)


def _tell_manager(ctx: JobContext, uow: UnitOfWork, record: LeadRecord, why: Reason) -> None:
    """Once a day and region: where there is no rep at all, no event ever brings one."""
    if ctx.dry_run or why not in (Reason.LEFT, Reason.OTHER_REGION):
        return
    for manager in managers_of(ctx.directory().employees(), record.region):
        key = f"lead:nobody:{record.region}:{ctx.today}:{manager.employee_no}"
        ctx.send(uow, manager, words.nobody_there(record, why), dedup_key=key)


def _tell_operators(ctx: JobContext, uow: UnitOfWork, year: int) -> None:
    """Once: without that year's calendar nobody can be said to be on duty."""
    people = [item for item in ctx.directory().employees() if item.active]
    administrators = [item for item in people if item.role is Role.ADMIN]
    for employee in administrators or [item for item in people if item.role is Role.DIRECTOR]:
        key = f"operations:calendar:{year}:{employee.employee_no}"
        ctx.send(uow, employee, words.calendar_missing(year), dedup_key=key, quiet=False)


@schedule.cron("*/1 * * * *", about_its_day=False)
async def lead_assignment(ctx: JobContext) -> int:
    """What the dispatchers do by themselves, in case none of them was told. Returns how many leads found a rep."""
    return await give_out(ctx, Rosters())


class LeadDispatcher:
    """Gives leads out until stopped; one in each working process, all of them behind one lock."""

    def __init__(self, context: Callable[[], JobContext]) -> None:
        self._context = context
        self._rosters = Rosters(beside=lambda: self._context().unit_of_work())
        self._wanted = asyncio.Event()
        self._stopping = False

    async def heard(self, _payload: str = "") -> None:
        """Something waits, a place became free, or the business clock moved."""
        self._wanted.set()

    async def people_changed(self, _payload: str = "") -> None:
        """The directory was renewed: somebody may have joined, left or changed the region."""
        self._rosters.forget()
        self._wanted.set()

    def stop(self) -> None:
        self._stopping = True
        self._wanted.set()

    async def run(self) -> None:
        """Until `stop`; the batch in hand is finished."""
        try:
            while not self._stopping:
                await self._look()
        finally:
            await self._rosters.close()

    async def _look(self) -> None:
        self._wanted.clear()
        pause = LOOK_SECONDS
        try:
            if (await _through_the_queue(self._context(), self._rosters)).left_out:
                pause = AGAIN_SECONDS
        except Exception:  # this loop must survive a database that is away
            log.exception("leads.failed")
            pause = RETRY_SECONDS
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), pause)
