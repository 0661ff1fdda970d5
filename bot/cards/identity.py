"""Words for people the bot does not know yet, and about whose login is whose."""

from __future__ import annotations

from bot.domain.people import Employee
from bot.messages import ChannelName

CHANNEL_NAMES = {ChannelName.WECOM: "企业微信", ChannelName.DINGTALK: "钉钉"}


def stranger() -> str:
    return (
        "你好，我是销售助手。我还不认识这个账号，所以什么资料都不能给你看。\n"
        "是公司同事的话，回复「绑定 姓名或工号」，例如：绑定 YG008"
    )


def how_to_bind() -> str:
    return "回复「绑定 姓名或工号」，例如：绑定 YG008。我会把 6 位验证码发到你另一个平台的账号上。"


def not_in_group() -> str:
    return "绑定请在和我的单聊里进行。"


def namesakes() -> str:
    return "有重名的同事，请用工号：绑定 工号"


def code_sent(channel: ChannelName) -> str:
    return f"验证码已发到{CHANNEL_NAMES[channel]}，10 分钟内把那 6 位数字发给我。"


def ask_administrator() -> str:
    """No such person, or nobody to send a code to: the same words, so that they tell nothing."""
    return "没法用验证码核对，请核对姓名或工号；还不行请找公司的管理员登记你的账号。"


def too_many_codes() -> str:
    return "验证码要得太频繁了，请过一小时再试，或找公司的管理员。"


def code(digits: str, asking: ChannelName) -> str:
    return (
        f"验证码 {digits}，10 分钟内有效。\n有人在{CHANNEL_NAMES[asking]}里要绑定到你的账号，"
        "是你本人就把这 6 位数字发到那边；不是你，不要告诉任何人，并请告知管理员。"
    )


def wrong_code(tries_left: int) -> str:
    return (
        f"验证码不对，还能试 {tries_left} 次。"
        if tries_left
        else "验证码不对，次数用完了，请重新发「绑定 姓名或工号」。"
    )


def no_code() -> str:
    return "没有等待核对的验证码，或已过期，请重新发「绑定 姓名或工号」。"


def bound(employee: Employee) -> str:
    return f"绑定好了，{employee.name}。输入「帮助」看看我会什么。"


def bound_elsewhere(channel: ChannelName) -> str:
    return f"你的{CHANNEL_NAMES[channel]}账号刚刚绑定到了销售助手。不是你本人操作，请马上告知管理员。"


def bindings(employee: Employee) -> str:
    accounts = ((ChannelName.WECOM, employee.wecom_user), (ChannelName.DINGTALK, employee.dingtalk_user))
    lines = [f"{CHANNEL_NAMES[channel]}：{user or '未绑定'}" for channel, user in accounts]
    text = "\n".join([f"{employee.name}（{employee.employee_no}）", *lines])
    missing = [CHANNEL_NAMES[channel] for channel, user in accounts if not user]
    return f"{text}\n要绑定{missing[0]}，在那边给我发「绑定 {employee.employee_no}」。" if missing else text
