"""Short answers to what is neither a visit nor a question."""

from __future__ import annotations

import re

from bot.cards.common import plain
from bot.domain.people import Customer

_THANKS = re.compile(r"(谢|多谢|感谢|辛苦|thank)", re.IGNORECASE)
_HELLO = re.compile(
    r"^(小助手|机器人)?[,，\s]*(你好|您好|hi|hello|在吗|在不在|在么|你在吗|早|早上好|下午好|晚上好|哈喽)", re.IGNORECASE
)
_NOD = re.compile(
    r"^(收到|好的?|好嘞|嗯+|哦+|ok|行|可以|知道了|明白|了解|没事|算了|不用|没什么|哈+|6+|[\W_]*\d?[\W_]*)[了啦吧呀啊哈的~!！。.\s]*$",
    re.IGNORECASE,
)


def short_answer(text: str) -> str | None:
    """A word back for a nod, thanks or a greeting; None when the text is something else."""
    text = text.strip()
    if _NOD.match(text):
        return "👌"
    if len(text) > 12:
        return None
    if _THANKS.search(text):
        return "不客气。"
    if _HELLO.search(text) or text.endswith(("在吗", "在么", "在不在")):
        return "在的，说一句拜访情况，或者客户名字都行。"
    return None


def not_understood() -> str:
    return (
        "这句我没看懂。可以这样说：\n"
        "· 刚去了绿源滨江，王姐要20件水，大概3000块，下周三送样\n"
        "· 绿源滨江还欠多少\n"
        "· 撤销（撤回上一步）\n"
        "输入「帮助」看全部。"
    )


def not_understood_again() -> str:
    """Within ten minutes of the long answer."""
    return "这句也没看懂，输入「帮助」看看怎么说。"


def nothing_happened(customer: Customer) -> str:
    """A customer was named, and nothing told that happened there; plans are such sentences."""
    name = plain(customer.short_name or customer.name)
    return (
        f"没记成拜访：没看出在{name}发生了什么，打算去的也先不记。去过、聊过后说一句经过就行；"
        f"要看他家情况，发「客户 {name}」。"
    )


def not_yet(word: str) -> str:
    """A wish to act that this bot does not serve."""
    return f"「{word}」还不能在这里办，先按原来的办法走。输入「帮助」看看我会什么。" if word else not_understood_again()
