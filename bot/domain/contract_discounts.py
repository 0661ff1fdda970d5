"""The discount of a contract, as the share of the list price that is paid: 9.2折, 九二折, 85%, 优惠8%, 不打折.

A share that may just as well be meant the other way round (折扣10%: one tenth off, or one tenth left?) is asked.
"""

from __future__ import annotations

import re
from decimal import Decimal

from bot.domain.contract_parts import SEPARATOR, Found, cover, places
from bot.domain.numerals import read_numeral
from bot.domain.text import clean, fold

_DIGITS = dict(zip("零〇一二两三四五六七八九", "001223456789", strict=True))
_CHINESE = "[一二两三四五六七八九]"
_FIGURE = r"\d+(?:\.\d+)?"
_SPOKEN = (
    rf"{_CHINESE}点[零〇一二三四五六七八九]+|{_CHINESE}?十{_CHINESE}?|{_CHINESE}[零〇一二三四五六七八九]{{0,2}}|[零〇]"
)
_NUMBER = rf"(?:{_FIGURE}|{_SPOKEN})"
_ABOUT_BEFORE = r"(?:大概|大约|差不多|可能|估计|预计|约)"
_GLUE = r"[\s:：=]*(?:是|为|按|打|打到|给到|给|到|做到)?[\s:：=]*"

_FOLDS = re.compile(
    rf"(?P<about>{_ABOUT_BEFORE}[是为打]?\s?)?(?P<minus>负|(?:(?<=\s)|^)[-－])?(?P<n>(?<![\d.])\d{{1,3}}(?:\.\d+)?|"
    rf"{_SPOKEN})(?:[ ](?!折[扣后前让价]))?折"
    rf"(?!旧|叠|合|算|腾|返|页|弯)(?:扣率?)?(?:优惠)?(?:后(?![续期付面天年]))?"
    rf"(?P<half>(?:\d|{_CHINESE})(?![\d.万千百十亿wk元块%％个年月季天台套箱折期成份家点]))?(?P<about2>左右|上下|以上|"
    rf"以下|起)?"
)
_SEVERAL_FOLDS = re.compile(
    rf"(?<!\d)(?:\d{{1,2}}(?:\.\d+)?|{_SPOKEN})\s?折?\s?[-~～—到至]\s?(?:{_NUMBER})\s?折|[几多]少?\s?折|折上折"
)
_LABELLED = re.compile(
    rf"(?:折扣[率点]?|折率|折价率|扣率)(?:{_GLUE})(?P<n>百分之{_NUMBER}|{_FIGURE}|{_SPOKEN})"
    rf"\s?(?P<pct>%|个点)?(?![\d.万千百亿wk元块年个])"
)
_PERCENT = (
    rf"(?:百分之(?P<spoken>{_NUMBER})|(?P<n>(?<![\d.])\d+(?:\.\d+)?|{_SPOKEN})\s?(?:%|个百分点|个点|点(?![\d一-九])))"
)
_OFF = re.compile(
    r"(?P<word>优惠|让利|让|降价|降|下浮率?|下调|减免|减|便宜|折让|立减|少收|直降|涨价|涨|上浮|上调|加价)(?:了)?"
    rf"(?P<to>到|至|成)?[\s:：=]*(?P<minus>负|-)?{_PERCENT}"
)
_OFF_BEHIND = re.compile(rf"{_PERCENT}的?(?:优惠|让利|折让|下浮|off(?![a-z]))")
_STRUCK = re.compile(rf"打[ ]?(?P<n>\d\d|\d\.\d+|{_CHINESE}{_CHINESE})(?P<pct>)(?=$|{SEPARATOR}|□|[签吧])(?!\.\d)")
_OF_LIST = re.compile(
    rf"(?P<cue>^|{SEPARATOR}|□|打|按|以|(?:原价|标价|目录价|牌价|刊例价?)的?){_PERCENT}"
    rf"(?=$|{SEPARATOR}|□|的?折扣?|计价?|结算|执行|走|签|给)(?:的?折扣?)?"
)
_DECIMAL = re.compile(
    rf"(?:(?<=^)|(?<={SEPARATOR})|(?<=□)|(?<=[按打]))(?P<n>(?<!\d\.)0\.\d+|1\.0+)(?=$|{SEPARATOR}|□)(?!\.\d)"
)
_NOT_OFF_OF = (
    r"(?:返利?|返点|返现|税率?|预付|首付|定金|订金|违约金|尾款|质保金|保证金|毛利率?|利润率?|增长|占比?)\S{0,3}$"
)
_FULL_PRICE = re.compile(
    r"(?:不打|没有?|无|不给|不带|不含|零|不享受?)任?何?折扣?(?:优惠)?(?:率)?|不打折|不优惠|无优惠|没有?优惠|不折|"
    r"折扣[\s:：=]*(?:无|没有|不打|无折扣|没)(?=$|[\s,，。;；、\]】)）])|"
    r"(?:按|走|照)?(?:全价|足价)(?:签|走|卖)?|(?:按|走|照)(?:标价|牌价|刊例价?|目录价)(?:签|走|卖)?(?!的?\s?\S?[\d打])"
    r"|(?:按|走|照)原价(?:签|走|卖|成交)?|原价(?:签|走|卖|成交|(?![\s:：=]*(?:是|为)?(?:[¥￥]|\d|rmb|人民币|"
    r"[一二两三四五六七八九十]+[万千百])))"
)
_HALF_PRICE = re.compile(r"(?:打)?对折|半价")
_NONE = re.compile(r"(?:没有?|无|不打|不用|不需要|零|原价|全价|不给|没折|none|no)(?:打?折扣?|优惠)?[了吧的啊。.!！]*")
LEAST_SURE_SHARE = Decimal("0.5")  # 30% may be three tenths of the price or three tenths off


