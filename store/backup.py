"""Backups with PostgreSQL's own tools: one file that holds everything, and back."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bot.errors import BadInput, DatabaseUnavailable
from store import embedded

_ENVIRONMENT = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
_ENVIRONMENT |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "hostaddr": "PGHOSTADDR"}

_ALL_OR_NOTHING = ("--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--single-transaction")
# Emptied first: what a newer version added would otherwise stand in the way of its own migrations afterwards.
_EMPTY = "SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
_TOO_NEW = b"SET transaction_timeout = 0;"  # written by pg_restore 17 and later, not known to PostgreSQL 15 and 16


def back_up(dsn: str, file: Path) -> int:
    """Write a compressed dump of the database; returns its size in bytes. The bot may go on working meanwhile.

    Raises:
        BadInput: the file cannot be written.
        DatabaseUnavailable: pg_dump is missing or failed.
    """
    if not file.resolve().parent.is_dir():
        raise BadInput(f"没有这个文件夹：{file.resolve().parent}")
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        _run("pg_dump", dsn, "--format=custom", "--no-owner", "--no-privileges", f"--file={temporary}")
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    return file.stat().st_size


def restore(dsn: str, file: Path) -> None:
    """Put the database back to what the dump says, all or nothing. The bot must not be running.

    Raises:
        BadInput: no such file, or not a backup.
        DatabaseUnavailable: the database is in use, or pg_restore is missing or failed.
    """
    if not file.is_file():
        raise BadInput(f"没有这个文件：{file}")
    with file.open("rb") as opened:
        if opened.read(5) != b"PGDMP":
            raise BadInput(f"{file} 不是 salesbot db backup 写的备份")
    _refuse_while_used(dsn)
    handle, name = tempfile.mkstemp(prefix="salesbot-restore-", suffix=".sql")
    os.close(handle)
    script = Path(name)
    try:
        _run("pg_restore", dsn, "--no-owner", "--no-privileges", f"--file={script}", str(file))
        _leave_out(script, _TOO_NEW)
        _run("psql", dsn, *_ALL_OR_NOTHING, "--command", _EMPTY, "--file", str(script))
    finally:
        script.unlink(missing_ok=True)


def _refuse_while_used(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        ).fetchone()
    if row and row[0]:
        raise DatabaseUnavailable(f"还有 {row[0]} 个连接在用数据库，请先停掉机器人再恢复")


def _run(program: str, dsn: str, *arguments: str) -> None:
    """The connection goes through the environment: a password on a command line can be read by everybody."""
    given = conninfo_to_dict(dsn)
    environment = os.environ | {name: str(given[key]) for key, name in _ENVIRONMENT.items() if given.get(key)}
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [_find(program, dsn), *arguments], env=environment, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise DatabaseUnavailable(f"{program} 不能运行：{error}") from error
    if done.returncode:
        raise DatabaseUnavailable(f"{program} 失败：{done.stderr.strip()[-2000:]}")


def _find(program: str, dsn: str) -> str:
    """The embedded package's own program, unless the server is newer: then the one on PATH."""
    with psycopg.connect(dsn) as connection:
        server = connection.info.server_version // 10000
    ours = embedded.programs() / (f"{program}.exe" if os.name == "nt" else program)
    if ours.exists() and server <= embedded.version():
        return str(ours)
    if found := shutil.which(program):
        return found
    raise DatabaseUnavailable(f"找不到 {program}，请安装 PostgreSQL {server} 的客户端")


def _leave_out(script: Path, statement: bytes) -> None:
    """Blank a statement in the script's first lines, in place: the rest may be gigabytes."""
    with script.open("r+b") as file:
        if (at := file.read(4096).find(statement)) >= 0:
            file.seek(at)
            file.write(b" " * len(statement))
