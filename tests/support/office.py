"""A whole company for a story: both pretended platforms, the real bot, a real database, the sample company's people.

`office.settle()` runs until nothing moves any more: no callback under way, inbox empty, everything sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx
from sqlalchemy import text

from bot.cli.demo import demo_settings
from bot.clock import SHANGHAI
from bot.main import Application, application, running
from bot.sandbox.app import Sandbox, running_sandbox
from bot.sandbox.config import SandboxConfig
from bot.serving import asgi
from bot.settings import Settings
from jobs import schedule

SETTLE_SECONDS = 20.0


class Office:
    """What a story plays with. Users go by their account names: "yulijuan" in WeCom, "dd_chenlei" in DingTalk."""

    def __init__(self, app: Application, sandbox: Sandbox) -> None:
        self.app = app
        self.sandbox = sandbox
        self.wecom = sandbox.wecom
        self.dingtalk = sandbox.dingtalk

    async def at(self, moment: str) -> None:
        """Set the business clock, Shanghai time: "2026-02-12 09:00"."""
        await self.app.shared_clock.move_to(datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI))

    async def run(self, job: str) -> int:
        """Run a job as of business now."""
        count = await schedule.jobs[job].run(self.app.job_context())
        await self.settle()
        return count

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """A look into the store."""
        async with self.app.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(query), values)]

    @asynccontextmanager
    async def hurried(self) -> AsyncIterator[None]:
        """Within the block nobody waits: paces, pauses and back-offs are over as soon as they begin."""

        async def hurry() -> None:
            while True:
                async with self.app.database.engine.begin() as connection:
                    await connection.execute(text("UPDATE limits SET paused_until = 0, next_at = 0"))
                    await connection.execute(
                        text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE scheduled_at > now()")
                    )
                await asyncio.sleep(0.1)

        hurrying = asyncio.create_task(hurry())
        try:
            yield
        finally:
            hurrying.cancel()
            await asyncio.gather(hurrying, return_exceptions=True)

    async def settle(self) -> None:
        """Until nothing moves; a stand-still that lasts too long is an error that says what is left."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            await self.sandbox.wecom.settle()
            await self.sandbox.dingtalk.settle()
            left = (await self.rows(_LEFT))[0]
            if not any(left):
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"(inbox, outbox, jobs) still open: {left}; {await self.rows(_STUCK)}")
            await asyncio.sleep(0.02)


_LEFT = """
SELECT (SELECT count(*) FROM inbox WHERE state = 'received'),
       (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')),
       (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')
        AND (scheduled_at IS NULL OR scheduled_at < now() + interval '10 seconds'))
"""


_STUCK = "SELECT outbox_id, state, attempts, error, content ->> 'type' FROM outbox WHERE state <> 'sent'"


class LateTransport(httpx.AsyncBaseTransport):
    """Reaches an ASGI app that is built later than its caller."""

    def __init__(self) -> None:
        self.app: Callable[..., Awaitable[None]] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.app is None:
            raise httpx.ConnectError("the bot is not running", request=request)
        return await httpx.ASGITransport(app=self.app).handle_async_request(request)


def settings_for(sandbox: Sandbox, database_url: str, **changes: Any) -> Settings:
    """The demo's settings on a test's own database."""
    settings = demo_settings(sandbox.url, 0, "unused")
    database = settings.database.model_copy(update={"url": type(settings.database.url)(database_url)})
    return settings.model_copy(update={"database": database, **changes})


@asynccontextmanager
async def open_office(
    database_url: str, config: SandboxConfig, *, change: Callable[[Settings], Settings] = lambda settings: settings
) -> AsyncIterator[Office]:
    """Everything running until the block ends."""
    transport = LateTransport()
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(running_sandbox(config, bot=transport))
        app = await stack.enter_async_context(application(change(settings_for(sandbox, database_url))))
        transport.app = asgi(app)
        await stack.enter_async_context(running(app, scheduler=False))
        office = Office(app, sandbox)
        await office.at("2026-02-12 09:00")
        await _connected(app)
        yield office


async def _connected(app: Application) -> None:
    deadline = time.monotonic() + 5
    while app.stream is not None and not app.stream.state.connected:
        if time.monotonic() > deadline:
            raise TimeoutError("no Stream connection")
        await asyncio.sleep(0.01)
