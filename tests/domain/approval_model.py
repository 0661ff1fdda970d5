"""What an approval is meant to do, written a second time from its rules: plain dicts and sets, no code of the bot's.

One rejection ends it. A step passes once everybody added by 加签 and enough of its own people agree: one, all, or so
many different ones. Whoever has agreed to an attempt is not asked again by a later step of it. Nobody decides their
own. A change after submission makes everything that was pending void.
"""

from __future__ import annotations

from typing import Any

from bot.domain.approval_values import Approval

Ask = dict[str, Any]


class Refused(Exception):
    """The action is not allowed; nothing changes."""


class Model:
    """One approval. A flow is a list of steps: mode, need, and its people as (asked, who acts for them)."""

    def __init__(self, submitter: str = "S") -> None:
        self.submitter = submitter
        self.state = "草稿"
        self.attempt = 0
        self.steps: list[dict[str, Any]] = []
        self.vacant: set[str] = set()
        self.urged: int | None = None

    # -- looking ------------------------------------------------------------------------------------------------------
    def open_step(self) -> dict[str, Any] | None:
        return next((step for step in self.steps if step["state"] == "审批中"), None)

    def may_decide(self) -> list[str]:
        step = self.open_step()
        found: list[str] = []
        for ask in step["asks"] if step else []:
            found += [who for who in ask["actors"] if ask["said"] is None and who not in found]
        return found

    def picture(self) -> dict[str, Any]:
        """Everything that must agree with the bot's own idea of it."""
        return {
            "state": self.state,
            "attempt": self.attempt,
            "may decide": self.may_decide(),
            "steps": [
                (
                    step["state"],
                    [
                        (ask["who"], ask["actors"], ask["must"], ask["said"], ask["by"], ask["to"])
                        for ask in step["asks"]
                    ],
                )
                for step in self.steps
            ],
        }

    # -- the submitter ------------------------------------------------------------------------------------------------
    def submit(self, flow: list[dict[str, Any]]) -> None:
        if self.state != "草稿":
            raise Refused("not running")
        if any(step["name"] in self.vacant for step in flow):
            raise Refused("nobody")
        self.state, self.attempt, self.urged = "审批中", self.attempt + 1, None
        self.steps = [{**step, "state": "未开始", "asks": []} for step in flow]
        self._go_on()

    def edit(self) -> None:
        if self.state in ("已通过", "已取消"):
            raise Refused("not running")
        self._void()
        self.state = "草稿"

    def withdraw(self, by: str) -> None:
        if by != self.submitter:
            raise Refused("not submitter")
        if self.state == "草稿":
            self.state = "已撤回" if self.attempt else "已取消"
        elif self.state == "审批中":
            self._void()
            self.state = "已撤回"
        elif self.state not in ("已撤回", "已取消"):
            raise Refused("not running")

    def urge(self, by: str, minute: int) -> None:
        if by != self.submitter:
            raise Refused("not submitter")
        if self.state != "审批中":
            raise Refused("not running")
        if self.urged is not None and minute - self.urged < 30:
            raise Refused("too soon")
        self.urged = minute

    def _void(self) -> None:
        for step in self.steps:
            if step["state"] in ("审批中", "未开始"):
                step["state"] = "已作废"

    # -- those who are asked ------------------------------------------------------------------------------------------
    def decide(self, by: str, said: str, attempt: int, number: int) -> None:
        there = self.steps[number - 1] if attempt == self.attempt and 1 <= number <= len(self.steps) else None
        spoken = [ask["said"] for ask in there["asks"] if ask["by"] == by and ask["said"] != "转交"] if there else []
        if spoken and spoken[0] == said:
            return
        step = self._here(attempt, number)
        mine = self._mine(step, by)
        if not mine:
            raise Refused("decided" if spoken else "not yours")
        undo = [dict(ask) for ask in step["asks"]]
        for ask in mine:
            ask["said"], ask["by"] = said, by
        if said == "拒绝":
            step["state"], self.state = "已拒绝", "已拒绝"
            return
        following = self.steps[number] if number < len(self.steps) else None
        if self._enough(step) and self._blocked(step, following):
            step["asks"] = undo
            raise Refused("nobody")
        self._go_on()

    def transfer(self, by: str, to: str, attempt: int, number: int) -> None:
        step = self._here(attempt, number)
        mine = self._mine(step, by)
        if not mine and any(ask["by"] == by and ask["to"] == to for ask in step["asks"]):
            return
        if not mine:
            raise Refused("not yours")
        others = [ask for ask in step["asks"] if ask not in mine and ask["said"] != "转交"]
        self._newcomer(to, others)
        if any(to in ask["actors"] for ask in mine):
            raise Refused("seated")
        for must in (False, True):  # a duty of each kind passes on as what it is
            if any(ask["must"] is must for ask in mine):
                step["asks"].append(_ask(to, [to], must=must))
        for ask in mine:
            ask["said"], ask["by"], ask["to"] = "转交", by, to

    def add(self, by: str, who: str, attempt: int, number: int) -> None:
        step = self._here(attempt, number)
        present = [ask for ask in step["asks"] if ask["said"] != "转交"]
        if any(ask["added"] and ask["who"] == who for ask in present):
            return
        if not self._mine(step, by):
            raise Refused("not yours")
        self._newcomer(who, present)
        step["asks"].append({**_ask(who, [who], must=True), "added": True})

    def escalate(self, above: dict[str, str]) -> None:
        """Whoever has spoken in the step already is no second pair of eyes."""
        step = self.open_step()
        spoken = {ask["by"] for ask in step["asks"] if ask["said"] == "同意"} if step else set()
        for ask in step["asks"] if step else []:
            superior = above.get(ask["who"])
            if ask["said"] is None and superior and superior not in spoken and superior not in ask["actors"]:
                ask["actors"] = [*ask["actors"], superior]

    def _here(self, attempt: int, number: int) -> dict[str, Any]:
        if self.state != "审批中":
            raise Refused("not running")
        if attempt != self.attempt or not 1 <= number <= len(self.steps):
            raise Refused("void")
        if self.steps[number - 1]["state"] != "审批中":
            raise Refused("void")
        return self.steps[number - 1]

    @staticmethod
    def _mine(step: dict[str, Any], by: str) -> list[Ask]:
        return [ask for ask in step["asks"] if ask["said"] is None and by in ask["actors"]]

    def _newcomer(self, who: str, others: list[Ask]) -> None:
        if who == self.submitter:
            raise Refused("submitter")
        if any(who == ask["who"] or who in ask["actors"] for ask in others):
            raise Refused("seated")

    # -- passing ------------------------------------------------------------------------------------------------------
    @staticmethod
    def _enough(step: dict[str, Any]) -> bool:
        present = [ask for ask in step["asks"] if ask["said"] != "转交"]
        if any(ask["must"] and ask["said"] != "同意" for ask in present):
            return False
        own = [ask for ask in present if not ask["must"]]
        silent = [ask for ask in own if ask["said"] is None]
        people = {ask["by"] for ask in own if ask["said"] == "同意"}
        need = {"any": 1, "all": len(own), "k": step["need"]}[step["mode"]]
        return not silent or len(people) >= need

    def _blocked(self, step: dict[str, Any], following: dict[str, Any] | None) -> bool:
        """Whether a step that would open now has nobody; steps that everybody has agreed to already are passed over."""
        agreed = {ask["by"] for ask in self._yes()}
        for later in self.steps[self.steps.index(following) :] if following else []:
            if later["name"] in self.vacant:
                return True
            asks = _asked(later, agreed)
            if not self._enough({**later, "asks": asks}):
                return False
        return False

    def _yes(self) -> list[Ask]:
        return [ask for step in self.steps for ask in step["asks"] if ask["said"] == "同意"]

    def _go_on(self) -> None:
        step = self.open_step()
        if step is not None and not self._enough(step):
            return
        if step is not None:
            step["state"] = "已通过"
        for later in self.steps:
            if later["state"] == "未开始":
                later["asks"] = _asked(later, {ask["by"] for ask in self._yes()})
                later["state"] = "审批中"
                if not self._enough(later):
                    return
                later["state"] = "已通过"
        self.state = "已通过"


def pictured(approval: Approval) -> dict[str, Any]:
    """The bot's approval as the model draws it."""
    return {
        "state": approval.state.value,
        "attempt": approval.attempt,
        "may decide": list(approval.waiting_for),
        "steps": [
            (
                step.state.value,
                [
                    (
                        seat.approver_no,
                        list(seat.actor_nos),
                        seat.required,
                        seat.verdict.value if seat.verdict else None,
                        seat.decided_by,
                        seat.handed_to,
                    )
                    for seat in step.seats
                ],
            )
            for step in approval.steps
        ],
    }


def _ask(who: str, actors: list[str], *, must: bool = False) -> Ask:
    return {"who": who, "actors": actors, "must": must, "added": False, "said": None, "by": "", "to": ""}


def _asked(step: dict[str, Any], agreed: set[str]) -> list[Ask]:
    asks = []
    for who, actors in step["people"]:
        ask = _ask(who, list(actors))
        for actor in actors:
            if actor in agreed and ask["said"] is None:
                ask["said"], ask["by"] = "同意", actor
        asks.append(ask)
    return asks
