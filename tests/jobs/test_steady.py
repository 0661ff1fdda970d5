"""Background jobs through a database that comes and goes."""

from __future__ import annotations

import asyncio

import procrastinate
import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from psycopg_pool import AsyncConnectionPool

from store.steady import SteadyManager, rescue_jobs_of_dead_workers

BEGUN = """
INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, worker_id)
VALUES ('q', 't', '{}', 'doing', {worker})
"""


async def _begun(pool: AsyncConnectionPool, worker: str = "NULL") -> None:
    async with pool.connection() as connection:
        await connection.execute(BEGUN.replace("{worker}", worker))


async def test_the_job_of_a_dead_worker_is_begun_again_by_one_of_those_who_look(
    queue: procrastinate.App, pool: AsyncConnectionPool
) -> None:
    await _begun(pool)
    assert sorted(await asyncio.gather(*(rescue_jobs_of_dead_workers(queue) for _ in range(4)))) == [0, 0, 0, 1]


async def test_the_job_of_a_living_worker_is_left_to_it(queue: procrastinate.App, pool: AsyncConnectionPool) -> None:
    await _begun(pool, str(await queue.job_manager.register_worker()))
    assert await rescue_jobs_of_dead_workers(queue) == 0


JOB = procrastinate.jobs.Job(
    id=1, status="doing", queue="q", lock=None, queueing_lock=None, task_name="t", task_kwargs={}
)


class _Stubborn(procrastinate.PsycopgConnector):
    """Loses its connection a few times, or once after having done what it was asked."""

    def __init__(self, errors: list[psycopg.Error]) -> None:
        super().__init__()
        self.errors = errors
        self.asked = 0

    async def execute_query_async(self, query: str, **arguments: object) -> None:
        self.asked += 1
        if self.errors:
            raise ConnectorException from self.errors.pop(0)


@pytest.mark.parametrize(
    ("errors", "asked"),
    [
        pytest.param([psycopg.OperationalError("closed")], 2, id="lost before: written by the second try"),
        pytest.param([psycopg.OperationalError("closed"), psycopg.errors.RaiseException("no such job")], 2, id="after"),
    ],
)
async def test_how_a_job_ended_is_written_down_through_a_broken_connection(
    errors: list[psycopg.Error], asked: int
) -> None:
    connector = _Stubborn(errors)
    await SteadyManager(connector).finish_job(JOB, procrastinate.jobs.Status.SUCCEEDED, delete_job=True)
    assert connector.asked == asked


async def test_what_the_database_refuses_is_not_asked_again() -> None:
    connector = _Stubborn([psycopg.errors.RaiseException("no such job")])
    with pytest.raises(ConnectorException):
        await SteadyManager(connector).finish_job(JOB, procrastinate.jobs.Status.SUCCEEDED, delete_job=True)


async def test_the_second_message_to_one_person_does_not_wait_for_the_next_look(
    queue: procrastinate.App, pool: AsyncConnectionPool
) -> None:
    """The worker here looks by itself once a minute."""
    begun: list[int] = []
    done = asyncio.Event()

    @queue.task(name="send", queue="q")
    async def send(number: int) -> None:
        begun.append(number)
        await asyncio.sleep(0.1)  # meanwhile the others are announced, and cannot begin
        if number == 3:
            done.set()

    working = asyncio.create_task(
        queue.run_worker_async(
            queues=["q"], concurrency=4, fetch_job_polling_interval=60, install_signal_handlers=False
        )
    )
    await asyncio.sleep(0.2)
    for number in (1, 2, 3):
        await send.configure(lock="to:LiLei").defer_async(number=number)
    try:
        await asyncio.wait_for(done.wait(), 10)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert begun == [1, 2, 3]
