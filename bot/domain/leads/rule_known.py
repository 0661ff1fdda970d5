"""What the words behind 权重 may name: people, regions, industries, the rows of the policy, facts of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.domain.directory import Directory
from bot.domain.flow_changes import named_people
from bot.domain.leads.dimension_names import shown_name
from bot.domain.leads.rules import LeadRules
from bot.domain.leads.shares import read_number
from bot.domain.people import Employee, Role
from bot.errors import BadSyntax

LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class OwnFact:
    """A fact that the company typed or loaded: for which labels, and between which numbers."""

    labels: frozenset[str]
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Known:
    """What the words may name."""

    directory: Directory
    own_facts: Mapping[str, OwnFact] = field(default_factory=dict)

    @property
    def regions(self) -> frozenset[str]:
        people = {person.region for person in self.directory.employees() if person.role is Role.REP}
        return frozenset({customer.region for customer in self.directory.customers()} | people) - {""}

    @property
    def industries(self) -> frozenset[str]:
        return frozenset(customer.industry for customer in self.directory.customers()) - {""}


def one_rep(who: str, directory: Directory) -> Employee:
    """The active rep of that whole name or number.

    Raises:
        BadSyntax: nobody, several, or somebody who takes no leads.
    """
    people = named_people(who, directory)
    reps = [person for person in people if person.role is Role.REP]
    if len(reps) == 1:
        return reps[0]
    if reps:
        numbers = "、".join(f"{person.employee_no}（{person.region}）" for person in reps)
        raise BadSyntax(f"叫「{who}」的销售有 {len(reps)} 位，请写工号：{numbers}。")
    if people:
        raise BadSyntax(f"{people[0].name}是{people[0].role.value}，不接线索，请写销售的姓名或工号。")
    raise BadSyntax(f"没有叫「{who[:LONGEST_NAME]}」的在职销售，请写全名或工号。")


def too_much(name: str, said: str) -> str:
    number = read_number(said)
    hint = f"，是想写 {number:g}% 吗" if number is not None and 1 < number <= 100 else ""
    return f"「{name}」的权重要在 0 到 1 之间{hint}？比如：权重 {name} 0.3，也可以写 30% 或 三成。"


def present(rules: LeadRules) -> str:
    return "、".join(shown_name(item.name) for item in rules.policy.dimensions)


def dimension_names(rules: LeadRules) -> list[str]:
    return [item.name for item in rules.policy.dimensions]


def names_of(people: Iterable[Employee]) -> dict[str, str]:
    """What to call people so that the words read back to the same ones: by name, namesakes by number."""
    by_name: dict[str, list[str]] = {}
    for person in people:
        by_name.setdefault(person.name, []).append(person.employee_no)
    return {numbers[0]: name for name, numbers in by_name.items() if len(numbers) == 1}
