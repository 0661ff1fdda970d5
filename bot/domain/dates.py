"""Days as people say them: 下周三, 过三天, 月底, 22号, 正月初八, 节后上班第一天.

Conventions (fixtures/README.md): a week begins on Monday; 下周三 is in the next natural week, 周五 and 这周五 in this
one; 三天后 adds 3, 半个月后 15, 两周后 14; X前 means X; 月底 is the last day of the month; what names no day is None.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain import lunar, workdays
from bot.domain.numerals import SMALL, read_small
from bot.domain.text import fold


@dataclass(frozen=True, slots=True)
class DateMention:
    """A place in a text that speaks of a day."""

    start: int
    end: int
    day: date | None  #: None: vague, or no such day
    loose: bool = False  #: a weekday without 这/本/下: people mean the coming one when this week's is over


Resolve = Callable[[re.Match[str], date], date | None]
_HALF_YEAR_DAYS = 183
_NOT_A_COUNT = r"(?![个箱件台家万千百wk%.\d点元块折桶瓶条套人次楼线店仓门柜机幢栋院厂铺架库油桌])"
_SOME_TIME_AFTER = re.compile(
    r"(?:之后|以后|过后)(?!第[一1])|(?<!前)后(?=[再去来说谈联约看]|$|[,，。;；\s])"
)  # 正月十五之后: no day in particular
_DAY_BEFORE = re.compile(rf"(?:(?<=前)|的?[头前])(?P<n>{SMALL})天")
_IN_BRACKETS = re.compile(r"\s?[(\[]$")  # 2月11日(周三): one day
_PAST_CUE = re.compile(
    r"(?:[号日]|[一二三四五六日天])?(?:那[天批次笔张回]|(?:[上下]午)?(?:去|到|发|送|签|下|来|跑|打|聊|见|拜访|买|"
    r"定|订)的)"
)


def find_dates(text: str, *, today: date) -> list[DateMention]:
    """Every day spoken of, in order, without overlaps; vague ones too, with `day` None."""
    folded = fold(text)
    found: list[DateMention] = []
    for pattern, resolve in _RULES:
        for match in pattern.finditer(folded):
            loose = resolve is _weekday and not match["which"]
            day = resolve(match, today)
            if _SOME_TIME_AFTER.match(folded, match.end()) or folded.endswith(("过了", "过完"), 0, match.start()):
                day = None
            elif day and (before := _DAY_BEFORE.match(folded, match.end())):
                day -= timedelta(days=_number(before["n"]))
            found.append(DateMention(match.start(), match.end(), day, loose))
    found.sort(key=lambda mention: (mention.start, -mention.end))
    kept: list[DateMention] = []
    for mention in found:
        spelt_out = bool(kept) and mention.loose and bool(_IN_BRACKETS.match(folded, kept[-1].end, mention.start))
        if not kept or (mention.start >= kept[-1].end and not (spelt_out and kept[-1].day)):
            kept.append(mention)
    return kept


def read_date(text: str, *, today: date) -> date | None:
    """The day that a short answer names ("下周三", "3月5号吧"); None when there is none, or several different ones."""
    days = {mention.day for mention in find_dates(text, today=today) if mention.day}
    return days.pop() if len(days) == 1 else None


def _day(year: int, month: int, day: int) -> date | None:
    extra, month = divmod(month - 1, 12)
    try:
        return date(year + extra, month + 1, day)
    except ValueError:
        return None


def _last_day(year: int, month: int) -> date:
    extra, month = divmod(month - 1, 12)
    return date(year + extra, month + 1, monthrange(year + extra, month + 1)[1])


def _number(text: str | None) -> int:
    return (read_small(text) if text else None) or 0


def _spoken_of_as_past(match: re.Match[str]) -> bool:
    return bool(_PAST_CUE.match(match.string, match.end()))


def _full(match: re.Match[str], today: date) -> date | None:
    year = int(match["year"])
    return _day(year + 2000 if year < 100 else year, int(match["month"]), int(match["day"]))


def _month_day(match: re.Match[str], today: date) -> date | None:
    """Month and day without a year: this year's, or the next when that lies half a year back."""
    month, day = _number(match["month"]), _number(match["day"])
    shift = {"明": 1, "后": 2, "去": -1, "前": -2, "今": 0}.get((match.groupdict().get("rel") or "")[:1])
    found = _day(today.year + (shift or 0), month, day) if 1 <= month <= 12 else None
    if found is None and shift is None and month == 2 and day == 29:  # leap day: the next year may have one
        return _day(today.year + 1, month, day)
    if found is None or shift is not None:
        return found
    if (today - found).days > _HALF_YEAR_DAYS:
        return _day(today.year + 1, month, day)
    if found > today and _spoken_of_as_past(match):
        return _day(today.year - 1, month, day)
    return found


