"""Loading a folder of files: read, checked, written in one transaction, and the running bots told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy import text

from bot.errors import BadInput
from store.database import Database
from store.loading.catalogue import BY_STEM, FileSpec
from store.loading.checks import findings
from store.loading.parsing import Parsed, Refused, parse_sheet
from store.loading.reading import read_sheet
from store.loading.refusals import FILE_NAME, write_refusals
from store.loading.writing import Connection, write

SUFFIXES = (".csv", ".csv.gz", ".xlsx", ".xlsm")
Progress = Callable[[str, float], None]
_LOCK = 0x5A1E10AD  # any number, the same in every process: one load at a time
_PARSED = 0.7  # share of a file's work that is done once it is parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """One file of the folder. `problem` = it was not loaded at all; `notes` = odd, but loaded."""

    file: str
    read: int = 0
    added: int = 0
    changed: int = 0
    refused: int = 0
    problem: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What a load did. `refusals` is where 被拒绝的行.csv was written."""

    files: tuple[FileReport, ...]
    refusals: Path | None
    seconds: float

    @property
    def clean(self) -> bool:
        """Every file was loaded and no row refused."""
        return not any(file.refused or file.problem for file in self.files)


async def load_folder(
    database: Database, folder: Path, *, progress: Progress | None = None, fallback: Path | None = None
) -> LoadReport:
    """Load every file of a folder (or one file); may be repeated, then it adds and changes nothing.

    All files are written in one transaction, in which running bots are told to read names anew.

    Args:
        progress: called with a file's name and the share of it that is done, from another thread.
        fallback: where the refused rows are written if the folder is not writable; the working folder by default.
    Raises:
        BadInput: there is no such folder, or nothing in it that could be loaded.
    """
    started = time.monotonic()
    paths = await asyncio.to_thread(_files, folder)
    report = progress or (lambda file, share: None)
    loaded, problems = await _load(database, paths, report)
    refused = [row for file in loaded.values() for row in file.parsed.refused]
    place = folder if await asyncio.to_thread(folder.is_dir) else folder.parent
    where = await asyncio.to_thread(write_refusals, refused, place, fallback or Path.cwd())
    return LoadReport(
        files=tuple(
            _report(path.name, loaded[path.name])
            if path.name in loaded
            else FileReport(file=path.name, problem=problems[path.name])
            for path in paths
        ),
        refusals=where,
        seconds=time.monotonic() - started,
    )


def _files(folder: Path) -> list[Path]:
    """The folder's tables, by name; notes, subfolders, lock files and our own list of refused rows are left alone."""
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise BadInput(f"没有这个文件夹：{folder}")
    names = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name.lower().endswith(SUFFIXES)]
    found = [path for path in names if not path.name.startswith(("~$", ".")) and path.name != FILE_NAME]
    if not found:
        raise BadInput(f"{folder} 里没有可导入的文件（.csv、.csv.gz 或 .xlsx）")
    return found


def stem(path: Path) -> str:
    """使用日志.csv.gz -> 使用日志."""
    return path.name.split(".")[0].strip()


@dataclass(slots=True)
class _Loaded:
    parsed: Parsed
    added: int
    changed: int
    odd: tuple[str, ...] = ()


async def _load(
    database: Database, paths: Sequence[Path], progress: Progress
) -> tuple[dict[str, _Loaded], dict[str, str]]:
    """Write the files one after the other, each while the next is being parsed; what was loaded, and what not."""
    loaded: dict[str, _Loaded] = {}
    problems: dict[str, str] = {}
    async with database.engine.begin() as transaction:
        connection = cast(Connection, (await transaction.get_raw_connection()).driver_connection)
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        async for name, parsed in _parsed(_chosen(paths, problems), problems, progress):
            added, changed = await write(connection, parsed)
            parsed.lines.clear()
            loaded[name] = _Loaded(parsed, added, changed)
            progress(name, 1.0)
        await connection.execute(_SKIP_NUMBERS)
        odd = await findings(connection, {file.parsed.spec.stem for file in loaded.values()})
        await connection.execute("SELECT pg_notify('directory', '')")
    for file in loaded.values():
        file.odd = tuple(sentence for stem_, sentence in odd if stem_ == file.parsed.spec.stem)
    await _analyze(database, [file.parsed.spec for file in loaded.values() if file.added or file.changed])
    return loaded, problems


def _chosen(paths: Sequence[Path], problems: dict[str, str]) -> list[tuple[Path, FileSpec]]:
    chosen: dict[str, tuple[Path, FileSpec]] = {}
    for path in paths:
        if (spec := BY_STEM.get(stem(path))) is None:
            problems[path.name] = f"不认识的文件，能导入的是：{'、'.join(BY_STEM)}"
        elif spec.stem in chosen:
            problems[path.name] = f"「{spec.stem}」已从另一个文件导入，同一类数据只放一个文件"
        else:
            chosen[spec.stem] = (path, spec)
    return list(chosen.values())


async def _parsed(
    chosen: Sequence[tuple[Path, FileSpec]], problems: dict[str, str], progress: Progress
) -> AsyncIterator[tuple[str, Parsed]]:
    """Each file parsed in a thread, one ahead of the one being written."""
    ahead: asyncio.Task[Parsed] | None = None
    for number, (path, spec) in enumerate(chosen):
        current = ahead or asyncio.create_task(asyncio.to_thread(_parse, path, spec, progress))
        try:
            parsed = await current
        except BadInput as error:
            problems[path.name] = str(error)
            ahead = None
            continue
        following = chosen[number + 1] if number + 1 < len(chosen) else None
        ahead = asyncio.create_task(asyncio.to_thread(_parse, *following, progress)) if following else None
        try:
            yield path.name, parsed
        except GeneratorExit:
            if ahead is not None:
                ahead.cancel()
            raise


def _parse(path: Path, spec: FileSpec, progress: Progress) -> Parsed:
    sheet = read_sheet(path, [name for column in spec.columns for name in column.names])
    parsed = parse_sheet(spec, path.name, sheet, lambda share: progress(path.name, _PARSED * share))
    progress(path.name, _PARSED)
    return parsed


async def _analyze(database: Database, specs: Sequence[FileSpec]) -> None:
    """Fresh statistics, so that the first look-ups after a big load do not walk through tables."""
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for spec in specs:
            await connection.execute(text(f"ANALYZE {spec.table.name}"))


def _report(name: str, file: _Loaded) -> FileReport:
    return FileReport(
        file=name,
        read=file.parsed.read,
        added=file.added,
        changed=file.changed,
        refused=len(file.parsed.refused),
        notes=(*file.parsed.notes, *file.odd),
    )


__all__ = ["FileReport", "LoadReport", "Refused", "load_folder"]

# The bot's next visit number stays above every number of its form that came by file (another installation's export).
_SKIP_NUMBERS = r"""
SELECT setval('visit_serial', greatest(top, (SELECT last_value FROM visit_serial)))
FROM (SELECT max(substr(visit_no, 9)::bigint) AS top FROM visits WHERE visit_no ~ '^BF\d{6}\d{6,12}$') AS loaded
WHERE top IS NOT NULL
"""
