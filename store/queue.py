"""The background queue: Procrastinate on the same database, jobs deferred inside business transactions."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from random import uniform

import procrastinate
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from store.steady import SteadyManager

HEARTBEAT_SECONDS = 2.0
GIVE_UP_AFTER = timedelta(days=1)


class TryLater(Exception):
    """Raised by a task: start me again at `at` (real time, aware)."""

    def __init__(self, at: datetime, why: str) -> None:
        super().__init__(why)
        self.at = at


class BackOff(BaseRetryStrategy):
    """TryLater as it says; anything else after 1, 2, 4 … 600 s with jitter, `attempts` times."""

    def __init__(self, attempts: int = 12) -> None:
        self._attempts = attempts

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, TryLater):
            return RetryDecision(retry_at=exception.at)
        if job.attempts >= self._attempts:
            return None
        return RetryDecision(retry_at=datetime.now(UTC) + back_off(job.attempts))


def back_off(attempts: int) -> timedelta:
    """1, 2, 4 … up to 600 s, ±25 %."""
    return timedelta(seconds=min(600.0, 2.0 ** min(attempts, 10)) * uniform(0.75, 1.25))


def make_queue() -> procrastinate.App:
    """An app without tasks yet; open it over our own pool with `await app.open_async(pool)`."""
    logging.getLogger("procrastinate").setLevel(logging.ERROR)  # our own log says what happened, without arguments
    queue = procrastinate.App(connector=procrastinate.PsycopgConnector())
    queue.job_manager = SteadyManager(queue.connector)
    return queue
