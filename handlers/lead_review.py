"""线索日报, asked for: what the last night made of the day before."""

from __future__ import annotations

from bot.cards import lead_review as words
from bot.domain.people import lead_review_scope
from bot.errors import NotAllowed
from bot.messages import InboundMessage, Picture
from bot.router import Router
from handlers.context import Context
from handlers.schedules import change

router = Router[Context]()

JOB = "lead_review"


@router.command("线索日报", "派单日报", "leadreview", hidden=True)
async def lead_review(message: InboundMessage, ctx: Context, rest: str) -> None:
    """线索日报：再看一次昨天线索派得怎样（区域经理、总监）；「线索日报 每天7:30」改发送时间"""
    if rest:
        await change(ctx, JOB, rest)
    else:
        await show_lead_review(ctx)


async def show_lead_review(ctx: Context) -> None:
    """The newest review of the sender's region, or of the company for the director.

    Raises:
        NotAllowed: the sender manages nobody.
    """
    scope = lead_review_scope(ctx.employee)
    if scope is None:
        raise NotAllowed(words.not_yours())
    stored = await ctx.uow.lead_reviews.newest(scope)
    if stored is None:
        ctx.reply(words.no_review_yet())
    elif stored.review.empty:
        ctx.reply(words.no_leads(stored.review.day))
    else:
        if stored.picture_id is not None:
            ctx.reply(Picture(attachment_id=stored.picture_id, file_name=words.picture_name(stored.review)))
        ctx.reply(words.review_message(stored.review))
