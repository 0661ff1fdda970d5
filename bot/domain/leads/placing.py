"""Where a new lead goes: merged into the enquiry that is open, to whoever has the customer, or to be scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.leads.cases import OPEN, How, LeadState
from bot.domain.leads.duplicates import Kind, Same

_RUNNING = (LeadState.WAITING, *OPEN)


@dataclass(frozen=True, slots=True)
class CaseNow:
    """How an earlier lead stands."""

    state: LeadState
    holder_no: str = ""  #: who has it now, or won it


@dataclass(frozen=True, slots=True)
class Placing:
    """What a new lead's case says at first."""

    state: LeadState = LeadState.WAITING
    same: Same | None = None  #: flagged, whatever becomes of it
    owner_no: str = ""  #: whose it is without any scoring
    owner_how: How = How.OWNER

    @property
    def merged(self) -> bool:
        return self.state is LeadState.MERGED


NOWHERE = Placing()  #: like nothing that is known, and nobody's


def place(
    matches: Sequence[Same],
    cases: Mapping[str, CaseNow],
    customer_owner: Callable[[str], str],
    *,
    active: Callable[[str], bool],
) -> Placing:
    """Decide; `matches` as `Known.matches` gives them.

    Args:
        cases: of the leads among the matches; those without one are history.
        customer_owner: 客户编号 -> 工号 of whoever is to be asked, empty when nobody.
        active: whether a 工号 still works here.
    """
    for same in matches:
        case = cases.get(same.no) if same.kind is Kind.LEAD else None
        if same.certain and case is not None and case.state in _RUNNING:
            return Placing(LeadState.MERGED, same, case.holder_no)
    flagged = matches[0] if matches else None
    for same in matches:
        if not same.certain and not same.same_person:
            continue
        if (owner_no := _owner(same, cases, customer_owner)) and active(owner_no):
            return Placing(LeadState.WAITING, flagged, owner_no)
    return Placing(LeadState.WAITING, flagged)


def _owner(same: Same, cases: Mapping[str, CaseNow], customer_owner: Callable[[str], str]) -> str:
    if same.kind is Kind.CUSTOMER:
        return customer_owner(same.no)
    case = cases.get(same.no)
    return case.holder_no if case is not None else ""
