"""The web server of a process: callbacks, health, API, and a stop that finishes what is in hand."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
import uvicorn
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.channels.dingtalk.client import DingTalkChannel
from bot.channels.dingtalk.http import PATHS as DINGTALK_PATHS
from bot.channels.wecom.client import WeComChannel
from bot.domain.leads.records import LeadRecord
from bot.domain.people import known_regions
from bot.errors import ChannelError
from bot.main import Application, application, running, waiting
from bot.messages import ChannelName
from bot.settings import Settings
from bot.web.app import Asgi, Probe, front_door, make_web
from store.approval_listing import list_approvals
from store.lead_intake import NewLead
from store.lead_listing import list_leads
from store.listing import list_visits

log = structlog.get_logger()

GRACE_SECONDS = 3  # for requests under way; a callback is answered in milliseconds


class Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the process decides when it stops."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield


async def ready(app: Application) -> Mapping[str, str]:
    """part -> "ok" or what is wrong; readiness goes red when the bot is deaf, not only when it is dead."""
    parts: dict[str, str] = {}
    try:
        async with app.database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        parts["database"] = "ok"
    except (DBAPIError, OSError, TimeoutError) as error:
        parts["database"] = f"not reachable ({type(error).__name__})"
    for name, task in app.running.items():
        if name in ("intake", "deliver", "work", "listener"):
            parts[name] = "stopped" if task.done() else "ok"
    if app.stream is not None and "stream" in app.running:
        parts["dingtalk"] = "ok" if app.stream.state.connected else "no Stream connection"
    if app.dingtalk_callbacks is not None:
        parts["dingtalk"] = "ok"
    if app.wecom_callback is not None:
        parts["wecom"] = "ok"
    return parts


def asgi(app: Application) -> Asgi:
    """Everything this process answers over HTTP."""
    probe = Probe(
        ready=lambda: ready(app),
        waiting=lambda: waiting(app),
        list_visits=lambda **filters: list_visits(app.database, **filters),
        list_approvals=lambda **filters: list_approvals(app.database, **filters),
        list_leads=lambda **filters: list_leads(app.database, **filters),
        take_leads=lambda records, caller: take_leads(app, records, caller),
        regions=lambda: known_regions(app.directory.current().employees()),
        clock=app.clock,
        move_clock=app.shared_clock.move_to,
    )
    callbacks: dict[str, Asgi] = {}
    if app.wecom_callback is not None:
        callbacks["/wecom/callback"] = app.wecom_callback
    if app.dingtalk_callbacks is not None:
        callbacks |= dict.fromkeys(DINGTALK_PATHS, app.dingtalk_callbacks)
    return front_door(make_web(app.settings, probe), callbacks)


async def take_leads(app: Application, records: Sequence[LeadRecord], caller: str) -> list[tuple[bool, str]]:
    """Leads from another program; for each whether it is new, and the number of what it is the same as."""
    written = await app.leads.submit([NewLead(record=record, origin="api", entered_by=caller) for record in records])
    return [(each.new, each.placing.same.no if each.placing.same else "") for each in written]


@asynccontextmanager
async def listening(app: Asgi, host: str, port: int) -> AsyncIterator[int]:
    """Serve on host:port (0 = any free one) while the block runs; yields the port."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = Server(config)
    task = asyncio.create_task(server.serve(), name=f"http {host}:{port}")
    while not server.started:
        if task.done():
            await task
            raise OSError(f"cannot listen on {host}:{port}")
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def publish_menu(app: Application) -> None:
    """Make the WeCom app's menu what it should be; a platform that does not answer now is asked at the next start."""
    channel = app.channels.get(ChannelName.WECOM)
    if isinstance(channel, WeComChannel):
        try:
            if await channel.publish_menu():
                log.info("menu.published")
        except ChannelError as error:
            log.warning("menu.not_published", error=str(error))


async def publish_card_route(app: Application) -> None:
    """HTTP mode: have taps on DingTalk cards posted here; if that fails now, the next start tries again."""
    channel = app.channels.get(ChannelName.DINGTALK)
    if isinstance(channel, DingTalkChannel):
        try:
            if await channel.publish_card_route(app.settings.server.public_url):
                log.info("card_route.moved", key=app.settings.dingtalk.card_route_key)
        except ChannelError as error:
            log.warning("card_route.not_published", error=str(error))


async def publish(app: Application) -> None:
    """Tell both platforms what they have to know about this server."""
    await asyncio.gather(publish_menu(app), publish_card_route(app))


def stop_requested() -> asyncio.Event:
    """Set by SIGTERM or SIGINT (Ctrl-C)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop


async def serve(settings: Settings, *, web: bool = True, worker: bool = True, scheduler: bool = True) -> None:
    """Run until told to stop; then take nothing new in and finish what is in hand."""
    stop = stop_requested()
    async with application(settings) as app, contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(running(app, worker=worker, scheduler=scheduler, receive=web))
        if web:
            port = await stack.enter_async_context(listening(asgi(app), settings.server.host, settings.server.port))
            log.info("serving", host=settings.server.host, port=port, channels=[str(name) for name in app.channels])
        publishing = asyncio.create_task(publish(app), name="publish") if web else None
        await stop.wait()
        if publishing is not None:
            publishing.cancel()
        log.info("stopping", busy=app.intake.busy)
