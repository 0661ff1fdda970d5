"""The tree of a condition, how it decides, and how it is stored.

Three-valued: a missing value (None, an empty text) makes its comparison unknown (None); 或 is true beside one truth,
且 false beside one falsehood. What is unknown does not fire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum, StrEnum
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from bot.domain.text import clean
from bot.errors import BadInput, BadSyntax


class ConditionSyntax(BadSyntax):
    """A condition that was not understood; the sentence says what is wrong and what to type."""


class Scale(Enum):
    """What a fact is measured in; only like is compared with like."""

    MONEY = "fen"
    RATE = "0..1"
    MONTHS = "months"
    TEXT = "text"
    FLAG = "yes or no"


class Fact(StrEnum):
    """The fields of `ContractFacts`."""

    AMOUNT = "amount_fen"
    DISCOUNT = "discount"
    DISCOUNT_FLOOR = "discount_floor"
    MONTHS = "months"
    KIND = "kind"
    INDUSTRY = "industry"
    REGION = "region"
    NONSTANDARD = "nonstandard"
    OVERDUE = "overdue_fen"

    @property
    def scale(self) -> Scale:
        """What it is measured in."""
        return _SCALES[self]


_SCALES = {
    Fact.AMOUNT: Scale.MONEY, Fact.OVERDUE: Scale.MONEY, Fact.DISCOUNT: Scale.RATE, Fact.DISCOUNT_FLOOR: Scale.RATE,
    Fact.MONTHS: Scale.MONTHS, Fact.KIND: Scale.TEXT, Fact.INDUSTRY: Scale.TEXT, Fact.REGION: Scale.TEXT,
    Fact.NONSTANDARD: Scale.FLAG,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFacts:
    """What a flow may ask about a contract. An empty text is not known."""

    amount_fen: int
    discount: Decimal  #: share of the list price that is paid: 0.85
    discount_floor: Decimal  #: the lowest that the discount policy allows the customer's industry
    months: int
    kind: str  #: 类型 in 合同.csv
    industry: str
    region: str
    nonstandard: bool  #: the rep marked it 非标
    overdue_fen: int | None  #: what the customer owes beyond its term; None: not known


class Op(StrEnum):
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    EQ = "="
    NE = "≠"
    IN = "in"


Value = int | Decimal | str | tuple[str, ...] | Fact


@dataclass(frozen=True, slots=True)
class Compare:
    """A fact against a value or against another fact of the same scale.

    Money is int fen, a rate Decimal over 0 up to 1, months int, a text stripped and not empty, the value of `in`
    several different texts.

    Raises:
        ValueError: the value is not of the fact's scale, or the scale does not know the comparison.
    """

    fact: Fact
    op: Op
    value: Value

    def __post_init__(self) -> None:
        if not _fits(self.fact, self.op, self.value):
            raise ValueError(f"{self.fact} {self.op} {self.value!r}")


@dataclass(frozen=True, slots=True)
class Flag:
    """A fact that is a yes or no."""

    fact: Fact = Fact.NONSTANDARD


@dataclass(frozen=True, slots=True)
class AllOf:
    """且, of two or more."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """或, of two or more."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class Always:
    """No condition at all."""


Condition = Compare | Flag | AllOf | AnyOf | Not | Always
ALWAYS = Always()


def _fits(fact: Fact, op: Op, value: Value) -> bool:
    if isinstance(value, Fact):
        return value is not fact and value.scale is fact.scale and fact.scale in _MEASURED and op is not Op.IN
    match fact.scale:
        case Scale.MONEY | Scale.MONTHS:
            return op is not Op.IN and type(value) is int and value >= 0
        case Scale.RATE:
            return op is not Op.IN and isinstance(value, Decimal) and 0 < value <= 1
        case Scale.TEXT if op is Op.IN:
            return isinstance(value, tuple) and len(set(value)) == len(value) > 1 and all(map(_is_text, value))
        case Scale.TEXT:
            return op in (Op.EQ, Op.NE) and _is_text(value)
    return False


_MEASURED = (Scale.MONEY, Scale.RATE, Scale.MONTHS)


def _is_text(value: object) -> bool:
    return type(value) is str and bool(value) and clean(value) == value


# -- deciding --------------------------------------------------------------------------------------------------------
def holds(condition: Condition, facts: ContractFacts) -> bool | None:
    """Whether the condition is true of the contract; None when a missing value leaves that open."""
    match condition:
        case Always():
            return True
        case Flag(fact):
            return bool(getattr(facts, fact.value))
        case Not(part):
            inner = holds(part, facts)
            return None if inner is None else not inner
        case AllOf(parts):
            return _joined((holds(part, facts) for part in parts), decisive=False)
        case AnyOf(parts):
            return _joined((holds(part, facts) for part in parts), decisive=True)
        case Compare(fact, op, value):
            left = getattr(facts, fact.value)
            right = getattr(facts, value.value) if isinstance(value, Fact) else value
            return None if _missing(left) or _missing(right) else _COMPARE[op](left, right)


def _joined(verdicts: Any, *, decisive: bool) -> bool | None:
    seen = list(verdicts)
    if decisive in seen:
        return decisive
    return None if None in seen else not decisive


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


_COMPARE: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.LT: lt, Op.LE: le, Op.GT: gt, Op.GE: ge, Op.EQ: eq, Op.NE: ne,
    Op.IN: lambda value, several: value in several,
}  # fmt: skip


# -- storing ---------------------------------------------------------------------------------------------------------
def condition_to_json(condition: Condition) -> dict[str, Any]:
    """Plain JSON; rates as text, so that nothing is rounded."""
    match condition:
        case Always():
            return {"always": True}
        case Flag(fact):
            return {"flag": fact.value}
        case Not(part):
            return {"not": condition_to_json(part)}
        case AllOf(parts):
            return {"all": [condition_to_json(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [condition_to_json(part) for part in parts]}
        case Compare(fact, op, Fact() as other):
            return {"fact": fact.value, "op": op.value, "other": other.value}
        case Compare(fact, op, value):
            plain = list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Decimal) else value
            return {"fact": fact.value, "op": op.value, "value": plain}


def condition_from_json(stored: Mapping[str, Any]) -> Condition:
    """What `condition_to_json` wrote.

    Raises:
        BadInput: it is none of ours.
    """
    try:
        return _from_json(stored)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise BadInput(f"not a condition: {stored!r}") from error


def _from_json(stored: Mapping[str, Any]) -> Condition:
    match stored:
        case {"always": True}:
            return ALWAYS
        case {"flag": flag}:
            return Flag(Fact(flag))
        case {"not": part}:
            return Not(_from_json(part))
        case {"all": parts}:
            return AllOf(tuple(_from_json(part) for part in parts))
        case {"any": parts}:
            return AnyOf(tuple(_from_json(part) for part in parts))
        case {"fact": fact, "op": op, "other": other}:
            return Compare(Fact(fact), Op(op), Fact(other))
    fact, value = Fact(stored["fact"]), stored["value"]
    if fact.scale is Scale.RATE:
        value = Decimal(value)
    return Compare(fact, Op(stored["op"]), tuple(value) if isinstance(value, list) else value)
