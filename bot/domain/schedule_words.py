"""Reading when a job should run: 每天8:30, 工作日早上八点半, 每周一三五 9:00, 每月最后一天 下午两点, 停用."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from enum import Enum

from bot.domain.numerals import SMALL, read_small
from bot.domain.schedules import DAY_NAMES, Switch, Timing
from bot.domain.text import clean, fold


class Unclear(Enum):
    """Why words are no timing; bot/cards/schedules.py says what to type instead."""

    NOTHING = "neither days nor a time"
    NO_TIME = "days without a time"
    NO_DAYS = "a time without days"
    NO_SUCH_TIME = "25:00"
    MIDNIGHT = "晚上12点: the end of today or of yesterday"
    NOT_EVERY_MONTH = "每月31号"
    NO_SUCH_DAY = "每月40号"
    UNEVEN = "每7分钟: does not divide the hour"
    TOO_OFTEN = "每分钟"
    TOO_RARE = "隔天, 每两周, 每季度"
    DIFFERENT_MINUTES = "8:30 and 17:00 do not fit one line"
    ONCE = "明天9点, 从下周起, 今天别发: no rule that repeats"
    TOO_MUCH = "9点到18点每小时: some of it would be left out"


Days = tuple[str, str]  # "day" and "weekday" of a cron line
SHORTEST_MINUTES = 5  # nobody wants to hear something more often, and a run takes its time
_LAST_SURE_DAY = 28  # of every month
_DAYS = {sign: day for day, signs in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7")) for sign in signs}
_A_DAY = "[一二三四五六日天1-7]"
_WEEK = "(?:周|星期|礼拜)"
_WORKDAYS = re.compile(r"工作日|上班日|上班(?:的|那)+天")
_NOT_ON_DAYS_OFF = re.compile(
    r"(?:节假日|假期|休息日|放假|周末|双休日?)(?:的?时候|期间)?(?:除外|不发|不推|不跑|不用|休息|跳过|不要)|除了?(?:节假日|周末)"
)
_OFF = re.compile(r"停用|停掉|停了|停发|关闭|关掉|关了|暂停|取消|[不别](?:要|用)?(?:再)?发|[停关]$")
_ON = re.compile(r"启用|开启|打开|恢复")
_DEFAULT = re.compile(r"(?:恢复|改回|还原)(?:成|到|为)?(?:默认|原样|原来)|^(?:还原|默认)$")
_CHANGE = re.compile(r"改|调|换|设|定")
_RARE = re.compile(
    r"隔[一二两三]?(?:天|日|周)|[单双]周|每个?(?:季|半?年)|半个?月|第[一二三四五1-5]个?(?:周|星期|礼拜|工作日)|"
    r"每隔?(?:[二两三四五六七八九十]|[2-9]|\d\d)个?(?:天|日|周|星期|礼拜|月)|最后一?个?(?:工作日|周|星期|礼拜)"
)
_INTERVAL = re.compile(rf"每隔?(?P<count>{SMALL}|半)?个?(?P<unit>分钟?|刻钟|小时|钟头)")
_AT_MINUTE = re.compile(rf"第({SMALL})分")
_MONTH_END = re.compile(r"每?个?月(?:的)?(?:最后一?[天日]|底|末)")
_MONTH = re.compile(rf"每个?月的?(?P<days>{SMALL}[号日]?(?:[、,，和及/与]+{SMALL}[号日]?)*)")
_WEEK_SPAN = re.compile(rf"每?个?{_WEEK}(?P<first>{_A_DAY})(?:到|至|[-~—])+{_WEEK}?(?P<last>{_A_DAY})")
_WEEK_DAYS = re.compile(rf"每?个?{_WEEK}(?P<days>{_A_DAY}(?:(?:[、,，和及/与\s每]|{_WEEK})*{_A_DAY})*)")
_WEEKEND = re.compile(r"每?个?(?:周末|双休日?)")
_EVERY_DAY = re.compile(r"每[天日]|天天|每(?=\s)")  # 每早, 每晚: the time is taken out before

#: 周三十点 is ten o'clock on Wednesday: an hour's first sign is never the day of a week
_HOUR = r"(?:\d{1,2}|(?<![周期拜])(?:二?十[一二三四五六七八九]?|[零一二两三四五六七八九]))"
_TIME = re.compile(
    r"(?P<part>凌晨|清晨|清早|一早|早上|早晨|早|上午|中午|正午|下午|午后|傍晚|晚上|晚间|夜里|晚)?"
    rf"(?:(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?!\d)|(?P<said>{_HOUR})[点时](?:钟|整)?"
    rf"(?:(?P<half>半)|(?P<quarter>[一三13])刻|零?(?P<past>{SMALL})分?(?!\d|[点时]))?)"
)
_AFTERNOON = ("下午", "午后", "傍晚")
_NIGHT = ("晚上", "晚间", "夜里", "晚")
_ONCE = re.compile(
    r"[今明后]天|[今明][早晚]|(?:[下本这上]|下下)个?(?:周|星期|礼拜|月)|\d年|(?<!每)(?<!每个)(?:\d|[一二三四五六七八九十])月"
)
#: what may stand beside days and times without meaning any
_ASIDE = re.compile(
    r"(?:改|调|换|设|定|推迟|提前|挪|放|移)[成到为在至]?|(?:节假日|周末|假期|休息日|双休日?)(?:也|照|除外|不|休息|跳过)"
    r"|除了?(?:节假日|周末)|(?:不管|无论).{0,4}(?:节假日|周末)"
)
_LEFT_OUT = re.compile(r"\d|[周月号到至]|星期|礼拜")
_SAME_DAYS = re.compile(r"\S+ [\d,]+ (?P<day>\S+) \* (?P<weekday>\S+)")


def read_schedule(words: str, present: Timing | None = None) -> Timing | Switch | Unclear:
    """What people want: a timing, a switch, or why it is neither.

    Args:
        words: without the job's name (`named_job` takes it out): 每天8:30, 工作日早上八点半, 停用.
        present: what holds now; a bare time (8:30) keeps its days.
    """
    said = re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", fold(clean(words)))
    rests = bool(_NOT_ON_DAYS_OFF.search(said))
    timed = bool(_TIME.search(said))
    if _DEFAULT.search(said):
        return Switch.DEFAULT
    if _ONCE.search(said):
        return Unclear.ONCE
    if _OFF.search(said) and not rests and not (timed and _CHANGE.search(said)):
        return Switch.OFF
    if _ON.search(said) and not timed:
        return Switch.ON
    if _RARE.search(said):
        return Unclear.TOO_RARE
    every = _INTERVAL.search(said)
    workdays = rests or bool(_WORKDAYS.search(said))
    timing = _interval(every, said) if every else _at_times(said, present)
    return replace(timing, workdays_only=True) if isinstance(timing, Timing) and workdays else timing


def _interval(every: re.Match[str], said: str) -> Timing | Unclear:
    """每30分钟, 每小时, 每 2 小时的第 15 分."""
    count, unit = every["count"], every["unit"]
    if _leaves_out(_AT_MINUTE.sub("", said[: every.start()] + said[every.end() :])):
        return Unclear.TOO_MUCH
    if unit in ("小时", "钟头") and count != "半":
        at = _AT_MINUTE.search(said)
        minute, hours = _number(at[1]) if at else 0, _number(count) if count else 1
        if minute > 59:
            return Unclear.NO_SUCH_TIME
        if hours not in (1, 2, 3, 4, 6, 8, 12):
            return Unclear.UNEVEN
        return Timing(f"{minute} {'*' if hours == 1 else f'*/{hours}'} * * *")
    minutes = 30 if count == "半" else (_number(count) if count else 1) * (15 if unit == "刻钟" else 1)
    if minutes < SHORTEST_MINUTES:
        return Unclear.TOO_OFTEN
    if 60 % minutes:
        return Unclear.UNEVEN
    return Timing("0 * * * *" if minutes == 60 else f"*/{minutes} * * * *")


def _at_times(said: str, present: Timing | None) -> Timing | Unclear:
    times = _times(said)
    if isinstance(times, Unclear):
        return times
    days, rest = _days(_TIME.sub(" ", said))
    if isinstance(days, Unclear):
        return days
    keeps_workdays = False
    if days is None and times and present and (kept := _SAME_DAYS.fullmatch(present.cron)):
        days, keeps_workdays = (kept["day"], kept["weekday"]), present.workdays_only
    if days is None:
        return Unclear.NO_DAYS if times else Unclear.NOTHING
    if not times:
        return Unclear.NO_TIME
    if _leaves_out(rest):
        return Unclear.TOO_MUCH
    if len({minute for _, minute in times}) > 1:
        return Unclear.DIFFERENT_MINUTES
    hours = ",".join(map(str, sorted({hour for hour, _ in times})))
    return Timing(f"{times[0][1]} {hours} {days[0]} * {days[1]}", keeps_workdays)


def _leaves_out(rest: str) -> bool:
    return bool(_LEFT_OUT.search(_ASIDE.sub("", rest)))


def _times(said: str) -> list[tuple[int, int]] | Unclear:
    """(hour, minute) of every time named; 下午 holds for the times behind it, too."""
    found: list[tuple[int, int]] = []
    part = ""
    for match in _TIME.finditer(said):
        part = match["part"] or part
        time = _clock(match, part)
        if isinstance(time, Unclear):
            return time
        found.append(time)
    return found


def _clock(match: re.Match[str], part: str) -> tuple[int, int] | Unclear:
    hour = int(match["hour"]) if match["hour"] else _number(match["said"])
    minute = int(match["minute"] or 0)
    if match["half"]:
        minute = 30
    elif match["quarter"]:
        minute = 45 if match["quarter"] in "三3" else 15
    elif match["past"]:
        minute = _number(match["past"])
    if hour == 24 or (hour == 12 and part in _NIGHT):
        return Unclear.MIDNIGHT
    if part == "凌晨" and hour == 12:
        hour = 0
    if hour < 12 and (part in (*_AFTERNOON, *_NIGHT) or (part in ("中午", "正午") and hour < 4)):
        hour += 12
    return (hour, minute) if hour < 24 and minute < 60 else Unclear.NO_SUCH_TIME


def _days(said: str) -> tuple[Days | Unclear | None, str]:
    """The days named, None when there are none; and what stands beside them."""
    weekend = _ASIDE.sub("", said)
    for text, pattern, read in (
        (said, _MONTH_END, lambda match: ("last", "*")),
        (said, _MONTH, lambda match: _month_days(match["days"])),
        (said, _WEEK_SPAN, _week_span),
        (said, _WEEK_DAYS, lambda match: _week_days(_DAYS[sign] for sign in match["days"] if sign in _DAYS)),
        (weekend, _WEEKEND, lambda match: _week_days((5, 6))),
        (said, _EVERY_DAY, lambda match: ("*", "*")),
        (said, _WORKDAYS, lambda match: ("*", "*")),
        (said, _NOT_ON_DAYS_OFF, lambda match: ("*", "*")),
    ):
        if match := pattern.search(text):
            return read(match), text[: match.start()] + text[match.end() :]
    return None, said


def _week_span(match: re.Match[str]) -> Days:
    first, last = _DAYS[match["first"]], _DAYS[match["last"]]
    return _week_days(range(first, last + 1) if first <= last else (*range(first, 7), *range(last + 1)))


def _week_days(days: Iterable[int]) -> Days:
    numbers = sorted(set(days))
    return "*", "*" if len(numbers) == len(DAY_NAMES) else ",".join(DAY_NAMES[number] for number in numbers)


def _month_days(words: str) -> Days | Unclear:
    numbers = sorted({_number(item) for item in re.findall(SMALL, words)})
    if not 1 <= numbers[0] <= numbers[-1] <= 31:
        return Unclear.NO_SUCH_DAY
    return (",".join(map(str, numbers)), "*") if numbers[-1] <= _LAST_SURE_DAY else Unclear.NOT_EVERY_MONTH


def _number(words: str) -> int:
    return 0 if words == "零" else read_small(words) or 0
