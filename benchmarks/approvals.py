"""From an approver's tap to everybody's updated cards, on both platforms, against a bot that does next to nothing.

    python -m benchmarks.approvals [--taps 100] [--rounds 5]

The bot is `salesbot serve` on a database of its own; the sandbox in this process plays both platforms over a port. A
tap is over for the others when every copy of the approver's card shows the decision (the next approver's has come), and
for the rep when the WeCom progress card shows it.

Baseline: a Stream bot of 40 lines that acknowledges the tap and gives that one card its new face with one HTTP call. It
knows no people, keeps nothing and tells nobody else. Its taps alternate with ours, on a sandbox of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import psycopg
from websockets.asyncio.client import connect as dial

from benchmarks.message import clear_limits
from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import Person, SandboxConfig, read_people
from store import embedded
from store.database import connect, upgrade
from store.loading import load_folder
from tests.support.processes import bot_environment, bot_process, free_port

COMPANY = Path(str(files("bot.sandbox") / "sample_company"))
AT_ONCE = 20
PATIENCE = 30.0  # seconds; then something is broken and nothing is measured any more
# A second manager of 杭州大区 who only has WeCom, so that copies of one card hang on both platforms.
SECOND = Person(employee_no="YG900", name="洪波", role="区域经理", region="杭州大区", wecom="hongbo")
SMALL, LARGE = 300_000, 600_000  # yuan; from 500,000 the director follows


# -- the baseline -----------------------------------------------------------------------------------------------------
async def echo(config: SandboxConfig, url: str) -> None:
    """Hang cards, then acknowledge taps and update the tapped card, until it is ended."""
    keys = {"clientId": config.ding_client_id, "clientSecret": config.ding_client_secret}
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        token = (await http.post("/v1.0/oauth2/accessToken", json=_renamed(keys))).json()["accessToken"]
        http.headers["x-acs-dingtalk-access-token"] = token
        wanted = {**keys, "subscriptions": [{"type": "CALLBACK", "topic": "/v1.0/card/instances/callback"}]}
        accept = {"accept": "application/json"}
        opened = (await http.post("/v1.0/gateway/connections/open", json=wanted, headers=accept)).json()
        running: set[asyncio.Task[None]] = set()
        async with dial(f"{opened['endpoint']}?ticket={opened['ticket']}", proxy=None) as socket:
            async for text in socket:
                frame = json.loads(text)
                head = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
                await socket.send(json.dumps({"code": 200, "headers": head, "message": "OK", "data": "{}"}))
                if frame["type"] == "CALLBACK":
                    task = asyncio.create_task(_new_face(http, json.loads(frame["data"])["outTrackId"]))
                    running.add(task)
                    task.add_done_callback(running.discard)


async def _new_face(http: httpx.AsyncClient, track: str) -> None:
    body = {"outTrackId": track, "cardData": {"cardParamMap": _face("陈磊 同意", "[]")}}
    (await http.put("/v1.0/card/instances", json=body)).raise_for_status()


def _renamed(keys: dict[str, str]) -> dict[str, str]:
    return {"appKey": keys["clientId"], "appSecret": keys["clientSecret"]}


def _face(status: str, buttons: str) -> dict[str, str]:
    return {"title": "合同待审批：鑫旺中山路 30 万", "body": "**金额**：300,000 元", "status": status, "btns": buttons}


async def hang_echo_cards(sandbox: Sandbox, user: str, tracks: Sequence[str]) -> None:
    """Cards of the baseline, made by us: only the way from the tap counts."""
    config = sandbox.config
    event = {"type": "sendCardRequest", "params": {"actionId": "agree", "params": {"id": "A-7"}}}
    agree = json.dumps([{"text": "同意", "color": "blue", "status": "normal", "event": event}])
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as http:
        keys = {"appKey": config.ding_client_id, "appSecret": config.ding_client_secret}
        token = (await http.post("/v1.0/oauth2/accessToken", json=keys)).json()["accessToken"]
        for track in tracks:
            body = {
                "cardTemplateId": config.card_template_id,
                "outTrackId": track,
                "userIdType": 1,
                "callbackType": "STREAM",
                "cardData": {"cardParamMap": _face("", agree)},
                "openSpaceId": f"dtv1.card//IM_ROBOT.{user}",
                "imRobotOpenSpaceModel": {"supportForward": False},
                "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": config.ding_client_id},
            }
            headers = {"x-acs-dingtalk-access-token": token}
            answer = await http.post("/v1.0/card/instances/createAndDeliver", json=body, headers=headers)
            answer.raise_for_status()


# -- what is seen -----------------------------------------------------------------------------------------------------
Seen = asyncio.Future[tuple[float, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Sight:
    """A card on somebody's phone that shows all of these words; or a message, where WeCom lets no card be changed
    any more (each code works once, and a rep's card has two).
    """

    platform: str
    user: str
    words: tuple[str, ...]


@dataclass(slots=True)
class Phones:
    """Tells when something is to be seen, from the changes that the sandbox's page would be told of."""

    sandbox: Sandbox
    _waiting: dict[Sight, Seen] = field(default_factory=dict)

    async def watch(self) -> None:
        async with self.sandbox.world.listening() as changes:
            while True:
                event, data = await changes.get()
                if event in ("message", "update") and data["from"] == "bot":
                    self._look(data, time.perf_counter())

    def _look(self, data: dict[str, Any], now: float) -> None:
        shown, words = data.get("card") or {"text": data.get("text", "")}, ""
        for sight in list(self._waiting):
            if sight.platform != data["platform"] or sight.user.casefold() != data["user"].casefold():
                continue
            words = words or str(shown)
            if all(word in words for word in sight.words):
                self._waiting.pop(sight).set_result((now, shown))

    def expect(self, sight: Sight) -> Seen:
        """Resolves to (perf_counter, the card) once it shows; expected before what brings it about."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[sight] = future
        return future


@asynccontextmanager
async def phones_of(sandbox: Sandbox) -> AsyncIterator[Phones]:
    phones = Phones(sandbox)
    watching = asyncio.create_task(phones.watch())
    try:
        yield phones
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def all_of(sights: Sequence[Seen]) -> list[tuple[float, dict[str, Any]]]:
    return await asyncio.wait_for(asyncio.gather(*sights), PATIENCE)


# -- contracts --------------------------------------------------------------------------------------------------------
NINGBO, HANGZHOU = "宁波大区", "杭州大区"
MANAGERS = {  # on DingTalk
    NINGBO: "0729016613",
    "苏州大区": "dd_hongyaqin",
    "南京大区": "0936224111",
    "合肥大区": "dd_caiguilan",
    HANGZHOU: "dd_chenlei",
}
DIRECTOR = "0619301103"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A contract that waits; `amount` tells its cards from all others."""

    amount: str
    rep: str  #: WeCom
    approver: str  #: DingTalk
    track: str  #: the approver's card


@dataclass(slots=True)
class Waits:
    """Milliseconds from each tap."""

    copies: list[float] = field(default_factory=list)
    rep: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Company:
    """The sample company's reps on WeCom, each with a customer of their own, by region."""

    phones: Phones
    pairs: Mapping[str, Iterator[tuple[str, str]]]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def submitted(self, region: str, least: int) -> Asked:
        """A rep of the region submits; returns once everybody who is asked has the card."""
        (rep, customer), approver, wecom = next(self.pairs[region]), MANAGERS[region], self.phones.sandbox.wecom
        yuan = least + next(self._numbers)
        amount = f"{yuan:,} 元"
        draft = self.phones.expect(Sight("wecom", rep, ("合同草稿", amount)))
        await wecom.says(rep, f"合同 {customer} {yuan}元 9.8折 一年")
        ((_, card),) = await all_of([draft])
        shown = [
            self.phones.expect(Sight("dingtalk", approver, ("合同待审批", amount))),
            self.phones.expect(Sight("wecom", rep, ("审批中", "上级审批", amount))),
        ]
        if region == HANGZHOU:
            shown.append(self.phones.expect(Sight("wecom", SECOND.wecom, ("合同待审批", amount))))
        await wecom.taps(rep, "提交", card=card["task_id"])
        asked = await all_of(shown)
        return Asked(amount=amount, rep=rep, approver=approver, track=asked[0][1]["out_track_id"])

    async def tapped(
        self, asked: Asked, waits: Waits, copies: Sequence[Sight], progress: str, *, by: str = "", track: str = ""
    ) -> list[dict[str, Any]]:
        """One tap of the approver (`by` and `track`: of somebody else), timed; returns the cards that it changed."""
        sights = [*copies, Sight("wecom", asked.rep, (progress, asked.amount))]
        seen = [self.phones.expect(sight) for sight in sights]
        started = time.perf_counter()
        await self.phones.sandbox.dingtalk.taps(by or asked.approver, "同意", card=track or asked.track, wait=False)
        found = await all_of(seen)
        waits.copies.append((max(at for at, _ in found[:-1]) - started) * 1e3)
        waits.rep.append((found[-1][0] - started) * 1e3)
        return [card for _, card in found]

    async def one_manager(self, waits: Waits, region: str = NINGBO, asked: Asked | None = None) -> None:
        asked = asked or await self.submitted(region, SMALL)
        copies = [Sight("dingtalk", asked.approver, ("合同号 HT", asked.amount))]
        if region == HANGZHOU:
            copies.append(Sight("wecom", SECOND.wecom, ("合同号 HT", asked.amount)))
        await self.tapped(asked, waits, copies, "合同审批：已通过")

    async def chain(self, first: Waits, second: Waits) -> None:
        """One of two managers, one on each platform, then the director."""
        asked = await self.submitted(HANGZHOU, LARGE)
        managers = [("dingtalk", asked.approver), ("wecom", SECOND.wecom)]
        changed = await self.tapped(
            asked,
            first,
            [
                *(Sight(*phone, ("陈磊", "同意", asked.amount)) for phone in managers),
                Sight("dingtalk", DIRECTOR, ("现在是总监审批", asked.amount)),
            ],
            "● 总监审批",
        )
        copies = [Sight(*phone, ("合同号 HT", asked.amount)) for phone in (*managers, ("dingtalk", DIRECTOR))]
        track = changed[2]["out_track_id"]
        await self.tapped(asked, second, copies, "合同审批：已通过", by=DIRECTOR, track=track)

    async def at_once(self, waits: Waits) -> None:
        """Twenty contracts of five regions, decided in the same moment."""
        regions = list(itertools.islice(itertools.cycle(MANAGERS), AT_ONCE))
        asked = [(region, await self.submitted(region, SMALL)) for region in regions]
        await asyncio.gather(*(self.one_manager(waits, region, one) for region, one in asked))


def reps_and_customers(people: Sequence[Person]) -> dict[str, Iterator[tuple[str, str]]]:
    """(rep on WeCom, name of a customer of theirs) by region, over and over."""
    reps = {person.employee_no: person for person in people if person.role == "销售" and person.wecom}
    with (COMPANY / "客户.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    pairs: dict[str, dict[str, str]] = {}
    for row in rows:
        if (rep := reps.get(row["负责人工号"])) and rep.region == row["区域"]:
            pairs.setdefault(rep.region, {}).setdefault(rep.wecom, row["客户编号"])
    return {region: itertools.cycle(own.items()) for region, own in pairs.items()}


# -- the measurement --------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Baseline:
    """The echo's cards, tapped as ours are."""

    phones: Phones
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def taps(self, count: int, waits: list[float]) -> None:
        """That many cards tapped in the same moment."""
        user = MANAGERS[HANGZHOU]
        tracks = [f"echo-{next(self._numbers)}" for _ in range(count)]
        await hang_echo_cards(self.phones.sandbox, user, tracks)
        await asyncio.gather(*(self._one(user, track, waits) for track in tracks))

    async def _one(self, user: str, track: str, waits: list[float]) -> None:
        seen = self.phones.expect(Sight("dingtalk", user, (f"'{track}'", "陈磊 同意")))
        started = time.perf_counter()
        await self.phones.sandbox.dingtalk.taps(user, "同意", card=track, wait=False)
        ((at, _),) = await all_of([seen])
        waits.append((at - started) * 1e3)


async def measure(taps: int, rounds: int) -> None:
    people = (*read_people(COMPANY / "员工.csv"), SECOND)
    with tempfile.TemporaryDirectory(prefix="salesbot-bench-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "postgres"
        database = connect(await asyncio.to_thread(embedded.start, data), leave=lambda: embedded.leave(data))
        try:
            await upgrade(database)
            await load_folder(database, COMPANY)
            await add_second_manager(database.dsn)
            port = free_port()
            config = SandboxConfig(
                people=people, bot_url=f"http://127.0.0.1:{port}", wecom_per_minute=10**6, wecom_per_hour=10**6,
                qps_limit=0,
            )  # fmt: skip
            async with running_sandbox(config) as ours, running_sandbox(config) as theirs:
                environment = bot_environment(config, ours.url, database.dsn, port)
                async with (
                    bot_process(environment, Path(folder) / "bot.log") as bot,
                    echo_process(theirs),
                    phones_of(ours) as phones,
                    phones_of(theirs) as echo_phones,
                ):
                    await bot.start()
                    await ours.dingtalk.connected()
                    company = Company(phones, reps_and_customers(people))
                    await compare(company, Baseline(echo_phones), database.dsn, taps, rounds)
        finally:
            await database.close()


async def compare(company: Company, baseline: Baseline, url: str, taps: int, rounds: int) -> None:
    one, first, second, many = Waits(), Waits(), Waits(), Waits()
    echo_one: list[float] = []
    echo_many: list[float] = []
    for turn in range(-2, taps):
        if turn == 0:  # the first two warm up
            for waits in (one, first, second):
                waits.copies.clear(), waits.rep.clear()
            echo_one.clear()
        await clear_limits(url)
        await baseline.taps(1, echo_one)
        await company.one_manager(one)
        if turn % 2 == 0:
            await company.chain(first, second)
    for _ in range(rounds):
        await clear_limits(url)
        await baseline.taps(AT_ONCE, echo_many)
        await company.at_once(many)
    print(f"baseline, one tap: {figures(echo_one)}; {AT_ONCE} at once: {figures(echo_many)}")
    report("one manager", one, echo_one)
    report("one of two managers, the director's card comes", first, echo_one)
    report("the director, three copies", second, echo_one)
    report(f"{AT_ONCE} at once, five regions", many, echo_many)


def report(name: str, waits: Waits, echoes: list[float]) -> None:
    for whose, values in (("every copy", waits.copies), ("the rep's progress", waits.rep)):
        ratio = statistics.median(values) / statistics.median(echoes)
        print(f"{name}: {whose} {figures(values)}, {ratio:.1f} x the baseline", flush=True)


def figures(values: list[float]) -> str:
    ordered = sorted(values)
    late = ordered[max(0, -(-len(ordered) * 99 // 100) - 1)]
    return f"p50 {statistics.median(ordered):.0f} ms, p99 {late:.0f} ms ({len(ordered)} taps)"


async def add_second_manager(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(
            "INSERT INTO employees (employee_no, name, role, region, wecom_user, superior_no, status)"
            " VALUES (%s, %s, %s, %s, %s, 'YG001', '在职')",
            (SECOND.employee_no, SECOND.name, SECOND.role, SECOND.region, SECOND.wecom),
        )


@asynccontextmanager
async def echo_process(sandbox: Sandbox) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.approvals", "--echo", sandbox.url, stdin=subprocess.DEVNULL
    )
    try:
        await asyncio.wait_for(sandbox.dingtalk.connected(), PATIENCE)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--taps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--echo", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.echo:
        asyncio.run(echo(SandboxConfig(), given.echo))
    else:
        asyncio.run(measure(given.taps, given.rounds))


if __name__ == "__main__":
    main()
