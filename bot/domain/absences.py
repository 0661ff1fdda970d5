"""请假 as people type it: `2月13日至2月14日 代理 张三`, `明天`, `李雷 2月13日 代理 韩梅`. Whole days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.dates import DateMention, find_dates
from bot.domain.directory import Directory
from bot.domain.flow_changes import named_people
from bot.domain.flows import Absence
from bot.domain.numerals import SMALL
from bot.domain.people import Employee
from bot.domain.text import clean, fold
from bot.errors import BadSyntax, NotFound

EXAMPLE = "请假 2月13日至2月14日 代理 张三"
LONGEST_DAYS = 366
_LONGEST_REASON = 50
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_DELEGATE = re.compile(
    r"(?:^|\s|[,，;；])(?:由|请)?代理人?\s*[:：]?\s*(\S+)\s*$|(?:^|\s|[,，;；])由\s*(\S+?)\s*代理\s*$"
)
_UNTIL = re.compile(r"\s*(?:上午|下午|全天|早上)?\s*(?:至|到|[-~—–]+)\s*")
_BARE_DAY = re.compile(rf"{SMALL}[日号]")
_LINKING = " ,，;；、。从起"


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceWish:
    """Who is away, the first and the last day of it, and who acts meanwhile."""

    absent: Employee
    first: date
    last: date  #: inclusive
    delegate: Employee | None = None
    reason: str = ""

    def absence(self) -> Absence:
        """From midnight to midnight, Shanghai."""
        return Absence(
            employee_no=self.absent.employee_no,
            starts_at=_midnight(self.first),
            ends_at=_midnight(self.last + timedelta(days=1)),
            delegate_no=self.delegate.employee_no if self.delegate else "",
            reason=self.reason,
        )


def last_day(absence: Absence) -> date:
    """The last whole day of it, Shanghai."""
    return (absence.ends_at - timedelta(seconds=1)).astimezone(_SHANGHAI).date()


def read_absence(words: str, *, sender: Employee, today: date, directory: Directory) -> AbsenceWish:
    """What the words behind 请假 ask for.

    Raises:
        BadSyntax: no days, or days that lie in the past or are the wrong way round.
        NotFound: nobody of that name is here.
    """
    said = clean(words)
    delegate: Employee | None = None
    if match := _DELEGATE.search(said):
        delegate = one_person(match[1] or match[2], directory)
        said = said[: match.start()].strip()
    absent, said = _absent(said, sender, today, directory)
    if delegate and delegate.employee_no == absent.employee_no:
        raise BadSyntax("代理人不能是请假的人自己，请换一位同事。")
    first, last, reason = _days(said, today)
    return AbsenceWish(absent=absent, first=first, last=last, delegate=delegate, reason=reason[:_LONGEST_REASON])


def one_person(who: str, directory: Directory) -> Employee:
    """The one active employee of that name or number.

    Raises:
        NotFound: none, or several of that name.
    """
    who = who.strip(_LINKING)
    people = named_people(who, directory)
    if not people:
        raise NotFound(f"在职同事里没有「{who}」，请写全名或工号。")
    if len(people) > 1:
        numbers = "、".join(f"{person.employee_no}（{person.region}{person.role.value}）" for person in people)
        raise NotFound(f"叫「{who}」的有 {len(people)} 位，请写工号：{numbers}。")
    return people[0]


def _absent(said: str, sender: Employee, today: date, directory: Directory) -> tuple[Employee, str]:
    """Somebody else may be named in front of the days."""
    word, _, rest = said.partition(" ")
    if find_dates(word, today=today) or not find_dates(rest, today=today):
        return sender, said
    return one_person(word, directory), rest.strip()


def _days(said: str, today: date) -> tuple[date, date, str]:
    found = find_dates(said, today=today)
    if not found or found[0].day is None:
        raise BadSyntax(f"哪天请假没看懂，请这样写：{EXAMPLE}；或 请假 明天。")
    first, behind = found[0].day, said[found[0].end :]
    last = first
    if until := _UNTIL.match(fold(behind)):
        last, behind = _end(behind[until.end() :], first, today)
    elif len(found) > 1:
        raise BadSyntax(f"有好几天，请写成一段，比如：{EXAMPLE}；不连着的请分几次发。")
    if last < first:
        raise BadSyntax("结束日期在开始日期前面，请再看一下。")
    if last < today:
        raise BadSyntax("这几天已经过去了，不用补请假。")
    if (last - first).days >= LONGEST_DAYS:
        raise BadSyntax("一次最多请一年的假，请分几次发。")
    return first, last, behind.strip(_LINKING)


def _end(behind: str, first: date, today: date) -> tuple[date, str]:
    """The day a span ends on. A bare 20日 or 周三 that would lie before the first day counts from there."""
    ends: list[DateMention] = find_dates(behind, today=today)
    if not ends or ends[0].start or ends[0].day is None:
        raise BadSyntax(f"请到哪天没看懂，请这样写：{EXAMPLE}。")
    if len(ends) > 1:
        raise BadSyntax(f"有好几段日期，请一段一段发，比如：{EXAMPLE}。")
    last, rest = ends[0].day, behind[ends[0].end :]
    if last < first and (ends[0].loose or _BARE_DAY.match(fold(behind))):
        last = next((item.day for item in find_dates(behind, today=first) if item.day), last)
    return last, rest


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), _SHANGHAI)
