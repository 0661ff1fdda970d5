"""A condition in Chinese: what people read before they confirm, and what parses to the same tree again."""

from __future__ import annotations

import re
from decimal import Decimal

from bot.domain.conditions.nodes import AllOf, Always, AnyOf, Compare, Condition, Fact, Flag, Not, Op, Scale
from bot.domain.text import fold

#: how a fact is called, the name that we use ourselves first
FACT_WORDS: dict[Fact, tuple[str, ...]] = {
    Fact.AMOUNT: ("金额", "合同金额", "合同额", "总金额", "总额", "总价"),
    Fact.DISCOUNT: ("折扣", "折扣率"),
    Fact.DISCOUNT_FLOOR: ("底线", "折扣底线", "政策底线"),
    Fact.MONTHS: ("期限", "合同期限", "合同期"),
    Fact.KIND: ("类型", "合同类型"),
    Fact.INDUSTRY: ("行业", "客户行业"),
    Fact.REGION: ("区域", "大区", "地区", "客户区域"),
    Fact.OVERDUE: ("逾期", "逾期金额", "逾期欠款"),
}
_OP_WORDS = {
    Op.LT: "低于", Op.LE: "不超过", Op.GT: "超过", Op.GE: "不低于", Op.EQ: "等于", Op.NE: "不等于",
}  # fmt: skip
#: a text that needs no quotes: no blank, bracket, comma, quote or joining word in it
PLAIN_TEXT = re.compile(r"(?:(?!而?且|并且|同时|或)[^\s()「」“”\"'，,、；;。:：])+")
FACT_OF_WORD = {word: fact for fact, words in FACT_WORDS.items() for word in words}
FACT_WORD = re.compile("|".join(sorted(FACT_OF_WORD, key=len, reverse=True)))
#: a text that begins so would be read as the next condition
NEXT_CONDITION = re.compile(rf"{FACT_WORD.pattern}|是?非标|标准合同|不是|不满足|并非|总是|始终|无条件")
#: polite endings of a whole condition, which mean nothing
ENDING = re.compile(r"(?:的时候|时候?|的合同|的)$")
_TEN_THOUSAND, _HUNDRED_MILLION = 10_000, 100_000_000


def sentence(condition: Condition) -> str:
    """`金额不低于50万元 或 折扣低于底线`. Wherever 且 and 或 meet, brackets show what belongs together."""
    match condition:
        case Always():
            return "总是"
        case Flag():
            return "非标"
        case Not(Flag()):
            return "不是非标"
        case Not(Compare(fact, Op.IN, tuple(several))):
            return f"{_name(fact)}不是{_list(several)}"
        case Not(part):
            return f"不满足（{sentence(part)}）"
        case AllOf(parts):
            return " 且 ".join(_bracketed(part) for part in parts)
        case AnyOf(parts):
            return " 或 ".join(_bracketed(part) for part in parts)
        case Compare(fact, Op.IN, tuple(several)):
            return f"{_name(fact)}是{_list(several)}"
        case Compare(fact, op, str() as text) if fact.scale is Scale.TEXT:
            return f"{_name(fact)}{'是' if op is Op.EQ else '不是'}{_quoted(text)}"
        case Compare(fact, op, Fact() as other):
            return f"{_name(fact)}{_OP_WORDS[op]}{_name(other)}"
        case Compare(fact, op, value):
            return f"{_name(fact)}{_OP_WORDS[op]}{_measured(fact.scale, value)}"


def _name(fact: Fact) -> str:
    return FACT_WORDS[fact][0]


def _bracketed(part: Condition) -> str:
    return f"（{sentence(part)}）" if isinstance(part, AllOf | AnyOf) else sentence(part)


def _list(several: tuple[str, ...]) -> str:
    return "或".join(map(_quoted, several))


def _quoted(text: str) -> str:
    folded = fold(text)
    if PLAIN_TEXT.fullmatch(folded) and not NEXT_CONDITION.match(folded) and not ENDING.search(folded):
        return text
    return "「" + "".join(char * 2 if fold(char) == "」" else char for char in text) + "」"


def _measured(scale: Scale, value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return f"{value}个月" if scale is Scale.MONTHS else _yuan(int(str(value)))


def _yuan(fen: int) -> str:
    """`50万元`, `1.5亿元`, `123,456元`, `1,234.56元`."""
    yuan = Decimal(fen) / 100
    for unit, word in ((_HUNDRED_MILLION, "亿"), (_TEN_THOUSAND, "万")):
        if yuan >= unit and (yuan / unit * 100) % 1 == 0:
            return f"{(yuan / unit).normalize():f}{word}元"
    return f"{yuan:,.2f}元" if fen % 100 else f"{fen // 100:,}元"
