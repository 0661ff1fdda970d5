"""Two bots on one database: each thing said is handled once, each card shown once, in order, also when one dies."""

from __future__ import annotations

import asyncio
import random
import re
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bot.sandbox.app import running_sandbox
from bot.sandbox.config import SandboxConfig
from tests.support.callbacks import Postman
from tests.support.company import all_done, looked_up, shown_cards, visits_told
from tests.support.processes import bot_environment, bot_process, free_port
from tests.support.soak import soak
from tests.support.waiting import until

REPS = ("yulijuan", "xujie", "yingrong")
SHOP = {"yulijuan": "绿源超市(滨江店)", "xujie": "诚汇生活超市", "yingrong": "橙美小卖部"}
REP_ON_DINGTALK = "0190063824"
NUMBERED = re.compile(r"谈了第(\d+)批")


async def _two_bots(url: str, config: SandboxConfig, log: Path, *, rounds: int, seed: int, kill: bool) -> None:
    """Each callback reaches both bots at once; DingTalk gives its frames to either. With `kill`, one is killed."""
    chance = random.Random(seed)
    ports = (free_port(), free_port())
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running_sandbox(config))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        bots = [
            await stack.enter_async_context(
                bot_process(bot_environment(config, sandbox.url, url, port), log / f"{port}.log")
            )
            for port in ports
        ]
        await asyncio.gather(*(bot.start() for bot in bots))
        await sandbox.dingtalk.connected(2)
        posts = [Postman(replace(config, bot_url=f"http://127.0.0.1:{port}"), http) for port in ports]
        said: list[str] = []
        for number in range(rounds):
            for rep in REPS:
                said.append(f"上门{SHOP[rep]}，谈了第{number}批陈列")
                plain = posts[0].text(rep, said[-1])
                alive = posts[1:] if kill and number > rounds // 2 else posts
                assert set(await asyncio.gather(*(post.post(plain) for post in alive))) == {200}
            said.append(f"上门云光生鲜超市，谈了第{number}批陈列")
            await sandbox.dingtalk.says(REP_ON_DINGTALK, said[-1])
            await asyncio.sleep(chance.uniform(0, 0.1))
            if kill and number == rounds // 2:
                bots[0].kill()
        await until(lambda: all_done(url), seconds=16 if kill else 30)
        assert await visits_told(url) == sorted(said)
        assert shown_cards(sandbox, REPS, REP_ON_DINGTALK) == [rounds] * 4
        for rep in REPS:  # nobody was answered before what he had said earlier
            order = [int(found[1]) for card in sandbox.wecom.cards_of(rep) if (found := NUMBERED.search(str(card)))]
            assert order == sorted(order)
        handled = await looked_up(url, "SELECT sender_key, message ->> 'text' FROM inbox ORDER BY handled_at, inbox_id")
        for rep in REPS:
            texts = [int(NUMBERED.findall(str(text))[0]) for key, text in handled if str(key).endswith(rep)]
            assert texts == list(range(rounds))
        assert [bot.stop() for bot in (bots[1:] if kill else bots)] == [0] * (1 if kill else 2)


async def test_each_message_is_handled_once(company_url: str, sandbox_config: SandboxConfig, tmp_path: Path) -> None:
    await _two_bots(company_url, sandbox_config, tmp_path, rounds=4, seed=1, kill=False)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=soak) for seed in range(2)])
async def test_one_is_killed_and_the_other_finishes(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path, seed: int
) -> None:
    await _two_bots(company_url, sandbox_config, tmp_path, rounds=10, seed=seed, kill=True)


async def test_one_receives_and_the_other_works(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path
) -> None:
    port = free_port()
    config = replace(sandbox_config, bot_url=f"http://127.0.0.1:{port}")
    async with running_sandbox(config) as sandbox, AsyncExitStack() as stack:
        environment = bot_environment(config, sandbox.url, company_url, port)
        front = await stack.enter_async_context(
            bot_process(environment, tmp_path / "front.log", "serve", "--no-worker")
        )
        await front.start()
        said = [f"上门{SHOP[rep]}，谈了陈列" for rep in REPS]
        for rep, sentence in zip(REPS, said, strict=True):
            await sandbox.wecom.says(rep, sentence)
        assert await looked_up(company_url, "SELECT state, count(*) FROM inbox GROUP BY 1") == [("received", 3)]
        back = await stack.enter_async_context(bot_process(environment, tmp_path / "back.log", "worker"))
        await back.start()
        await until(lambda: all_done(company_url), seconds=20)
        await sandbox.dingtalk.says(REP_ON_DINGTALK, "上门云光生鲜超市，谈了陈列")
        took = await until(lambda: sandbox.dingtalk.cards_of(REP_ON_DINGTALK), seconds=10)
        assert took < 3  # the worker is told, it does not look by chance
        assert await visits_told(company_url) == sorted([*said, "上门云光生鲜超市，谈了陈列"])
        assert shown_cards(sandbox, REPS) == [1, 1, 1]
        assert [front.stop(), back.stop()] == [0, 0]
