"""What `doctor` finds out about the DingTalk app: real calls that reach nobody, sentences without a secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.channels.dingtalk import card_route
from bot.channels.dingtalk.api import Api
from bot.channels.dingtalk.contacts import Contacts
from bot.channels.dingtalk.gateway import open_connection
from bot.channels.dingtalk.http import CARD_PATH, EVENT_PATH, ROBOT_PATH
from bot.channels.dingtalk.oa_answers import labels_of, oa_error
from bot.channels.dingtalk.quota import QuotaState
from bot.domain.oa import FORM_LABELS
from bot.errors import ChannelError, ChannelMisconfigured, ChannelRejected, ChannelUnavailable

Finding = tuple[str, bool, str]

_NOBODY = "13000000000"


async def examine(api: Api, quota: QuotaState) -> list[Finding]:
    """(what, good, sentence) each. Without a token the rest is not asked."""
    findings = [await _try("钉钉令牌", api.token, "Client ID 和 Client Secret 有效")]
    if not findings[0][1]:
        return findings
    findings.append(await _receiving(api))
    findings.append(await _try("钉钉机器人", lambda: _robot(api), f"机器人 {api.settings.robot} 可以收发消息"))
    findings.append(await _card(api))
    asking = Contacts(api)
    findings.append(await _try("钉钉通讯录", lambda: asking.user_id_by_mobile(_NOBODY), "可以按手机号找人"))
    if api.settings.approval_process_code:
        findings.append(await _template(api))
    findings.append(_quota(quota))
    return findings


async def examine_http(api: Api, public_url: str) -> list[Finding]:
    """HTTP mode: the addresses for the console, and whether taps come to ours."""
    if not public_url.startswith(("https://", "http://127.0.0.1")):
        return [("钉钉回调地址", False, "server.public_url 未设置或不是 https，钉钉无法推送到这台服务器")]
    robot, events = public_url + ROBOT_PATH, public_url + EVENT_PATH
    findings: list[Finding] = [("钉钉回调地址", True, f"机器人消息接收地址填 {robot}，事件订阅的请求网址填 {events}")]
    if api.settings.card_template_id:
        findings.append(await _card_route(api, public_url + CARD_PATH))
    return findings


async def _card_route(api: Api, url: str) -> Finding:
    try:
        ours = await card_route.registered(api, url)
    except ChannelError as error:
        return "钉钉卡片回调", False, str(error)
    key = api.settings.card_route_key
    if ours is None:
        return "钉钉卡片回调", True, f"路由 {key} 已注册，钉钉没有说注册的地址；salesbot serve 启动时会改成 {url}"
    if not ours:
        return "钉钉卡片回调", False, f"路由 {key} 注册的是别的地址或密钥，salesbot serve 启动时会改成 {url}"
    return "钉钉卡片回调", True, f"路由 {key} 注册到 {url}"


async def _template(api: Api) -> Finding:
    """The OA template exists, has every component that we fill, and asks for none that we do not know."""
    params = {"processCode": api.settings.approval_process_code}
    path = "/v1.0/workflow/forms/schemas/processCodes"
    try:
        answer = await api.new("GET", path, api="oa_form", idempotent=True, params=params)
        if answer.problem is not None:
            raise oa_error(answer.problem, idempotent=True, now=api.now())
    except ChannelError as error:
        return "钉钉审批模板", False, str(error)
    labels = labels_of(answer.data)
    missing = [label for label in FORM_LABELS if label not in labels]
    if missing:
        return "钉钉审批模板", False, f"模板里缺少控件：{'、'.join(missing)}（名称要一字不差）"
    strange = [label for label, required in labels.items() if required and label not in FORM_LABELS]
    if strange:
        return "钉钉审批模板", False, f"模板里的必填控件机器人不会填，请改成非必填：{'、'.join(strange)}"
    return "钉钉审批模板", True, f"模板有机器人要填的全部 {len(FORM_LABELS)} 个控件"


async def _receiving(api: Api) -> Finding:
    settings = api.settings
    if settings.mode == "http":
        keys = bool(settings.aes_key.get_secret_value() and settings.token.get_secret_value())
        return "钉钉回调", keys, "HTTP 模式的 token 和 aes_key 已填" if keys else "HTTP 模式需要填写 token 和 aes_key"
    good = "Stream 通道可以打开（机器人和事件的接收方式都要在开放平台选 Stream）"
    return await _try("钉钉 Stream", lambda: open_connection(settings, api.http, timeout=10.0), good)


async def _robot(api: Api) -> None:
    """Ask for a file that does not exist: the refusal tells whether the app may ask at all."""
    body = {"downloadCode": "salesbot-doctor", "robotCode": api.settings.robot}
    answer = await api.new("POST", "/v1.0/robot/messageFiles/download", api="download", idempotent=True, json=body)
    if answer.problem is None or answer.problem.code.endswith((".downloadCode", "robotCode.auth")):
        return  # `auth` also stands for a code that belongs to nobody (4.1)
    error = api.refused(answer, idempotent=True)
    if isinstance(error, (ChannelMisconfigured, ChannelUnavailable)) or not isinstance(error, ChannelRejected):
        raise error


async def _card(api: Api) -> Finding:
    if not api.settings.card_template_id:
        return "钉钉卡片", True, "没有填写 card_template_id：不发卡片，改发文字和可以回复的命令"
    return await _try("钉钉卡片", lambda: _cards_allowed(api), "卡片权限已开；模板是否已发布要发一张卡片才知道")


async def _cards_allowed(api: Api) -> None:
    """Update a card that does not exist."""
    body = {
        "outTrackId": "salesbot-doctor",
        "userIdType": 1,
        "cardData": {"cardParamMap": {"status": "-"}},
        "cardUpdateOptions": {"updateCardDataByKey": True},
    }
    answer = await api.new("PUT", "/v1.0/card/instances", api="card_update", idempotent=True, json=body)
    if answer.problem is not None and isinstance(
        error := api.refused(answer, idempotent=True), (ChannelMisconfigured, ChannelUnavailable)
    ):
        raise error


def _quota(quota: QuotaState) -> Finding:
    calls = f"接口调用 {quota.api_used}/{quota.api_limit or '不限'}"
    pushes = f"推送 {quota.push_used}/{quota.push_limit or '不限'}"
    return "钉钉额度", quota.percent < 90, f"本月已用{calls}，{pushes}"


async def _try(what: str, ask: Callable[[], Awaitable[object]], good: str) -> Finding:
    try:
        await ask()
    except ChannelError as error:
        return what, False, str(error)
    return what, True, good
