"""What a handler may touch: one object per message, living inside one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.channels.base import Channel
from bot.clock import Clock
from bot.domain.directory import Directory
from bot.domain.people import Employee
from bot.messages import Account, Card, CardUpdate, ChannelName, Content, InboundMessage, Text
from bot.schedule import Timetable
from bot.settings import Settings

if TYPE_CHECKING:
    from store.unit_of_work import UnitOfWork

DIALOGUE_MINUTES = 30  # a question that nobody answered by then is forgotten


class Context:
    """One message's surroundings. Everything written through it is committed together with "handled", or not at all.

    `employee` is the verified person behind the sender; None only for handlers that serve strangers (绑定, 帮助).
    """

    def __init__(
        self,
        *,
        message: InboundMessage,
        employee: Employee | None,
        uow: UnitOfWork,
        directory: Directory,
        clock: Clock,
        channels: Mapping[ChannelName, Channel],
        settings: Settings,
        timetable: Timetable,
    ) -> None:
        self.message = message
        self.stranger = employee is None
        self._employee = employee
        self.uow = uow
        self.directory = directory
        self.clock = clock
        self.channels = channels
        self.settings = settings
        self.timetable = timetable  #: when the jobs run by themselves; what was changed about it is in `uow.schedules`
        self.sent_at: datetime = clock.business(message.sent_at)  #: business time at which it was said, aware UTC

    @property
    def employee(self) -> Employee:
        """The person behind the sender; handlers that serve strangers check `stranger` first."""
        assert self._employee is not None
        return self._employee

    # -- answering --------------------------------------------------------------------------------------------------
    def reply(self, content: Content | str, *, card_id: str = "") -> str:
        """Answer where the question was asked. Returns the card's id ("" unless content is a Card)."""
        message = self.message
        return self.uow.outbox.put(
            Text(text=content) if isinstance(content, str) else content,
            channel=self.channels[message.channel],
            recipients=() if message.in_group else (message.sender,),
            conversation_id=message.conversation_id if message.in_group else "",
            card_id=card_id,
            interactive=True,
        )

    def send(
        self,
        employee: Employee,
        content: Content | str,
        *,
        dedup_key: str = "",
        card_id: str = "",
        at: datetime | None = None,
    ) -> str:
        """Push to a person where pushes go (bot.routing).

        `dedup_key` makes a second put with the same key do nothing; `at` (real time) holds it back. Returns the
        card's id.
        """
        account = self.account_of(employee)
        if account is None:
            self.uow.audit.add("push.unreachable", subject=employee.employee_no, actor=None)
            return ""
        return self.uow.outbox.put(
            Text(text=content) if isinstance(content, str) else content,
            channel=self.channels[account.channel],
            recipients=(account,),
            dedup_key=dedup_key,
            card_id=card_id,
            not_before=at,
        )

    def account_of(self, employee: Employee) -> Account | None:
        """Where pushes to this person go, among the channels that are switched on."""
        from bot.routing import push_account

        return push_account(employee, enabled=frozenset(self.channels))

    def update_card(self, card_id: str, card: Card) -> None:
        """Give a card its new face everywhere it hangs (after this transaction)."""
        self.uow.outbox.put_card_update(CardUpdate(card_id=card_id, card=card), channels=self.channels)

    # -- dialogues --------------------------------------------------------------------------------------------------
    def ask(self, dialogue: str, question: str, data: Mapping[str, str] | None = None) -> None:
        """Ask something and hand the sender's next message (unless it is a command) to `router.dialogue(dialogue)`."""
        self.uow.conversations.open(
            self.message.sender, dialogue, data or {}, until=self.clock.real_now() + timedelta(minutes=DIALOGUE_MINUTES)
        )
        self.reply(question)

    def end_dialogue(self) -> None:
        """The dialogue is over (it is, too, once its handler returns without asking again)."""
        self.uow.conversations.close(self.message.sender)

    # -- later ------------------------------------------------------------------------------------------------------
    def defer(self, task: str, *, lock: str = "", at: datetime | None = None, **arguments: Any) -> None:
        """A background task in this transaction: it exists if and only if this commits."""
        self.uow.defer(task, lock=lock, at=at, **arguments)

    def audit(self, what: str, *, subject: str = "", **details: Any) -> None:
        """One line of the append-only log: who did what to which thing, from which message."""
        self.uow.audit.add(what, subject=subject, actor=self._employee, message=self.message, **details)
