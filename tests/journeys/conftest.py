"""An office with the sample company in it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from bot.sandbox.config import Person, SandboxConfig, default_group, read_people
from tests.support.office import Office, open_office

COMPANY = Path(str(files("bot.sandbox") / "sample_company"))


@pytest.fixture
def two_company_urls(company_url: str, server_url: str, company_template: str) -> Iterator[tuple[str, str]]:
    """Two copies, for a story told twice."""
    name = f"{make_url(company_url).database}_b"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{company_template}"')
        yield company_url, _url(server_url, name)
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def company_url(server_url: str, company_template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A story's own copy of the company."""
    name = f"salesbot_test_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**8}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{company_template}"')
        yield _url(server_url, name)
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def sandbox_config() -> SandboxConfig:
    visitor = Person(employee_no="", name="访客", dingtalk="visitor01")  # in the corp, but no employee of the roster
    people = (*read_people(COMPANY / "员工.csv"), visitor)
    return SandboxConfig(
        people=people,
        groups=(default_group(people),),
        callback_retry_delays=(0.05, 0.1, 0.2),
        redelivery_seconds=2,
        redelivery_times=40,
    )


@pytest.fixture
async def office(company_url: str, sandbox_config: SandboxConfig) -> AsyncIterator[Office]:
    async with open_office(company_url, sandbox_config) as opened:
        yield opened


def _url(server_url: str, name: str) -> str:
    return make_url(server_url).set(database=name, drivername="postgresql").render_as_string(hide_password=False)
