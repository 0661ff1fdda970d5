"""Words for what went wrong. A UserError brings its own sentence."""

from __future__ import annotations


def apology(reference: int | str) -> str:
    """For a message that could not be handled after several tries; the number is what an administrator asks for."""
    return f"抱歉，这条消息没处理成功，什么都没有记下。请稍后再发一次；还不行就把编号 {reference} 发给管理员。"


STALE_CARD = "这张卡片已失效，请重新发起。"
