"""People whom the roster gives no login are found by their mobile number; nobody else gets in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.sandbox.config import SandboxConfig
from tests.support.office import Office, open_office


@pytest.fixture
async def office(company_url: str, sandbox_config: SandboxConfig) -> AsyncIterator[Office]:
    """应蓉 (YG008) has a DingTalk login that the company's roster does not know; her number is in both."""
    people = tuple(
        replace(person, dingtalk="dd_new_login") if person.employee_no == "YG008" else person
        for person in sandbox_config.people
    )
    async with open_office(company_url, replace(sandbox_config, people=people)) as opened:
        yield opened


async def test_a_colleague_with_a_new_login_is_recognised_by_number_and_answered(office: Office) -> None:
    await office.dingtalk.says("dd_new_login", "客户 旺淘开发区")
    await office.settle()
    assert "旺淘便利店(开发区店)" in "\n".join(office.dingtalk.shown_to("dd_new_login"))
    assert await office.rows("SELECT employee_no, how FROM accounts") == [("YG008", "mobile")]


async def test_a_stranger_is_looked_up_once_and_then_told_how_to_bind(office: Office) -> None:
    for words in ("客户 旺淘开发区", "在吗"):
        await office.dingtalk.says("visitor01", words)
        await office.settle()
    shown = office.dingtalk.shown_to("visitor01")
    assert len(shown) == 2
    assert all("绑定" in text and "旺淘便利店" not in text for text in shown)
