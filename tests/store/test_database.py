"""Opening the database: by URL, embedded, and where it must be refused."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from bot.errors import DatabaseUnavailable, SettingsError
from bot.settings import Settings
from store.database import Database, connect, default_data_dir, open_database, upgrade


def settings(*, url: str = "", data_dir: str = "") -> Settings:
    return Settings.model_validate({"database": {"url": url}, "bot": {"data_dir": data_dir}})


async def test_a_fresh_database_has_our_tables_and_procrastinates(database: Database) -> None:
    async with database.engine.connect() as connection:
        rows = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
    assert {"customers", "visits", "inbox", "procrastinate_jobs"} <= {row[0] for row in rows}


async def test_upgrading_again_changes_nothing(database: Database) -> None:
    await upgrade(database)
    await upgrade(database)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
async def test_every_spelling_of_the_url(scheme: str, database_url: str) -> None:
    opened = await open_database(settings(url=database_url.replace("postgresql", scheme, 1)))
    async with opened.engine.connect() as connection:
        assert (await connection.execute(text("SHOW timezone"))).scalar_one() == "UTC"
    async with await psycopg.AsyncConnection.connect(opened.dsn) as own:
        assert (await (await own.execute("SHOW timezone")).fetchone()) == ("UTC",)
    await opened.close()


def test_a_url_with_signs_in_the_password_survives() -> None:
    opened = connect("postgresql://me:p%40ss%2Fw+rd@db.example:5433/sales?sslmode=require&options=-c%20jit%3Doff")
    parts = psycopg.conninfo.conninfo_to_dict(opened.dsn)
    assert (parts["password"], parts["sslmode"], parts["options"]) == (
        "p@ss/w+rd",
        "require",
        "-c jit=off -cTimeZone=UTC",
    )


async def test_nobody_there_is_said_without_the_password() -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        await open_database(settings(url="postgresql://me:secret@127.0.0.1:1/sales"))
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root opens other people's folders")
async def test_root_keeps_out_of_homes() -> None:
    with pytest.raises(SettingsError, match="lies in the home folder"):
        await open_database(settings(data_dir=str(Path.home() / "salesbot")))


def test_default_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = default_data_dir(settings())
    if os.geteuid() == 0:
        assert str(folder).startswith(f"/var/lib/salesbot/{tmp_path.name}-")
    else:
        assert folder == tmp_path / "data"
    assert default_data_dir(settings(data_dir="/srv/bot")) == Path("/srv/bot")


async def test_the_last_to_leave_stops_the_embedded_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two users in this process and one in another, which is killed and never signs off."""
    folder = tmp_path_factory.mktemp("数据 of +1% & more")
    first = await open_database(settings(data_dir=str(folder)))
    second = await open_database(settings(data_dir=str(folder)))
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER, str(folder / "postgres"), stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    assert await other.stdout.readline() == b"in\n"
    other.kill()
    await other.wait()
    await upgrade(first)
    await first.close()
    async with second.engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM customers"))).scalar_one() == 0
    await second.close()
    assert not (folder / "postgres" / "postmaster.pid").exists()


OTHER = """
import sys, time
from pathlib import Path
from store import embedded
embedded.start(Path(sys.argv[1]))
print("in", flush=True)
time.sleep(60)
"""
