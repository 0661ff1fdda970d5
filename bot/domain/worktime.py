"""STUB until merged."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.workdays import is_workday

_S = ZoneInfo("Asia/Shanghai")
_SPANS = ((time(9), time(12)), (time(13), time(18)))


def working_minutes_between(start: datetime, end: datetime) -> int:
    total = timedelta()
    day = start.astimezone(_S).date()
    last = end.astimezone(_S).date()
    while day <= last:
        w = is_workday(day)
        if w if w is not None else day.weekday() < 5:
            for a, b in _SPANS:
                lo = max(start, datetime.combine(day, a, _S))
                hi = min(end, datetime.combine(day, b, _S))
                if hi > lo:
                    total += hi - lo
        day += timedelta(days=1)
    return int(total.total_seconds() // 60)
