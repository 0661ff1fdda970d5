"""Approval templates and what each component of a form takes (protocols/dingtalk.md 7.3, 7.7)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.app import Sandbox
from tests.sandbox.approvals import FORM, MANAGER, Workflow, form, one, refused, request
from tests.sandbox.bots import DingClient


@pytest.fixture
def oa(dingtalk: DingClient) -> Workflow:
    return Workflow(dingtalk)


def text_field(label: str, kind: str = "TextField", **props: Any) -> dict[str, Any]:
    return {"componentType": kind, "props": {"componentId": f"{kind}-{label}", "label": label, **props}}


def choice(label: str, kind: str) -> dict[str, Any]:
    return text_field(label, kind, options=[{"key": "option_0", "value": "年框"}, {"key": "option_1", "value": "单次"}])


async def test_a_template_is_made_changed_and_found(sandbox: Sandbox, oa: Workflow) -> None:
    template = {"name": "折扣申请", "description": "低于底线的", "formComponents": [text_field("编号", required=True)]}
    code = (await oa.post("forms", template)).json()["result"]["processCode"]
    assert code.startswith("PROC-")
    found = await oa.get("processCentres/schemaNames/processCodes", name="折扣申请")
    assert found.json() == {"result": {"processCode": code}}
    changed = {
        **template,
        "processCode": code,
        "formComponents": [text_field("编号"), text_field("金额", "MoneyField")],
    }
    assert (await oa.post("forms", changed)).json()["result"]["processCode"] == code
    schema = (await oa.get("forms/schemas/processCodes", processCode=code)).json()["result"]
    items = [(item["componentName"], item["props"]["label"]) for item in schema["schemaContent"]["items"]]
    assert items == [("TextField", "编号"), ("MoneyField", "金额")]
    refused(await oa.post("forms", template), "formName.error")
    values = form(编号="1", 金额="3.5")
    no_flow = request(processCode=code, formComponentValues=values, approvers=None, deptId=-1)
    refused(await oa.post("processInstances", no_flow), "processInstanceStartFailed")
    assert await oa.start(one(MANAGER), processCode=code, formComponentValues=values)
    await sandbox.dingtalk.settle()
    made = [entry["detail"]["request"] for entry in sandbox.dingtalk.wire if entry["direction"] == "to_bot"]
    kinds = {(change["formCode"], change["type"]) for change in made if "formCode" in change}
    assert kinds == {(code, "create"), (code, "update")}


async def test_a_template_may_forbid_revoking(sandbox: Sandbox, oa: Workflow) -> None:
    template = {
        "name": "不可撤",
        "formComponents": [text_field("a")],
        "templateConfig": {"disableStopProcessButton": True},
    }
    code = (await oa.post("forms", template)).json()["result"]["processCode"]
    instance_id = await oa.start(one(MANAGER), processCode=code, formComponentValues=form(a="x"))
    sandbox.world.skip(16)
    body = {"processInstanceId": instance_id, "isSystem": True}
    refused(await oa.post("processInstances/terminate", body), "internalError")


async def test_the_contract_template_is_there_from_the_start(oa: Workflow) -> None:
    found = (await oa.get("processCentres/schemaNames/processCodes", name="合同审批")).json()["result"]
    assert found == {"processCode": "PROC-SALESBOT-CONTRACT"}
    schema = (await oa.get("forms/schemas/processCodes", **found)).json()["result"]["schemaContent"]
    kinds = {item["props"]["label"]: item["componentName"] for item in schema["items"]}
    assert list(kinds) == [
        *("审批编号", "客户", "合同类型", "合同金额（元）", "折扣率", "期限（月）", "发起人"),
        *("非标说明", "风险提示", "备注"),
    ]
    assert kinds["合同金额（元）"] == "MoneyField"
    assert {kinds[label] for label in ("非标说明", "风险提示", "备注")} == {"TextareaField"}
    assert set(FORM) <= set(kinds)
    refused(await oa.get("forms/schemas/processCodes", processCode="x"), "processCodeError")
    refused(await oa.get("processCentres/schemaNames/processCodes", name="x"), "processCodeError")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"name": ""}, "formName.error", id="no name"),
        pytest.param({"name": "x" * 201}, "formName.error", id="name of 201"),
        pytest.param({"name": "合同审批"}, "formName.error", id="a name that is taken"),
        pytest.param({"processCode": "PROC-X"}, "processcode.error", id="change of an unknown one"),
        pytest.param({"description": "x" * 301}, "formschema.error", id="description of 301"),
        pytest.param({"templateConfig": {"colour": 1}}, "schema.sysAttrs.error", id="unknown setting"),
        pytest.param({"formComponents": []}, "formschema.error", id="empty"),
        pytest.param({"formComponents": [text_field("x" * 21)]}, "formschema.error", id="label of 21"),
        pytest.param(
            {"formComponents": [text_field("a", placeholder="x" * 129)]}, "formschema.error", id="placeholder"
        ),
        pytest.param({"formComponents": [text_field("a", bizAlias="x" * 65)]}, "formschema.error", id="bizAlias"),
        pytest.param({"formComponents": [text_field("a"), text_field("a")]}, "formschema.error", id="one id twice"),
        pytest.param({"formComponents": [text_field("a", "Hologram")]}, "formschema.error", id="unknown component"),
        pytest.param({"formComponents": [text_field("a", "DDSelectField")]}, "formschema.error", id="no options"),
        pytest.param({"formComponents": [text_field("a", "TableField")]}, "formschema.error", id="table, no columns"),
    ],
)
async def test_a_template_is_refused(oa: Workflow, changes: dict[str, Any], code: str) -> None:
    body = {"name": "新模板", "formComponents": [text_field("a")], **changes}
    refused(await oa.post("forms", body), code)


TABLE = {**text_field("明细", "TableField"), "children": [text_field("品名"), text_field("数量", "NumberField")]}
ROWS = [[{"name": "品名", "value": "椰汁"}, {"name": "数量", "value": "2"}]]
COMPONENTS: dict[str, dict[str, Any]] = {
    part["props"]["label"]: part
    for part in (
        *(text_field("数", "NumberField"), choice("选", "DDSelectField"), choice("多选", "DDMultiSelectField")),
        *(text_field("日期", "DDDateField"), text_field('["开始时间","结束时间"]', "DDDateRangeField"), TABLE),
        *(text_field("人", "InnerContactField"), text_field("电话", "PhoneField"), text_field("图", "DDPhotoField")),
        *(text_field("星", "StarRatingField"), text_field("部门", "DepartmentField")),
    )
}


@pytest.mark.parametrize(
    ("label", "good", "bad"),
    [
        pytest.param("数", "-3.50", "1e3", id="number"),
        pytest.param("选", "年框", "月框", id="select"),
        pytest.param("多选", '["年框","单次"]', "年框", id="several"),
        pytest.param("日期", "2026-02-12", "2026-2-12", id="date"),
        pytest.param(
            '["开始时间","结束时间"]', '["2026-01-01","2026-01-31"]', '["2026-01-31","2026-01-01"]', id="range"
        ),
        pytest.param("明细", json.dumps(ROWS), json.dumps(ROWS[0]), id="table: rows in a list"),
        pytest.param(
            "明细", json.dumps(ROWS), json.dumps([[{"name": "价格", "value": "2"}]]), id="table: unknown column"
        ),
        pytest.param("人", f'["{MANAGER}"]', '["ghost"]', id="people"),
        pytest.param("电话", "+86-19900001001", "一九九", id="phone"),
        pytest.param("图", '["https://x.example.com/a.png"]', '["a.png"]', id="pictures"),
        pytest.param("星", "5", "五", id="stars"),
        pytest.param("部门", "-1,7", "华东", id="departments"),
    ],
)
async def test_each_component_takes_its_own_values(oa: Workflow, label: str, good: str, bad: str) -> None:
    template = {"name": "样样都有", "formComponents": [COMPONENTS[label]]}
    code = (await oa.post("forms", template)).json()["result"]["processCode"]
    assert await oa.start(processCode=code, formComponentValues=form(**{label: good}))
    refused(
        await oa.post("processInstances", request(processCode=code, formComponentValues=form(**{label: bad}))),
        "formConverterError",
    )


async def test_what_a_template_requires_must_be_given(oa: Workflow) -> None:
    template = {"name": "必填", "formComponents": [text_field("a", required=True), text_field("b")]}
    code = (await oa.post("forms", template)).json()["result"]["processCode"]
    for values in (form(b="x"), form(a="")):
        answer = await oa.post("processInstances", request(processCode=code, formComponentValues=values))
        refused(answer, "formConverterError")
        assert "a不能为空" in answer.json()["message"]
