"""serve, worker, sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import ConfigOption, find_settings, run
from bot.observability import set_up_logging

commands = typer.Typer()


@commands.command()
def serve(
    config: ConfigOption = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="only receive; `salesbot worker` does the rest")
    ] = False,
    no_scheduler: Annotated[bool, typer.Option("--no-scheduler", help="start no jobs by time here")] = False,
) -> None:
    """The bot: callbacks, Stream connection, handling, sending, schedule."""
    from bot.serving import serve as serve_bot

    set_up_logging()
    run(serve_bot(find_settings(config), worker=not no_worker, scheduler=not no_scheduler))


@commands.command()
def worker(
    config: ConfigOption = None,
    no_scheduler: Annotated[bool, typer.Option("--no-scheduler", help="start no jobs by time here")] = False,
) -> None:
    """Only background work: handling, sending, schedule."""
    from bot.serving import serve as serve_bot

    set_up_logging()
    run(serve_bot(find_settings(config), web=False, scheduler=not no_scheduler))


@commands.command()
def sandbox(
    port: Annotated[int, typer.Option(help="0 = any free one")] = 9100,
    host: Annotated[str, typer.Option(help="only this machine by default")] = "127.0.0.1",
    bot_url: Annotated[str, typer.Option(help="where the bot listens")] = "http://127.0.0.1:8080",
    people: Annotated[Path | None, typer.Option(help="an 员工.csv; else four made-up people")] = None,
    data: Annotated[Path | None, typer.Option(help="SQLite file that outlives a restart")] = None,
) -> None:
    """Only the two pretended platforms and their page of phones."""
    from bot.sandbox.app import serve_sandbox
    from bot.sandbox.config import DEMO_PEOPLE, SandboxConfig, read_people

    set_up_logging()
    config = SandboxConfig(
        people=read_people(people) if people else DEMO_PEOPLE,
        bot_url=bot_url,
        demo_clock_url=f"{bot_url}/demo/clock",
        data_file=data,
    )
    typer.echo(f"手机页面 / phones: http://{host}:{port}/")
    run(serve_sandbox(config, host, port))
