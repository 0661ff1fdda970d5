"""The words of a contract that are no numbers: its type, what is not standard, remarks, an unknown customer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.contract_parts import MASK, SEPARATOR, cover
from bot.domain.corrections import Nothing
from bot.domain.lexicon import LEGAL_FORMS, TRADE_WORDS
from bot.domain.text import clean, fold

CONTRACT_KINDS = ("年度订阅", "年度框架", "采购合同", "补充协议", "供货协议", "陈列协议")
#: 类型 by 行业 where the sample company has one that outnumbers the others; else 采购合同
_USUAL_KINDS = {"快消终端": "供货协议", "软件订阅": "年度订阅"}
#: in the order that decides when several stand together: 年框补充协议 is a 补充协议, 采购框架 a framework
_KINDS = (
    ("补充协议", r"补充(?:协议|合同|条款协议)?"),
    ("年度框架", r"(?:年度)?框架(?:采购|供货|合作)?(?:协议|合同)?|年度?框(?:架)?(?:协议|合同)?|框采"),
    ("陈列协议", r"陈列(?:协议|合同|费)?"),
    ("供货协议", r"(?:(?<![\d一二两三半])年度?)?供货(?:协议|合同)?|供销(?:协议|合同)|经销(?:协议|合同)"),
    ("年度订阅", r"(?:年度|软件|saas)?(?:订阅|续订|续费)(?:协议|合同|服务)?|年费合同"),
    (
        "采购合同",
        r"采购(?!经理|主管|总监|部|说|员|量|额|老|那|要|的|在|小|大|价|总)(?:合同|协议|单)?|购销(?:合同|协议)|买卖合同",
    ),
)
_KIND = re.compile("|".join(f"(?P<k{index}>{words})" for index, (_, words) in enumerate(_KINDS)))
_TOUCHING = re.compile(r"(?:协议|合同|的|型|类)?")


@dataclass(frozen=True, slots=True)
class Words:
    """Words found at [start, end) of a text, and what they come to."""

    start: int
    end: int
    value: str


def usual_kind(industry: str) -> str:
    """The 类型 of a contract that names none."""
    return _USUAL_KINDS.get(industry, "采购合同")


def read_kind(text: str) -> str | None:
    """The 类型 that a short answer names; None when it names none, or several."""
    kinds = {item.value for item in find_kinds(fold(clean(text)))}
    return kinds.pop() if len(kinds) == 1 else None


def find_kinds(folded: str) -> list[Words]:
    """Every type named, those that touch as one."""
    found: list[Words] = []
    ranks: list[int] = []
    for match in _KIND.finditer(folded):
        rank = next(index for index in range(len(_KINDS)) if match[f"k{index}"])
        if found and _TOUCHING.fullmatch(folded, found[-1].end, match.start()):
            rank = ranks[-1] = min(rank, ranks[-1])
            found[-1] = Words(found[-1].start, match.end(), _KINDS[rank][0])
        else:
            ranks.append(rank)
            found.append(Words(match.start(), match.end(), _KINDS[rank][0]))
    return found


# -- what is not standard ----------------------------------------------------------------------------------------------
_WHAT = r"(?:准?(?:条款|合同|条件|内容|事项|约定|协议|版本?|文本|的)|准)?"
#: made to measure: goods, not terms
_GOODS = r"(?!准?(?:件|设备|定制|产品|轴承|自动化|零件|零部件|加工|品|机|柜|尺寸|规格))"
_NO = r"(?:没有|没|无|否|不是|不涉及|不用|不需要|×|n|no)"
_MARK = re.compile(rf"(?:是否|有|带|走|(?P<behind>属于?|算是?)|是|含|涉及)?非标{_GOODS}{_WHAT}(?:有|是|为|包括)?")
_STANDARD = re.compile(
    rf"(?:(?:不是|不属于?|不算|没有?|无|不含|不带|不走|不涉及|并非)非标{_WHAT}|(?:是否)?非标{_WHAT}[\s:：=]*{_NO}(?=$|"
    rf"{SEPARATOR}|吧|的)|"
    rf"(?:按|走|用|是)?(?<!非)标准(?:合同|条款|模板|文本|范本|协议)(?:走|签)?|(?:条款|合同)(?:按|走|用|"
    rf"是)?(?<!非)标准(?:的|版)?(?=$|{SEPARATOR}|走|签))"
)
_BRACKETS = re.compile(r"[(\[【〔（「『{《<](?P<inside>[^()\[\]【】〔〕（）「」『』{}《》<>]*?)[)\]】〕）」』}》>]")
_PIECE_END = re.compile(r"[\s,，;；。]+")
_YES = re.compile(r"(?:是的?|有的?|对|非标|y|yes|√)?[\s:：,，。;；!！]*")
_ANSWER_NONE = re.compile(
    rf"(?:{_NO}|标准的?|都?是?按?标准(?:合同|条款)?(?:走|来)?|空)(?:非标(?:准)?(?:条款)?)?[了吧的啊。!！]*"
)


def read_nonstandard(text: str) -> str | Nothing | None:
    """What a short answer says is not standard; `Nothing` for standard terms; None when it says neither."""
    said = clean(text)
    folded = fold(said)
    if _ANSWER_NONE.fullmatch(folded) or _STANDARD.fullmatch(folded):
        return Nothing()
    mark = _MARK.match(folded)
    words = said[mark.end() :] if mark else said
    words = words.strip(" :：,，。;；\n")
    return None if _YES.fullmatch(fold(words)) else words


def find_standard(folded: str) -> tuple[int, int] | None:
    """Where a text says that the terms are the standard ones."""
    match = _STANDARD.search(folded)
    return match.span() if match else None


def nonstandard_mark(folded: str) -> re.Match[str] | None:
    """非标 where it stands without brackets."""
    return _MARK.search(folded)


def bracketed(folded: str) -> list[tuple[int, int, int, int]]:
    """Brackets that begin with 非标: (from, to, the content's from, to)."""
    found = []
    for match in _BRACKETS.finditer(folded):
        mark = _MARK.match(folded, match.start("inside") + len(match["inside"]) - len(match["inside"].lstrip()))
        if mark and mark.end() <= match.end("inside"):
            found.append((match.start(), match.end(), mark.end(), match.end("inside")))
    return found


def pieces(folded: str, start: int) -> list[tuple[int, int]]:
    """What stands between blanks, commas and full stops from a position on."""
    found, begin = [], start
    for mark in _PIECE_END.finditer(folded, start):
        if mark.start() > begin:
            found.append((begin, mark.start()))
        begin = mark.end()
    return [*found, (begin, len(folded))] if begin < len(folded) else found


def only_yes(words: str) -> bool:
    """非标：是 tells nothing of what is not standard."""
    return _YES.fullmatch(fold(words)) is not None


# -- remarks -----------------------------------------------------------------------------------------------------------
_REMARK = re.compile(r"(?:备注|附注|附言|ps)(?:一下|下)?[\s:：,，]+|备注(?=[^\s:：,，])")


def find_remark(folded: str) -> tuple[int, int] | None:
    """(where 备注 stands, where its words begin); they go on to the end of the text."""
    match = _REMARK.search(folded)
    return match.span() if match else None


# -- a customer who is not in the list ---------------------------------------------------------------------------------
_TRADES = sorted(
    {item.partition(":")[0] for item in TRADE_WORDS if len(item.partition(":")[0]) > 1 and item[-1] != "务"}
    | {*LEGAL_FORMS, "店", "厂", "医院", "学校", "中心", "药房", "集团"},
    key=len,
    reverse=True,
)
_PLAIN = rf"(?:(?!{SEPARATOR}|{MASK})."
_NAMED = re.compile(rf"{_PLAIN}){{1,18}}(?:{'|'.join(map(re.escape, _TRADES))})(?:[(（][^()（）]{{1,10}}[)）])?")
_FOR = re.compile(
    rf"(?:^|(?<={SEPARATOR}))(?:帮我|麻烦|请|我要|我想|想|要|合同)*(?:给|跟|和|与|帮|为|同)(?P<name>{_PLAIN}){{2,20}}?)"
    rf"(?=走|签|发起|提|新建|建个|建一|起草|做|开个?|的?合同|的?审批|续|来|办|申请|{SEPARATOR}|{MASK}|$)"
)
_LABELLED = re.compile(rf"客户(?:名称?)?[:：]\s*(?P<name>{_PLAIN}|[()（）]){{2,30}})")
_PREFIX = re.compile(r"^(?:合同|帮我|麻烦|请|我要|我想|想|要|给|跟|和|与|帮|为|走个|走|发起|新建|提交|提|起草|客户)+")
_IN_FRONT = re.compile(r"^.*(?:折|[万亿元]|%)(?=[一-鿿])")
#: what may be said of a contract besides its customer
_NO_NAME = re.compile(
    r"账期|帐期|催|要求|希望|同意|流程|付款|预付|首付|定金|月结|现结|含税|发票|税|送货|运费|安装|培训|尽快|加急|急|明天|今天|下周|本周|月底|"
    r"质保|保修|"
    r"违约|盖章|电子章|谢谢|你好|在吗|数量|单价|每|不含|包含|赠|返|\d+[台套箱件个]|的话|因为|客户说|审批|模板|怎么"
)


def find_unknown_customer(masked: str) -> Words | None:
    """The words that seem to name a customer whom nobody knows; everything else is hidden in `masked`."""
    for pattern in (_LABELLED, _FOR):
        if (match := pattern.search(masked)) and not _NO_NAME.search(match["name"]):
            return Words(match.start("name"), match.end("name"), match["name"])
    if match := _NAMED.search(masked):
        start = match.start()
        if (front := _IN_FRONT.match(match[0])) and front.end() < len(match[0]) - 1:
            start += front.end()
        prefix = _PREFIX.match(masked[start : match.end()])
        start += prefix.end() if prefix and match.end() - start - prefix.end() > 1 else 0
        return Words(start, match.end(), masked[start : match.end()])
    return None


def looks_like_a_name(fragment: str) -> bool:
    return 2 <= len(fragment) <= 24 and not _NO_NAME.search(fragment) and bool(re.search("[一-鿿a-z]", fragment))


def hidden_numbers(masked: str, customer: Words | None) -> str:
    """The text with an unknown customer's name hidden too: 127便利, 一年四季花店."""
    return cover(masked, [(customer.start, customer.end)]) if customer else masked
