"""The sum of money that a report is about: the deal, expected purchase or renewal talked of, in whole yuan.

Not meant (fixtures/README.md): last year's sums, sums per quarter, figures replaced by newer ones, deposits, debts,
receipts, differences. 左右, 大概, 来万 take the number itself. A range (8到10万) names no number and gives none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations

from bot.domain.numerals import NUMERAL, read_numeral
from bot.domain.text import clauses, fold

MAXIMUM_YUAN = 10**12  # beyond it is no sum but a slip of the finger
MINIMUM_YUAN = 100  # smaller sums in a report are prices, differences, postage


@dataclass(frozen=True, slots=True)
class Money:
    """A sum as it stands in a text."""

    start: int
    end: int
    yuan: int
    marked: bool  #: with a unit of ten thousand, thousand or money; a bare number otherwise


_MONEY_WORD = r"(?:元|块钱?|圆|rmb|人民币)"
_NUMBER = re.compile(
    rf"(?<![a-z\d.#])(?P<sign>[¥￥$]|rmb|人民币)?\s?(?P<number>{NUMERAL}|[万千百](?=把块))"
    rf"(?P<about>[来多余]|出头|(?<=[百千万])把)?(?P<unit>个?[w万](?![a-z]))?(?P<money>{_MONEY_WORD})?(?:整|左右|上下)?"
)
#: what is counted in these is not money
_COUNTED = re.compile(
    r"\s?(?:[个箱件台把天月号日点瓶桶条套张卷袋根盒包提罐听支只双组份批车吨斤克家店门人位户名口间次遍回趟排层列柜楼栋幢期折倍%‰"
    r"分秒周岁种款项样端度级米寸升户页页路]|成(?!交)|轴承|型|系列|小时|公里|工作日|星期|礼拜|季度?|年(?![框度采费单货用])|平米|平方|厘米|毫米|公斤|"
    r"毫升|ml|kg|mm|cm|[lghvmx*×㎡]|w(?:$|电机|伺服)|星)"
)
_CODE = re.compile(
    r"1\d{2}[-\s]?\d{4}[-\s]?\d{4}|0\d{2,3}-\d{7,8}|(?<![\da-z])[a-z]{1,4}\d[\w-]*|\d+[-/]\d+[-/]\d+|\d{7,}-\d+|"
    r"\d{1,2}[:点]\d{2}|\d{12,}"
)
_RANGE = re.compile(
    r"(?:\d+(?:\.\d+)?|[一二两三四五六七八九十百千万]+)\s?[wk万千]?\s?(?:[-~—～至]|(?<![提加涨升降压砍减调改谈])到)\s?$"
)
_ADJACENT = re.compile(r"[一二两三四五六七八九]$")

_NOT_THE_DEAL_BEFORE = re.compile(
    r"不(?:超)?过$|上限|去年|上年|前年|往年|同期|历史|上[次回笔单批]|上个?月|上季|每个?季度?|季均|每个?月|月均|每[箱瓶件台套桶卷袋天次]|"
    r"[一1][箱瓶件台套桶卷袋](?!体)[^,，。;；\d]{0,3}$|单价|进价|零售价"
    r"|保证金|押金|质保金|定金|订金|首付|预付|欠|尾款|余款|货款|应收|回款|收款|催|到账|到帐|打[了来过]|汇[了来过]|"
    r"转[了来过]账?|付[了过给]|已[付打收]|未[付结收打]|没[付结收]|收到|收了"
    r"|退[款了货费]|罚|返利|返点|返现|陈列费|堆头费|进场费|条码费|运费|快递费|人工费|差额|差异|差了|(?<!补)差价|差(?=$|"
    r"个?$)|对账|对帐|账上|短少|少[了收付]|多[了收付]"
    r"|优惠(?![价后])|便宜|让利|(?:再|能|多|还)让$|[降涨减]$|(?<![一二三四五六七八九\d])折$|[降涨高贵低减]了|补贴|赠|送他|送她|送了|扣|抹零|注册资本|营业额|流水|"
    r"销售额|房租|租金|工资|罚款|赔|竞品|对手|人家报|他们报|别家|库存|剩"
)
_POWER = re.compile(r"(?:电机|伺服|功率|马达|水泵|风机|灯|空调|压缩机|主机|变频器)\S{0,2}$")
_NOT_THE_DEAL_AFTER = re.compile(
    r"^(?:的?(?:单子|那单|订单|报价|合同))?(?:就|都|已经)?(?:作废|取消|不算|黄了)|^的?(?:那笔|这笔|货款|回款|欠款|尾款|余款|保证金|押金|质保金|定金|订金|预付|首付|陈列费|堆头费|进场费|费用|"
    r"返利|返点|(?:增值税)?(?:专|普)?票|发票|差额|差异|差价|运费|罚款|退款|赠品|优惠|补贴"
    r"|还?没[打付到结收]|未[付到结]|[^,，。;；\d]{0,3}到[账帐]|已[付打到]|[付打结]了|打过来|对不上|的账|的帐|/箱|/瓶|每|"
    r"[一1][箱瓶件桶台套张组条包盒只支卷袋根吨米]|(?:先|暂时?|就)不[买要订上加进续做]|/月|/季|一个月|一个?季度?)"
)
#: what we pay for room on the shelf; elsewhere 费用 is the price of a service
_SHELF = re.compile(r"堆头|陈列|端架|货架|进场|条码|排面|费用(?:由|全)?(?:我们|咱)")
_FEE = re.compile(r"费用?[^,，。]{0,6}$|[给出]$")
_OLD = re.compile(
    r"(?:原来|原先|原本|原定|本来|之前|先前|早先|起初|原价|开口|一开始|开始|最早|上次|上回|去年|不是)[^,，。;；]{0,8}$|"
    r"从[^,，。;；\d]{0,4}$"
)
_NEW = re.compile(
    r"(?:还到|成交价?|[加提涨升降压砍减调改变增谈拉冲扩放缩谈磨][到成为至]了?|改|变成|最低|最多|底价|现在(?:最多|只|就)?(?:能|有|是|要)?|最终|"
    r"最后|更正为?|应该是|应为|而是|其实是)[^,，。;；\d]{0,4}$|(?:这次|本次|这回)(?:就|只|是|要|订|定|拿|进|报|来|签)*了?$"
)
_THIS_TIME = re.compile(r"今年|这次|本次|这回|现在|新[单订]")  # 去年40今年80万: what stands before is another sum's
_TOTAL = re.compile(
    r"全年|年度|[一两二三]年|总共|一共|共(?=约?$)|共计|合计|总计|总价|总额|总金额|总的|拢共|加起来|合同额|金额|整单|全部"
)
_DEAL = re.compile(
    r"定|订|下单|签|成交|拍板|续费|续约|预算|预计|预估|报价|报了|采购|进货|拿货|要|买|补|加购|加|金额|项目|目标价|"
    r"价格|二期|单子|合同|续"
)
_THIS_NOT_THAT = re.compile(r"(?:是|为|成)\s?$")  # 是2700不是7200
_CORRECTED = re.compile(r"不对|不是|说错|写错|打错|记错|搞错|更正|纠正|应该是|改成|口误|[哦啊呃]不|不不")
_NO_AMOUNT = re.compile(
    r"(?:不用|不要|别|先不|不必|暂不|无需)[记填写录报]{0,2}(?:金额|钱|数)|金额(?:先|就)?(?:不用|不要|别|先不|不|"
    r"待定|没定|未定|没谈)"
)


def read_amount(text: str) -> int | None:
    """The sum that a short answer names ("8.5w", "八十五万左右"), in yuan; None when there is none or more than one."""
    sums = {money.yuan for money in find_money(fold(text).strip(), bare_from=1)}
    return sums.pop() if len(sums) == 1 else None


def find_money(folded: str, *, skip: Iterable[tuple[int, int]] = (), bare_from: int = MINIMUM_YUAN) -> list[Money]:
    """Every sum of money in a folded text; `skip` are spans (names, dates) that hold none."""
    for begin, stop in skip:  # 6.5万22号: no sum reaches into a day
        folded = folded[:begin] + "□" * (stop - begin) + folded[stop:]
    blocked = [match.span() for match in _CODE.finditer(folded)]
    found: list[Money] = []
    for match in _NUMBER.finditer(folded):
        start, end = match.start("number"), match.end()
        if any(start < stop and begin < end for begin, stop in blocked):
            continue
        money = _money(match, folded, bare_from)
        if money:
            found.append(money)
    return found


def _money(match: re.Match[str], folded: str, bare_from: int) -> Money | None:
    number, money_word = _without_borrowed_digit(match, folded), match["money"]
    before, after = (
        folded[max(0, match.start("number") - 24) : match.start("number")],
        folded[match.start("number") + len(number) :],
    )
    whole = len(number) == len(match["number"])
    value = _UNIT_ALONE.get(number) or read_numeral(number)
    if (
        value is None
        or before.endswith(("几", "数"))
        or value >= MAXIMUM_YUAN
        or _RANGE.search(before)
        or _ADJACENT.search(before)
    ):
        return None
    unit = bool(whole and match["unit"])
    if unit:
        value *= 10_000
    rest = folded[match.end() :] if whole else after
    explicit = bool(whole and (money_word or match["sign"])) or unit
    if re.match(r"[一二两三四五六七八九][十百千万亿]", rest) and not explicit:  # 八九万: a range
        return None
    if re.match(r"[-~—～至到]\d|[-~—～至到][一二两三四五六七八九十]+[万千百]", rest):
        return None
    if unit and match["unit"].endswith("w") and _POWER.search(before):
        return None
    if number.endswith("w") and _POWER.search(before):
        return None
    if not explicit and _COUNTED.match(rest):
        return None
    if not (explicit and bare_from == 1) and value < bare_from:
        return None
    marked = explicit or bool(re.search("[十百千万亿wk拾佰仟,]", number))
    if (
        not marked
        and number.isdigit()
        and len(number) == 4
        and number.startswith(("19", "20"))
        and before.endswith(("年", "到"))
    ):
        return None
    end = match.end() if whole else match.start("number") + len(number)
    return Money(match.start("number"), end, int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP)), marked)


_UNIT_ALONE = {"万": Decimal(10_000), "千": Decimal(1_000), "百": Decimal(100)}
_BORROWED = re.compile(r"(?<=[十百千万wk])[一二两三四五六七八九十]$")
_OWN_DIGIT = re.compile(r"月底|下周|下个|下月|下礼拜|下星期|下单|定了|点")
_BORROWER_OF_ONE = re.compile(r"[起共直定些下点样半并律]")
_BORROWER = re.compile(r"[个箱件台天月年号日瓶桶条套张家人位次趟期]|周(?!年)|星期|礼拜|[一二三四五六七八九十]?[月号日]")


def _without_borrowed_digit(match: re.Match[str], folded: str) -> str:
    """两万一共, 两万三个月, 两万五号: the last digit belongs to the next word."""
    number = match["number"]
    end = match.end("number")
    if match["money"] or not _BORROWED.search(number) or _OWN_DIGIT.match(folded, end):
        return number
    borrowed = _BORROWER.match(folded, end) or (number[-1] == "一" and _BORROWER_OF_ONE.match(folded, end))
    return number[:-1] if borrowed else number


def deal_amount(
    folded: str, *, start: int = 0, end: int | None = None, skip: Iterable[tuple[int, int]] = ()
) -> int | None:
    """The one sum that this part of a report is about, in yuan; None when it names none."""
    stop = len(folded) if end is None else end
    if _NO_AMOUNT.search(folded, start, stop):
        return None
    fee_is_ours = bool(_SHELF.search(folded, start, stop))
    best: tuple[int, int] | None = None
    ranked: list[tuple[int, int]] = []
    figures = _figures(folded[start:stop])
    parts = clauses(folded, start=start, end=stop)
    sums = [money for money in find_money(folded, skip=skip) if start <= money.start < stop]
    for index, money in enumerate(sums):
        part = next((item for item in parts if item.start <= money.start < item.end), None)
        if part is None:
            continue
        left = folded[max(part.start, sums[index - 1].end if index else 0) : money.start]
        right = folded[money.end : part.end]
        if fee_is_ours and _FEE.search(left):
            continue
        following = folded[money.end : sums[index + 1].start] if index + 1 < len(sums) else ""
        score = _score(left, right, following, money)
        if score is not None:
            ranked.append((score + 3 * _is_product(money.yuan, figures), money.yuan))
    for candidate in ranked:
        if best is None or candidate[0] > best[0]:
            best = candidate
    return best[1] if best else None


def _figures(folded: str) -> set[Decimal]:
    """Every number of a text, whatever it counts."""
    values = (read_numeral(match[0]) for match in re.finditer(NUMERAL, folded))
    return {value for value in values if value is not None and value > 1}


def _is_product(yuan: int, figures: Collection[Decimal]) -> bool:
    """三百只，130一只，三万九: so many times the price, so the whole."""
    return any(price * count == yuan for price, count in combinations(sorted(figures), 2))


def _score(left: str, right: str, following: str, money: Money) -> int | None:
    """How surely this sum is the deal; None when it is certainly something else."""
    if left.rstrip().endswith(("×", "x", "*")) or right.lstrip().startswith(("=", "×", "*")):  # 360桶×285=102600
        return None
    new = _NEW.search(left)
    lately = _THIS_TIME.split(left)[-1]
    if not new and (_NOT_THE_DEAL_BEFORE.search(lately) or _OLD.search(lately)):
        return None
    if _NOT_THE_DEAL_AFTER.match(right):
        return None
    contrasted = following.strip(" ,，") in ("不是", "而不是") and _THIS_NOT_THAT.search(left)
    if following and _CORRECTED.search(following) and not contrasted:
        return None
    if following and re.match(r"[^,，。;；]{0,4}嫌[高贵]", right):  # 4.8万他嫌高，最低四万五
        return None
    if re.match(r"[^,，。;；]{0,4}(?:[加提涨升降压砍减调改变增扩][到成为至])", right) and following:
        return None
    return 4 * bool(new) + 3 * bool(_TOTAL.search(left)) + 2 * bool(_DEAL.search(left[-6:] + right[:3])) + money.marked
