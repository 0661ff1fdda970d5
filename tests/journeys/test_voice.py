"""A voice note in WeCom, where the platform gives no words: heard by a speech service, then read like a typed line."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.cli.demo import hearing
from bot.sandbox.config import SandboxConfig
from tests.support.office import Office, open_office

REP = "yulijuan"


@pytest.fixture
async def office(company_url: str, sandbox_config: SandboxConfig) -> AsyncIterator[Office]:
    async with open_office(
        company_url,
        sandbox_config,
        change=lambda settings: settings.model_copy(update={"speech": hearing(settings.wecom.api_base)}),
    ) as opened:
        yield opened


async def test_what_was_spoken_becomes_a_visit_with_the_note_attached(office: Office) -> None:
    await office.wecom.sends_voice(REP, None, 6, text="刚到云光生鲜超市翁店长要两万八的货下周五我去收款")
    await office.settle()
    card = "\n".join(office.wecom.shown_to(REP))
    for part in ("云光生鲜超市", "28,000", "核对"):
        assert part in card
    assert await office.rows("SELECT count(*) FROM visit_attachments") == [(1,)]


async def test_what_the_service_cannot_hear_is_asked_for_in_a_line(office: Office) -> None:
    await office.wecom.sends_voice(REP, None, 3)
    await office.settle()
    assert "打一行字" in "\n".join(office.wecom.shown_to(REP))
