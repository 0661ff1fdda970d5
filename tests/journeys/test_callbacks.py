"""Whatever the platforms deliver, and however often: every thing said is taken once, and a thing said twice is two."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.sandbox.config import SandboxConfig
from bot.sandbox.faults import CannotTap
from tests.support.callbacks import Postman
from tests.support.office import Office, open_office
from tests.support.soak import soak

REP, COLLEAGUE = "yulijuan", "xujie"  # both in WeCom, 杭州大区
REP_ON_DINGTALK, MANAGER = "0190063824", "dd_chenlei"
SAID = "绿源超市滨江店曹姐定了两万五，明天送货我跟车"
RECORDED = "SELECT raw_text FROM visits WHERE state <> '已载入' ORDER BY raw_text"
SHOPS = {
    REP: ["绿源超市(滨江店)", "云光生鲜超市", "恒友生鲜超市", "家淘生活超市"],
    COLLEAGUE: ["诚汇生活超市", "杭州盈隆超市", "万友24H便利店", "福安服务区便利店"],
}


async def test_copies_in_any_order_change_nothing(office: Office) -> None:
    postman = Postman(office.sandbox.config, office.sandbox.bot, seed=3)
    sentences = {f"上门{shop}，谈了陈列": rep for rep, shops in SHOPS.items() for shop in shops}
    plains = [postman.text(rep, sentence) for sentence, rep in sentences.items()]
    assert set(await postman.scatter(plains)) == {200}
    await office.settle()
    assert await office.rows(RECORDED) == [(sentence,) for sentence in sorted(sentences)]
    assert [len(office.wecom.cards_of(rep)) for rep in SHOPS] == [4, 4]
    assert set(await postman.scatter(plains)) == {200}  # the platform's own late retries, answered as before
    await office.settle()
    assert [len(office.wecom.cards_of(rep)) for rep in SHOPS] == [4, 4]


async def test_an_old_callback_is_refused_and_a_younger_one_taken_once(office: Office) -> None:
    postman = Postman(office.sandbox.config, office.sandbox.bot)
    limit = office.app.settings.wecom.max_callback_age_seconds
    message = postman.text(REP, SAID, at=time.time() - limit + 60)
    assert await postman.post(message, age_seconds=limit + 60) == 403
    await office.settle()
    assert await office.rows("SELECT count(*) FROM inbox") == [(0,)]
    assert await postman.post(message, age_seconds=limit - 60) == 200
    assert await postman.post(message, age_seconds=limit - 50) == 200
    await office.settle()
    assert await office.rows(RECORDED) == [(SAID,)]


async def test_the_same_words_again_on_purpose_are_heard_again(office: Office) -> None:
    for moment in ("09:00", "09:05"):
        await office.at(f"2026-02-12 {moment}")
        await office.wecom.says(REP, "绿源滨江还欠多少")
        await office.dingtalk.says(MANAGER, "旺淘开发区还欠多少")
        await office.wecom.says(COLLEAGUE, "上门诚汇生活超市，老板不在")  # went there again
        await office.settle()
    assert await office.rows(RECORDED) == [("上门诚汇生活超市，老板不在",)] * 2
    for shown in (office.wecom.shown_to(REP), office.dingtalk.shown_to(MANAGER)):
        assert shown
        assert shown[: len(shown) // 2] == shown[len(shown) // 2 :]


async def test_one_second_holds_several_messages_and_two_taps_of_two_phones(office: Office) -> None:
    postman = Postman(office.sandbox.config, office.sandbox.bot)
    now = time.time()
    shops = SHOPS[REP]
    for shop in shops:  # one after the other, as a phone sends them, all of the same second
        await postman.post(postman.text(REP, f"上门{shop}，谈了陈列", at=now))
    await office.settle()
    assert len(await office.rows(RECORDED)) == len(shops)
    order = [re.search("|".join(map(re.escape, shops)), shown) for shown in office.wecom.shown_to(REP)]
    assert [found[0] for found in order if found] == shops
    await asyncio.gather(office.wecom.taps(REP, "确认"), office.wecom.taps(REP, "确认"))
    await office.settle()
    assert await office.rows("SELECT count(*) FROM audit WHERE what = 'visit.confirmed'") == [(1,)]
    assert await office.rows("SELECT count(*) FROM visits WHERE state = '已确认'") == [(1,)]


async def test_stream_frames_come_again_and_change_nothing(office: Office) -> None:
    await office.dingtalk.says(REP_ON_DINGTALK, SAID, repeat=3)
    assert await office.dingtalk.redeliver()
    await office.settle()
    assert await office.rows(RECORDED) == [(SAID,)]
    assert len(office.dingtalk.cards_of(REP_ON_DINGTALK)) == 1
    await office.dingtalk.taps(REP_ON_DINGTALK, "确认", repeat=3)
    await office.settle()
    assert await office.rows("SELECT count(*) FROM audit WHERE what = 'visit.confirmed'") == [(1,)]
    assert len(office.dingtalk.shown_to(REP_ON_DINGTALK)) == 1  # the card itself, in its last face


# -- a whole morning, with and without copies -----------------------------------------------------------------------
Morning = list[tuple[str, str]]
WORDS = ("还欠多少", "下周三再去", "定了两万", "老板不在，没见到人")
STEPS: tuple[Callable[[random.Random], tuple[str, str]], ...] = (
    lambda chance: ("say", f"上门{chance.choice(SHOPS[REP])}，{chance.choice(WORDS[1:])}"),
    lambda chance: ("say", f"上门{chance.choice(SHOPS[REP])}，{chance.choice(WORDS[1:])}"),
    lambda chance: ("tap", "确认"),
    lambda chance: ("tap", "改金额"),
    lambda chance: ("say", "两万八"),
    lambda chance: ("say", "撤销"),
    lambda chance: ("say", f"{chance.choice(SHOPS[REP])}{WORDS[0]}"),
)


def _morning(seed: int, length: int) -> Morning:
    chance = random.Random(seed)
    return [chance.choice(STEPS)(chance) for _ in range(length)]


async def _lived(office: Office, morning: Morning, copies: random.Random | None) -> object:
    """What is stored and what the phone shows at the end, but for the time of day; visits are numbered in order."""
    for kind, what in morning:
        repeat = copies.randint(1, 3) if copies else 1
        if kind == "say":
            await office.wecom.says(REP, what, repeat=repeat)
        else:
            try:
                await office.wecom.taps(REP, what, repeat=repeat)
            except CannotTap:
                continue
        await office.settle()
    visits = await office.rows(
        """SELECT visit_no, customer_no, contact, amount_fen, intent, next_follow_up, state FROM visits
           WHERE state <> '已载入' ORDER BY visit_no"""
    )
    shown = "\n".join(office.wecom.shown_to(REP))
    for place, (number, *_) in enumerate(visits):
        shown = shown.replace(number, f"#{place}")
    return [visit[1:] for visit in visits], re.sub(r"\d\d:\d\d", "(time)", shown)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=soak if seed else ()) for seed in range(7)])
async def test_a_morning_with_copies_ends_as_one_without(
    two_company_urls: tuple[str, str], sandbox_config: SandboxConfig, seed: int
) -> None:
    morning, lived = _morning(seed, 30 if seed else 10), []
    for url, copies in zip(two_company_urls, (None, random.Random(seed)), strict=True):
        async with _quick_office(url, sandbox_config) as office, office.hurried():
            lived.append(await _lived(office, morning, copies))
    assert lived[0] == lived[1]


@asynccontextmanager
async def _quick_office(url: str, config: SandboxConfig) -> AsyncIterator[Office]:
    async with open_office(url, replace(config, wecom_per_minute=1000)) as office:
        yield office
