"""What DingTalk's OA reports: a look at the instance says what became of it (jobs/oa_mirror.py), in any order."""

from __future__ import annotations

from bot.messages import InboundMessage
from bot.router import Router
from handlers.context import Context
from handlers.which_approval import approval_desk
from store.oa_instances import OaInstances

router = Router[Context]()

EVENTS = ("bpms_instance_change", "bpms_task_change")


async def changed(message: InboundMessage, ctx: Context) -> None:
    """An instance or a task changed; those of other templates are none of ours."""
    fields = {name.casefold(): value for name, value in message.fields.items()}
    ours = ctx.settings.dingtalk.approval_process_code
    if not ours or fields.get("processcode", ours) != ours:
        return
    approval_no = await OaInstances(ctx.uow.connection).approval_of(str(fields.get("processinstanceid") or ""))
    if approval_no is not None:
        approval_desk(ctx).follow_oa(approval_no)


for _event in EVENTS:
    router.event(_event)(changed)
