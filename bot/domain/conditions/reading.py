"""Words -> condition, by hand.

    condition  = series { 或 series }              series = term { 且 term }
    term       = ( condition ) | 不满足 ( condition ) | 总是 | [不是] 非标 | 标准合同 | comparison
    comparison = fact 是|不是 text { 或|、 text }                                行业是建材或工业
               | fact word-before value                                       金额不低于50万, 折扣低于底线
               | fact value word-behind                                       金额50万以上
    value      = sum of money | 0.85, 85折, 8.5折, 85% | 24个月, 两年 | another fact of the same scale

What is not one certain number (五十多万, 大约50万) and what is not understood to its last word is asked, never guessed.
"""

from __future__ import annotations

import re
from decimal import Decimal

from bot.domain.conditions.measures import Refused, read_measure
from bot.domain.conditions.nodes import (
    ALWAYS,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    ConditionSyntax,
    Fact,
    Flag,
    Not,
    Op,
    Scale,
)
from bot.domain.conditions.words import ENDING, FACT_OF_WORD, FACT_WORD, FACT_WORDS, NEXT_CONDITION, PLAIN_TEXT
from bot.domain.text import clean, fold

LONGEST = 500  # characters; a condition that is longer is no condition of a step
DEEPEST = 20  # brackets within brackets
EXAMPLES = "金额50万以上 或 折扣低于底线；非标 且 类型是补充协议；行业不是教育；期限超过24个月；总是"


def parse_condition(words: str) -> Condition:
    """The condition that somebody typed; nothing at all means always.

    Raises:
        ConditionSyntax: it was not understood to the last word, or a number in it is not certain.
    """
    said = clean(words)
    if len(said) > LONGEST:
        raise ConditionSyntax(f"条件太长了（最多 {LONGEST} 个字），请拆成几步。")
    reader = _Reader(said)
    if reader.at_end():
        return ALWAYS
    found = reader.condition()
    reader.take(ENDING)
    if not reader.at_end():
        raise reader.lost()
    return found


_BLANK = re.compile(r"\s*")
_OR = re.compile(r"[,;]?\s*(?:或者|或是|或)[,;]?")
_AND = re.compile(r"[,;]?\s*(?:并且|而且|同时|且)[,;]?")
_LIST = re.compile(r"或者|或是|或|、")
_OPEN, _CLOSE = re.compile(r"\("), re.compile(r"\)")
_NEGATED = re.compile(r"(?:不满足|并非|不是|不符合)\s*\(")
_ALWAYS = re.compile(r"总是|始终|无条件|所有合同|任何合同")
_FLAG = re.compile(r"(?:是|标记为?|标了)?非标准?(?:合同)?")
_NO_FLAG = re.compile(r"(?:不是|没标|未标)非标准?(?:合同)?|(?:是)?标准合同")
_QUOTED = re.compile(r"「((?:[^」]|」」)+)」|“([^”]+)”|\"([^\"]+)\"|'([^']+)'")
_DOUBLED = re.compile(r"([」｣])\1")
_IS = re.compile(r"(?P<not>不是|不属于|不等于|≠|!=|<>)|(?:属于|是|为|等于|=|:)")
_BEFORE = (
    (re.compile(r"大于等于|大于或等于|不低于|不少于|不小于|至少|最少|>=|≥"), Op.GE),
    (re.compile(r"小于等于|小于或等于|不超过|不高于|不大于|不多于|至多|最多|<=|≤"), Op.LE),
    (re.compile(r"不等于|不是|≠|!=|<>"), Op.NE),
    (re.compile(r"超过|超出|大于|高于|多于|>"), Op.GT),
    (re.compile(r"低于|小于|少于|不满|不足|<"), Op.LT),
    (re.compile(r"等于|正好是|是|为|="), Op.EQ),
)
_BEHIND = (
    (re.compile(r"\(?不含\)?\s*以上|以上\s*\(不含\)|以外"), Op.GT),
    (re.compile(r"\(?不含\)?\s*以下|以下\s*\(不含\)"), Op.LT),
    (re.compile(r"(?:\(含\))?\s*[及或]?以上(?:\s*\(含\))?"), Op.GE),
    (re.compile(r"(?:\(含\))?\s*[及或]?(?:以下|以内|之内)(?:\s*\(含\))?"), Op.LE),
)
_FILLER = re.compile(r"在|要|应|需")
_VAGUE = re.compile(r"不到")
_HOW = {
    Scale.MONEY: "50万以上、不低于50万、超过50万、50万以下 或 低于50万",
    Scale.RATE: "低于0.85、低于底线 或 不低于0.9",
    Scale.MONTHS: "超过24个月、24个月以上 或 不超过12个月",
}


