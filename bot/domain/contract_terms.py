"""How long a contract runs, in whole months: 一年, 一年半, 18个月, 到明年2月底, 2026-03-01至2027-02-28."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from bot.domain.contract_parts import Found, cover, places
from bot.domain.numerals import SMALL, read_numeral, read_small
from bot.domain.text import clean, fold

LONGEST_MONTHS = 240  # what is longer is a slip or a calendar year (签26年的)
_DAYS_OF_A_MONTH = Decimal("30.44")
_N = rf"(?:\d{{1,3}}\.\d+|{SMALL}|[零〇壹贰叁肆伍])"
_NOT_A_TERM_BEFORE = re.compile(
    r"(?:(?:质保|保修|维保|延保|包换|账期|帐期|免费|试用|交期|工期|交货期|宽限|延期)(?:期|满|了|是|为|延长?|长|到|\s|"
    r":)*|"
    r"(?:赠|送|合作|成立|做了|开了|用了|付款|结算|回款|[每近过]|最近|过去|前|后|分|首|满|每隔|提前|返利|结|付|老客户|"
    r"不到|超过|交付)"
    r"(?:期|满|了|是|为|延长?|长)?)(?:大?约)?$"
)
_NOT_A_TERM_AFTER = re.compile(
    r"(?:之?前|之?后|以[前后内]|内|(?:的?质保|的?保修|的?维保|的?账期)期?(?!\s?[\d一二两三四五六七八九十])|的?老客户|"
    r"多?了(?!$|[\s,，。;；])|一[付结签次]|[付结]一?次|没|免费|试用|"
    r"四季|级|会|货|检|糕|轻|夜|纪|代|交货|交付|到货|付清)"
)
_DURATION = re.compile(
    rf"(?:(?<![\d.第])|(?=20\d\d年?全年))(?:(?P<years>{_N})[ ]?个?整?年(?P<half>半)?(?:(?:[零又加、+]|"
    rf"外加)?(?P<extra>{SMALL})个月)?|"
    rf"(?P<half_year>半)个?年|"
    rf"(?P<months>{_N}|俩|仨)[ ]?个[ ]?月(?P<month_half>半)?|(?P<pair>俩|仨)月|(?P<quarters>{_N})个?季度|"
    rf"(?P<quarter>[一1两2三3])个季|(?P<whole>(?:(?<!\d)(?<!第)20\d\d年?)?(?:整|全)年)(?!度))期?"
)
_SEVERAL = re.compile(
    rf"(?<![\d.])(?:{_N})\s?(?:年|个月)?\s?(?:[-~～—到至]|或者?|[+])\s?(?:{_N})\s?(?:年|个月)|"
    rf"(?<!十)[一两二三四五六七八][二两三四五六七八九](?:年|个月)|"
    rf"[几多数](?:年|个月)|(?:{_N})(?:年多|个?多月|来年|年左右|个月左右)|(?:大概|大约|差不多)(?:{_N})(?:年|个月)"
)
_ENDLESS = re.compile(r"长期有?效?|永久|无固定期限|不限期|无限期|永续|终身|不定期|期限不限|一直合作")
_MINUS = re.compile(rf"(?:负|(?<=\s)-|^-)\s?{_N}\s?(?:年|个月)")
_DAYS = re.compile(r"(?:合同期限?|期限|有效期|为期|服务期|签)[\s:：是为]*(?P<n>\d{2,4})\s?天")


def _day(name: str) -> str:
    """A pattern for a day, a month or the end of a year, its groups called `name`…"""
    return (
        rf"(?:(?P<{name}compact>20\d\d[01]\d[0-3]\d)(?!\d)|"
        rf"(?:(?P<{name}year>20\d\d|(?<!\d)\d\d(?=\s?年))\s?[-./年]\s?|"
        rf"(?P<{name}rel>[今本明后次])年的?)(?P<{name}month>{SMALL})"
        rf"(?:\s?[-./月]份?的?\s?(?P<{name}day>{SMALL})(?![\d年])\s?[日号]?|\s?月份?(?P<{name}end>[底末])?|"
        rf"(?=[\s,，。;；至到—~～-]|$))|"
        rf"(?P<{name}m>(?<![\d.])(?:{SMALL}))月份?(?:的?(?P<{name}d>{SMALL})[日号]|(?P<{name}e>[底末]))?|"
        rf"(?:(?P<{name}last>20\d\d|(?<!\d)\d\d(?=年))年?|"
        rf"(?P<{name}rellast>[今本明后次])?)年?年?(?P<{name}yearend>[底末]|终))"
    )


_JOINER = r"\s?(?:[日号]?起?\s?(?:至|到)|[-~～—–]{1,2})\s?"
_CLOSE = r"\s?(?:为止|止|结束|截止|到期|期满|终止)?"
_RANGE = re.compile(rf"(?:自|从|由)?\s?{_day('a')}(?:开始|起)?{_JOINER}{_day('b')}{_CLOSE}")
_UNTIL = re.compile(
    rf"(?:(?:截止|截至|签|做|有效期|期限|合同期?)?(?:到期日?[\s:：是为]*|截止日?[期]?[\s:：是为]*|止于|"
    rf"[到至])\s?{_day('b')}{_CLOSE}|"
    rf"{_day('c')}\s?(?:为止|止|到期|截止|结束|期满))"
)
_NOT_AN_END = re.compile(r"\s?之?(?:前|付|交|送|打|开票|发货|结清|结款|完成|上线|再|的?货|供货|安装|验收)")
_ANSWER_IN_MONTHS = frozenset({6, 12, 18, 24, 36, 48, 60})  #: bare figures that can only be months


@dataclass(frozen=True, slots=True)
class _Bounds:
    first: date
    last: date  #: of the day, the month or the year named


def read_term(text: str, *, today: date) -> int | None:
    """Whole months that a short answer names ("两年", "到年底"); None when it names none, or more than one."""
    folded = fold(clean(text)).strip()
    bare = re.fullmatch(r"(\d{1,2})[吧了。]?", folded)
    if bare:
        return int(bare[1]) if int(bare[1]) in _ANSWER_IN_MONTHS else None
    values = {item.value for item in find_terms(folded, today=today)}
    value = values.pop() if len(values) == 1 else None
    return int(value) if value is not None else None


def find_terms(folded: str, *, today: date) -> list[Found]:
    """Every term in a folded text, in order, in months."""
    found: list[Found] = []

    def take(items: list[Found]) -> None:
        nonlocal folded
        found.extend(items)
        folded = cover(folded, places(items))

    take([item for match in _RANGE.finditer(folded) if (item := _range(match, today))])
    take([item for match in _UNTIL.finditer(folded) if (item := _until(match, today))])
    take(
        [
            Found(match.start(), match.end(), None, f"「{match[0]}」要写明到哪天或几年")
            for match in _ENDLESS.finditer(folded)
        ]
    )
    take(
        [
            Found(match.start(), match.end(), None, f"「{match[0].strip()}」不能是负数")
            for match in _MINUS.finditer(folded)
        ]
    )
    take([Found(match.start(), match.end(), None, f"「{match[0]}」要一个准数")
          for match in _SEVERAL.finditer(folded) if not _is_none(match)])  # fmt: skip
    take([item for match in _DURATION.finditer(folded) if not _is_none(match) and (item := _duration(match))])
    take([_whole(match, Decimal(match["n"]) / _DAYS_OF_A_MONTH, rounded=True) for match in _DAYS.finditer(folded)])
    return sorted(found, key=lambda item: item.start)


def _is_none(match: re.Match[str]) -> bool:
    """质保一年, 账期3个月, 一年后: time, but not the contract's."""
    before = match.string[max(0, match.start() - 8) : match.start()]
    return bool(_NOT_A_TERM_BEFORE.search(before) or _NOT_A_TERM_AFTER.match(match.string, match.end()))


