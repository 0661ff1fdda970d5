"""Impatient double taps, told apart from deliberate second ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from bot.channels.dingtalk.normalize import tap_key
from bot.messages import InboundMessage

DOUBLE_TAP_SECONDS = 3.0  # our choice: shorter than reading what a card answered
_REMEMBERED = 10_000


class DoubleTaps:
    """Gives a tap that repeats one of the last seconds the id of the first one, so that the inbox knows it already.

    The window begins at the first tap of a run and does not slide: tapping on and on is not ignored for ever. It is
    kept in memory: pushes of one app go to replicas at random, and then, as after a restart, the handler's own
    "happens once" decides.
    """

    def __init__(self, monotonic: Callable[[], float], *, within_seconds: float = DOUBLE_TAP_SECONDS) -> None:
        self._monotonic = monotonic
        self._within = within_seconds
        self._recent: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def same_id(self, message: InboundMessage) -> InboundMessage:
        """The message itself, or a copy under the id of the tap that it repeats."""
        if message.tap is None:
            return message
        now, key = self._monotonic(), tap_key(message.sender, message.tap)
        if (first := self._recent.get(key)) and now - first[0] < self._within:
            return replace(message, message_id=first[1])
        self._recent[key] = (now, message.message_id)
        self._recent.move_to_end(key)
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return message
