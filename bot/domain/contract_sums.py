"""Sums of money in a contract's words, exact to the fen, and what each of them is: the contract's price, the list
price, one of many payments, the price of a piece, or something else (a deposit, a penalty, last year's).

Unlike in a report of a visit (bot.domain.amounts) nothing is rounded and nothing is guessed: 五十多万, 大概50万 and
50到60万 are problems, since a contract needs one exact sum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from bot.domain.chinese_amounts import chinese_number
from bot.domain.contract_parts import SEPARATOR, cover
from bot.domain.numerals import NUMERAL, read_numeral
from bot.domain.text import clean, fold

LEAST_BARE_YUAN = 1000  # 85 without a unit may be 85 yuan or 85万
BEYOND_YUAN = 10**12  # from here on it is a slip of the finger


class SumRole(Enum):
    """What a sum is."""

    TOTAL = auto()  #: called the contract's price
    PLAIN = auto()  #: not called anything
    LIST_PRICE = auto()  #: before the discount
    YEARLY = auto()
    PERIODIC = auto()  #: by the month, the quarter, the day
    PER_PIECE = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum at [start, end) of a text; one that can not be taken has no `fen` and says why."""

    start: int
    end: int
    said: str
    role: SumRole
    fen: int | None
    problem: str = ""
    unclear: bool = False  #: a bare figure too small for a sum


