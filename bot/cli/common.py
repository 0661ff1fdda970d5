"""What several commands share: finding the configuration, running a coroutine, reading times."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot.clock import SHANGHAI
from bot.errors import BadInput
from bot.settings import Settings, load_settings

T = TypeVar("T")

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="config.toml; else $SALESBOT_CONFIG, else ./config.toml")
]


def find_settings(config: Path | None) -> Settings:
    """Settings from --config, else SALESBOT_CONFIG, else ./config.toml, else the embedded defaults.

    Raises:
        SettingsError: with every problem at once.
    """
    if config is None:
        named = os.environ.get("SALESBOT_CONFIG", "")
        here = Path("config.toml")
        config = Path(named) if named else here if here.exists() else None
    return load_settings(config, os.environ)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:  # Windows
        return asyncio.run(work)
    return uvloop.run(work)


def read_time(text: str) -> datetime:
    """`2026-02-12`, `2026-02-12 09:00`, or ISO with a zone; Shanghai when there is none. Aware.

    Raises:
        BadInput: it is none of these.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadInput(f"看不懂时间「{text}」，请写成 2026-02-12 或 2026-02-12 09:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
