"""A gateway, a store and a channel for every test that asks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.channels.dingtalk.company import Company
from tests.channels.dingtalk.gateway import Gateway
from tests.channels.dingtalk.receiver import Inbox


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Gateway().running() as running:
        yield running


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    company = Company()
    yield company
    await company.platform.http.aclose()
