"""When a step of a flow is taken: a small typed tree over the facts of a contract, until the rule language comes.

`parse_condition("金额50万以上 或 折扣低于底线")` reads it, `sentence` says it again in words that parse to the same
tree, `holds` decides. 以上, 以下, 不低于, 不超过 include the number; 超过, 低于, 高于, 不满, 不足 exclude it (民法典,
article 1259).
"""

from bot.domain.conditions.nodes import (
    ALWAYS,
    AllOf,
    Always,
    AnyOf,
    Compare,
    Condition,
    ConditionSyntax,
    ContractFacts,
    Fact,
    Flag,
    Not,
    Op,
    condition_from_json,
    condition_to_json,
    holds,
)
from bot.domain.conditions.reading import parse_condition
from bot.domain.conditions.words import sentence

__all__ = [
    "ALWAYS",
    "AllOf",
    "Always",
    "AnyOf",
    "Compare",
    "Condition",
    "ConditionSyntax",
    "ContractFacts",
    "Fact",
    "Flag",
    "Not",
    "Op",
    "condition_from_json",
    "condition_to_json",
    "holds",
    "parse_condition",
    "sentence",
]
