"""What is said about when the bot's jobs run: the list, a change read back, and times nobody can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.cards.common import day, moment
from bot.clock import SHANGHAI
from bot.domain.people import Employee
from bot.domain.schedule_words import Unclear
from bot.domain.schedules import JOB_NAMES, Switch, Timing, schedule_sentence

QUIET_FROM, QUIET_TO = 20, 8  # o'clock; what is pushed in these hours waits for the morning (interface.md)
EXAMPLES = "例如：日报 每天8:30、日报 每个工作日8:30、跟进提醒 每周一三五 9:00"
_WHY = {
    Unclear.NOTHING: f"没看懂要改到什么时候。{EXAMPLES}；不要了说「日程 日报 停用」。",
    Unclear.NO_TIME: f"几点发？请带上时间。{EXAMPLES}",
    Unclear.NO_DAYS: f"哪天发？请带上每天、每个工作日、每周几或每月几号。{EXAMPLES}",
    Unclear.NO_SUCH_TIME: f"没有这个时间，钟点写 0:00 到 23:59。{EXAMPLES}",
    Unclear.MIDNIGHT: "夜里 12 点分不清是哪一天：当天开始请写 0:00，当天结束请写 23:59，例如：日报 每天23:59",
    Unclear.NOT_EVERY_MONTH: "不是每个月都有 29、30、31 号。月底请说：日报 每月最后一天 17:00",
    Unclear.NO_SUCH_DAY: "每月只有 1 到 28 号可以选，月底请说：日报 每月最后一天 17:00",
    Unclear.UNEVEN: "间隔要能分得匀：5、10、15、20、30 分钟，或 1、2、3、4、6、8、12 小时，例如：审批提醒 每30分钟",
    Unclear.TOO_OFTEN: "太频繁了，最短每 5 分钟一次，例如：审批提醒 每30分钟",
    Unclear.TOO_RARE: f"只能按每天、每个工作日、每周几、每月几号来排。{EXAMPLES}",
    Unclear.DIFFERENT_MINUTES: "一天几次的话，分钟数要一样，例如：日报 每天 8:30 和 17:30",
    Unclear.ONCE: f"只能改成固定的时间，改了马上生效，不用说从哪天起；单独改某一天还不行。{EXAMPLES}",
    Unclear.TOO_MUCH: f"一次只能说一种排法，不能加时段。{EXAMPLES}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """One job as people see it."""

    job: str
    timing: Timing
    enabled: bool = True
    next_run: datetime | None = None
    changed_by: str = ""  #: the name of who changed it; "" while it is as it came
    changed_at: datetime | None = None
    last_at: datetime | None = None  #: fire time of the last run; None: it has not run yet
    last_state: str = ""  #: queued, done, failed
    last_count: int | None = None  #: how many messages it put out


def job_name(job: str) -> str:
    return JOB_NAMES[job][0]


def schedule_list(lines: Sequence[ScheduleLine], *, may_change: bool, whom: Sequence[Employee]) -> str:
    """日程: when everything runs, who changed it, and how the last run went."""
    how = "改时间：日报 每天8:30；不要了：日程 日报 停用；改回来：日程 日报 恢复默认" if may_change else _ask(whom)
    return "\n".join(["自动发送的时间", *(_line(line) for line in lines), how])


def _line(line: ScheduleLine) -> str:
    when = f"{schedule_sentence(line.timing)}，{_next(line.next_run)}" if line.enabled else "已停用"
    changed = f"{line.changed_by} {moment(line.changed_at)} 改的" if line.changed_by and line.changed_at else ""
    rest = "；".join(part for part in (changed, _last(line)) if part)
    return f"· {job_name(line.job)}：{when}" + (f"\n  {rest}" if rest else "")


def _next(at: datetime | None) -> str:
    if at is None:
        return "以后不会再发"
    local = at.astimezone(SHANGHAI)
    return f"下次 {day(local.date())} {local.hour}:{local:%M}"


def _last(line: ScheduleLine) -> str:
    if line.last_at is None:
        return "还没发过"
    outcome = {"failed": "没发成，已通知管理员", "queued": "正在发"}.get(line.last_state)
    if outcome is None:
        outcome = f"发出 {line.last_count} 条" if line.last_count else "没有要发的"
    return f"上次 {moment(line.last_at)}，{outcome}"


def one_schedule(line: ScheduleLine) -> str:
    """日程 日报: that one job."""
    return _line(line).removeprefix("· ")


def changed(line: ScheduleLine, before: ScheduleLine, default: Timing, *, today: date) -> str:
    """A change read back: what holds now, the next run, and what may come as a surprise."""
    name, said = job_name(line.job), schedule_sentence(line.timing)
    if not line.enabled:
        return f"好，{name}停用了，不再发。要恢复说：日程 {name} {Switch.ON}"
    back = line.timing == default
    first = f"好，{name}改为{said}{'（默认时间）' if back else ''}，{_next(line.next_run)}。"
    if (line.timing, line.enabled) == (before.timing, before.enabled):
        first = f"{name}本来就是{said}，没有变化，{_next(line.next_run)}。"
    return "\n".join([first, *_surprises(line, default, today=today), *([] if back else [_way_back(name, default)])])


def _surprises(line: ScheduleLine, default: Timing, *, today: date) -> list[str]:
    name, notes = job_name(line.job), []
    if default.workdays_only and not line.timing.workdays_only:
        notes.append("周末和节假日也会发；只在工作日发，说「每个工作日」。")
    if any(hour >= QUIET_FROM or hour < QUIET_TO for hour in line.timing.hours):
        notes.append(f"{QUIET_FROM}:00 到 {QUIET_TO}:00 不打扰，这段时间的会等到 {QUIET_TO}:00 再发。")
    if line.timing.daily and _on(line.next_run) == today == _on(line.last_at):
        notes.append(f"今天的{name}已经发过，收到过的人今天不会再收到。")
    return notes


def _on(at: datetime | None) -> date | None:
    return at.astimezone(SHANGHAI).date() if at else None


def _way_back(name: str, default: Timing) -> str:
    return f"要改回{schedule_sentence(default)}，说：日程 {name} {Switch.DEFAULT}"


def unclear(why: Unclear) -> str:
    return _WHY[why]


def which_job(names: Sequence[str]) -> str:
    return f"要改哪一个？现在有：{'、'.join(names)}。例如：日程 {names[0]} 每天8:30"


def not_running(job: str) -> str:
    return f"{job_name(job)}现在还没有自动发送。输入「日程」看有哪些。"


def always_on() -> str:
    """Asked for the dispatch of leads or its clock."""
    return (
        "线索随到随派，响应时限随时在看，都不用排时间，也停不了。\n"
        "多久没响应提醒、转给下一位，在「权重」里看，总监和管理员可以改，例如：权重 响应 30分钟"
    )


def not_yours(whom: Sequence[Employee]) -> str:
    return f"发送时间对全公司有效，{_ask(whom)}"


def _ask(whom: Sequence[Employee]) -> str:
    names = "或".join(employee.name for employee in whom[:2])
    return f"要改请找{names}。" if names else "要改请找总监或管理员。"
