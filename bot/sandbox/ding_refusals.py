"""How DingTalk says no: by HTTP status on the new host, by errcode on the old one (protocols/dingtalk.md 1.4, 10)."""

from __future__ import annotations

import uuid

from bot.sandbox.wire import Answer

_WORDS = {
    "InvalidAuthentication": "不合法的access_token",
    "invalidClientIdOrSecret": "无效的clientId或者clientSecret",
    "authFailed": "鉴权失败",
    "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi": "应用调用该接口的QPS超过限制",
    "Forbidden.AccessDenied.ApiCountLimitForOrg": "组织的接口调用量已用完",
    "Forbidden.AccessDenied.IpNotInWhiteList": "访问ip不在白名单之中",
    "param.cardAlreadyExist": "卡片已存在",
    "param.cardNotExist": "卡片不存在",
    "param.templateNotExist": "卡片模板不存在",
    "processCodeError": "审批模板不存在或已停用",
    "userNotExist": "用户不存在",
    "invalidAgentId": "应用的agentId不正确",
    "benefitStatusInvalid": "当前版本没有这项权益",
    "processInstanceIdError": "审批实例id不能为空",
    "processInstanceNotExist": "审批实例不存在",
    "aflowProcessInstNotExist": "审批实例不存在",
    "aflowProcessInstStatusException": "审批实例的状态不允许这个操作",
    "aflowProcessInstCanNotBeExecuted": "审批任务不能由这个人执行",
    "task.status.error": "任务状态不正确",
    "instance.status.error": "实例状态不正确",
    "param.illegal.operator": "操作人不是任务的处理人",
    "param.callbackRouteKeyExist": "callbackRouteKey已存在",
    "invalidParameter.userIds.overMax": "userIds的长度不能超过100",  # the text is older than the limit of 20
    40014: "不合法的access_token",
    40089: "不合法的appkey或appsecret",
    40104: "不合法的手机号码",
    60121: "找不到该用户",
    33012: "无效的USERID",
    60003: "部门不存在",
    40004: "不合法的媒体文件类型",
    40006: "不合法的文件大小",
    40035: "不合法的参数",
    90018: "您的服务器调用钉钉开放平台的接口QPS超限",
    300001: "session 不存在",
}


class DingRefused(Exception):
    """No, on the new host."""

    def __init__(self, code: str, status: int = 400, message: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.message = message or _WORDS.get(code, code)


class OldRefused(Exception):
    """No, on the old host: HTTP 200 and a number. `nested` puts it inside errcode 88, as some gateways do."""

    def __init__(self, code: int, *, nested: bool = False) -> None:
        super().__init__(str(code))
        self.code = code
        self.nested = nested


def new_refusal(code: str, status: int, message: str = "") -> Answer:
    body = {"code": code, "message": message or _WORDS.get(code, code), "requestid": str(uuid.uuid4()).upper()}
    return Answer.json(body, status)


def old_refusal(code: int, *, nested: bool = False) -> Answer:
    words = _WORDS.get(code, "错误")
    request_id = uuid.uuid4().hex[:12]
    if not nested:
        return Answer.json({"errcode": code, "errmsg": words, "request_id": request_id})
    return Answer.json(
        {
            "errcode": 88,
            "sub_code": str(code),
            "sub_msg": words,
            "errmsg": f"ding talk error[subcode={code},submsg={words}]",
            "request_id": request_id,
        }
    )
