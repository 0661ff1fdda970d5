"""What people do in DingTalk's own approval pages, without the bot (protocols/dingtalk.md 7.1 A)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.ding_hosts import DingTalkHosts
from bot.sandbox.faults import CannotDecide
from bot.sandbox.oa_events import Event
from bot.sandbox.oa_faces import face
from bot.sandbox.oa_instances import Instance, Task


class OaHands(DingTalkHosts):
    """The moving methods wait until the bot has taken the events or the platform has given up, unless `wait=False`.

    Raises (all of them):
        LookupError: there is no such person or approval.
    """

    def oa_todo(self, user: str) -> list[dict[str, Any]]:
        """What waits for this person, oldest first: instance_id, task_id, title, originator, form by label."""
        return self.oa.todo(self._person(user).dingtalk)

    def oa_instance(self, instance_id: str) -> dict[str, Any]:
        """One approval as the page sees it, see bot/sandbox/app.py."""
        return face(self._instance(instance_id))

    def oa_instances(self) -> list[dict[str, Any]]:
        """Every approval, oldest first."""
        return [face(instance) for instance in self.oa.instances.values()]

    async def oa_decides(
        self, user: str, instance_id: str, agree: bool, remark: str = "", *, wait: bool = True
    ) -> None:
        """Agree or refuse.

        Raises:
            CannotDecide: nothing in this approval waits for this person.
        """
        instance, task = self._waiting(user, instance_id)
        await self._tell(self.oa.decide(instance, task, agree=agree, remark=remark), wait)

    async def oa_transfers(
        self, user: str, instance_id: str, to_user: str, remark: str = "", *, wait: bool = True
    ) -> None:
        """Hand one's task to somebody else.

        Raises:
            CannotDecide: nothing in this approval waits for this person, or it would stay with them.
        """
        heir = self._person(to_user)
        instance, task = self._waiting(user, instance_id)
        if heir.dingtalk == task.user:
            raise CannotDecide("不能转交给自己")
        await self._tell(self.oa.redirect(instance, task, heir.dingtalk, remark=remark), wait)

    async def oa_revokes(self, user: str, instance_id: str, remark: str = "", *, wait: bool = True) -> None:
        """Take back what one has submitted; the 15 seconds of the API do not hold people up.

        Raises:
            CannotDecide: somebody else submitted it, it is over, or its template does not allow it.
        """
        person, instance = self._person(user), self._instance(instance_id)
        if person.dingtalk != instance.originator:
            raise CannotDecide("只有发起人可以撤销")
        if instance.status != "RUNNING":
            raise CannotDecide("审批已经结束")
        if not self.oa.forms.known(instance.process_code).may_be_revoked:
            raise CannotDecide("这个模板不允许撤销")
        await self._tell(self.oa.terminate(instance, person.dingtalk, remark=remark), wait)

    def _waiting(self, user: str, instance_id: str) -> tuple[Instance, Task]:
        person, instance = self._person(user), self._instance(instance_id)
        task = instance.task_of(person.dingtalk)
        if task is None:
            raise CannotDecide(f"{person.name}在“{instance.title}”里没有待处理的任务")
        return instance, task

    def _instance(self, instance_id: str) -> Instance:
        instance = self.oa.instances.get(instance_id)
        if instance is None:
            raise LookupError(f"no approval is called {instance_id}")
        return instance

    async def _tell(self, events: Sequence[Event], wait: bool) -> None:
        self.pushes_counted += len(events)
        await self.now_or_later(self.delivery.events(events), wait)
