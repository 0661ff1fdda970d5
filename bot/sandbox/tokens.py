"""Access tokens of one app: the same one for everybody as long as it lives (protocols/wecom.md 3, dingtalk.md 1.1)."""

from __future__ import annotations

import secrets
from typing import Literal

from bot.sandbox.world import World

TokenState = Literal["good", "unknown", "expired"]


class Tokens:
    """Issues and judges tokens.

    Args:
        lifetime_seconds: from issue, or from the last time it was asked for when `extends`.
        extends: asking for a living token prolongs it, as DingTalk does.
    """

    def __init__(self, world: World, lifetime_seconds: int, *, extends: bool) -> None:
        self._world = world
        self._lifetime = lifetime_seconds
        self._extends = extends
        self._ends: dict[str, float] = {}
        self._current = ""
        self.issued = 0

    def issue(self) -> tuple[str, int]:
        """The living token or a new one, and how many seconds it has left."""
        now = self._world.now()
        if self._ends.get(self._current, 0) <= now:
            self._current = secrets.token_urlsafe(64)
            self._ends[self._current] = now + self._lifetime
            self.issued += 1
        elif self._extends:
            self._ends[self._current] = now + self._lifetime
        return self._current, max(1, int(self._ends[self._current] - now))

    def judge(self, token: str) -> TokenState:
        ends = self._ends.get(token)
        if ends is None:
            return "unknown"
        return "good" if ends > self._world.now() else "expired"

    def expire(self) -> None:
        """Every token issued so far is expired from now on."""
        self._ends = dict.fromkeys(self._ends, 0.0)
