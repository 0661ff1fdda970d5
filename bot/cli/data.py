"""load, export, db: the company's data in and out, and the database looked after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.cli.common import ConfigOption, find_settings, read_time, run
from bot.settings import Settings
from store.backup import back_up, restore
from store.database import Database, default_data_dir, open_database, upgrade
from store.exporting import check_export, export
from store.loading import LoadReport, load_folder

commands = typer.Typer()
database_commands = typer.Typer(help="The database: schema, backup, restore.", no_args_is_help=True)
commands.add_typer(database_commands, name="db")
console = Console()


@commands.command("load")
def load(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder with CSV or XLSX files")],
    config: ConfigOption = None,
) -> None:
    """Import a folder of CSV and XLSX files; may be repeated. Exit 1 if a row or a file was refused."""
    settings = find_settings(config)
    report = run(_load(settings, folder))
    _print_report(report)
    if not report.clean:
        raise typer.Exit(1)


async def _load(settings: Settings, folder: Path) -> LoadReport:
    fallback = default_data_dir(settings)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), console=console
    ) as bar:
        tasks: dict[str, TaskID] = {}

        def show(file: str, share: float) -> None:
            if file not in tasks:
                tasks[file] = bar.add_task(file, total=1.0)
            bar.update(tasks[file], completed=share)

        async with opened(settings, upgraded=True) as database:
            return await load_folder(database, folder, progress=show, fallback=fallback)


def _print_report(report: LoadReport) -> None:
    table = Table("文件")
    for name in ("读取", "新增", "更新", "拒绝"):
        table.add_column(name, justify="right")
    for file in report.files:
        numbers = (file.read, file.added, file.changed, file.refused)
        table.add_row(file.file, *(f"{value:,}" for value in numbers))
    console.print(table)
    for file in report.files:
        for remark in ([f"未导入：{file.problem}"] if file.problem else []) + list(file.notes):
            console.print(f"{file.file}：{remark}", style="red" if file.problem else None, markup=False, soft_wrap=True)
    console.print(f"用时 {report.seconds:.1f} 秒")
    if report.refusals:
        console.print(f"被拒绝的行写在：{report.refusals}", soft_wrap=True)


@commands.command("export")
def export_file(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="visits, approvals or leads")],
    out: Annotated[Path, typer.Option("--out", help="FILE.csv or FILE.xlsx")],
    config: ConfigOption = None,
    period: Annotated[str, typer.Option(help="a month, 2026-01")] = "",
    as_of: Annotated[str, typer.Option(help="2026-02-12 or '2026-02-12 09:00', Shanghai")] = "",
) -> None:
    """Write a table for people: CSV (UTF-8 with BOM) or XLSX."""
    check_export(what, out)
    count = run(_export(find_settings(config), what, out, period, as_of))
    console.print(f"{out}：{count:,} 行")


async def _export(settings: Settings, what: str, out: Path, period: str, as_of: str) -> int:
    moment = read_time(as_of) if as_of else None
    if moment and len(as_of.strip()) == len("2026-02-12"):
        moment += timedelta(days=1, microseconds=-1)  # a day is meant to its end
    async with opened(settings, upgraded=True) as database, database.engine.connect() as connection:
        return await export(connection, what, out, period=period, as_of=moment)


@database_commands.command("upgrade")
def upgrade_database(config: ConfigOption = None) -> None:
    """Bring the schema to this version; does nothing when it is there."""
    run(_upgrade(find_settings(config)))
    console.print("数据库结构已是最新")


async def _upgrade(settings: Settings) -> None:
    async with opened(settings, upgraded=True):
        pass


@database_commands.command("backup")
def backup_database(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    config: ConfigOption = None,
) -> None:
    """Write everything into one file; the bot may be running."""
    size = run(_backup(find_settings(config), file))
    console.print(f"已备份到 {file}（{size / 1e6:.1f} MB）", soft_wrap=True)


async def _backup(settings: Settings, file: Path) -> int:
    async with opened(settings) as database:
        return await asyncio.to_thread(back_up, database.dsn, file)


@database_commands.command("restore")
def restore_database(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    config: ConfigOption = None,
) -> None:
    """Put the database back to what a backup holds, then bring it to this version. Stop the bot before."""
    run(_restore(find_settings(config), file))
    console.print(f"已从 {file} 恢复", soft_wrap=True)


async def _restore(settings: Settings, file: Path) -> None:
    async with opened(settings) as database:
        await database.engine.dispose()
        await asyncio.to_thread(restore, database.dsn, file)
        await upgrade(database)


@asynccontextmanager
async def opened(settings: Settings, *, upgraded: bool = False) -> AsyncIterator[Database]:
    """The configured database, closed afterwards whatever happens."""
    database = await open_database(settings)
    try:
        if upgraded:
            await upgrade(database)
        yield database
    finally:
        await database.close()
