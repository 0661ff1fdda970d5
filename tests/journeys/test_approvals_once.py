"""Two managers, two platforms, two bots, and one that dies: a contract is decided once and everybody is told once."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import Person, SandboxConfig
from bot.sandbox.faults import CannotTap
from tests.support.callbacks import Postman
from tests.support.company import all_done, looked_up
from tests.support.office import Office, open_office
from tests.support.processes import bot_environment, bot_process, free_port
from tests.support.soak import soak
from tests.support.waiting import until

REP, MANAGER, OTHER, DIRECTOR = "yulijuan", "dd_chenlei", "guming", "0619301103"
SECOND = Person(employee_no="YG090", name="顾明", role="区域经理", region="杭州大区", wecom=OTHER)
_SECOND = """
INSERT INTO employees (employee_no, name, role, region, wecom_user, superior_no, status)
VALUES ('YG090', '顾明', '区域经理', '杭州大区', 'guming', 'YG001', '在职')
"""


@pytest.fixture
def two_managers(company_url: str, sandbox_config: SandboxConfig) -> SandboxConfig:
    """杭州大区 has a second manager, who is on WeCom only."""
    with psycopg.connect(company_url, autocommit=True) as connection:
        connection.execute(_SECOND)
    return replace(sandbox_config, people=(*sandbox_config.people, SECOND), wecom_per_minute=10_000)


@pytest.fixture
async def firm(company_url: str, two_managers: SandboxConfig) -> AsyncIterator[Office]:
    async with open_office(company_url, two_managers) as opened:
        yield opened


def tap_on(postman: Postman, sandbox: Sandbox, user: str, card: dict[str, Any], button: str) -> str:
    """The callback of that tap, to be posted as often and as late as one likes."""
    return postman.tap(user, card, button, code=sandbox.wecom.book.new_code(card["task_id"]))


async def submitted(office: Office, line: str = "合同 绿源滨江 30万 9.2折 一年") -> str:
    await office.wecom.says(REP, line)
    await office.settle()
    await office.wecom.taps(REP, "提交")
    await office.settle()
    return str((await office.rows("SELECT max(approval_no) FROM approvals"))[0][0])


# -- what must be true whatever happened ------------------------------------------------------------------------------
_DECIDED = """
SELECT (SELECT count(*) FROM audit WHERE what = 'approval.decided' AND subject = '{0}'),
       (SELECT count(*) FROM approval_seats WHERE approval_no = '{0}' AND verdict IS NOT NULL),
       (SELECT count(*) FROM contracts AS c JOIN approvals AS a USING (contract_no) WHERE a.approval_no = '{0}'),
       (SELECT state FROM approvals WHERE approval_no = '{0}'),
       (SELECT decided_by FROM approval_seats WHERE approval_no = '{0}' AND verdict IS NOT NULL)
