"""Every error the bot raises on purpose, in one tree.

SalesBotError
├── UserError            the sender can put it right; never pages anyone
│   ├── UnknownCommand   nothing here answers to that
│   ├── BadSyntax        right command, wrong words after it
│   ├── NotAllowed       not this person's customer, or not this person's to decide
│   ├── NotFound         no such customer, visit, approval
│   └── OutOfDate        the card or number was settled or replaced in the meantime
├── StaleRecord          somebody saved first: reload and decide again
├── ChannelError
│   ├── ChannelUnavailable            busy, time-out, 5xx: try again later
│   ├── RateLimited                   wait `retry_after_seconds`
│   ├── OutcomeUnknown                the request may or may not have been carried out
│   └── ChannelRejected               the platform will never accept it (`code`)
│       ├── ChannelMisconfigured      credentials, permissions, IP list: an operator has to act
│       └── ChannelConflict           it was decided, moved or revoked there in the meantime: read it again
├── ConnectorError       a service that helps (speech, AI, ERP)
│   ├── ConnectorUnavailable          busy or unreachable: worth another try
│   └── ConnectorRefused              it will never do this one (`code`)
├── ForgedCallback       signature, key or receiver wrong: answer 403 and say nothing more
├── BadInput             a file or an intake record that cannot be read
├── CalendarNotCovered   that year's statutory holidays are not known; refused, not guessed
├── DatabaseUnavailable  PostgreSQL cannot be started, reached or used
└── SettingsError        the process must not start; lists every problem at once

The class says whether to retry; the words people read are found in `bot.cards.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence


class SalesBotError(Exception):
    """Root of the tree above."""


class UserError(SalesBotError):
    """The sender can put it right. `sentence` is Chinese and says what to do next."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class UnknownCommand(UserError):
    """Nothing here answers to that."""


class BadSyntax(UserError):
    """Right command, wrong words after it."""


class NotAllowed(UserError):
    """Outside the sender's data scope or duty."""


class NotFound(UserError):
    """No such customer, visit or number."""


class OutOfDate(UserError):
    """The card or number was settled or replaced in the meantime."""


class StaleRecord(SalesBotError):
    """Somebody saved first: reload and decide again."""


class ChannelError(SalesBotError):
    """Something between us and a platform."""


class ChannelUnavailable(ChannelError):
    """Busy, unreachable or 5xx, and certainly not carried out: safe to send again later."""


class OutcomeUnknown(ChannelError):
    """A time-out or broken answer after the request left: it may have been carried out."""


class RateLimited(ChannelError):
    """Over a limit, the platform's or ours."""

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ChannelRejected(ChannelError):
    """The platform will never accept this message."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class ChannelMisconfigured(ChannelRejected):
    """Credentials, permissions or IP list: nothing gets through until an operator acts."""


class ChannelConflict(ChannelRejected):
    """What we wanted to change was decided, moved or revoked over there in the meantime: read it again."""


class ConnectorError(SalesBotError):
    """A service that helps (speech, AI, ERP) did not."""


class ConnectorUnavailable(ConnectorError):
    """Busy or unreachable: worth another try."""


class ConnectorRefused(ConnectorError):
    """It will never do this one."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class ForgedCallback(SalesBotError):
    """A callback that our platforms did not send: answer 403 and say nothing more."""


class BadInput(SalesBotError):
    """A file or record from outside that cannot be read; the message says where and why."""


class CalendarNotCovered(SalesBotError):
    """What was asked depends on the statutory holidays of a year that is not published (or not installed) yet."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no calendar of statutory holidays for {year}")
        self.year = year


class DatabaseUnavailable(SalesBotError):
    """PostgreSQL cannot be started, reached or used; the message says what to look at, never a password."""


class SettingsError(SalesBotError):
    """The process must not start. `problems` lists all of them, never a secret."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
