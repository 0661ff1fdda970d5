"""A backup is one file that brings everything back."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from bot.errors import BadInput, DatabaseUnavailable
from store.backup import back_up, restore
from store.database import Database, connect, upgrade


def test_there_and_back(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "salesbot.dump"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO customers (customer_no, name) VALUES ('KH0001', '鑫旺便利店')")
        connection.execute("INSERT INTO audit (what) VALUES ('seen')")
        assert back_up(database_url, file) == file.stat().st_size > 0
        connection.execute("DELETE FROM customers")
        connection.execute("CREATE TABLE of_a_newer_version (x int)")
    restore(database_url, file)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT name FROM customers").fetchall() == [("鑫旺便利店",)]
        assert connection.execute("SELECT to_regclass('of_a_newer_version')").fetchone() == (None,)
        assert connection.execute("SELECT count(*) FROM audit").fetchone() == (1,)
        with pytest.raises(psycopg.Error, match="append-only"):
            connection.execute("DELETE FROM audit")


async def test_a_restored_database_is_up_to_date(database_url: str, tmp_path: Path) -> None:
    back_up(database_url, tmp_path / "b")
    restore(database_url, tmp_path / "b")
    database = connect(database_url)
    await upgrade(database)
    await database.close()


async def test_not_while_the_bot_runs(database: Database, database_url: str, tmp_path: Path) -> None:
    back_up(database_url, tmp_path / "b")
    async with database.engine.connect():
        with pytest.raises(DatabaseUnavailable, match="停掉机器人"):
            restore(database_url, tmp_path / "b")


def test_a_file_cut_short_changes_nothing(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "b"
    back_up(database_url, file)
    file.write_bytes(file.read_bytes()[:-2000])
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO customers (customer_no, name) VALUES ('KH0001', '鑫旺便利店')")
    with pytest.raises(DatabaseUnavailable):
        restore(database_url, file)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (1,)


@pytest.mark.parametrize("content", [None, b"PK", b""])
def test_what_is_no_backup_is_said(content: bytes | None, database_url: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "b").write_bytes(content)
    with pytest.raises(BadInput):
        restore(database_url, tmp_path / "b")
    with pytest.raises(BadInput):
        back_up(database_url, tmp_path / "nowhere" / "b")
