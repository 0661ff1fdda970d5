"""Kill the bot anywhere: nothing said is lost, nothing is recorded or answered twice."""

from __future__ import annotations

import asyncio
import os
import random
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from bot.sandbox.app import running_sandbox
from bot.sandbox.config import SandboxConfig
from tests.support.processes import bot_environment, bot_process, free_port

# own customers of these reps, one visit each; every sentence is different
SHOPS = {
    "yulijuan": ["绿源超市(滨江店)", "云光生鲜超市", "恒友生鲜超市", "家淘生活超市", "杭州溪悦生活超市"],
    "xujie": ["诚汇生活超市", "杭州盈隆超市", "万友24H便利店", "福安服务区便利店", "杭州聚玉生活超市"],
    "yingrong": ["橙美小卖部", "棠松便利店", "和佳大卖场", "杭州绿园超市", "益汇烟酒店"],
}
SETTLE_SECONDS = 60


async def _settled(database_url: str) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while time.monotonic() < deadline:
            row = await (
                await connection.execute(
                    """SELECT (SELECT count(*) FROM inbox WHERE state = 'received')
                       + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))"""
                )
            ).fetchone()
            if row == (0,):
                return
            await asyncio.sleep(0.1)
    raise TimeoutError("messages are still under way")


async def _tell_while_killing(company_url: str, config: SandboxConfig, log: Path, *, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    port = free_port()
    # the platform goes on calling for a while, as it does: three retries, here a little apart
    config = replace(config, bot_url=f"http://127.0.0.1:{port}", callback_retry_delays=(2.0, 4.0, 8.0))
    async with running_sandbox(config) as sandbox:
        environment = bot_environment(config, sandbox.url, company_url, port)
        async with bot_process(environment, log) as bot:
            await bot.start()
            said: list[str] = []
            sayings: list[asyncio.Task[object]] = []
            for number in range(rounds):
                for rep, shops in SHOPS.items():
                    sentence = f"上门{shops[number % 5]}，谈了第{number + 1}批陈列，{3 + number}天后再去"
                    said.append(sentence)
                    sayings.append(asyncio.create_task(sandbox.wecom.says(rep, sentence)))
                await asyncio.sleep(chance.uniform(0.0, 0.4))
                if chance.random() < 0.6:
                    bot.kill()
                    await bot.start(wait=False)
            await bot.ready()
            await asyncio.gather(*sayings)
            await _settled(company_url)
            assert bot.stop() == 0
        cards = {rep: sandbox.wecom.cards_of(rep) for rep in SHOPS}
    async with await psycopg.AsyncConnection.connect(company_url) as connection:
        rows = await (
            await connection.execute("SELECT raw_text, count(*) FROM visits WHERE state <> '已载入' GROUP BY 1")
        ).fetchall()
    assert sorted(rows) == sorted((sentence, 1) for sentence in said)
    assert {rep: len(shown) for rep, shown in cards.items()} == dict.fromkeys(SHOPS, rounds)


async def test_a_killed_bot_loses_and_doubles_nothing(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path
) -> None:
    await _tell_while_killing(company_url, sandbox_config, tmp_path / "bot.log", rounds=4, seed=1)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("SALESBOT_SOAK"), reason="long form: make soak")
@pytest.mark.parametrize("seed", range(3))
async def test_killed_again_and_again(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path, seed: int
) -> None:
    await _tell_while_killing(company_url, sandbox_config, tmp_path / "bot.log", rounds=25, seed=seed)
