"""What outlives a restart of the sandbox: one SQLite file, or nothing when no file is given."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

_SCHEMA = """
create table if not exists record (kind text, id text, body blob not null, primary key (kind, id));
create table if not exists file (id text primary key, name text, type text, at real, body blob not null);
"""


class Notebook:
    """Records by kind and id, and files. Writes are small and happen inside the event loop on purpose."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.executescript(_SCHEMA)

    def records(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Every record of a kind in the order of first writing."""
        rows = self._db.execute("select id, body from record where kind = ? order by rowid", (kind,))
        for identifier, body in rows.fetchall():
            yield identifier, orjson.loads(body)

    def save(self, kind: str, identifier: str, body: Any) -> None:
        """Write or overwrite one record; its place in the order stays."""
        self._db.execute(
            "insert into record (kind, id, body) values (?, ?, ?) on conflict do update set body = excluded.body",
            (kind, identifier, orjson.dumps(body)),
        )

    def put_file(self, identifier: str, name: str, content_type: str, at: float, body: bytes) -> None:
        self._db.execute("insert into file values (?, ?, ?, ?, ?)", (identifier, name, content_type, at, body))

    def get_file(self, identifier: str) -> tuple[str, str, float, bytes] | None:
        """Name, content type, when it came (Unix seconds), bytes."""
        row = self._db.execute("select name, type, at, body from file where id = ?", (identifier,)).fetchone()
        return tuple(row) if row else None

    def close(self) -> None:
        self._db.close()
