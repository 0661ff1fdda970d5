"""The background tasks by name, as Procrastinate knows them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import procrastinate
import structlog
from sqlalchemy import text

from bot.metrics import JOB_RUNS
from bot.schedule import Job
from jobs.context import JobContext
from jobs.deliver import Deliverer
from store.queue import BackOff, TryLater

log = structlog.get_logger()

Task = Callable[..., Awaitable[None]]
"""`task(ctx: JobContext, **arguments)`: background work of a feature, retried with back-off when it raises."""

DELIVER_QUEUE = "deliver"
WORK_QUEUE = "work"
DELIVER_ATTEMPTS = 10_000  # the deliverer itself decides when to give up


def register_tasks(
    queue: procrastinate.App,
    *,
    deliverer: Deliverer,
    jobs: Mapping[str, Job[JobContext]],
    tasks: Mapping[str, Task],
    context: Callable[[datetime | None], JobContext],
) -> None:
    """Add `deliver`, `run_job` and the features' own tasks to the queue. `context(as_of)`; None = now."""

    @queue.task(name="deliver", queue=DELIVER_QUEUE, retry=BackOff(DELIVER_ATTEMPTS))
    async def deliver(outbox_id: int) -> None:
        with _told("deliver", outbox=outbox_id):
            await deliverer.deliver(outbox_id)

    @queue.task(name="run_job", queue=WORK_QUEUE, retry=BackOff(3))
    async def run_job(job: str, fire_at: str) -> None:
        await run_scheduled(jobs[job], datetime.fromisoformat(fire_at), context)

    for name, task in tasks.items():
        queue.task(name=name, queue=WORK_QUEUE, retry=BackOff(8))(_bound(name, task, context))


def _bound(name: str, task: Task, context: Callable[[datetime | None], JobContext]) -> Callable[..., Awaitable[None]]:
    async def run(**arguments: Any) -> None:
        with _told(name):
            await task(context(None), **arguments)

    return run


@contextmanager
def _told(task: str, **facts: object) -> Iterator[None]:
    """The queue starts a failed task again by itself; what went wrong must still be told."""
    try:
        yield
    except TryLater:
        raise
    except Exception:
        log.exception("task.failed", task=task, **facts)
        raise


async def run_scheduled(
    job: Job[JobContext], fire_at: datetime, context: Callable[[datetime | None], JobContext]
) -> int:
    """Run a job as of its fire time and write down how it went."""
    ctx = context(fire_at.astimezone(UTC))
    row: dict[str, Any] = {"job": job.name, "fire_at": fire_at}
    try:
        result = await job.run(ctx)
    except Exception as error:
        JOB_RUNS.labels(job.name, "failed").inc()
        log.exception("job.failed", job=job.name)
        async with ctx.unit_of_work() as uow:
            await uow.connection.execute(
                _FINISHED, row | {"state": "failed", "result": None, "error": f"{type(error).__name__}: {error}"[:500]}
            )
        raise
    JOB_RUNS.labels(job.name, "done").inc()
    log.info("job.done", job=job.name, as_of=fire_at.isoformat(), put_out=result)
    async with ctx.unit_of_work() as uow:
        await uow.connection.execute(_FINISHED, row | {"state": "done", "result": result, "error": None})
    return result


_FINISHED = text("""
UPDATE job_runs SET state = :state, result = :result, error = :error, finished_at = now()
WHERE job = :job AND fire_at = :fire_at
""")
