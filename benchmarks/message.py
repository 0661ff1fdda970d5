"""CPU of a whole message: stored, understood, visit written, card delivered and recorded, against an echo.

    python -m benchmarks.message [--messages 120] [--rounds 5]

The bot (`salesbot serve`) and the baseline (wechatpy + FastAPI, echoing, storing nothing) are processes of their own;
the sandbox in this process plays WeCom for the bot. What counts is each process's CPU per message; PostgreSQL's is
printed beside it.
Also printed: the memory of the idle bot and the time from a sentence to its card on the phone.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path

import httpx
import psutil
import psycopg
import uvicorn

from benchmarks.callback import echo, one_round, postgres_cpu
from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import SandboxConfig, read_people
from store import embedded
from store.database import connect, upgrade
from store.loading import load_folder
from tests.support.processes import bot_environment, bot_process, free_port

ECHOES = 1000  # a round of the baseline: CPU is counted in steps of 10 ms
COMPANY = Path(str(files("bot.sandbox") / "sample_company"))
SHOPS = [
    "绿源超市(滨江店)",
    "云光生鲜超市",
    "恒友生鲜超市",
    "家淘生活超市",
    "诚汇生活超市",
    "杭州盈隆超市",
    "和佳大卖场",
]


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def idle(process: psutil.Process, seconds: float = 5.0) -> float:
    """Milliseconds of CPU a second with nothing to do. Rounds contain it; it is nowhere subtracted."""
    before = cpu(process)
    await asyncio.sleep(seconds)
    return (cpu(process) - before) / seconds * 1e3


async def settled(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while True:
            row = await (
                await connection.execute(
                    "SELECT (SELECT count(*) FROM inbox WHERE state = 'received')"
                    " + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))"
                )
            ).fetchone()
            if row == (0,):
                return
            await asyncio.sleep(0.02)


async def messages_round(sandbox: Sandbox, url: str, reps: list[str], count: int, turn: int) -> None:
    waiting = [
        (
            reps[number % len(reps)],
            f"上门{SHOPS[number % len(SHOPS)]}，定了{turn}{number + 1:04d}元的货，{3 + number % 20}天后再去",
        )
        for number in range(count)
    ]

    async def person() -> None:
        while waiting:
            user, sentence = waiting.pop()
            await sandbox.wecom.says(user, sentence)

    await asyncio.gather(*(person() for _ in range(16)))
    await settled(url)


async def one_by_one(sandbox: Sandbox, reps: list[str]) -> list[float]:
    """Seconds from a sentence to its card on the phone, with nothing else going on."""
    waits = []
    for number in range(20):
        user = reps[number % len(reps)]
        seen = len(sandbox.wecom.cards_of(user))
        started = time.perf_counter()
        await sandbox.wecom.says(user, f"上门{SHOPS[number % len(SHOPS)]}，还要{number + 2}箱水，{number + 2}天后再去")
        while len(sandbox.wecom.cards_of(user)) == seen:  # noqa: ASYNC110 - the sandbox is looked at as a person would
            await asyncio.sleep(0.001)
        waits.append(time.perf_counter() - started)
    return waits


async def measure(count: int, rounds: int) -> None:
    people = read_people(COMPANY / "员工.csv")
    reps = [person.wecom for person in people if person.role == "销售" and person.region == "杭州大区" and person.wecom]
    with tempfile.TemporaryDirectory(prefix="salesbot-bench-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "postgres"
        database = connect(await asyncio.to_thread(embedded.start, data), leave=lambda: embedded.leave(data))
        baseline = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks.message",
            "--echo",
            str(echo_port := free_port()),
            stdin=subprocess.DEVNULL,
        )
        try:
            await upgrade(database)
            await load_folder(database, COMPANY)
            port = free_port()
            config = SandboxConfig(
                people=people, bot_url=f"http://127.0.0.1:{port}", wecom_per_minute=10**6, wecom_per_hour=10**6
            )
            async with running_sandbox(config) as sandbox:
                environment = bot_environment(config, sandbox.url, database.dsn, port)
                async with bot_process(environment, Path(folder) / "bot.log") as bot:
                    await bot.start()
                    ours = psutil.Process(bot.pid)
                    await asyncio.sleep(2)
                    memory = ours.memory_info().rss / 1e6
                    print(f"idle bot: {memory:.0f} MB, {await idle(ours):.1f} ms of CPU a second", flush=True)
                    await up(echo_port)
                    theirs = psutil.Process(baseline.pid)
                    await compare(sandbox, database.dsn, reps, ours, theirs, echo_port, data, count, rounds)
                    waits = await one_by_one(sandbox, reps)
                    middle, worst = statistics.median(waits) * 1e3, max(waits) * 1e3
                    print(f"sentence to card on the phone: p50 {middle:.0f} ms, worst of {len(waits)} {worst:.0f} ms")
                    beside = theirs.memory_info().rss / 1e6
                    after = ours.memory_info().rss / 1e6
                    print(f"memory: the echo {beside:.0f} MB; the bot after all this {after:.0f} MB")
        finally:
            baseline.terminate()
            await baseline.wait()
            await database.close()


async def up(port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(200):
            try:
                await http.get(f"http://127.0.0.1:{port}/")
            except httpx.HTTPError:
                await asyncio.sleep(0.05)
            else:
                return


async def compare(
    sandbox: Sandbox,
    url: str,
    reps: list[str],
    ours: psutil.Process,
    theirs: psutil.Process,
    echo_port: int,
    data: Path,
    count: int,
    rounds: int,
) -> None:
    mine, echoes, server = [], [], []
    for turn in range(rounds + 1):  # the first one warms up
        await clear_limits(url)
        before = cpu(theirs)
        await one_round(echo_port, "/echo", range(turn * ECHOES, (turn + 1) * ECHOES), 16)
        echoes.append((cpu(theirs) - before) / ECHOES * 1e6)
        before, before_server, started = cpu(ours), postgres_cpu(data), time.perf_counter()
        await messages_round(sandbox, url, reps, count, turn + 1)
        mine.append((cpu(ours) - before) / count * 1e6)
        server.append((postgres_cpu(data) - before_server) / count * 1e6)
        print(
            f"  round {turn}{'' if turn else ' (warms up)'}: ours {mine[-1]:.0f} µs, echo {echoes[-1]:.0f} µs, "
            f"PostgreSQL {server[-1]:.0f} µs, {count} messages in {time.perf_counter() - started:.1f} s",
            flush=True,
        )
    ratio = statistics.median(a / b for a, b in zip(mine[1:], echoes[1:], strict=True))
    print(
        f"whole message: ratio {ratio:.1f} (aim ≤ 5; ours {statistics.median(mine[1:]):.0f} µs, wechatpy + FastAPI "
        f"echo {statistics.median(echoes[1:]):.0f} µs); PostgreSQL beside it {statistics.median(server[1:]):.0f} µs"
    )


async def clear_limits(url: str) -> None:
    """A member may get 30 messages a minute; the benchmark sends more."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("TRUNCATE limits")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--echo", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.echo:
        uvicorn.run(echo(), host="127.0.0.1", port=given.echo, log_level="warning", access_log=False, lifespan="off")
    else:
        asyncio.run(measure(given.messages, given.rounds))


if __name__ == "__main__":
    main()