_MONEY = r"(?:人民币|rmb|cny|元人民币|块钱?|元|圆)"
_FOREIGN = r"(?:美元|美金|美刀|usd|港币|港元|hkd|欧元|eur|日元|英镑|韩元)"
_CAPITAL = "壹贰叁肆伍陆柒捌玖一二三四五六七八九"
_FORMAL = rf"[零〇{_CAPITAL}拾佰仟万亿十百千]+[元圆](?:零?[零{_CAPITAL}]角)?(?:零?[{_CAPITAL}]分)?"
_NUMBER = re.compile(
    rf"(?<![a-z\d.#])(?P<minus>负|(?:(?<=\s)|^)[-－])?(?P<sign>[¥￥]|rmb|人民币|cny|(?P<foreign>[$€£]|usd|us\$))?\s?"
    rf"(?:(?P<formal>{_FORMAL})|(?P<number>{NUMERAL})(?P<about>[来多余几])?(?P<unit>\s?个?[w万亿](?![a-z])|"
    rf"\s?[千百k](?=[元块]))?)"
    rf"(?P<money>\s?(?:{_MONEY}|(?P<foreign2>{_FOREIGN})))?(?:整|正)?(?P<loose>多|来|出头|左右|上下|以内|以上|以下|起)?"
)
_VAGUE = re.compile(
    r"(?:好几|[几数上小近][一]?|[一二两三四五六七八九]?[十百千]几|"
    r"[一二两三四五六七八九]?[十百千][来多余])[十百千]*[百千万亿w]+(?:块钱?|元)?|"
    r"[一二两三四五六七八九][一二三四五六七八九](?:十|百|千)?[百千万亿w](?:块钱?|元)?|[百千万]把[万千块]"
)
_RANGE = re.compile(
    rf"(?<![\d.])(?P<low>{NUMERAL})\s?(?:[w万亿千]?元?)\s?(?:[-~～—到至]|"
    rf"或者?)\s?(?P<high>{NUMERAL})\s?(?P<unit>[w万亿元千块])"
)
_ABOUT = re.compile(
    r"(?:大概|大约|差不多|将近|接近|可能|预计|估计|预估|暂定|不超过|不低于|至少|最少|最多|上限|起码|左右|"
    r"(?<![合续签预节])约)(?:是|为|在|\s)*$"
)
_GAP = r"[^,，。;；\s\d□]{0,3}[\s:：=]*(?:是|为|共|约|大约|大概|[¥￥])?\s?$"
_ROLES: tuple[tuple[SumRole, re.Pattern[str]], ...] = tuple(
    (role, re.compile(rf"(?:{words}){_GAP}"))
    for role, words in (
        (
            SumRole.PERIODIC,
            r"每个?(?:月|季度?|周|天|日|期|次|半年)|(?<!\d)月(?:付|费|租|均|供|缴)|季(?:付|费|度|均)|按[月季]|单月|"
            r"[一1]个?(?:月|季度)",
        ),
        (SumRole.YEARLY, r"每一?年|年(?:付|费|租|均|缴)|按年"),
        (
            SumRole.PER_PIECE,
            r"单价|每个?(?:用户|账[号户]|席位|模块|门店|[台套箱件个瓶吨人户点桶米家张])|[一1][台套箱件瓶吨桶米张]",
        ),
        (
            SumRole.OTHER,
            r"违约金|赔偿金?|滞纳金|保证金|押金|质保金|定金|订金|首付款?|首款|首期款?|预付款?|预收|尾款|余款|返利|"
            r"返点|返现|运费|"
            r"安装费|培训费|去年|上年|前年|往年|上一?期|上次|上一?份|原合同|老合同|额度|授信|欠款?|回款|赠品?|"
            r"优惠(?!价|后)|让利|减免?|补贴|罚款|进场费|条码费|"
            r"满|超过|达到|达量|低于|税额|税金|税款|不含税价?|未税价?|其中|包含|保底|先付|"
            r"(?<!一次性)(?<!全款)付(?!清|款方式)了?|收了?|押|送",
        ),
        (
            SumRole.LIST_PRICE,
            r"(?<!按)原价|标价|定价|刊例价?|目录价|牌价|面价|折前价?|打折前|优惠前|市场价|公开价|零售价",
        ),
        (
            SumRole.TOTAL,
            r"合同(?:总|金)?(?:额|价款?|金额|总价|总额|款)|总(?:价|额|金额|共|计|价款|的|数)|合计|共计|一共|成交价?|"
            r"折后价?|打完折|优惠[价后]|实[收付签]|"
            r"最终|签约[额价]|到手|净价|(?<!不)含税价?",
        ),
    )
)
_BEHIND: tuple[tuple[SumRole, re.Pattern[str]], ...] = (
    (SumRole.PERIODIC, re.compile(r"\s?(?:/\s?(?:个?月|季度?|天|周|次)|[一每]个?(?:月|季度?)|每?月付|按月|的?月费)")),
    (SumRole.YEARLY, re.compile(r"\s?(?:/\s?年|每年|的?年费|按年)")),
    (
        SumRole.PER_PIECE,
        re.compile(r"\s?(?:/\s?[台套箱件个瓶吨人户点桶米]|每[台套箱件个瓶吨]|[一1][台套箱件瓶吨个桶米])"),
    ),
    (
        SumRole.OTHER,
        re.compile(
            r"\s?的?(?:定金|订金|预付|首付|保证金|押金|质保金|返利|赠品|额度|起订|违约金|尾款|运费|补贴|先付|先打|"
            r"已付|已[到收]|到账|的?优惠|返点)"
        ),
    ),
    (SumRole.LIST_PRICE, re.compile(r"\s?(?:的?(?:原价|标价|定价|刊例|目录价)|□+打?折?前)")),
)
#: what is counted in these is not money
_COUNTED = re.compile(
    r"\s?(?:[个箱件台把天月号日点瓶桶条套张卷袋根盒包提罐支只双组份批车吨斤克家店门人位户名口次层栋幢期折倍%‰分秒周岁种款项端度级米寸升页路"
    r"楼室弄巷座]|年|季度?|小时|公里|平米|毫米|公斤|kg|ml|mm|cm|[lghvmx*×㎡])"
)
_CODE = re.compile(
    r"(?<!\d)1[3-9]\d[-\s]?\d{4}[-\s]?\d{4}(?![\d.,元块万])|0\d{2,3}-\d{7,8}|(?<![\da-z])(?!rmb|cny|"
    r"usd)[a-z]{1,5}\d[\w-]*|\d+[-/.]\d+[-/.]\d+|"
    r"\d{1,2}:\d{2}|\d{13,}|(?:电机|伺服|功率|马达|水泵|风机|灯|空调|压缩机|主机|"
    r"变频器)[^\s\d]{0,2}\s?\d+(?:\.\d+)?k?w(?![a-z])"
)
_YEAR = re.compile(r"20[2-3]\d")
_SIGN = re.compile(rf"(?:^|{SEPARATOR}|□|[一-鿿])$")
_EDGE = re.compile(rf"(?:$|{SEPARATOR}|□|[一-鿿])")


def read_contract_amount(text: str) -> int | None:
    """Fen that a short answer names ("85万", "¥850,000.00"); None when it names no one exact sum."""
    folded = fold(clean(text)).strip()
    if _YEAR.fullmatch(folded):  # asked for a sum, nobody answers with a year
        return int(folded) * 100
    sums = [item for item in find_sums(folded) if item.role in (SumRole.TOTAL, SumRole.PLAIN)]
    values = {item.fen for item in sums}
    return values.pop() if len(values) == 1 else None


def find_sums(folded: str) -> list[Sum]:
    """Every sum in a folded text, in order; names, terms and discounts are hidden in it (contract_parts.MASK)."""
    text = cover(folded, [match.span() for match in _CODE.finditer(folded)], "■")
    found: list[Sum] = []
    for pattern in (_RANGE, _VAGUE):
        for match in pattern.finditer(text):
            if pattern is _RANGE and _COUNTED.match(text, match.end()):
                continue
            end = match.end()
            found.append(_sum(text, match.start(), end, None, f"「{match[0].strip()}」要一个准数"))
        text = cover(text, [(item.start, item.end) for item in found], "■")
    found += [item for match in _NUMBER.finditer(text) if (item := _read(match, text))]
    return sorted(found, key=lambda item: item.start)


