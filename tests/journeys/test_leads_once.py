"""Two bots, one of which dies again and again: each lead is one case, one turn at a time, one card, in order."""

from __future__ import annotations

import asyncio
import json
import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import Person, SandboxConfig
from bot.sandbox.faults import Fault
from store.database import connect
from store.lead_decisions import replays
from tests.support.callbacks import Postman
from tests.support.company import all_done, looked_up
from tests.support.processes import BotProcess, bot_environment, bot_process, free_port
from tests.support.soak import soak
from tests.support.waiting import until

REGION, KEY = "舟山大区", "key-of-whoever-posts-leads"
REPS = {f"YG70{number}": f"zs{number}" for number in range(1, 5)}
BOSS = "zsboss"
OFFERS = ("新线索", "同事转来线索", "指派给你的线索")
NUMBER = re.compile(r"WEB-\d{4}")
OVER_LIMIT = 45009  # protocols/wecom.md: the API is called too often
_HIRE = """
INSERT INTO employees (employee_no, name, role, region, wecom_user, status) VALUES (%s, %s, %s, %s, %s, '在职')
"""
_RULES = """
INSERT INTO lead_rule_changes (version, base_version, words, rules, proposed_at, applied_at)
SELECT version + 1, version, '', rules || %s || jsonb_build_object('version', version + 1), now(), now()
FROM lead_rule_changes WHERE version IS NOT NULL ORDER BY version DESC LIMIT 1
"""


