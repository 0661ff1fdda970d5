"""Approval templates: the contract's from the start, and those the bot makes (protocols/dingtalk.md 7.7)."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.sandbox.config import SandboxConfig
from bot.sandbox.ding_refusals import DingRefused
from bot.sandbox.oa_values import COMPONENTS
from bot.sandbox.wire import Answer, BadJson, Call
from bot.sandbox.world import World

CONTRACT_CODE = "PROC-SALESBOT-CONTRACT"

_MOST_TEMPLATES = 200
_MOST_COMPONENTS = 200
_CONFIG = frozenset(
    {
        "disableStopProcessButton",
        "hidden",
        "disableDeleteProcess",
        "disableFormEdit",
        "disableResubmit",
        "disableHomepage",
        "dirId",
        "originDirId",
    }
)
_CONTRACT_LABELS = {
    "审批编号": "TextField",
    "客户": "TextField",
    "合同类型": "TextField",
    "合同金额（元）": "MoneyField",
    "折扣率": "TextField",
    "期限（月）": "TextField",
    "发起人": "TextField",
    "非标说明": "TextareaField",
    "风险提示": "TextareaField",
    "备注": "TextareaField",
}


@dataclass(slots=True, kw_only=True)
class Template:
    """A form with its flow. The flow is set in the console; one made by API has none until somebody does."""

    code: str
    name: str
    description: str = ""
    components: list[dict[str, Any]]
    config: dict[str, Any] = field(default_factory=dict)
    flow: list[dict[str, Any]] = field(default_factory=list)  #: steps as in `approvers` of a new instance

    def component(self, label: str) -> dict[str, Any] | None:
        return next((one for one in self.components if one["props"]["label"] == label), None)

    @property
    def may_be_revoked(self) -> bool:
        return not self.config.get("disableStopProcessButton")


class FormDesk:
    """Templates by processCode. They outlive a restart."""

    def __init__(self, world: World) -> None:
        self._world = world
        contract = _contract(world.config)
        self.templates: dict[str, Template] = {contract.code: contract}
        for code, body in world.notebook.records("oa_template"):
            self.templates[code] = Template(**body)

    async def save(self, call: Call) -> tuple[Answer, str, Template]:
        """Create or update; returns the answer, which of the two it was, and the template."""
        try:
            body = call.json()
        except BadJson as error:
            raise DingRefused("formschema.error", message="body is no JSON object") from error
        old = self._old(body.get("processCode"))
        name = body.get("name")
        if not isinstance(name, str) or not name.strip() or len(name) > 200:
            raise DingRefused("formName.error")
        if any(other.name == name and other is not old for other in self.templates.values()):
            raise DingRefused("formName.error", message=f"已有同名的审批模板：{name}")
        if old is None and len(self.templates) >= _MOST_TEMPLATES:
            raise DingRefused("internalError", message="审批模板不能超过200个")
        description, config = body.get("description") or "", body.get("templateConfig") or {}
        if not isinstance(description, str) or len(description) > 300:
            raise DingRefused("formschema.error", message="description")
        if not isinstance(config, dict) or not set(config) <= _CONFIG:
            raise DingRefused("schema.sysAttrs.error")
        template = Template(
            code=old.code if old else f"PROC-{str(uuid.uuid4()).upper()}",
            name=name,
            description=description,
            components=_components(body.get("formComponents")),
            config=config,
            flow=old.flow if old else [],
        )
        self.templates[template.code] = template
        self._world.notebook.save("oa_template", template.code, asdict(template))
        return Answer.json({"result": {"processCode": template.code}}), "update" if old else "create", template

    async def schema(self, call: Call) -> Answer:
        """The answer's shape is the one that clients of others read: schemaContent.items[].componentName, props."""
        template = self.known(call.query.get("processCode"))
        items = [_shown(component) for component in template.components]
        content = {"title": template.name, "items": items}
        return Answer.json({"result": {"name": template.name, "formCode": template.code, "schemaContent": content}})

    async def code_by_name(self, call: Call) -> Answer:
        name = call.query.get("name", "")
        found = next((template for template in self.templates.values() if template.name == name), None)
        if found is None:
            raise DingRefused("processCodeError")
        return Answer.json({"result": {"processCode": found.code}})

    def known(self, code: Any) -> Template:
        """The template of this code.

        Raises:
            DingRefused: there is none.
        """
        template = self.templates.get(code) if isinstance(code, str) else None
        if template is None:
            raise DingRefused("processCodeError")
        return template

    def _old(self, code: Any) -> Template | None:
        if not code:
            return None
        old = self.templates.get(code) if isinstance(code, str) else None
        if old is None:
            raise DingRefused("processcode.error")
        return old


def _shown(component: dict[str, Any]) -> dict[str, Any]:
    props = {**component["props"], "id": component["props"]["componentId"]}
    children = [_shown(child) for child in component["children"]]
    return {"componentName": component["componentType"], "props": props, "children": children}


def _components(value: Any, *, inside: bool = False) -> list[dict[str, Any]]:
    """The checked parts of a form, each with its props and children."""
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_COMPONENTS:
        raise DingRefused("formschema.error", message="formComponents")
    parts = [_component(one, inside=inside) for one in value]
    for kind in ("componentId", "label"):
        names = [part["props"][kind] for part in parts if part["props"][kind]]
        if len(set(names)) < len(names):
            raise DingRefused("formschema.error", message=f"{kind}重复")
    return parts


def _component(value: Any, *, inside: bool) -> dict[str, Any]:
    kind = value.get("componentType") if isinstance(value, dict) else None
    props = value.get("props") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in COMPONENTS or not isinstance(props, dict):
        raise DingRefused("formschema.error", message="componentType")
    if inside and kind == "TableField":
        raise DingRefused("formschema.error", message="明细里不能再放明细")
    for name, most, needed in (
        ("label", 20, kind != "TextNote"),
        ("componentId", 64, True),
        ("bizAlias", 64, False),
        ("placeholder", 128, False),
        ("content", 500, kind == "TextNote"),
    ):
        text = props.get(name)
        if (text is None and needed) or (text is not None and not (isinstance(text, str) and len(text) <= most)):
            raise DingRefused("formschema.error", message=name)
    if kind in ("DDSelectField", "DDMultiSelectField") and not _are_options(props.get("options")):
        raise DingRefused("formschema.error", message="options")
    children = _components(value.get("children"), inside=True) if kind == "TableField" else []
    return {"componentType": kind, "props": {"label": "", **props}, "children": children}


def _are_options(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(option, dict) and isinstance(option.get("value"), str) for option in value)
    )


def _contract(config: SandboxConfig) -> Template:
    """The template that an administrator drew in the console; its own flow: any regional manager."""
    components = [
        {"componentType": kind, "props": {"componentId": f"{kind}-{n}", "label": label}, "children": []}
        for n, (label, kind) in enumerate(_CONTRACT_LABELS.items(), start=1)
    ]
    managers = [person.dingtalk for person in config.people if person.dingtalk and person.role == "区域经理"]
    flow = [{"actionType": "OR" if len(managers) > 1 else "NONE", "userIds": managers}] if managers else []
    return Template(code=CONTRACT_CODE, name="合同审批", components=components, flow=flow)
