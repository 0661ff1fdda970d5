"""Whatever JSON a bot sends, a platform answers: it never breaks off."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.app import Sandbox
from bot.sandbox.config import SandboxConfig
from bot.sandbox.oa_forms import CONTRACT_CODE
from bot.sandbox.wire import Call
from tests.sandbox.approvals import any_of, one, request
from tests.sandbox.bots import buttons as ding_buttons
from tests.sandbox.test_wecom_api import NOTICE, buttons, options, selects, vote

EXAMPLES = 120
CONFIG = SandboxConfig(qps_limit=0)
LINK = {
    "type": 1,
    "title": "t",
    "url": "https://x.example.com",
    "desc": "d",
    "image_url": "https://x.example.com/a.png",
}
NEWS = {**NOTICE, "card_type": "news_notice", "card_image": {"url": "https://x.example.com/a.png", "aspect_ratio": 1.3}}
FULL = {
    "task_id": "t-1",
    "source": {"desc": "s"},
    "action_menu": {"desc": "d", "action_list": [{"text": "a", "key": "k"}]},
    "quote_area": {**LINK, "quote_text": "q"},
    "horizontal_content_list": [{"keyname": "k", "value": "v", "type": 1, "url": "https://x.example.com"}],
    "vertical_content_list": [{"title": "t", "desc": "d"}],
    "jump_list": [LINK],
    "image_text_area": LINK,
    "emphasis_content": {"title": "1", "desc": "2"},
}
CARDS = [
    {**NOTICE, **FULL},
    {**NEWS, **FULL},
    buttons(button_selection={"question_key": "q", "option_list": options(2), "selected_id": "o0"}),
    vote(),
    selects(2),
]
WECOM_BODIES: list[tuple[str, dict[str, Any]]] = [
    *[
        (
            "message/send",
            {"touser": "lilei", "msgtype": "template_card", "agentid": CONFIG.agent_id, "template_card": card},
        )
        for card in CARDS
    ],
    ("message/send", {"touser": "lilei", "msgtype": "text", "agentid": CONFIG.agent_id, "text": {"content": "x"}}),
    ("message/update_template_card", {"userids": ["lilei"], "agentid": CONFIG.agent_id, "response_code": "c"}),
    ("menu/create", {"button": [{"name": "a", "sub_button": [{"type": "click", "name": "b", "key": "k"}]}]}),
    ("user/getuserid", {"mobile": "19900001001"}),
    ("message/recall", {"msgid": "m"}),
]
CARD = {
    "cardTemplateId": CONFIG.card_template_id,
    "outTrackId": "a-1",
    "userIdType": 1,
    "callbackType": "STREAM",
    "cardData": {"cardParamMap": {"title": "t", "btns": ding_buttons("同意")}},
    "privateData": {"manager01": {"cardParamMap": {"status": "s"}}},
    "openSpaceId": "dtv1.card//IM_ROBOT.manager01",
    "imRobotOpenSpaceModel": {"supportForward": False},
    "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": CONFIG.ding_client_id},
    "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
}
ROBOT = {"robotCode": CONFIG.ding_client_id, "userIds": ["manager01"], "processQueryKeys": ["k"], "downloadCode": "c"}
CONTRACT = {"processCode": CONTRACT_CODE, "processInstanceId": "x", "remark": "r"}
WORKFLOW = "/v1.0/workflow"
OA_BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", f"{WORKFLOW}/processInstances", request(any_of("manager01", "finance01"), one("success01"), deptId=-1)),
    (
        "POST",
        f"{WORKFLOW}/processInstances/execute",
        {**CONTRACT, "actionerUserId": "u", "taskId": 1, "result": "agree"},
    ),
    ("POST", f"{WORKFLOW}/processInstances/terminate", {**CONTRACT, "isSystem": True, "operatingUserId": "u"}),
    ("POST", f"{WORKFLOW}/processInstances/comments", {**CONTRACT, "text": "t", "commentUserId": "u"}),
    ("POST", f"{WORKFLOW}/tasks/redirect", {"taskId": 1, "toUserId": "finance01", "operateUserId": "manager01"}),
    (
        "POST",
        f"{WORKFLOW}/processes/instanceIds/query",
        {
            **CONTRACT,
            "startTime": 1,
            "endTime": 2,
            "nextToken": 0,
            "maxResults": 20,
            "userIds": ["u"],
            "statuses": ["NEW"],
        },
    ),
    (
        "POST",
        f"{WORKFLOW}/forms",
        {
            "name": "n",
            "formComponents": [
                {
                    "componentType": "TableField",
                    "props": {"componentId": "c", "label": "l", "options": [{"key": "k", "value": "v"}]},
                    "children": [{"componentType": "TextField", "props": {"componentId": "d", "label": "m"}}],
                }
            ],
            "templateConfig": {"hidden": True},
        },
    ),
    (
        "POST",
        "/v1.0/card/callbacks/register",
        {"callbackRouteKey": "k", "callbackUrl": "http://x", "apiSecret": "s", "forceUpdate": True},
    ),
]
DING_BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1.0/card/instances/createAndDeliver", CARD),
    ("POST", "/v1.0/card/instances", CARD),
    ("POST", "/v1.0/card/instances/deliver", CARD),
    ("PUT", "/v1.0/card/instances", CARD),
    ("POST", "/v1.0/robot/oToMessages/batchSend", {**ROBOT, "msgKey": "sampleText", "msgParam": '{"content":"x"}'}),
    ("POST", "/v1.0/robot/otoMessages/batchRecall", ROBOT),
    ("POST", "/v1.0/robot/messageFiles/download", ROBOT),
    (
        "POST",
        "/v1.0/gateway/connections/open",
        {"clientId": CONFIG.ding_client_id, "subscriptions": [{"type": "EVENT"}]},
    ),
    ("POST", "/topapi/v2/user/list", {"dept_id": 1, "cursor": 0, "size": 10}),
    ("POST", "/topapi/v2/user/getbymobile", {"mobile": "19900001001"}),
    *OA_BODIES,
]
ODD = st.sampled_from([None, 0, -1, 1.5, True, "", "x", "中" * 400, [], [1], [None], {}, {"a": 1}, "0" * 40])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*path, key)
        yield from places(part, (*path, key))


@st.composite
def spoilt(draw: st.DrawFn, body: dict[str, Any]) -> Any:
    """A good body with some parts replaced or taken away."""
    body = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(body)) or [()]))
        if not path:
            return draw(ODD)
        owner = body
        for step in path[:-1]:
            owner = owner[step]
        if draw(st.booleans()):
            owner[path[-1]] = copy.deepcopy(draw(ODD))
        else:
            del owner[path[-1]]
    return body


def call(method: str, path: str, body: Any, sandbox: Sandbox) -> Call:
    token, _ = (sandbox.wecom if path.startswith("/cgi-bin") else sandbox.dingtalk).tokens.issue()
    return Call(
        method=method,
        path=path,
        query={"access_token": token, "agentid": str(CONFIG.agent_id)},
        headers={"x-acs-dingtalk-access-token": token, "accept": "application/json"},
        body=json.dumps(body, ensure_ascii=False).encode(),
        base_url="http://127.0.0.1",
    )


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    loop = asyncio.new_event_loop()
    sandbox = Sandbox(CONFIG)
    yield sandbox
    loop.run_until_complete(sandbox.close())
    loop.close()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_wecom_answers_anything(shared: Sandbox, data: st.DataObject) -> None:
    path, good = data.draw(st.sampled_from(WECOM_BODIES))
    body = data.draw(spoilt(good))
    answer = asyncio.run(shared.wecom.answer(call("POST", f"/cgi-bin/{path}", body, shared)))
    assert answer.status == 200
    assert isinstance(answer.described()["errcode"], int)
    assert isinstance(shared.wecom.shown_to("lilei")[-1:], list)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_dingtalk_answers_anything(shared: Sandbox, data: st.DataObject) -> None:
    method, path, good = data.draw(st.sampled_from(DING_BODIES))
    body = data.draw(spoilt(good))
    answer = asyncio.run(shared.dingtalk.answer(call(method, path, body, shared)))
    assert answer.status in (200, 400, 401, 403, 500)
    assert isinstance(answer.described(), dict)
    assert isinstance(shared.dingtalk.shown_to("manager01")[-1:], list)
