"""What `salesbot doctor` says about WeCom: real calls, one sentence each, never a secret."""

from __future__ import annotations

from typing import Any

from bot.channels.wecom import menu
from bot.channels.wecom.api import WeComApi
from bot.channels.wecom.crypto import KeySet
from bot.errors import ChannelError, ForgedCallback
from bot.settings import WeComSettings

Finding = tuple[str, bool, str]


async def check(api: WeComApi, settings: WeComSettings) -> list[Finding]:
    """Credentials, app, callback keys, menu. Without credentials the calls that need them are not tried."""
    findings = [_keys(settings)]
    try:
        await api.token()
    except ChannelError as error:
        return [("企业微信凭证", False, str(error)), *findings]
    findings.insert(0, ("企业微信凭证", True, "corp_id 和 secret 可用，已取得 access_token"))
    findings.insert(1, await _app(api))
    findings.append(await _menu(api))
    return findings


def _keys(settings: WeComSettings) -> Finding:
    """A round trip with our own keys. Whether the console holds the same ones only the platform's call can show."""
    what = "企业微信接收消息"
    try:
        keys = KeySet(settings.token.get_secret_value(), settings.encoding_aes_key.get_secret_value(), settings.corp_id)
        good = keys.open(keys.seal(b"ping")) == b"ping"
    except (ValueError, ForgedCallback):
        good = False
    if not good:
        return what, False, "token 或 encoding_aes_key 格式不对，请从应用的「接收消息」页面重新复制"
    return (
        what,
        True,
        "token 和 encoding_aes_key 自检通过；请在应用的「接收消息」里保存回调 URL（/wecom/callback），"
        "保存成功即平台验证通过，未保存时带按钮的卡片发不出去（43012）",
    )


async def _app(api: WeComApi) -> Finding:
    what = "企业微信应用"
    try:
        app = await api.get("agent/get", agentid=api.agent_id)
    except ChannelError as error:
        return what, False, str(error)
    name = app.get("name", "")
    if app.get("close"):
        return what, False, f"应用「{name}」已停用，请在管理后台启用"
    users, parties, tags = (
        _count(app, *keys)
        for keys in (("allow_userinfos", "user"), ("allow_partys", "partyid"), ("allow_tags", "tagid"))
    )
    if not users + parties + tags:
        return what, False, f"应用「{name}」的可见范围是空的，谁也收不到消息（81013）"
    entering = "会" if app.get("isreportenter") else "不会"
    return (
        what,
        True,
        f"应用「{name}」可见范围：{users} 名成员、{parties} 个部门、{tags} 个标签；{entering}上报进入应用",
    )


def _count(app: dict[str, Any], outer: str, inner: str) -> int:
    part = app.get(outer)
    items = part.get(inner) if isinstance(part, dict) else None
    return len(items) if isinstance(items, list) else 0


async def _menu(api: WeComApi) -> Finding:
    what = "企业微信菜单"
    try:
        good = await menu.is_published(api)
    except ChannelError as error:
        return what, False, str(error)
    return what, good, "菜单是 客户 | 拜访 | 更多" if good else "菜单未创建或被改动，启动 salesbot serve 时会重新创建"
