"""A real PostgreSQL for every test that asks for one: a fresh copy of a migrated database, dropped afterwards.

`TEST_DATABASE_URL` names a server (a login that may create databases); without it an embedded one is started, shared by
all pytest processes of this machine and stopped by the last. Its folder stays for the next run; it runs without fsync,
in memory where there is room.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from store import embedded
from store.database import Database, connect, upgrade
from store.loading import load_folder

REPOSITORY = Path(__file__).resolve().parent.parent
COMPANY = REPOSITORY / "bot" / "sandbox" / "sample_company"
COMPANY_KEYS = REPOSITORY / "bot" / "domain" / "leads" / "company_names.py"  # loading computes these
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}
_numbers = itertools.count(1)
KEPT_TEMPLATES = 24
ROOM_FOR_DATABASES = 6 << 30  # bytes; a run with browsers uses 2 GiB, databases and all


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """libpq URL of the server that tests run on."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = _scratch() / f"salesbot-tests-{user}" / "postgres18"
    url = embedded.start(folder, options=_FAST)
    with psycopg.connect(url, autocommit=True) as admin:  # also where somebody else started it without the options
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            admin.execute(_sql("ALTER SYSTEM SET {} = off", name))
        admin.execute("SELECT pg_reload_conf()")
    yield url
    embedded.leave(folder)


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """Name of a migrated, empty database; kept between runs for as long as the schema stays the same."""
    name = f"salesbot_template_{_schema_key()}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(hashtext('salesbot template'))")
        _drop_leftovers(admin, keep=name)
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            _create(admin, f"{name}_new")
            asyncio.run(_migrate(_with_database(server_url, f"{name}_new")))
            admin.execute(_sql("ALTER DATABASE {} RENAME TO {}", f"{name}_new", name))
    return name


@pytest.fixture(scope="session")
def company_template(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a database with the sample company, loaded once for all processes and runs; for tests' own copies."""
    name = f"{template}_company"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(hashtext('salesbot template'))")
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            admin.execute(_sql("DROP DATABASE IF EXISTS {} WITH (FORCE)", f"{name}_new"))
            _create(admin, f"{name}_new", template)
            asyncio.run(_load(_with_database(server_url, f"{name}_new"), tmp_path_factory.mktemp("refused")))
            admin.execute(_sql("ALTER DATABASE {} RENAME TO {}", f"{name}_new", name))
    return name


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """libpq URL of a database of the test's own, for tests that open it themselves or in other processes."""
    name = f"salesbot_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        _create(admin, name, template)
        yield _with_database(server_url, name)
        admin.execute(_sql("DROP DATABASE {} WITH (FORCE)", name))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database, migrated and empty."""
    opened = connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def engine(database: Database) -> AsyncEngine:
    """The engine of `database`."""
    return database.engine


@pytest.fixture(scope="session")
def sample_company() -> Path:
    """The folder with the sample company's files."""
    return COMPANY


def _scratch() -> Path:
    """In memory where there is plenty: copying a database took 0.32 s on ext4 and 0.04 s there. `TMPDIR` overrules."""
    memory = Path("/dev/shm")
    if "TMPDIR" in os.environ or not memory.is_dir():
        return Path(tempfile.gettempdir())
    roomy = min(shutil.disk_usage(memory).free, psutil.virtual_memory().available) > ROOM_FOR_DATABASES
    return memory if roomy else Path(tempfile.gettempdir())


async def _load(url: str, refused: Path) -> None:
    database = connect(url)
    await load_folder(database, COMPANY, fallback=refused)
    await database.close()


async def _migrate(url: str) -> None:
    database = connect(url)
    await upgrade(database)
    await database.close()


def _create(admin: psycopg.Connection, name: str, template: str = "template1") -> None:
    admin.execute(_sql("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template))


def _drop_leftovers(admin: psycopg.Connection, *, keep: str) -> None:
    """Databases of runs that were killed, and old templates; the newest stay, they may be another checkout's."""
    names = [row[0] for row in admin.execute("SELECT datname FROM pg_database ORDER BY oid DESC")]
    templates = [name for name in names if name.startswith("salesbot_template_") and not name.startswith(keep)]
    half_made = [name for name in templates if name.endswith("_new")]
    dead = [name for name in names if name.startswith("salesbot_test_") and not _alive(name)]
    for name in [*half_made, *[name for name in templates if name not in half_made][KEPT_TEMPLATES:], *dead]:
        admin.execute(_sql("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


def _alive(test_database: str) -> bool:
    return psutil.pid_exists(int(test_database.split("_")[2]))


def _schema_key() -> str:
    """A hash of everything that the schema and the loaded company are made of."""
    digest = hashlib.sha256()
    store = REPOSITORY / "store"
    schema = [*store.glob("*tables.py"), store / "business.py", *store.glob("migrations/**/*.py"), COMPANY_KEYS]
    for path in sorted([*schema, *store.glob("loading/*.py"), *COMPANY.iterdir()]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name, drivername="postgresql").render_as_string(hide_password=False)


def _sql(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*(sql.Identifier(name) for name in names))
