"""Told to stop while people talk, or with the platforms gone for a moment: nothing is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.faults import Faults
from tests.support.company import all_done, away, shown_cards, visits_told
from tests.support.processes import BotProcess, bot_environment, bot_process, free_port
from tests.support.soak import soak
from tests.support.waiting import until

REPS = ("yulijuan", "xujie")
SHOP = {"yulijuan": "绿源超市(滨江店)", "xujie": "诚汇生活超市"}
REP_ON_DINGTALK = "0190063824"
EXIT_SECONDS = 15.0


def _config(config: SandboxConfig, port: int, **more: object) -> SandboxConfig:
    """A platform that goes on calling for a while, as it does, here a little apart."""
    return replace(config, bot_url=f"http://127.0.0.1:{port}", callback_retry_delays=(2.0, 4.0, 8.0), **more)


def _talk(sandbox: Sandbox, number: int) -> tuple[list[str], list[asyncio.Task[object]]]:
    """Everybody says one sentence; no two are alike."""
    sentences = [f"上门{SHOP[rep]}，谈了第{number + 1}批陈列" for rep in REPS]
    telling: list[asyncio.Task[object]] = [
        asyncio.create_task(sandbox.wecom.says(rep, sentence)) for rep, sentence in zip(REPS, sentences, strict=True)
    ]
    sentences.append(f"上门云光生鲜超市，谈了第{number + 1}批陈列")
    telling.append(asyncio.create_task(sandbox.dingtalk.says(REP_ON_DINGTALK, sentences[-1])))
    return sentences, telling


def _given_up(said: Sequence[str], shown: Sequence[object]) -> set[str]:
    """What WeCom stopped calling for: at each of its four calls no bot was up, which a slow start can do."""
    return {sentence for sentence, line in zip(said, shown, strict=True) if getattr(line, "state", "") == "failed"}


async def _exits(bot: BotProcess) -> None:
    began = time.monotonic()
    assert await asyncio.to_thread(bot.stop, EXIT_SECONDS + 5) == 0
    assert time.monotonic() - began < EXIT_SECONDS


async def _stopped_while_talking(
    url: str, config: SandboxConfig, log: Path, *, stops: int, seed: int, kill: bool = False
) -> None:
    chance, port = random.Random(seed), free_port()
    async with running_sandbox(_config(config, port)) as sandbox:
        environment = bot_environment(sandbox.config, sandbox.url, url, port)
        async with bot_process(environment, log) as bot:
            await bot.start()
            said: list[str] = []
            telling: list[asyncio.Task[object]] = []
            for number in range(stops * 3):
                sentences, tasks = _talk(sandbox, number)
                said, telling = said + sentences, telling + tasks
                await asyncio.sleep(chance.uniform(0, 0.3))
                if number % 3 == 2:
                    if kill and chance.random() < 0.5:
                        bot.kill()
                    else:
                        await bot.ready()  # before it has begun, a signal ends it as it ends any process
                        await _exits(bot)
                    await bot.start(wait=False)
            await bot.ready()
            given_up = _given_up(said, await asyncio.gather(*telling))
            await until(lambda: all_done(url), seconds=60)
            await _exits(bot)
        told = await visits_told(url)
        assert len(set(told)) == len(told)
        assert set(said) - given_up <= set(told) <= set(said)
        for rep in REPS:
            assert len(sandbox.wecom.cards_of(rep)) == sum(SHOP[rep] in sentence for sentence in told)
        assert len(sandbox.dingtalk.cards_of(REP_ON_DINGTALK)) == stops * 3


async def test_told_to_stop_while_messages_flow(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path
) -> None:
    await _stopped_while_talking(company_url, sandbox_config, tmp_path / "bot.log", stops=1, seed=1)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=soak) for seed in range(2)])
async def test_told_to_stop_or_killed_again_and_again(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path, seed: int
) -> None:
    await _stopped_while_talking(company_url, sandbox_config, tmp_path / "bot.log", stops=5, seed=seed, kill=True)


@pytest.mark.parametrize("platform", [pytest.param("wecom", marks=soak), pytest.param("dingtalk", marks=soak)])
async def test_a_silent_platform_does_not_keep_the_bot_from_stopping(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path, platform: str
) -> None:
    port = free_port()
    async with running_sandbox(_config(sandbox_config, port)) as sandbox:
        environment = bot_environment(sandbox.config, sandbox.url, company_url, port)
        async with bot_process(environment, tmp_path / "bot.log") as bot:
            await bot.start()
            phone = sandbox.wecom if platform == "wecom" else sandbox.dingtalk
            user = REPS[0] if platform == "wecom" else REP_ON_DINGTALK
            phone.fail_next(3, timeout=True, path="message/send" if platform == "wecom" else "createAndDeliver")
            await phone.says(user, "上门绿源超市(滨江店)，谈了陈列")
            await until(lambda: any(entry["direction"] == "from_bot" for entry in phone.wire))
            await asyncio.sleep(1)
            await _exits(bot)
            phone.faults = Faults()
            await bot.start()
            await until(lambda: all_done(company_url), seconds=60)
            assert len(phone.cards_of(user)) == 1


@pytest.mark.parametrize("seconds_away", [pytest.param(4.0, marks=soak)])
async def test_told_to_stop_while_the_database_is_away(
    company_url: str, server_url: str, sandbox_config: SandboxConfig, tmp_path: Path, seconds_away: float
) -> None:
    port = free_port()
    patient = replace(_config(sandbox_config, port), callback_retry_delays=(5.0, 10.0, 15.0))
    async with running_sandbox(patient) as sandbox:
        environment = bot_environment(sandbox.config, sandbox.url, company_url, port)
        async with bot_process(environment, tmp_path / "bot.log") as bot:
            await bot.start()
            said, telling = _talk(sandbox, 0)
            async with away(server_url, company_url):
                await asyncio.sleep(seconds_away)
                await _exits(bot)
            await bot.start()
            await asyncio.gather(*telling)
            await until(lambda: all_done(company_url), seconds=60)
            assert await visits_told(company_url) == sorted(said)
            assert shown_cards(sandbox, REPS, REP_ON_DINGTALK) == [1, 1, 1]


async def test_the_platforms_go_away_for_a_moment_and_come_back(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path
) -> None:
    port, platforms = free_port(), free_port()
    config = _config(sandbox_config, port, data_file=tmp_path / "platforms.sqlite")
    async with AsyncExitStack() as stack:
        async with running_sandbox(config, port=platforms) as sandbox:
            environment = bot_environment(config, sandbox.url, company_url, port)
            bot = await stack.enter_async_context(bot_process(environment, tmp_path / "bot.log"))
            await bot.start()
            said, telling = _talk(sandbox, 0)
            await asyncio.gather(*telling)
        sandbox = await stack.enter_async_context(running_sandbox(config, port=platforms))
        await sandbox.dingtalk.connected()
        more, telling = _talk(sandbox, 1)
        await asyncio.gather(*telling)
        await until(lambda: all_done(company_url), seconds=60)
        assert await visits_told(company_url) == sorted(said + more)
        assert shown_cards(sandbox, REPS, REP_ON_DINGTALK) == [2, 2, 2]
        await _exits(bot)