class _Reader:
    """The words with a finger on the next one: `folded` is what is compared, `said` what texts are cut from."""

    def __init__(self, said: str) -> None:
        self.said, self.folded = said, fold(said)
        self.at, self.depth = 0, 0

    # -- moving ----------------------------------------------------------------------------------------------------
    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The pattern at the finger, blanks before it skipped; the finger moves only when it is there."""
        found = self.sees(pattern)
        if found:
            self.at = found.end()
        return found

    def sees(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.match(self.folded, self._skip())

    def at_end(self) -> bool:
        return self._skip() == len(self.folded)

    def _skip(self) -> int:
        blank = _BLANK.match(self.folded, self.at)
        return blank.end() if blank else self.at

    def lost(self) -> ConditionSyntax:
        rest = self.said[self.at :].strip()
        wrong = f"条件里的「{rest[:20]}」没看懂" if rest else "条件没有写完"
        joined = "，几个条件之间用「且」或「或」连接" if rest.startswith((",", "，", "、", ";", "；")) else ""
        return ConditionSyntax(f"{wrong}{joined}。可以这样写：{EXAMPLES}。")

    # -- the grammar -----------------------------------------------------------------------------------------------
    def condition(self) -> Condition:
        parts = [self.series()]
        while self.take(_OR):
            parts.append(self.series())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def series(self) -> Condition:
        parts = [self.term()]
        while self.take(_AND):
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def term(self) -> Condition:
        if self.take(_NEGATED):
            return Not(self.bracketed())
        if self.take(_OPEN):
            return self.bracketed()
        if self.take(_ALWAYS):
            return ALWAYS
        if self.take(_NO_FLAG):
            return Not(Flag())
        if self.take(_FLAG):
            return Flag()
        return self.comparison()

    def bracketed(self) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ConditionSyntax("条件里的括号套得太深了，请写简单一些。")
        inside = self.condition()
        if not self.take(_CLOSE):
            raise ConditionSyntax(f"条件里的括号没有配对，请检查「{self.said[:30]}」。")
        self.depth -= 1
        return inside

    def comparison(self) -> Condition:
        word = self.take(FACT_WORD)
        if not word:
            raise self.lost()
        fact = FACT_OF_WORD[word[0]]
        return self.text(fact) if fact.scale is Scale.TEXT else self.measured(fact, word[0])

    # -- 行业是建材或工业 --------------------------------------------------------------------------------------------
    def text(self, fact: Fact) -> Condition:
        how = self.take(_IS)
        if not how:
            name = FACT_WORDS[fact][0]
            raise ConditionSyntax(f"「{name}」后面请写 是 或 不是，比如：{name}是{_SAMPLES[fact]}。")
        texts = [self.one_text()]
        while (joint := self.sees(_LIST)) and not NEXT_CONDITION.match(self.folded, self._behind(joint)):
            if self.folded.startswith("(", self._behind(joint)):
                break
            self.at = joint.end()
            texts.append(self.one_text())
        several = tuple(dict.fromkeys(texts))
        if len(several) == 1:
            return Compare(fact, Op.NE if how["not"] else Op.EQ, several[0])
        among = Compare(fact, Op.IN, several)
        return Not(among) if how["not"] else among

    def _behind(self, match: re.Match[str]) -> int:
        blank = _BLANK.match(self.folded, match.end())
        return blank.end() if blank else match.end()

    def one_text(self) -> str:
        if quoted := self.take(_QUOTED):
            group = quoted.lastindex or 1
            inside = self.said[quoted.start(group) : quoted.end(group)]
            text = _DOUBLED.sub(r"\1", inside) if group == 1 else inside
            if clean(text) != text:
                raise ConditionSyntax(f"「{text}」的前后有空格，请去掉。")
            return text
        plain = self.take(PLAIN_TEXT)
        if not plain:
            raise self.lost()
        end = plain.end()
        if end == len(self.folded) and (ending := ENDING.search(plain[0])) and ending.start():
            end = plain.start() + ending.start()
        self.at = end
        return self.said[plain.start() : end]

    # -- 金额50万以上 ------------------------------------------------------------------------------------------------
    def measured(self, fact: Fact, name: str) -> Condition:
        self.take(_FILLER)
        if self.sees(_VAGUE):
            raise ConditionSyntax(f"「不到」说不准，请写 {name}低于… 或 {name}不超过…。")
        before = self.one_of(_BEFORE)
        value = self.value(fact, name)
        behind = self.one_of(_BEHIND)
        if before in (Op.EQ, None) and behind is not None:  # 金额是50万以上
            return Compare(fact, behind, value)
        if behind is not None:
            raise ConditionSyntax(f"「{name}」前后写了两个比较词，请只留一个，比如：{name}{_HOW[fact.scale]}。")
        if before is None:
            raise ConditionSyntax(f"「{name}」要怎么比？请写 {name}{_HOW[fact.scale]}。")
        return Compare(fact, before, value)

    def one_of(self, table: tuple[tuple[re.Pattern[str], Op], ...]) -> Op | None:
        return next((op for pattern, op in table if self.take(pattern)), None)

    def value(self, fact: Fact, name: str) -> int | Decimal | Fact:
        if word := self.sees(FACT_WORD):
            other = FACT_OF_WORD[word[0]]
            if other is fact or other.scale is not fact.scale:
                raise ConditionSyntax(f"「{name}」不能和「{word[0]}」比，请写 {name}{_HOW[fact.scale]}。")
            self.at = word.end()
            return other
        start = self._skip()
        measure = read_measure(self.folded, start, fact.scale)
        if isinstance(measure, Refused):
            raise ConditionSyntax(
                f"「{self.said[start : measure.end] or name}」{measure.why}，请写 {name}{_HOW[fact.scale]}。"
            )
        self.at = measure.end
        return measure.value


_SAMPLES = {Fact.KIND: "补充协议", Fact.INDUSTRY: "教育", Fact.REGION: "华东"}
