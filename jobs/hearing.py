"""What takes time with a message: fetching its files, listening to a voice note, asking the second reader.

Results that somebody waits for come back as a new message through the inbox, so that they are handled like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

import structlog

from bot.cards import media as words
from bot.clock import SHANGHAI, Clock
from bot.connectors.ai import Candidate
from bot.domain.directory import Directory
from bot.domain.people import may_record_visit
from bot.domain.visits import VisitReading
from bot.errors import ChannelError, ChannelRejected, ConnectorRefused, ConnectorUnavailable
from bot.messages import Account, ChannelName, InboundMessage, Kind
from jobs.context import JobContext
from jobs.tasks import Task
from store.queue import TryLater
from store.visit_media import KeptMedia

log = structlog.get_logger(__name__)

MAX_CANDIDATES = 30  # customers offered to the second reader
MEDIA_LIVES = timedelta(hours=71)  # WeCom keeps a media_id 3 days (protocols/wecom.md 5); DingTalk names no figure
SPEECH_PATIENCE = timedelta(minutes=2)  # then the rep is asked for a line instead
_NAMES = {"image": "照片.jpg", "voice": "录音.amr", "video": "视频.mp4", "file": "文件"}


async def store_media(ctx: JobContext, *, visit_media_id: int) -> None:
    """Fetch one file and keep it with its visit. A file the platform has lost is asked for again."""
    kept = await _kept(ctx, visit_media_id)
    if kept is not None and kept.attachment_id is None:
        await _fetch(ctx, kept)


async def hear(
    ctx: JobContext,
    *,
    visit_media_id: int,
    app_id: str,
    user_id: str,
    conversation_id: str,
    in_group: bool,
    sent_at: str,
) -> None:
    """Fetch, keep and listen to a voice note; its words come back as a text of the same sender."""
    kept = await _kept(ctx, visit_media_id)
    if kept is None:
        return
    content = await _fetch(ctx, kept)
    if content is None:
        return
    original = InboundMessage(
        message_id=f"{kept.message_id}:heard",
        channel=kept.channel,
        app_id=app_id,
        sender=Account(kept.channel, user_id),
        conversation_id=conversation_id,
        in_group=in_group,
        kind=Kind.TEXT,
        sent_at=datetime.fromisoformat(sent_at),
    )
    if text := await _transcribe(ctx, kept, content):
        await ctx.accept(_with_text(original, text))
    else:
        await _tell(ctx, kept, words.voice_not_understood())


def _with_text(message: InboundMessage, text: str) -> InboundMessage:
    return replace(message, text=text, fields={"heard": True})


async def _transcribe(ctx: JobContext, kept: KeptMedia, content: bytes) -> str:
    """The words, or "" when they will never be understood.

    Raises:
        TryLater: not now.
    """
    if ctx.speech is None:
        return ""
    directory = ctx.directory()
    names = [item.name for item in directory.customers() if item.owner_no == kept.employee_no]
    try:
        return await ctx.speech.transcribe(content, file_format=kept.media.mime, hot_words=names)
    except ConnectorRefused as error:
        log.warning("speech.refused", code=error.code)
        return ""
    except ConnectorUnavailable as error:
        if (age := Clock.real_now() - kept.created_at) < SPEECH_PATIENCE:
            raise TryLater(Clock.real_now() + _pause(age), str(error)) from error
        return ""


async def read_with_ai(
    ctx: JobContext,
    *,
    channel: str,
    app_id: str,
    user_id: str,
    conversation_id: str,
    in_group: bool,
    message_id: str,
    text: str,
    sent_at: str,
    visit_no: str,
    employee_no: str,
) -> None:
    """Ask the second reader; its answer, or that there is none, comes back as an event."""
    said = ctx.clock.business(datetime.fromisoformat(sent_at))
    reading: VisitReading | None = None
    if ctx.reader is not None:
        offered = await _candidates(ctx, text, employee_no, visit_no)
        reading = await ctx.reader.read(text, today=said.astimezone(SHANGHAI).date(), candidates=offered)
    name = ChannelName(channel)
    await ctx.accept(
        InboundMessage(
            message_id=f"{message_id}:read",
            channel=name,
            app_id=app_id,
            sender=Account(name, user_id),
            conversation_id=conversation_id,
            in_group=in_group,
            kind=Kind.EVENT,
            event="visit_read",
            fields={"text": text, "visit_no": visit_no, "reading": _as_json(reading)},
            sent_at=datetime.fromisoformat(sent_at),
        )
    )


async def _candidates(ctx: JobContext, text: str, employee_no: str, visit_no: str) -> Sequence[Candidate]:
    """The visit's own customer; else those the words could mean, else the rep's own."""
    directory = ctx.directory()
    employee = directory.employee(employee_no)
    if employee is None:
        return []
    if visit_no:
        async with ctx.unit_of_work() as uow:
            visit = await uow.visits.find(visit_no)
        numbers = [visit.customer_no] if visit and visit.customer_no else []
    else:
        mentions = directory.find(text, sender=employee)
        numbers = [number for mention in mentions for number in mention.candidates]
        numbers = numbers or [item.customer_no for item in directory.customers() if item.owner_no == employee_no]
    customers = [item for number in dict.fromkeys(numbers) if (item := directory.customer(number))]
    allowed = [item for item in customers if may_record_visit(employee, item)]
    return [_candidate(directory, item.customer_no, item.name) for item in allowed[:MAX_CANDIDATES]]


def _candidate(directory: Directory, customer_no: str, name: str) -> Candidate:
    return Candidate(customer_no, name, tuple(contact.name for contact in directory.contacts_of(customer_no)))


def _as_json(reading: VisitReading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(reading).items()}


async def _kept(ctx: JobContext, visit_media_id: int) -> KeptMedia | None:
    async with ctx.unit_of_work() as uow:
        return await uow.visits.media.find(visit_media_id)


async def _fetch(ctx: JobContext, kept: KeptMedia) -> bytes | None:
    """The file's bytes, stored if they were not yet; None when it cannot be had (its sender is told).

    Raises:
        TryLater: not now.
    """
    if kept.attachment_id is not None:
        async with ctx.unit_of_work() as uow:
            return (await uow.attachments.read(kept.attachment_id)).content
    try:
        file = await ctx.channels[kept.channel].download(kept.media)
    except ChannelRejected as error:
        log.warning("media.lost", code=error.code, kind=kept.kind)
        await _tell(ctx, kept, words.lost(kept.kind))
        return None
    except ChannelError as error:
        if (age := Clock.real_now() - kept.created_at) < MEDIA_LIVES:
            raise TryLater(Clock.real_now() + _pause(age), str(error)) from error
        await _tell(ctx, kept, words.lost(kept.kind))
        return None
    async with ctx.unit_of_work() as uow:
        attachment_id = await uow.attachments.add(
            file.content, file_name=_file_name(kept, file.file_name), mime=file.mime or kept.media.mime, kind=kept.kind
        )
        await uow.visits.media.stored(kept.visit_media_id, attachment_id)
    return file.content


def _pause(age: timedelta) -> timedelta:
    """Half as long again as we have been trying, between two seconds and ten minutes."""
    return min(max(age / 2, timedelta(seconds=2)), timedelta(minutes=10))


def _file_name(kept: KeptMedia, given: str) -> str:
    return kept.media.file_name or given or _NAMES.get(kept.kind, "文件")


async def _tell(ctx: JobContext, kept: KeptMedia, sentence: str) -> None:
    """Once per file, where the sender is pushed to."""
    employee = ctx.directory().employee(kept.employee_no)
    if employee is not None:
        async with ctx.unit_of_work() as uow:
            ctx.send(uow, employee, sentence, dedup_key=f"media:{kept.visit_media_id}", quiet=False)


tasks: dict[str, Task] = {"store_media": store_media, "hear": hear, "read_with_ai": read_with_ai}