"""


def copies(sandbox: Sandbox, number: str) -> tuple[list[str], int]:
    """(what each manager's card of that contract says came of it, how many live buttons they have together)."""
    said, alive = [], 0
    for card in sandbox.dingtalk.cards_of(MANAGER):
        if number in str(card):
            said.append(str(card["vars"]["status"]))
            alive += sum(button.get("status") != "disabled" for button in card["vars"]["btns"])
    for card in sandbox.wecom.cards_of(OTHER):
        if number in str(card):
            said.append(str(card["face"].get("sub_title_text", "")))
            alive += 0 if card["disabled"] else 1
    return said, alive


async def decided_once(sandbox: Sandbox, number: str, rows: Callable[[str], Awaitable[list[tuple[Any, ...]]]]) -> None:
    """One decision, one contract or none, one word to the rep, and the same on every copy of the card."""
    ((lines, seats, contracts, state, by),) = await rows(_DECIDED.format(number))
    assert (lines, seats) == (1, 1)
    assert state in ("已通过", "已拒绝")
    assert contracts == (state == "已通过")
    told = [shown for shown in sandbox.wecom.shown_to(REP) if f"（{number}）" in shown]
    assert len(told) == 1, told
    assert ("全部通过" if state == "已通过" else "拒绝") in told[0]
    said, alive = copies(sandbox, number)
    assert len(said) == 2
    assert len(set(said)) == 1, said
    assert said[0].startswith({"YG003": "陈磊", "YG090": "顾明"}[by])
    assert alive == 0


# -- in the same instant ----------------------------------------------------------------------------------------------
def _both_agree(office: Office, number: str) -> list[Awaitable[object]]:
    return [office.wecom.taps(OTHER, "同意"), office.dingtalk.taps(MANAGER, "同意")]


def _one_agrees_one_rejects(office: Office, number: str) -> list[Awaitable[object]]:
    return [office.wecom.says(OTHER, f"拒绝 {number} 折扣太低"), office.dingtalk.taps(MANAGER, "同意")]


def _the_other_way_round(office: Office, number: str) -> list[Awaitable[object]]:
    return [office.dingtalk.taps(MANAGER, "拒绝", "账期太长"), office.wecom.taps(OTHER, "同意")]


def _tap_and_word(office: Office, number: str) -> list[Awaitable[object]]:
    return [office.dingtalk.taps(MANAGER, "同意"), office.dingtalk.says(MANAGER, f"同意 {number} 可以")]


def _word_and_word(office: Office, number: str) -> list[Awaitable[object]]:
    return [office.dingtalk.says(MANAGER, f"同意 {number}"), office.wecom.says(OTHER, f"同意 {number}")]


def _many_copies(office: Office, number: str) -> list[Awaitable[object]]:
    postman = Postman(office.sandbox.config, office.sandbox.bot, seed=len(number))
    card = next(card for card in office.wecom.cards_of(OTHER) if number in str(card))
    taps = [tap_on(postman, office.sandbox, OTHER, card, "同意") for _ in range(3)]
    return [postman.scatter(taps, within_seconds=0.3), office.dingtalk.taps(MANAGER, "同意", repeat=5)]


TOGETHER = (_both_agree, _one_agrees_one_rejects, _the_other_way_round, _tap_and_word, _word_and_word, _many_copies)


@pytest.mark.parametrize(
    "rounds", [pytest.param(1, id="once each"), pytest.param(30, id="again and again", marks=soak)]
)
@pytest.mark.timeout(900)
async def test_in_the_same_instant_one_of_them_decides(firm: Office, rounds: int) -> None:
    async with firm.hurried():
        for act in TOGETHER * rounds:
            number = await submitted(firm)
            await asyncio.gather(*act(firm, number))
            await firm.settle()
            await decided_once(firm.sandbox, number, firm.rows)


async def test_taps_that_come_late_change_nothing_and_are_answered_in_words(firm: Office) -> None:
    number = await submitted(firm)
    card = next(card for card in firm.wecom.cards_of(OTHER) if number in str(card))
    await firm.dingtalk.taps(MANAGER, "同意")
    await firm.settle()
    postman = Postman(firm.sandbox.config, firm.sandbox.bot)
    late = tap_on(postman, firm.sandbox, OTHER, card, "拒绝")
    assert set(await postman.scatter([late], most=4)) == {200}
    await firm.settle()
    await decided_once(firm.sandbox, number, firm.rows)
    answers = [shown for shown in firm.wecom.shown_to(OTHER) if shown.startswith("已失效")]
    assert len(answers) == 1
    assert answers[0].startswith(f"已失效：{number} 陈磊")


async def test_frames_of_stream_mode_come_again(firm: Office) -> None:
    number = await submitted(firm)
    await firm.dingtalk.says(MANAGER, f"同意 {number} 可以", repeat=3)
    assert await firm.dingtalk.redeliver()
    await firm.settle()
    await decided_once(firm.sandbox, number, firm.rows)
    assert sum("已同意" in shown for shown in firm.dingtalk.shown_to(MANAGER)) == 1


async def test_an_edit_makes_the_cards_void_on_both_platforms(firm: Office) -> None:
    number = await submitted(firm)
    old = next(card for card in firm.wecom.cards_of(OTHER) if number in str(card))
    await firm.wecom.says(REP, f"修改 {number}")
    await firm.settle()
    assert copies(firm.sandbox, number) == (["已失效：于丽娟正在修改内容"] * 2, 0)
    await firm.wecom.says(REP, "改金额 28万")
    await firm.settle()
    await firm.wecom.taps(REP, "提交")
    await firm.settle()
    postman = Postman(firm.sandbox.config, firm.sandbox.bot)
    await postman.post(tap_on(postman, firm.sandbox, OTHER, old, "同意"))
    await firm.settle()
    assert await firm.rows("SELECT state, attempt, amount_fen FROM approvals") == [("审批中", 2, 28_000_000)]
    assert firm.wecom.shown_to(OTHER)[-1].startswith(f"已失效：{number}")
    await firm.dingtalk.taps(MANAGER, "同意")
    await firm.settle()
    assert await firm.rows("SELECT state, attempt FROM approvals") == [("已通过", 2)]


async def test_urged_withdrawn_and_handed_over_twice_is_once(firm: Office) -> None:
    number = await submitted(firm)
    await firm.wecom.taps(REP, "催办", repeat=3)
    await firm.wecom.says(REP, f"催办 {number}")
    await firm.settle()
    assert len([card for card in firm.wecom.cards_of(OTHER) if number in str(card)]) == 2  # as asked, and as urged
    await asyncio.gather(
        firm.dingtalk.taps(MANAGER, "转交", "孙若曦", repeat=2),
        firm.dingtalk.says(MANAGER, f"转交 {number} 孙若曦"),
    )
    await firm.settle()
    assert len([card for card in firm.dingtalk.cards_of(DIRECTOR) if number in str(card)]) == 1
    assert await firm.rows("SELECT count(*) FROM approval_seats WHERE handed_to <> ''") == [(1,)]
    await asyncio.gather(firm.wecom.taps(REP, "撤回", repeat=2), firm.wecom.says(REP, f"撤回 {number}"))
    await firm.settle()
    assert await firm.rows("SELECT count(*) FROM audit WHERE what = 'approval.withdrawn'") == [(1,)]
    assert await firm.rows("SELECT state FROM approvals") == [("已撤回",)]


# -- two bots, and a bot that dies ------------------------------------------------------------------------------------
class Branch:
    """Bots as processes of their own beside one sandbox; people go on tapping whatever happens to the bots."""

    def __init__(self, sandbox: Sandbox, url: str, posts: list[Postman]) -> None:
        self.sandbox = sandbox
        self.url = url
        self.posts = posts
        self._amounts = itertools.count(20)  #: in 万, each asked once; 30 contracts stay below what a director decides

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        return await looked_up(self.url, query)

    async def everywhere(self, plain: str) -> None:
        """The callback reaches every bot that lives, and comes again while none does, more patiently than WeCom."""
        for pause in (0, 1, 2, 4, 8, 8, 8, 8):
            await asyncio.sleep(pause)
            answers = await asyncio.gather(*(post.post(plain) for post in self.posts), return_exceptions=True)
            if 200 in answers:
                return
        raise TimeoutError(f"no bot took it: {answers}")

    async def submitted(self) -> str:
        await self.everywhere(self.posts[0].text(REP, f"合同 绿源滨江 {next(self._amounts)}万 9.2折 一年"))
        await until(lambda: all_done(self.url), seconds=30)
        await self.everywhere(tap_on(self.posts[0], self.sandbox, REP, self.sandbox.wecom.cards_of(REP)[-1], "提交"))
        await until(lambda: all_done(self.url), seconds=30)
        return str((await self.rows("SELECT max(approval_no) FROM approvals"))[0][0])

    async def both_tap(self, number: str) -> None:
        card = next(card for card in self.sandbox.wecom.cards_of(OTHER) if number in str(card))
        await asyncio.gather(
            self.everywhere(tap_on(self.posts[0], self.sandbox, OTHER, card, "同意")),
            self.sandbox.dingtalk.taps(MANAGER, "同意", repeat=2),
        )


@pytest.mark.parametrize(
    ("seed", "rounds"),
    [pytest.param(1, 2, id="twice"), *(pytest.param(seed, 20, id=f"{seed}", marks=soak) for seed in range(2, 5))],
)
@pytest.mark.timeout(900)
async def test_two_bots_decide_once_also_while_one_is_killed(
    company_url: str, two_managers: SandboxConfig, tmp_path: Path, seed: int, rounds: int
) -> None:
    """Every second time one of them dies between the decision and its notice, and the other finishes."""
    chance, ports = random.Random(seed), (free_port(), free_port())
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running_sandbox(two_managers))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        bots = []
        for port in ports:
            environment = bot_environment(two_managers, sandbox.url, company_url, port)
            bots.append(await stack.enter_async_context(bot_process(environment, tmp_path / f"{port}.log")))
            await bots[-1].start(wait=False)
        posts = [Postman(replace(two_managers, bot_url=f"http://127.0.0.1:{port}"), http) for port in ports]
        branch = Branch(sandbox, company_url, posts)
        for number in range(rounds):
            await sandbox.dingtalk.connected(2)
            contract = await branch.submitted()
            tapping = asyncio.create_task(branch.both_tap(contract))
            if number % 2:
                victim = chance.choice(bots)
                await asyncio.sleep(chance.uniform(0, 0.25))
                victim.kill()
                if number + 1 < rounds:
                    await victim.start(wait=False)
            with suppress(CannotTap):
                await tapping
            await until(lambda: all_done(company_url), seconds=60)
            await decided_once(sandbox, contract, branch.rows)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=soak) for seed in range(3)])
@pytest.mark.timeout(900)
async def test_killed_between_the_decision_and_its_notice_again_and_again(
    company_url: str, two_managers: SandboxConfig, tmp_path: Path, seed: int
) -> None:
    chance, port = random.Random(seed), free_port()
    config = replace(two_managers, bot_url=f"http://127.0.0.1:{port}")
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running_sandbox(config))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        environment = bot_environment(config, sandbox.url, company_url, port)
        bot = await stack.enter_async_context(bot_process(environment, tmp_path / "bot.log"))
        await bot.start()
        branch = Branch(sandbox, company_url, [Postman(config, http)])
        for _ in range(10):
            await sandbox.dingtalk.connected()
            number = await branch.submitted()
            tapping = asyncio.create_task(branch.both_tap(number))
            await asyncio.sleep(chance.uniform(0, 0.25))
            bot.kill()
            await bot.start()
            with suppress(CannotTap):
                await tapping
            await until(lambda: all_done(company_url), seconds=60)
            await decided_once(sandbox, number, branch.rows)
