"""What a new approval has to look like before DingTalk starts it (protocols/dingtalk.md 7.2)."""

from __future__ import annotations

from typing import Any

from bot.sandbox.config import Person, SandboxConfig
from bot.sandbox.ding_refusals import DingRefused
from bot.sandbox.oa_forms import Template
from bot.sandbox.oa_values import complaint

_ROOT = -1  # the root department's number here; it is 1 in the address book
_MOST_STEPS = 20
_MOST_COPIES = 50
_MOST_VALUES = 150


def known_person(config: SandboxConfig, user: Any) -> Person:
    """An active member.

    Raises:
        DingRefused: nobody is called so.
    """
    person = config.on_dingtalk(user) if isinstance(user, str) else None
    if person is None:
        raise DingRefused("userNotExist", message=f"用户不存在：{user}")
    return person


def checked_steps(body: dict[str, Any], template: Template, config: SandboxConfig) -> list[dict[str, Any]]:
    """The approval's steps: those of the request, which replace the template's own."""
    department = body.get("deptId")
    if department is not None and (isinstance(department, bool) or department != _ROOT):
        raise DingRefused("processInstanceInvalidParameter", message="发起人不在这个部门：根部门是-1")
    steps = body.get("approvers")
    if steps is None:
        if department is None:
            raise DingRefused("invalidParameter", message="没有approvers时deptId必填")
        if not template.flow:
            raise DingRefused("processInstanceStartFailed", message="模板没有设置审批流程")
        return template.flow
    if not isinstance(steps, list) or not 1 <= len(steps) <= _MOST_STEPS:
        raise DingRefused("processInstanceInvalidParameter", message="approvers")
    return [_step(step, config) for step in steps]


def _step(step: Any, config: SandboxConfig) -> dict[str, Any]:
    """One step.

    AND and OR need two people at least: so says the vendor about the older call, while this one's page is silent.
    Nobody may stand in a step twice: that is our rule, because a bot that asks for it has a fault.
    """
    kind = step.get("actionType") if isinstance(step, dict) else None
    users = step.get("userIds") if isinstance(step, dict) else None
    if kind not in ("AND", "OR", "NONE") or not isinstance(users, list) or not users:
        raise DingRefused("processInstanceInvalidParameter", message="approvers")
    if (kind == "NONE") != (len(users) == 1):
        raise DingRefused("processInstanceInvalidParameter", message="NONE只能有一人，AND和OR要多于一人")
    people = [known_person(config, user).dingtalk for user in users]
    if len(set(people)) < len(people):
        raise DingRefused("processInstanceInvalidParameter", message="审批人重复")
    return {"actionType": kind, "userIds": people}


def checked_copies(body: dict[str, Any], config: SandboxConfig) -> tuple[list[str], str]:
    """Who is told, and when; without steps of its own a request's copies have no effect."""
    people, position = body.get("ccList"), body.get("ccPosition")
    if people is not None and (not isinstance(people, list) or len(people) > _MOST_COPIES):
        raise DingRefused("processInstanceInvalidParameter", message="ccList")
    if position not in (None, "START", "FINISH", "START_FINISH"):
        raise DingRefused("processInstanceInvalidParameter", message="ccPosition")
    users = [known_person(config, user).dingtalk for user in people or []]
    return (users, position or "FINISH") if body.get("approvers") is not None else ([], "")


def check_choices(body: dict[str, Any]) -> None:
    """`targetSelectActioners`: no template here lets the initiator choose, so a well-formed one changes nothing."""
    choices = body.get("targetSelectActioners")
    if choices is not None and not (isinstance(choices, list) and len(choices) <= _MOST_STEPS):
        raise DingRefused("processInstanceInvalidParameter", message="targetSelectActioners")


def checked_form(body: dict[str, Any], template: Template, config: SandboxConfig) -> list[dict[str, Any]]:
    """The values as the detail call tells them later; every one has to fit its component."""
    values = body.get("formComponentValues")
    if not isinstance(values, list) or not 1 <= len(values) <= _MOST_VALUES:
        raise DingRefused("invalidParameter", message="formComponentValues")
    form = [_value(entry, template, config) for entry in values]
    given = {part["name"] for part in form}
    for component in template.components:
        label = component["props"]["label"]
        if component["props"].get("required") and label not in given:
            raise DingRefused("formConverterError", message=f"{label}不能为空")
    return form


def _value(entry: Any, template: Template, config: SandboxConfig) -> dict[str, Any]:
    name = entry.get("name") if isinstance(entry, dict) else None
    component = template.component(name) if isinstance(name, str) else None
    if component is None or component["componentType"] == "TextNote":
        raise DingRefused("illegalComponent", message=f"模板里没有这个控件：{name}")
    value = entry.get("value")
    if not isinstance(value, str):
        raise DingRefused("formConverterError", message=f"{name}的值要是字符串")
    if reason := complaint(component, value, config):
        raise DingRefused("formConverterError", message=reason)
    props = component["props"]
    part = {"id": props["componentId"], "name": name, "value": value, "componentType": component["componentType"]}
    more = {"bizAlias": props.get("bizAlias"), "extValue": entry.get("extValue")}
    return part | {key: text for key, text in more.items() if isinstance(text, str)}
