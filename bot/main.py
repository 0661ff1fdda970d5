"""Composition root: builds everything once, decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import procrastinate
import psycopg
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import text

import handlers
import jobs
from bot.channels.base import Channel
from bot.channels.dingtalk.client import DingTalkChannel
from bot.channels.dingtalk.http import DingTalkCallbacks
from bot.channels.dingtalk.stream import DingTalkStream
from bot.channels.http import platform_client
from bot.channels.wecom.callback import WeComCallback
from bot.channels.wecom.client import WeComChannel
from bot.clock import SHANGHAI, Clock, FixedClock
from bot.connectors.ai import ChatReader
from bot.connectors.baidu import BaiduSpeech
from bot.connectors.speech import SpeechToText
from bot.cron import next_fire
from bot.messages import ChannelName
from bot.settings import Settings
from handlers.identity import serve_stranger
from handlers.intake import Intake, Surroundings
from jobs.context import JobContext
from jobs.deliver import Deliverer
from jobs.direct import DirectDelivery
from jobs.lead_dispatch import LeadDispatcher
from jobs.scheduling import Scheduler
from jobs.tasks import DELIVER_QUEUE, WORK_QUEUE, register_tasks
from store.attachments import StoredFiles
from store.calendars import CHANGED as CALENDAR_CHANGED
from store.calendars import SharedCalendars
from store.claims import Claims
from store.clock import SharedClock
from store.database import Database, open_database, upgrade
from store.deliveries import Deliveries
from store.directory import DirectoryCache
from store.inbox import InboxWriter
from store.lead_intake import LeadWriter, pushing
from store.leads import CHANGED as LEADS_CHANGED
from store.notifications import Hear, Listener
from store.pool import make_pool
from store.queue import HEARTBEAT_SECONDS, make_queue
from store.sharing import MonthlyQuota, SharedLimiter, SharedTokens
from store.steady import STALLED_SECONDS, rescue_jobs_of_dead_workers
from store.unit_of_work import unit_of_work

log = structlog.get_logger()

TICK_SECONDS = 1
DELIVER_CONCURRENCY = 16
WORK_CONCURRENCY = 4
POLL_SECONDS = 0.25  # a job whose time has come is announced by nothing
RESTART_SECONDS = 1.0
STOP_SECONDS = 8.0  # what is being done may finish within this, whatever is away


@dataclass(slots=True, kw_only=True)
class Application:
    """All parts, opened, none of them running yet."""

    settings: Settings
    database: Database
    pool: AsyncConnectionPool
    queue: procrastinate.App
    clock: Clock
    shared_clock: SharedClock
    calendars: SharedCalendars
    inbox: InboxWriter
    leads: LeadWriter
    directory: DirectoryCache
    channels: Mapping[ChannelName, Channel]
    deliveries: Deliveries
    intake: Intake
    claims: Claims
    direct: DirectDelivery
    scheduler: Scheduler
    stream: DingTalkStream | None
    dingtalk_callbacks: DingTalkCallbacks | None
    wecom_callback: WeComCallback | None
    make_unit_of_work: Callable[[], Any]
    speech: SpeechToText | None
    reader: ChatReader | None
    dispatcher: LeadDispatcher = field(init=False)
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)  #: background loops by name, for readiness

    def __post_init__(self) -> None:
        self.dispatcher = LeadDispatcher(self.job_context)

    def job_context(self, as_of: datetime | None = None, *, dry_run: bool = False) -> JobContext:
        """Surroundings for a job about `as_of` (aware; None = business now)."""
        return JobContext(
            as_of=as_of or self.clock.now(),
            unit_of_work=self.make_unit_of_work,
            directory=self.directory.current,
            clock=FixedClock(as_of) if as_of is not None and dry_run else self.clock,
            channels=self.channels,
            settings=self.settings,
            accept=self.inbox.accept,
            speech=self.speech,
            reader=self.reader,
            dry_run=dry_run,
        )


@asynccontextmanager
async def application(settings: Settings) -> AsyncIterator[Application]:
    """Open the store and build every part; closes what it opened."""
    async with AsyncExitStack() as stack:
        database = await open_database(settings)
        stack.push_async_callback(database.close)
        await upgrade(database)
        pool = await stack.enter_async_context(make_pool(database.dsn))
        queue = make_queue()
        await stack.enter_async_context(queue.open_async(pool))
        http = await stack.enter_async_context(platform_client())
        clock = Clock()
        shared_clock = SharedClock(pool, clock)
        await shared_clock.load()
        calendars = SharedCalendars(pool)
        await calendars.load()
        limiter = SharedLimiter(pool)
        channels = _channels(settings, http, pool, limiter)
        inbox = InboxWriter(database.dsn)
        await inbox.open()
        stack.push_async_callback(inbox.close)
        directory = DirectoryCache(database.engine)
        await directory.load()
        claims = Claims(pool)
        make = unit_of_work(database.engine, queue, claims)
        intake = Intake(
            Surroundings(
                unit_of_work=make,
                router=handlers.router,
                directory=directory.current,
                clock=clock,
                channels=channels,
                settings=settings,
                timetable=jobs.schedule.timetable(next_fire),
                strangers=serve_stranger,
            ),
            arrivals=inbox.arrivals,
        )
        leads = LeadWriter(make, directory.current, pushing(channels), clock.now)
        stack.push_async_callback(leads.close)
        deliveries = Deliveries(pool, claims)
        deliverer = Deliverer(deliveries, channels, limiter)
        app = Application(
            settings=settings,
            database=database,
            pool=pool,
            queue=queue,
            clock=clock,
            shared_clock=shared_clock,
            calendars=calendars,
            inbox=inbox,
            leads=leads,
            directory=directory,
            channels=channels,
            deliveries=deliveries,
            intake=intake,
            claims=claims,
            direct=DirectDelivery(deliverer, claims),
            scheduler=Scheduler(jobs.schedule.jobs, unit_of_work=make, clock=clock, next_fire=next_fire),
            stream=_stream(settings, http, pool, inbox),
            dingtalk_callbacks=_dingtalk_callbacks(settings, pool, inbox),
            wecom_callback=WeComCallback(settings.wecom, inbox.accept) if settings.wecom.enabled else None,
            make_unit_of_work=make,
            speech=BaiduSpeech(settings.speech, http, SharedTokens(pool)) if settings.speech.provider else None,
            reader=ChatReader(settings.ai, http) if settings.ai.enabled else None,
        )
        register_tasks(
            queue,
            deliverer=deliverer,
            jobs=jobs.schedule.jobs,
            tasks=jobs.tasks,
            context=app.job_context,
        )
        yield app


def _channels(
    settings: Settings, http: httpx.AsyncClient, pool: AsyncConnectionPool, limiter: SharedLimiter
) -> dict[ChannelName, Channel]:
    tokens, files, quota = SharedTokens(pool), StoredFiles(pool), MonthlyQuota(pool)
    channels: dict[ChannelName, Channel] = {}
    if settings.wecom.enabled:
        channels[ChannelName.WECOM] = WeComChannel(
            settings.wecom, http=http, tokens=tokens, limiter=limiter, files=files
        )
    if settings.dingtalk.enabled:
        channels[ChannelName.DINGTALK] = DingTalkChannel(
            settings.dingtalk, http=http, tokens=tokens, limiter=limiter, files=files, quota=quota
        )
    return channels


def _stream(
    settings: Settings, http: httpx.AsyncClient, pool: AsyncConnectionPool, inbox: InboxWriter
) -> DingTalkStream | None:
    if not settings.dingtalk.enabled or settings.dingtalk.mode != "stream":
        return None
    return DingTalkStream(settings.dingtalk, http=http, accept=inbox.accept, quota=MonthlyQuota(pool))


def _dingtalk_callbacks(settings: Settings, pool: AsyncConnectionPool, inbox: InboxWriter) -> DingTalkCallbacks | None:
    if not settings.dingtalk.enabled or settings.dingtalk.mode != "http":
        return None
    return DingTalkCallbacks(settings.dingtalk, inbox.accept, quota=MonthlyQuota(pool))


@asynccontextmanager
async def running(
    app: Application, *, worker: bool = True, scheduler: bool = True, receive: bool = True
) -> AsyncIterator[None]:
    """Background loops of this process: listening, handling, sending, schedule, Stream; stopped when the block ends."""
    listener = Listener(
        app.database.dsn,
        {
            "inbox": _wake(app),
            "directory": _one_after_the_other(app.directory.renew, app.dispatcher.people_changed),
            "clock": _one_after_the_other(app.shared_clock.heard, app.dispatcher.heard),
            CALENDAR_CHANGED: _one_after_the_other(app.calendars.heard, app.dispatcher.heard),
            LEADS_CHANGED: app.dispatcher.heard,
        },
    )
    start = app.running
    start["listener"] = _loop("listener", listener.run())
    if worker:
        app.inbox.tells_others = False
        app.direct.start()
        start["intake"] = _loop("intake", app.intake.run())
        start["leads"] = _loop("leads", app.dispatcher.run())
        start["deliver"] = _loop("deliver", _work(app, DELIVER_QUEUE, DELIVER_CONCURRENCY))
        start["work"] = _loop("work", _work(app, WORK_QUEUE, WORK_CONCURRENCY))
        start["rescue"] = _loop("rescue", _rescue(app))
    if receive and app.stream is not None:
        start["stream"] = _loop("stream", app.stream.run())
    ticker = AsyncIOScheduler(timezone=SHANGHAI)
    if scheduler:
        ticker.add_job(
            _tick, "interval", seconds=TICK_SECONDS, args=[app], max_instances=1, coalesce=True, misfire_grace_time=None
        )
        ticker.start()
    try:
        yield
    finally:
        if scheduler:
            ticker.shutdown(wait=False)
        await _stop(app)


def _wake(app: Application) -> Callable[[str], Coroutine[Any, Any, None]]:
    async def wake(how_many: str) -> None:
        app.inbox.heard(how_many)

    return wake


def _one_after_the_other(*hearers: Hear) -> Hear:
    async def hear(payload: str) -> None:
        for each in hearers:
            await each(payload)

    return hear


def _loop(name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work, name=name)


async def _work(app: Application, queue: str, concurrency: int) -> None:
    """A worker ends when the database does not answer it once: then another takes its place."""
    task = asyncio.current_task()
    assert task is not None
    while not task.cancelling():  # told to stop without a database, a worker fails instead of being cancelled
        try:
            await app.queue.run_worker_async(
                queues=[queue],
                name=queue,
                concurrency=concurrency,
                fetch_job_polling_interval=POLL_SECONDS,
                install_signal_handlers=False,
                shutdown_graceful_timeout=STOP_SECONDS,
                delete_jobs="successful",
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
            )
        except Exception as error:  # noqa: BLE001 - this loop must survive a database that is away
            log.warning("worker.lost", queue=queue, error=type(error).__name__)
        await asyncio.sleep(RESTART_SECONDS)


async def _rescue(app: Application) -> None:
    """Also says that this process is alive, by which others know what not to rescue."""
    while True:
        try:
            await app.claims.beat()
            if count := await rescue_jobs_of_dead_workers(app.queue):
                log.warning("jobs.rescued", count=count)
        except (procrastinate.exceptions.ConnectorException, psycopg.Error) as error:
            log.warning("rescue.failed", error=type(error).__name__)
        await asyncio.sleep(HEARTBEAT_SECONDS)


async def _tick(app: Application) -> None:
    try:
        await app.scheduler.tick()
    except Exception:  # this loop must survive a database that is away
        log.exception("scheduler.failed")


async def _stop(app: Application) -> None:
    """Take nothing new in, finish what is in hand, stop the loops; within `STOP_SECONDS`, also without a database."""
    end = asyncio.get_running_loop().time() + STOP_SECONDS
    receiving = [app.stream.stop()] if app.stream is not None and "stream" in app.running else []
    if app.dingtalk_callbacks is not None:
        receiving.append(app.dingtalk_callbacks.close())
    app.intake.stop()
    app.dispatcher.stop()
    in_hand = [app.running[name] for name in ("stream", "intake", "leads") if name in app.running]
    await _until(end, *receiving, *in_hand)
    for task in app.running.values():
        task.cancel()  # a worker of the queue then finishes its jobs; told twice, it leaves them to be rescued
    await _until(end, app.direct.stop(STOP_SECONDS), *app.running.values())
    app.running.clear()


async def _until(end: float, *work: Coroutine[Any, Any, None] | asyncio.Task[None]) -> None:
    """Wait for all of it until `end` (the loop's time), then cancel what is not done; an error is logged."""
    tasks = [asyncio.ensure_future(each) for each in work]
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=max(end - asyncio.get_running_loop().time(), 0.1))
    for task in late:
        task.cancel()
    if late:
        log.warning("stop.late", tasks=sorted(task.get_name() for task in late))
        await asyncio.wait(late, timeout=1.0)
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            log.warning("stop.failed", task=task.get_name(), error=type(error).__name__)


async def waiting(app: Application) -> dict[str, float]:
    """Depths and ages of inbox and outbox, for metrics and readiness."""
    async with app.database.engine.connect() as connection:
        row = (await connection.execute(_WAITING)).one()
    return {key: float(value or 0) for key, value in row._mapping.items()}


_WAITING = text("""
SELECT (SELECT count(*) FROM inbox WHERE state = 'received') AS inbox,
       (SELECT extract(epoch FROM now() - min(received_at)) FROM inbox WHERE state = 'received') AS inbox_oldest,
       (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')) AS outbox,
       (SELECT extract(epoch FROM now() - min(created_at)) FROM outbox WHERE state IN ('queued', 'sending'))
           AS outbox_oldest,
       (SELECT count(*) FROM outbox WHERE state = 'failed') AS failed
""")
