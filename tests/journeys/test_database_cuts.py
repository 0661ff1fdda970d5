"""The database hangs up on the bot: nothing said is lost, and every loop is back within seconds."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime

import psycopg
import pytest

from bot.clock import SHANGHAI
from bot.serving import ready
from tests.support.callbacks import Postman
from tests.support.company import away
from tests.support.office import Office
from tests.support.soak import soak
from tests.support.waiting import until

REPS = ("yulijuan", "xujie", "yingrong")
REP_ON_DINGTALK = "0190063824"
SHOP = {"yulijuan": "绿源超市(滨江店)", "xujie": "诚汇生活超市", "yingrong": "橙美小卖部"}
RECORDED = "SELECT raw_text FROM visits WHERE state <> '已载入' ORDER BY raw_text"


async def _cut(url: str) -> int:
    """End every connection to the bot's database but our own; how many there were."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as admin:
        ended = await admin.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
        return len(await ended.fetchall())


async def _all_well(office: Office) -> bool:
    return set((await ready(office.app)).values()) == {"ok"}


async def test_a_bot_whose_connections_were_cut_at_rest_goes_on_at_once(office: Office, company_url: str) -> None:
    await office.wecom.says("xujie", "上门诚汇生活超市，谈了陈列")  # so that every pool has connections
    await office.settle()
    assert await _cut(company_url) > 3
    await office.wecom.says("yulijuan", "上门绿源超市(滨江店)，谈了陈列")
    await until(lambda: office.wecom.cards_of("yulijuan"), seconds=5)
    await until(lambda: _all_well(office))
    await office.app.scheduler.tick()
    moment = datetime(2026, 2, 13, 8, tzinfo=SHANGHAI)
    await office.app.shared_clock.move_to(moment)
    await office.dingtalk.says(REP_ON_DINGTALK, "上门云光生鲜超市，谈了陈列")
    await until(lambda: office.dingtalk.cards_of(REP_ON_DINGTALK), seconds=5)


@pytest.mark.parametrize("seconds", [3.0, pytest.param(20.0, marks=soak)])
async def test_while_the_database_is_away_the_platforms_keep_what_is_said(
    office: Office, server_url: str, company_url: str, seconds: float
) -> None:
    await office.wecom.says("xujie", "上门诚汇生活超市，谈了陈列")
    await office.settle()
    telling = []
    async with away(server_url, company_url):
        postman = Postman(office.sandbox.config, office.sandbox.bot)
        said = postman.text("yulijuan", "上门绿源超市(滨江店)，谈了陈列")
        assert await postman.post(said) == 500
        telling.append(asyncio.create_task(office.dingtalk.says(REP_ON_DINGTALK, "上门云光生鲜超市，谈了陈列")))
        await asyncio.sleep(seconds)
        assert not await _all_well(office)
    assert await postman.post(said) == 200
    await until(lambda: office.wecom.cards_of("yulijuan"), seconds=8)
    await asyncio.gather(*telling)
    await until(lambda: office.dingtalk.cards_of(REP_ON_DINGTALK), seconds=8)
    await until(lambda: _all_well(office), seconds=8)
    await office.settle()
    assert await office.rows("SELECT count(*) FROM visits WHERE state <> '已载入'") == [(3,)]


async def _told_while_cutting(office: Office, url: str, *, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    said, telling = [], []
    for number in range(rounds):
        for rep in REPS:
            sentence = f"上门{SHOP[rep]}，谈了第{number + 1}批陈列"
            said.append(sentence)
            telling.append(asyncio.create_task(office.wecom.says(rep, sentence)))
        sentence = f"上门云光生鲜超市，谈了第{number + 1}批陈列"
        said.append(sentence)
        telling.append(asyncio.create_task(office.dingtalk.says(REP_ON_DINGTALK, sentence)))
        await asyncio.sleep(chance.uniform(0, 0.3))
        await _cut(url)
    await asyncio.gather(*telling)
    await until(lambda: _all_well(office))
    async with office.hurried():
        await office.settle()
    assert await office.rows(RECORDED) == [(sentence,) for sentence in sorted(said)]
    assert [len(office.wecom.cards_of(rep)) for rep in REPS] == [rounds] * len(REPS)
    assert len(office.dingtalk.cards_of(REP_ON_DINGTALK)) == rounds
    assert await office.rows("SELECT error FROM outbox WHERE state <> 'sent'") == []


async def test_connections_cut_while_messages_flow_cost_nothing(office: Office, company_url: str) -> None:
    await _told_while_cutting(office, company_url, rounds=4, seed=2)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=soak) for seed in range(3)])
async def test_cut_again_and_again(office: Office, company_url: str, seed: int) -> None:
    await _told_while_cutting(office, company_url, rounds=15, seed=seed)
