"""A customer and a rep became friends on WeCom: who that is has to be asked, so it is looked at in the background."""

from __future__ import annotations

from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context

router = Router[Context]()

ADDED = ("add_external_contact", "add_half_external_contact")  # by both, or by the customer alone


async def added(message: InboundMessage, ctx: Context) -> None:
    """One task per friend and rep; jobs/new_friends.py makes the lead, once per friend."""
    external, user = str(message.fields.get("ExternalUserID") or ""), str(message.fields.get("UserID") or "")
    if external and user:
        ctx.defer(
            "new_friend",
            lock=f"friend:{external}",
            external_user_id=external,
            user_id=user,
            state=str(message.fields.get("State") or ""),
            added_at=ctx.sent_at.isoformat(),
        )


for _event in ADDED:
    router.event(f"change_external_contact.{_event}")(added)
