"""The approvals' desk as a job has it: pushes go at once, whatever the hour."""

from __future__ import annotations

from functools import partial

from jobs.context import JobContext
from store.approval_desk import ApprovalDesk
from store.unit_of_work import UnitOfWork


def desk_for(ctx: JobContext, uow: UnitOfWork, *, quiet: bool = False) -> ApprovalDesk:
    """`quiet`: what is put out waits for the morning (reminders)."""
    dingtalk = ctx.settings.dingtalk
    return ApprovalDesk(
        uow=uow,
        directory=ctx.directory(),
        send=partial(ctx.send, uow, quiet=quiet),
        update_card=partial(ctx.update_card, uow),
        at=ctx.as_of,
        mirrored=dingtalk.enabled and bool(dingtalk.approval_process_code),
    )