def read_discount(text: str) -> Decimal | None:
    """The share that a short answer names ("9.2折吧", "92", "不打折"); None when it names none, or more than one."""
    folded = fold(clean(text)).strip()
    if _NONE.fullmatch(folded):
        return Decimal(1)
    bare = re.fullmatch(rf"(?:就|是|按|打|大概)?\s?(?P<n>{_FIGURE}|{_SPOKEN})[吧了啊。!！]*", folded)
    if bare:
        return _as_label("", bare["n"], percent=False).value
    found = find_discounts(folded)
    values = {item.value for item in found}
    return values.pop() if len(values) == 1 else None


def find_discounts(folded: str) -> list[Found]:
    """Every discount in a folded text, in order; the later rules read only what the earlier ones left."""
    found: list[Found] = []

    def take(items: list[Found]) -> None:
        nonlocal folded
        found.extend(items)
        folded = cover(folded, places(items))

    take([_problem(match, f"「{match[0].strip()}」要一个准数") for match in _SEVERAL_FOLDS.finditer(folded)])
    take([_folds(match) for match in _FOLDS.finditer(folded)])
    take([_labelled(match) for match in _LABELLED.finditer(folded)])
    take([_labelled(match) for match in _STRUCK.finditer(folded)])
    take([_off(match) for match in _OFF.finditer(folded)])
    take([_less(match) for match in _OFF_BEHIND.finditer(folded) if not _of_something_else(match)])
    take([_of_list(match) for match in _OF_LIST.finditer(folded) if not _of_something_else(match)])
    take([_checked(match.start(), match.end(), match[0], Decimal(match["n"]), sure=False)
          for match in _DECIMAL.finditer(folded)])  # fmt: skip
    take([Found(match.start(), match.end(), Decimal(1)) for match in _FULL_PRICE.finditer(folded)])
    take([Found(match.start(), match.end(), LEAST_SURE_SHARE) for match in _HALF_PRICE.finditer(folded)])
    return sorted(found, key=lambda item: item.start)


def _of_something_else(match: re.Match[str]) -> bool:
    return re.search(_NOT_OFF_OF, match.string[max(0, match.start() - 10) : match.start()]) is not None


def _problem(match: re.Match[str], problem: str) -> Found:
    return Found(match.start(), match.end(), None, problem)


