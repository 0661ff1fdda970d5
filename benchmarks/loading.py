"""`salesbot load` of the sample company, against a plain psycopg COPY of the same rows, already parsed.

    python -m benchmarks.loading [--rounds 3]

The baseline does what cannot be saved: the parsed rows into the same empty tables with the same indexes, by psycopg's
`copy.write_row`. Ours also unpacks, decodes, parses and checks the files, writes only what differs, looks for
references into nowhere and tells the running bots. Then the same load again, which finds nothing to change.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import sql

from store import embedded
from store.database import Database, connect, upgrade
from store.loading import load_folder
from store.loading.catalogue import CATALOGUE
from store.loading.parsing import Parsed, parse_sheet
from store.loading.reading import read_sheet

SAMPLE = Path(__file__).resolve().parent.parent / "bot" / "sandbox" / "sample_company"


def parsed_company() -> list[Parsed]:
    found = []
    for path in sorted(SAMPLE.glob("*.csv*")):
        spec = next(spec for spec in CATALOGUE if spec.stem == path.name.split(".")[0])
        sheet = read_sheet(path, spec.names)
        found.append(parse_sheet(spec, path.name, sheet, lambda share: None))
    return found


def empty(dsn: str) -> None:
    tables = sql.SQL(", ").join(sql.Identifier(spec.table.name) for spec in CATALOGUE)
    with psycopg.connect(dsn) as connection:
        connection.execute(sql.SQL("TRUNCATE {}").format(tables))


def plain_copy(dsn: str, tables: list[tuple[Parsed, list[tuple[str | None, ...]]]]) -> float:
    started = time.perf_counter()
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        for parsed, rows in tables:
            columns = sql.SQL(", ").join(map(sql.Identifier, parsed.columns))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(parsed.spec.table.name), columns)
            with cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
    return time.perf_counter() - started


def as_rows(parsed: Parsed) -> list[tuple[str | None, ...]]:
    """COPY's text taken apart again into values. The sample has no cell that needs escaping."""
    return [tuple(None if field == "\\N" else field for field in line.split("\t")) for line in parsed.lines]


async def timed_load(database: Database) -> float:
    started = time.perf_counter()
    await load_folder(database, SAMPLE)
    return time.perf_counter() - started


async def measure(url: str, rounds: int) -> None:
    database = connect(url)
    await upgrade(database)
    tables = [(parsed, as_rows(parsed)) for parsed in parsed_company()]
    count = sum(len(rows) for _, rows in tables)
    plain, first, again = [], [], []
    for _ in range(rounds):
        empty(database.dsn)
        plain.append(plain_copy(database.dsn, tables))
        empty(database.dsn)
        first.append(await timed_load(database))
        again.append(await timed_load(database))
    await database.close()
    base = statistics.median(plain)
    print(
        f"load, {count:,} rows: {statistics.median(first):.2f} s = {statistics.median(first) / base:.2f} x "
        f"plain COPY of parsed rows ({base:.2f} s); the same again {statistics.median(again):.2f} s "
        f"= {statistics.median(again) / base:.2f} x",
        flush=True,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--rounds", type=int, default=3)
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="salesbot-bench-") as scratch:
        folder = Path(scratch) / "postgres"
        try:
            asyncio.run(measure(embedded.start(folder), rounds))
        finally:
            embedded.leave(folder)


if __name__ == "__main__":
    main()
