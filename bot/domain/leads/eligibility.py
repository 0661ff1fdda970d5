"""Who can have a lead now, and who can not for which reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from bot.domain import workdays
from bot.domain.leads.policy import Policy
from bot.domain.leads.roster import Bools, Roster, Standing
from bot.domain.leads.values import DutyHours, Lead, Reason
from bot.errors import CalendarNotCovered

Reasons = npt.NDArray[np.int8]
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def availability(roster: Roster, standing: Standing, policy: Policy, now: datetime) -> Reasons:
    """A `Reason` for each rep, before any lead is looked at; `now` is aware.

    The lasting reason wins: somebody on leave whose list is full is on leave.

    Raises:
        CalendarNotCovered: duty hours depend on a year whose holidays are not known.
    """
    reasons = np.zeros(len(roster), dtype=np.int8)
    reasons[standing.pending >= roster.capacity] = Reason.FULL
    if Reason.OFF_DUTY not in policy.waived:
        for duty in roster.duties:
            if not on_duty(duty.hours, now):
                reasons[duty.members] = Reason.OFF_DUTY
    if Reason.ON_LEAVE not in policy.waived and roster.away.size:
        column, start, end = roster.away
        second = now.timestamp()
        reasons[column[(start <= second) & (second < end)]] = Reason.ON_LEAVE
    return reasons


def reasons_for(lead: Lead, available: Reasons, roster: Roster, policy: Policy) -> Reasons:
    """`availability`, and what speaks against this lead."""
    reasons = available.copy()
    for employee_no in lead.tried:
        if employee_no in roster.employee_nos:
            reasons[roster.column(employee_no)] = Reason.TRIED
    if policy.same_region and lead.region:
        reasons[~in_region(lead, roster)] = Reason.OTHER_REGION
    reasons[roster.left] = Reason.LEFT
    return reasons


def in_region(lead: Lead, roster: Roster) -> Bools:
    """Whose region it is; nobody's, if no rep has it."""
    return roster.regions.get(lead.region, np.zeros(len(roster), dtype=np.bool_))


def on_duty(hours: DutyHours, now: datetime) -> bool:
    """Whether `now` (aware) lies in the hours; what runs over midnight belongs to the day it began on.

    Raises:
        CalendarNotCovered: the day's year has no calendar yet.
    """
    local = now.astimezone(_SHANGHAI)
    clock, day = local.time(), local.date()
    if hours.start < hours.end:
        inside = hours.start <= clock < hours.end
    else:
        inside = clock >= hours.start or clock < hours.end
        if clock < hours.end:
            day -= timedelta(days=1)
    if not inside or not hours.workdays_only:
        return inside
    working = workdays.is_workday(day)
    if working is None:
        raise CalendarNotCovered(day.year)
    return working
