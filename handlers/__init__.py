"""When somebody speaks or clicks: one module per feature. This is the table of contents."""

from __future__ import annotations

import handlers.help as help_
from bot.router import Router
from handlers import (
    approvals,
    contract_drafts,
    contracts,
    corrections,
    flows,
    followups,
    history,
    identity,
    lead_rules,
    lead_why,
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
        media.router,
        flows.router,
        lead_rules.router,
        lead_why.router,
        identity.router,
        schedules.router,
        help_.router,
        not_yet.router,
    ]
)

__all__ = ["router"]
