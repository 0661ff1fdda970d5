"""run, outbox, audit, doctor: what an operator types."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.cli.common import ConfigOption, find_settings, read_time, run
from bot.errors import BadInput
from bot.observability import set_up_logging
from bot.settings import Settings

commands = typer.Typer()
outbox = typer.Typer(help="Outgoing messages that have not gone out.")
commands.add_typer(outbox, name="outbox")
console = Console()


@commands.command("run")
def run_job(
    job: Annotated[str, typer.Argument(help="a job's name, e.g. followup_reminder")],
    config: ConfigOption = None,
    as_of: Annotated[str, typer.Option(help="2026-02-12 or '2026-02-12 09:00', Shanghai; default now")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print the cards instead of sending")] = False,
) -> None:
    """Run any job for any day. Running it again for the same day adds nothing."""
    set_up_logging()
    run(_run_job(find_settings(config), job, read_time(as_of) if as_of else None, dry_run=dry_run))


async def _run_job(settings: Settings, name: str, as_of: datetime | None, *, dry_run: bool) -> None:
    import jobs
    from bot.main import application
    from bot.plain import as_text

    if name not in jobs.schedule.jobs:
        raise BadInput(f"没有名为 {name} 的任务；现有：{'、'.join(sorted(jobs.schedule.jobs))}")
    async with application(settings) as app:
        ctx = replace(app.job_context(as_of, dry_run=dry_run), asked=as_of is not None)
        count = await jobs.schedule.jobs[name].run(ctx)
    for employee, content in ctx.shown:
        console.rule(f"{employee.name}（{employee.employee_no}）")
        console.print(as_text(content), markup=False, highlight=False, soft_wrap=True)
    console.print(f"{name}：{'将' if dry_run else '已'}推送 {len(ctx.shown) if dry_run else count} 条")


@outbox.command("list")
def outbox_list(
    config: ConfigOption = None, json: Annotated[bool, typer.Option("--json", help="one object a line")] = False
) -> None:
    """What waits or was given up, with the reason."""
    rows = run(_open_messages(find_settings(config)))
    if json:
        for row in rows:
            typer.echo(orjson.dumps(row, default=str).decode())
        return
    table = Table("编号", "平台", "状态", "收件人", "类型", "次数", "原因", "产生于")
    for row in rows:
        table.add_row(*(str(value) if value is not None else "" for value in row.values()))
    console.print(table if rows else "没有积压的消息。")


async def _open_messages(settings: Settings) -> list[dict[str, object]]:
    from bot.main import application

    async with application(settings) as app:
        return await app.deliveries.list_open()


@outbox.command("retry")
def outbox_retry(outbox_id: int, config: ConfigOption = None) -> None:
    """Put a message that was given up back into the queue."""
    done = run(_retry(find_settings(config), outbox_id))
    if not done:
        raise BadInput(f"{outbox_id} 不在失败之列；先看 salesbot outbox list")
    typer.echo(f"{outbox_id} 已重新排队，机器人运行时就会发出。")


async def _retry(settings: Settings, outbox_id: int) -> bool:
    from bot.main import application

    async with application(settings) as app, app.make_unit_of_work() as uow:
        queued = await uow.outbox.retry(outbox_id)
        if queued is not None:
            uow.defer("deliver", lock=queued.lock, outbox_id=queued.outbox_id)
            uow.audit.add("outbox.retried", actor=None, subject=str(outbox_id))
        return queued is not None


@commands.command()
def audit(
    config: ConfigOption = None,
    since: Annotated[str, typer.Option(help="2026-02-12; default the last 24 hours")] = "",
) -> None:
    """Who did what, one JSON object a line."""
    run(_audit(find_settings(config), read_time(since) if since else datetime.now(UTC) - timedelta(days=1)))


async def _audit(settings: Settings, since: datetime) -> None:
    from bot.main import application

    async with application(settings) as app, app.make_unit_of_work() as uow:
        async for line in uow.audit.since(since):
            typer.echo(orjson.dumps(line, default=str).decode())


@commands.command()
def doctor(config: ConfigOption = None) -> None:
    """Credentials, callbacks, permissions, clock, database, schedule: one line each, exit 1 if any fails."""
    from bot.doctor import examine

    findings = run(examine(find_settings(config)))
    for what, good, sentence in findings:
        mark = "[green]✓[/]" if good else "[red]✗[/]"
        console.print(f"{mark} {escape(what)}：{escape(sentence)}", highlight=False, soft_wrap=True)
    if not all(good for _, good, _ in findings):
        raise typer.Exit(1)
