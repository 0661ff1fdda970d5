"""What the bot knows, for other programs: `GET /api/v1/visits`, filtered and paged, one key per caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from bot.settings import ApiKey
from bot.web.access import MAX_PAGE, may


class Visit(BaseModel):
    """One visit as `export visits` shows it. Amounts in yuan with two decimals, times in Shanghai."""

    visit_no: str
    customer_no: str
    employee_no: str
    visited_at: str
    kind: str
    content: str
    contact: str
    amount: str | None
    intent: str
    next_follow_up: date | None
    state: str


class Page(BaseModel):
    """One page of a list."""

    items: list[Visit]
    total: int


class Approval(BaseModel):
    """One contract's approval. Amounts in yuan with two decimals, times in Shanghai."""

    approval_no: str
    customer_no: str
    kind: str
    amount: str
    discount: str  #: share of the list price, 0.92
    months: int
    submitter_no: str
    state: str
    waiting_for: list[str]  #: who may decide now, name and number
    decisions: list[str]  #: name and number, verdict and time, in order
    submitted_at: str
    decided_at: str | None
    contract_no: str


class ApprovalPage(BaseModel):
    """One page of a list."""

    items: list[Approval]
    total: int


ListApprovals = Callable[..., Awaitable[tuple[list[dict[str, Any]], int]]]
ListVisits = Callable[..., Awaitable[tuple[list[dict[str, Any]], int]]]


def read_api(keys: Sequence[ApiKey], list_visits: ListVisits, list_approvals: ListApprovals) -> APIRouter:
    """Routes under /api/v1 that only read."""
    router = APIRouter(prefix="/api/v1", tags=["read"])

    @router.get("/visits", dependencies=[Depends(may(keys, "read"))])
    async def visits(
        customer: Annotated[str, Query(description="客户编号")] = "",
        employee: Annotated[str, Query(description="工号")] = "",
        since: Annotated[date | None, Query(description="visited on or after, Shanghai")] = None,
        until: Annotated[date | None, Query(description="visited on or before, Shanghai")] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Page:
        """Visits, newest first; undone ones and those still without a customer are left out."""
        items, total = await list_visits(
            customer_no=customer, employee_no=employee, since=since, until=until, limit=limit, offset=offset
        )
        return Page(items=[Visit.model_validate(item) for item in items], total=total)

    @router.get("/approvals", dependencies=[Depends(may(keys, "read"))])
    async def approvals(
        customer: Annotated[str, Query(description="客户编号")] = "",
        submitter: Annotated[str, Query(description="发起人工号")] = "",
        state: Annotated[str, Query(description="审批中, 已通过, 已拒绝, 已撤回")] = "",
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> ApprovalPage:
        """Contracts' approvals that were ever submitted, newest first."""
        items, total = await list_approvals(
            customer_no=customer, submitter_no=submitter, state=state, limit=limit, offset=offset
        )
        return ApprovalPage(items=[Approval.model_validate(item) for item in items], total=total)

    return router
