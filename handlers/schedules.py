"""日程: when the bot sends by itself, and who may changes it in words; 日报: the digest, asked for."""

from __future__ import annotations

from dataclasses import replace

from bot.cards import schedules as words
from bot.cards.digest import digest_message, nothing_today
from bot.clock import SHANGHAI
from bot.domain.digests import digest_for
from bot.domain.people import Employee, Role, may_change_schedule
from bot.domain.schedule_words import Unclear, read_schedule
from bot.domain.schedules import ALWAYS_ON, JOB_NAMES, Override, Switch, Timing, named_job
from bot.errors import BadSyntax, NotAllowed, NotFound
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from store.schedules import LastRun
from store.todo import waiting_approvals

router = Router[Context]()

WORD, DIGEST = "日程", "daily_digest"


@router.command(WORD, "schedule")
async def schedule(message: InboundMessage, ctx: Context, rest: str) -> None:
    """日程：看日报和提醒几点发，总监和管理员可以改。例：日报 每天8:30"""
    said = rest or _sentence(message)
    named = named_job(said)
    if not said:
        ctx.reply(words.schedule_list(await _lines(ctx), may_change=_may(ctx), whom=who_may_change(ctx)))
    elif named is None:
        raise BadSyntax(words.which_job([words.job_name(job) for job in _known(ctx)]))
    else:
        await change(ctx, *named)


def _sentence(message: InboundMessage) -> str:
    """The whole message when the word was not typed: 把日报改到每天8:30."""
    return "" if message.text.strip().casefold() in (WORD, "schedule") else message.text


async def change(ctx: Context, job: str, said: str) -> None:
    """Make the job run when the words say; without words, say when it does.

    Raises:
        NotFound: nothing of that name runs by itself.
        NotAllowed: the sender has not this duty.
        BadSyntax: the words are no time, or the job runs all the time; the sentence says what to type.
    """
    if job in ALWAYS_ON:
        raise BadSyntax(words.always_on())
    default = ctx.timetable.timings.get(job)
    if default is None:
        raise NotFound(words.not_running(job))
    before = await _line(ctx, job)
    if not said:
        ctx.reply(words.one_schedule(before))
        return
    if not _may(ctx):
        raise NotAllowed(words.not_yours(who_may_change(ctx)))
    wanted = read_schedule(said, before.timing)
    if isinstance(wanted, Unclear):
        raise BadSyntax(words.unclear(wanted))
    held = (await ctx.uow.schedules.overrides()).get(job) or _untouched(ctx, job)
    override = replace(_changed(held, wanted), changed_by=ctx.employee.employee_no, changed_at=ctx.clock.now())
    after = await _line(ctx, job, override)
    if (after.timing, after.enabled) != (before.timing, before.enabled):
        await ctx.uow.schedules.change(override)
        ctx.audit(
            "schedule.changed",
            subject=job,
            **{"from": _facts(before), "to": _facts(after), "said": said},
        )
    today = ctx.clock.now().astimezone(SHANGHAI).date()
    ctx.reply(words.changed(after, before, default, today=today))


def _changed(held: Override, wanted: Timing | Switch) -> Override:
    """A new time also switches a job on again."""
    match wanted:
        case Switch.OFF:
            return replace(held, enabled=False)
        case Switch.ON:
            return replace(held, enabled=True)
        case Switch.DEFAULT:
            return replace(held, cron="", workdays_only=None, enabled=True)
        case Timing():
            return replace(held, cron=wanted.cron, workdays_only=wanted.workdays_only, enabled=True)


def _untouched(ctx: Context, job: str) -> Override:
    return Override(job=job, changed_at=ctx.clock.now())


def _facts(line: words.ScheduleLine) -> dict[str, object]:
    return {"cron": line.timing.cron, "workdays_only": line.timing.workdays_only, "enabled": line.enabled}


# -- what holds -----------------------------------------------------------------------------------------------------
async def _lines(ctx: Context) -> list[words.ScheduleLine]:
    overrides = await ctx.uow.schedules.overrides()
    runs = await ctx.uow.schedules.last_runs(_known(ctx), now=ctx.clock.now())
    return [_show(ctx, job, overrides.get(job), runs.get(job)) for job in _known(ctx)]


async def _line(ctx: Context, job: str, override: Override | None = None) -> words.ScheduleLine:
    override = override or (await ctx.uow.schedules.overrides()).get(job)
    runs = await ctx.uow.schedules.last_runs([job], now=ctx.clock.now())
    return _show(ctx, job, override, runs.get(job))


def _show(ctx: Context, job: str, override: Override | None, run: LastRun | None) -> words.ScheduleLine:
    override = override or _untouched(ctx, job)
    timing = override.timing(ctx.timetable.timings[job])
    who = ctx.directory.employee(override.changed_by)
    return words.ScheduleLine(
        job=job,
        timing=timing,
        enabled=override.enabled,
        next_run=ctx.timetable.next_run(timing, ctx.clock.now()) if override.enabled else None,
        changed_by=who.name if who else override.changed_by,
        changed_at=override.changed_at,
        last_at=run.fire_at if run else None,
        last_state=run.state if run else "",
        last_count=run.put_out if run else None,
    )


def _known(ctx: Context) -> list[str]:
    """The jobs that run in this installation and that people know, in the order of their table."""
    return [job for job in JOB_NAMES if job in ctx.timetable.timings]


def _may(ctx: Context) -> bool:
    return may_change_schedule(ctx.employee)


def who_may_change(ctx: Context) -> list[Employee]:
    """Whom to ask: administrators first, it is their daily work."""
    people = [employee for employee in ctx.directory.employees() if may_change_schedule(employee)]
    return sorted(people, key=lambda employee: (employee.role is not Role.ADMIN, employee.employee_no))


# -- the digest, asked for ------------------------------------------------------------------------------------------
@router.command("日报", "早报", "digest")
async def digest(message: InboundMessage, ctx: Context, rest: str) -> None:
    """日报：现在就看你的日报；「日报 每天8:30」改发送时间（总监、管理员）"""
    if rest:
        await change(ctx, DIGEST, rest)
        return
    facts = await ctx.uow.digests.facts(ctx.sent_at)
    number = ctx.employee.employee_no
    waiting = await waiting_approvals(ctx.uow, [number], now=ctx.sent_at)
    mine = digest_for(ctx.employee, facts, waiting.get(number, ()), directory=ctx.directory)
    ctx.reply(nothing_today() if mine.empty else digest_message(mine))
