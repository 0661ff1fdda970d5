"""An approval on the desk: locked, changed by a pure function, saved, and told to everybody it concerns.

Taps, typed words, jobs and DingTalk's OA all go through here, so that all of them tell the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from bot.cards import approval_words as words
from bot.cards.approval_news import NewCard, NewFace, Told, news
from bot.cards.approvals import Copy, Sheet, approver_card, face, money_of
from bot.cards.waiting import duration
from bot.clock import SHANGHAI
from bot.domain.approval_values import Approval, ApprovalState, ContractTerms, SeatsFor, Step
from bot.domain.conditions import ContractFacts
from bot.domain.directory import Directory
from bot.domain.evidence import Evidence, weigh
from bot.domain.flows import FlowStep, SeatPlan, discount_floor, seats_for, steps_for
from bot.domain.people import Customer, Employee
from bot.domain.worktime import working_minutes_between
from bot.errors import NotFound
from bot.messages import Card, Content, Text
from store.approval_facts import surroundings
from store.oa_instances import OaInstances
from store.outbox import new_card_id
from store.unit_of_work import UnitOfWork

FLOW = "合同"
URGED, REMINDED, ESCALATED = "urged", "reminded", "escalated"  # why a further copy of a card hangs


class Send(Protocol):
    """Push to a person, once per key; at once, whatever the hour (interface.md: approvals go at once)."""

    def __call__(self, employee: Employee, content: Content, *, dedup_key: str = "", card_id: str = "") -> str: ...


class UpdateCard(Protocol):
    """Give a card its new face."""

    def __call__(self, card_id: str, card: Card) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDesk:
    """One unit of work's view of approvals. `at` is business time, aware."""

    uow: UnitOfWork
    directory: Directory
    send: Send
    update_card: UpdateCard
    at: datetime
    mirrored: bool  #: DingTalk's OA is kept in step

    # -- looking ------------------------------------------------------------------------------------------------------
    def customer(self, approval: Approval) -> Customer:
        found = self.directory.customer(approval.terms.customer_no)
        return found or Customer(customer_no=approval.terms.customer_no, name=approval.terms.customer_no)

    def name_of(self, employee_no: str) -> str:
        employee = self.directory.employee(employee_no)
        return employee.name if employee else employee_no

    async def sheet(self, approval: Approval) -> Sheet:
        """Everything the approval's cards are made of."""
        number = approval.approval_no
        return Sheet(
            approval=approval,
            customer=self.customer(approval),
            evidence=await self.uow.approvals.evidence(number),
            talk=await self.uow.approvals.talk.of(number),
            files=sum(item.talk_id is None for item in await self.uow.approvals.talk.files(number)),
            name_of=self.name_of,
        )

    # -- the flow -----------------------------------------------------------------------------------------------------
    async def floor(self, customer: Customer) -> Decimal:
        """The lowest discount that needs no director."""
        return discount_floor(await self.uow.flows.floors(), customer.industry)

    async def way(self, approval: Approval) -> tuple[Sequence[FlowStep], Evidence]:
        """The steps this contract takes, and what its approvers will be shown."""
        terms, customer = approval.terms, self.customer(approval)
        floor = await self.floor(customer)
        today = self.at.astimezone(SHANGHAI).date()
        around = await surroundings(self.uow.connection, customer, kind=terms.kind, discount_floor=floor, today=today)
        facts = contract_facts(terms, customer, floor=floor, overdue_fen=around.overdue_fen)
        return steps_for(await self.uow.flows.steps(FLOW), facts), weigh(terms, around, today=today)

    async def seating(self, approval: Approval) -> SeatsFor:
        """Who is asked in a step that opens now."""
        submitter = self.directory.employee(approval.submitter_no)
        if submitter is None:
            raise NotFound(f"发起人 {approval.submitter_no} 不在员工表里，请管理员先补上。")
        absences = await self.uow.flows.absences(self.at)

        def who(step: Step) -> Sequence[SeatPlan]:
            return seats_for(
                step.approver_kind,
                step.approver,
                submitter=submitter,
                directory=self.directory,
                absences=absences,
                at=self.at,
            )

        return who

    # -- changing -----------------------------------------------------------------------------------------------------
    async def put(self, before: Approval, after: Approval) -> Approval:
        """Save what has changed and tell everybody; an approval that has just passed becomes a contract."""
        if after == before:
            return after
        if after.state is ApprovalState.APPROVED and not after.contract_no:
            after = replace(after, contract_no=await self.uow.approvals.sign(after, at=self.at))
        await self.uow.approvals.save(after)
        await self.tell(before, after)
        if self.mirrored:
            await self._keep_oa_in_step(before, after)
        return after

    async def tell(self, before: Approval, after: Approval) -> None:
        """Put out what the change makes people see; also after a change of what stands around it, a new answer say."""
        attempts = dict.fromkeys((before.attempt, after.attempt))
        copies = [copy for no in attempts for copy in await self.uow.approvals.copies(after.approval_no, no)]
        for item in news(before, await self.sheet(after), copies):
            match item:
                case NewCard():
                    await self.hang(
                        after, item.employee_no, item.card, step_no=item.step_no, why=item.why, key=item.key
                    )
                case NewFace(card_id=card_id, card=card):
                    self.update_card(card_id, card)
                case Told(employee_no=employee_no, text=words, key=key):
                    if employee := self.directory.employee(employee_no):
                        self.send(employee, Text(text=words), dedup_key=key)

    async def redraw(self, approval: Approval, employee_no: str) -> None:
        """One person's cards of the present attempt as they should look now."""
        sheet = await self.sheet(approval)
        for copy in await self.uow.approvals.copies(approval.approval_no, approval.attempt):
            if copy.employee_no == employee_no:
                self.update_card(copy.card_id, face(sheet, copy))

    async def hang(self, approval: Approval, employee_no: str, card: Card, *, step_no: int, why: str, key: str) -> None:
        """An approver's card, remembered so that it is settled with the others."""
        employee = self.directory.employee(employee_no)
        if employee is None:
            return
        card_id = new_card_id()
        if self.send(employee, card, dedup_key=key, card_id=card_id):
            copy = Copy(card_id=card_id, attempt=approval.attempt, step_no=step_no, employee_no=employee_no, why=why)
            await self.uow.approvals.remember_copy(approval.approval_no, copy)

    async def remind(self, approval: Approval, *, why: str, urged_by: str = "", only: Sequence[str] = ()) -> None:
        """A fresh card at the bottom of the chat for everybody who is waited for (`only` those, if any are named)."""
        step, sheet = approval.step, await self.sheet(approval)
        if step is None or step.opened_at is None:
            return
        ago = duration(working_minutes_between(step.opened_at, self.at))
        heading = words.escalated(sheet, ago) if why == ESCALATED else words.waits(sheet, ago, urged_by=urged_by)
        stamp = f":{approval.urged_at:%Y%m%d%H%M}" if why == URGED and approval.urged_at else ""
        for employee_no in approval.waiting_for:
            if not only or employee_no in only:
                key = f"approval:{approval.approval_no}:{approval.attempt}:{step.step_no}:{employee_no}:{why}{stamp}"
                card = approver_card(sheet, step, heading=heading)
                await self.hang(approval, employee_no, card, step_no=step.step_no, why=why, key=key)

    async def _keep_oa_in_step(self, before: Approval, after: Approval) -> None:
        instances = OaInstances(self.uow.connection)
        if after.running and after.attempt != before.attempt:
            await instances.want(after.approval_no, after.attempt)
        self.follow_oa(after.approval_no)

    def follow_oa(self, approval_no: str) -> None:
        """Bring both sides together after this transaction (jobs/oa_mirror.py)."""
        self.uow.defer("follow_oa", lock=f"oa:{approval_no}", approval_no=approval_no)


def contract_facts(
    terms: ContractTerms, customer: Customer, *, floor: Decimal, overdue_fen: int | None
) -> ContractFacts:
    """What a step's condition may read."""
    return ContractFacts(
        amount_fen=terms.amount_fen,
        discount=terms.discount,
        discount_floor=floor,
        months=terms.months,
        kind=terms.kind,
        industry=customer.industry,
        region=customer.region,
        nonstandard=terms.nonstandard is not None,
        overdue_fen=overdue_fen,
    )


def numbered(approvals: Sequence[Approval], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """(number, what) of each, for lists to choose from; `names` are customers' by number."""
    return [
        (
            item.approval_no,
            f"{names.get(item.terms.customer_no, item.terms.customer_no)} {money_of(item.terms.amount_fen)}",
        )
        for item in approvals
    ]
