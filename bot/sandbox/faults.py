"""What can be made to go wrong, on either platform, for tests and for training."""

from __future__ import annotations

from dataclasses import dataclass


class CannotTap(Exception):
    """There is no such button, or it is no longer alive; the text is for the person who tapped."""


class CannotDecide(Exception):
    """This person has nothing to decide there; the text is for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One call that goes wrong; exactly one of the four is set."""

    code: int | str | None = None  #: errcode of WeCom and of DingTalk's old host, `code` of the new one
    status: int | None = None  #: HTTP status with a body that is no JSON
    timeout: bool = False
    drop_answer_after_doing: bool = False


class Faults:
    """The next calls that fail, in order."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, Fault]] = []

    def fail_next(self, times: int, fault: Fault, path: str = "") -> None:
        """`path` limits the fault to calls whose path contains it."""
        self._waiting += [(path, fault)] * times

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._waiting.clear()

    def take(self, path: str) -> Fault | None:
        """The fault that meets this call, if any; it is used up."""
        for index, (part, fault) in enumerate(self._waiting):
            if part in path:
                del self._waiting[index]
                return fault
        return None
