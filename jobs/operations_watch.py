"""Every five minutes: what keeps messages from people is told to the administrators, where the trouble is not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from sqlalchemy import text

from bot.cards import operations as words
from bot.cards.holidays import soon_missing
from bot.clock import SHANGHAI
from bot.domain import workdays
from bot.domain.people import Employee, Role
from bot.messages import ChannelName, Text
from bot.routing import push_account
from bot.schedule import Schedule
from jobs.context import JobContext
from store.unit_of_work import UnitOfWork

schedule: Schedule[JobContext] = Schedule()

_DECEMBER, _OFFICE_OPENS, _OFFICE_CLOSES = 12, 9, 18  # month, o'clock in Shanghai
QUOTA_STEPS = (100, 90, 70)  # percent, protocols/dingtalk.md 10.1


class Used(Protocol):
    """A month's use of both quotas; limit 0 = not watched."""

    api_used: int
    api_limit: int
    push_used: int
    push_limit: int


@runtime_checkable
class CountsItsQuota(Protocol):
    """A channel with a monthly quota."""

    async def quota_state(self) -> Used: ...


@schedule.cron("*/5 * * * *", about_its_day=False)
async def operations_watch(ctx: JobContext) -> int:
    """Tell each trouble once (again after four hours while it lasts). Returns how many were told to anybody."""
    told = 0
    async with ctx.unit_of_work() as uow:
        broken: set[ChannelName] = set()
        for channel, failed, stuck, why in await uow.connection.execute(_UNDELIVERED):
            broken.add(ChannelName(channel))
            sentence = words.not_delivered(ChannelName(channel), failed, stuck, why or "")
            told += _tell(ctx, uow, f"outbox:{channel}:{_digest(why or '')}:{_quarter(ctx)}", sentence, broken)
        if count := (await uow.connection.execute(_UNHANDLED)).scalar_one():
            told += _tell(ctx, uow, f"inbox:{_quarter(ctx)}", words.not_handled(count), broken)
        if names := (await uow.connection.execute(_FAILED_JOBS)).scalar_one():
            told += _tell(ctx, uow, f"jobs:{_digest(names)}:{_quarter(ctx)}", words.job_failed(names), broken)
        for key, sentence in [*await _quota_troubles(ctx), *_unknown_year(ctx)]:
            told += _tell(ctx, uow, key, sentence, broken)
    return told


async def _quota_troubles(ctx: JobContext) -> list[tuple[str, str]]:
    return [
        trouble
        for channel in ctx.channels.values()
        if isinstance(channel, CountsItsQuota)
        for trouble in _steps(await channel.quota_state(), f"{ctx.clock.real_now():%Y-%m}")
    ]


def _unknown_year(ctx: JobContext) -> Iterator[tuple[str, str]]:
    """Once a week in December, by day, while nobody gave the next year's holidays; later the year that has begun."""
    local = ctx.as_of.astimezone(SHANGHAI)
    year = local.year + (local.month == _DECEMBER)
    if not workdays.covered(year) and _OFFICE_OPENS <= local.hour < _OFFICE_CLOSES:
        yield f"calendar:{year}:{local:%G-%V}", soon_missing(year)


def _steps(state: Used, month: str) -> Iterator[tuple[str, str]]:
    for what, used, limit in (("接口", state.api_used, state.api_limit), ("推送", state.push_used, state.push_limit)):
        percent = next((step for step in QUOTA_STEPS if limit and used * 100 >= step * limit), 0)
        if percent:
            yield f"quota:{what}:{month}:{percent}", words.quota(used, limit, percent, what)


def _tell(ctx: JobContext, uow: UnitOfWork, key: str, sentence: str, broken: set[ChannelName]) -> int:
    """One message per administrator, on a platform that works if they have one; 1 if anybody can be reached."""
    reached = 0
    for employee in operators(ctx):
        if ctx.dry_run:
            ctx.shown.append((employee, Text(text=sentence)))
            reached = 1
            continue
        working = frozenset(ctx.channels) - broken
        account = push_account(employee, enabled=working) or push_account(employee, enabled=frozenset(ctx.channels))
        if account is not None:
            uow.outbox.put(
                Text(text=sentence),
                channel=ctx.channels[account.channel],
                recipients=(account,),
                dedup_key=f"operations:{key}:{employee.employee_no}",
            )
            reached = 1
    return reached


def operators(ctx: JobContext) -> list[Employee]:
    """管理员; where there is none, the directors."""
    people = [employee for employee in ctx.directory().employees() if employee.active]
    administrators = [employee for employee in people if employee.role is Role.ADMIN]
    return administrators or [employee for employee in people if employee.role is Role.DIRECTOR]


def _quarter(ctx: JobContext) -> str:
    """The four hours we are in, real time: a trouble that lasts is told again in the next."""
    now = ctx.clock.real_now()
    return f"{now:%Y%m%d}-{now.hour // 4}"


def _digest(reason: str) -> str:
    """Reasons alike but for numbers are one trouble."""
    return hashlib.sha256("".join(letter for letter in reason if not letter.isdigit()).encode()).hexdigest()[:12]


_UNDELIVERED = text("""
SELECT channel, failed, stuck, (SELECT error FROM outbox AS o WHERE o.channel = t.channel AND error IS NOT NULL
       AND state IN ('failed', 'queued', 'sending') ORDER BY outbox_id DESC LIMIT 1) AS why
FROM (
    SELECT channel, count(*) FILTER (WHERE state = 'failed' AND created_at > now() - interval '1 day') AS failed,
           count(*) FILTER (WHERE state IN ('queued', 'sending') AND attempted_at IS NOT NULL
                            AND created_at < now() - interval '3 minutes') AS stuck
    FROM outbox WHERE state IN ('failed', 'queued', 'sending') AND coalesce(dedup_key, '') NOT LIKE 'operations:%'
    GROUP BY channel
) AS t WHERE failed > 0 OR stuck > 0
""")
_UNHANDLED = text("""
SELECT count(*) FROM inbox WHERE state = 'failed' AND received_at > now() - interval '1 hour'
""")
_FAILED_JOBS = text("""
SELECT coalesce(string_agg(DISTINCT job, '、'), '') FROM job_runs
WHERE state = 'failed' AND finished_at > now() - interval '1 hour'
""")
