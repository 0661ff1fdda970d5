"""被拒绝的行.csv: what was not loaded, for the person who has to put it right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from store.loading.parsing import Refused, shown
from store.sheets import write_csv

FILE_NAME = "被拒绝的行.csv"
_HEADER = ("文件", "行号", "原因", "原文")


def write_refusals(refused: Sequence[Refused], folder: Path, fallback: Path) -> Path | None:
    """Write the list into the folder the rows came from, else into the fallback; an older list is replaced or removed.

    Returns:
        Where it was written, None if nothing was refused.
    """
    if not refused:
        _remove(folder / FILE_NAME)
        return None
    rows = [(item.file, item.line, item.reason, shown(item.raw)) for item in refused]
    try:
        write_csv(folder / FILE_NAME, _HEADER, rows)
    except OSError:
        fallback.mkdir(parents=True, exist_ok=True)
        write_csv(fallback / FILE_NAME, _HEADER, rows)
        return fallback / FILE_NAME
    return folder / FILE_NAME


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # not ours to write: then we did not write it either
