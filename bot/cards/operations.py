"""What the administrators are told when the bot itself needs somebody."""

from __future__ import annotations

from bot.messages import ChannelName

PLATFORMS = {ChannelName.WECOM: "企业微信", ChannelName.DINGTALK: "钉钉"}


def not_delivered(channel: ChannelName, failed: int, stuck: int, why: str) -> str:
    """Messages given up, messages held up, and the platform's last word on it."""
    counts = [f"{failed} 条没能发出去" if failed else "", f"{stuck} 条卡住超过 3 分钟" if stuck else ""]
    return (
        f"【机器人】{PLATFORMS[channel]}有 {'、'.join(part for part in counts if part)}。\n"
        f"最近一次的原因：{why or '没有说明'}\n"
        "处理好以后，卡住的会自己发出；没能发出去的用 salesbot outbox list 查看，用 salesbot outbox retry 编号 重发。"
    )


def not_handled(count: int) -> str:
    """Messages whose handling failed for good."""
    return f"【机器人】最近一小时有 {count} 条消息处理失败，发的人已收到致歉。请看日志里的 message.failed，并告诉开发。"


def job_failed(names: str) -> str:
    """Scheduled work that ended in an error."""
    return f"【机器人】定时任务失败：{names}。请看日志里的 job.failed。"


def quota(used: int, limit: int, percent: int, what: str) -> str:
    """DingTalk's monthly quota at 70, 90 or 100 %."""
    if percent >= 100:
        return f"【机器人】钉钉本月{what}额度已用完（{used}/{limit}）。下月 1 日前钉钉消息可能发不出去，请购买额度包。"
    return (
        f"【机器人】钉钉本月{what}额度已用 {percent}%（{used}/{limit}）。用完后要到下月 1 日才恢复，请考虑购买额度包。"
    )
