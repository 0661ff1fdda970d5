"""Background jobs through a database that comes and goes: none stays "begun" with nobody doing it, none runs twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

import procrastinate
import psycopg
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback

STALLED_SECONDS = 10.0  # a worker silent for so long is dead: its jobs are started again
_PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0, None)  # between tries to write an ending down; then the job waits for its rescue


async def still_there(connection: psycopg.AsyncConnection[Any]) -> None:
    """For a pool about to hand out a connection; costs no round trip, unlike asking the server.

    Raises:
        psycopg.OperationalError: the server has closed it.
    """
    for _ in range(2):  # the first reads the server's farewell, the second finds nothing behind it
        connection.pgconn.consume_input()


class SteadyManager(JobManager):
    """Writes down how a job ended, also when its connection breaks: left as begun it would hold its lock for ever.

    A job that waited for the lock is begun at once. The database announces new jobs only, so a second message to the
    same person would wait until the worker looks by itself, a quarter of a second.
    """

    def __init__(self, connector: BaseConnector) -> None:
        super().__init__(connector)
        self._workers: dict[str, NotificationCallback] = {}  # of this process, by queue

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        self._workers |= dict.fromkeys(queues or (), on_notification)
        await super().listen_for_jobs(on_notification=on_notification, queues=queues)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        if job.lock is None:
            await _until_written(lambda: JobManager.finish_job(self, job, status, delete_job))
            return
        values = {"job_id": job.id, "status": status.value, "delete_job": delete_job, "lock": job.lock}
        await _until_written(lambda: self._finish(job.queue, values))

    async def _finish(self, queue: str, values: dict[str, Any]) -> None:
        row = await self.connector.execute_query_one_async(_FINISH, **values)
        if (following := row["following"]) is not None and (tell := self._workers.get(queue)):
            await tell(channel=queue, notification={"type": "job_inserted", "job_id": following})

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        await _until_written(lambda: JobManager.retry_job(self, job, retry_at, priority, queue, lock))


async def rescue_jobs_of_dead_workers(queue: procrastinate.App) -> int:
    """Start again what a killed process had begun. Returns how many jobs.

    One statement: were it two, a job that another process rescued and began in between would run twice at once.
    """
    return len(await queue.connector.execute_query_all_async(_RESCUE, silent=STALLED_SECONDS))


async def _until_written(write: Callable[[], Awaitable[None]]) -> None:
    for tries, pause in enumerate(_PAUSES):
        try:
            await write()
            return
        except ConnectorException as error:
            gone = isinstance(error.__cause__, psycopg.OperationalError)
            if tries and not gone:
                return  # "no such job": an earlier try had reached the server, only its answer was lost
            if pause is None or not gone:
                raise
            await asyncio.sleep(pause)


_FINISH = """
SELECT procrastinate_finish_job_v1(%(job_id)s, %(status)s, %(delete_job)s), (
    SELECT id FROM procrastinate_jobs WHERE lock = %(lock)s AND status = 'todo' ORDER BY id LIMIT 1) AS following
"""
_RESCUE = """
SELECT procrastinate_retry_job_v2(job.id, now(), NULL, NULL, NULL) FROM (
    SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND (worker_id IS NULL OR worker_id IN (
        SELECT id FROM procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => %(silent)s)))
    FOR UPDATE SKIP LOCKED
) AS job
"""
