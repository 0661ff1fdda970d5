"""Parsed lines -> tables: COPY into a temporary table, then one INSERT that changes only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from psycopg import AsyncConnection, sql

from store.loading.catalogue import Repeat
from store.loading.parsing import Parsed

Connection = AsyncConnection[tuple[object, ...]]
_CHUNK = 8192  # lines a write


async def write(connection: Connection, parsed: Parsed) -> tuple[int, int]:
    """Write one file inside the caller's transaction. Returns how many rows were added and changed."""
    if not parsed.lines:
        return 0, 0
    table, incoming = sql.Identifier(parsed.spec.table.name), sql.Identifier(f"incoming_{parsed.spec.table.name}")
    columns = sql.SQL(", ").join(map(sql.Identifier, parsed.columns))
    await connection.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            incoming, columns, table
        )
    )
    async with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(incoming, columns)) as copy,
    ):
        for chunk in _chunks(parsed.lines):
            await copy.write(chunk)
    counted = await connection.execute(
        sql.SQL(
            "WITH done AS (INSERT INTO {table} AS known ({columns}) SELECT {columns} FROM {incoming} AS excluded "
            "WHERE NOT EXISTS (SELECT 1 FROM {table} AS known WHERE {same_key} AND {same}) "
            "ON CONFLICT ({key}) DO {action} RETURNING (xmax = 0) AS added) "
            "SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM done"
        ).format(table=table, incoming=incoming, columns=columns, **_conditions(parsed))
    )
    row = await counted.fetchone()
    await connection.execute(sql.SQL("DROP TABLE {}").format(incoming))
    assert row is not None
    return int(str(row[0])), int(str(row[1]))


def _chunks(lines: list[str]) -> Iterator[str]:
    for start in range(0, len(lines), _CHUNK):
        yield "\n".join(lines[start : start + _CHUNK]) + "\n"


def _conditions(parsed: Parsed) -> dict[str, sql.Composable]:
    """The changing parts of the statement. Columns that the file lacks stay as they are.

    Rows that say nothing new are left out beforehand: ON CONFLICT would lock, and so rewrite, every one of them.
    """
    keys = parsed.spec.key + (("occurrence",) if parsed.spec.repeat is Repeat.NUMBERED else ())
    names = [name for name in parsed.columns if name not in keys]
    old = sql.SQL("ROW({})").format(_list(sql.SQL("known.{}").format(sql.Identifier(name)) for name in names))
    new = sql.SQL("ROW({})").format(_list(map(_new_value, names)))
    action: sql.Composable = sql.SQL("NOTHING")
    if names:
        updates = _list(sql.SQL("{} = {}").format(sql.Identifier(name), _new_value(name)) for name in names)
        guard = _OUR_OWN.get(parsed.spec.table.name, sql.SQL(""))
        action = sql.SQL("UPDATE SET {}, loaded_at = now() WHERE {}{} IS DISTINCT FROM {}").format(
            updates, guard, old, new
        )
    return {
        "key": _list(map(sql.Identifier, keys)),
        "same_key": sql.SQL(" AND ").join(
            sql.SQL("known.{0} = excluded.{0}").format(sql.Identifier(key)) for key in keys
        ),
        "same": sql.SQL("{} IS NOT DISTINCT FROM {}").format(old, new) if names else sql.SQL("true"),
        "action": action,
    }


# What the bot recorded is never touched by a file, not even by our own export of it; a lead that came to us by another
# way stays as its rep read it.
_OUR_OWN = {
    "visits": sql.SQL("known.state = '已载入' AND "),
    "leads": sql.SQL(
        "NOT EXISTS (SELECT FROM lead_cases AS live WHERE live.lead_no = known.lead_no AND live.origin <> 'file') AND "
    ),
}


def _list(parts: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(parts)


def _new_value(name: str) -> sql.Composed:
    if name == "repeats":  # a later extract without the repeated line does not undo that it was repeated
        return sql.SQL("greatest(known.repeats, excluded.repeats)").format()
    return sql.SQL("excluded.{}").format(sql.Identifier(name))
