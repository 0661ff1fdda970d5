"""节假日: which years' holidays are known, a year read from the notice before it holds, and who may give one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from bot.actions import Action
from bot.cards.common import moment
from bot.domain.people import Employee
from bot.domain.workdays import YearCalendar
from bot.messages import Button, Card, Style

WORD, CONFIRM, DROP = "节假日", "确认节假日", "取消节假日"
HOW = "国务院的通知出来后，管理员或总监把它整段发给我就行：节假日 2027 一、元旦：1月1日……"


@dataclass(frozen=True)
class ConfirmCalendar(Action):
    """The year holds as read."""

    name: ClassVar[str] = "calendar.confirm"
    calendar_no: str


@dataclass(frozen=True)
class DropCalendar(Action):
    """The year is not taken over."""

    name: ClassVar[str] = "calendar.drop"
    calendar_no: str


@dataclass(frozen=True, slots=True)
class KnownYear:
    """One year as people see it."""

    year: int
    calendar: YearCalendar | None  #: None: not known yet
    entered_by: str = ""  #: the name of who gave it; "" = came with the program
    entered_at: datetime | None = None


def years_text(years: Sequence[KnownYear], *, may_change: bool) -> str:
    """节假日: this year and the next."""
    lines = ["工作日和节假日（催办、线索响应时间、下个工作日都按它算）"]
    for known in years:
        if known.calendar is None:
            lines.append(f"{known.year} 年：还没有，先按周一到周五算；派线索排了值班时间的会停下来等。")
        else:
            lines += [f"{known.year} 年：{_source(known)}", *_festivals(known.calendar)]
    if any(known.calendar is None for known in years):
        lines.append(HOW.replace("2027", str(max(known.year for known in years))))
    elif may_change:
        lines.append("有变动时把新通知整段发来：节假日 年份 通知全文；要回到原来的：节假日 年份 还原")
    return "\n".join(lines)


def _source(known: KnownYear) -> str:
    if not known.entered_by or known.entered_at is None:
        return "已有（随程序）"
    return f"已有（{known.entered_by} {moment(known.entered_at)}填）"


def _festivals(calendar: YearCalendar) -> list[str]:
    names = list(dict.fromkeys(calendar.free.values()))
    return [_festival(name, calendar) for name in names]


def _festival(name: str, calendar: YearCalendar) -> str:
    free = [day for day, whose in calendar.free.items() if whose == name]
    worked = [day for day, whose in calendar.worked.items() if whose and (whose in name or name in whose)]
    makes_up = f"；{'、'.join(map(_short, worked))}上班" if worked else ""
    return f"· {name} {'、'.join(_spells(free))}（{len(free)}天）{makes_up}"


def _spells(days: Sequence[date]) -> list[str]:
    """Days in a row as one: 2月15日至23日."""
    spells: list[list[date]] = []
    for day in days:
        if spells and day - spells[-1][-1] == timedelta(days=1):
            spells[-1].append(day)
        else:
            spells.append([day])
    return [_spell(each[0], each[-1]) for each in spells]


def _spell(first: date, last: date) -> str:
    if first == last:
        return _short(first)
    return f"{_short(first)}至{f'{last.day}日' if last.month == first.month else _short(last)}"


def _short(day: date) -> str:
    return f"{day.month}月{day.day}日"


# -- giving one -------------------------------------------------------------------------------------------------------
def calendar_number(calendar_no: int) -> str:
    """What a proposal is called: JR3."""
    return f"JR{calendar_no}"


def proposal_card(calendar_no: int, calendar: YearCalendar) -> Card:
    """The year as it was read, with 确认 and 取消."""
    return Card(
        title=f"{calendar.year} 年节假日，请核对",
        body="\n".join([*_festivals(calendar), "", "其余周六、周日休息。确认后马上生效。"]),
        buttons=(
            Button(text=CONFIRM, action=ConfirmCalendar(str(calendar_no)), style=Style.PRIMARY),
            Button(text=DROP, action=DropCalendar(str(calendar_no))),
        ),
        number=calendar_number(calendar_no),
    )


def settled_card(calendar_no: int, calendar: YearCalendar, *, by: Employee, at: datetime, what: str) -> Card:
    """The same card once it is decided."""
    return Card(
        title=f"{calendar.year} 年节假日",
        body="\n".join(_festivals(calendar)),
        status=f"{by.name} {moment(at)} {what}",
        number=calendar_number(calendar_no),
    )


def taken_back(year: int, *, left: bool) -> str:
    """节假日 年份 还原."""
    return f"{year} 年的节假日已回到{'上一次填的' if left else '程序自带的'}，发「节假日」看一下。"


def nothing_to_take_back(year: int) -> str:
    return f"{year} 年的节假日没有人填过，不用还原。"


def which_proposal(word: str) -> str:
    return f"是哪一次？请带上卡片上的编号，比如：{word} JR3"


def already_decided() -> str:
    return "这次填报已经处理过了，发「节假日」看现在的。"


def overtaken(year: int) -> str:
    """A newer one of that year is in force already."""
    return f"{year} 年后来又填过新的，这一份没有生效。要用它，请把通知重新发一遍。"


def not_allowed() -> str:
    return "节假日由总监和管理员填。发「节假日」可以看现在的。"


def soon_missing(year: int) -> str:
    """To the administrators, from December on."""
    return (
        f"{year} 年的节假日还没有：到时催办和提醒只能按周一到周五算，排了值班时间的线索会停下来等。"
        f"{HOW.replace('2027', str(year))}"
    )
