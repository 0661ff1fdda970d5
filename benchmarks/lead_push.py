"""From POST to the card on the rep's phone: leads that come in bursts, and while the platform throttles.

    python -m benchmarks.lead_push [--leads 500] [--rounds 3] [--reps 200] [--regionless 0.2]

The bot is `salesbot serve` on a database of its own with an invented company; the sandbox in this process plays WeCom
and notes when it took each card. A second process posts the leads one by one, spread over one second. Time runs from
the moment at which a lead was to be posted, so a slow answer is not forgiven.

Baseline: a FastAPI app that takes the same POST, knows no rules and keeps nothing, gives the lead to the next rep in
turn and sends the same card with httpx before it answers. Its rounds alternate with ours.

What must hold in every round is checked: each lead on one phone, once, and each rep's cards in the order given out.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import uvicorn
from fastapi import FastAPI

from benchmarks._lead_company import company, enquiry
from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.faults import Fault
from store import embedded
from store.database import connect, upgrade
from store.loading import load_folder
from tests.support.processes import bot_environment, bot_process, free_port

KEY = "benchmark-key-of-a-bot-that-is-gone"
#: What WeCom answers (protocols/wecom.md), and why its cards come when they come.
REFUSALS = {
    "45033": (
        Fault(code=45033),
        "too many calls at once; tried again after a second or two, so the cards follow as soon as it has passed",
    ),
    "HTTP 503": (Fault(status=503), "out of order; tried again after 1, 2, 4 … seconds"),
    "45009": (
        Fault(code=45009),
        "called too often, counted by the minute; not tried again before the minute is over, so it is a minute late",
    ),
}
THROTTLED_SECONDS = 5.0
PATIENCE = 90.0  # seconds; then something is broken and nothing is measured any more
CALLERS = 16  # connections that post
FORWARDED = 50  # the baseline's turns count from here


@dataclass(frozen=True, slots=True)
class Burst:
    """What comes in one second."""

    leads: int
    regionless: float  #: share of leads that name no region: every rep of the company is a candidate


# -- who posts --------------------------------------------------------------------------------------------------------
async def post(port: int, turn: int, leads: int, regionless: float, seconds: float) -> None:
    """In a process of its own: lead n is due at n/leads of `seconds`. Prints when each was due and when answered."""
    due = asyncio.Queue[tuple[int, bytes]]()
    times: dict[str, tuple[float, float]] = {}
    enquiries = (enquiry(number, turn, regionless) for number in range(leads))
    bodies = [json.dumps(each, ensure_ascii=False).encode() for each in enquiries]
    begin = time.time() + 0.3

    async def caller() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            number, body = await due.get()
            if number < 0:
                writer.close()
                return
            head = (
                f"POST /api/v1/leads HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {KEY}\r\n"
                f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length"))
            text = await reader.readexactly(int(length.split(b":")[1]))
            if not answer.startswith(b"HTTP/1.1 200") or b"rejected" in text:
                raise RuntimeError(f"{answer.decode()}\n{text.decode()}")
            times[f"XS-{turn:02d}-{number:05d}"] = (begin + number / leads * seconds, time.time())

    callers = [asyncio.create_task(caller()) for _ in range(CALLERS)]
    for number, body in enumerate(bodies):
        await asyncio.sleep(max(0.0, begin + number / leads * seconds - time.time()))
        due.put_nowait((number, body))
    for _ in callers:
        due.put_nowait((-1, b""))
    await asyncio.gather(*callers)
    print(json.dumps(times))


# -- the baseline -----------------------------------------------------------------------------------------------------
def forwarder(config: SandboxConfig, sandbox_url: str) -> FastAPI:
    """Takes a lead, sends its card to the next rep, answers."""
    app = FastAPI()
    users = itertools.cycle([person.wecom for person in config.people if person.role == "销售"])
    http = httpx.AsyncClient(base_url=sandbox_url, trust_env=False, limits=httpx.Limits(max_connections=16))
    token: dict[str, str] = {}

    @app.post("/api/v1/leads")
    async def take(lead: dict[str, Any]) -> dict[str, Any]:
        if not token:
            keys = {"corpid": config.corp_id, "corpsecret": config.wecom_secret}
            token["value"] = (await http.get("/cgi-bin/gettoken", params=keys)).json()["access_token"]
        card = {
            "card_type": "button_interaction",
            "main_title": {"title": f"新线索：{lead['company']}", "desc": lead["external_id"]},
            "horizontal_content_list": [
                {"keyname": "联系人", "value": lead["contact"]},
                {"keyname": "金额", "value": str(lead["amount"])},
            ],
            "task_id": f"f-{lead['external_id']}",
            "button_list": [{"text": "接受", "style": 1, "key": lead["external_id"]}],
        }
        body = {
            "touser": next(users),
            "msgtype": "template_card",
            "agentid": config.agent_id,
            "template_card": card,
        }
        answer = await http.post("/cgi-bin/message/send", params={"access_token": token["value"]}, json=body)
        if answer.json()["errcode"]:
            raise RuntimeError(answer.text)
        return {"results": [{"external_id": lead["external_id"], "status": "accepted"}]}

    return app


# -- what is seen -----------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Sights:
    """When WeCom took each card, by lead; and on which phone, in order. Only cards of leads of these turns."""

    turns: range
    at: dict[str, float] = field(default_factory=dict)
    phones: dict[str, list[str]] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)

    def watch(self, sandbox: Sandbox) -> None:
        show = sandbox.world.show

        def noted(**shown: Any) -> Any:
            if shown.get("sender") == "bot" and shown.get("card"):
                self._note(shown["user"], json.dumps(shown["card"]["face"], ensure_ascii=False))
            return show(**shown)

        sandbox.world.show = noted  # type: ignore[method-assign]

    def _note(self, user: str, face: str) -> None:
        start = face.find("XS-")
        if start < 0:
            return
        number = face[start : start + len("XS-01-00000")]
        if int(number[3:5]) not in self.turns:
            return
        if number in self.at:
            self.twice.append(number)
        self.at.setdefault(number, time.time())
        self.phones.setdefault(user.casefold(), []).append(number)

    async def all(self, numbers: set[str]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not numbers <= self.at.keys():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(numbers - self.at.keys())} leads never came")
            await asyncio.sleep(0.05)


@dataclass(slots=True)
class Round:
    """Seconds from when a lead was due to its answer, and to its card."""

    answers: list[float]
    cards: list[float]

    def line(self) -> str:
        return (
            f"card p50 {statistics.median(self.cards) * 1e3:5.0f} ms, p99 {_p99(self.cards) * 1e3:5.0f} ms, "
            f"worst {max(self.cards) * 1e3:5.0f} ms; answer p99 {_p99(self.answers) * 1e3:4.0f} ms"
        )


def _p99(values: list[float]) -> float:
    return sorted(values)[max(0, round(len(values) * 0.99) - 1)]


async def one_round(port: int, turn: int, burst: Burst, sights: Sights) -> Round:
    wanted = f"{port},{turn},{burst.leads},{burst.regionless}"
    caller = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.lead_push", "--post", wanted, stdout=subprocess.PIPE
    )
    out, _ = await caller.communicate()
    if caller.returncode:
        raise RuntimeError("the caller failed")
    times: dict[str, list[float]] = json.loads(out)
    await sights.all(set(times))
    return Round(
        [answered - due for due, answered in times.values()], [sights.at[no] - due for no, (due, _) in times.items()]
    )


async def in_order(url: str, sights: Sights) -> None:
    """Each rep has their leads once, and in the order in which they were given out."""
    if sights.twice:
        raise AssertionError(f"more than once: {sights.twice[:5]}")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        rows = await (
            await connection.execute(
                "SELECT lower(wecom_user), array_agg(lead_no ORDER BY serial) FROM lead_turns"
                " JOIN employees USING (employee_no) GROUP BY 1"
            )
        ).fetchall()
    for user, numbers in rows:
        if sights.phones.get(user, []) != numbers:
            raise AssertionError(f"{user}: given out {numbers}, shown {sights.phones.get(user)}")


@asynccontextmanager
async def throttled(sandbox: Sandbox, fault: Fault) -> AsyncIterator[None]:
    """WeCom refuses every message for five seconds from a little after the first leads on."""

    async def refuse() -> None:
        await asyncio.sleep(0.8)
        sandbox.wecom.faults.fail_next(100_000, fault, "message/send")
        await asyncio.sleep(THROTTLED_SECONDS)
        sandbox.wecom.faults.clear()

    refusing = asyncio.create_task(refuse())
    try:
        yield
    finally:
        await refusing


async def measure(burst: Burst, rounds: int, reps: int, customers: int) -> None:
    chance = random.Random(5)
    with tempfile.TemporaryDirectory(prefix="salesbot-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "company").mkdir()
        people = company(folder / "company", reps, customers, chance)
        database = connect(
            await asyncio.to_thread(embedded.start, folder / "postgres"),
            leave=lambda: embedded.leave(folder / "postgres"),
        )
        try:
            await upgrade(database)
            await load_folder(database, folder / "company")
            port, other = free_port(), free_port()
            config = SandboxConfig(
                people=tuple(people),
                bot_url=f"http://127.0.0.1:{port}",
                wecom_per_minute=10**6,  # as for the bot, whose counters each round empties
                wecom_per_hour=10**6,
            )
            async with running_sandbox(config) as sandbox:
                environment = bot_environment(config, sandbox.url, database.dsn, port) | {
                    "SALESBOT__SERVER__API_KEYS": json.dumps([{"name": "bench", "key": KEY, "scopes": ["intake"]}]),
                    "SALESBOT__DINGTALK__ENABLED": "false",
                }
                server = uvicorn.Server(
                    uvicorn.Config(forwarder(config, sandbox.url), port=other, log_level="warning", access_log=False)
                )
                serving = asyncio.create_task(server.serve())
                async with bot_process(environment, folder / "bot.log") as bot:
                    await bot.start()
                    await rounds_of(sandbox, database.dsn, bot.pid, (port, other), burst, rounds)
                server.should_exit = True
                await serving
        finally:
            await database.close()


async def rounds_of(sandbox: Sandbox, url: str, pid: int, ports: tuple[int, int], burst: Burst, rounds: int) -> None:
    sights = Sights(range(FORWARDED))
    sights.watch(sandbox)
    process = psutil.Process(pid)
    ours, others = [], []
    for turn in range(rounds + 1):  # the first one warms up
        before = process.cpu_times()
        mine = await one_round(ports[0], turn, burst, sights)
        after = process.cpu_times()
        spent = (after.user + after.system - before.user - before.system) / burst.leads * 1e3
        await in_order(url, sights)
        await free_places(url)
        their = await forwarded(sandbox, ports[1], FORWARDED + turn, burst)
        print(
            f"round {turn}{'' if turn else ' (warms up)'}: {mine.line()}; {spent:.1f} ms of the bot a lead", flush=True
        )
        print(f"  forwarder: {their.line()}", flush=True)
        if turn:
            ours.append(mine)
            others.append(their)
    middle = statistics.median(_p99(each.cards) for each in ours)
    beside = statistics.median(_p99(each.cards) for each in others)
    print(
        f"{burst.leads} leads in one second, POST to card: p50 "
        f"{statistics.median(statistics.median(each.cards) for each in ours) * 1e3:.0f} ms, p99 {middle * 1e3:.0f} ms "
        f"(aim ≤ 2,000 ms); the forwarder's p99 {beside * 1e3:.0f} ms: ratio {middle / beside:.1f}"
    )
    if burst.regionless:
        return  # the platform's limits are another matter
    for turn, (code, (fault, why)) in enumerate(REFUSALS.items(), start=rounds + 1):
        await free_places(url)
        async with throttled(sandbox, fault):
            mine = await one_round(ports[0], turn, burst, sights)
        await in_order(url, sights)
        print(f"the same while WeCom refuses everything for {THROTTLED_SECONDS:.0f} s with {code} ({why}):", flush=True)
        print(f"  {mine.line()}", flush=True)
    print("nothing lost, nothing double, each rep's order kept")


async def forwarded(sandbox: Sandbox, port: int, turn: int, burst: Burst) -> Round:
    sights = Sights(range(turn, turn + 1))
    sights.watch(sandbox)
    return await one_round(port, turn, burst, sights)


async def free_places(url: str) -> None:
    """Between rounds the leads are dealt with, so that every round begins alike; and nobody's minute is full."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(
            "UPDATE lead_turns SET ended_at = given_at, ending = '关闭', responded_at = given_at WHERE ended_at IS NULL"
        )
        await connection.execute("UPDATE lead_cases SET state = '已关闭', holder_no = '' WHERE holder_no <> ''")
        await connection.execute("TRUNCATE limits")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--leads", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reps", type=int, default=200)
    parser.add_argument("--customers", type=int, default=5_000)
    parser.add_argument("--regionless", type=float, default=0.0)
    parser.add_argument("--post", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.post:
        port, turn, leads, regionless = given.post.split(",")
        asyncio.run(post(int(port), int(turn), int(leads), float(regionless), 1.0))
    else:
        asyncio.run(measure(Burst(given.leads, given.regionless), given.rounds, given.reps, given.customers))


if __name__ == "__main__":
    main()
