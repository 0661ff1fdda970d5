"""Two times: the platform's (always real) and the business's (can be moved in the demo and in tests)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")  # people's time zone; everything stored is aware UTC


class Clock:
    """Business time = real time + `offset`. Tokens, callback ages and retries never use it."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    @staticmethod
    def real_now() -> datetime:
        """Aware UTC, never shifted."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        """Business time, aware UTC."""
        return self.real_now() + self.offset

    def business(self, moment: datetime) -> datetime:
        """The business time at which something happened that a platform stamped with real time."""
        return moment + self.offset

    def today(self) -> date:
        """Business day in Shanghai."""
        return self.now().astimezone(SHANGHAI).date()

    def move_to(self, moment: datetime) -> None:
        """Make `now()` be `moment` (aware)."""
        self.offset = moment.astimezone(UTC) - self.real_now()


class FixedClock(Clock):
    """A clock that stands where it is put: for jobs run with --as-of and for tests."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        return self._moment

    def business(self, moment: datetime) -> datetime:
        return moment

    def move_to(self, moment: datetime) -> None:
        self._moment = moment.astimezone(UTC)
