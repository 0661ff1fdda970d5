"""When jobs run, as people say it: a timing, what was changed about a job, and the sentence for it. Pure.

A timing's cron line is "minute hour day month weekday" in Shanghai time, weekdays by name (bot/cron.py);
`bot.domain.schedule_words` reads it from words, and the sentence here reads back to the same timing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.text import fold

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SIGNS = "一二三四五六日"
#: the jobs people know and what they call them, the name that is shown first; other jobs are the machine's own affair
JOB_NAMES: dict[str, tuple[str, ...]] = {
    "daily_digest": ("日报", "早报", "经理日报"),
    "followup_reminder": ("跟进提醒", "回访提醒"),
    "approval_reminder": ("审批提醒",),
    "lead_review": ("线索日报", "派单日报"),
    "reconciliation": ("每月对账", "自动对账"),
    "rebate_settlement": ("返利结算",),
    "churn_scan": ("流失扫描",),
    "content_engagement": ("内容互动",),
    "file_sync": ("文件同步",),
    "erp_sync": ("ERP同步",),
}
#: jobs that run all the time: people may name them, but there is nothing to schedule, and nobody switches them off
ALWAYS_ON: dict[str, tuple[str, ...]] = {
    "lead_assignment": ("线索分配", "线索派发"),
    "lead_sla": ("线索超时提醒", "线索提醒"),
}


@dataclass(frozen=True, slots=True)
class Timing:
    """When something runs. With `workdays_only` it rests on holidays and works on make-up days."""

    cron: str
    workdays_only: bool = False

    @property
    def daily(self) -> bool:
        """At most a few times a day, at hours that are written down."""
        return bool(_AT_HOURS.fullmatch(self.cron))

    @property
    def hours(self) -> tuple[int, ...]:
        """The hours of the day, where they are written down."""
        found = _AT_HOURS.fullmatch(self.cron)
        return tuple(int(hour) for hour in found["hours"].split(",")) if found else ()


class Switch(StrEnum):
    """What can be said instead of a time."""

    OFF = "停用"
    ON = "启用"
    DEFAULT = "恢复默认"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What people changed about a job. An empty cron and None stand for the job's own values."""

    job: str
    cron: str = ""
    workdays_only: bool | None = None
    enabled: bool = True
    changed_by: str = ""  #: 工号
    changed_at: datetime  #: business time; the change holds for what fires after it

    def timing(self, default: Timing) -> Timing:
        """What holds, whether or not it is switched off."""
        days = default.workdays_only if self.workdays_only is None else self.workdays_only
        return Timing(self.cron or default.cron, days)


def named_job(words: str) -> tuple[str, str] | None:
    """The job that is named first in the words, and the words without its name; the longest name wins. Operators may
    use the job's own name."""
    folded = fold(words)
    found = [
        (folded.index(name), -len(name), job)
        for job, names in (JOB_NAMES | ALWAYS_ON).items()
        for name in map(fold, (*names, job))
        if name in folded
    ]
    if not found:
        return None
    start, longest, job = min(found)
    return job, f"{words[:start]} {words[start - longest :]}".strip()


_AT_HOURS = re.compile(r"(?P<minute>\d+) (?P<hours>[\d,]+) (?P<day>\S+) \* (?P<weekday>\S+)")
_HOURLY = re.compile(r"(?P<minute>\d+) \*(?:/(?P<every>\d+))? \* \* \*")
_MINUTES = re.compile(r"\*/(\d+) \* \* \* \*")


def schedule_sentence(timing: Timing) -> str:
    """`每个工作日 8:30`, `每周一、三、五 9:00`, `每月1号 10:00`, `每 30 分钟`."""
    if match := _MINUTES.fullmatch(timing.cron):
        return f"{'工作日' if timing.workdays_only else ''}每 {match[1]} 分钟"
    if match := _HOURLY.fullmatch(timing.cron):
        every = f"每 {match['every']} 小时" if match["every"] else "每小时"
        at = f"的第 {match['minute']} 分" if match["minute"] != "0" else ""
        return f"{'工作日' if timing.workdays_only else ''}{every}{at}"
    if match := _AT_HOURS.fullmatch(timing.cron):
        times = "、".join(f"{int(hour)}:{int(match['minute']):02}" for hour in match["hours"].split(","))
        if (match["day"], match["weekday"]) == ("*", "*"):
            return f"{'每个工作日' if timing.workdays_only else '每天'} {times}"
        days = _month_days(match["day"]) if match["weekday"] == "*" else _week_days(match["weekday"])
        if days:
            return f"{days} {times}{'（节假日除外）' if timing.workdays_only else ''}"
    return f"cron「{timing.cron}」{'（节假日除外）' if timing.workdays_only else ''}"  # set up by an operator


def _month_days(days: str) -> str:
    return "每月最后一天" if days == "last" else "每月" + "、".join(f"{day}号" for day in days.split(","))


def _week_days(names: str) -> str:
    days = names.split(",")
    if any(name not in DAY_NAMES for name in days):
        return ""
    if tuple(days) == DAY_NAMES[:5]:
        return "每周一到周五"
    return "每周" + "、".join(_SIGNS[DAY_NAMES.index(name)] for name in days)
