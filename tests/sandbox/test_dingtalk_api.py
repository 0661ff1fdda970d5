"""What DingTalk refuses: by HTTP status on the new host, by errcode on the old one."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import httpx
import pytest

from bot.sandbox.app import Sandbox
from bot.sandbox.config import SandboxConfig
from tests.sandbox.bots import DingClient, buttons

MANAGER, SUCCESS, FINANCE = "manager01", "success01", "finance01"


async def test_asking_again_gives_the_same_token_and_a_longer_life(sandbox: Sandbox, dingtalk: DingClient) -> None:
    sandbox.world.skip(7000)
    again = (await dingtalk.get_token()).json()
    assert again == {"accessToken": dingtalk.token, "expireIn": 7200}
    sandbox.world.skip(7201)
    assert (await dingtalk.get_token()).json()["accessToken"] != dingtalk.token


async def test_wrong_credentials_everywhere(sandbox: Sandbox, dingtalk: DingClient) -> None:
    refused = await dingtalk.get_token(appSecret="wrong")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidClientIdOrSecret")
    form = await dingtalk.http.post("/v1.0/oauth2/accessToken", data={"appKey": "x"})
    assert form.status_code == 400
    old = await dingtalk.http.get("/gettoken", params={"appkey": "x", "appsecret": "y"})
    assert (old.status_code, old.json()["errcode"]) == (200, 40089)
    unified = await dingtalk.http.post("/v1.0/oauth2/dingx/token", json={"grant_type": "client_credentials"})
    assert (unified.status_code, unified.json()["code"]) == (400, "invalid.client")


async def test_one_token_for_both_hosts(sandbox: Sandbox, dingtalk: DingClient) -> None:
    good = {"client_id": sandbox.config.ding_client_id, "client_secret": sandbox.config.ding_client_secret}
    path = f"/v1.0/oauth2/{sandbox.config.ding_corp_id}/token"
    unified = await dingtalk.http.post(path, json={**good, "grant_type": "client_credentials"})
    params = {"appkey": good["client_id"], "appsecret": good["client_secret"]}
    old = await dingtalk.http.get("/gettoken", params=params)
    assert unified.json()["access_token"] == old.json()["access_token"] == dingtalk.token


async def test_an_expired_token_is_400_on_the_new_host_and_88_on_the_old(
    sandbox: Sandbox, dingtalk: DingClient
) -> None:
    sandbox.dingtalk.expire_tokens()
    new = await dingtalk.say([MANAGER])
    assert (new.status_code, new.json()["code"]) == (400, "InvalidAuthentication")
    old = await dingtalk.old("/topapi/v2/user/get", {"userid": MANAGER})
    assert (old["errcode"], old["sub_code"]) == (88, "40014")
    sandbox.dingtalk.nested_token_errors = False
    assert (await dingtalk.old("/topapi/v2/user/get", {"userid": MANAGER}))["errcode"] == 40014


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"robotCode": ""}, "invalidParameter.robotCode.empty", id="no robot"),
        pytest.param({"robotCode": "dingx"}, "invalidParameter.robotCode.notExsit", id="another robot"),
        pytest.param({"userIds": []}, "invalidParameter.userIds.empty", id="nobody"),
        pytest.param({"userIds": [f"u{n}" for n in range(21)]}, "invalidParameter.userIds.overMax", id="21 people"),
        pytest.param({"msgKey": "sampleHologram"}, "invalidParameter.msgKey.invalid", id="unknown template"),
        pytest.param({"msgKey": None}, "miss.param.msgKey", id="no template"),
        pytest.param({"msgParam": {"content": "hi"}}, "invalidParameter.msgParam.invalid", id="object, not string"),
        pytest.param({"msgParam": "{"}, "invalidParameter.msgParam.invalid", id="no JSON"),
        pytest.param({"msgParam": '{"content":1}'}, "invalidParameter.msgParam.invalid", id="number"),
        pytest.param({"msgParam": '{"content":""}'}, "invalidParameter.msgParam.invalid", id="empty"),
        pytest.param({"msgParam": '{"content":"%s"}' % ("x" * 15000)}, "invalidParameter.msgParam.tooLong", id="long"),
        pytest.param({"msgKey": "sampleMarkdown"}, "invalidParameter.msgParam.invalid", id="markdown without text"),
        pytest.param(
            {"msgKey": "sampleFile", "msgParam": '{"mediaId":"@l0","fileName":"a","fileType":"xlsx"}'},
            "invalidParameter.msgParam.invalid",
            id="unknown media",
        ),
    ],
)
async def test_batch_send_refuses(sandbox: Sandbox, dingtalk: DingClient, changes: dict[str, Any], code: str) -> None:
    answer = await dingtalk.say([MANAGER], **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert sandbox.dingtalk.shown_to(MANAGER) == []


async def test_a_send_may_reach_some_only(sandbox: Sandbox, dingtalk: DingClient) -> None:
    sandbox.dingtalk.robot.flow_controlled = {FINANCE}
    answer = (await dingtalk.say([MANAGER, "ghost", FINANCE], "日报")).json()
    assert (answer["invalidStaffIdList"], answer["flowControlledStaffIdList"]) == (["ghost"], [FINANCE])
    assert sandbox.dingtalk.shown_to(MANAGER) == ["日报"]
    assert sandbox.dingtalk.shown_to(FINANCE) == []


async def test_a_group_send_reaches_everybody_in_it(sandbox: Sandbox, dingtalk: DingClient) -> None:
    group = sandbox.config.groups[0]
    body = {"robotCode": sandbox.config.ding_client_id, "msgKey": "sampleMarkdown"}
    body |= {"msgParam": json.dumps({"title": "日报", "text": "**今日** 3 次拜访"})}
    path = "/v1.0/robot/groupMessages/send"
    assert (await dingtalk.call("POST", path, {**body, "openConversationId": group.conversation_id})).status_code == 200
    assert [sandbox.dingtalk.shown_to(user) for user in group.members] == [["**今日** 3 次拜访"]] * 3
    assert (await dingtalk.call("POST", path, body)).json()["code"] == "miss.openConversationId"
    strange = await dingtalk.call("POST", path, {**body, "openConversationId": "cidx="})
    assert strange.json()["code"] == "invalid.openConversationId"


async def test_recall_and_read_state(sandbox: Sandbox, dingtalk: DingClient) -> None:
    key = (await dingtalk.say([MANAGER], "错了")).json()["processQueryKey"]
    params = {"robotCode": sandbox.config.ding_client_id, "processQueryKey": key}
    state = (await dingtalk.call("GET", "/v1.0/robot/oToMessages/readStatus", **params)).json()
    assert (state["sendStatus"], state["messageReadInfoList"][0]["userId"]) == ("SUCCESS", MANAGER)
    body = {"robotCode": sandbox.config.ding_client_id, "processQueryKeys": [key, "made-up"]}
    recalled = (await dingtalk.call("POST", "/v1.0/robot/otoMessages/batchRecall", body)).json()
    assert recalled == {"successResult": [key], "failedResult": {"made-up": "invalid.processQueryKey"}}
    assert sandbox.dingtalk.shown_to(MANAGER) == []
    body["processQueryKeys"] = [key] * 21
    over = await dingtalk.call("POST", "/v1.0/robot/otoMessages/batchRecall", body)
    assert over.json()["code"] == "invalidParameter.processQueryKeys.overMax"


async def test_a_file_is_uploaded_to_the_old_host_and_sent(sandbox: Sandbox, dingtalk: DingClient) -> None:
    params, files = {"access_token": dingtalk.token}, {"media": ("对账.xlsx", b"rows")}
    url = "/media/upload"
    uploaded = (await dingtalk.http.post(url, params=params, data={"type": "file"}, files=files)).json()
    assert uploaded["errcode"] == 0
    param = {"mediaId": uploaded["media_id"], "fileName": "对账.xlsx", "fileType": "xlsx"}
    sent = await dingtalk.say([FINANCE], msgKey="sampleFile", msgParam=json.dumps(param))
    assert sent.status_code == 200
    assert sandbox.dingtalk.shown_to(FINANCE) == ["[文件] 对账.xlsx"]
    wrong = await dingtalk.http.post(url, params=params, data={"type": "file"}, files={"media": ("a.exe", b"x")})
    assert wrong.json()["errcode"] == 40004
    formless = await dingtalk.http.post(url, params=params, data={"type": "file"})
    assert formless.json()["errcode"] == 40004


async def test_the_21st_call_of_a_second_is_too_fast(sandbox: Sandbox, dingtalk: DingClient) -> None:
    answers = [await dingtalk.say([MANAGER], f"{n}") for n in range(21)]
    assert (answers[20].status_code, answers[20].json()["code"]) == (
        403,
        "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi",
    )
    assert len(sandbox.dingtalk.shown_to(MANAGER)) == 20


async def test_the_monthly_quota_spares_tokens_and_contacts(config: SandboxConfig) -> None:
    sandbox = Sandbox(dataclasses.replace(config, monthly_api_quota=1))
    async with DingClient(sandbox) as dingtalk:
        assert (await dingtalk.say([MANAGER])).status_code == 200
        used_up = await dingtalk.say([MANAGER])
        assert (used_up.status_code, used_up.json()["code"]) == (403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
        assert (await dingtalk.old("/topapi/v2/user/get", {"userid": MANAGER}))["errcode"] == 0
    await sandbox.close()


async def test_faults_come_as_ordered(sandbox: Sandbox, dingtalk: DingClient) -> None:
    sandbox.dingtalk.fail_next(1, code="system.busy")
    assert (await dingtalk.say([MANAGER])).status_code == 500
    sandbox.dingtalk.fail_next(1, status=504)
    assert (await dingtalk.say([MANAGER])).status_code == 504
    sandbox.dingtalk.throttle(1)
    assert (await dingtalk.say([MANAGER])).status_code == 403
    sandbox.world.skip(2)
    sandbox.dingtalk.fail_next(1, drop_answer_after_doing=True, path="batchSend")
    with pytest.raises(httpx.ReadTimeout):
        await dingtalk.say([MANAGER], "到了")
    assert sandbox.dingtalk.shown_to(MANAGER) == ["到了"]


async def test_an_unknown_path_is_html(dingtalk: DingClient) -> None:
    answer = await dingtalk.call("POST", "/v1.0/robot/hologram", {})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html")


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        pytest.param("/topapi/v2/user/getbymobile", {"mobile": "199"}, 40104, id="no number"),
        pytest.param("/topapi/v2/user/getbymobile", {"mobile": "19999999999"}, 60121, id="unknown number"),
        pytest.param("/topapi/v2/user/get", {"userid": ""}, 33012, id="nobody"),
        pytest.param("/topapi/v2/user/get", {"userid": "ghost"}, 60121, id="stranger"),
        pytest.param("/topapi/user/getbyunionid", {"unionid": "union-ghost"}, 60121, id="unknown union id"),
        pytest.param("/topapi/v2/department/listsub", {"dept_id": 9}, 60003, id="unknown department"),
    ],
)
async def test_contacts_refuse(dingtalk: DingClient, path: str, body: dict[str, Any], code: int) -> None:
    assert (await dingtalk.old(path, body))["errcode"] == code


async def test_contacts_answer(dingtalk: DingClient) -> None:
    found = (await dingtalk.old("/topapi/v2/user/getbymobile", {"mobile": "19900001002"}))["result"]
    person = (await dingtalk.old("/topapi/v2/user/get", found))["result"]
    assert (person["userid"], person["name"]) == (MANAGER, "王芳")
    by_union = (await dingtalk.old("/topapi/user/getbyunionid", {"unionid": person["unionid"]}))["result"]
    assert by_union == {"contact_type": 0, "userid": MANAGER}
    assert (await dingtalk.old("/topapi/v2/department/listsub", {"dept_id": 1}))["result"] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"cardTemplateId": ""}, "param.cardTemplateIdEmpty", id="no template"),
        pytest.param({"cardTemplateId": "other.schema"}, "param.templateNotExist", id="unknown template"),
        pytest.param({"outTrackId": ""}, "param.outTrackIdEmpty", id="no id"),
        pytest.param({"outTrackId": "x" * 101}, "param.invalid", id="id of 101"),
        pytest.param({"cardData": None}, "param.cardPublicDataEmpty", id="no data"),
        pytest.param({"cardData": {"cardParamMap": {"amount": 12}}}, "param.invalid", id="a number"),
        pytest.param({"cardData": {"cardParamMap": {"b": "x" * 102400}}}, "param.invalid", id="over 100 KB"),
        pytest.param({"openSpaceId": ""}, "param.openSpaceIdEmpty", id="nowhere"),
        pytest.param({"openSpaceId": "IM_ROBOT.manager01"}, "param.openSpaceIdInvalid", id="no prefix"),
        pytest.param({"imRobotOpenDeliverModel": None}, "param.openDeliverModelEmpty", id="no deliver model"),
        pytest.param({"imRobotOpenSpaceModel": None}, "param.openSpaceModelInvalid", id="no space model"),
        pytest.param({"imRobotOpenSpaceModel": {}}, "param.openSpaceModelInvalid", id="no supportForward"),
        pytest.param(
            {"imRobotOpenDeliverModel": {"spaceType": "IM_GROUP"}}, "param.openDeliverModelError", id="wrong space"
        ),
        pytest.param({"imRobotOpenDeliverModel": {"robotCode": "x"}}, "param.openDeliverModelError", id="robot"),
        pytest.param({"callbackType": "stream"}, "param.invalid", id="callbackType in lower case"),
        pytest.param({"callbackType": "HTTP"}, "param.invalid", id="HTTP without a route"),
        pytest.param({"privateData": {"ghost": {"cardParamMap": {}}}}, "param.userIdNotExist", id="private stranger"),
    ],
)
async def test_a_card_is_refused(sandbox: Sandbox, dingtalk: DingClient, changes: dict[str, Any], code: str) -> None:
    answer = await dingtalk.deliver("a-1", MANAGER, **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert sandbox.dingtalk.cards_of(MANAGER) == []


async def test_success_is_not_delivery(dingtalk: DingClient) -> None:
    answer = await dingtalk.deliver("a-1", "cidgroup==")
    result = answer.json()["result"]["deliverResults"][0]
    assert (answer.status_code, result["success"], result["errorMsg"]) == (200, False, "spaceId is illegal")


async def test_an_out_track_id_makes_one_card(sandbox: Sandbox, dingtalk: DingClient) -> None:
    assert (await dingtalk.deliver("a-1", MANAGER)).status_code == 200
    again = await dingtalk.deliver("a-1", MANAGER)
    assert (again.status_code, again.json()["code"]) == (400, "param.cardAlreadyExist")
    assert len(sandbox.dingtalk.cards_of(MANAGER)) == 1


async def test_a_card_in_steps(sandbox: Sandbox, dingtalk: DingClient) -> None:
    whole = dingtalk.card("a-1", MANAGER)
    step = {key: value for key, value in whole.items() if key not in ("openSpaceId", "imRobotOpenDeliverModel")}
    created = await dingtalk.call("POST", "/v1.0/card/instances", step)
    assert created.json() == {"success": True, "result": "a-1"}
    deliver = {key: whole[key] for key in ("outTrackId", "openSpaceId", "imRobotOpenDeliverModel")}
    delivered = await dingtalk.call("POST", "/v1.0/card/instances/deliver", deliver)
    assert delivered.json()["result"][0]["success"]
    assert sandbox.dingtalk.shown_to(MANAGER) == ["合同待审批\n**12万**\n[同意] [拒绝]"]


async def test_an_update_overwrites_all_unless_it_says_by_key(sandbox: Sandbox, dingtalk: DingClient) -> None:
    await dingtalk.deliver("a-1", MANAGER)
    await dingtalk.update("a-1", {"status": "王芳 已同意", "btns": buttons("同意", status="disabled")})
    assert sandbox.dingtalk.shown_to(MANAGER) == ["合同待审批\n**12万**\n王芳 已同意\n(同意)"]
    await dingtalk.update("a-1", {"title": "只剩标题"}, by_key=False)
    assert sandbox.dingtalk.shown_to(MANAGER) == ["只剩标题"]


async def test_a_group_card_shows_private_data_to_one(sandbox: Sandbox, dingtalk: DingClient) -> None:
    group = sandbox.config.groups[0]
    answer = await dingtalk.deliver(
        "g-1",
        MANAGER,
        openSpaceId=f"dtv1.card//IM_GROUP.{group.conversation_id}",
        imGroupOpenSpaceModel={"supportForward": False},
        imGroupOpenDeliverModel={"robotCode": sandbox.config.ding_client_id},
        privateData={MANAGER: {"cardParamMap": {"status": "请您审批"}}},
        cardData={"cardParamMap": {"title": "合同", "btns": "not a list"}},
    )
    assert answer.json()["result"]["deliverResults"][0]["success"]
    assert sandbox.dingtalk.shown_to(MANAGER) == ["合同\n请您审批"]
    assert sandbox.dingtalk.shown_to(FINANCE) == ["合同"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"cardData": {"cardParamMap": {"a": "b"}}}, "param.outTrackIdEmpty", id="no id"),
        pytest.param({"outTrackId": "x", "cardData": {"cardParamMap": {}}}, "param.cardNotExist", id="unknown"),
        pytest.param({"outTrackId": "a-1"}, "param.cardDataAndPrivateDataBothEmpty", id="nothing"),
        pytest.param({"outTrackId": "a-1", "cardData": {"cardParamMap": {"n": 1}}}, "param.invalid", id="number"),
    ],
)
async def test_an_update_is_refused(dingtalk: DingClient, body: dict[str, Any], code: str) -> None:
    await dingtalk.deliver("a-1", MANAGER)
    answer = await dingtalk.call("PUT", "/v1.0/card/instances", body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