def _sum(text: str, start: int, end: int, fen: int | None, problem: str = "", *, unclear: bool = False) -> Sum:
    """A sum by the time or the piece takes the words along that say so."""
    role, label = _role(text, start, end)
    if role in (SumRole.PERIODIC, SumRole.YEARLY, SumRole.PER_PIECE):
        start, end = (label[0], end) if label[0] < start else (start, label[1])
    return Sum(start, end, text[start:end].strip(), role, fen, problem, unclear)


def _role(text: str, start: int, end: int) -> tuple[SumRole, tuple[int, int]]:
    """(what the sum is, where the words stand that say so)."""
    left = re.split(r"[,，。;；\n■]", text[max(0, start - 14) : start])[-1]
    labelled = [(match.start(), role) for role, words in _ROLES if (match := _last(words, left))]
    if labelled:
        position, role = max(labelled, key=lambda item: item[0])
        return role, (start - len(left) + position, start)
    for role, words in _BEHIND:
        if match := words.match(text, end):
            return role, match.span()
    return SumRole.PLAIN, (start, start)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The match that begins last: of several labels the nearest one counts."""
    return next((match for start in range(len(text), -1, -1) if (match := pattern.match(text, start))), None)


def _read(match: re.Match[str], text: str) -> Sum | None:
    end = _without_borrowed_digit(match, text)
    said = match.string[match.start() : end].strip()
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    yuan = _yuan(match) if end == match.end() else read_numeral(match["number"][:-1])
    if yuan is None:
        return None
    marked = bool(match["sign"] or match["money"] or match["unit"] or match["formal"] or _has_unit(match["number"]))
    if not marked and not _stands_alone(match, text):
        return None
    if match["foreign"] or match["foreign2"]:
        return _sum(text, start, end, None, f"「{said}」请折成人民币")
    if match["minus"]:
        return _sum(text, start, end, None, f"「{said}」不能是负数")
    if not marked and yuan < LEAST_BARE_YUAN:
        return _sum(text, start, end, None, f"「{said}」是元还是万元", unclear=True)
    if about := _ABOUT.search(text[:start]):
        return _sum(text, about.start(), end, None, f"「{text[about.start() : end].strip()}」要一个准数")
    if match["about"] or match["loose"] or re.search("[来多余]", match["number"] or ""):
        return _sum(text, start, end, None, f"「{said}」要一个准数")
    fen = yuan * 100
    if fen != int(fen):
        return _sum(text, start, end, None, f"「{said}」最多写到分")
    if not 0 < yuan < BEYOND_YUAN:
        return _sum(text, start, end, None, f"「{said}」不像合同金额")
    return _sum(text, start, end, int(fen))


def _yuan(match: re.Match[str]) -> Decimal | None:
    if match["formal"]:
        written = chinese_number(match["formal"])
        return written if written is not None else read_numeral(match["formal"].rstrip("元圆"))
    value = read_numeral(match["number"])
    scale = {"w": 10_000, "万": 10_000, "亿": 100_000_000, "千": 1_000, "k": 1_000, "百": 100}
    unit = (match["unit"] or "").strip().removeprefix("个")
    return value * scale[unit] if value is not None and unit else value


_BORROWED = re.compile(r"(?<=[百千万亿wk])[\d一二两三四五六七八九]$")


def _without_borrowed_digit(match: re.Match[str], text: str) -> int:
    """Where the number ends: in 10万一台 the 一 belongs to the pieces."""
    end = match.end("number")
    borrowed = end == match.end() and match["number"] and _BORROWED.search(match["number"])
    if borrowed and _COUNTED.match(text, end) and not text.startswith(" ", end):
        return end - 1
    return match.end()


def _has_unit(number: str | None) -> bool:
    return bool(number and re.search("[百千万亿wk佰仟]|,\\d{3}", number))


def _stands_alone(match: re.Match[str], text: str) -> bool:
    """A bare figure is a sum where it is a word of its own: 绿源 850000 9.2折; not 3号店, 127便利, 8台, 2026."""
    number = match["number"] or ""
    if not number[0].isdigit() or _YEAR.fullmatch(number) or _COUNTED.match(text, match.end("number")):
        return False
    before, behind = text[: match.start("number")], text[match.end() :]
    touches = re.search(r"[一-鿿]$", before) or re.match(r"[一-鿿]", behind)
    role, _ = _role(text, match.start("number"), match.end())
    labelled = role is SumRole.TOTAL or re.search(r"金额[\s:：是为]*$", before)
    return bool(_SIGN.search(before) and _EDGE.match(behind)) and (not touches or bool(labelled) or len(number) > 3)
