"""What a job may touch: its as-of time and the same repositories, cards and channels as a handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from bot.channels.base import Accept, Channel
from bot.clock import SHANGHAI, Clock
from bot.connectors.ai import ChatReader
from bot.connectors.speech import SpeechToText
from bot.domain.directory import Directory
from bot.domain.people import Employee
from bot.messages import Card, CardUpdate, ChannelName, Content, Text
from bot.routing import push_account
from bot.settings import Settings
from store.unit_of_work import UnitOfWork

QUIET_FROM, QUIET_TO = time(20), time(8)  # reminders, digests and alerts below red wait for the morning


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """One run of one job, or one background task."""

    as_of: datetime  #: business time, aware UTC; the run is about this moment, whenever it runs
    unit_of_work: Callable[[], AbstractAsyncContextManager[UnitOfWork]]
    directory: Callable[[], Directory]
    clock: Clock
    channels: Mapping[ChannelName, Channel]
    settings: Settings
    accept: Accept  #: puts a message into the inbox, for results that come back as one
    speech: SpeechToText | None = None  #: none configured: voice notes are kept and their teller is asked for a line
    reader: ChatReader | None = None  #: the second reader of sentences, when [ai] is on
    dry_run: bool = False
    asked: bool = False  #: an operator named the moment (`salesbot run … --as-of`)
    shown: list[tuple[Employee, Content]] = field(default_factory=list)  #: what a dry run would have sent

    @property
    def today(self) -> date:
        """Business day of the run, in Shanghai."""
        return self.as_of.astimezone(SHANGHAI).date()

    def send(
        self,
        uow: UnitOfWork,
        employee: Employee,
        content: Content | str,
        *,
        dedup_key: str = "",
        card_id: str = "",
        quiet: bool = True,
    ) -> str:
        """Push to a person, once per `dedup_key`; within quiet hours it waits for 8:00 unless `quiet` is False."""
        content = Text(text=content) if isinstance(content, str) else content
        if self.dry_run:
            self.shown.append((employee, content))
            return card_id
        account = push_account(employee, enabled=frozenset(self.channels))
        if account is None:
            uow.audit.add("push.unreachable", actor=None, subject=employee.employee_no)
            return ""
        return uow.outbox.put(
            content,
            channel=self.channels[account.channel],
            recipients=(account,),
            dedup_key=dedup_key,
            card_id=card_id,
            not_before=self.end_of_quiet() if quiet else None,
        )

    def update_card(self, uow: UnitOfWork, card_id: str, card: Card) -> None:
        """Give a card its new face everywhere it hangs."""
        if not self.dry_run:
            uow.outbox.put_card_update(CardUpdate(card_id=card_id, card=card), channels=self.channels)

    def end_of_quiet(self) -> datetime | None:
        """Real time at which the present quiet hours end, or None outside them (judged by business time)."""
        local = self.clock.now().astimezone(SHANGHAI)
        if QUIET_TO <= local.time() < QUIET_FROM:
            return None
        morning = local.replace(hour=QUIET_TO.hour, minute=0, second=0, microsecond=0)
        if local.time() >= QUIET_FROM:
            morning += timedelta(days=1)
        return morning.astimezone(UTC) - self.clock.offset
