"""Before the day begins: who has no login on a platform yet is looked up there by mobile number, and bound."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Protocol, runtime_checkable

import structlog

from bot.domain.people import Employee
from bot.errors import ChannelError
from bot.messages import Account, ChannelName
from bot.schedule import Schedule
from jobs.context import JobContext
from jobs.tasks import Task

log = structlog.get_logger(__name__)

schedule = Schedule[JobContext]()

AFTER_MATCHING = ":matched"  # marks the message that comes again after the look-up
DIRECTORY_LOOKS, LOOK_SECONDS = 10, 0.1
MISSES_PER_RUN = 0.05  # of the roster; WeCom blocks the look-up for a day at a fifth (protocols/wecom.md 7.2)


@runtime_checkable
class KnowsMembers(Protocol):
    """A channel that can tell whose mobile number it is."""

    async def user_id_by_mobile(self, mobile: str) -> str | None: ...


@schedule.cron("30 6 * * *", about_its_day=False)
async def account_matching(ctx: JobContext) -> int:
    """Bind logins found by the roster's mobile numbers; each one is audited. Returns how many were bound."""
    people = [item for item in ctx.directory().employees() if item.active and _digits(item.mobile)]
    unique = [item for item in people if sum(_digits(other.mobile) == _digits(item.mobile) for other in people) == 1]
    bound = 0
    for name, channel in ctx.channels.items():
        if isinstance(channel, KnowsMembers) and not ctx.dry_run:
            missing = [item for item in unique if not _login(item, name)]
            bound += await _match(ctx, name, channel, missing, misses=1 + int(len(people) * MISSES_PER_RUN))
    return bound


async def match_stranger(ctx: JobContext, *, inbox_id: int, channel: str) -> None:
    """Somebody unknown wrote: look once whose number is theirs, then hand the message in again."""
    if ChannelName(channel) in ctx.channels:
        await account_matching(ctx)
    async with ctx.unit_of_work() as uow:
        message = await uow.inbox.read(inbox_id)
    for _ in range(DIRECTORY_LOOKS):  # a binding reaches this process's directory by a notification
        if ctx.directory().employee_by_account(channel, message.sender.user_id) is not None:
            break
        await asyncio.sleep(LOOK_SECONDS)
    await ctx.accept(replace(message, message_id=f"{message.message_id}{AFTER_MATCHING}"))


async def _match(
    ctx: JobContext, name: ChannelName, channel: KnowsMembers, missing: list[Employee], *, misses: int
) -> int:
    bound = 0
    for employee in missing:
        try:
            user_id = await channel.user_id_by_mobile(_digits(employee.mobile))
        except ChannelError as error:
            log.warning("accounts.lookup_failed", channel=name.value, error=type(error).__name__)
            return bound
        if user_id:
            bound += await _bind(ctx, Account(name, user_id), employee)
        elif (misses := misses - 1) <= 0:
            return bound
    return bound


async def _bind(ctx: JobContext, account: Account, employee: Employee) -> bool:
    """Not if the login is somebody else's, or was switched off because its owner left."""
    if ctx.directory().employee_by_account(account.channel.value, account.user_id) is not None:
        return False
    async with ctx.unit_of_work() as uow:
        if await uow.accounts.is_inactive(account) or await uow.accounts.employee_no(account):
            return False
        await uow.accounts.bind(account, employee.employee_no, how="mobile")
        uow.audit.add("account.bound", actor=None, subject=employee.employee_no, account=account.key, how="mobile")
    return True


def _login(employee: Employee, channel: ChannelName) -> str:
    return employee.wecom_user if channel is ChannelName.WECOM else employee.dingtalk_user


def _digits(mobile: str) -> str:
    """`199-0000-1880`, `+86 199 0000 1880`: the eleven digits, "" when it is no mobile number of the mainland."""
    digits = re.sub(r"\D", "", mobile)
    digits = digits.removeprefix("86") if len(digits) == 13 else digits
    return digits if re.fullmatch(r"1\d{10}", digits) else ""


tasks: dict[str, Task] = {"match_stranger": match_stranger}
