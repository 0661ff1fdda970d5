"""When somebody speaks or clicks: one module per feature. This is the table of contents."""

from __future__ import annotations

import handlers.help as help_
from bot.router import Router
from handlers import corrections, flows, followups, history, identity, media, not_yet, smalltalk, undo, visits
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
        media.router,
        flows.router,
        identity.router,
        help_.router,
        not_yet.router,
    ]
)

__all__ = ["router"]