class Island:
    """A region of its own, four reps on WeCom, beside it two bots of which either may be dead."""

    def __init__(self, url: str, sandbox: Sandbox, http: httpx.AsyncClient, bots: list[BotProcess]) -> None:
        self.url, self.sandbox, self.http, self.bots = url, sandbox, http, bots
        self.posts = [Postman(replace(sandbox.config, bot_url=bot.url), http) for bot in bots]
        self.answers: dict[str, list[str]] = defaultdict(list)  #: what the API said of each lead
        self.offers: list[tuple[str, str]] = []  #: (phone, lead) of each card that offers one, as the phones got them
        show = sandbox.world.show

        def noted(**parts: Any) -> Any:
            face = (parts.get("card") or {}).get("face", {})
            if parts.get("sender") == "bot" and face.get("main_title", {}).get("title", "").startswith(OFFERS):
                self.offers.append((parts["user"].casefold(), NUMBER.findall(json.dumps(face))[0]))
            return show(**parts)

        sandbox.world.show = noted  # type: ignore[method-assign]

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        return await looked_up(self.url, query)

    # -- what other programs and people do ----------------------------------------------------------------------------
    async def post(self, bot: int, numbers: Iterable[int]) -> None:
        """Posted until it is answered, as api.md asks callers to."""
        records = [_enquiry(number) for number in numbers]
        for _ in range(60):
            try:
                answer = await self.http.post(
                    f"{self.bots[bot].url}/api/v1/leads", json=records, headers={"Authorization": f"Bearer {KEY}"}
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                for result in answer.json()["results"]:
                    self.answers[result["external_id"]].append(result["status"])
                return
            await asyncio.sleep(0.5)
        raise TimeoutError("no bot took the leads")

    async def everywhere(self, plain: str) -> None:
        """The callback reaches every bot that lives, and comes again while none does, more patiently than WeCom."""
        for pause in (0, 1, 2, 4, 8, 8, 8, 8):
            await asyncio.sleep(pause)
            answers = await asyncio.gather(*(post.post(plain) for post in self.posts), return_exceptions=True)
            if 200 in answers:
                return
        raise TimeoutError(f"no bot took it: {answers}")

    async def says(self, user: str, words: str) -> None:
        await self.everywhere(self.posts[0].text(user, words))

    async def taps(self, user: str, card: dict[str, Any], button: str, *, times: int = 1) -> None:
        code = self.sandbox.wecom.book.new_code
        plains = [self.posts[0].tap(user, card, button, code=code(card["task_id"])) for _ in range(times)]
        await asyncio.gather(*map(self.everywhere, plains))

    def card(self, user: str, words: str, button: str) -> dict[str, Any] | None:
        """The newest one with these words (a lead's number, a title) and that button, still alive."""
        for card in reversed(self.sandbox.wecom.cards_of(user)):
            texts = [each.get("text") for each in card["face"].get("button_list", ())]
            if words in str(card) and button in texts and not card["disabled"]:
                return card
        return None

    # -- what must be true whatever happened --------------------------------------------------------------------------
    async def in_order_and_once(self) -> None:
        """One case each, one card for each turn, on the right phone and in the order in which leads were given out."""
        turns = await self.rows("SELECT employee_no, lead_no FROM lead_turns WHERE how = '评分' ORDER BY serial")
        given = [(REPS[str(rep)], str(number)) for rep, number in turns]
        assert Counter(self.offers) == Counter(given)
        for user in REPS.values():
            mine = [number for phone, number in self.offers if phone == user]
            assert mine == [number for phone, number in given if phone == user], user
        assert (
            await self.rows("SELECT lead_no FROM lead_turns WHERE ended_at IS NULL GROUP BY 1 HAVING count(*) > 1")
            == []
        )
        assert await self.rows("SELECT lead_no FROM lead_turns GROUP BY 1 HAVING count(*) <> max(turn_no)") == []
        assert {str(row[0]) for row in await self.rows("SELECT lead_no FROM lead_cases")} == set(self.answers)
        twice = [number for number, said in self.answers.items() if said.count("accepted") > 1]
        assert twice == []

    async def replayed(self) -> None:
        """What is kept of each decision gives the same winner again."""
        database = connect(self.url)
        try:
            async with database.engine.connect() as connection:
                for number, turn in await self.rows("SELECT lead_no, turn_no FROM lead_decisions"):
                    assert await replays(connection, str(number), int(turn)), number
        finally:
            await database.close()

    async def hurry(self) -> None:
        """Nobody waits for a pace or a back-off, until cancelled: the story is about order, not about limits."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            while True:
                await connection.execute("UPDATE limits SET paused_until = 0, next_at = 0")
                await asyncio.sleep(0.1)

    async def never_too_many(self, capacity: int) -> None:
        """Watches until cancelled."""
        query = f"SELECT holder_no FROM lead_cases WHERE holder_no <> '' GROUP BY 1 HAVING count(*) > {capacity}"
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            while True:
                assert await (await connection.execute(query.encode())).fetchall() == []
                await asyncio.sleep(0.02)


def _enquiry(number: int) -> dict[str, str]:
    return {
        "external_id": f"WEB-{number:04d}",
        "company": f"舟山{chr(0x4E00 + number * 7)}{chr(0x5E00 + number * 3)}商行",
        "mobile": f"1990077{number:04d}",
        "region": "舟山",
        "intent": ("high", "medium", "low")[number % 3],
    }


@asynccontextmanager
async def island(
    url: str,
    config: SandboxConfig,
    log: Path,
    *,
    commands: tuple[tuple[str, ...], ...] = (("serve",), ("serve",)),
    **rules: int,
) -> AsyncIterator[Island]:
    people = [
        Person(employee_no=no, name=f"舟{no}", role="销售", region=REGION, wecom=user) for no, user in REPS.items()
    ]
    people.append(Person(employee_no="YG700", name="舟总", role="总监", region="全国", wecom=BOSS))
    with psycopg.connect(url, autocommit=True) as connection:
        for person in people:
            connection.execute(_HIRE, (person.employee_no, person.name, person.role, person.region, person.wecom))
        connection.execute(_RULES, (json.dumps(rules),))
    config = replace(config, people=(*config.people, *people), wecom_per_minute=10_000)
    keys = json.dumps([{"name": "官网", "key": KEY, "scopes": ["intake", "read"]}])
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running_sandbox(config))
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=15))
        bots = []
        for command in commands:
            port = free_port()
            environment = bot_environment(config, sandbox.url, url, port) | {"SALESBOT__SERVER__API_KEYS": keys}
            bots.append(await stack.enter_async_context(bot_process(environment, log / f"{port}.log", *command)))
        await asyncio.gather(*(bot.start() for bot in bots))
        isle = Island(url, sandbox, http, bots)
        hurrying = asyncio.create_task(isle.hurry())
        try:
            yield isle
        finally:
            hurrying.cancel()
            await asyncio.gather(hurrying, return_exceptions=True)


# -- nobody dies ------------------------------------------------------------------------------------------------------
async def test_posted_to_both_bots_at_once_each_lead_is_on_one_phone(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path
) -> None:
    async with island(company_url, sandbox_config, tmp_path) as isle:
        posts = [isle.post(bot, [number]) for bot in (0, 1) for number in range(24) if number % 2 == bot or number < 12]
        await asyncio.gather(*posts)
        await until(lambda: len(isle.offers) >= 24, seconds=5)
        await until(lambda: all_done(company_url))
        await isle.in_order_and_once()
        await isle.replayed()
        said = Counter(tuple(sorted(answers)) for answers in isle.answers.values())
        assert said == {("accepted", "duplicate"): 12, ("accepted",): 12}


async def test_the_next_waits_with_a_reason_and_goes_out_as_soon_as_a_place_is_free(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path
) -> None:
    commands = (("serve", "--no-worker"), ("worker",))
    async with island(company_url, sandbox_config, tmp_path, commands=commands, capacity=2) as isle:
        for numbers in (range(8), [8], [9]):
            await isle.post(0, numbers)
            await until(lambda: all_done(company_url))
        await until(lambda: len(isle.offers) == 8)
        await until(lambda: isle.rows("SELECT FROM lead_cases WHERE lead_no = 'WEB-0009' AND waits_for <> 0"))
        address, key = f"{isle.bots[0].url}/api/v1/leads?state=待分配", {"Authorization": f"Bearer {KEY}"}
        waiting = (await isle.http.get(address, headers=key)).json()["items"]
        assert {(each["lead_no"], each["waits_for"]) for each in waiting} == {
            (number, "能接的人手上都满了") for number in ("WEB-0008", "WEB-0009")
        }
        for said, free in ((f"关闭 {isle.offers[0][1]} 空号", 0), (f"退回 {isle.offers[1][1]} 不熟", 1)):
            before = len(isle.offers)
            await isle.says(isle.offers[free][0], said)
            assert await until(lambda before=before: len(isle.offers) > before, seconds=5) < 1.5
        await until(lambda: all_done(company_url))
        assert [number for _, number in isle.offers[8:]] == ["WEB-0008", "WEB-0009"]
        await isle.in_order_and_once()


async def test_weights_confirmed_at_one_bot_count_at_the_other(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path
) -> None:
    async with island(company_url, sandbox_config, tmp_path) as isle:
        await asyncio.gather(isle.post(0, range(4)), isle.post(1, range(4, 8)))
        await until(lambda: len(isle.offers) == 8)
        [(version,)] = await isle.rows("SELECT max(version) FROM lead_rule_changes")
        await isle.posts[0].post(isle.posts[0].text(BOSS, "权重 行业 0.3"))
        await until(lambda: isle.card(BOSS, "线索规则变更", "确认权重"))  # what it changes may come beside the card
        card = isle.card(BOSS, "线索规则变更", "确认权重")
        assert card is not None
        code = isle.sandbox.wecom.book.new_code(card["task_id"])
        await isle.posts[0].post(isle.posts[0].tap(BOSS, card, "确认权重", code=code))
        await until(lambda: isle.rows(f"SELECT FROM lead_rule_changes WHERE version = {int(version) + 1}"))
        await asyncio.sleep(1)
        isle.bots[0].kill()
        await isle.post(1, range(8, 12))
        await until(lambda: len(isle.offers) == 12)
        used = await isle.rows("SELECT DISTINCT policy_version FROM lead_turns WHERE lead_no >= 'WEB-0008'")
        assert used == [(int(version) + 1,)]
        await until(lambda: all_done(company_url), seconds=60)
        await isle.in_order_and_once()
        await isle.replayed()


# -- one dies again and again -----------------------------------------------------------------------------------------
CAPACITY = 3


class Crew:
    """Reps who answer what is on their phones as the mood takes them, until no lead is open or waits."""

    def __init__(self, isle: Island, seed: int) -> None:
        self.isle, self.chance = isle, random.Random(seed)

    async def work(self, user: str, employee_no: str, leads: int) -> None:
        while not await self.finished(leads):
            rows = await self.isle.rows(
                f"SELECT lead_no, state FROM lead_cases WHERE holder_no = '{employee_no}' ORDER BY lead_no"
            )
            for number, state in rows:
                await self.answer(user, str(number), str(state))
            await asyncio.sleep(0.1)

    async def answer(self, user: str, number: str, state: str) -> None:
        mood = self.chance.random()
        if (card := self.isle.card(user, number, "接受")) and state == "待响应":
            if mood < 0.5:
                await self.isle.taps(user, card, "接受", times=self.chance.randint(1, 3))
            elif mood < 0.75:
                await self.isle.says(user, f"退回 {number} 不合适")
        elif state == "跟进中" and mood < 0.7:
            await self.isle.says(user, f"关闭 {number} 空号")

    async def finished(self, leads: int) -> bool:
        query = "SELECT count(*) FROM lead_cases WHERE state IN ('公海', '已关闭')"
        return await self.isle.rows(query) == [(leads,)]

    async def time_passes(self, environment: dict[str, str]) -> None:
        """Until cancelled: some are late with their answer, and two processes look at the clock at once."""
        while True:
            await asyncio.sleep(self.chance.uniform(0.5, 1.5))
            async with await psycopg.AsyncConnection.connect(self.isle.url, autocommit=True) as connection:
                await connection.execute(
                    "UPDATE lead_turns SET due_at = now() - interval '1 minute', remind_at = due_at WHERE (lead_no, "
                    "turn_no) IN (SELECT lead_no, turn_no FROM lead_turns WHERE ended_at IS NULL AND responded_at IS "
                    "NULL ORDER BY serial LIMIT 2)"
                )
            await asyncio.gather(*(self._clock(environment) for _ in range(2)))

    async def _clock(self, environment: dict[str, str]) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "lead_sla", env=environment, stdout=subprocess.DEVNULL
        )
        try:
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def killing(self, deaths: int) -> None:
        """One dies, or both; the next dies when they work again, however slow the machine is to start them."""
        for _ in range(deaths):
            victims = self.chance.sample(self.isle.bots, self.chance.choice((1, 1, 2)))
            await asyncio.sleep(self.chance.uniform(0, 3))
            for victim in victims:
                victim.kill()
            try:
                await asyncio.sleep(self.chance.uniform(0, 3))
            finally:
                await asyncio.gather(*(victim.start(wait=False) for victim in victims))
            await asyncio.gather(*(victim.ready() for victim in victims))

    async def throttling(self) -> None:
        """WeCom refuses every message for five seconds, once."""
        await asyncio.sleep(self.chance.uniform(1, 4))
        self.isle.sandbox.wecom.faults.fail_next(100_000, Fault(code=OVER_LIMIT), "message/send")
        await asyncio.sleep(5)
        self.isle.sandbox.wecom.faults.clear()


@pytest.mark.parametrize(
    ("seed", "leads", "deaths"),
    [
        pytest.param(1, 16, 1, id="once"),
        *(pytest.param(seed, 40, 6, id=f"{seed}", marks=soak) for seed in range(2, 5)),
    ],
)
@pytest.mark.timeout(300)
async def test_nothing_is_lost_or_doubled_while_bots_die(
    company_url: str, sandbox_config: SandboxConfig, tmp_path: Path, seed: int, leads: int, deaths: int
) -> None:
    async with island(company_url, sandbox_config, tmp_path, capacity=CAPACITY, pool_after=3) as isle:
        crew = Crew(isle, seed)
        environment = bot_environment(isle.sandbox.config, isle.sandbox.url, company_url, free_port())
        around = [asyncio.create_task(isle.never_too_many(CAPACITY))]
        if deaths > 1:
            around += [
                asyncio.create_task(each)
                for each in (crew.killing(deaths), crew.throttling(), crew.time_passes(environment))
            ]
        posting = asyncio.gather(
            *(isle.post(bot, [number]) for number in range(leads) for bot in (0, 1) if number % 3 in (bot, 2))
        )
        if deaths == 1:
            await asyncio.sleep(crew.chance.uniform(0, 0.3))
            isle.bots[0].kill()
            await isle.bots[0].start(wait=False)
        await asyncio.gather(posting, *(crew.work(user, number, leads) for number, user in REPS.items()))
        for task in around:
            assert not task.done() or task.exception() is None, task
            task.cancel()
        await asyncio.gather(*around, return_exceptions=True)
        await until(lambda: all_done(company_url), seconds=90)
        endings = {str(row[0]) for row in await isle.rows("SELECT DISTINCT ending FROM lead_turns")}
        assert endings == {"关闭", "退回"} | ({"超时"} if deaths > 1 else set())
        await isle.in_order_and_once()
        await isle.replayed()
