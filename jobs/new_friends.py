"""A rep's new WeCom friend becomes a lead of that rep, once per friend, unless the contact is a customer's."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from bot.cards import lead_entry as words
from bot.domain import cells
from bot.domain.followups import region_manager
from bot.domain.leads.cases import How
from bot.domain.leads.duplicates import is_mobile
from bot.domain.leads.records import LeadRecord
from bot.domain.people import Customer, Employee, Role, own_region
from bot.errors import ChannelRejected
from bot.messages import ChannelName, Content
from jobs.context import JobContext
from jobs.operations_watch import operators
from jobs.tasks import Task
from store.lead_intake import LeadIntake, NewLead
from store.unit_of_work import UnitOfWork

SOURCE = "企业微信好友"


class Friend(Protocol):
    """Somebody outside, with what the rep noted."""

    @property
    def name(self) -> str: ...
    @property
    def company(self) -> str: ...
    @property
    def mobiles(self) -> tuple[str, ...]: ...
    @property
    def remark(self) -> str: ...


@runtime_checkable
class KnowsFriends(Protocol):
    """A channel whose members have contacts outside."""

    async def external_contact(self, external_userid: str, userid: str) -> Friend | None: ...


async def new_friend(ctx: JobContext, *, external_user_id: str, user_id: str, state: str, added_at: str) -> None:
    """Look the friend up and make the lead; started again by the queue while the platform does not answer."""
    channel: object = ctx.channels.get(ChannelName.WECOM)
    if not isinstance(channel, KnowsFriends):
        return
    rep = ctx.directory().employee_by_account(ChannelName.WECOM.value, user_id)
    async with ctx.unit_of_work() as uow:
        customers = await uow.customers.by_external_user(external_user_id)
    try:
        friend = await channel.external_contact(external_user_id, user_id)
    except ChannelRejected as error:  # ChannelMisconfigured among them: nobody but an operator can help
        await _tell_operators(ctx, rep.name if rep else user_id, user_id, error)
        return
    if friend is None:
        return
    async with ctx.unit_of_work() as uow:
        if customers:
            _tell_owner(ctx, uow, customers[0], friend, rep)
            return
        intake = LeadIntake(uow=uow, directory=ctx.directory(), send=_send(ctx), at=ctx.clock.now())
        at = datetime.fromisoformat(added_at)
        await intake.take([_lead(friend, external_user_id, rep, state=state, at=at)])


def lead_number(external_user_id: str) -> str:
    """The same for every event about one friend, and short enough to be typed."""
    return f"WX{hashlib.sha256(external_user_id.encode()).hexdigest()[:12].upper()}"


def _lead(friend: Friend, external_user_id: str, rep: Employee | None, *, state: str, at: datetime) -> NewLead:
    mobile = friend.mobiles[0] if friend.mobiles else ""
    key = cells.mobile_key(mobile)
    takes_leads = rep is not None and rep.role in (Role.REP, Role.REGION_MANAGER)
    remark = friend.remark if friend.remark not in ("", friend.name) else ""
    notes = (f"备注：{remark}" if remark else "", f"渠道：{state}" if state else "")
    record = LeadRecord(
        lead_no=lead_number(external_user_id),
        received_at=at,
        source=SOURCE,
        company=friend.company,
        contact=friend.name,
        mobile=mobile,
        mobile_key=key if is_mobile(key) else "",
        region=own_region(rep) if rep else "",
        note="；".join(filter(None, notes)),
    )
    return NewLead(
        record=record,
        origin="wecom",
        entered_by=rep.employee_no if rep else "",
        external_user_id=external_user_id,
        owner_no=rep.employee_no if rep and takes_leads else "",
        owner_how=How.ADDED,
    )


def _tell_owner(ctx: JobContext, uow: UnitOfWork, customer: Customer, friend: Friend, rep: Employee | None) -> None:
    """The owner hears of a colleague who added their customer's contact."""
    owner = ctx.directory().employee(customer.owner_no)
    if owner is None or not owner.active:
        owner = region_manager(ctx.directory(), customer.region)
    if owner is None or rep is None or owner.employee_no == rep.employee_no:
        return
    sentence = words.friend_is_a_customer(friend.name, customer.name, rep.name)
    key = f"friend:{customer.external_user_id}:{rep.employee_no}"
    ctx.send(uow, owner, sentence, dedup_key=key, quiet=False)


async def _tell_operators(ctx: JobContext, who: str, user_id: str, error: ChannelRejected) -> None:
    """Once per kind of refusal and member."""
    async with ctx.unit_of_work() as uow:
        for operator in operators(ctx):
            key = f"operations:friend:{error.code}:{user_id.casefold()}:{operator.employee_no}"
            ctx.send(uow, operator, words.friend_not_read(who, str(error)), dedup_key=key, quiet=False)


def _send(ctx: JobContext) -> Any:
    def send(uow: UnitOfWork, employee: Employee, content: Content, *, dedup_key: str = "") -> object:
        return ctx.send(uow, employee, content, dedup_key=dedup_key, quiet=False)

    return send


tasks: dict[str, Task] = {"new_friend": new_friend}
