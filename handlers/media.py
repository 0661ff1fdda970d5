"""Photos, places, voice notes and files: with the visit told within ten minutes, or kept for the one that follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from bot.cards import media as words
from bot.domain.visit_records import ATTACH_WITHIN, NOTE_KEPT_FOR
from bot.messages import InboundMessage, Kind
from bot.router import Router
from handlers.context import Context
from handlers.recording import latest_visit

router = Router[Context]()

HEARD_SUFFIX = ":heard"  # of the message that brings a voice note's words (jobs/hearing.py)


@router.kind(Kind.IMAGE)
@router.kind(Kind.VIDEO)
@router.kind(Kind.FILE)
@router.kind(Kind.LOCATION)
async def receive(message: InboundMessage, ctx: Context) -> None:
    """Attach to the sender's latest visit of the last ten minutes; else keep it and say that it waits."""
    if message.kind is Kind.VOICE:
        await voice(message, ctx)
        return
    await place(message, ctx, await keep(message, ctx))


async def place(message: InboundMessage, ctx: Context, ids: Sequence[int]) -> None:
    """Attach what was kept to the sender's latest visit, or say that it waits."""
    if not ids or await _belongs_to_a_contract(message, ctx, ids):
        return
    kinds = dict(Counter(_kind(message) for _ in ids))
    visit = await latest_visit(ctx)
    if visit is None:
        ctx.reply(words.held(kinds))
        return
    await ctx.uow.visits.media.attach(ids, visit.visit_no)
    customer = ctx.directory.customer(visit.customer_no or "")
    ctx.audit("visit.media", subject=visit.visit_no, **kinds)
    ctx.reply(words.attached(kinds, customer.name if customer else "", visit.on))


async def _belongs_to_a_contract(message: InboundMessage, ctx: Context, ids: Sequence[int]) -> bool:
    """The answer to a question that is open, or an attachment of the draft that is newer than any visit."""
    from handlers import contract_drafts, questions

    if message.kind not in (Kind.TEXT, Kind.IMAGE, Kind.VIDEO, Kind.FILE):
        return False
    dialogue = await ctx.uow.conversations.current(message.sender, now=ctx.clock.real_now())
    if dialogue is not None and dialogue[0] == questions.ANSWER:
        return await questions.answer_with_files(ctx, int(dialogue[1]["talk_id"]), ids)
    visit = await latest_visit(ctx)
    if await contract_drafts.attach_to_draft(ctx, ids, newer_than=visit.said_at if visit else None):
        return True
    return visit is None and await questions.answer_newest_with_files(ctx, ids)


@router.kind(Kind.VOICE)
async def voice(message: InboundMessage, ctx: Context) -> None:
    """A note with its words is read as if typed; one without is listened to, or its teller is asked for a line."""
    from handlers.visits import read_sentence

    heard = message.text.strip() or " ".join(item.recognition for item in message.media).strip()
    can_listen = bool(ctx.settings.speech.provider)
    ids = await keep(message, ctx, download=bool(heard) or not can_listen)
    if heard:
        await read_sentence(message, ctx, heard, heard=True)
    elif can_listen and ids:
        _listen(message, ctx, ids[0])
    else:
        ctx.reply(words.voice_held())


def _listen(message: InboundMessage, ctx: Context, visit_media_id: int) -> None:
    ctx.defer(
        "hear",
        lock=f"hear:{message.sender.key}",
        visit_media_id=visit_media_id,
        app_id=message.app_id,
        user_id=message.sender.user_id,
        conversation_id=message.conversation_id,
        in_group=message.in_group,
        sent_at=message.sent_at.isoformat(),
    )


async def settle_note(message: InboundMessage, ctx: Context, visit_no: str = "") -> None:
    """A voice note that was an answer or a question waits no longer: it hangs on the visit it corrected, or on none."""
    original = message.message_id.removesuffix(HEARD_SUFFIX)
    if message.kind is Kind.VOICE or original != message.message_id:
        await ctx.uow.visits.media.settle(message.channel, original, visit_no)


async def keep(message: InboundMessage, ctx: Context, *, download: bool = True) -> list[int]:
    """Note what came, one row a file or place, and have the files fetched before the platform forgets them."""
    stay = NOTE_KEPT_FOR if message.kind is Kind.VOICE else ATTACH_WITHIN
    places = () if message.media else (None,) if message.location else ()
    ids = []
    for position, media in enumerate((*message.media, *places)):
        kept = await ctx.uow.visits.media.keep(
            ctx.employee.employee_no,
            kind=_kind(message),
            channel=message.channel,
            message_id=message.message_id,
            position=position,
            media=media,
            location=message.location if media is None else None,
            said_at=ctx.sent_at,
            until=ctx.sent_at + stay + timedelta(seconds=1),
        )
        ids.append(kept)
        if media is not None and download:
            ctx.defer("store_media", visit_media_id=kept)
    return ids


def _kind(message: InboundMessage) -> str:
    return Kind.IMAGE.value if message.kind is Kind.TEXT else message.kind.value
