"""`salesbot ask`: what the bot would understand and answer; nothing is recorded or sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from bot.cli.common import ConfigOption, find_settings, read_time, run
from bot.errors import BadInput
from bot.settings import Settings
from handlers.asking import Asked, Asking
from store.database import open_database, upgrade
from store.directory import DirectoryCache
from store.history import HistoryRepository

commands = typer.Typer()


@commands.command()
def ask(
    text: Annotated[str, typer.Argument(help="一句话，例如：绿源滨江还欠多少")] = "",
    sender: Annotated[str, typer.Option("--from", help="说话的人的工号")] = "",
    at: Annotated[str, typer.Option("--at", help="什么时候说的，例如 2026-02-12 09:00；默认现在")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
    jsonl: Annotated[Path | None, typer.Option("--jsonl", help="一行一句：id, text, from_user, sent_at")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="结果文件，一行一个：id, understood, reply")] = None,
    config: ConfigOption = None,
) -> None:
    """What the bot would understand and answer if this employee said it. 试读一句话，不记录也不发送。"""
    settings = find_settings(config)
    if jsonl is not None:
        if out is None:
            raise BadInput("--jsonl 要和 --out 一起用")
        lines = list(_read_lines(jsonl))
        answers = run(_ask_all(settings, lines))
        _write_lines(out, answers)
        typer.echo(f"{len(answers)} 条 -> {out}")
        return
    if not text or not sender:
        raise BadInput("请写一句话和 --from 工号，或用 --jsonl 文件 --out 文件")
    line = {"id": "", "text": text, "from_user": sender, "sent_at": at or datetime.now(UTC).isoformat()}
    answer = run(_ask_all(settings, [line]))[0]
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2) if as_json else answer["reply"])


async def _ask_all(settings: Settings, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    database = await open_database(settings)
    try:
        await upgrade(database)
        directory = await DirectoryCache(database.engine).load()
        async with database.engine.connect() as connection:
            asking = Asking(directory, HistoryRepository(connection))
            answers = []
            with Progress(transient=True, disable=len(lines) < 2) as progress:
                for line in progress.track(lines, description="试读"):
                    sender = directory.employee(line["from_user"])
                    if sender is None:
                        raise BadInput(f"没有工号「{line['from_user']}」")
                    asked = Asked(text=line["text"], sender=sender, said_at=read_time(line["sent_at"]))
                    answers.append({"id": line["id"], **await asking.answer(asked)})
            return answers
    finally:
        await database.close()


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Lines with `id, text, from_user` and `sent_at` or `asked_at`.

    Raises:
        BadInput: with the line's number.
    """
    for number, raw in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not raw.strip():
            continue
        try:
            line = json.loads(raw)
            moment = line.get("sent_at") or line["asked_at"]
            yield {"id": line.get("id"), "text": str(line["text"]), "from_user": line["from_user"], "sent_at": moment}
        except (ValueError, KeyError, AttributeError) as error:
            raise BadInput(f"{path} 第 {number} 行：不是 JSON，或缺少 text、from_user、sent_at") from error


def _write_lines(path: Path, answers: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers), encoding="utf-8")
