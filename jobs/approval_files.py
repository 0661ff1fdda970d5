"""A photo or file that answers a question goes on to whoever asked, on their platform, once it lies with us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot.cards import approval_words as words
from bot.clock import Clock
from bot.messages import Document, Picture, Text
from jobs.context import JobContext
from jobs.tasks import Task
from store.queue import TryLater

LIVES = timedelta(hours=71)  # as long as the file may still be fetched (jobs/hearing.py)


async def pass_on_file(ctx: JobContext, *, visit_media_id: int) -> None:
    """Raises TryLater while the file is being fetched."""
    async with ctx.unit_of_work() as uow:
        found = await uow.approvals.talk.file(visit_media_id)
        kept = await uow.visits.media.find(visit_media_id)
        if found is None or kept is None:
            return
        approval_no, file = found
        if file.talk_id is None:
            return
        if file.attachment_id is None:
            age = Clock.real_now() - kept.created_at
            if age < LIVES:
                raise TryLater(
                    Clock.real_now() + min(max(age / 2, timedelta(seconds=1)), timedelta(minutes=10)), "file"
                )
            return
        answer = await uow.approvals.talk.find(file.talk_id)
        question = await uow.approvals.talk.find(answer[1].about_id) if answer and answer[1].about_id else None
        directory = ctx.directory()
        asker = directory.employee(question[1].employee_no) if question else None
        sender = directory.employee(file.employee_no)
        if asker is None or sender is None:
            return
        name = file.file_name or ("图片.jpg" if file.kind == "image" else "文件")
        content = (Picture if file.kind == "image" else Document)(attachment_id=file.attachment_id, file_name=name)
        key = f"approval-file:{visit_media_id}"
        ctx.send(uow, asker, Text(text=words.file_from(sender.name, approval_no)), dedup_key=f"{key}:from", quiet=False)
        ctx.send(uow, asker, content, dedup_key=key, quiet=False)


tasks: Mapping[str, Task] = {"pass_on_file": pass_on_file}