def _duration(match: re.Match[str]) -> Found | None:
    if match["years"]:
        years = _number(match["years"])
        if years * 12 > LONGEST_MONTHS and 24 <= years < 50:  # 26年: the year
            return None
        return _whole(match, years * 12 + 6 * bool(match["half"]) + _number(match["extra"]))
    if match["months"]:
        months = {"俩": Decimal(2), "仨": Decimal(3)}.get(match["months"], _number(match["months"]))
        return _whole(match, months + Decimal("0.5") * bool(match["month_half"]))
    if match["pair"]:
        return _whole(match, Decimal(2 if match["pair"] == "俩" else 3))
    if quarters := match["quarters"] or match["quarter"]:
        return _whole(match, _number(quarters) * 3)
    return _whole(match, Decimal(6 if match["half_year"] else 12))


def _number(said: str | None) -> Decimal:
    value = read_numeral(said) if said else None
    return Decimal(0) if value is None else value


def _whole(match: re.Match[str], months: Decimal, *, rounded: bool = False) -> Found:
    said = match[0].strip()
    if rounded:
        months = max(Decimal(1), months.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if months <= 0:
        return Found(match.start(), match.end(), None, f"「{said}」太短，至少一个月")
    if months > LONGEST_MONTHS:
        return Found(match.start(), match.end(), None, f"「{said}」太长，最多{LONGEST_MONTHS // 12}年")
    if months != int(months):
        return Found(match.start(), match.end(), None, f"「{said}」不是整月")
    return Found(match.start(), match.end(), months)


def _range(match: re.Match[str], today: date) -> Found | None:
    begin = _bounds(match, "a", since=None, today=today)
    end = _bounds(match, "b", since=begin.first if begin else today, today=today)
    if _NOT_AN_END.match(match.string, match.end()):
        return None
    if begin is None or end is None:
        return Found(match.start(), match.end(), None, f"「{match[0].strip()}」没有这样的日子")
    return _between(match, begin.first, end.last)


def _until(match: re.Match[str], today: date) -> Found | None:
    name = "b" if match["bcompact"] or _named(match, "b") else "c"
    if _NOT_AN_END.match(match.string, match.end()):
        return None
    end = _bounds(match, name, since=today, today=today)
    if end is None:
        return Found(match.start(), match.end(), None, f"「{match[0].strip()}」没有这样的日子")
    return _between(match, today, end.last)


def _named(match: re.Match[str], name: str) -> bool:
    return any(match[name + part] for part in ("month", "m", "yearend"))


def _between(match: re.Match[str], first: date, last: date) -> Found:
    """From a day to another, both included."""
    if last <= first:
        return Found(match.start(), match.end(), None, f"「{match[0].strip()}」已经过了")
    after = last + timedelta(days=1)
    months = (after.year - first.year) * 12 + after.month - first.month
    return _whole(match, months + Decimal(after.day - first.day) / _DAYS_OF_A_MONTH, rounded=True)


def _bounds(match: re.Match[str], name: str, *, since: date | None, today: date) -> _Bounds | None:
    """What was named; without a year the first such day after `since`, or for a beginning the nearest one."""
    if compact := match[name + "compact"]:
        return _of_day(int(compact[:4]), int(compact[4:6]), int(compact[6:]))
    if match[name + "yearend"]:
        last_year = _year(match[name + "last"], match[name + "rellast"], today)
        return _of_day(last_year or (since or today).year, 12, 31)
    year = _year(match[name + "year"], match[name + "rel"], today)
    month = read_small(match[name + "month"] or match[name + "m"]) or 0
    said_day = match[name + "day"] or match[name + "d"]
    day = read_small(said_day) if said_day else None
    if year is not None:
        return _of_day(year, month, day)
    here = _of_day((since or today).year, month, day)
    if here is None:
        return None
    late = here.last <= since if since else (today - here.first).days > 183
    return _of_day(here.first.year + 1, month, day) if late else here


def _year(figures: str | None, word: str | None, today: date) -> int | None:
    if figures:
        return int(figures) + (2000 if len(figures) == 2 else 0)
    return today.year + {"今": 0, "本": 0, "明": 1, "次": 1, "后": 2}[word] if word else None


def _of_day(year: int, month: int, day: int | None) -> _Bounds | None:
    try:
        return _Bounds(date(year, month, day or 1), date(year, month, day or monthrange(year, month)[1]))
    except ValueError:
        return None
