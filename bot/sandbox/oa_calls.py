"""DingTalk's workflow calls (protocols/dingtalk.md 7.2, 7.4 to 7.7, 7.10). The app's token may act for anybody."""

from __future__ import annotations

from typing import Any

from bot.sandbox.ding_refusals import DingRefused
from bot.sandbox.oa_desk import OaDesk
from bot.sandbox.oa_events import form_event
from bot.sandbox.oa_faces import detail
from bot.sandbox.oa_instances import Instance, Task
from bot.sandbox.oa_requests import check_choices, checked_copies, checked_form, checked_steps, known_person
from bot.sandbox.oa_search import find_ids
from bot.sandbox.wire import Answer, BadJson, Call, Handler
from bot.sandbox.world import World

_OVER = "aflowProcessInstStatusException"
_LONGEST_REMARK = 1024
_DONE = {"result": True, "success": True}


class OaCalls:
    """Handlers by method and path."""

    def __init__(self, world: World, desk: OaDesk) -> None:
        self._world = world
        self._config = world.config
        self._desk = desk
        base = "/v1.0/workflow"
        self.routes: dict[tuple[str, str], Handler] = {
            ("POST", f"{base}/processInstances"): self.create,
            ("GET", f"{base}/processInstances"): self.get,
            ("POST", f"{base}/processInstances/execute"): self.execute,
            ("POST", f"{base}/processInstances/terminate"): self.terminate,
            ("POST", f"{base}/processInstances/comments"): self.comment,
            ("POST", f"{base}/tasks/redirect"): self.redirect,
            ("POST", f"{base}/processes/instanceIds/query"): self.query,
            ("GET", f"{base}/processes/todoTasks/numbers"): self.todo_number,
            ("POST", f"{base}/forms"): self.save_form,
            ("GET", f"{base}/forms/schemas/processCodes"): desk.forms.schema,
            ("GET", f"{base}/processCentres/schemaNames/processCodes"): desk.forms.code_by_name,
        }

    async def create(self, call: Call) -> Answer:
        """There is no idempotency key: the same request again is a second approval."""
        body = _body(call)
        if not body.get("originatorUserId"):
            raise DingRefused("invalidParameter", message="originatorUserId")
        template = self._desk.forms.known(body.get("processCode"))
        originator = known_person(self._config, body["originatorUserId"])
        if body.get("microappAgentId") not in (None, self._config.ding_agent_id):
            raise DingRefused("invalidAgentId")
        if body.get("bizDetailPageUrl"):
            raise DingRefused("benefitStatusInvalid")
        check_choices(body)
        steps = checked_steps(body, template, self._config)
        copies, position = checked_copies(body, self._config)
        form = checked_form(body, template, self._config)
        instance, events = self._desk.begin(template, originator, form, steps, cc=copies, cc_position=position)
        self._desk.announce(events)
        return Answer.json({"instanceId": instance.id})

    async def get(self, call: Call) -> Answer:
        """`success` is a string here, as on the platform."""
        identifier = call.query.get("processInstanceId", "")
        if not identifier:
            raise DingRefused("processInstanceIdError")
        return Answer.json({"result": detail(self._existing(identifier, "processInstanceNotExist")), "success": "true"})

    async def execute(self, call: Call) -> Answer:
        """Decide as somebody who owns a running task."""
        body = _body(call)
        instance = self._named(body)
        if body.get("result") not in ("agree", "refuse"):
            raise DingRefused("invalidInstanceExecuteResult")
        if not _whole(body.get("taskId")):
            raise DingRefused("invalidInstanceExecuteTaskId")
        if not body.get("actionerUserId"):
            raise DingRefused("invalidInstanceExecuteActionerUserId")
        actioner = known_person(self._config, body["actionerUserId"])
        remark = _text(body, "remark", _LONGEST_REMARK)
        if instance.status != "RUNNING":
            raise DingRefused(_OVER)
        task = next((task for task in instance.tasks if task.id == body["taskId"]), None)
        if task is None or task.user != actioner.dingtalk or task.status != "RUNNING":
            raise DingRefused("aflowProcessInstCanNotBeExecuted")
        self._desk.announce(self._desk.decide(instance, task, agree=body["result"] == "agree", remark=remark))
        return Answer.json(_DONE)

    async def terminate(self, call: Call) -> Answer:
        """Revoke: by the system, or by the originator and nobody else."""
        body = _body(call)
        instance = self._named(body)
        remark, operator = _text(body, "remark", _LONGEST_REMARK), body.get("operatingUserId")
        by_system = body.get("isSystem") or False
        if not isinstance(by_system, bool):
            raise DingRefused("invalidParameter", message="isSystem")
        if operator or not by_system:
            operator = known_person(self._config, operator).dingtalk
        if not by_system and operator != instance.originator:
            raise DingRefused("noPermission", message="只有发起人可以撤销")
        if instance.status != "RUNNING" or self._desk.age(instance) < self._config.revoke_after_seconds:
            raise DingRefused(_OVER)
        if not self._desk.forms.known(instance.process_code).may_be_revoked:
            raise DingRefused("internalError", message="模板不允许撤销")
        self._desk.announce(self._desk.terminate(instance, operator or instance.originator, remark=remark))
        return Answer.json(_DONE)

    async def redirect(self, call: Call) -> Answer:
        """Hand a task to somebody else, as its holder."""
        body = _body(call, "param.illegal")
        if any(body.get(name) in (None, "") for name in ("taskId", "toUserId", "operateUserId")):
            raise DingRefused("param.blank")
        instance, task = self._task(body["taskId"])
        remark = _text(body, "remark", 256, "param.illegal")
        heir, operator = (self._config.on_dingtalk(str(body[name])) for name in ("toUserId", "operateUserId"))
        if heir is None or operator is None:
            raise DingRefused("param.illegal", message="用户不存在")
        if instance.status != "RUNNING":
            raise DingRefused("instance.status.error")
        if task.status != "RUNNING":
            raise DingRefused("task.status.error")
        if operator.dingtalk != task.user:
            raise DingRefused("param.illegal.operator")
        if heir is operator:
            raise DingRefused("param.illegal", message="不能转交给自己")
        self._desk.announce(self._desk.redirect(instance, task, heir.dingtalk, remark=remark))
        return Answer.json({"result": True})

    async def comment(self, call: Call) -> Answer:
        """Also where the approval is over."""
        body = _body(call)
        instance = self._named(body)
        text = _text(body, "text", _LONGEST_REMARK)
        if not text:
            raise DingRefused("invalidParameter", message="text")
        self._desk.comment(instance, known_person(self._config, body.get("commentUserId")).dingtalk, text)
        return Answer.json(_DONE)

    async def query(self, call: Call) -> Answer:
        body = _body(call)
        if str(body.get("processCode")) not in self._desk.forms.templates:
            raise DingRefused("invalidProcessCode")
        page, following = find_ids(list(self._desk.instances.values()), body, now_ms=int(self._world.now() * 1000))
        return Answer.json({"result": {"list": page, "nextToken": following}, "success": True})

    async def todo_number(self, call: Call) -> Answer:
        person = known_person(self._config, call.query.get("userId"))
        return Answer.json({"result": len(self._desk.todo(person.dingtalk))})

    async def save_form(self, call: Call) -> Answer:
        answer, done, template = await self._desk.forms.save(call)
        self._desk.announce([form_event(template, done, self._config.ding_corp_id, self._world.now())])
        return answer

    def _named(self, body: dict[str, Any]) -> Instance:
        identifier = body.get("processInstanceId")
        if not identifier:
            raise DingRefused("invalidInstanceId")
        return self._existing(str(identifier), "aflowProcessInstNotExist")

    def _existing(self, identifier: str, code: str) -> Instance:
        instance = self._desk.instances.get(identifier)
        if instance is None:
            raise DingRefused(code)
        return instance

    def _task(self, number: Any) -> tuple[Instance, Task]:
        found = self._desk.with_task(number) if _whole(number) else None
        if found is None:
            raise DingRefused("param.illegal", message="taskId")
        return found


def _body(call: Call, code: str = "invalidParameter") -> dict[str, Any]:
    try:
        return call.json()
    except BadJson as error:
        raise DingRefused(code, message="body is no JSON object") from error


def _text(body: dict[str, Any], name: str, most: int, code: str = "invalidParameter") -> str:
    """An optional text of limited length."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise DingRefused(code, message=name)
    return value


def _whole(value: Any) -> bool:
    """A JSON number without a point; text that looks like one is none."""
    return isinstance(value, int) and not isinstance(value, bool)
