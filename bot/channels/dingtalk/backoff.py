"""How long to wait before the next open call: fast after the first drop, 1 to 60 s when it goes on."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds. 1 to 60 with jitter is what the official clients settled on (protocols/dingtalk.md 2.6)."""

    fast: float = 0.5  #: upper end of the wait after the first drop: a message sent meanwhile may be lost
    fast_per_minute: int = 6  #: a gateway that keeps closing is not asked faster than that
    base: float = 1.0
    cap: float = 60.0
    refused: float = 60.0  #: wrong credentials: at most one open call a minute (10.3)
    alive: float = 1.0  #: a link shorter than that and without a push was closed by a gateway that wants no links
    stable: float = 10.0  #: a link that lived this long was a good one


class Backoff:
    """Counts failures in a row. It applies after a clean close too, else a closing server makes a hot loop of opens."""

    def __init__(self, pace: Pace, *, monotonic: Callable[[], float], uniform: Callable[[float, float], float]) -> None:
        self._pace = pace
        self._monotonic = monotonic
        self._uniform = uniform
        self._failures = 0
        self._fast_spent = False
        self._fast: deque[float] = deque(maxlen=pace.fast_per_minute)

    @classmethod
    def usual(cls, pace: Pace, monotonic: Callable[[], float]) -> Backoff:
        return cls(pace, monotonic=monotonic, uniform=random.uniform)

    def after_refusal(self) -> float:
        """The gateway does not accept our credentials: an operator has to act, asking more often changes nothing."""
        self._failures += 1
        return self._pace.refused * self._uniform(1.0, 1.2)

    def after_failure(self) -> float:
        """Open or handshake failed."""
        self._failures += 1
        return self._slow()

    def after_link(self, *, lived: float, useful: bool, announced: bool) -> float:
        """A link ended. `useful`: it delivered something; `announced`: it still stands, to be replaced at once."""
        if lived >= self._pace.stable:
            self._failures, self._fast_spent = 0, False
        if not self._fast_spent and self._may_be_fast():
            self._fast_spent = not useful and lived < self._pace.alive
            return 0.0 if announced else self._uniform(self._pace.fast / 10, self._pace.fast)
        return self.after_failure()

    def _may_be_fast(self) -> bool:
        now = self._monotonic()
        if len(self._fast) == self._fast.maxlen and now - self._fast[0] < 60:
            return False
        self._fast.append(now)
        return True

    def _slow(self) -> float:
        ceiling = min(self._pace.cap, self._pace.base * 2 ** min(self._failures - 1, 10))
        return float(ceiling * self._uniform(0.75, 1.0))
