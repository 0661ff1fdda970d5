"""What `doctor` finds out about the DingTalk app: real calls that reach nobody, sentences without a secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.channels.dingtalk.api import Api
from bot.channels.dingtalk.contacts import Contacts
from bot.channels.dingtalk.gateway import open_connection
from bot.channels.dingtalk.quota import QuotaState
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
    findings.append(_quota(quota))
    return findings


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
