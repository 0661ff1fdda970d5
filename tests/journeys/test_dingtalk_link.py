"""The link to DingTalk breaks in every way while people talk: each thing said is answered once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from bot.sandbox.config import SandboxConfig
from tests.support.office import Office, open_office
from tests.support.soak import soak
from tests.support.waiting import until

REP = "0190063824"
SHOPS = ["绿源超市(滨江店)", "云光生鲜超市", "恒友生鲜超市", "家淘生活超市", "杭州溪悦生活超市"]
WAYS = ("drop", "close", "disconnect")
RECORDED = "SELECT raw_text FROM visits WHERE state <> '已载入' ORDER BY raw_text"


@pytest.fixture
async def talkative(company_url: str, sandbox_config: SandboxConfig) -> AsyncIterator[Office]:
    config = replace(sandbox_config, redelivery_seconds=1.5, redelivery_times=40, disconnect_grace_seconds=0.5)
    async with open_office(company_url, config) as office:
        yield office


async def _break(office: Office, way: str) -> None:
    match way:
        case "drop":
            await office.dingtalk.drop_connections()
        case "close":
            await office.dingtalk.drop_connections(cleanly=True)
        case "disconnect":
            await office.dingtalk.disconnect()
        case "silent":
            office.dingtalk.silent_death()


def _alive(office: Office) -> int:
    return sum(not link.dead and not link.draining for link in office.dingtalk.gateway.links)


async def _told_while_breaking(office: Office, ways: Sequence[str], chance: random.Random) -> None:
    said = []
    for number, way in enumerate((*ways, "")):  # and once more when it is mended, or not yet
        for shop in SHOPS[:3]:
            said.append(f"上门{shop}，谈了第{number + 1}批陈列")
            await office.dingtalk.says(REP, said[-1], wait=False)
            await asyncio.sleep(chance.uniform(0, 0.05))
        await _break(office, way)
    await until(lambda: _alive(office), seconds=60)
    async with office.hurried():
        await office.settle()
    assert await office.rows(RECORDED) == [(sentence,) for sentence in sorted(said)]
    assert len(office.dingtalk.cards_of(REP)) == len(said)
    assert _alive(office) == 1  # nothing of the old ones is left open


async def test_what_is_said_while_the_link_breaks_is_answered_once(talkative: Office) -> None:
    await _told_while_breaking(talkative, WAYS, random.Random(1))


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=soak) for seed in range(2)])
async def test_broken_again_and_again(talkative: Office, seed: int) -> None:
    chance = random.Random(seed)
    await _told_while_breaking(talkative, [chance.choice(WAYS) for _ in range(10)], chance)


@pytest.mark.parametrize("way", [pytest.param("silent", marks=soak)])
async def test_a_link_that_died_silently_is_noticed(talkative: Office, way: str) -> None:
    await _told_while_breaking(talkative, [way], random.Random(0))
