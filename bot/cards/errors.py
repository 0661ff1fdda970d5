"""Words for what went wrong. A UserError brings its own sentence."""

from __future__ import annotations

from bot.errors import (
    ChannelMisconfigured,
    ChannelUnavailable,
    ConnectorError,
    RateLimited,
    SalesBotError,
    StaleRecord,
    UserError,
)


def apology(reference: int | str) -> str:
    """For a message that could not be handled after several tries; the number is what an administrator asks for."""
    return f"抱歉，这条消息没处理成功，什么都没有记下。请稍后再发一次；还不行就把编号 {reference} 发给管理员。"


def sentence(error: SalesBotError) -> str:
    """What to tell the person whose wish failed with this error."""
    match error:
        case UserError():
            return error.sentence
        case StaleRecord():
            return "刚刚有人先改了这条记录，请看最新的内容再操作一次。"
        case RateLimited() | ChannelUnavailable():
            return "平台现在有点忙，已经排上队，稍后会自动发出。"
        case ChannelMisconfigured():
            return "平台没有放行这个操作，请管理员运行 salesbot doctor 看看。"
        case ConnectorError():
            return "外部服务暂时用不了，先按已有的信息处理了。"
        case _:
            return "抱歉，没处理成功，请稍后再试。"


STALE_CARD = "这张卡片已失效，请重新发起。"