def _folds(match: re.Match[str]) -> Found:
    """九二折, 92折, 8折5; behind a unit (两万五九折) the first digit belongs to the sum."""
    said, number, start = match[0].strip(), match["n"], match.start()
    borrowed = re.search(r"[万千百wk亿]$", match.string[: match.start("n")]) and not match["about"]
    if borrowed and len(number) > 1 and "." not in number and "点" not in number and "十" not in number:
        share = _share(number[:2])
        if len(number) == 3 or (share is not None and share < Decimal("0.7")):
            number, start = number[1:], match.start("n") + 1
            said = match.string[start : match.end()].strip()
    if match["minus"]:
        return Found(start, match.end(), None, f"「{said}」不能是负数")
    if match["about"] or match["about2"]:
        return Found(start, match.end(), None, f"「{said}」要一个准数")
    if match["half"]:
        number = _figures(number) + ("" if "." in number else ".") + _figures(match["half"])
    share = _share(number)
    if share is None:
        return Found(start, match.end(), None, f"「{said}」不在0到10折之间")
    if share < Decimal("0.1") and share > 0:
        return Found(start, match.end(), None, f"「{said}」是{(share * 100).normalize():f}折吗")
    return _checked(start, match.end(), said, share, sure=True)


def _figures(number: str) -> str:
    return "".join(_DIGITS.get(char, char) for char in number.replace("点", "."))


def _share(number: str) -> Decimal | None:
    """Nine tenths for 9, 九, 90; None for what is no discount (12)."""
    if "十" in number:
        value = read_numeral(number)
        if value is None:
            return None
    else:
        value = Decimal(_figures(number))
    if value <= 10:
        return value / 10
    if value < 20:
        return None
    if value < 100:
        return value / 100
    return value / 1000 if value == int(value) and 200 <= value < 1000 else None


def _checked(start: int, end: int, said: str, share: Decimal, *, sure: bool) -> Found:
    said = said.strip()
    if not 0 < share <= 1:
        return Found(start, end, None, f"「{said}」不在0到10折之间")
    if not sure and share < LEAST_SURE_SHARE:
        return Found(start, end, None, f"「{said}」是按这个比例收，还是优惠这么多")
    if share != share.quantize(Decimal("0.0001")):
        return Found(start, end, None, f"「{said}」太细了，折扣最多四位小数")
    return Found(start, end, share)


def _labelled(match: re.Match[str]) -> Found:
    number = match["n"]
    percent = bool(match["pct"]) or number.startswith("百分之")
    found = _as_label(match[0].strip(), number.removeprefix("百分之"), percent=percent)
    return Found(match.start(), match.end(), found.value, found.problem)


def _as_label(said: str, number: str, *, percent: bool) -> Found:
    """The number behind 折扣: 0.92, 9.2, 92, 92%."""
    if percent:
        return _checked(0, 0, said, _value(number) / 100, sure=False)
    if re.fullmatch(r"0\.\d+|1\.0+", number):
        return _checked(0, 0, said, Decimal(number), sure=False)
    share = Decimal(1) if number == "100" else _share(number)
    if share is None or share <= Decimal("0.1"):
        return Found(0, 0, None, f"「{said}」看不出是几折")
    return _checked(0, 0, said, share, sure=True)


def _value(number: str) -> Decimal:
    value = read_numeral(number)
    return value if value is not None else Decimal(_figures(number))


def _percent(match: re.Match[str]) -> Decimal:
    return _value(match["n"] or match["spoken"]) / 100


def _off(match: re.Match[str]) -> Found:
    if match["minus"]:
        return _problem(match, f"「{match[0]}」不能是负数")
    if match["to"]:
        return _checked(match.start(), match.end(), match[0], _percent(match), sure=True)
    if match["word"][0] in "涨上加":
        return _problem(match, f"「{match[0]}」超过了原价")
    return _less(match)


def _less(match: re.Match[str]) -> Found:
    return _checked(match.start(), match.end(), match[0], 1 - _percent(match), sure=True)


def _of_list(match: re.Match[str]) -> Found:
    start = match.end("cue") if re.fullmatch(rf"{SEPARATOR}|□|", match["cue"]) else match.start()
    sure = bool(re.search("价|打", match["cue"]))
    return _checked(start, match.end(), match.string[start : match.end()], _percent(match), sure=sure)