_STEPS = {"下下": 2, "下": 1, "上": -1, "上上": -2}


def _step(word: str | None) -> int:
    return _STEPS.get((word or "").replace("个", ""), 0)


def _of_month(match: re.Match[str], today: date) -> date | None:
    return _day(today.year, today.month + _step(match["which"]), _number(match["day"]))


def _month_end(match: re.Match[str], today: date) -> date | None:
    named = _number(match.groupdict().get("month"))
    if not named:
        return _last_day(today.year, today.month + _step(match["which"]))
    if named > 12:
        return None
    end = _last_day(today.year, named)
    return end if (today - end).days <= _HALF_YEAR_DAYS else _last_day(today.year + 1, named)


def _day_of_month(match: re.Match[str], today: date) -> date | None:
    """A bare 22号: of this month, or of the next when that is over; the other way round when spoken of as past."""
    day = _number(match["day"])
    if _spoken_of_as_past(match):
        return _day(today.year, today.month - (day > today.day), day)
    return _day(today.year, today.month + (day < today.day), day)


def _weekday(match: re.Match[str], today: date) -> date | None:
    index = "一二三四五六日".find(match["day"].replace("天", "日"))
    index = int(match["day"]) - 1 if index < 0 else index
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(days=index, weeks=_step(match["which"]))


_WORDS = {
    "大前": -3, "前": -2, "昨": -1, "今": 0, "当": 0, "明": 1, "次": 1, "翌": 1, "隔": 1, "后": 2, "大后": 3,
}  # fmt: skip


def _word(match: re.Match[str], today: date) -> date | None:
    return today + timedelta(days=_WORDS[match["word"]])


def _days(match: re.Match[str], today: date) -> date | None:
    return today + timedelta(days=_number(match["n"]))


def _days_ago(match: re.Match[str], today: date) -> date | None:
    return today - timedelta(days=_number(match["n"]))


def _weeks(match: re.Match[str], today: date) -> date | None:
    return today + timedelta(weeks=_number(match["n"]))


def _half_month(match: re.Match[str], today: date) -> date | None:
    return today + timedelta(days=15)


def _months(match: re.Match[str], today: date) -> date | None:
    ahead = 6 if match["n"] == "半年" else _number(match["n"])
    end = _last_day(today.year, today.month + ahead)
    return min(end, end.replace(day=min(today.day, end.day)))


def _workdays(match: re.Match[str], today: date) -> date | None:
    return workdays.add_workdays(today, _number(match["n"]))


def _first_workday(match: re.Match[str], today: date) -> date | None:
    festival = next((name for name in ("春节", "元旦", "清明", "五一", "端午", "中秋", "国庆") if name in match[0]), "")
    if not festival and "年" in match[0]:
        festival = "年"
    return workdays.first_workday_after(festival, today=today)


_LUNAR_MONTHS = {"正": 1, "冬": 11, "腊": 12, "大年": 1, "年": 1}


def _lunar(match: re.Match[str], today: date) -> date | None:
    named = match["month"] or "正"
    month = _LUNAR_MONTHS.get(named) or _number(named)
    day = _number(match["day"].replace("初", "").replace("廿", "二十"))
    found = lunar.next_lunar(month, day, today=today)
    bare = not match["month"]
    return None if found is None or (bare and (found - today).days > 60) else found


def _year_end(match: re.Match[str], today: date) -> date | None:
    """年二十八: of the lunar year's last month."""
    return lunar.next_lunar(12, _number(match["day"].replace("廿", "二十")), today=today)


def _eve(match: re.Match[str], today: date) -> date | None:
    return lunar.eve(today=today)


_FESTIVAL_DAYS = {"腊八": (12, 8), "元宵": (1, 15), "端午": (5, 5), "中秋": (8, 15)}
_SOLAR_FESTIVALS = {"元旦": (1, 1), "五一": (5, 1), "国庆": (10, 1)}


