"""Reading `上限 于丽娟 15`, `值班 9:00-18:00 工作日`, `响应 30分钟`, `跨区 允许` and the other limits of giving out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time

from bot.domain.leads.rule_changes import (
    MOST_CAPACITY,
    MOST_MINUTES,
    MOST_TIMES,
    PRICE_SHARE,
    REMIND,
    AcrossRegions,
    Capacity,
    Duty,
    Evening,
    Minutes,
    PriceShare,
    Times,
    Waived,
)
from bot.domain.leads.rule_known import LONGEST_NAME, Known, one_rep
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.shares import NUMBER, read_number, read_share
from bot.domain.leads.values import DutyHours, Reason
from bot.domain.numerals import SMALL, read_small
from bot.domain.text import fold
from bot.errors import BadSyntax

CHANGE = r"(?:调整?|改|设置?|定|提高?|降低?|加|减)?(?:到|成|为|至)?"  #: 上限 调到 15

BELOW_ZERO = re.compile(
    r"(?:^|[\s:：=到成为至])(?:[-−—]|负)\s*[\d.零一二两三四五六七八九十半]"
)  #: a number with a minus

_BARE = re.compile(r"(?:调整?|改|设置?|定)(?:到|成|为|至)|[个条家]$|^[:：=]|^(?:每人|人均)")


def read_capacity(rest: str, rules: LeadRules, known: Known) -> Capacity:
    example = "权重 上限 15；给一个人：权重 上限 于丽娟 15；暂停接线索写 0，跟大家一样写「默认」"
    match = re.fullmatch(
        rf"(?P<who>.*?)\s*(?:的)?\s*{CHANGE}\s*(?P<number>{SMALL}|0|零|暂停|停|默认|跟大家一样)\s*[条个]?", fold(rest)
    )
    if BELOW_ZERO.search(fold(rest)):
        raise BadSyntax(f"上限要在 0 到 {MOST_CAPACITY} 之间，比如：{example}。")
    if not match:
        raise BadSyntax(f"上限是多少？请这样写：{example}。")
    who, said = rest[: match.end("who")].strip(), match["number"]
    number = None if said in ("默认", "跟大家一样") else 0 if said in ("暂停", "停", "0", "零") else read_small(said)
    if number is not None and not 0 <= number <= MOST_CAPACITY:
        raise BadSyntax(f"上限要在 0 到 {MOST_CAPACITY} 之间，比如：{example}。")
    if who.isdigit():
        raise BadSyntax(f"上限要在 0 到 {MOST_CAPACITY} 之间，比如：{example}。")
    person = one_rep(who, known.directory) if who else None
    if person is None and number == 0:
        raise BadSyntax("所有人的上限都改成 0 就没人接线索了。要暂停某个人请写：权重 上限 于丽娟 0。")
    if person is None and number is None:
        raise BadSyntax(f"「默认」要写给谁，比如：权重 上限 于丽娟 默认。所有人的上限直接写数：{example}。")
    return Capacity(number, person.employee_no if person else "")


_CLOCK = rf"(?:早上|早|上午|中午|下午|傍晚|晚上|晚|凌晨)?\s*{SMALL}\s*(?:[:：.]\s*\d\d|[点时](?:半|{SMALL}分?|整)?)?"
_HOURS = re.compile(rf"(?P<start>{_CLOCK})\s*(?:-|—|~|到|至)+\s*(?P<end>{_CLOCK})")
_TIME = re.compile(
    rf"(?P<part>早上|早|上午|中午|下午|傍晚|晚上|晚|凌晨)?\s*(?P<hour>{SMALL})\s*(?:[:：.]\s*(?P<minute>\d\d)|[点时](?:(?P<half>半)|(?P<past>{SMALL})分?|整)?)?"
)


def read_duty(rest: str, rules: LeadRules, known: Known) -> Duty:
    example = "权重 值班 9:00-18:00 工作日；给一个人：权重 值班 于丽娟 9:00-18:00 每天；不限时间写「取消」"
    folded = fold(rest)
    match = _HOURS.search(folded)
    if match:
        who = rest[: match.start()].strip()
        hours = DutyHours(*_times(match, example), workdays_only=_workdays_only(folded[match.end() :].strip(), example))
        return Duty(hours, one_rep(who, known.directory).employee_no if who else "")
    off = re.fullmatch(r"(?P<who>.*?)\s*(?P<what>取消|不限时?间?|全天|24小时|默认|跟大家一样)", folded)
    if not off:
        raise BadSyntax(f"什么时候值班？请这样写：{example}。")
    who, as_everybody = rest[: off.end("who")].strip(), off["what"] in ("默认", "跟大家一样")
    if as_everybody and not who:
        raise BadSyntax(f"「默认」要写给谁，比如：权重 值班 于丽娟 默认。{example}。")
    return Duty(None, one_rep(who, known.directory).employee_no if who else "", as_everybody)


def _times(match: re.Match[str], example: str) -> tuple[time, time]:
    start, end = _clock(match["start"]), _clock(match["end"])
    if start is None or end is None:
        raise BadSyntax(f"没有这样的时间。请这样写：{example}。")
    if start == end:
        raise BadSyntax("开始和结束是同一个时间。要全天都派请写：权重 值班 取消。")
    return start, end


def _clock(said: str) -> time | None:
    match = _TIME.fullmatch(said.strip())
    if match is None:
        return None
    hour = read_small(match["hour"]) or 0
    minute = 30 if match["half"] else read_small(match["minute"] or match["past"] or "0") or 0
    if match["part"] in ("下午", "傍晚", "晚上", "晚") and hour < 12:
        hour += 12
    if (hour, minute) == (24, 0):
        hour = 0
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _workdays_only(said: str, example: str) -> bool:
    if said in ("", "工作日", "上班日", "工作日才派"):
        return True
    if said in ("每天", "天天", "全周", "周末也派", "包括周末", "含周末"):
        return False
    raise BadSyntax(f"「{said}」没看懂，是「工作日」还是「每天」？请这样写：{example}。")


_SPAN = re.compile(rf"{CHANGE}\s*(?P<number>半|{NUMBER})\s*个?(?P<unit>分钟|分|小时|钟头)?")


def read_remind(rest: str, rules: LeadRules, known: Known) -> Minutes:
    minutes = minutes_said(rest)
    if minutes is None:
        raise BadSyntax("多久没响应就提醒？比如：权重 提醒 20分钟。")
    return Minutes(REMIND, in_bounds(minutes, "权重 提醒 20分钟"))


def minutes_said(rest: str) -> float | None:
    """Minutes of working time; None where neither a unit nor a number above one says that it is a time."""
    match = _SPAN.fullmatch(fold(rest))
    if not match:
        return None
    number = 0.5 if match["number"] == "半" else float(read_number(match["number"]) or 0)
    if not match["unit"]:
        return number if number > 1 else None
    return number * (60 if match["unit"] in ("小时", "钟头") else 1)


def in_bounds(minutes: float, example: str) -> int:
    if not 1 <= minutes <= MOST_MINUTES or minutes % 1:
        raise BadSyntax(f"时间要在 1 分钟到 {MOST_MINUTES // 60} 小时之间（按工作时间算），比如：{example}。")
    return int(minutes)


def times_of(what: str) -> Callable[[str, LeadRules, Known], Times]:
    def read(rest: str, rules: LeadRules, known: Known) -> Times:
        match = re.fullmatch(rf"{CHANGE}\s*({SMALL})\s*[次个人位]?(?:没响应|没人接)?", fold(rest))
        count = read_small(match[1]) if match else None
        if not count or count > MOST_TIMES:
            raise BadSyntax(f"几次没接到？请写 1 到 {MOST_TIMES}，比如：权重 {what} 2次。")
        return Times(what, count)

    return read


# -- yes and no, and how evenly ---------------------------------------------------------------------------------------
_YES = ("允许", "可以", "开", "打开", "开启", "是", "照常派", "照常", "派", "照派", "也派")
_NO = ("不允许", "不可以", "不行", "关", "关闭", "否", "不派", "不用派", "停派", "禁止", "暂停")


def _yes(rest: str, example: str) -> bool:
    said = fold(rest).strip("。 ")
    if said in _YES:
        return True
    if said in _NO:
        return False
    raise BadSyntax(f"没看懂「{rest[:LONGEST_NAME]}」，请这样写：{example}。")


def read_across(rest: str, rules: LeadRules, known: Known) -> AcrossRegions:
    return AcrossRegions(_yes(rest, "权重 跨区 允许，或：权重 跨区 不允许"))


def read_on_leave(rest: str, rules: LeadRules, known: Known) -> Waived:
    return Waived(Reason.ON_LEAVE, _yes(rest, "权重 休假 照常派，或：权重 休假 不派"))


def read_off_duty(rest: str, rules: LeadRules, known: Known) -> Waived:
    return Waived(Reason.OFF_DUTY, _yes(rest, "权重 下班 照常派，或：权重 下班 不派"))


def evening_of(what: str) -> Callable[[str, LeadRules, Known], Evening]:
    def read(rest: str, rules: LeadRules, known: Known) -> Evening:
        number = read_share(fold(rest))
        if number is None or not 0 <= number <= 5:
            raise BadSyntax(f"{what}的力度请写 0 到 5 的数，0 是不管，越大越均匀，比如：权重 {what} 0.1。")
        return Evening(what, number)

    return read


def read_price_share(rest: str, rules: LeadRules, known: Known) -> PriceShare:
    share = read_share(fold(rest))
    if share is None or not 0 <= share <= 1:
        raise BadSyntax(f"请写 0% 到 100%，比如：权重 {PRICE_SHARE} 85%。0% 就是不预留。")
    return PriceShare(share)
