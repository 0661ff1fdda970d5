"""DingTalk in HTTP mode: signed messages, encrypted events and signed taps instead of a Stream, the story the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.sandbox.config import SandboxConfig
from bot.serving import publish_card_route
from bot.settings import Settings
from tests.support.office import Office, open_office

REP, MANAGER = "yulijuan", "dd_chenlei"
PROCESS = "PROC-SALESBOT-CONTRACT"


@pytest.fixture
async def office(company_url: str, sandbox_config: SandboxConfig) -> AsyncIterator[Office]:
    config = replace(sandbox_config, ding_mode="http")

    def over_http(settings: Settings) -> Settings:
        changes = {
            "mode": "http",
            "token": SecretStr(config.ding_token),
            "aes_key": SecretStr(config.ding_aes_key),
            "card_secret": SecretStr("card-secret-of-the-test"),
            "approval_process_code": PROCESS,
        }
        return settings.model_copy(
            update={
                "dingtalk": settings.dingtalk.model_copy(update=changes),
                "server": settings.server.model_copy(update={"public_url": config.bot_url}),
            }
        )

    async with open_office(company_url, config, change=over_http) as opened:
        await publish_card_route(opened.app)
        yield opened


async def test_the_console_accepts_the_address(office: Office) -> None:
    assert await office.dingtalk.check_url()


async def test_a_manager_asks_for_a_customer_and_taps_an_approval(office: Office) -> None:
    await office.dingtalk.says(MANAGER, "客户 栖成建筑材料")
    await office.settle()
    assert any("杭州栖成建筑材料有限公司" in shown for shown in office.dingtalk.shown_to(MANAGER))
    await office.wecom.says(REP, "合同 栖成建筑材料 30万 9.2折 一年")
    await office.settle()
    await office.wecom.taps(REP, "提交")
    await office.settle()
    await asyncio.gather(*(office.dingtalk.taps(MANAGER, "同意", repeat=3) for _ in range(1)))
    await office.settle()
    assert await office.rows("SELECT state FROM approvals") == [("已通过",)]
    assert any("全部通过" in shown for shown in office.wecom.shown_to(REP))


async def test_a_decision_in_oa_arrives_as_an_encrypted_event(office: Office) -> None:
    await office.wecom.says(REP, "合同 栖成建筑材料 30万 9.2折 一年")
    await office.settle()
    await office.wecom.taps(REP, "提交")
    await office.settle()
    instance = office.dingtalk.oa_instances()[-1]["instance_id"]
    await office.dingtalk.oa_decides(MANAGER, instance, agree=False, remark="折扣太低")
    await office.settle()
    assert await office.rows("SELECT state FROM approvals") == [("已拒绝",)]
    assert any("被陈磊拒绝：折扣太低" in shown for shown in office.wecom.shown_to(REP))
