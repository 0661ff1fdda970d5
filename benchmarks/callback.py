"""CPU of one WeCom callback: ours, stored durably, against a wechatpy + FastAPI echo that stores nothing.

    python -m benchmarks.callback [--messages 2000] [--rounds 7]

Both apps are served by one uvicorn in this process; the caller is another process that keeps a number of connections
open and posts the next callback on each as soon as the last is answered. Rounds alternate, so that both see the same
machine. What counts is this process's CPU (`time.process_time`); PostgreSQL's own is printed beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
import uvicorn
from fastapi import FastAPI, Request, Response
from wechatpy.enterprise import WeChatCrypto, create_reply, parse_message

from bot.channels.base import Accept
from bot.channels.wecom.callback import Query as CallbackQuery
from bot.channels.wecom.callback import Receiver, WeComCallback
from bot.channels.wecom.crypto import KeySet
from bot.messages import InboundMessage
from bot.settings import WeComSettings
from store import embedded
from store.database import connect, upgrade
from store.inbox import InboxWriter

TOKEN, KEY, CORP = "QDG6eK9chatopsTok", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "ww1a2b3c4d5e6f7a8b"
SETTINGS = WeComSettings.model_validate(
    {"corp_id": CORP, "agent_id": 1000002, "token": TOKEN, "encoding_aes_key": KEY, "max_callback_age_seconds": 0}
)
XML = (
    "<xml><ToUserName><![CDATA[ww1a2b3c4d5e6f7a8b]]></ToUserName><FromUserName><![CDATA[{user}]]></FromUserName>"
    "<CreateTime>1700000000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[拜访 绿源电器 王总想要试用，预算 12 万，下周三再去]]></Content>"
    "<MsgId>{number}</MsgId><AgentID>1000002</AgentID></xml>"
)
Asgi = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]


# -- the two apps -----------------------------------------------------------------------------------------------------
def echo() -> FastAPI:
    """The baseline as its documentation shows it: verify, decrypt, parse, answer with the same text, encrypted."""
    app = FastAPI()
    crypto = WeChatCrypto(TOKEN, KEY, CORP)

    @app.post("/echo")
    async def callback(request: Request, msg_signature: str, timestamp: str, nonce: str) -> Response:
        xml = crypto.decrypt_message(await request.body(), msg_signature, timestamp, nonce)
        message = parse_message(xml)
        reply = create_reply(message.content, message).render()
        return Response(crypto.encrypt_message(reply, nonce, timestamp), media_type="application/xml")

    return app


def both(accept: Accept) -> Asgi:
    """The echo at /echo, ours at its own path, behind one server."""
    baseline, ours = echo(), WeComCallback(SETTINGS, accept)

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await (baseline if scope.get("path") == "/echo" else ours)(scope, receive, send)

    return app


# -- the caller -------------------------------------------------------------------------------------------------------
def requests(path: str, numbers: range) -> list[bytes]:
    """Whole HTTP requests, each a message of its own from one of 200 members."""
    keys = KeySet(TOKEN, KEY, CORP)
    made = []
    for number in numbers:
        encrypted = keys.seal(XML.format(user=f"user{number % 200}", number=number).encode())
        query = urlencode(
            {"msg_signature": keys.signature("1700000000", "n", encrypted), "timestamp": "1700000000", "nonce": "n"}
        )
        body = f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        head = f"POST {path}?{query} HTTP/1.1\r\nHost: bot\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}"
        made.append(f"{head}\r\n\r\n{body}".encode())
    return made


async def post_all(port: int, path: str, numbers: range, connections: int) -> None:
    waiting = requests(path, numbers)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            writer.write(waiting.pop())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))


# -- the measurement --------------------------------------------------------------------------------------------------
@asynccontextmanager
async def served(app: Asgi) -> Any:
    config = uvicorn.Config(app, port=0, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


async def one_round(port: int, path: str, numbers: range, connections: int) -> float:
    """Microseconds of this process's CPU per callback."""
    job = f"{port},{path},{numbers.start},{numbers.stop},{connections}"
    caller = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.callback", "--call", job, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert caller.stdin is not None
    assert caller.stdout is not None
    await caller.stdout.readline()
    started = time.process_time()
    caller.stdin.write(b"go\n")
    if await caller.wait():
        raise RuntimeError("the caller failed")
    return (time.process_time() - started) / len(numbers) * 1e6


async def compare(accept: Accept, messages: int, rounds: int, connections: int) -> tuple[list[float], list[float]]:
    """CPU per callback of the echo and of ours, round by round."""
    echoes, ours = [], []
    async with served(both(accept)) as port:
        for turn in range(rounds + 1):  # the first one warms up
            start = turn * messages + 10**9 * connections
            numbers = range(start, start + messages)
            echoes.append(await one_round(port, "/echo", numbers, connections))
            ours.append(await one_round(port, "/wecom/callback", numbers, connections))
    return echoes[1:], ours[1:]


def parsing(count: int = 5000) -> float:
    """Microseconds to verify, decrypt and normalize, without any server."""
    receiver = Receiver(SETTINGS, now=lambda: 1_700_000_000)
    posts = [request.partition(b"\r\n\r\n") for request in requests("/x", range(count))]
    calls = [(CallbackQuery.parse(head.split(b" ")[1].partition(b"?")[2]), body) for head, _, body in posts]
    started = time.process_time()
    for query, body in calls:
        receiver.read(query, body)
    return (time.process_time() - started) / count * 1e6


async def measure(messages: int, rounds: int) -> None:
    print(f"verified, decrypted, normalized: {parsing():.0f} µs")

    async def nowhere(message: InboundMessage) -> bool:
        return True

    report("not stored, 16 connections", *await compare(nowhere, messages, rounds, 16))
    with tempfile.TemporaryDirectory(prefix="salesbot-bench-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "postgres"
        database = connect(await asyncio.to_thread(embedded.start, data), leave=lambda: embedded.leave(data))
        try:
            await upgrade(database)
            inbox = InboxWriter(database.dsn)
            await inbox.open()
            for connections in (1, 16, 64):
                before = postgres_cpu(data)
                echoes, ours = await compare(inbox.accept, messages, rounds, connections)
                spent = (postgres_cpu(data) - before) / (messages * (rounds + 1)) * 1e6
                report(f"stored, {connections} connections", echoes, ours, f"; PostgreSQL beside it {spent:.0f} µs")
            await inbox.close()
        finally:
            await database.close()


def postgres_cpu(data: Path) -> float:
    """CPU seconds of the server and its living backends."""
    with (data / "postmaster.pid").open() as lines:
        server = psutil.Process(int(lines.readline()))
    spent = 0.0
    for process in [server, *server.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):  # autovacuum's workers come and go
            times = process.cpu_times()
            spent += times.user + times.system
    return spent


def report(name: str, echoes: list[float], ours: list[float], more: str = "") -> None:
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, echoes, strict=True))
    print(
        f"callback, {name}: ratio {ratio:.2f} (ours {statistics.median(ours):.0f} µs, "
        f"wechatpy + FastAPI echo {statistics.median(echoes):.0f} µs{more})",
        flush=True,
    )


def _run(work: Coroutine[Any, Any, None]) -> None:
    """On the loop that `salesbot serve` uses: uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--call", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.call:
        port, path, start, stop, connections = given.call.split(",")
        asyncio.run(post_all(int(port), path, range(int(start), int(stop)), int(connections)))
    else:
        _run(measure(given.messages, given.rounds))


if __name__ == "__main__":
    main()
