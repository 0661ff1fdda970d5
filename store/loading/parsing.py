"""A file's rows -> lines for COPY, with the refused ones beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.domain.cells import BadCell, Cell, text
from bot.errors import BadInput
from store.loading.catalogue import FileSpec, Repeat
from store.loading.columns import Column
from store.loading.reading import Sheet

_REPORT_EVERY = 4096  # rows


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not loaded, and why."""

    file: str
    line: int
    reason: str
    raw: Sequence[Cell]


@dataclass(slots=True)
class Parsed:
    """One file, ready to be written. `lines` have the fields of `columns` in COPY's text format."""

    spec: FileSpec
    columns: tuple[str, ...]
    lines: list[str] = field(default_factory=list)
    read: int = 0
    repeated: int = 0
    refused: list[Refused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Field(NamedTuple):
    column: Column
    at: tuple[int, ...]
    memo: dict[object, str]


def parse_sheet(spec: FileSpec, file: str, sheet: Sheet, progress: Callable[[float], None]) -> Parsed:
    """Parse all rows; the bad ones are values in the result, not exceptions.

    Args:
        progress: called with the share done, from the thread this runs in.
    Raises:
        BadInput: a column is missing that the file means nothing without.
    """
    fields = _fields(spec, sheet.header)
    targets = tuple(target for column, _, _ in fields for target in column.targets)
    extra = {Repeat.COUNTED: ("repeats",), Repeat.NUMBERED: ("occurrence",), Repeat.ERROR: ()}[spec.repeat]
    parsed = Parsed(spec, targets + extra, notes=_header_notes(spec, sheet.header))
    keys = _Keys(parsed, targets, file)
    try:
        for row in sheet.rows:
            parsed.read += 1
            if parsed.read % _REPORT_EVERY == 0:
                progress(parsed.read / max(sheet.height, parsed.read))
            if row.problem:
                parsed.refused.append(Refused(file, row.line, row.problem, row.cells))
                continue
            try:
                keys.take(_write(fields, row.cells), row.line)
            except BadCell as error:
                parsed.refused.append(Refused(file, row.line, str(error), row.cells))
    finally:
        parsed.notes += sheet.notes
    keys.finish()
    return parsed


def _write(fields: Sequence[_Field], cells: Sequence[Cell]) -> str:
    """One line for COPY; every distinct cell is parsed once a column."""
    parts = []
    for column, at, memo in fields:
        raw: object = cells[at[0]] if len(at) == 1 else tuple(cells[place] for place in at)
        try:
            parts.append(memo[raw])
        except KeyError:
            written = memo[raw] = column.write(*(cells[place] for place in at))
            parts.append(written)
    return "\t".join(parts)


class _Keys:
    """Rows by key within one file, and what a second one of the same key means."""

    def __init__(self, parsed: Parsed, targets: tuple[str, ...], file: str) -> None:
        self._parsed = parsed
        self._file = file
        self._at = tuple(targets.index(name) for name in parsed.spec.key)
        self._whole_row = set(self._at) == set(range(len(targets)))
        self._first: dict[str, tuple[str, int]] = {}
        self._count: dict[str, int] = {}

    def take(self, line: str, number: int) -> None:
        key = line if self._whole_row else self._key(line)
        repeat = self._parsed.spec.repeat
        if repeat is Repeat.NUMBERED:
            count = self._count[key] = self._count.get(key, 0) + 1
            self._parsed.lines.append(f"{line}\t{count}")
        elif (before := self._first.setdefault(key, (line, number)))[1] == number:
            return
        elif repeat is Repeat.COUNTED:
            self._count[key] = self._count.get(key, 0) + 1
            self._parsed.repeated += 1
            if before[0] != line:
                self._parsed.notes.append(f"第 {number} 行与第 {before[1]} 行流水号相同但内容不同，以先出现的为准")
        elif before[0] == line:
            self._parsed.repeated += 1
        else:
            shown = " ".join(key.split("\t"))
            raise BadCell(f"编号 {shown} 在第 {before[1]} 行已出现且内容不同，以先出现的为准")

    def finish(self) -> None:
        """Hand over the rows that were kept until their repeats were known."""
        repeat = self._parsed.spec.repeat
        if repeat is Repeat.COUNTED:
            self._parsed.lines += [f"{line}\t{self._count.get(key, 0)}" for key, (line, _) in self._first.items()]
        elif repeat is Repeat.ERROR:
            self._parsed.lines += [line for line, _ in self._first.values()]
        if self._parsed.repeated:
            self._parsed.notes.append(f"{self._parsed.repeated} 行在文件里重复出现，只保留一次")

    def _key(self, line: str) -> str:
        fields = line.split("\t")
        return "\t".join([fields[at] for at in self._at])


def _fields(spec: FileSpec, header: Sequence[str]) -> list[_Field]:
    present = {name: at for at, name in reversed(list(enumerate(header)))}
    missing = [name for column in spec.columns if column.required for name in column.names if name not in present]
    if missing:
        raise BadInput(f"缺少列：{'、'.join(missing)}")
    return [
        _Field(column, tuple(present[name] for name in column.names), {})
        for column in spec.columns
        if all(name in present for name in column.names)
    ]


def _header_notes(spec: FileSpec, header: Sequence[str]) -> list[str]:
    missing = [name for name in spec.names if name not in header]
    known = {name for column in spec.columns for name in column.names}
    unknown = [name for name in header if name and name not in known]
    notes = [f"缺少列：{'、'.join(missing)}，其余照常导入"] if missing else []
    return notes + ([f"不认识的列：{'、'.join(unknown)}，已略过"] if unknown else [])


def shown(raw: Sequence[Cell]) -> str:
    """The row as one text, for the list of refused rows."""
    return ",".join(text(cell) for cell in raw)
