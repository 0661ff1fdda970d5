"""What waits for a decision, and for how long: lines of 待办 and of the digest."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.cards.common import money, plain
from bot.domain.digests import OwnSubmission, WaitingApproval

MAX_WAITING = 8  # lines; what is left is counted
_HOUR, _DAY = 60, 480  # working minutes: eight hours are a workday


def waited(minutes: int) -> str:
    """Working minutes as people count them: 已等 20 分钟, 已等 3 小时, 已等 2 个工作日."""
    return f"已等 {duration(minutes)}" if minutes >= 1 else "刚到"


def duration(minutes: int) -> str:
    """`20 分钟`, `3 小时`, `2 个工作日` of working time; less than a minute is one."""
    if minutes < _HOUR:
        return f"{max(minutes, 1)} 分钟"
    if minutes < _DAY:
        return f"{minutes // _HOUR} 小时"
    return f"{minutes // _DAY} 个工作日"


def approvals_waiting(items: Sequence[WaitingApproval]) -> list[str]:
    """The longest waiting first, each with the number that can be typed."""
    lines = [f"等你审批（{len(items)}）"]
    lines += [
        f"· {item.approval_no} {plain(item.customer_name)} {yuan(item.amount_fen)}，"
        f"{item.submitter_name}提交（{item.step_name}），{waited(item.waited_minutes)}"
        for item in items[:MAX_WAITING]
    ]
    return [*lines, *_left(items), "回复「同意 编号」或「拒绝 编号 理由」。"]


def own_submissions(items: Sequence[OwnSubmission]) -> list[str]:
    """With whom each of one's own submissions lies."""
    lines = [f"你提交的，还在审批（{len(items)}）"]
    lines += [
        f"· {item.approval_no} {plain(item.customer_name)} {yuan(item.amount_fen)}，"
        f"在{item.waits_for}（{item.step_name}），{waited(item.waited_minutes)}"
        for item in items[:MAX_WAITING]
    ]
    return [*lines, *_left(items), "着急的回复「催办 编号」。"]


def _left(items: Sequence[object]) -> list[str]:
    return [f"· 还有 {len(items) - MAX_WAITING} 份"] if len(items) > MAX_WAITING else []


def yuan(fen: int) -> str:
    return money(Decimal(fen) / 100)
