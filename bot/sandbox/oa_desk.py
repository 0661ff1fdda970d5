"""Every approval of the organisation, written down at each step and shown to whoever looks."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from bot.sandbox.config import Person
from bot.sandbox.oa_events import Event
from bot.sandbox.oa_faces import face, waiting
from bot.sandbox.oa_forms import FormDesk, Template
from bot.sandbox.oa_instances import Instance, Task, restored
from bot.sandbox.world import World

_FIRST_TASK = 67_583_405_630  # above 2^31, so that whoever stores it in 32 bits finds out here
_CHINA = timezone(timedelta(hours=8))


class OaDesk:
    """Approvals by id. They outlive a restart.

    Every method that moves one returns the events to be told; `announce` is for those whom nobody waits for.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._config = world.config
        self.forms = FormDesk(world)
        self.instances: dict[str, Instance] = {
            identifier: restored(body) for identifier, body in world.notebook.records("oa_instance")
        }
        self.announce: Callable[[Sequence[Event]], None] = lambda events: None
        used = [task.id for instance in self.instances.values() for task in instance.tasks]
        self._last_task = max(used, default=_FIRST_TASK)

    def begin(
        self,
        template: Template,
        originator: Person,
        form: list[dict[str, Any]],
        steps: list[dict[str, Any]],
        *,
        cc: list[str],
        cc_position: str,
    ) -> tuple[Instance, list[Event]]:
        now = self._world.now()
        stamp = datetime.fromtimestamp(now, UTC).astimezone(_CHINA).strftime("%Y%m%d%H%M")
        instance = Instance(
            id=secrets.token_urlsafe(16) + f"{int(now * 1000)}",
            process_code=template.code,
            business_id=stamp + f"{self._world.number() % 10**9:09d}",
            title=f"{originator.name}提交的{template.name}",
            originator=originator.dingtalk,
            corp_id=self._config.ding_corp_id,
            created=now,
            form=form,
            steps=steps,
            cc=cc,
            cc_position=cc_position,
        )
        self.instances[instance.id] = instance
        events = instance.start(self._number)
        self._keep(instance)
        return instance, events

    def decide(self, instance: Instance, task: Task, *, agree: bool, remark: str) -> list[Event]:
        now = self._world.now()
        events = instance.decide(task, agree=agree, remark=remark, now=now, number=self._number)
        self._keep(instance)
        return events

    def redirect(self, instance: Instance, task: Task, to_user: str, *, remark: str) -> list[Event]:
        now = self._world.now()
        events = instance.redirect(task, to_user, remark=remark, now=now, number=self._number)
        self._keep(instance)
        return events

    def terminate(self, instance: Instance, user: str, *, remark: str) -> list[Event]:
        events = instance.terminate(user, remark=remark, now=self._world.now())
        self._keep(instance)
        return events

    def comment(self, instance: Instance, user: str, text: str) -> None:
        instance.comment(user, text, now=self._world.now())
        self._keep(instance)

    def age(self, instance: Instance) -> float:
        """Seconds since its creation."""
        return self._world.now() - instance.created

    def with_task(self, task_id: int) -> tuple[Instance, Task] | None:
        pairs = ((instance, task) for instance in self.instances.values() for task in instance.tasks)
        return next((pair for pair in pairs if pair[1].id == task_id), None)

    def todo(self, user: str) -> list[dict[str, Any]]:
        """What waits for this person, oldest first."""
        return [
            waiting(instance, task)
            for instance in self.instances.values()
            for task in instance.tasks
            if task.user == user and task.status == "RUNNING"
        ]

    def _number(self) -> int:
        """A task id; they grow, but not by one."""
        self._last_task += 1 + secrets.randbelow(5000)
        return self._last_task

    def _keep(self, instance: Instance) -> None:
        self._world.notebook.save("oa_instance", instance.id, asdict(instance))
        self._world.tell("oa", face(instance))