def _festival(match: re.Match[str], today: date) -> date | None:
    if match["name"] in _FESTIVAL_DAYS:
        return lunar.next_lunar(*_FESTIVAL_DAYS[match["name"]], today=today)
    month, day = _SOLAR_FESTIVALS[match["name"]]
    found = date(today.year, month, day)
    return found if found >= today else date(today.year + 1, month, day)


def _vague(match: re.Match[str], today: date) -> date | None:
    return None


_BEFORE = r"(?:之前|以前|前)?"
_FREE = (  # a sum in figures may stand before a day in words: 36500二十一号
    r"(?:(?<![\d零〇一二两三四五六七八九十第几每])(?!(?<=\.)\d)|(?<=\d{3})(?=[一二两三四五六七八九十]))"
)  # 4.三月八号 is item four of a list
_WEEK = "(?:周|星期|礼拜)"
_AFTER = "(?:之后|以后|过后|后|之内|以内|内)"
_BIG = "(?<![万千百])"  # 两万五月底: the 五 belongs to the amount
_PLAN = r"(?=前|之前|以前|再|去|来|见|回访|跟进|上午|下午|早上|晚上|当天|那天|给|寄|送)"

#: what is done on a day written 2.10; goods and sums go on otherwise
_DEED = (
    "我|例行|交接|回|复|补|签|改|对账|带|拿|发|催|约|谈|见|铺|出|请|二次|过去|过来|演示|上门|拜访|打电话|联系|跟|装|"
    "安装|开通|送|寄|收"
)
_ON_SALE = "礼|堆|陈列|促|活动|档|备|套装|组合|主题|气氛|氛围|海报|期间|放假|假|专|快到|到了|后|的|卖"


def _rule(pattern: str, resolve: Resolve) -> tuple[re.Pattern[str], Resolve]:
    return re.compile(f"(?:{pattern}){_BEFORE}"), resolve


