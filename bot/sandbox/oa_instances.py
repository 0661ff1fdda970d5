"""One approval from its start to its end, as DingTalk's workflow moves it (protocols/dingtalk.md 7.2, 7.4, 7.9).

Every step forward returns the events it causes, in the table's order of 7.9. Where the table names no event for a task
that ends without its person, none is sent: only an OR step that somebody else decided cancels with one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.oa_events import Event, instance_event, task_event

TaskStatus = Literal["RUNNING", "COMPLETED", "CANCELED", "TERMINATED"]
NewNumber = Callable[[], int]


@dataclass(slots=True, kw_only=True)
class Task:
    """One person's part in one step. Times are Unix seconds."""

    id: int
    user: str
    step: int
    created: float
    status: TaskStatus = "RUNNING"
    result: Literal["", "AGREE", "REFUSE", "REDIRECTED"] = ""
    remark: str = ""
    finished: float | None = None


@dataclass(slots=True, kw_only=True)
class Instance:
    """An approval under way or over. Times are Unix seconds."""

    id: str
    process_code: str
    business_id: str
    title: str
    originator: str
    corp_id: str
    created: float
    form: list[dict[str, Any]]  #: id, name, value, componentType, bizAlias, extValue
    steps: list[dict[str, Any]]  #: actionType, userIds
    cc: list[str] = field(default_factory=list)
    cc_position: str = ""
    status: Literal["RUNNING", "TERMINATED", "COMPLETED"] = "RUNNING"
    result: Literal["", "agree", "refuse"] = ""
    finished: float | None = None
    step: int = -1
    tasks: list[Task] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)  #: user, at, type, result, remark, cc

    def start(self, number: NewNumber) -> list[Event]:
        self._record(self.originator, self.created, "START_PROCESS_INSTANCE")
        self._copy("START", self.created)
        return [instance_event(self, "start"), *self._open_next(self.created, number)]

    def decide(self, task: Task, *, agree: bool, remark: str, now: float, number: NewNumber) -> list[Event]:
        """Close a running task; a refusal ends the approval, an agreement moves it on when its step is through."""
        result: Literal["AGREE", "REFUSE"] = "AGREE" if agree else "REFUSE"
        self._close(task, "COMPLETED", now, result=result, remark=remark)
        self._record(task.user, now, "EXECUTE_TASK_NORMAL", result, remark)
        events = [task_event(self, task, "finish")]
        others, jointly = self._running(), self.steps[task.step]["actionType"] == "AND"
        if agree and jointly and others:
            return events
        for other in others:
            self._close(other, "CANCELED", now)
            events += [] if jointly else [task_event(self, other, "cancel")]
        if agree and self.step + 1 < len(self.steps):
            return [*events, *self._open_next(now, number)]
        return [*events, self._finish("agree" if agree else "refuse", now)]

    def redirect(self, task: Task, to_user: str, *, remark: str, now: float, number: NewNumber) -> list[Event]:
        self._close(task, "COMPLETED", now, result="REDIRECTED", remark=remark)
        self._record(task.user, now, "REDIRECT_TASK", "NONE", remark)
        heir = Task(id=number(), user=to_user, step=task.step, created=now)
        self.tasks.append(heir)
        return [task_event(self, task, "finish"), task_event(self, heir, "start")]

    def terminate(self, user: str, *, remark: str, now: float) -> list[Event]:
        for task in self._running():
            self._close(task, "TERMINATED", now)
        self.status, self.finished = "TERMINATED", now
        self._record(user, now, "TERMINATE_PROCESS_INSTANCE", "NONE", remark)
        return [instance_event(self, "terminate")]

    def comment(self, user: str, text: str, *, now: float) -> None:
        self._record(user, now, "ADD_REMARK", "NONE", text)

    def task_of(self, user: str) -> Task | None:
        """The running task that waits for this person, the oldest if there are two."""
        return next((task for task in self._running() if task.user == user), None)

    def _running(self) -> list[Task]:
        return [task for task in self.tasks if task.status == "RUNNING"]

    def _open_next(self, now: float, number: NewNumber) -> list[Event]:
        self.step += 1
        users = self.steps[self.step]["userIds"]
        opened = [Task(id=number(), user=user, step=self.step, created=now) for user in users]
        self.tasks += opened
        return [task_event(self, task, "start") for task in opened]

    def _finish(self, result: Literal["agree", "refuse"], now: float) -> Event:
        self.status, self.result, self.finished = "COMPLETED", result, now
        self._record(self.originator, now, "FINISH_PROCESS_INSTANCE", "AGREE" if result == "agree" else "REFUSE")
        self._copy("FINISH", now)
        return instance_event(self, "finish")

    def _close(
        self,
        task: Task,
        status: TaskStatus,
        now: float,
        *,
        result: Literal["", "AGREE", "REFUSE", "REDIRECTED"] = "",
        remark: str = "",
    ) -> None:
        task.status, task.result, task.remark, task.finished = status, result, remark, now

    def _copy(self, moment: str, now: float) -> None:
        if self.cc and moment in self.cc_position:
            self._record(self.originator, now, "PROCESS_CC", cc=self.cc)

    def _record(
        self, user: str, at: float, kind: str, result: str = "NONE", remark: str = "", cc: list[str] | None = None
    ) -> None:
        self.records.append(
            {"user": user, "at": at, "type": kind, "result": result, "remark": remark, "cc": list(cc or [])}
        )


def restored(body: dict[str, Any]) -> Instance:
    """An instance as it was written down."""
    return Instance(**{**body, "tasks": [Task(**task) for task in body["tasks"]]})
