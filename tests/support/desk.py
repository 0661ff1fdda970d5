"""A small office for handler tests: real database, real intake, channels that only record what people would see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

import handlers
import jobs
from bot.channels.base import Downloaded
from bot.clock import SHANGHAI, FixedClock
from bot.connectors.ai import ChatReader
from bot.connectors.speech import SpeechToText
from bot.cron import next_fire
from bot.domain.directory import Directory
from bot.domain.people import Contact, Customer, Employee, Role
from bot.errors import ChannelError
from bot.messages import (
    Account,
    Card,
    CardUpdate,
    ChannelName,
    Content,
    InboundMessage,
    Kind,
    Location,
    Media,
    Tap,
)
from bot.plain import as_text
from bot.settings import Settings
from handlers.identity import serve_stranger
from handlers.intake import Intake, Surroundings
from jobs.context import JobContext
from store.codec import content_from_json
from store.inbox import InboxWriter
from tests.support.recording import RecordingChannel

WECOM, DINGTALK = ChannelName.WECOM, ChannelName.DINGTALK
THURSDAY = datetime(2026, 2, 12, 9, 30, tzinfo=SHANGHAI)  # a workday; the Spring Festival begins on the 15th

EMPLOYEES = (
    Employee(employee_no="YG010", name="李雷", role=Role.REP, region="杭州大区", wecom_user="LiLei",
             dingtalk_user="dd_lilei"),
    Employee(employee_no="YG011", name="韩梅", role=Role.REP, region="南京大区", wecom_user="hanmei"),
    Employee(employee_no="YG012", name="王强", role=Role.REP, region="杭州大区", wecom_user="wangqiang", active=False),
    Employee(employee_no="YG013", name="赵敏", role=Role.REP, region="杭州大区", dingtalk_user="dd_zhaomin"),
    Employee(employee_no="YG003", name="陈磊", role=Role.REGION_MANAGER, region="杭州大区", dingtalk_user="dd_chenlei"),
    Employee(employee_no="YG004", name="周涛", role=Role.REGION_MANAGER, region="南京大区", dingtalk_user="dd_zhoutao"),
)  # fmt: skip
CUSTOMERS = (
    Customer(customer_no="KH0117", name="绿源超市(滨江店)", short_name="绿源滨江", industry="快消终端",
             region="杭州大区", address="杭州市滨江区水杉路22号", owner_no="YG010"),
    Customer(customer_no="KH0002", name="鑫旺便利店(中山路店)", short_name="鑫旺中山路", industry="快消终端",
             region="杭州大区", address="杭州市拱墅区听松街10号", owner_no="YG013"),
    Customer(customer_no="KH0172", name="鑫旺便利店(人民路店)", short_name="鑫旺人民路", industry="快消终端",
             region="杭州大区", address="杭州市上城区人民路3号", owner_no="YG013"),
    Customer(customer_no="KH0250", name="利康便利店(老街店)", short_name="利康老街", industry="快消终端",
             region="杭州大区", address="杭州市余杭区老街1号", owner_no="YG010"),
    Customer(customer_no="KH0300", name="南京云帆商贸有限公司", short_name="云帆商贸", industry="快消终端",
             region="南京大区", address="南京市玄武区1号", owner_no="YG011"),
)  # fmt: skip
CONTACTS = (
    Contact(customer_no="KH0117", name="王红", title="老板", mobile="199-0000-0001"),
    Contact(customer_no="KH0117", name="孙丽", title="店长", mobile="199-0000-0002"),
    Contact(customer_no="KH0250", name="蔡秀英", title="老板", mobile="199-0000-0003"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deferred:
    """A background task that the transaction left behind."""

    name: str
    arguments: Mapping[str, Any]


class Desk:
    """People say and tap; `shown_to` is what they then see, newest face of each card in its place."""

    def __init__(
        self,
        unit_of_work: Callable[[], AbstractAsyncContextManager[Any]],
        inbox: InboxWriter,
        settings: Settings,
    ) -> None:
        self.clock = FixedClock(THURSDAY)
        self.channels = {WECOM: RecordingChannel(WECOM), DINGTALK: RecordingChannel(DINGTALK)}
        self.directory = Directory(CUSTOMERS, CONTACTS, EMPLOYEES, ())
        self.settings = settings
        self.speech: SpeechToText | None = None
        self.reader: ChatReader | None = None
        self.unit_of_work = unit_of_work
        self.inbox = inbox
        self._numbers = 0
        self._seen: dict[str, int] = {}
        self.intake = Intake(
            Surroundings(
                unit_of_work=unit_of_work,
                router=handlers.router,
                directory=lambda: self.directory,
                clock=self.clock,
                channels=self.channels,
                settings=settings,
                timetable=jobs.schedule.timetable(next_fire),
                strangers=serve_stranger,
            ),
            arrivals=asyncio.Semaphore(0),
        )

    # -- what people do ---------------------------------------------------------------------------------------------
    async def says(self, user: str, words: str, *, channel: ChannelName = WECOM, message_id: str = "") -> str:
        """Type a sentence; returns the last thing shown to them."""
        await self.sends(user, kind=Kind.TEXT, text=words, channel=channel, message_id=message_id)
        return await self.last(user)

    async def sends(self, user: str, *, channel: ChannelName = WECOM, message_id: str = "", **parts: Any) -> None:
        """Anything else: `kind=Kind.IMAGE, media=(…)`."""
        self._numbers += 1
        message = InboundMessage(
            message_id=message_id or f"m{self._numbers}",
            channel=channel,
            app_id="app",
            sender=Account(channel, user),
            conversation_id=user,
            sent_at=parts.pop("sent_at", self.clock.now()),
            **parts,
        )
        self._seen[user] = len(await self._rows(user))
        await self.inbox.accept(message)
        await self.settle()

    async def settle(self) -> None:
        """Handle what has come in."""
        while await self.intake.handle_next():
            pass

    async def photo(self, user: str, ref: str = "photo-1") -> str:
        await self.sends(user, kind=Kind.IMAGE, media=(Media(ref=ref),))
        return await self.last(user)

    async def place(self, user: str, label: str) -> str:
        await self.sends(user, kind=Kind.LOCATION, location=Location(latitude=30.2, longitude=120.1, label=label))
        return await self.last(user)

    async def taps(self, user: str, button: str, *, channel: ChannelName = WECOM, typed: str = "") -> str:
        """Tap the button of that text on the newest card that has it; returns the last thing shown."""
        card_id, card = await self._card_with(user, button)
        action = next(item.action for item in card.buttons if item.text == button)
        tap = Tap(card_id=card_id, action=action.name, params=action.params(), text=typed)
        await self.sends(user, kind=Kind.TAP, tap=tap, channel=channel)
        return await self.last(user)

    def minutes_later(self, minutes: float) -> None:
        self.clock.move_to(self.clock.now() + timedelta(minutes=minutes))

    # -- what people see --------------------------------------------------------------------------------------------
    async def shown_to(self, user: str) -> list[str]:
        """Everything in their chat, oldest first."""
        return [as_text(content) for content, _ in await self._chat(user)]

    async def last(self, user: str) -> str:
        """What the last thing they did brought: a message, else a card that changed, else ""."""
        new = [content for content, _ in (await self._rows(user))[self._seen.get(user, 0) :]]
        messages = [content for content in new if not isinstance(content, CardUpdate)]
        return as_text((messages or new)[-1]) if new else ""

    async def cards_of(self, user: str) -> list[Card]:
        """Every card in their chat, each with its newest face."""
        return [content for content, _ in await self._chat(user) if isinstance(content, Card)]

    async def _card_with(self, user: str, button: str) -> tuple[str, Card]:
        for content, card_id in reversed(await self._chat(user)):
            if isinstance(content, Card) and any(item.text == button for item in content.buttons):
                return card_id, content
        raise AssertionError(f"no card with [{button}]: {await self.shown_to(user)}")

    async def _chat(self, user: str) -> list[tuple[Content, str]]:
        chat: list[tuple[Content, str]] = []
        for content, card_id in await self._rows(user):
            if isinstance(content, CardUpdate):
                chat = [(content.card, number) if number == content.card_id else (old, number) for old, number in chat]
            else:
                chat.append((content, card_id))
        return chat

    async def _rows(self, user: str) -> list[tuple[Content, str]]:
        async with self.unit_of_work() as uow:
            rows = await uow.connection.execute(
                text("SELECT content, card_id FROM outbox WHERE lower(:user) IN "
                     "(SELECT lower(r) FROM unnest(recipients) AS r) ORDER BY outbox_id"), {"user": user}
            )  # fmt: skip
            return [(content_from_json(row.content), row.card_id) for row in rows]

    # -- what lies behind -------------------------------------------------------------------------------------------
    async def visits(self) -> list[Any]:
        async with self.unit_of_work() as uow:
            return list((await uow.connection.execute(text("SELECT * FROM visits ORDER BY visit_no"))).all())

    async def audit(self) -> list[str]:
        async with self.unit_of_work() as uow:
            return list((await uow.connection.execute(text("SELECT what FROM audit ORDER BY audit_id"))).scalars())

    async def deferred(self, name: str = "") -> list[Deferred]:
        """Background tasks waiting, deliveries left out."""
        async with self.unit_of_work() as uow:
            rows = await uow.connection.execute(
                text("SELECT task_name, args FROM procrastinate_jobs WHERE task_name <> 'deliver' ORDER BY id")
            )
            tasks = [Deferred(row.task_name, row.args) for row in rows]
        return [task for task in tasks if name in ("", task.name)]

    async def work(self) -> None:
        """Run the background tasks that wait, once each, and handle what they bring back."""
        tasks = await self.deferred()
        async with self.unit_of_work() as uow:
            await uow.connection.execute(text("DELETE FROM procrastinate_jobs WHERE task_name <> 'deliver'"))
        for task in tasks:
            await jobs.tasks[task.name](self.job_context(), **task.arguments)
        await self.settle()

    def job_context(self) -> JobContext:
        return JobContext(
            as_of=self.clock.now(),
            unit_of_work=self.unit_of_work,
            directory=lambda: self.directory,
            clock=self.clock,
            channels=self.channels,
            settings=self.settings,
            accept=self.inbox.accept,
            speech=self.speech,
            reader=self.reader,
        )

    def with_employee(self, **changes: Any) -> None:
        """Change somebody on the roster, named by `employee_no`."""
        number = changes["employee_no"]
        people = [replace(item, **changes) if item.employee_no == number else item for item in EMPLOYEES]
        self.directory = Directory(CUSTOMERS, CONTACTS, people, ())


class LosingChannel(RecordingChannel):
    """Downloads fail as told, then succeed."""

    def __init__(self, *failures: ChannelError) -> None:
        super().__init__()
        self.downloads = list(failures)

    async def download(self, media: Media) -> Downloaded:
        if self.downloads:
            raise self.downloads.pop(0)
        return await super().download(media)
