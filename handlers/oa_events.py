"""What DingTalk's OA reports: a look at the instance says what became of it (jobs/oa_mirror.py), in any order."""

from __future__ import annotations

from bot.channels.dingtalk.events import OA_EVENTS, oa_event
from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from handlers.which_approval import approval_desk
from store.oa_instances import OaInstances

router = Router[Context]()


async def changed(message: InboundMessage, ctx: Context) -> None:
    """An instance or a task changed; those of other templates are none of ours."""
    ours = ctx.settings.dingtalk.approval_process_code
    instance_id = oa_event(message, process_code=ours) if ours else None
    if instance_id is None:
        return
    approval_no = await OaInstances(ctx.uow.connection).approval_of(instance_id)
    if approval_no is not None:
        approval_desk(ctx).follow_oa(approval_no)


for _event in sorted(OA_EVENTS):
    router.event(_event)(changed)
