"""Cards that can be tapped, and the codes that may change them once each (protocols/wecom.md 4.9)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from bot.sandbox.wecom_cards import INTERACTIVE
from bot.sandbox.wecom_refusals import Refused
from bot.sandbox.world import Shown, World


class CardBook:
    """task_id to card, response_code to card; both survive a restart."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cards: dict[str, dict[str, Any]] = dict(world.notebook.records("wecom_card"))
        self._codes: dict[str, dict[str, Any]] = dict(world.notebook.records("wecom_code"))

    def knows(self, task_id: str) -> bool:
        return task_id in self._cards

    def add(self, task_id: str, face: dict[str, Any]) -> None:
        self._cards[task_id] = {"task_id": task_id, "card_type": face["card_type"]}
        self._world.notebook.save("wecom_card", task_id, self._cards[task_id])

    def new_code(self, task_id: str) -> str:
        """A code that changes this card once within 72 hours."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = {"task_id": task_id, "ends": self._world.now() + self._ends_after, "used": False}
        self._world.notebook.save("wecom_code", code, self._codes[code])
        return code

    def use(self, code: str, *, greying: bool) -> str:
        """Use a code up; returns the task_id.

        Args:
            greying: only the buttons are to be greyed out, which notice cards do not have.

        Raises:
            Refused: unknown, expired, used, or the card can't be changed in this way.
        """
        known = self._codes.get(code)
        if known is None:
            raise Refused(40058, "response_code")
        if known["used"]:
            raise Refused(42022)
        if known["ends"] <= self._world.now():
            raise Refused(40058, "response_code expired")
        card = self._cards.get(known["task_id"])
        if card is None:
            raise Refused(42016)
        if greying and card["card_type"] not in INTERACTIVE:
            raise Refused(40058, "the card has no buttons to grey out")
        known["used"] = True
        self._world.notebook.save("wecom_code", code, known)
        return str(known["task_id"])

    def on_phones(self, task_id: str, users: Iterable[str] | None) -> dict[str, Shown]:
        """The card's messages by member in lower case; None = everybody who got it."""
        wanted = None if users is None else {user.casefold() for user in users}
        return {
            message.user.casefold(): message
            for message in self._world.copies_of_card("wecom", task_id)
            if wanted is None or message.user.casefold() in wanted
        }

    def grey(self, message: Shown, text: str) -> None:
        """Controls dead, this text in their place."""
        self._world.changed(message, card={**(message.card or {}), "disabled": True, "replace_text": text})

    def replace(self, message: Shown, face: dict[str, Any]) -> None:
        """A new face for one person; later taps keep the old task_id."""
        words = str(face.get("replace_text") or "")
        old = message.card or {}
        card = {**old, "face": face, "disabled": bool(words), "replace_text": words, "chosen": ""}
        self._world.changed(message, card=card)

    @property
    def _ends_after(self) -> float:
        return self._world.config.response_code_seconds
