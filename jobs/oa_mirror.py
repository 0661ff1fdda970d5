"""DingTalk's OA approval beside ours: made, followed, and both brought to the same decision, also after an outage.

Each look reads the instance, takes over what happened there, then carries over one thing that happened here, and looks
again, until neither side knows more than the other. A decision made on one of our cards while an instance is open waits
as a wish: OA takes it or says that somebody was first. When OA cannot be reached the wish is granted here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

import structlog

from bot.cards import oa as words
from bot.channels.base import ApprovalOffice
from bot.clock import Clock
from bot.domain.approval_values import Approval, ApprovalRefused, ApprovalState, Place, SeatsFor
from bot.domain.approvals import decide, withdraw
from bot.domain.oa import OaInstance, OaResult, OaStatus
from bot.domain.oa_steps import (
    Execute,
    Ours,
    Redirect,
    TheirDecision,
    Theirs,
    mirrored_steps,
    next_ours,
    next_theirs,
    take_over,
    wished,
)
from bot.domain.people import Role
from bot.errors import ChannelConflict, ChannelError, ChannelMisconfigured, ChannelRejected, OutcomeUnknown
from bot.messages import ChannelName, Text
from bot.schedule import Schedule
from jobs.approval_desk import desk_for
from jobs.context import JobContext
from jobs.tasks import Task
from store.approvals import Wish
from store.oa_instances import OaInstances, OaRecord
from store.queue import TryLater
from store.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

schedule = Schedule[JobContext]()

LOOKS = 20  # at one instance in one go; more people than that decide nothing in one moment
WISH_PATIENCE = timedelta(seconds=5)  # a tap waits so long for an OA that does not answer, then it counts here
AGAIN = timedelta(seconds=2)
MISCONFIGURED_AGAIN = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=1)  # an instance that could not be made by then is not made any more
STALE_PER_RUN = 20  # instances looked at by the clock; 5,000 calls a month are all a small company has (10.1)


@runtime_checkable
class HasApprovals(Protocol):
    """A channel with an approval system of its own."""

    approvals: ApprovalOffice | None


def _office(ctx: JobContext) -> ApprovalOffice | None:
    channel = ctx.channels.get(ChannelName.DINGTALK)
    return channel.approvals if isinstance(channel, HasApprovals) else None


@schedule.cron("*/5 * * * *", about_its_day=False)
async def approval_sync(ctx: JobContext) -> int:
    """Look at instances of which nothing was heard for a while: events can be lost. Returns how many are looked at."""
    if _office(ctx) is None or ctx.dry_run:
        return 0
    async with ctx.unit_of_work() as uow:
        numbers = await OaInstances(uow.connection).to_check(STALE_PER_RUN)
        for number in numbers:
            uow.defer("follow_oa", lock=f"oa:{number}", approval_no=number)
    return len(numbers)


async def follow_oa(ctx: JobContext, *, approval_no: str) -> None:
    """Bring all instances of one approval and the approval itself to the same state.

    Raises:
        TryLater: OA did not answer, or is not to be asked yet.
    """
    office = _office(ctx)
    if office is None:
        await _grant_all(ctx, approval_no)
        return
    async with ctx.unit_of_work() as uow:
        records = await OaInstances(uow.connection).all_of(approval_no)
    for record in records:
        await _Follower(ctx, office, record).follow()


async def _grant_all(ctx: JobContext, approval_no: str) -> None:
    """OA was switched off while decisions were on their way through it: they count here."""
    async with ctx.unit_of_work() as uow:
        for wish in await uow.approvals.wishes(approval_no):
            await grant(ctx, uow, approval_no, wish)


async def grant(ctx: JobContext, uow: UnitOfWork, approval_no: str, wish: Wish) -> None:
    """A wish becomes a decision without OA; somebody may have been first."""
    approval, desk = await uow.approvals.get(approval_no), desk_for(ctx, uow)
    await uow.approvals.drop_wish(approval_no, wish)
    try:
        after = decide(
            approval,
            wish.verdict,
            place=Place(attempt=wish.attempt, step_no=wish.step_no),
            by=wish.employee_no,
            note=wish.note,
            at=wish.said_at,
            via=wish.via,
            seats_for=await desk.seating(approval),
        )
    except ApprovalRefused:
        await desk.redraw(approval, wish.employee_no)
        return
    await desk.put(approval, after)


def _came_true(approval: Approval, wish: Wish) -> bool:
    steps = [step for step in approval.steps if (approval.attempt, step.step_no) == (wish.attempt, wish.step_no)]
    return any((seat.decided_by, seat.verdict) == (wish.employee_no, wish.verdict) for s in steps for seat in s.seats)


@dataclass(slots=True)
class _Follower:
    """One instance, from `wanted` to `closed`."""

    ctx: JobContext
    office: ApprovalOffice
    record: OaRecord

    async def follow(self) -> None:
        try:
            if self.record.state != "open" and not await self._make():
                return
            for _ in range(LOOKS):
                if not await self._look():
                    return
        except ChannelMisconfigured as error:
            await self._stuck(error, MISCONFIGURED_AGAIN)
        except ChannelRejected as error:
            await self._leave(str(error))
        except ChannelError as error:
            await self._stuck(error, AGAIN)

    # -- making it -------------------------------------------------------------------------------------------------
    async def _make(self) -> bool:
        """Create the instance once, whatever became of an earlier try. False when there is to be none."""
        async with self.ctx.unit_of_work() as uow:
            approval = await uow.approvals.read(self.record.approval_no)
            over = not approval.running or approval.attempt != self.record.attempt
            if over and self.record.state == "wanted":  # before anybody was asked over there
                await OaInstances(uow.connection).set(self.record, "closed", note="over before it was made")
                return False
        key = f"{self.record.approval_no}-{self.record.attempt}"
        if self.record.state == "creating":
            since = self.record.created_at - timedelta(minutes=1)
            found = await self.office.find(key, originator=self.record.originator, since=since)
            if found is not None:
                await self._set("open", instance_id=found)
                return True
        if over:
            await self._set("closed")
            return False
        return await self._create(approval, key)

    async def _create(self, approval: Approval, key: str) -> bool:
        async with self.ctx.unit_of_work() as uow:
            desk = desk_for(self.ctx, uow)
            sheet, who = await desk.sheet(approval), await desk.seating(approval)
        steps = mirrored_steps(approval.steps, lambda step: step.seats or who(step), self._user_of)
        originator = self._originator(approval)
        if steps is None or not originator:
            await self._leave(words.cannot_be_held() if steps is None else words.no_originator())
            return False
        await self._set("creating", originator=originator)
        try:
            instance_id = await self.office.create(originator=originator, steps=steps, form=words.form(sheet, key))
        except OutcomeUnknown:
            raise
        except ChannelError:
            await self._set("wanted")  # it was certainly not made
            raise
        await self._set("open", instance_id=instance_id)
        log.info("oa.created", approval=approval.approval_no, instance=instance_id)
        return True

    def _originator(self, approval: Approval) -> str:
        """The submitter; where they have no DingTalk login, an administrator who does not decide this one."""
        if user := self._user_of(approval.submitter_no):
            return user
        asked = {no for step in approval.steps for seat in step.seats for no in seat.actor_nos}
        administrators = (
            item.dingtalk_user
            for item in self.ctx.directory().employees()
            if item.active and item.role is Role.ADMIN and item.dingtalk_user and item.employee_no not in asked
        )
        return next(administrators, "")

    # -- looking ---------------------------------------------------------------------------------------------------
    async def _look(self) -> bool:
        """Read, take over, carry over one thing. False when neither side knows more than the other."""
        instance = await self.office.read(self.record.instance_id)
        async with self.ctx.unit_of_work() as uow:
            ours = await self._take_over(uow, instance)
        if ours is None:
            return False
        try:
            await self._carry_over(ours)
        except ChannelConflict as error:
            log.info("oa.conflict", approval=self.record.approval_no, code=error.code)
            async with self.ctx.unit_of_work() as uow:
                again = await self._take_over(uow, await self.office.read(self.record.instance_id))
            if again == ours:  # refused though nothing has changed: too young to be revoked, or held back there
                raise TryLater(Clock.real_now() + timedelta(seconds=5), str(error)) from error
        return True

    async def _take_over(self, uow: UnitOfWork, instance: OaInstance) -> Ours | None:
        """Everything that happened there, in one transaction under the approval's lock; then what is to be done."""
        instances = OaInstances(uow.connection)
        approval = await uow.approvals.get(self.record.approval_no)
        wishes = await uow.approvals.wishes(approval.approval_no)
        desk = desk_for(self.ctx, uow)
        before = approval
        if approval.attempt == self.record.attempt and approval.running:
            who = await desk.seating(approval)
            while (
                theirs := next_theirs(approval, instance, self._person_of, later=self._later(approval, who))
            ) is not None:
                approval = self._taken(approval, theirs, wishes, who)
            if instance.status is OaStatus.TERMINATED and approval.running:
                approval = withdraw(approval, by=approval.submitter_no, at=self.ctx.as_of)
        if approval != before:
            approval = await desk.put(before, approval)  # with its contract's number, which the wisher's card shows
            uow.audit.add("approval.oa", actor=None, subject=approval.approval_no, state=approval.state.value)
        pending = await self._settle_wishes(uow, approval, wishes)
        await instances.checked(self.record, moved=approval != before)
        ours = next_ours(approval, instance, self.record.attempt, self._user_of)
        for wish in pending if ours is None else ():
            ours = wished(approval, instance, wish.employee_no, wish.verdict, wish.note, self._user_of)
            if ours is not None:
                break
            await grant(self.ctx, uow, self.record.approval_no, wish)
        if instance.status is not OaStatus.RUNNING and ours is None:
            note = words.differs(approval) if self._differs(approval, instance) else ""
            await instances.set(self.record, "closed", note=note)
            if note:
                await self._tell_operators(uow, approval, note)
        return ours

    def _later(self, approval: Approval, who: SeatsFor) -> set[str]:
        unopened = [step for step in approval.steps if step.opened_at is None]
        return {actor for step in unopened for plan in who(step) for actor in plan.actor_nos}

    def _taken(self, approval: Approval, theirs: Theirs, wishes: list[Wish], who: SeatsFor) -> Approval:
        """With the words and the place of the card it was wished on, if it came from one of ours."""
        note, via, at = "", "oa", self.ctx.as_of
        if isinstance(theirs, TheirDecision):
            note = theirs.remark
            for wish in wishes:
                if (wish.employee_no, wish.verdict) == (theirs.employee_no, theirs.verdict):
                    note, via, at = wish.note, wish.via, wish.said_at
        return take_over(approval, theirs, via=via, note=note, at=at, seats_for=who)

    async def _settle_wishes(self, uow: UnitOfWork, approval: Approval, wishes: list[Wish]) -> list[Wish]:
        """Those that can still come true; the others are dropped, their cards show who was first."""
        pending = []
        for wish in wishes:
            place = Place(attempt=wish.attempt, step_no=wish.step_no)
            if place == Place.now(approval) and wish.employee_no in approval.waiting_for:
                pending.append(wish)
            else:
                await uow.approvals.drop_wish(approval.approval_no, wish)
                if not _came_true(approval, wish):  # else its card has just got its new face
                    await desk_for(self.ctx, uow).redraw(approval, wish.employee_no)
        return pending

    async def _carry_over(self, ours: Ours) -> None:
        instance = self.record.instance_id
        match ours:
            case Execute(task_id=task, user_id=user, agree=agree, remark=remark):
                await self.office.execute(instance, task_id=task, user_id=user, agree=agree, remark=remark)
            case Redirect(task_id=task, from_user=giver, to_user=taker):
                await self.office.redirect(task_id=task, from_user=giver, to_user=taker, remark=words.REDIRECTED)
            case _:
                operator = self.record.originator
                await self.office.terminate(instance, user_id=operator, remark=words.REVOKED)

    # -- when it does not work -------------------------------------------------------------------------------------
    async def _stuck(self, error: ChannelError, wait: timedelta) -> None:
        """OA cannot be asked now: what people decided on our cards counts here, the rest is tried again."""
        now = Clock.real_now()
        async with self.ctx.unit_of_work() as uow:
            for wish in await uow.approvals.wishes(self.record.approval_no):
                if now - wish.wished_at >= WISH_PATIENCE or wait > AGAIN:
                    await grant(self.ctx, uow, self.record.approval_no, wish)
        if self.record.state != "open" and now - self.record.created_at > GIVE_UP_AFTER:
            await self._leave(str(error))
            return
        log.warning("oa.unreachable", approval=self.record.approval_no, error=type(error).__name__)
        raise TryLater(now + wait, str(error)) from error

    async def _leave(self, why: str) -> None:
        """Not kept in step any more; decisions are made here alone, and the administrators know."""
        async with self.ctx.unit_of_work() as uow:
            await OaInstances(uow.connection).set(self.record, "left", note=why[:500])
            approval = await uow.approvals.read(self.record.approval_no)
            for wish in await uow.approvals.wishes(self.record.approval_no):
                await grant(self.ctx, uow, self.record.approval_no, wish)
            await self._tell_operators(uow, approval, words.left(approval.approval_no, why))
        log.error("oa.left", approval=self.record.approval_no, why=why)

    async def _tell_operators(self, uow: UnitOfWork, approval: Approval, sentence: str) -> None:
        key = f"oa:{approval.approval_no}:{self.record.attempt}"
        for item in self.ctx.directory().employees():
            if item.active and item.role is Role.ADMIN:
                self.ctx.send(uow, item, Text(text=sentence), dedup_key=f"{key}:{item.employee_no}", quiet=False)

    # -- who is who ------------------------------------------------------------------------------------------------
    def _user_of(self, employee_no: str) -> str:
        employee = self.ctx.directory().employee(employee_no)
        return employee.dingtalk_user if employee else ""

    def _person_of(self, user_id: str) -> str:
        employee = self.ctx.directory().employee_by_account(ChannelName.DINGTALK.value, user_id)
        return employee.employee_no if employee else ""

    @staticmethod
    def _differs(approval: Approval, instance: OaInstance) -> bool:
        """Both are over and say different things, or OA is over and ours still waits."""
        if instance.status is OaStatus.TERMINATED:
            return approval.state in (ApprovalState.APPROVED, ApprovalState.REJECTED)
        wanted = {OaResult.AGREE: ApprovalState.APPROVED, OaResult.REFUSE: ApprovalState.REJECTED}
        return instance.result in wanted and approval.state is not wanted[instance.result]

    async def _set(self, state: str, *, instance_id: str = "", originator: str = "") -> None:
        async with self.ctx.unit_of_work() as uow:
            await OaInstances(uow.connection).set(self.record, state, instance_id=instance_id, originator=originator)
            fresh = await OaInstances(uow.connection).of(self.record.approval_no, self.record.attempt)
        assert fresh is not None
        self.record = fresh


tasks: Mapping[str, Task] = {"follow_oa": follow_oa}
