"""What each errcode means for us (protocols/wecom.md 12): which class of bot.errors, and what an operator reads."""

from __future__ import annotations

import re

from bot.errors import ChannelError, ChannelMisconfigured, ChannelRejected, ChannelUnavailable, RateLimited

TOKEN_REFUSED = frozenset({40001, 40014, 42001})  # refresh once, retry once
BUSY = frozenset({-1, 6000})
MEDIA_GONE = 40007
TASK_ID_USED = 42014
CODE_USED = 42022
UNUSABLE_CODE = frozenset({40058, 42014, 42015, 42016})  # expired or not this card's: send a new card instead
CONTACT_UNKNOWN = frozenset({40096, 84061})  # nobody's contact, or no longer
USER_UNKNOWN = frozenset({40003, 46004, 60011, 60021, 60111})
NO_MENU = 46003
ANSWERS = frozenset({NO_MENU, 46004})  # not errors: there is no menu, nobody has this mobile
IP_REFUSED = 60020
TOO_OFTEN = 45009
TOO_MANY_AT_ONCE = 45033

# An operator has to act; nothing else gets through until then.
_OPERATOR = {
    40001: "secret 不对，或应用已停用",
    40013: "企业 ID（corp_id）不对",
    40054: "菜单里的网址域名不可用",
    40055: "菜单里的网址域名不可用",
    40056: "agent_id 不对",
    40091: "secret 属于另一家企业",
    43009: "企业未认证",
    43012: "应用还没有设置「接收消息」的回调 URL，带按钮的卡片发不出去",
    48002: "应用没有调用此接口的权限",
    84074: "成员没有外部联系人权限，请在管理后台「客户联系」的使用范围里加上",
    48003: "套件 ID 不对",
    48004: "授权已失效",
    48006: "应用长期未用，权限被收回，请在管理后台重新启用",
    50001: "网页可信域名未设置",
    50003: "应用已停用",
    60020: "出口 IP 不在应用的「企业可信 IP」里",
    80001: "可信域名不对或未备案",
    85004: "本月可信域名修改次数已用完",
    85005: "可信域名归属未验证",
    301002: "agent_id 与 secret 不是同一个应用",
    301007: "企业已被禁用或解散",
    701001: "不是基础许可账号",
    2000002: "企业 ID（corp_id）不对",
}
_RECEIVER = {
    50002: "成员不在应用权限范围内",
    60011: "应用无权访问该成员",
    60021: "成员不在应用可见范围内",
    60111: "成员不存在或不在应用可见范围内",
    81013: "接收人都不在应用可见范围内",
    82001: "没有接收人",
}
_URL = re.compile(r"https?://\S+|\S*(?:access_token|corpsecret)=\S*")
_IP = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{0,4}")


def to_error(code: int, errmsg: str, *, what: str) -> ChannelError:
    """The error for an answer with `code`, never with a URL, a token or a secret in it.

    Args:
        errmsg: free text of the platform; shown, never interpreted, except for the IP a person has to type elsewhere.
        what: the API path, for the operator.
    """
    said = _URL.sub("…", errmsg).strip()
    if code in TOKEN_REFUSED and code not in _OPERATOR:
        return ChannelUnavailable(f"企业微信 {what}：新取的 access_token 也被拒绝（{code}），稍后再试")
    if code in BUSY:
        return ChannelUnavailable(f"企业微信 {what} 繁忙（{code}）")
    if code == TOO_OFTEN:
        return RateLimited(f"企业微信 {what} 调用超过频率限制（{code}）", retry_after_seconds=60)
    if code == TOO_MANY_AT_ONCE:
        return RateLimited(f"企业微信 {what} 并发过高（{code}）", retry_after_seconds=2)
    if code == IP_REFUSED:
        ip = _IP.search(errmsg)
        named = f"：请把 {ip.group()} 加进去，约 1 分钟后生效" if ip else ""
        return ChannelMisconfigured(f"企业微信 {what}：{_OPERATOR[code]}{named}（{code}）", code=str(code))
    if code in _OPERATOR:
        return ChannelMisconfigured(f"企业微信 {what}：{_OPERATOR[code]}（{code}）", code=str(code))
    return ChannelRejected(f"企业微信 {what} 拒绝（{code}）：{_RECEIVER.get(code, said)}", code=str(code))
