"""The night: yesterday's leads are looked back at, managers read how it went, prices are learned for the next."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta

from bot.cards.lead_review import picture_name, review_message, review_title
from bot.domain.leads.learning import learn_from
from bot.domain.leads.review import Review, reviews
from bot.domain.people import Employee, lead_review_scope
from bot.messages import Picture
from bot.schedule import Schedule
from jobs.context import JobContext
from store.lead_facts import reps
from store.lead_reviews import StoredReview
from store.unit_of_work import UnitOfWork

schedule = Schedule[JobContext]()


@schedule.cron("30 1 * * *")
async def lead_review(ctx: JobContext) -> int:
    """About the day before. A day is reviewed once: run again, it is told again to those who have not got it, in the
    words of the first time. Returns how many people it was put out for."""
    day = ctx.today - timedelta(days=1)
    async with ctx.unit_of_work() as uow:
        made: Mapping[str, StoredReview] = await uow.lead_reviews.of_day(day)
    if not made:
        made = await _made(ctx, day)
    async with ctx.unit_of_work() as uow:
        return _told(ctx, uow, made)


async def _made(ctx: JobContext, day: date) -> Mapping[str, StoredReview]:
    """Read, work out beside the event loop, write; no transaction stays open while numbers are worked out."""
    async with ctx.unit_of_work() as uow:
        rules = await uow.lead_rules.current()
        facts = await uow.lead_reviews.read_day(day, rules)
        leads = await uow.lead_reviews.recent_leads(ctx.as_of)
        people = await reps(uow.connection, rules, at=ctx.as_of)
    looked_back = await asyncio.to_thread(reviews, facts)
    learned = await asyncio.to_thread(learn_from, leads, people, rules.policy)
    pictures = {each.region: await asyncio.to_thread(_picture, each) for each in looked_back if not each.empty}
    if ctx.dry_run:
        return {each.region: StoredReview(each, 0 if each.region in pictures else None) for each in looked_back}
    async with ctx.unit_of_work() as uow:
        made = [StoredReview(each, await _kept(uow, each, pictures.get(each.region))) for each in looked_back]
        await uow.lead_reviews.add(made, at=ctx.as_of)
        await uow.lead_prices.add(learned, ctx.as_of)
        return await uow.lead_reviews.of_day(day)


def _picture(review: Review) -> bytes:
    from bot.pictures.lead_review import lead_review_picture  # Pillow, only where a picture is made

    return lead_review_picture(review, title=review_title(review))


async def _kept(uow: UnitOfWork, review: Review, picture: bytes | None) -> int | None:
    if picture is None:
        return None
    return await uow.attachments.add(picture, file_name=picture_name(review), mime="image/png", kind="image")


def _told(ctx: JobContext, uow: UnitOfWork, made: Mapping[str, StoredReview]) -> int:
    """The picture first, so that the words are what the chat list shows. Who has nothing to read gets nothing."""
    told = 0
    for manager in ctx.directory().employees():
        stored = _for(manager, made)
        if stored is not None and not stored.review.empty:
            review, key = stored.review, f"lead_review:{manager.employee_no}:{stored.review.day}"
            if stored.picture_id is not None:
                picture = Picture(attachment_id=stored.picture_id, file_name=picture_name(review))
                ctx.send(uow, manager, picture, dedup_key=f"{key}:picture")
            ctx.send(uow, manager, review_message(review), dedup_key=key)
            told += 1
    return told


def _for(manager: Employee, made: Mapping[str, StoredReview]) -> StoredReview | None:
    scope = lead_review_scope(manager)
    return None if scope is None else made.get(scope)
