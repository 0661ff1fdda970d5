"""When somebody speaks or clicks: one module per feature. This is the table of contents."""

from __future__ import annotations

import handlers.help as help_
from bot.router import Router
from handlers import (
    approvals,
    contact_events,
    contract_drafts,
    contracts,
    corrections,
    flows,
    followups,
    history,
    holidays,
    identity,
    lead_entry,
    lead_handing,
    lead_review,
    lead_rules,
    lead_why,
    leads,
    media,
    not_yet,
    oa_events,
    own_approvals,
    questions,
    schedules,
    smalltalk,
    undo,
    visits,
)
from handlers.context import Context

router: Router[Context] = Router()
router.include(
    [
        visits.router,
        undo.router,
        corrections.router,
        followups.router,
        smalltalk.router,
        history.router,
        contracts.router,
        contract_drafts.router,
        approvals.router,
        own_approvals.router,
        questions.router,
        oa_events.router,
        contact_events.router,
        media.router,
        flows.router,
        lead_entry.router,
        lead_rules.router,
        lead_why.router,
        identity.router,
        leads.router,
        lead_handing.router,
        schedules.router,
        holidays.router,
        lead_review.router,
        help_.router,
        not_yet.router,
    ]
)

__all__ = ["router"]