_RULES: tuple[tuple[re.Pattern[str], Resolve], ...] = (
    _rule(
        r"(?<![\d.])(?P<year>20\d\d|"
        r"\d\d(?=年))\s?[年./-]\s?(?P<month>\d{1,2})\s?[月./-]\s?(?P<day>\d{1,2})(?![\d.])[日号]?",
        _full,
    ),
    _rule(
        rf"(?P<rel>[今明后去前]年的?)?{_FREE}(?:{_BIG}|(?=\d))(?P<month>{SMALL})月份?的?(?P<day>{SMALL})(?:[日号]|{_NOT_A_COUNT})",
        _month_day,
    ),
    _rule(r"(?<![\d./])(?P<month>1[0-2]|0?[1-9])/(?P<day>3[01]|[12]\d|0?[1-9])(?![\d/])[日号]?", _month_day),
    _rule(
        rf"(?<![\d.价报降到])(?P<month>1[0-2]|0?[1-9])[.-](?P<day>3[01]|[12]\d|0?[1-9])(?:[日号]|{_PLAN})", _month_day
    ),
    _rule(
        rf"(?:(?<=[\s,，。;；])|(?<=的货))(?P<month>1[0-2]|0?[1-9])[.](?P<day>3[01]|[12]\d|0?[1-9])(?={_DEED})",
        _month_day,
    ),
    _rule(
        rf"(?P<which>下下个?|下个?|上个?|本|这个?|当)月的?(?P<day>{SMALL})(?:[日号]|{_PLAN}|(?=\s|$|[签交发办]))",
        _of_month,
    ),
    _rule(r"(?P<which>下下个?|下个?|上个?|本|这个?|当)?月[底末](?!薪)", _month_end),
    _rule(rf"{_FREE}{_BIG}(?P<month>{SMALL})月份?[底末]", _month_end),
    (
        re.compile(
            rf"(?:{_FREE}{SMALL}|下下个?|下个?|本|这个?|当|上个?)?月(?:初(?![一二三四五六七八九十])|[上中下]旬|"
            rf"中(?!秋))"
        ),
        _vague,
    ),
    _rule(
        rf"{_FREE}(?<!月)(?P<day>{SMALL})[号日](?![楼线店仓门柜机油桌院厂车库位铺货架街路桶本常用期])",
        _day_of_month,
    ),
    (
        re.compile(r"今明两?[天日]|明后两?[天日]|这[两几]天|[两三四五六七八九][三四五六七八九十][天日](?:后|内|之后)?"),
        _vague,
    ),
    (re.compile(rf"每(?:个|逢)?{_WEEK}[一二三四五六日天]?"), _vague),
    (re.compile(rf"(?:下下个?|下个?|这个?|本|上个?)?{_WEEK}末"), _vague),
    _rule(
        rf"(?:(?P<which>下下个?|下个?|这个?|本|上上个?|上个?)|"
        rf"(?<=\d{{3}})|(?<![一二两三四五六七八九十几每\d])){_WEEK}(?:的?{_WEEK})?"
        r"(?P<day>[一二三四五六日天]|[1-7](?![\d.个箱件次家点万千]))(?!年|次)",
        _weekday,
    ),
    _rule(
        r"(?P<word>大前|前|昨|今|当|明|次|翌|隔|大后|后)(?:[天日](?!气|然|猫|津|空)|儿个?|[早晚](?!餐|饭|"
        r"会)(?:上)?|(?=上午|中午|下午))",
        _word,
    ),
    _rule(rf"{_FREE}(?P<n>{SMALL})个?[天日](?:{_AFTER})(?!天)", _days),
    _rule(rf"(?:再过|过|隔)(?P<n>{SMALL})[天日](?!{_AFTER})", _days),
    _rule(rf"{_FREE}(?P<n>{SMALL})[天日](?:之前|以前|前)", _days_ago),
    _rule(rf"{_FREE}(?P<n>{SMALL})个?{_WEEK}{_AFTER}", _weeks),
    _rule(rf"(?:再过|过|隔)(?P<n>{SMALL})个?{_WEEK}(?![一二三四五六日天])", _weeks),
    _rule(rf"(?:半个?月{_AFTER}|(?:再过|过)半个?月)", _half_month),
    _rule(rf"{_FREE}(?P<n>{SMALL}(?=个月)|半年)(?:个月)?{_AFTER}", _months),
    _rule(rf"(?:再过|过)(?P<n>{SMALL}(?=个月)|半年)(?:个月)?", _months),
    _rule(rf"(?:过)?{_FREE}(?P<n>{SMALL})个?工作日{_AFTER}?", _workdays),
    _rule(
        r"(?=[春元清五端中国放假节年过开正上复收])(?:(?:春节|元旦|清明节?|五一|端午节?|中秋节?|国庆节?|放?假(?:期?结束)?|节|年|"
        r"过年|过完年)(?:放假|假期|回来)?(?:之后|以后|后|回来)?|开年)?的?"
        r"(?:(?:我们|咱们)?(?:正式)?(?:上班|开工|复工|收假|开市))?(?:后|的)?(?:第[一1]个?(?:天|工作日|上班日)|"
        r"首个?工作日|头[一1]?天)"
        r"(?:上班|开工)?",
        _first_workday,
    ),
    _rule(
        r"(?:农历|阴历)?(?P<month>正(?=月)|冬(?=月)|腊(?=月)|大年(?=初)|年(?=初)|"
        r"[二三四五六七八九十](?=月初[一二三四五六七八九十]))?月?"
        r"(?P<day>初(?:十|[一二三四五六七八九](?!起|共|步|次|定))|(?<=正月)(?:[一二]?十[一二三四五六七八九]?|"
        r"廿[一二三四五六七八九]?|三十)"
        r"|(?<=腊月)(?:[一二]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|三十))[号日]?",
        _lunar,
    ),
    _rule(r"除夕夜?|大?年三十", _eve),
    _rule(r"(?<![\d今明去后前半全每])(?P<month>年)(?P<day>(?:廿|二十)[三四五六七八九])(?![号日天])", _year_end),
    _rule(rf"(?P<name>元宵|端午|中秋|元旦|五一|国庆)节?(?:{_PLAN}(?!之?后)|(?=那天|当天|当日))", _festival),
    _rule(rf"(?P<name>元宵|端午|中秋|国庆)节(?!{_ON_SALE})", _festival),
    _rule("(?P<name>腊八)(?:节|那天|当天)?(?!粥|蒜|面|豆腐)", _festival),
)
