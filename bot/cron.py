"""Cron lines, read by APScheduler: weekdays by name, since to it the number 1 is Tuesday."""

from __future__ import annotations

from datetime import datetime, timedelta

from apscheduler.triggers.cron import CronTrigger

from bot.clock import SHANGHAI


def next_fire(cron: str, after: datetime) -> datetime | None:
    """The first time strictly after `after` (aware) at which "minute hour day month weekday" fires in Shanghai.

    Raises:
        ValueError: not a cron line.
    """
    minute, hour, day, month, weekday = cron.split()
    trigger = CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, timezone=SHANGHAI)
    fire: datetime | None = trigger.get_next_fire_time(None, after.astimezone(SHANGHAI) + timedelta(microseconds=1))
    return fire
