"""Approvals in 待办 and in the digest. They are read here and nowhere else.

Both lists are empty as long as no approvals are kept.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bot.domain.digests import OwnSubmission, WaitingApproval
from store.unit_of_work import UnitOfWork


async def waiting_approvals(
    uow: UnitOfWork, employee_nos: Collection[str], *, now: datetime
) -> dict[str, list[WaitingApproval]]:
    """What waits for each of these people's decision, by 工号, the longest waiting first;
    `now` is business time."""
    return {number: [] for number in employee_nos}


async def own_submissions(uow: UnitOfWork, employee_no: str, *, now: datetime) -> list[OwnSubmission]:
    """What this person submitted and is still under way."""
    return []
