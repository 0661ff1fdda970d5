"""When time passes: one module per job. This is the table of contents."""

from __future__ import annotations

from bot.schedule import Schedule
from jobs import (
    account_matching,
    approval_files,
    approval_reminder,
    daily_digest,
    followup_reminder,
    hearing,
    lead_dispatch,
    lead_review,
    lead_sla,
    new_friends,
    oa_mirror,
    operations_watch,
)
from jobs.context import JobContext
from jobs.tasks import Task

schedule: Schedule[JobContext] = Schedule()
schedule.include(account_matching.schedule)
schedule.include(daily_digest.schedule)
schedule.include(followup_reminder.schedule)
schedule.include(approval_reminder.schedule)
schedule.include(oa_mirror.schedule)
schedule.include(operations_watch.schedule)
schedule.include(lead_dispatch.schedule)
schedule.include(lead_review.schedule)
schedule.include(lead_sla.schedule)

tasks: dict[str, Task] = {
    **hearing.tasks,
    **account_matching.tasks,
    **approval_files.tasks,
    **oa_mirror.tasks,
    **new_friends.tasks,
}

__all__ = ["schedule", "tasks"]
